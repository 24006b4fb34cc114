//! Which device depends on which, and what a device shows while its parent is offline.

use super::Fleet;
use super::key::Key;
use super::slot::{PARENT_OFFLINE, PARENT_REPLAYED, PARENT_STALE, SILENT};
use crate::conventions::{ConventionId, Dependence, Owner, ParentBy};
use crate::status::{Evidence, Status};

impl Fleet {
    /// Whether the devices of a convention are offline when their parents are.
    pub(super) fn follows_parent(&self, convention: ConventionId) -> bool {
        self.conventions().dependence(convention).is_some_and(|dependence| dependence.follows)
    }

    /// A device below a base topic depends on the one that has the base topic as its id.
    pub(super) fn attach_by_base(&mut self, number: u32, owner: &Owner, topic: &str) {
        let dependence = self.conventions().dependence(owner.convention);
        let dependence = dependence.filter(|dependence| dependence.by == ParentBy::Base);
        if let (Some(dependence), Some(base)) = (dependence, owner.base(topic)) {
            self.attach(number, Key { convention: dependence.convention, id: base });
        }
    }

    /// A device depends on the one with this id. Returns whether that is news.
    pub(super) fn attach_by_id(&mut self, number: u32, convention: ConventionId, parent_id: &str) -> bool {
        match self.conventions().dependence(convention) {
            Some(Dependence { convention, .. }) => self.attach(number, Key { convention, id: parent_id }),
            None => false,
        }
    }

    fn attach(&mut self, number: u32, key: Key<'_>) -> bool {
        let parent = self.position(key.convention, key.id);
        // A device that names itself depends on nothing.
        if parent == Some(number) {
            return self.detach(number);
        }
        let is_news = self.families.attach(number, key, parent);
        if is_news {
            self.order_epoch += 1;
            self.touch(number);
        }
        self.update_parent_flags(number);
        is_news
    }

    /// A device depends on nothing any more. Returns whether it did.
    pub(super) fn detach(&mut self, number: u32) -> bool {
        let was_attached = self.families.detach(number);
        if was_attached {
            self.update_parent_flags(number);
            self.touch(number);
            self.order_epoch += 1;
        }
        was_attached
    }

    /// A device exists from now on, or not any more: others may depend on it.
    pub(super) fn link_children(&mut self, number: u32, exists: bool) {
        if self.families.is_empty() {
            return;
        }
        let slot = *self.slot(number);
        let id = self.id(&slot).to_owned();
        let key = Key { convention: slot.convention, id: &id };
        if self.families.set_parent(key, number, exists) {
            for child in self.families.children_of(key) {
                self.update_parent_flags(child);
                self.touch(child);
            }
        }
    }

    /// What is known of a device changed: those that depend on it may show something else.
    pub(super) fn update_children(&mut self, number: u32) {
        for child in self.families.children(number).to_vec() {
            self.update_parent_flags(child);
            self.touch(child);
        }
    }

    fn update_parent_flags(&mut self, number: u32) {
        let flags = self.flags_with_parent(number);
        if flags != self.slot(number).flags {
            self.set_flags(number, flags);
        }
    }

    /// The flags of a device with what is known now of its parent.
    pub(super) fn flags_with_parent(&self, number: u32) -> u16 {
        let slot = self.slot(number);
        let flags = slot.flags & !(PARENT_OFFLINE | PARENT_REPLAYED | PARENT_STALE);
        let Some(parent) = self.families.parent(number).and_then(|(_, parent)| Some(self.slot(parent?)))
        else {
            return flags;
        };
        // By the parent's own word, never by that of the parent's parent: peers may name each other.
        if parent.status != Status::Offline || parent.is(SILENT) {
            return flags;
        }
        flags
            | PARENT_OFFLINE
            | match self.own_evidence(parent) {
                Evidence::Retained if slot.follows_parent() => PARENT_REPLAYED,
                Evidence::Stale if slot.follows_parent() => PARENT_STALE,
                _ => 0,
            }
    }
}
