//! The answer to the visitor's question, as a choice of sentences.
//!
//! Pure: where the link stands and what is counted in, a typed sentence out. `ui` words it.

use fleet::Counts;
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
    pub fn of(link: Link, is_loading: bool, counts: &Counts, heard_at: Option<Time>) -> Headline {
        let &Counts { total, online, offline, degraded, .. } = counts;
        match (link, total) {
            (Link::Connected, 0) if is_loading => Headline::Listening,
            (Link::Connected, 0) => Headline::Nobody,
            (Link::Connected, _) if online == total => Headline::AllOnline { total },
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
            assert_eq!(Headline::of(Link::Connected, false, &counts, Some(Time(7))), expected, "{counts:?}");
        };
        check(counts(0, 0, 0, 0), Headline::Nobody);
        check(counts(40, 0, 0, 0), Headline::AllOnline { total: 40 });
        check(counts(36, 2, 1, 1), Headline::Counted { lead: Lead::Offline(2), online: 36, total: 40 });
        check(counts(38, 0, 1, 1), Headline::Counted { lead: Lead::Degraded(1), online: 38, total: 40 });
        check(counts(39, 0, 1, 0), Headline::Counted { lead: Lead::NoneOffline, online: 39, total: 40 });
        let loading = Headline::of(Link::Connected, true, &counts(0, 0, 0, 0), None);
        assert_eq!(loading, Headline::Listening);
    }

    #[wasm_bindgen_test]
    fn not_connected_it_never_claims_to_know() {
        let waiting = Link::Waiting { retry_at: Time(9) };
        let none = counts(0, 0, 0, 0);
        let some = counts(40, 0, 0, 0);
        for link in [Link::Idle, Link::Connecting, waiting, Link::Refused] {
            assert_eq!(Headline::of(link, false, &some, Some(Time(7))), Headline::AsOf(Time(7)), "{link:?}");
        }
        assert_eq!(Headline::of(Link::Idle, false, &none, None), Headline::Welcome);
        assert_eq!(Headline::of(Link::Connecting, false, &none, None), Headline::Connecting);
        assert_eq!(Headline::of(waiting, false, &none, None), Headline::NotConnected);
        assert_eq!(Headline::of(Link::Refused, false, &none, None), Headline::NotConnected);
    }
}
