//! The topics that metadata names for the statuses of devices: they have their owner before any pattern is tried.

use hashbrown::HashMap;

use super::key::{ByKey, ByTopic, Key, OwnedKey, Seeded};
use crate::conventions::word;
use crate::status::Status;

/// A topic that metadata names for the status of one device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NamedTopic {
    /// The device.
    pub(super) key: OwnedKey,
    /// The topic of the metadata that names it.
    pub(super) source: Box<str>,
    /// The word that means online.
    pub(super) online: Box<str>,
    /// The word that means offline.
    pub(super) offline: Box<str>,
}

impl NamedTopic {
    /// The status in a payload on the topic; trimmed and in any case, as every plain word.
    pub(super) fn read(&self, payload: &[u8]) -> Option<Status> {
        let word = word(payload)?;
        if word.eq_ignore_ascii_case(self.online.as_bytes()) {
            Some(Status::Online)
        } else {
            word.eq_ignore_ascii_case(self.offline.as_bytes()).then_some(Status::Offline)
        }
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct NamedTopics {
    topics: ByTopic<NamedTopic>,
    /// The topic that each metadata topic names. Several may name the same one; the first gives it its key and words.
    by_source: ByTopic<Box<str>>,
    /// The topic that is named for a device.
    by_device: ByKey<Box<str>>,
}

impl NamedTopics {
    pub(super) fn new(seeded: Seeded) -> NamedTopics {
        NamedTopics {
            topics: HashMap::with_hasher(seeded.clone()),
            by_source: HashMap::with_hasher(seeded.clone()),
            by_device: HashMap::with_hasher(seeded),
        }
    }

    /// What metadata says of this topic.
    pub(super) fn get(&self, topic: &str) -> Option<&NamedTopic> {
        self.topics.get(topic)
    }

    /// The topic that metadata names for this device.
    pub(super) fn topic_of(&self, key: Key<'_>) -> Option<&str> {
        self.by_device.get(&key).map(|topic| &**topic)
    }

    /// Whether the metadata on this topic may name one, when so many may.
    pub(super) fn has_room(&self, source: &str, max: usize) -> bool {
        self.by_source.len() < max || self.by_source.contains_key(source)
    }

    /// Metadata names a topic. Returns whether that is new.
    pub(super) fn insert(&mut self, topic: &str, named: NamedTopic) -> bool {
        let former = self.topics.get(topic);
        if former == Some(&named) {
            return false;
        }
        if let Some(key) = former.map(|former| former.key.clone()) {
            self.remove_key(key.borrowed(), topic);
        }
        self.by_source.insert(named.source.clone(), topic.into());
        self.by_device.insert(named.key.clone(), topic.into());
        self.topics.insert(topic.into(), named);
        true
    }

    /// Further metadata names a topic that is named already.
    pub(super) fn add_source(&mut self, topic: &str, source: &str) {
        self.by_source.insert(source.into(), topic.into());
    }

    /// The metadata on this topic does not name a topic any more, or only `except`. Returns the topic that is not
    /// named any more, unless other metadata names it, too.
    pub(super) fn remove_source(
        &mut self,
        source: &str,
        except: Option<&str>,
    ) -> Option<(Box<str>, NamedTopic)> {
        self.by_source.get(source).filter(|topic| except != Some(topic))?;
        let topic = self.by_source.remove(source)?;
        let named = self.topics.get_mut(&topic).filter(|named| *named.source == *source)?;
        let heirs = self.by_source.iter().filter(|(_, other)| **other == topic);
        if let Some(heir) = heirs.map(|(source, _)| source).min() {
            named.source = heir.clone();
            return None;
        }
        let named = self.topics.remove(&topic)?;
        self.remove_key(named.key.borrowed(), &topic);
        Some((topic, named))
    }

    fn remove_key(&mut self, key: Key<'_>, topic: &str) {
        if self.topic_of(key) == Some(topic) {
            self.by_device.remove(&key);
        }
    }
}
