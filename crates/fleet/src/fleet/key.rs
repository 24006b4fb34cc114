//! A device's key within one connection, its convention and its id, and the maps that are keyed by it or by a topic.
//!
//! Ids and topics come from the peer, so every hash is seeded with a number that the peer cannot know.

use foldhash::fast::FixedState;
use hashbrown::{Equivalent, HashMap};

use crate::conventions::ConventionId;

/// The hasher of keys, topics and payloads, seeded for each connection.
pub(super) type Seeded = FixedState;

/// The key of a device.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key<'a> {
    pub(super) convention: ConventionId,
    pub(super) id: &'a str,
}

/// A key that owns its id.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct OwnedKey {
    pub(super) convention: ConventionId,
    pub(super) id: Box<str>,
}

impl OwnedKey {
    pub(super) fn borrowed(&self) -> Key<'_> {
        Key { convention: self.convention, id: &self.id }
    }
}

impl From<Key<'_>> for OwnedKey {
    fn from(Key { convention, id }: Key<'_>) -> OwnedKey {
        OwnedKey { convention, id: id.into() }
    }
}

impl Equivalent<OwnedKey> for Key<'_> {
    fn equivalent(&self, key: &OwnedKey) -> bool {
        *self == key.borrowed()
    }
}

/// Values by the key of a device.
pub(super) type ByKey<V> = HashMap<OwnedKey, V, Seeded>;
/// Values by a topic.
pub(super) type ByTopic<V> = HashMap<Box<str>, V, Seeded>;
