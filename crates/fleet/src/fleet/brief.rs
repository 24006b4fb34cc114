//! What the rows need of every device, in four bytes: one pass over the order reads these side by side, and
//! leaves the slots alone, each of which is a cache line of its own.

use super::{Fleet, Handle};
use crate::status::Status;

/// Bits 0 to 2: the number of the status that is shown. Bit 3: the device has its place in the order.
/// From bit 4 on: the generation of its slot.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Brief(u32);

const STATUS: u32 = 0b111;
const PLACED: u32 = 1 << 3;
const GENERATION: u32 = 1 << 4;

impl Brief {
    /// The number of the status that is shown.
    pub(super) fn status(self) -> usize {
        (self.0 & STATUS) as usize
    }

    pub(super) fn set_status(&mut self, status: Status) {
        self.0 = self.0 & !STATUS | status as u32;
    }

    /// Whether the device lives, and its entry in the order counts.
    pub(super) fn is_placed(self) -> bool {
        self.0 & PLACED != 0
    }

    pub(super) fn set_placed(&mut self, is_placed: bool) {
        self.0 = if is_placed { self.0 | PLACED } else { self.0 & !PLACED };
    }

    /// How many devices had this slot before.
    pub(super) fn generation(self) -> u32 {
        self.0 / GENERATION
    }

    /// The device is removed; the next one in the slot is another device.
    pub(super) fn retire(&mut self) {
        self.set_placed(false);
        self.0 = self.0.wrapping_add(GENERATION);
    }
}

impl Fleet {
    pub(super) fn handle(&self, number: u32) -> Handle {
        Handle { slot: number, generation: self.briefs[number as usize].generation() }
    }
}
