//! Where the devices are kept: slots, their texts, the index by key and the order by name.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::BuildHasher;

use super::brief::Brief;
use super::key::Key;
use super::slot::{ALIVE, PENDING, Slot};
use super::texts::Texts;
use super::{Fleet, order};
use crate::conventions::ConventionId;

/// Slots are allocated in chunks: growing never copies them and never needs twice the memory.
pub(super) const CHUNK: usize = 1024;

/// A device's handle: it stays the same while the device exists, and is never another device's.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Handle {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

impl Handle {
    /// A small number that no other device has at the same time; a removed device's may come again.
    pub fn slot(self) -> u32 {
        self.slot
    }
}

/// # Slots and texts
impl Fleet {
    pub(super) fn slot(&self, number: u32) -> &Slot {
        &self.slots[number as usize / CHUNK][number as usize % CHUNK]
    }

    pub(super) fn slot_mut(&mut self, number: u32) -> &mut Slot {
        &mut self.slots[number as usize / CHUNK][number as usize % CHUNK]
    }

    pub(super) fn living(&self, handle: Handle) -> Option<&Slot> {
        let slot = (handle.slot < self.slot_count).then(|| self.slot(handle.slot))?;
        (slot.is(ALIVE) && self.handle(handle.slot) == handle).then_some(slot)
    }

    /// The slot of the device with this key.
    pub(super) fn position(&self, convention: ConventionId, id: &str) -> Option<u32> {
        let key = Key { convention, id };
        self.index.find(self.seeded.hash_one(key), |number| self.key(self.slot(*number)) == key).copied()
    }

    pub(super) fn key(&self, slot: &Slot) -> Key<'_> {
        Key { convention: slot.convention, id: self.id(slot) }
    }

    pub(super) fn topic(&self, slot: &Slot) -> &str {
        self.texts.at(slot.text, slot.topic_len.into())
    }

    pub(super) fn id(&self, slot: &Slot) -> &str {
        let (start, length) = (usize::from(slot.id_start), usize::from(slot.id_len));
        &self.texts.at(slot.text, start + length)[start..]
    }

    /// Topic, id and name.
    pub(super) fn texts_of(&self, slot: &Slot) -> (&str, &str, &str) {
        let text = self.texts.at(slot.text, slot.text_len());
        (self.topic(slot), self.id(slot), &text[text.len() - slot.name_len as usize..])
    }

    pub(super) fn display_name(&self, number: u32) -> &str {
        let slot = self.slot(number);
        match self.texts_of(slot) {
            (_, id, "") => id,
            (_, _, name) => name,
        }
    }

    /// Puts a new device into a free slot, or a new one. Returns its number.
    pub(super) fn insert_slot(&mut self, slot: Slot) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            let number = self.slot_count;
            if (number as usize).is_multiple_of(CHUNK) {
                self.slots.push(Vec::with_capacity(CHUNK));
            }
            self.slot_count += 1;
            number
        });
        match self.slots[number as usize / CHUNK].get_mut(number as usize % CHUNK) {
            Some(former) => *former = slot,
            None => {
                self.slots[number as usize / CHUNK].push(slot);
                self.briefs.push(Brief::default());
            }
        }
        number
    }

    /// Puts a device into the index by key.
    pub(super) fn enter_index(&mut self, number: u32) {
        // Taken out meanwhile: a table that grows hashes all keys again, which are in the texts.
        let mut index = std::mem::take(&mut self.index);
        index.insert_unique(self.hash_of(number), number, |other| self.hash_of(*other));
        self.index = index;
    }

    /// Takes a device out of the index by key.
    pub(super) fn leave_index(&mut self, number: u32) {
        let hash = self.hash_of(number);
        if let Ok(entry) = self.index.find_entry(hash, |other| *other == number) {
            entry.remove();
        }
    }

    fn hash_of(&self, number: u32) -> u64 {
        self.seeded.hash_one(self.key(self.slot(number)))
    }
}

/// # The order by name
impl Fleet {
    /// Merges new and renamed devices into the order by name. Never required: [`Fleet::rows`] is right
    /// without it, but then sorts them at each call.
    pub fn settle(&mut self) {
        let order = self.ordered().into_owned();
        self.order.sorted = order;
        self.order.is_stale = false;
        for number in std::mem::take(&mut self.order.pending) {
            let slot = self.slot_mut(number);
            slot.set(PENDING, false);
            let is_alive = slot.is(ALIVE);
            self.briefs[number as usize].set_placed(is_alive);
        }
        self.free.append(&mut self.order.removed);
    }

    /// Whether [`Fleet::settle`] has anything to do.
    pub fn is_settled(&self) -> bool {
        self.order.pending.is_empty() && self.order.removed.is_empty()
    }

    /// Queues a device for its place by name.
    pub(super) fn queue_for_order(&mut self, number: u32) {
        self.order_epoch += 1;
        self.touch(number);
        self.briefs[number as usize].set_placed(false);
        if !self.slot(number).is(PENDING) {
            self.slot_mut(number).set(PENDING, true);
            self.order.pending.push(number);
        }
        self.settle_if_due();
    }

    /// Settles the order and compacts the texts when enough has changed.
    pub(super) fn settle_if_due(&mut self) {
        if self.order.is_due() {
            self.settle();
        }
        if self.texts.is_wasteful() {
            let mut texts = Texts::default();
            for number in 0..self.slot_count {
                let slot = *self.slot(number);
                if !slot.is(ALIVE) {
                    continue;
                }
                let text = self.texts.at(slot.text, slot.text_len());
                let place = texts.put([text, "", ""], usize::MAX).expect("the old store had room for it");
                self.slot_mut(number).text = place;
            }
            self.texts = texts;
        }
    }

    /// The devices by name.
    pub(super) fn ordered(&self) -> Cow<'_, [u32]> {
        let keep = |number: u32| self.briefs[number as usize].is_placed();
        self.order.merged(&self.arrivals(), keep, |a, b| self.compare(a, b))
    }

    /// The devices that wait for a place, sorted.
    fn arrivals(&self) -> Vec<u32> {
        let waits = |number: &u32| self.slot(*number).is(ALIVE) && self.slot(*number).is(PENDING);
        let mut arrivals: Vec<(&str, u32)> = self
            .order
            .pending
            .iter()
            .filter(|number| waits(number))
            .map(|number| (self.display_name(*number), *number))
            .collect();
        let compare = |(a, one): &(&str, u32), (b, other): &(&str, u32)| {
            order::natural(a, b).then_with(|| self.compare(*one, *other))
        };
        arrivals.sort_unstable_by(compare);
        arrivals.into_iter().map(|(_, number)| number).collect()
    }

    fn compare(&self, a: u32, b: u32) -> Ordering {
        let (one, other) = (self.slot(a), self.slot(b));
        order::natural(self.display_name(a), self.display_name(b))
            .then_with(|| self.id(one).cmp(self.id(other)))
            .then_with(|| one.convention.cmp(&other.convention))
    }
}
