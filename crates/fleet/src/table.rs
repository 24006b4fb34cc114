//! What is kept by a topic, or by a convention and an id: a sorted table, of one kind for the whole crate.
//!
//! A `BTreeMap` is compiled anew for the types of each, and the page has to be transferred. Here the search knows
//! nothing of the values: it gives numbers, and those are places in a list.

/// A key: a convention's number, or 0 where there is one for all, and a text.
pub(crate) type Key<'a> = (u8, &'a str);

/// How many keys stand in a block before it is cut in two, so that a new one moves few others.
const LARGEST: usize = 128;

/// Keys in their order, each with a number.
#[derive(Default, Debug)]
pub(crate) struct Keys {
    /// None of them is empty.
    blocks: Vec<Vec<Entry>>,
    len: usize,
}

#[derive(Debug)]
struct Entry {
    convention: u8,
    text: Box<str>,
    number: u32,
}

impl Entry {
    fn key(&self) -> Key<'_> {
        (self.convention, &self.text)
    }
}

impl Keys {
    /// The block and the place in it where a key is, or where it would be.
    fn find(&self, key: Key<'_>) -> (usize, Result<usize, usize>) {
        let block = self.blocks.partition_point(|block| block[0].key() <= key).saturating_sub(1);
        let place = match self.blocks.get(block) {
            Some(entries) => entries.binary_search_by(|entry| entry.key().cmp(&key)),
            None => Err(0),
        };
        (block, place)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, key: Key<'_>) -> Option<u32> {
        let (block, place) = self.find(key);
        let place = place.ok()?;
        Some(self.blocks[block][place].number)
    }

    /// Gives a key a number. Returns the one it had.
    pub(crate) fn insert(&mut self, key: Key<'_>, number: u32) -> Option<u32> {
        let (block, place) = self.find(key);
        if self.blocks.is_empty() {
            self.blocks.push(Vec::new());
        }
        let entries = &mut self.blocks[block];
        let place = match place {
            Ok(place) => return Some(std::mem::replace(&mut entries[place].number, number)),
            Err(place) => place,
        };
        entries.insert(place, Entry { convention: key.0, text: key.1.into(), number });
        if entries.len() > LARGEST {
            let upper = entries.split_off(LARGEST / 2);
            self.blocks.insert(block + 1, upper);
        }
        self.len += 1;
        None
    }

    /// Takes a key away. Returns the number it had.
    pub(crate) fn remove(&mut self, key: Key<'_>) -> Option<u32> {
        let (block, place) = self.find(key);
        let entries = self.blocks.get_mut(block)?;
        let number = entries.remove(place.ok()?).number;
        if entries.is_empty() {
            self.blocks.remove(block);
        }
        self.len -= 1;
        Some(number)
    }

    fn retain(&mut self, keep: &mut dyn FnMut(Key<'_>, u32) -> bool) {
        self.len = 0;
        for block in &mut self.blocks {
            block.retain(|entry| keep(entry.key(), entry.number));
            self.len += block.len();
        }
        self.blocks.retain(|block| !block.is_empty());
    }

    fn iter(&self) -> impl Iterator<Item = (Key<'_>, u32)> {
        self.blocks.iter().flatten().map(|entry| (entry.key(), entry.number))
    }
}

/// Values by their keys.
#[derive(Debug)]
pub(crate) struct Table<V> {
    keys: Keys,
    values: Vec<Option<V>>,
    /// Places in `values` that are free.
    free: Vec<u32>,
}

impl<V> Default for Table<V> {
    fn default() -> Table<V> {
        Table { keys: Keys::default(), values: Vec::new(), free: Vec::new() }
    }
}

impl<V> Table<V> {
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.len() == 0
    }

    pub(crate) fn get(&self, key: Key<'_>) -> Option<&V> {
        self.values[self.keys.get(key)? as usize].as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: Key<'_>) -> Option<&mut V> {
        self.values[self.keys.get(key)? as usize].as_mut()
    }

    /// Keeps a value under a key, instead of what it had.
    pub(crate) fn insert(&mut self, key: Key<'_>, value: V) {
        let place = place_of(&mut self.keys, key, &mut self.free, self.values.len());
        if place == self.values.len() {
            self.values.push(None);
        }
        self.values[place] = Some(value);
    }

    pub(crate) fn remove(&mut self, key: Key<'_>) -> Option<V> {
        let place = self.keys.remove(key)?;
        self.free.push(place);
        self.values[place as usize].take()
    }

    /// Removes all that need not be kept.
    pub(crate) fn retain(&mut self, keep: &dyn Fn(Key<'_>, &V) -> bool) {
        let Table { keys, values, free } = self;
        keys.retain(&mut |key, place| {
            let value = &mut values[place as usize];
            let is_kept = value.as_ref().is_some_and(|value| keep(key, value));
            if !is_kept {
                *value = None;
                free.push(place);
            }
            is_kept
        });
    }

    /// The first key, in their order, whose value is one of these.
    pub(crate) fn find(&self, is_it: impl Fn(&V) -> bool) -> Option<(Key<'_>, &V)> {
        self.iter().find(|(_, value)| is_it(value))
    }

    /// All of them, in the order of the keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key<'_>, &V)> {
        self.keys.iter().filter_map(|(key, place)| Some((key, self.values[place as usize].as_ref()?)))
    }
}

/// Where the value of a key is, or will be from now on: in a free place, or the next.
fn place_of(keys: &mut Keys, key: Key<'_>, free: &mut Vec<u32>, next: usize) -> usize {
    let place = keys.get(key).unwrap_or_else(|| {
        let place = free.pop().unwrap_or(next as u32);
        keys.insert(key, place);
        place
    });
    place as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_says_what_a_map_says(steps in prop::collection::vec((0..3u8, 0..3u8, 0..400u32), 0..3_000)) {
            let (mut table, mut model) = (Table::default(), BTreeMap::<(u8, String), u32>::new());
            for (value, (step, convention, text)) in (0u32..).zip(steps) {
                let text = text.to_string();
                let key = (convention, &*text);
                if step == 0 && convention == 2 && value.is_multiple_of(64) {
                    let keep = |key: Key<'_>, value: &u32| key.0 != 0 && value.is_multiple_of(2);
                    table.retain(&keep);
                    model.retain(|key, value| keep((key.0, &key.1), value));
                    prop_assert_eq!(table.find(|value| value.is_multiple_of(3)).map(|(key, _)| key.1.to_owned()),
                        model.iter().find(|(_, value)| value.is_multiple_of(3)).map(|(key, _)| key.1.clone()));
                } else if step == 0 {
                    prop_assert_eq!(table.remove(key), model.remove(&(convention, text)));
                } else {
                    table.insert(key, value);
                    model.insert((convention, text.clone()), value);
                    prop_assert_eq!(table.get((convention, &text)), Some(&value));
                }
                prop_assert_eq!(table.len(), model.len());
            }
            let kept = table.keys.iter().map(|((convention, text), place)| {
                ((convention, text.to_owned()), table.values[place as usize].expect("it has a value"))
            });
            prop_assert!(kept.eq(model));
            prop_assert!(table.keys.blocks.iter().all(|block| (1..=LARGEST).contains(&block.len())));
            prop_assert!(table.values.len() <= 1_200);
        }
    }
}
