//! The tiles in the document: slots that show one device after another.
//!
//! To make an element takes several times as long as to change it, and in a flood of changes, or while somebody scrolls,
//! every place shows another device each time. So a place in the list keeps its element, and the document's order is
//! always the visual one, without any element being moved. The exception is an element in use: what has the focus or the
//! pointer never turns into another device. It leaves the document, and the elements behind it move up.

use fleet::Handle;
use leptos::prelude::*;

/// One of the tiles in the document.
#[derive(Clone)]
pub struct Slot<T> {
    /// Distinguishes it from the others; never used again.
    pub number: usize,
    /// What it shows. Reference-counted, not owned by a reactive owner: slots come and go while the list stays.
    pub tile: ArcRwSignal<T>,
    handle: Handle,
}

/// The slots of a list, in the order of the document.
pub struct Slots<T> {
    slots: Vec<Slot<T>>,
    next_number: usize,
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots { slots: Vec::new(), next_number: 0 }
    }
}

/// What there is to ask about the devices while they are assigned.
pub struct Devices<'a, T> {
    /// Whether the tile that shows this device has the focus or the pointer.
    pub is_in_use: &'a dyn Fn(Handle) -> bool,
    /// Whether the tile of this device may be out of date.
    pub is_changed: &'a dyn Fn(Handle) -> bool,
    /// What the tile of this device shows; none when there is no such device any more.
    pub tile: &'a dyn Fn(Handle) -> Option<T>,
}

impl<T: Clone + PartialEq + Send + Sync + 'static> Slots<T> {
    /// Shows these devices, in this order. Only what differs is set. Returns the slots if they are not those of before.
    pub fn assign(&mut self, handles: &[Handle], devices: &Devices<'_, T>) -> Option<Vec<Slot<T>>> {
        let mut old = std::mem::take(&mut self.slots).into_iter().peekable();
        let mut is_same_list = true;
        for &handle in handles {
            if old.peek().is_some_and(|slot| slot.handle == handle) && !(devices.is_changed)(handle) {
                self.slots.extend(old.next());
                continue;
            }
            let Some(tile) = (devices.tile)(handle) else { continue };
            let slot = loop {
                let slot = old.next();
                match &slot {
                    Some(slot) if slot.handle != handle && (devices.is_in_use)(slot.handle) => {
                        is_same_list = false;
                    }
                    _ => break slot,
                }
            };
            self.slots.push(match slot {
                Some(slot) => {
                    if slot.tile.with_untracked(|shown| *shown != tile) {
                        slot.tile.set(tile);
                    }
                    Slot { handle, ..slot }
                }
                None => {
                    is_same_list = false;
                    self.next_number += 1;
                    Slot { number: self.next_number, tile: ArcRwSignal::new(tile), handle }
                }
            });
        }
        is_same_list &= old.next().is_none();
        (!is_same_list).then(|| self.slots.clone())
    }
}

#[cfg(test)]
mod tests {
    use fleet::fleet::Bounds;
    use fleet::{Fleet, Time};
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    /// Assigns devices by their numbers, and checks that each slot shows what its place says. Returns the slots' numbers.
    struct Check {
        handles: Vec<Handle>,
        slots: Slots<usize>,
    }

    impl Check {
        fn new() -> Check {
            let mut fleet = Fleet::new(Bounds::default(), false, 7);
            for device in 0..9 {
                fleet.apply(&format!("d{device}/status"), b"online", true, Time(1));
            }
            let handles = fleet.rows(&fleet::Query::default());
            let handles = [handles.attention, handles.well].concat();
            assert_eq!(handles.len(), 9);
            Check { handles, slots: Slots::default() }
        }

        fn assign(&mut self, devices: &[usize], in_use: &[usize]) -> (Vec<usize>, bool) {
            let handles: Vec<Handle> = devices.iter().map(|device| self.handles[*device]).collect();
            let number = |handle: Handle| self.handles.iter().position(|other| *other == handle);
            let is_other = self.slots.assign(
                &handles,
                &Devices {
                    is_in_use: &|handle| number(handle).is_some_and(|device| in_use.contains(&device)),
                    is_changed: &|_| false,
                    tile: &number,
                },
            );
            let shown: Vec<usize> = self.slots.slots.iter().map(|slot| slot.tile.get_untracked()).collect();
            assert_eq!(shown, devices);
            (self.slots.slots.iter().map(|slot| slot.number).collect(), is_other.is_some())
        }
    }

    #[wasm_bindgen_test]
    fn places_keep_their_elements_while_devices_move() {
        let mut check = Check::new();
        assert_eq!(check.assign(&[0, 1, 2], &[]), (vec![1, 2, 3], true));
        assert_eq!(check.assign(&[0, 1, 2], &[]), (vec![1, 2, 3], false));
        assert_eq!(check.assign(&[4, 0, 1], &[]), (vec![1, 2, 3], false));
        assert_eq!(check.assign(&[0, 1], &[]), (vec![1, 2], true));
        assert_eq!(check.assign(&[0, 1, 5], &[]), (vec![1, 2, 4], true));
        assert_eq!(check.assign(&[], &[]), (vec![], true));
    }

    #[wasm_bindgen_test]
    fn an_element_in_use_never_turns_into_another_device() {
        let mut check = Check::new();
        check.assign(&[0, 1, 2], &[]);
        // Its device stays in its place.
        assert_eq!(check.assign(&[4, 1, 5], &[1]), (vec![1, 2, 3], false));
        // Its device moves, or leaves.
        assert_eq!(check.assign(&[6, 4, 1], &[1]), (vec![1, 3, 4], true));
        assert_eq!(check.assign(&[4, 1, 7], &[6]), (vec![3, 4, 5], true));
        assert_eq!(check.assign(&[8], &[4, 1]), (vec![5], true));
    }

    #[wasm_bindgen_test]
    fn a_device_that_is_gone_has_no_tile() {
        let mut check = Check::new();
        check.assign(&[0, 1], &[]);
        let handles = check.handles.clone();
        let devices = Devices {
            is_in_use: &|_| false,
            is_changed: &|_| true,
            tile: &|handle| (handle != handles[0]).then_some(1),
        };
        let slots = check.slots.assign(&handles[..2], &devices).expect("there is one less");
        assert_eq!(slots.len(), 1);
    }
}
