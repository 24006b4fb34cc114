//! Which devices the page shows, and in which order.
//!
//! The order by name is kept, and so is the order of the changes; every other one follows from them by one
//! linear pass, so that the rows are never sorted.

use std::borrow::Cow;

use super::groups::GroupKey;
use super::slot::{ALIVE, Slot};
use super::{Fleet, Handle};
use crate::status::{Evidence, Status};

/// What the visitor asked for. All that is given must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// Words, all of which must stand in the name, the id or the topic; case does not matter.
    pub text: String,
    /// Only devices that show one of these statuses.
    pub statuses: Statuses,
    /// Only devices whose status is known this well.
    pub evidence: Option<Evidence>,
    /// Only devices of the convention with this slug.
    pub convention: Option<Cow<'static, str>>,
    /// Only devices of this group.
    pub group: Option<GroupKey>,
    /// Which come first.
    pub order: OrderBy,
}

/// Which devices come first.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum OrderBy {
    /// Offline, then degraded, then unknown, then the rest; each by name.
    #[default]
    Trouble,
    /// By name, in natural order.
    Name,
    /// Those whose status changed, the latest change first; then the others by name.
    Change,
}

/// A set of statuses.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Statuses(u8);

impl Statuses {
    /// Every status: nothing is filtered out.
    pub const ALL: Statuses = Statuses(0b1_1111);
    /// No status: nothing passes.
    pub const NONE: Statuses = Statuses(0);

    /// Whether a status is one of them.
    pub fn has(self, status: Status) -> bool {
        self.0 & 1 << status as u8 != 0
    }

    /// The set with this status in it, or without it where it was in.
    pub fn toggled(self, status: Status) -> Statuses {
        Statuses(self.0 ^ 1 << status as u8)
    }
}

impl Default for Statuses {
    fn default() -> Statuses {
        Statuses::ALL
    }
}

/// One status alone, or every one.
impl From<Option<Status>> for Statuses {
    fn from(only: Option<Status>) -> Statuses {
        only.map_or(Statuses::ALL, |status| Statuses(0).toggled(status))
    }
}

/// The devices that answer a [`Query`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rows {
    /// Those that need attention, when they come first: offline, then degraded, then unknown; each by name.
    /// In any other order there are none.
    pub attention: Vec<Handle>,
    /// The rest.
    pub well: Vec<Handle>,
}

/// The rank of every status by trouble, by its number.
const RANK: [usize; 5] = {
    let mut rank = [WELL; 5];
    rank[Status::Offline as usize] = 0;
    rank[Status::Degraded as usize] = 1;
    rank[Status::Unknown as usize] = 2;
    rank
};
/// The last rank: no trouble, or none that is asked about.
const WELL: usize = 3;

impl Fleet {
    /// The devices that answer a query, by one pass over the order by name.
    pub fn rows(&self, query: &Query) -> Rows {
        let passing = self.passing(query);
        let passes = |number: u32| {
            let brief = self.briefs[number as usize];
            query.statuses.0 & 1 << brief.status() != 0
                && passing.as_ref().is_none_or(|passing| passing[number as usize])
        };
        let mut ranks = [const { Vec::new() }; WELL + 1];
        if passing.is_none() {
            ranks[WELL].reserve(self.counts.total as usize);
        }
        let by_change = query.order == OrderBy::Change;
        if by_change {
            for number in self.recency.latest().filter(|number| passes(*number)) {
                ranks[WELL].push(self.handle(number));
            }
        }
        for &number in &*self.ordered() {
            if passes(number) && !(by_change && self.recency.has(number)) {
                let by_trouble = query.order == OrderBy::Trouble;
                let rank = if by_trouble { RANK[self.briefs[number as usize].status()] } else { WELL };
                ranks[rank].push(self.handle(number));
            }
        }
        let [mut attention, mut degraded, mut unknown, well] = ranks;
        attention.append(&mut degraded);
        attention.append(&mut unknown);
        Rows { attention, well }
    }

    /// A number that changes whenever the rows of a query may have: [`Fleet::order_epoch`], unless the query
    /// asks for evidence, which changes more often than the order.
    pub fn rows_epoch(&self, query: &Query) -> u64 {
        if query.evidence.is_some() { self.epoch() } else { self.order_epoch }
    }

    /// Which devices pass what is asked beyond their status, by slot; `None` when nothing is. The slots and
    /// their texts are read in the order in which they lie in memory: by name, each would be a miss of the
    /// cache.
    fn passing(&self, query: &Query) -> Option<Vec<bool>> {
        let words: Vec<String> = query.text.split_whitespace().map(lowercase).collect();
        let Query { evidence, convention, group, .. } = query;
        if words.is_empty() && evidence.is_none() && convention.is_none() && group.is_none() {
            return None;
        }
        let convention = convention.as_ref().map(|slug| self.conventions().find(slug));
        let passes = |slot: &Slot, number: u32| {
            if !slot.is(ALIVE)
                || !query.statuses.has(slot.shown())
                || evidence.is_some_and(|wanted| wanted != self.evidence(slot))
                || convention.is_some_and(|wanted| wanted != Some(slot.convention))
                || group.as_ref().is_some_and(|group| !self.is_in_group(number, slot, group))
            {
                return false;
            }
            // An id that is a part of the topic is found there.
            let (topic, id, name) = self.texts_of(slot);
            let id = if slot.own_id_len() > 0 { id } else { "" };
            words.iter().all(|word| [topic, name, id].iter().any(|text| contains(text, word)))
        };
        Some((0..self.slot_count).map(|number| passes(self.slot(number), number)).collect())
    }
}

/// Whether a text contains a word, which is in lower case; the case of the text does not matter.
fn contains(text: &str, word: &str) -> bool {
    // Mostly all is ASCII. Then the bytes are compared where they lie.
    let lower = if word.is_ascii() { String::new() } else { lowercase(text) };
    let (text, word) = (if word.is_ascii() { text } else { &lower }.as_bytes(), word.as_bytes());
    let begins = |at: &usize| text[*at].eq_ignore_ascii_case(&word[0]);
    let last = (text.len() + 1).saturating_sub(word.len());
    (0..last).filter(begins).any(|at| text[at..at + word.len()].eq_ignore_ascii_case(word))
}

fn lowercase(text: &str) -> String {
    // By the character: `str::to_lowercase` has two forms of sigma, and a word may end where the text goes on.
    text.chars().flat_map(char::to_lowercase).collect()
}
