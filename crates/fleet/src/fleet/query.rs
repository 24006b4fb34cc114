//! Which devices the page shows, and in which order.
//!
//! The order by name is kept, and so is the order of the changes; every other one follows from them by one
//! linear pass, so that the rows are never sorted.

use super::groups::GroupKey;
use super::{Evidence, Fleet, Handle};
use crate::presence::{CONVENTIONS, Status};

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
    pub convention: Option<&'static str>,
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
    let mut rank = [3; 5];
    rank[Status::Offline as usize] = 0;
    rank[Status::Degraded as usize] = 1;
    rank[Status::Unknown as usize] = 2;
    rank
};

impl Fleet {
    /// The devices that answer a query, by one pass over the order by name.
    pub fn rows(&self, query: &Query) -> Rows {
        let mut filter = Filter::new(self, query);
        let mut passes = |number: u32| filter.as_mut().is_none_or(|filter| filter.passes(number));
        match query.order {
            OrderBy::Trouble => {
                let mut ranks = [const { Vec::new() }; 4];
                for status in Status::ALL.into_iter().filter(|status| query.statuses.has(*status)) {
                    // Most ask for no more than statuses, and then this is how many there will be.
                    ranks[RANK[status as usize]].reserve(self.counts.of(status) as usize);
                }
                self.each_by_name(|number| {
                    if passes(number) {
                        let rank = RANK[self.briefs[number as usize].status()];
                        ranks[rank].push(self.handle(number));
                    }
                });
                let [mut attention, mut degraded, mut unknown, well] = ranks;
                attention.append(&mut degraded);
                attention.append(&mut unknown);
                Rows { attention, well }
            }
            OrderBy::Name => {
                let mut well = Vec::with_capacity(self.counts.total as usize);
                self.each_by_name(|number| {
                    if passes(number) {
                        well.push(self.handle(number));
                    }
                });
                Rows { attention: Vec::new(), well }
            }
            OrderBy::Change => {
                let mut well = Vec::with_capacity(self.counts.total as usize);
                for number in self.recency.latest() {
                    if passes(number) {
                        well.push(self.handle(number));
                    }
                }
                self.each_by_name(|number| {
                    if !self.recency.has(number) && passes(number) {
                        well.push(self.handle(number));
                    }
                });
                Rows { attention: Vec::new(), well }
            }
        }
    }
}

/// A [`Query`] as it is asked of each device: the cheapest question first.
struct Filter<'a> {
    fleet: &'a Fleet,
    query: &'a Query,
    convention: Option<u8>,
    words: Vec<String>,
    /// Room for a text in lower case.
    scratch: String,
}

impl<'a> Filter<'a> {
    /// `None` when every device passes.
    fn new(fleet: &'a Fleet, query: &'a Query) -> Option<Filter<'a>> {
        let words: Vec<String> = query.text.split_whitespace().map(str::to_lowercase).collect();
        let asks_nothing = query.statuses == Statuses::ALL
            && query.evidence.is_none()
            && query.convention.is_none()
            && query.group.is_none();
        if words.is_empty() && asks_nothing {
            return None;
        }
        let number_of =
            |slug| CONVENTIONS.iter().position(|known| known.slug == slug).map_or(u8::MAX, |n| n as u8);
        Some(Filter {
            fleet,
            query,
            convention: query.convention.map(number_of),
            words,
            scratch: String::new(),
        })
    }

    fn passes(&mut self, number: u32) -> bool {
        let Filter { fleet, query, convention, words, scratch } = self;
        if query.statuses.0 & 1 << fleet.briefs[number as usize].status() == 0 {
            return false;
        }
        if convention.is_some_and(|wanted| wanted != fleet.slot(number).convention)
            || query.evidence.is_some_and(|wanted| wanted != fleet.evidence(fleet.slot(number)))
            || query.group.as_ref().is_some_and(|group| !fleet.is_in_group(number, group))
        {
            return false;
        }
        if words.is_empty() {
            return true;
        }
        // An id that is a part of the topic is found there.
        let slot = fleet.slot(number);
        let (topic, id, name) = fleet.texts_of(slot);
        let id = if slot.own_id_len() > 0 { id } else { "" };
        words.iter().all(|word| [topic, name, id].iter().any(|text| contains(text, word, scratch)))
    }
}

/// Whether a text contains a word, which is in lower case; the case of the text does not matter.
fn contains(text: &str, word: &str, scratch: &mut String) -> bool {
    if let Some((first, rest)) = word.as_bytes().split_first().filter(|_| word.is_ascii()) {
        let text = text.as_bytes();
        let begins = |at: &usize| text[*at].eq_ignore_ascii_case(first);
        let last = (text.len() + 1).saturating_sub(word.len());
        return (0..last).filter(begins).any(|at| text[at + 1..at + word.len()].eq_ignore_ascii_case(rest));
    }
    scratch.clear();
    scratch.extend(text.chars().flat_map(char::to_lowercase));
    scratch.contains(word)
}
