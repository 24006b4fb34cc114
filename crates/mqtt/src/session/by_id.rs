//! What waits under a packet identifier: a list in the order of the identifiers, for it is short.

use crate::packet::PacketId;

/// Values by packet identifier. New identifiers are mostly the largest, and go to the end.
#[derive(Debug)]
pub(super) struct ById<V>(Vec<(PacketId, V)>);

impl<V> Default for ById<V> {
    fn default() -> Self {
        ById(Vec::new())
    }
}

impl<V> ById<V> {
    fn place(&self, id: PacketId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(id, _)| *id)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, id: PacketId) -> bool {
        self.place(id).is_ok()
    }

    pub(super) fn get(&self, id: PacketId) -> Option<&V> {
        Some(&self.0[self.place(id).ok()?].1)
    }

    pub(super) fn get_mut(&mut self, id: PacketId) -> Option<&mut V> {
        let place = self.place(id).ok()?;
        Some(&mut self.0[place].1)
    }

    /// Keeps a value under an identifier that has none.
    pub(super) fn insert(&mut self, id: PacketId, value: V) {
        let place = self.place(id).unwrap_or_else(|place| place);
        self.0.insert(place, (id, value));
    }

    pub(super) fn remove(&mut self, id: PacketId) -> Option<V> {
        let place = self.place(id).ok()?;
        Some(self.0.remove(place).1)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(PacketId, V)> {
        self.0.iter()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}
