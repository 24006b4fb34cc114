//! The answer to the visitor's question, as a choice of sentences, and the facts that it follows from.
//!
//! Pure: the connection's state and the counts in, a typed sentence out. `headline` words it.

use std::time::Duration;

use fleet::{Counts, Engine, Fleet, Snapshot, SnapshotState, Subscription, SubscriptionState};
use mqtt::{Link, Time};

/// A gap in what the board observed is mentioned from this length on: a shorter one is a connection that broke for a
/// moment.
const MIN_MISSED: Duration = Duration::from_secs(60);

/// What the board says first.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Headline {
    /// No connection was asked for, and nothing is known.
    Welcome,
    /// Connecting, and nothing is known.
    Connecting,
    /// No connection, and nothing is known.
    NotConnected,
    /// No connection; what is known is as old as this.
    AsOf(Time),
    /// Connected, and still reading; no device so far.
    Listening,
    /// Connected, everything was read, no device.
    Nobody,
    /// Connected, no device; but not everything could be read.
    NoneSeen,
    /// Every single device is online.
    AllOnline {
        /// How many that is.
        total: u32,
        /// Of which devices that is known.
        extent: Extent,
    },
    /// Everything was read, and every single device sleeps.
    AllAsleep {
        /// How many that is.
        total: u32,
    },
    /// Connected again, and some are not confirmed: all, or all that could be in trouble.
    Unconfirmed {
        /// How many.
        stale: u32,
        /// Of how many.
        total: u32,
    },
    /// The general answer.
    Counted {
        /// What matters most.
        lead: Lead,
        /// How many are online.
        online: u32,
        /// Of how many.
        total: u32,
        /// Whether each of them is known at present.
        is_confirmed: bool,
    },
}

/// How much of what is retained was read: nobody may say "all" of devices that were not seen.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Extent {
    /// All of it.
    Whole,
    /// It is still being read.
    SoFar,
    /// Some of it never came, or nobody knows.
    Known,
}

impl Extent {
    /// How much an engine has read.
    pub fn of_engine(engine: &Engine) -> Extent {
        Extent::of(engine.snapshot().state(), is_limited(engine))
    }

    /// `is_limited`: something was left out that was to be watched, whatever the snapshot says of the rest.
    pub fn of(snapshot: SnapshotState, is_limited: bool) -> Extent {
        match snapshot {
            SnapshotState::Loading => Extent::SoFar,
            SnapshotState::Complete if !is_limited => Extent::Whole,
            SnapshotState::Complete | SnapshotState::Cut | SnapshotState::Unknown => Extent::Known,
        }
    }
}

/// What matters most.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Lead {
    /// So many are offline.
    Offline(u32),
    /// None is offline, so many are degraded.
    Degraded(u32),
    /// Nothing of the kind.
    NoneOffline,
    /// Nothing of the kind among those that are known, and not everything was read.
    NoneKnownOffline,
}

impl Headline {
    /// Chooses the sentence. `as_of`: up to when the fleet was observed, when it is not now.
    pub fn of(link: Link, extent: Extent, counts: &Counts, as_of: Option<Time>) -> Headline {
        let &Counts { total, online, offline, sleeping, degraded, stale, .. } = counts;
        match (link, total) {
            (Link::Connected, 0) => match extent {
                Extent::SoFar => Headline::Listening,
                Extent::Whole => Headline::Nobody,
                Extent::Known => Headline::NoneSeen,
            },
            (Link::Connected, _) if stale == total || (stale > 0 && offline + degraded == 0) => {
                Headline::Unconfirmed { stale, total }
            }
            (Link::Connected, _) if online == total => Headline::AllOnline { total, extent },
            (Link::Connected, _) if sleeping == total && extent == Extent::Whole => {
                Headline::AllAsleep { total }
            }
            (Link::Connected, _) => {
                let lead = match (offline, degraded) {
                    (0, 0) if extent == Extent::Whole => Lead::NoneOffline,
                    (0, 0) => Lead::NoneKnownOffline,
                    (0, degraded) => Lead::Degraded(degraded),
                    (offline, _) => Lead::Offline(offline),
                };
                Headline::Counted { lead, online, total, is_confirmed: stale == 0 }
            }
            (Link::Connecting, 0) => Headline::Connecting,
            (Link::Idle, 0) if as_of.is_none() => Headline::Welcome,
            (_, 0) => Headline::NotConnected,
            (_, _) => as_of.map_or(Headline::NotConnected, Headline::AsOf),
        }
    }
}

/// How many filters of a snapshot are read.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// How many are read.
    pub read: usize,
    /// Of how many that are switched on.
    pub wanted: usize,
}

impl Progress {
    /// The progress of a snapshot that is loading.
    pub fn of(snapshot: &Snapshot) -> Option<Progress> {
        if snapshot.state() != SnapshotState::Loading {
            return None;
        }
        let wanted = snapshot.subscriptions().iter().filter(|filter| filter.is_on());
        let is_open = |state| matches!(state, SubscriptionState::Waiting | SubscriptionState::Loading);
        let read = wanted.clone().filter(|filter| !is_open(filter.state())).count();
        Some(Progress { read, wanted: wanted.count() })
    }
}

/// Up to when the fleet was observed, if it is not observed now: its last gap is open.
pub fn as_of(fleet: &Fleet) -> Option<Time> {
    fleet.gaps().next_back().filter(|gap| gap.to.is_none()).map(|gap| gap.from)
}

/// When the fleet was last not observed for a while, from and to, if it is observed now.
pub fn missed(fleet: &Fleet) -> Option<(Time, Time)> {
    let gap = fleet.gaps().next_back()?;
    gap.to.filter(|to| to.since(gap.from) >= MIN_MISSED).map(|to| (gap.from, to))
}

/// Whether something is not watched that was to be watched: then nobody may say "all".
fn is_limited(engine: &Engine) -> bool {
    let is_left_out = |filter: &Subscription| {
        matches!(
            filter.state(),
            SubscriptionState::Paused | SubscriptionState::Off | SubscriptionState::Refused { .. }
        )
    };
    let refused = engine.fleet().refused();
    refused.devices + refused.topics + refused.metadata > 0
        || !engine.rejected_filters().is_empty()
        || engine.snapshot().subscriptions().iter().any(is_left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    fn counts(online: u32, offline: u32, sleeping: u32, degraded: u32) -> Counts {
        let total = online + offline + sleeping + degraded;
        Counts { total, online, offline, sleeping, degraded, ..Counts::default() }
    }

    #[wasm_bindgen_test]
    fn connected_the_headline_counts() {
        let of = |extent, counts: Counts| Headline::of(Link::Connected, extent, &counts, None);
        let check = |counts: Counts, expected| assert_eq!(of(Extent::Whole, counts), expected, "{counts:?}");
        let counted = |lead, online| Headline::Counted { lead, online, total: 40, is_confirmed: true };
        check(counts(0, 0, 0, 0), Headline::Nobody);
        check(counts(40, 0, 0, 0), Headline::AllOnline { total: 40, extent: Extent::Whole });
        check(counts(0, 0, 4, 0), Headline::AllAsleep { total: 4 });
        let lead = Lead::NoneKnownOffline;
        let asleep = Headline::Counted { lead, online: 0, total: 4, is_confirmed: true };
        for extent in [Extent::SoFar, Extent::Known] {
            assert_eq!(of(extent, counts(0, 0, 4, 0)), asleep);
        }
        check(counts(36, 2, 1, 1), counted(Lead::Offline(2), 36));
        check(counts(38, 0, 1, 1), counted(Lead::Degraded(1), 38));
        check(counts(39, 0, 1, 0), counted(Lead::NoneOffline, 39));
        let nobody = counts(0, 0, 0, 0);
        assert_eq!(of(Extent::SoFar, nobody), Headline::Listening);
        assert_eq!(of(Extent::Known, nobody), Headline::NoneSeen);
    }

    #[wasm_bindgen_test]
    fn all_is_said_of_a_whole_snapshot_only_and_of_nothing_stale() {
        assert_eq!(Extent::of(SnapshotState::Complete, false), Extent::Whole);
        assert_eq!(Extent::of(SnapshotState::Complete, true), Extent::Known);
        assert_eq!(Extent::of(SnapshotState::Loading, true), Extent::SoFar);
        assert_eq!(Extent::of(SnapshotState::Cut, false), Extent::Known);
        assert_eq!(Extent::of(SnapshotState::Unknown, false), Extent::Known);

        let of = |extent, counts: &Counts| Headline::of(Link::Connected, extent, counts, None);
        let total = 40;
        let some = counts(total, 0, 0, 0);
        for extent in [Extent::Whole, Extent::SoFar, Extent::Known] {
            assert_eq!(of(extent, &some), Headline::AllOnline { total, extent });
            // Connected again, and nothing was announced again so far.
            let all_stale = Counts { stale: total, ..some };
            assert_eq!(of(extent, &all_stale), Headline::Unconfirmed { stale: total, total });
            let all_stale = Counts { stale: total, ..counts(0, 0, total, 0) };
            assert_eq!(of(extent, &all_stale), Headline::Unconfirmed { stale: total, total });
            let all_stale = Counts { stale: total, ..counts(38, 2, 0, 0) };
            assert_eq!(of(extent, &all_stale), Headline::Unconfirmed { stale: total, total });
            let stale = Counts { stale: 3, ..some };
            assert_eq!(of(extent, &stale), Headline::Unconfirmed { stale: 3, total });
        }
        let offline = Counts { stale: 3, ..counts(39, 1, 0, 0) };
        let lead = Lead::Offline(1);
        let expected = Headline::Counted { lead, online: 39, total, is_confirmed: false };
        assert_eq!(of(Extent::Whole, &offline), expected);
    }

    #[wasm_bindgen_test]
    fn not_connected_it_never_claims_to_know() {
        let waiting = Link::Waiting { retry_at: Time(9) };
        let none = counts(0, 0, 0, 0);
        let some = counts(40, 0, 0, 0);
        let of = |link, counts, as_of| Headline::of(link, Extent::Known, counts, as_of);
        for link in [Link::Idle, Link::Connecting, waiting, Link::Refused] {
            assert_eq!(of(link, &some, Some(Time(7))), Headline::AsOf(Time(7)), "{link:?}");
        }
        assert_eq!(of(Link::Idle, &none, None), Headline::Welcome);
        assert_eq!(of(Link::Idle, &none, Some(Time(7))), Headline::NotConnected);
        assert_eq!(of(Link::Connecting, &none, None), Headline::Connecting);
        assert_eq!(of(waiting, &none, None), Headline::NotConnected);
        assert_eq!(of(Link::Refused, &none, None), Headline::NotConnected);
    }
}
