//! The answer to the visitor's question, as a choice of sentences.
//!
//! Pure: where the link stands and what is counted in, a typed sentence out. `ui` words it.

use fleet::{Counts, SnapshotState};
use mqtt::{Link, Time};

/// What the board says first.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Headline {
    /// No connection was asked for, and nothing is known.
    Welcome,
    /// On the way, and nothing is known.
    Connecting,
    /// No connection, and nothing is known.
    NotConnected,
    /// No connection; what is known is as old as this.
    AsOf(Time),
    /// Connected, and still reading; no device so far.
    Listening,
    /// Connected, everything was read, no device.
    Nobody,
    /// Every single device is online.
    AllOnline {
        /// How many that is.
        total: u32,
        /// Of which devices that is known.
        extent: Extent,
    },
    /// Connected again, and none is known to be offline; but some were not announced again.
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
    fn of(snapshot: SnapshotState) -> Extent {
        match snapshot {
            SnapshotState::Complete => Extent::Whole,
            SnapshotState::Loading => Extent::SoFar,
            SnapshotState::Cut | SnapshotState::Unknown => Extent::Known,
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
}

impl Headline {
    /// Chooses the sentence. `heard_at` is when the broker was last heard.
    pub fn of(link: Link, snapshot: SnapshotState, counts: &Counts, heard_at: Option<Time>) -> Headline {
        let &Counts { total, online, offline, degraded, stale, .. } = counts;
        let extent = Extent::of(snapshot);
        match (link, total) {
            (Link::Connected, 0) if extent == Extent::SoFar => Headline::Listening,
            (Link::Connected, 0) => Headline::Nobody,
            (Link::Connected, _) if stale > 0 && offline + degraded == 0 && extent != Extent::SoFar => {
                Headline::Unconfirmed { stale, total }
            }
            (Link::Connected, _) if online == total => Headline::AllOnline { total, extent },
            (Link::Connected, _) => {
                let lead = match (offline, degraded) {
                    (0, 0) => Lead::NoneOffline,
                    (0, degraded) => Lead::Degraded(degraded),
                    (offline, _) => Lead::Offline(offline),
                };
                Headline::Counted { lead, online, total }
            }
            (Link::Connecting, 0) => Headline::Connecting,
            (Link::Idle, 0) if heard_at.is_none() => Headline::Welcome,
            (_, 0) => Headline::NotConnected,
            (_, _) => heard_at.map_or(Headline::NotConnected, Headline::AsOf),
        }
    }
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
        let check = |counts: Counts, expected| {
            let complete = SnapshotState::Complete;
            assert_eq!(
                Headline::of(Link::Connected, complete, &counts, Some(Time(7))),
                expected,
                "{counts:?}"
            );
        };
        check(counts(0, 0, 0, 0), Headline::Nobody);
        check(counts(40, 0, 0, 0), Headline::AllOnline { total: 40, extent: Extent::Whole });
        check(counts(36, 2, 1, 1), Headline::Counted { lead: Lead::Offline(2), online: 36, total: 40 });
        check(counts(38, 0, 1, 1), Headline::Counted { lead: Lead::Degraded(1), online: 38, total: 40 });
        check(counts(39, 0, 1, 0), Headline::Counted { lead: Lead::NoneOffline, online: 39, total: 40 });
        let loading = Headline::of(Link::Connected, SnapshotState::Loading, &counts(0, 0, 0, 0), None);
        assert_eq!(loading, Headline::Listening);
    }

    #[wasm_bindgen_test]
    fn all_is_said_of_a_whole_snapshot_only_and_of_nothing_stale() {
        let of = |snapshot, counts| Headline::of(Link::Connected, snapshot, counts, Some(Time(7)));
        let total = 40;
        let some = counts(total, 0, 0, 0);
        for (snapshot, extent) in [
            (SnapshotState::Loading, Extent::SoFar),
            (SnapshotState::Cut, Extent::Known),
            (SnapshotState::Unknown, Extent::Known),
        ] {
            assert_eq!(of(snapshot, &some), Headline::AllOnline { total, extent });
        }
        let stale = Counts { stale: 3, ..some };
        assert_eq!(of(SnapshotState::Complete, &stale), Headline::Unconfirmed { stale: 3, total });
        let offline = Counts { stale: 3, ..counts(39, 1, 0, 0) };
        let lead = Lead::Offline(1);
        assert_eq!(of(SnapshotState::Complete, &offline), Headline::Counted { lead, online: 39, total });
    }

    #[wasm_bindgen_test]
    fn not_connected_it_never_claims_to_know() {
        let waiting = Link::Waiting { retry_at: Time(9) };
        let none = counts(0, 0, 0, 0);
        let some = counts(40, 0, 0, 0);
        for link in [Link::Idle, Link::Connecting, waiting, Link::Refused] {
            assert_eq!(
                Headline::of(link, SnapshotState::Unknown, &some, Some(Time(7))),
                Headline::AsOf(Time(7)),
                "{link:?}"
            );
        }
        assert_eq!(Headline::of(Link::Idle, SnapshotState::Unknown, &none, None), Headline::Welcome);
        assert_eq!(Headline::of(Link::Connecting, SnapshotState::Unknown, &none, None), Headline::Connecting);
        assert_eq!(Headline::of(waiting, SnapshotState::Unknown, &none, None), Headline::NotConnected);
        assert_eq!(Headline::of(Link::Refused, SnapshotState::Unknown, &none, None), Headline::NotConnected);
    }
}
