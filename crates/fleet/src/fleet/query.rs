//! Which devices the page shows, and in which order: trouble first, then by name.

use super::{Fleet, Handle};
use crate::presence::Status;

/// What the visitor asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// Words, all of which must stand in the name, the id or the topic; case does not matter.
    pub text: String,
    /// Only devices of this status.
    pub status: Option<Status>,
}

/// The devices that answer a [`Query`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rows {
    /// Offline, then degraded, then unknown; each by name.
    pub attention: Vec<Handle>,
    /// The rest, by name.
    pub well: Vec<Handle>,
}

impl Fleet {
    /// The devices that answer a query, by one pass over the order by name.
    pub fn rows(&self, query: &Query) -> Rows {
        let words: Vec<String> = query.text.split_whitespace().map(str::to_lowercase).collect();
        let mut scratch = String::new();
        let [mut offline, mut degraded, mut unknown, mut well] = [const { Vec::new() }; 4];
        let mut visit = |number: u32| {
            let slot = self.slot(number);
            if query.status.is_some_and(|status| status != slot.shown()) {
                return;
            }
            if !words.is_empty() {
                // An id that is a part of the topic is found there.
                let (topic, id, name) = self.texts_of(slot);
                let id = if slot.own_id_len() > 0 { id } else { "" };
                let mut stands =
                    |word: &String| [topic, name, id].iter().any(|text| contains(text, word, &mut scratch));
                if !words.iter().all(&mut stands) {
                    return;
                }
            }
            let group = match slot.shown() {
                Status::Offline => &mut offline,
                Status::Degraded => &mut degraded,
                Status::Unknown => &mut unknown,
                Status::Online | Status::Sleeping => &mut well,
            };
            group.push(self.handle(number));
        };

        self.ordered().iter().copied().for_each(&mut visit);

        offline.append(&mut degraded);
        offline.append(&mut unknown);
        Rows { attention: offline, well }
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
