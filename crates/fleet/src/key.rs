//! A device's key within one connection, its convention and its id, and the maps that are keyed by it or by a topic.
//!
//! Ids and topics are the peer's, so every hash is seeded with what the peer cannot know.

use foldhash::fast::FixedState;
use hashbrown::{Equivalent, HashMap};

/// What hashes keys, topics and payloads: seeded for each connection.
pub(crate) type Seeded = FixedState;

/// The key of a device.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key<'a> {
    /// The convention's number.
    pub(crate) convention: u8,
    pub(crate) id: &'a str,
}

/// A key that owns its id.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct OwnedKey {
    pub(crate) convention: u8,
    pub(crate) id: Box<str>,
}

impl OwnedKey {
    pub(crate) fn borrowed(&self) -> Key<'_> {
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
pub(crate) type ByKey<V> = HashMap<OwnedKey, V, Seeded>;
/// Values by a topic.
pub(crate) type ByTopic<V> = HashMap<Box<str>, V, Seeded>;
