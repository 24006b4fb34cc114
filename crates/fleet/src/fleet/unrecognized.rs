//! Messages on owned topics that their conventions do not know: counted, the last one of each topic kept, and bounded.

use std::collections::BTreeMap;

use mqtt::Time;

use super::apply::Message;
use crate::conventions::ConventionId;

/// How much of an unrecognized payload is kept, in bytes.
const MAX_KEPT: usize = 64;

/// An owned topic that carried something outside its convention's vocabulary.
#[derive(Clone, Debug)]
pub struct UnrecognizedTopic {
    /// The convention that owns the topic.
    pub convention: ConventionId,
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
pub struct Unrecognized {
    topics: BTreeMap<Box<str>, UnrecognizedTopic>,
    messages: u64,
    unlisted: u64,
}

impl Unrecognized {
    pub(super) fn note(&mut self, message: Message<'_>, convention: ConventionId, max: usize) {
        let Message { topic, payload, now, .. } = message;
        self.messages += 1;
        let last = &payload[..payload.len().min(MAX_KEPT)];
        let has_room = self.topics.len() < max;
        match self.topics.get_mut(topic) {
            Some(known) => {
                known.messages += 1;
                known.length = payload.len();
                known.at = now;
                if *known.last != *last {
                    known.last = last.into();
                }
            }
            None if has_room => {
                let first = UnrecognizedTopic {
                    convention,
                    messages: 1,
                    last: last.into(),
                    length: payload.len(),
                    at: now,
                };
                self.topics.insert(topic.into(), first);
            }
            None => self.unlisted += 1,
        }
    }

    /// The topics, in order, with what they carried.
    pub fn topics(&self) -> impl Iterator<Item = (&str, &UnrecognizedTopic)> {
        self.topics.iter().map(|(topic, known)| (&**topic, known))
    }

    /// What a topic carried, if it is listed.
    pub fn of(&self, topic: &str) -> Option<&UnrecognizedTopic> {
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
