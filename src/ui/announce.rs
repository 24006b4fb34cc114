//! The voice for those who listen: what changed, in one sentence every few seconds; how many devices a search found.
//!
//! Nothing is said per message: a timer gathers, then [`Heard::next`] decides what is worth a sentence, from the list
//! of changes that the fleet keeps anyhow. While the snapshot is loading it is silent.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use fleet::fleet::MOST_RECENT;
use fleet::{Change, Handle, Query, Status};
use leptos::prelude::*;
use mqtt::Time;

use super::Page;
use super::device::told;
use super::element::{El, effect, el};
use super::headline::say_headline;
use super::signal::Memo;
use crate::headline::Headline;
use crate::link::{self, Link};
use crate::words::{Plural, add};
use crate::{plural, say};

/// How long what happens together is gathered.
const GATHER: Duration = Duration::from_secs(1);
/// At most one sentence in this time: a fleet that flaps must not talk without end.
const BREATH: Duration = Duration::from_secs(5);

/// What became of the devices that changed.
#[derive(Copy, Clone, PartialEq, Debug, Default)]
struct Net {
    /// How many are offline, and were not.
    offline: u32,
    /// How many are online, and were offline.
    back: u32,
    /// How many changed otherwise: they sleep, woke or recovered, or are as they were before.
    other: u32,
    /// The last change of all, and whose.
    last: Option<(Handle, Change)>,
    /// More changed than is kept.
    is_overfull: bool,
}

impl Net {
    /// Of changes, the latest first, those after a time. What happened later than now, by a clock that was set back
    /// since, was told by that clock.
    fn of(changes: impl Iterator<Item = (Handle, Change)>, after: Time, now: Time) -> Net {
        let (mut net, mut count) = (Net::default(), 0);
        let mut devices: Vec<(Handle, Option<Status>, Status)> = Vec::new();
        for (handle, change) in changes.take_while(|(_, change)| change.at > after && change.at <= now) {
            net.last.get_or_insert((handle, change));
            count += 1;
            match devices.iter_mut().find(|(known, ..)| *known == handle) {
                Some((_, from, _)) => *from = change.from,
                None => devices.push((handle, change.from, change.to)),
            }
        }
        for (_, from, to) in devices {
            match to {
                Status::Offline if from != Some(to) => net.offline += 1,
                Status::Online if from == Some(Status::Offline) => net.back += 1,
                _ => net.other += 1,
            }
        }
        net.is_overfull = count >= MOST_RECENT;
        net
    }

    fn devices(&self) -> u32 {
        self.offline + self.back + self.other
    }
}

/// What is worth a sentence.
#[derive(Copy, Clone, PartialEq, Debug)]
enum Word {
    /// The headline: it is of another kind than before, or more changed than anybody can list.
    Headline,
    /// How many devices the search and the filters leave.
    Found,
    /// What changed.
    Changed(Net),
}

/// What was said, or was there from the start.
struct Heard {
    kind: u8,
    until: Time,
    query: Query,
}

impl Heard {
    /// What to say next. `net`: what changed since a time, up to now.
    fn next(
        &mut self,
        is_loading: bool,
        kind: u8,
        query: &Query,
        now: Time,
        net: impl FnOnce(Time) -> Net,
    ) -> Option<Word> {
        if is_loading {
            return None;
        }
        let is_other_kind = std::mem::replace(&mut self.kind, kind) != kind;
        // The order hides nothing.
        let query = Query { order: self.query.order, ..query.clone() };
        let is_other_query = self.query != query;
        self.query = query;
        if is_other_query && !is_other_kind {
            return Some(Word::Found);
        }
        // A clock that was set back must not silence it until that time comes again.
        self.until = self.until.min(now);
        let net = net(self.until);
        let latest = net.last.map(|(_, change)| change.at);
        self.until = latest.unwrap_or(self.until);
        match latest {
            Some(_) if !is_other_kind && !net.is_overfull => Some(Word::Changed(net)),
            Some(_) => Some(Word::Headline),
            None => is_other_kind.then_some(Word::Headline),
        }
    }
}

/// Headlines of one kind differ only in what they count, and that is said change by change.
fn kind(headline: &Headline) -> u8 {
    match headline {
        Headline::Welcome => 0,
        Headline::Connecting => 1,
        Headline::NotConnected | Headline::AsOf(_) => 2,
        Headline::Listening => 3,
        Headline::Nobody | Headline::NoneSeen => 4,
        Headline::AllOnline { .. }
        | Headline::AllAsleep { .. }
        | Headline::Unconfirmed { .. }
        | Headline::Counted { .. } => 5,
    }
}

/// The voice: in the document from the start, and silent. `found`: how many devices the search and the filters leave.
pub fn voice(page: Page, found: Memo<usize>) -> El {
    let voice = el("p", "spoken").attr("role", "status").attr("aria-live", "polite");
    let heard = page.state.with_untracked(|state| Heard {
        kind: kind(&state.headline),
        until: link::now(),
        query: page.view.with_untracked(|view| view.query.clone()),
    });
    let speaker = Rc::new(Speaker {
        page,
        found,
        voice: voice.clone(),
        heard: RefCell::new(heard),
        spoke_at: Cell::new(Time(0)),
        is_waiting: Cell::new(false),
    });
    effect(move || {
        page.link(Link::track_calmly);
        page.view.track();
        // What the page begins with is read with the page: nothing of it is news.
        speaker.clone().speak_soon();
    });
    voice
}

struct Speaker {
    page: Page,
    found: Memo<usize>,
    voice: El,
    heard: RefCell<Heard>,
    spoke_at: Cell<Time>,
    is_waiting: Cell<bool>,
}

impl Speaker {
    fn speak_soon(self: Rc<Self>) {
        if !self.is_waiting.replace(true) {
            let rest = BREATH.saturating_sub(link::now().since(self.spoke_at.get()));
            set_timeout(move || self.speak(), rest.max(GATHER));
        }
    }

    fn speak(self: Rc<Self>) {
        self.is_waiting.set(false);
        let page = self.page;
        // The page may be gone by now.
        if page.is_gone() {
            return;
        }
        let (is_loading, headline) =
            page.state.with_untracked(|state| (state.loading.is_some(), state.headline));
        let word = page.view.with_untracked(|view| {
            let now = link::now();
            let net = |after| {
                let read = page
                    .link(|link| link.with(|call| Net::of(call.engine.fleet().recent_changes(), after, now)));
                read.unwrap_or_default()
            };
            self.heard.borrow_mut().next(is_loading, kind(&headline), &view.query, now, net)
        });
        if let Some(word) = word {
            let sentence = untrack(|| self.say(word, headline));
            self.voice.set_text(&sentence);
            self.spoke_at.set(link::now());
            // There may be more to say.
            self.speak_soon();
        }
    }

    fn say(&self, word: Word, headline: Headline) -> String {
        let page = self.page;
        let locale = page.locale.get();
        match word {
            Word::Headline => say_headline(page, headline),
            Word::Found => {
                let (found, total) = (self.found.get(), page.state.with(|state| state.counts.total));
                say!(locale, announce.found, n = page.number(found as u32), total = page.number(total))
            }
            Word::Changed(net) => {
                let name = net.last.filter(|_| net.devices() == 1).and_then(|(handle, change)| {
                    let name = page.link(|link| {
                        link.with(|call| {
                            let device = call.engine.fleet().device(handle)?;
                            Some(device.display_name().to_owned())
                        })
                    });
                    Some((name.flatten()?, told(page, &change).what))
                });
                if let Some((name, what)) = name {
                    return say!(locale, announce.device, name = name, what = what);
                }
                let mut text = String::new();
                let mut tell = |n: u32, phrases: Plural| {
                    if n > 0 {
                        add(&mut text, " ", &page.counted(phrases, n, net.devices()));
                    }
                };
                tell(net.offline, plural!(announce.offline));
                tell(net.back, plural!(announce.back));
                tell(net.other, plural!(announce.other));
                text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet::fleet::Bounds;
    use fleet::{Fleet, Statuses};
    use wasm_bindgen_test::wasm_bindgen_test;

    /// After all that any of these fleets went through.
    const LATER: Time = Time(u64::MAX);

    /// A fleet in which each of these words came live, one a second.
    fn fleet(words: &[(&str, &str)]) -> Fleet {
        let mut fleet = Fleet::new(Bounds::default(), false, 0);
        fleet.link_up(Time(0));
        for (second, (id, word)) in (1..).zip(words) {
            fleet.apply(&format!("{id}/LWT"), word.as_bytes(), false, Time(second * 1_000));
        }
        fleet
    }

    /// The boundary: what came, and what is said to have become of it since a time: offline, back, other.
    #[track_caller]
    fn check(words: &[(&str, &str)], after: u64, expected: (u32, u32, u32)) {
        let net = Net::of(fleet(words).recent_changes(), Time(after), LATER);
        assert_eq!((net.offline, net.back, net.other), expected, "{words:?}");
    }

    #[wasm_bindgen_test]
    fn what_became_of_the_devices_counts_and_not_each_change() {
        check(&[("a", "online"), ("b", "offline")], 0, (0, 0, 0));
        check(&[("a", "online"), ("a", "offline")], 0, (1, 0, 0));
        check(&[("a", "online"), ("a", "offline"), ("a", "online")], 0, (0, 0, 1));
        // The first of them was told already.
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
            let net = Net::of(changes, Time(0), LATER);
            (net.back, net.other)
        };
        assert_eq!(back(Status::Offline), (1, 0));
        for from in [Status::Sleeping, Status::Degraded, Status::Unknown] {
            assert_eq!(back(from), (0, 1), "{from:?}");
        }
    }

    #[wasm_bindgen_test]
    fn a_clock_that_is_set_back_silences_nothing_and_repeats_nothing() {
        let fleet = fleet(&[("a", "online"), ("a", "offline")]);
        let mut heard = Heard { kind: 5, until: Time(9_000), query: Query::default() };
        let mut next = |now| {
            let net = |after| Net::of(fleet.recent_changes(), after, now);
            heard.next(false, 5, &Query::default(), now, net)
        };
        assert_eq!(next(Time(1_500)), None, "what the clock told before it was set back");
        assert!(matches!(next(Time(2_000)), Some(Word::Changed(Net { offline: 1, .. }))));
        assert_eq!(next(Time(2_000)), None);
    }

    #[wasm_bindgen_test]
    fn more_than_anybody_can_list_is_told_by_the_headline() {
        let flaps: Vec<(&str, &str)> =
            (0..=MOST_RECENT).map(|n| ("a", if n % 2 == 0 { "online" } else { "offline" })).collect();
        let (fleet, few) = (fleet(&flaps), fleet(&flaps[..9]));
        assert!(Net::of(fleet.recent_changes(), Time(0), LATER).is_overfull);
        assert!(!Net::of(few.recent_changes(), Time(0), LATER).is_overfull);
        let mut heard = Heard { kind: 5, until: Time(0), query: Query::default() };
        let mut next = |fleet: &Fleet| {
            heard.next(false, 5, &Query::default(), LATER, |after| {
                Net::of(fleet.recent_changes(), after, LATER)
            })
        };
        assert_eq!(next(&fleet), Some(Word::Headline));
        assert_eq!(next(&fleet), None, "it was said");
    }

    #[wasm_bindgen_test]
    fn one_thing_at_a_time_and_nothing_twice() {
        let fleet = fleet(&[("a", "online"), ("a", "offline")]);
        let net = |after| Net::of(fleet.recent_changes(), after, LATER);
        let (all, mut some) = (Query::default(), Query::default());
        let mut heard = Heard { kind: 1, until: Time(0), query: all.clone() };
        assert_eq!(heard.next(true, 3, &all, LATER, net), None, "it is loading");
        assert_eq!(
            heard.next(false, 5, &all, LATER, net),
            Some(Word::Headline),
            "which counts what changed before it"
        );
        assert_eq!(heard.next(false, 5, &all, LATER, net), None);
        some.order = fleet::OrderBy::Name;
        assert_eq!(heard.next(false, 5, &some, LATER, net), None, "another order");
        some.statuses = Statuses::from(Some(Status::Offline));
        heard.until = Time(0);
        assert_eq!(heard.next(false, 5, &some, LATER, net), Some(Word::Found));
        assert!(matches!(
            heard.next(false, 5, &some, LATER, net),
            Some(Word::Changed(Net { offline: 1, .. }))
        ));
        assert_eq!(heard.next(false, 2, &some, LATER, net), Some(Word::Headline), "the link is gone");
    }
}
