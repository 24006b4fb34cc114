//! The payloads that set the statuses, as they came. A fleet speaks few different ones, so each is kept once.
//!
//! What is beyond the bounds is not kept, but its length is. The transitions write them, and never read them.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::key::Seeded;

/// How many different payloads are kept at once.
pub const MAX_PAYLOADS: usize = 1_024;
/// The longest payload that is kept, in bytes.
pub const MAX_PAYLOAD: usize = 1_024;
/// How many bytes all kept payloads take together.
pub const MAX_PAYLOAD_BYTES: usize = 256 * 1024;

/// The payload of the last message that set a device's status.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Payload<'a> {
    /// The bytes as they came; `None` when they were not kept: longer than [`MAX_PAYLOAD`], or no room for
    /// another one.
    pub bytes: Option<&'a [u8]>,
    /// Their number.
    pub length: usize,
    /// Whether the broker replayed the message, which it had retained; otherwise it came live.
    pub retained: bool,
}

/// Which payload: a number below [`MAX_PAYLOADS`] is its place, a larger one its length and that much more.
type Code = u32;

/// The code of a device of which there is none.
const NONE: Code = u32::MAX;

/// All of them.
#[derive(Debug)]
pub(super) struct Payloads {
    /// By the slot of a device.
    codes: Vec<Code>,
    /// Every payload with the number of its devices; if that is 0, the place is free.
    places: Vec<(u32, Box<[u8]>)>,
    free: Vec<u32>,
    /// Places by the hash of their payload.
    index: HashTable<u32>,
    seeded: Seeded,
    bytes: usize,
}

impl Payloads {
    pub(super) fn new(seeded: Seeded) -> Payloads {
        Payloads {
            codes: Vec::new(),
            places: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            seeded,
            bytes: 0,
        }
    }

    /// A device's payload, unless it was not kept, and its length.
    pub(super) fn get(&self, slot: u32) -> Option<(Option<&[u8]>, usize)> {
        let code = self.code(slot);
        match self.places.get(code as usize) {
            _ if code == NONE => None,
            Some((_, bytes)) => Some((Some(bytes), bytes.len())),
            None => Some((None, code as usize - MAX_PAYLOADS)),
        }
    }

    /// A device has this payload from now on. Returns whether it had another one.
    pub(super) fn put(&mut self, slot: u32, payload: &[u8]) -> bool {
        if self.get(slot) == Some((Some(payload), payload.len())) {
            return false;
        }
        // What it had makes room first.
        let former = self.set(slot, NONE);
        let code = self.code_of(payload);
        self.set(slot, code);
        former != code || (code as usize) < MAX_PAYLOADS
    }

    /// Nothing is known of this device's payload any more.
    pub(super) fn remove(&mut self, slot: u32) {
        self.set(slot, NONE);
    }

    /// One device turns out to be another one: what the first said last, the second did.
    pub(super) fn copy(&mut self, from: u32, to: u32) {
        self.set(to, self.code(from));
    }

    fn code(&self, slot: u32) -> Code {
        self.codes.get(slot as usize).copied().unwrap_or(NONE)
    }

    /// Returns the code before.
    fn set(&mut self, slot: u32, code: Code) -> Code {
        let slot = slot as usize;
        if self.codes.len() <= slot {
            self.codes.resize(slot + 1, NONE);
        }
        if let Some((users, _)) = self.places.get_mut(code as usize) {
            *users += 1;
        }
        let former = std::mem::replace(&mut self.codes[slot], code);
        if let Some((users, bytes)) = self.places.get_mut(former as usize) {
            *users -= 1;
            if *users == 0 {
                let hash = self.seeded.hash_one(&**bytes);
                if let Ok(entry) = self.index.find_entry(hash, |place| *place == former) {
                    entry.remove();
                }
                self.bytes -= bytes.len();
                *bytes = Box::default();
                self.free.push(former);
            }
        }
        former
    }

    /// Where a payload is, or from now on is kept; its length, if there is no room for it.
    fn code_of(&mut self, payload: &[u8]) -> Code {
        let Payloads { places, index, seeded, .. } = self;
        let hash = seeded.hash_one(payload);
        if let Some(place) = index.find(hash, |place| *places[*place as usize].1 == *payload) {
            return *place;
        }
        let has_room = payload.len() <= MAX_PAYLOAD
            && self.bytes + payload.len() <= MAX_PAYLOAD_BYTES
            && index.len() < MAX_PAYLOADS;
        if !has_room {
            return (MAX_PAYLOADS + payload.len()) as Code;
        }
        let place = self.free.pop().unwrap_or_else(|| {
            places.push(Default::default());
            places.len() as Code - 1
        });
        self.bytes += payload.len();
        places[place as usize].1 = payload.into();
        index.insert_unique(hash, place, |place| seeded.hash_one(&*places[*place as usize].1));
        place
    }
}
