//! What changed across all devices: since an epoch, of late, and in which order.
//!
//! Three questions of the page, each answered without walking the fleet: which of the tiles in sight to draw
//! again ([`Fleet::changed_since`]), what happened last ([`Fleet::recent_changes`]), and which changed last
//! ([`super::OrderBy::Change`]). The transitions write all three.

use super::slot::ALIVE;
use super::store::{CHUNK, Handle};
use super::{Change, Fleet};

/// How many of the last changes are kept across all devices.
pub const MAX_RECENT: usize = 200;
/// Among how many of them the first half of a flap is marked: looking further would cost more than all else that a
/// message does.
const MAX_FLAP_SEARCH: usize = 64;

/// When devices were last touched, counted in touches: a number per slot and one per chunk of slots.
#[derive(Default, Debug)]
pub(super) struct Stamps {
    epoch: u64,
    /// What the slots' stamps count from. They are half as long as the epoch.
    base: u64,
    /// When everything changed at once.
    everything: u64,
    chunks: Vec<u64>,
}

/// What changed since an epoch.
#[derive(Copy, Clone, Debug)]
pub struct Changed<'a> {
    fleet: &'a Fleet,
    since: u64,
}

impl Changed<'_> {
    /// Whether nothing changed at all.
    pub fn is_empty(&self) -> bool {
        self.fleet.stamps.epoch <= self.since
    }

    /// Whether every device may have changed: the link came up or went down, or what was asked for ended.
    pub fn is_everything(&self) -> bool {
        self.fleet.stamps.everything > self.since
    }

    /// Whether anything that a tile shows of this device changed, or the device is gone.
    pub fn has(&self, handle: Handle) -> bool {
        if self.is_empty() {
            return false;
        }
        let Some(slot) = self.fleet.living(handle) else {
            return true;
        };
        self.is_everything() || self.fleet.stamps.base + u64::from(slot.stamp) > self.since
    }

    /// The living devices that changed, in no order. Chunks in which nothing changed are passed over.
    pub fn handles(&self) -> impl Iterator<Item = Handle> {
        let Changed { fleet, since } = *self;
        let everything = self.is_everything();
        let touched = fleet.stamps.chunks.iter().enumerate();
        let touched = touched.filter(move |(_, stamp)| everything || **stamp > since);
        touched.flat_map(move |(chunk, _)| {
            let slots = fleet.slots[chunk].iter().zip((chunk * CHUNK) as u32..);
            let changed = slots.filter(move |(slot, _)| {
                slot.is(ALIVE) && (everything || fleet.stamps.base + u64::from(slot.stamp) > since)
            });
            changed.map(move |(_, number)| fleet.handle(number))
        })
    }
}

/// # What changed
impl Fleet {
    /// A number that grows with whatever a tile may show. Only to be given to [`Fleet::changed_since`].
    pub fn epoch(&self) -> u64 {
        self.stamps.epoch
    }

    /// What changed since [`Fleet::epoch`] gave this number; 0 is the beginning.
    pub fn changed_since(&self, epoch: u64) -> Changed<'_> {
        Changed { fleet: self, since: epoch }
    }

    /// The last changes of status of all devices, the latest first; at most [`MAX_RECENT`] of them. First
    /// sights are none. Those of a removed device go with it: whatever is listed can be looked at.
    pub fn recent_changes(&self) -> impl DoubleEndedIterator<Item = (Handle, Change)> {
        let recent = self.recent.iter().rev().take(MAX_RECENT);
        recent.filter_map(|(handle, change)| Some((*handle, self.living(*handle)?.read_change(*change))))
    }

    /// A tile may have to show something else of this device from now on.
    pub(super) fn touch(&mut self, number: u32) {
        let stamps = &mut self.stamps;
        if stamps.epoch - stamps.base == u64::from(u32::MAX) {
            // The slots' stamps are full, once in four thousand million touches.
            stamps.base = stamps.epoch;
            stamps.everything = stamps.epoch + 1;
            for chunk in &mut self.slots {
                chunk.iter_mut().for_each(|slot| slot.stamp = 0);
            }
        }
        let stamps = &mut self.stamps;
        stamps.epoch += 1;
        let (epoch, stamp) = (stamps.epoch, (stamps.epoch - stamps.base) as u32);
        stamps.chunks.resize(self.slots.len(), epoch);
        stamps.chunks[number as usize / CHUNK] = epoch;
        self.slot_mut(number).stamp = stamp;
    }

    /// The same of every device.
    pub(super) fn touch_all(&mut self) {
        self.stamps.epoch += 1;
        self.stamps.everything = self.stamps.epoch;
    }

    /// Keeps a change for the list of the last ones.
    pub(super) fn record_recent(&mut self, number: u32, change: Change) {
        let handle = self.handle(number);
        if change.flap {
            // Where so many others changed within a second, the mark of a flap is of no use.
            let mut latest = self.recent.iter_mut().rev().take(MAX_FLAP_SEARCH);
            if let Some((_, first)) = latest.find(|(other, _)| *other == handle) {
                first.flap = true;
            }
        }
        if self.recent.len() == 2 * MAX_RECENT {
            // Half of them at once, so that few are moved.
            self.recent.drain(..MAX_RECENT);
        }
        self.recent.push((handle, change));
        self.recency.note(number);
        // Also where the change is not shown: of a device that is offline with its parent, or switched off.
        self.order_epoch += 1;
    }
}

/// The slots whose devices changed, by when they last did.
#[derive(Default, Debug)]
pub(super) struct Recency {
    /// The latest last. An entry counts only where `places` says so: a device that changes again leaves its old one behind.
    log: Vec<u32>,
    /// By slot: the place of its entry in the log.
    places: Vec<u32>,
    /// How many entries count.
    count: usize,
}

/// The place of a device that never changed.
const NOWHERE: u32 = u32::MAX;

impl Recency {
    fn note(&mut self, slot: u32) {
        if self.places.len() <= slot as usize {
            self.places.resize(slot as usize + 1, NOWHERE);
        }
        if self.log.len() > 2 * self.count + 1024 {
            let places = &self.places;
            let mut place = 0..;
            self.log.retain(|slot| place.next() == Some(places[*slot as usize]));
            for (place, slot) in self.log.iter().enumerate() {
                self.places[*slot as usize] = place as u32;
            }
        }
        let place = &mut self.places[slot as usize];
        self.count += usize::from(*place == NOWHERE);
        *place = self.log.len() as u32;
        self.log.push(slot);
    }

    /// The next device in this slot never changed.
    pub(super) fn remove(&mut self, slot: u32) {
        if self.has(slot) {
            self.places[slot as usize] = NOWHERE;
            self.count -= 1;
        }
    }

    /// Whether the device in this slot ever changed.
    pub(super) fn has(&self, slot: u32) -> bool {
        self.places.get(slot as usize).is_some_and(|place| *place != NOWHERE)
    }

    /// The slots of those that changed, the latest first.
    pub(super) fn latest(&self) -> impl Iterator<Item = u32> {
        let entries = self.log.iter().copied().enumerate().rev();
        entries.filter(|(place, slot)| self.places[*slot as usize] == *place as u32).map(|(_, slot)| slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Bounds;
    use mqtt::Time;

    #[test]
    fn recency_is_the_order_of_the_last_change() {
        let (mut recency, mut model) = (Recency::default(), Vec::<u32>::new());
        let mut random = 7u32;
        for _ in 0..20_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let slot = (random >> 8) % 300;
            model.retain(|other| *other != slot);
            if random >> 28 == 0 {
                recency.remove(slot);
            } else {
                recency.note(slot);
                model.insert(0, slot);
            }
            assert!(recency.log.len() <= 2 * 300 + 1025, "what is left behind is swept out");
        }
        assert_eq!(recency.latest().collect::<Vec<u32>>(), model);
    }

    #[test]
    fn full_stamps_begin_again_and_say_that_everything_changed() {
        let mut fleet = Fleet::new(Bounds::default(), false, 0);
        fleet.link_up(Time(0));
        let a = fleet.apply("a/LWT", b"online", false, Time(0)).device.expect("a word of the convention");
        let b = fleet.apply("b/LWT", b"online", false, Time(0)).device.expect("a word of the convention");
        fleet.stamps.epoch = u64::from(u32::MAX);
        let epoch = fleet.epoch();
        fleet.apply("a/LWT", b"offline", false, Time(1));
        assert!(fleet.changed_since(epoch).is_everything());
        let epoch = fleet.epoch();
        fleet.apply("a/LWT", b"online", false, Time(2));
        let changed = fleet.changed_since(epoch);
        assert!(!changed.is_everything() && changed.has(a) && !changed.has(b));
        assert_eq!(changed.handles().collect::<Vec<_>>(), [a]);
    }
}
