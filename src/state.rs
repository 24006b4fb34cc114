//! What the page shows apart from its tiles, read in one go after every change.
//!
//! One value that is compared as a whole: the page's texts follow from it, and a change that shows nowhere
//! ends here. Pure reading of a [`Link`]; `ui` words it.

use std::time::Duration;

use fleet::fleet::Refused;
use fleet::{Counts, SnapshotState};
use mqtt::{Time, Version};

use crate::headline::{Extent, Headline};
use crate::link::Link;
use crate::notes::{self, Note};

/// How long the board must have been blind for it to be told apart from a connection that broke for a moment.
const WORTH_TELLING: Duration = Duration::from_secs(60);

/// What the page shows apart from its tiles.
#[derive(Clone, PartialEq)]
pub struct State {
    /// Where the connection stands.
    pub standing: mqtt::Link,
    /// Where it goes to, once one was asked for.
    pub address: Option<String>,
    /// The version that is spoken, while it is.
    pub version: Option<Version>,
    /// Whether everything that is retained was seen.
    pub snapshot: SnapshotState,
    /// How many filters are read, of how many, while they are being read.
    pub loading: Option<(usize, usize)>,
    /// How many devices there are of each kind.
    pub counts: Counts,
    /// The answer.
    pub headline: Headline,
    /// Since when the board has looked.
    pub observed_since: Option<Time>,
    /// When the board last did not look for a while, from and to, if it looks now.
    pub missed: Option<(Time, Time)>,
    /// What must be admitted.
    pub notes: Vec<Note>,
    /// What the fleet's bounds kept out.
    pub refused: Refused,
    /// Whether there is no connection and should be one. Why not is told by [`crate::diagnosis`], which is loaded
    /// when it is asked for.
    pub is_in_trouble: bool,
}

impl State {
    /// Reads a connection.
    pub fn of(link: &Link) -> State {
        let standing = link.standing();
        link.with(|call| {
            let (engine, snapshot) = (&call.engine, call.engine.snapshot());
            let fleet = engine.fleet();
            let extent = Extent::of(snapshot.state(), notes::is_limited(engine));
            // The last gap is open while the board does not observe.
            let as_of = fleet.gaps().next_back().filter(|gap| gap.to.is_none()).map(|gap| gap.from);
            State {
                standing,
                address: Some(call.profile.address.as_str().to_owned()),
                version: engine.session().version().filter(|_| standing == mqtt::Link::Connected),
                snapshot: snapshot.state(),
                loading: (snapshot.state() == SnapshotState::Loading).then(|| notes::progress(snapshot)),
                counts: *fleet.counts(),
                headline: Headline::of(standing, extent, fleet.counts(), as_of),
                observed_since: fleet.observed_since(),
                missed: fleet.gaps().next_back().and_then(|gap| {
                    gap.to.filter(|to| to.since(gap.from) >= WORTH_TELLING).map(|to| (gap.from, to))
                }),
                refused: *fleet.refused(),
                notes: notes::notes(snapshot, engine.rejected_filters()),
                is_in_trouble: link.with_trouble(|_, _| ()).is_some(),
            }
        })
        .unwrap_or(State::NOTHING)
    }

    /// What there is to show before any connection.
    const NOTHING: State = State {
        standing: mqtt::Link::Idle,
        address: None,
        version: None,
        snapshot: SnapshotState::Unknown,
        loading: None,
        counts: Counts {
            total: 0,
            online: 0,
            offline: 0,
            sleeping: 0,
            degraded: 0,
            unknown: 0,
            live: 0,
            retained: 0,
            stale: 0,
        },
        headline: Headline::Welcome,
        observed_since: None,
        missed: None,
        notes: Vec::new(),
        refused: Refused { devices: 0, topics: 0, changes: 0, metadata: 0 },
        is_in_trouble: false,
    };
}
