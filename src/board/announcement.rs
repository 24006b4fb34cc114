//! What is worth a sentence to visitors who listen: what changed, how many devices a search leaves, or the headline.
//!
//! Pure: decides from the list of changes that the fleet keeps. `announcer` words it and keeps the time.

use fleet::fleet::MAX_RECENT;
use fleet::{Change, Handle, Query, Status};
use mqtt::Time;

use super::summary::Headline;

/// What is worth a sentence.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Announcement {
    /// The headline: it is of another kind than before, or more changed than can be listed.
    Headline,
    /// How many devices the search and the filters leave.
    Found,
    /// What changed.
    Changes(ChangeSummary),
}

/// What was announced last, or was there from the start.
pub struct Announced {
    kind: HeadlineKind,
    /// Up to when changes are announced.
    until: Time,
    query: Query,
}

impl Announced {
    /// What the page begins with: nothing of it is news.
    pub fn new(headline: &Headline, query: Query, now: Time) -> Announced {
        Announced { kind: HeadlineKind::of(headline), until: now, query }
    }

    /// What to announce next, if anything. `changes`: what changed since a time, up to now.
    pub fn next(
        &mut self,
        is_loading: bool,
        headline: &Headline,
        query: &Query,
        now: Time,
        changes: impl FnOnce(Time) -> ChangeSummary,
    ) -> Option<Announcement> {
        if is_loading {
            return None;
        }
        let kind = HeadlineKind::of(headline);
        let is_other_kind = std::mem::replace(&mut self.kind, kind) != kind;
        // Another order hides nothing.
        let query = Query { order: self.query.order, ..query.clone() };
        let is_other_query = self.query != query;
        self.query = query;
        if is_other_query && !is_other_kind {
            return Some(Announcement::Found);
        }
        // A clock that was set back must not silence it until that time comes again.
        self.until = self.until.min(now);
        let changes = changes(self.until);
        let latest = changes.latest.map(|(_, change)| change.at);
        self.until = latest.unwrap_or(self.until);
        match latest {
            Some(_) if !is_other_kind && !changes.is_overfull => Some(Announcement::Changes(changes)),
            Some(_) => Some(Announcement::Headline),
            None => is_other_kind.then_some(Announcement::Headline),
        }
    }
}

/// What became of the devices that changed.
#[derive(Copy, Clone, PartialEq, Debug, Default)]
pub struct ChangeSummary {
    /// How many are offline, and were not.
    pub offline: u32,
    /// How many are online, and were offline.
    pub back: u32,
    /// How many changed otherwise: they sleep, woke or recovered, or are as they were before.
    pub other: u32,
    /// The last change of all, and the device.
    pub latest: Option<(Handle, Change)>,
    /// More changed than is kept.
    pub is_overfull: bool,
}

impl ChangeSummary {
    /// Of changes, the latest first, those after a time. What happened later than now, by a clock that was set back
    /// since, was announced by that clock.
    pub fn of(changes: impl Iterator<Item = (Handle, Change)>, after: Time, now: Time) -> ChangeSummary {
        let (mut summary, mut count) = (ChangeSummary::default(), 0);
        let mut devices: Vec<(Handle, Option<Status>, Status)> = Vec::new();
        for (handle, change) in changes.take_while(|(_, change)| change.at > after && change.at <= now) {
            summary.latest.get_or_insert((handle, change));
            count += 1;
            match devices.iter_mut().find(|(known, ..)| *known == handle) {
                Some((_, from, _)) => *from = change.from,
                None => devices.push((handle, change.from, change.to)),
            }
        }
        for (_, from, to) in devices {
            match to {
                Status::Offline if from != Some(to) => summary.offline += 1,
                Status::Online if from == Some(Status::Offline) => summary.back += 1,
                _ => summary.other += 1,
            }
        }
        summary.is_overfull = count >= MAX_RECENT;
        summary
    }

    /// How many devices changed.
    pub fn devices(&self) -> u32 {
        self.offline + self.back + self.other
    }
}

/// Headlines of one kind differ only in what they count, and that is announced change by change.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum HeadlineKind {
    Welcome,
    Connecting,
    NotConnected,
    Listening,
    NoDevice,
    Counts,
}

impl HeadlineKind {
    fn of(headline: &Headline) -> HeadlineKind {
        match headline {
            Headline::Welcome => HeadlineKind::Welcome,
            Headline::Connecting => HeadlineKind::Connecting,
            Headline::NotConnected | Headline::AsOf(_) => HeadlineKind::NotConnected,
            Headline::Listening => HeadlineKind::Listening,
            Headline::Nobody | Headline::NoneSeen => HeadlineKind::NoDevice,
            Headline::AllOnline { .. }
            | Headline::AllAsleep { .. }
            | Headline::Unconfirmed { .. }
            | Headline::Counted { .. } => HeadlineKind::Counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet::fleet::Bounds;
    use fleet::{Fleet, Statuses};
    use wasm_bindgen_test::wasm_bindgen_test;

    /// A counting headline.
    const COUNTS: Headline = Headline::AllAsleep { total: 1 };
    /// After all that any of these fleets went through.
    const LATER: Time = Time(u64::MAX);

    /// A fleet in which each of these payloads came live, one a second.
    fn fleet(words: &[(&str, &str)]) -> Fleet {
        let mut fleet = Fleet::new(Bounds::default(), false, 0);
        fleet.link_up(Time(0));
        for (second, (id, word)) in (1..).zip(words) {
            fleet.apply(&format!("{id}/LWT"), word.as_bytes(), false, Time(second * 1_000));
        }
        fleet
    }

    /// The boundary: payloads, and what became of the devices since a time: offline, back, other.
    #[track_caller]
    fn check(words: &[(&str, &str)], after: u64, expected: (u32, u32, u32)) {
        let changes = ChangeSummary::of(fleet(words).recent_changes(), Time(after), LATER);
        assert_eq!((changes.offline, changes.back, changes.other), expected, "{words:?}");
    }

    #[wasm_bindgen_test]
    fn what_became_of_the_devices_counts_and_not_each_change() {
        check(&[("a", "online"), ("b", "offline")], 0, (0, 0, 0));
        check(&[("a", "online"), ("a", "offline")], 0, (1, 0, 0));
        check(&[("a", "online"), ("a", "offline"), ("a", "online")], 0, (0, 0, 1));
        // The first of them was announced already.
        check(&[("a", "online"), ("a", "offline"), ("a", "online")], 2_000, (0, 1, 0));
        check(
            &[
                ("a", "online"),
                ("b", "online"),
                ("c", "offline"),
                ("a", "offline"),
                ("b", "offline"),
                ("c", "online"),
            ],
            0,
            (2, 1, 0),
        );
    }

    #[wasm_bindgen_test]
    fn only_what_was_offline_comes_back() {
        let fleet = fleet(&[("a", "offline"), ("a", "online")]);
        let back = |from: Status| {
            let changes = fleet
                .recent_changes()
                .map(|(handle, change)| (handle, Change { from: Some(from), ..change }));
            let summary = ChangeSummary::of(changes, Time(0), LATER);
            (summary.back, summary.other)
        };
        assert_eq!(back(Status::Offline), (1, 0));
        for from in [Status::Sleeping, Status::Degraded, Status::Unknown] {
            assert_eq!(back(from), (0, 1), "{from:?}");
        }
    }

    #[wasm_bindgen_test]
    fn a_clock_that_is_set_back_silences_nothing_and_repeats_nothing() {
        let fleet = fleet(&[("a", "online"), ("a", "offline")]);
        let mut announced = Announced::new(&COUNTS, Query::default(), Time(9_000));
        let mut next = |now| {
            let changes = |after| ChangeSummary::of(fleet.recent_changes(), after, now);
            announced.next(false, &COUNTS, &Query::default(), now, changes)
        };
        assert_eq!(next(Time(1_500)), None, "announced by the clock before it was set back");
        assert!(matches!(next(Time(2_000)), Some(Announcement::Changes(ChangeSummary { offline: 1, .. }))));
        assert_eq!(next(Time(2_000)), None);
    }

    #[wasm_bindgen_test]
    fn more_than_can_be_listed_is_announced_by_the_headline() {
        let flaps: Vec<(&str, &str)> =
            (0..=MAX_RECENT).map(|n| ("a", if n % 2 == 0 { "online" } else { "offline" })).collect();
        let (fleet, few) = (fleet(&flaps), fleet(&flaps[..9]));
        assert!(ChangeSummary::of(fleet.recent_changes(), Time(0), LATER).is_overfull);
        assert!(!ChangeSummary::of(few.recent_changes(), Time(0), LATER).is_overfull);
        let mut announced = Announced::new(&COUNTS, Query::default(), Time(0));
        let mut next = |fleet: &Fleet| {
            announced.next(false, &COUNTS, &Query::default(), LATER, |after| {
                ChangeSummary::of(fleet.recent_changes(), after, LATER)
            })
        };
        assert_eq!(next(&fleet), Some(Announcement::Headline));
        assert_eq!(next(&fleet), None, "it was announced");
    }

    #[wasm_bindgen_test]
    fn one_thing_at_a_time_and_nothing_twice() {
        let fleet = fleet(&[("a", "online"), ("a", "offline")]);
        let changes = |after| ChangeSummary::of(fleet.recent_changes(), after, LATER);
        let (all, mut some) = (Query::default(), Query::default());
        let mut announced = Announced::new(&Headline::Connecting, all.clone(), Time(0));
        assert_eq!(announced.next(true, &Headline::Listening, &all, LATER, changes), None, "it is loading");
        assert_eq!(
            announced.next(false, &COUNTS, &all, LATER, changes),
            Some(Announcement::Headline),
            "which counts what changed before it"
        );
        assert_eq!(announced.next(false, &COUNTS, &all, LATER, changes), None);
        some.order = fleet::OrderBy::Name;
        assert_eq!(announced.next(false, &COUNTS, &some, LATER, changes), None, "another order");
        some.statuses = Statuses::from(Some(Status::Offline));
        announced.until = Time(0);
        assert_eq!(announced.next(false, &COUNTS, &some, LATER, changes), Some(Announcement::Found));
        assert!(matches!(
            announced.next(false, &COUNTS, &some, LATER, changes),
            Some(Announcement::Changes(ChangeSummary { offline: 1, .. }))
        ));
        assert_eq!(
            announced.next(false, &Headline::NotConnected, &some, LATER, changes),
            Some(Announcement::Headline),
            "the link is gone"
        );
    }
}
