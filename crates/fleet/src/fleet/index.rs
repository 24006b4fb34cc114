//! From the hash of a key to a number: a table that knows no keys, and so is the same for all of them.

/// Numbers by their hashes.
///
/// A number stands in the place that its hash names, or behind it, with no free place in between.
#[derive(Default, Debug)]
pub(super) struct Index {
    /// A power of two of them, at least half of which are free. The hashes are kept as well: few keys are compared
    /// that are not the one, and none has to be hashed again when the table grows.
    places: Vec<(u32, u32)>,
    len: usize,
}

/// The number in a free place.
const FREE: u32 = u32::MAX;

impl Index {
    /// A number with this hash that is the right one.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.place(hash as u32, is_it).map(|place| self.places[place].1)
    }

    /// Adds a number that is not there yet.
    pub(super) fn insert(&mut self, hash: u64, number: u32) {
        if self.places.len() <= 2 * self.len {
            let more = vec![(0, FREE); (4 * self.len).next_power_of_two().max(16)];
            for (hash, number) in std::mem::replace(&mut self.places, more) {
                if number != FREE {
                    self.put(hash, number);
                }
            }
        }
        self.len += 1;
        self.put(hash as u32, number);
    }

    /// Takes a number away.
    pub(super) fn remove(&mut self, hash: u64, number: u32) {
        let Some(mut gap) = self.place(hash as u32, |other| other == number) else {
            return;
        };
        self.len -= 1;
        let mut place = gap;
        loop {
            place = self.behind(place);
            let (hash, number) = self.places[place];
            if number == FREE {
                break;
            }
            // What stands behind the gap moves into it, unless it would stand before the place that its hash names.
            let last = self.places.len() - 1;
            if place.wrapping_sub(hash as usize) & last >= place.wrapping_sub(gap) & last {
                self.places[gap] = (hash, number);
                gap = place;
            }
        }
        self.places[gap].1 = FREE;
    }

    fn put(&mut self, hash: u32, number: u32) {
        let mut place = hash as usize & (self.places.len() - 1);
        while self.places[place].1 != FREE {
            place = self.behind(place);
        }
        self.places[place] = (hash, number);
    }

    #[inline]
    fn place(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<usize> {
        let mut place = hash as usize & self.places.len().checked_sub(1)?;
        loop {
            let (known, number) = self.places[place];
            if number == FREE {
                return None;
            }
            if known == hash && is_it(number) {
                return Some(place);
            }
            place = self.behind(place);
        }
    }

    fn behind(&self, place: usize) -> usize {
        (place + 1) & (self.places.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Hashes that are alike: near each other, also where the table ends, and the same.
        #[test]
        fn it_says_what_a_map_says(steps in prop::collection::vec((0..3u8, 0..200u32), 0..1_000)) {
            let (mut index, mut model) = (Index::default(), BTreeMap::<u32, u64>::new());
            for (step, number) in steps {
                let hash = u64::from((number / 3).wrapping_mul(5).wrapping_sub(40));
                if step == 0 {
                    index.remove(hash, number);
                    model.remove(&number);
                } else if model.insert(number, hash).is_none() {
                    index.insert(hash, number);
                }
                prop_assert_eq!(index.len, model.len());
            }
            for number in 0..200u32 {
                let hash = u64::from((number / 3).wrapping_mul(5).wrapping_sub(40));
                prop_assert_eq!(index.find(hash, |other| other == number).is_some(), model.contains_key(&number));
            }
        }
    }
}
