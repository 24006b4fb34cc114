//! Which device hangs on which: a gateway and what speaks through it.
//!
//! A family is there as soon as one child names its parent, whether the parent was heard of or not, so that
//! the two may come in any order. Called by the transitions; never looks at a status itself.

use std::collections::{BTreeMap, BTreeSet};

/// The devices that hang on one parent.
#[derive(Debug)]
struct Family {
    /// The parent's key: convention and id.
    key: (u8, Box<str>),
    /// The parent's slot, if it is there.
    parent: Option<u32>,
    /// The children's slots.
    children: BTreeSet<u32>,
}

/// All families.
#[derive(Default, Debug)]
pub(super) struct Families {
    families: BTreeMap<u32, Family>,
    next: u32,
    by_key: BTreeMap<(u8, Box<str>), u32>,
    /// By the slot of a child.
    of_child: BTreeMap<u32, u32>,
    /// By the slot of a parent.
    of_parent: BTreeMap<u32, u32>,
}

impl Families {
    /// A device hangs on the one with this key, which is in this slot if it is there. Returns whether that
    /// was not known.
    pub(super) fn join(&mut self, child: u32, key: (u8, &str), parent: Option<u32>) -> bool {
        let key = (key.0, Box::<str>::from(key.1));
        let known = self.by_key.get(&key).copied();
        if known.is_some() && self.of_child.get(&child).copied() == known {
            return false;
        }
        self.leave(child);
        let number = known.unwrap_or_else(|| {
            let number = self.next;
            self.next += 1;
            self.by_key.insert(key.clone(), number);
            self.families.insert(number, Family { key, parent, children: BTreeSet::new() });
            if let Some(parent) = parent {
                self.of_parent.insert(parent, number);
            }
            number
        });
        let family =
            self.families.get_mut(&number).expect("`leave` removes no family but the child's old one");
        family.children.insert(child);
        self.of_child.insert(child, number);
        true
    }

    /// A device hangs on nothing any more. Returns whether it did.
    pub(super) fn leave(&mut self, child: u32) -> bool {
        let Some(number) = self.of_child.remove(&child) else {
            return false;
        };
        let family = self.families.get_mut(&number).expect("a child's family is there");
        family.children.remove(&child);
        if family.children.is_empty() {
            let family = self.families.remove(&number).expect("it was there above");
            self.by_key.remove(&family.key);
            if let Some(parent) = family.parent {
                self.of_parent.remove(&parent);
            }
        }
        true
    }

    /// A device with this key is there, or not any more: it may be a parent. Returns whether it is one.
    pub(super) fn set_parent(&mut self, key: (u8, &str), slot: u32, is_there: bool) -> bool {
        let Some(&number) = self.by_key.get(&(key.0, key.1.into())) else {
            return false;
        };
        let family = self.families.get_mut(&number).expect("a key's family is there");
        family.parent = is_there.then_some(slot);
        if is_there {
            self.of_parent.insert(slot, number);
        } else {
            self.of_parent.remove(&slot);
        }
        true
    }

    /// Whether anything hangs on this one.
    pub(super) fn is_parent(&self, slot: u32) -> bool {
        self.of_parent.contains_key(&slot)
    }

    /// The devices that hang on this one.
    pub(super) fn children(&self, parent: u32) -> Vec<u32> {
        self.of_parent.get(&parent).map_or(Vec::new(), |number| self.in_family(*number))
    }

    /// The devices that hang on the one with this key.
    pub(super) fn children_of(&self, key: (u8, &str)) -> Vec<u32> {
        self.by_key.get(&(key.0, key.1.into())).map_or(Vec::new(), |number| self.in_family(*number))
    }

    fn in_family(&self, number: u32) -> Vec<u32> {
        self.families[&number].children.iter().copied().collect()
    }

    /// The key of what a device hangs on, and its slot if it is there.
    pub(super) fn parent(&self, child: u32) -> Option<(u8, &str, Option<u32>)> {
        let family = self.families.get(self.of_child.get(&child)?)?;
        Some((family.key.0, &family.key.1, family.parent))
    }
}
