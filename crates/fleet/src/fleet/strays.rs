//! Words that an owned topic carried and nobody knows: counted, the last one kept, and bounded.

use std::collections::BTreeMap;

use mqtt::Time;

use super::Message;
use crate::presence::Convention;

/// How much of an unknown word is kept, in bytes.
const KEPT: usize = 64;

/// An owned topic that carried something outside its convention's vocabulary.
#[derive(Clone, Debug)]
pub struct Stray {
    /// Who owns the topic.
    pub convention: &'static Convention,
    /// How many such messages came.
    pub messages: u64,
    /// The beginning of the last one; never more than 64 bytes, and not always text.
    pub last: Box<[u8]>,
    /// The length of the last one in bytes.
    pub length: usize,
    /// When the last one came.
    pub at: Time,
}

/// All of them.
#[derive(Default, Debug)]
pub struct Strays {
    topics: BTreeMap<Box<str>, Stray>,
    messages: u64,
    unlisted: u64,
}

impl Strays {
    pub(super) fn note(&mut self, message: Message<'_>, convention: &'static Convention, most: usize) {
        let Message { topic, payload, now, .. } = message;
        self.messages += 1;
        let last = &payload[..payload.len().min(KEPT)];
        let has_room = self.topics.len() < most;
        match self.topics.get_mut(topic) {
            Some(stray) => {
                stray.messages += 1;
                stray.length = payload.len();
                stray.at = now;
                if *stray.last != *last {
                    stray.last = last.into();
                }
            }
            None if has_room => {
                let stray =
                    Stray { convention, messages: 1, last: last.into(), length: payload.len(), at: now };
                self.topics.insert(topic.into(), stray);
            }
            None => self.unlisted += 1,
        }
    }

    /// The topics, in order, with what they carried.
    pub fn topics(&self) -> impl Iterator<Item = (&str, &Stray)> {
        self.topics.iter().map(|(topic, stray)| (&**topic, stray))
    }

    /// What a topic carried, if it is listed.
    pub fn of(&self, topic: &str) -> Option<&Stray> {
        self.topics.get(topic)
    }

    /// How many messages there were in all.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// How many of them came on topics beyond the bound, which are not listed.
    pub fn unlisted(&self) -> u64 {
        self.unlisted
    }
}
