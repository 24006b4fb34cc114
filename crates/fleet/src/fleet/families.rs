//! Which device depends on which: a gateway and the devices that speak through it.
//!
//! A family exists as soon as one child names its parent, whether the parent was heard of or not, so that the two may
//! come in any order. It never looks at a status; `parents.rs` does.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::key::{Key, OwnedKey, Seeded};

/// The devices that depend on one parent.
#[derive(Debug)]
struct Family {
    /// The parent's key.
    key: OwnedKey,
    /// The parent's slot, if it exists.
    parent: Option<u32>,
    /// The children's slots, sorted.
    children: Vec<u32>,
}

/// Where a slot is in no family.
const NONE: u32 = u32::MAX;

/// All families.
#[derive(Debug)]
pub(super) struct Families {
    families: Vec<Family>,
    /// Places in `families` that are free.
    free: Vec<u32>,
    /// Places in `families`, by the key of the parent.
    by_key: HashTable<u32>,
    seeded: Seeded,
    /// By the slot of a child, or [`NONE`].
    of_child: Vec<u32>,
    /// By the slot of a parent, or [`NONE`].
    of_parent: Vec<u32>,
}

impl Families {
    pub(super) fn new(seeded: Seeded) -> Families {
        Families {
            families: Vec::new(),
            free: Vec::new(),
            by_key: HashTable::new(),
            seeded,
            of_child: Vec::new(),
            of_parent: Vec::new(),
        }
    }

    fn number(&self, key: Key<'_>) -> Option<u32> {
        let is_it = |number: &u32| self.families[*number as usize].key.borrowed() == key;
        self.by_key.find(self.seeded.hash_one(key), is_it).copied()
    }

    /// A device depends on the one with this key, which is in this slot if it exists. Returns whether that
    /// is news.
    pub(super) fn attach(&mut self, child: u32, key: Key<'_>, parent: Option<u32>) -> bool {
        let known = self.number(key);
        if known.is_some() && of(&self.of_child, child) == known {
            return false;
        }
        self.detach(child);
        let number = known.unwrap_or_else(|| {
            let family = Family { key: key.into(), parent, children: Vec::new() };
            let number = self.free.pop().unwrap_or(self.families.len() as u32);
            match self.families.get_mut(number as usize) {
                Some(place) => *place = family,
                None => self.families.push(family),
            }
            let hash = |number: &u32| self.seeded.hash_one(self.families[*number as usize].key.borrowed());
            self.by_key.insert_unique(self.seeded.hash_one(key), number, hash);
            if let Some(parent) = parent {
                put(&mut self.of_parent, parent, number);
            }
            number
        });
        let children = &mut self.families[number as usize].children;
        let place = children.partition_point(|other| *other < child);
        children.insert(place, child);
        put(&mut self.of_child, child, number);
        true
    }

    /// A device depends on nothing any more. Returns whether it did.
    pub(super) fn detach(&mut self, child: u32) -> bool {
        let Some(number) = of(&self.of_child, child) else {
            return false;
        };
        self.of_child[child as usize] = NONE;
        let family = &mut self.families[number as usize];
        if let Ok(place) = family.children.binary_search(&child) {
            family.children.remove(place);
        }
        if family.children.is_empty() {
            let hash = self.seeded.hash_one(family.key.borrowed());
            if let Ok(entry) = self.by_key.find_entry(hash, |other| *other == number) {
                entry.remove();
            }
            if let Some(parent) = family.parent {
                self.of_parent[parent as usize] = NONE;
            }
            self.free.push(number);
        }
        true
    }

    /// A device with this key exists from now on, or not any more. Returns whether others depend on it.
    pub(super) fn set_parent(&mut self, key: Key<'_>, slot: u32, exists: bool) -> bool {
        let Some(number) = self.number(key) else {
            return false;
        };
        self.families[number as usize].parent = exists.then_some(slot);
        put(&mut self.of_parent, slot, if exists { number } else { NONE });
        true
    }

    /// Whether no device depends on another.
    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Whether others depend on this one.
    pub(super) fn is_parent(&self, slot: u32) -> bool {
        of(&self.of_parent, slot).is_some()
    }

    /// The devices that depend on this one.
    pub(super) fn children(&self, parent: u32) -> &[u32] {
        of(&self.of_parent, parent).map_or(&[], |number| &self.families[number as usize].children)
    }

    /// The devices that depend on the one with this key.
    pub(super) fn children_of(&self, key: Key<'_>) -> Vec<u32> {
        self.number(key).map_or(Vec::new(), |number| self.families[number as usize].children.clone())
    }

    /// The key of a device's parent, and its slot if it exists.
    pub(super) fn parent(&self, child: u32) -> Option<(Key<'_>, Option<u32>)> {
        let family = &self.families[of(&self.of_child, child)? as usize];
        Some((family.key.borrowed(), family.parent))
    }
}

/// The family of a slot, in a list by slots that may be shorter.
fn of(list: &[u32], slot: u32) -> Option<u32> {
    list.get(slot as usize).copied().filter(|number| *number != NONE)
}

fn put(list: &mut Vec<u32>, slot: u32, number: u32) {
    if list.len() <= slot as usize {
        list.resize(slot as usize + 1, NONE);
    }
    list[slot as usize] = number;
}
