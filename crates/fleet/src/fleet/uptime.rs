//! How long each device was observed, and how much of that time it was up.
//!
//! Every device has a clock that runs while it is observed: its evidence is not stale. The clock is no more
//! than the time at which it would have begun, had it never stood still, so that nothing is walked when the
//! link breaks and a device that never changed needs nothing else. Sums are taken when a status ends, and are
//! never taken back: histories and gaps may be dropped.

use mqtt::Time;

use super::Fleet;
use super::device::Device;
use super::history::Tally;
use super::slot::{ALIVE, Slot};
use crate::status::Evidence;

/// How long a device was observed, and how much of it up, since its first sight in this visit.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Uptime {
    /// Milliseconds in which the device was observed and should have been up. What is stale is not observed.
    /// A device that sleeps is where it should be, and of one whose status is unknown nothing is known: that
    /// time counts neither for nor against it.
    pub observed: u64,
    /// Milliseconds of them in which it was online, or degraded: connected, by its own word.
    pub online: u64,
}

impl Device<'_> {
    /// How long it was observed until now, and how much of that up.
    pub fn uptime(&self, now: Time) -> Uptime {
        let slot = self.fleet.slot(self.handle.slot);
        let mut tally = self.fleet.tally(self.handle.slot);
        tally.end(slot.shown(), self.fleet.clock(self.handle.slot, slot, now));
        Uptime { observed: tally.at - tally.excluded, online: tally.up }
    }
}

impl Fleet {
    fn tally(&self, number: u32) -> Tally {
        self.histories.get(number).map_or(Tally::default(), |record| record.tally)
    }

    /// What a device's clock shows, in milliseconds.
    fn clock(&self, number: u32, slot: &Slot, now: Time) -> u64 {
        let running = || self.stale_from(slot).unwrap_or(now).0.saturating_sub(slot.clock_start.0);
        self.tally(number).stopped.unwrap_or_else(running)
    }

    /// A device becomes another one than it was: its clock stops or goes on, with a gap in between, and a status
    /// that ends is summed.
    pub(super) fn update_clock(&mut self, number: u32, before: &Slot, slot: &mut Slot) {
        let was_stale = self.evidence(before) == Evidence::Stale;
        let is_stale = self.evidence(slot) == Evidence::Stale;
        let ends = before.shown() != slot.shown();
        // The link does not account for a device that is stale in this life.
        let stands = is_stale && slot.heard_on == self.link;
        if was_stale == is_stale && !ends && !stands {
            return;
        }
        let clock = self.clock(number, before, self.now);
        if was_stale && !is_stale {
            slot.clock_start = Time(self.now.0.saturating_sub(clock));
        }
        if ends || stands || self.histories.get(number).is_some() {
            let record = self.histories.of(number);
            if stands || !is_stale {
                record.observe(!stands, self.now);
                record.tally.stopped = stands.then_some(clock);
            }
            let tally = &mut record.tally;
            if ends {
                tally.end(before.shown(), clock);
            }
        }
    }

    /// Drops the link's oldest gap. A clock that stood still since then is set as if it had stood still
    /// since the next one.
    pub(super) fn drop_oldest_gap(&mut self) {
        let ended = self.link - 1 - self.gaps.len() as u32;
        let oldest = self.gaps.remove(0);
        self.forgotten_gap = oldest.to;
        let Some(&next) = self.gaps.first() else {
            return;
        };
        for chunk in &mut self.slots {
            for slot in chunk {
                if slot.is(ALIVE) && slot.heard_on <= ended {
                    slot.heard_on = ended + 1;
                    slot.clock_start.0 += next.from.0.saturating_sub(oldest.from.0);
                }
            }
        }
    }
}
