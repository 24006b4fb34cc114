//! One device as the page reads it.

use mqtt::Time;

use super::Fleet;
use super::evidence::StaleReason;
use super::history::{self, Change, Gap, Span};
use super::payloads::Payload;
use super::slot::{ALIASED, DISABLED, LISTED, LIVE, PARENT_OFFLINE, SILENT, SLEEPS, Slot, first_sight};
use super::store::Handle;
use crate::conventions::{Convention, ConventionId};
use crate::status::{Evidence, Status};

/// What the page reads of a device.
#[derive(Copy, Clone, Debug)]
pub struct Device<'a> {
    /// The handle it was read by.
    pub handle: Handle,
    /// The convention it follows.
    pub convention: &'a Convention,
    /// The id of the convention in [`Fleet::conventions`].
    pub convention_id: ConventionId,
    /// Its id, unique together with the convention.
    pub id: &'a str,
    /// The name that its owner gave it, if that is known.
    pub name: Option<&'a str>,
    /// The topic it was first heard on. Of a device that never spoke it is the list's: emptied, it would take
    /// every device of that list away.
    pub topic: &'a str,
    /// What it last said, unless its parent is offline or it is disabled.
    pub status: Status,
    /// What it last said; `None` when it never spoke, and only an inventory lists it.
    pub said: Option<Status>,
    /// How good that knowledge is.
    pub evidence: Evidence,
    /// Since when it has this status; `None` when its beginning was not seen.
    pub since: Option<Time>,
    /// Why it is stale, when it is.
    pub stale: Option<StaleReason>,
    /// What it depends on.
    pub parent: Option<ParentOf<'a>>,
    /// Whether its parent is offline.
    pub parent_offline: bool,
    /// Whether its owner disabled it: then its status is unknown, whatever it says.
    pub is_disabled: bool,
    /// When it was first seen in this visit.
    pub first_seen: Time,
    /// How often its status changed since then.
    pub changes: u32,
    /// How often it went there and back within a second.
    pub flaps: u32,
    pub(super) fleet: &'a Fleet,
}

/// What a device depends on.
#[derive(Copy, Clone, Debug)]
pub struct ParentOf<'a> {
    /// The parent's convention.
    pub convention: &'a Convention,
    /// The parent's id.
    pub id: &'a str,
    /// The parent, if it was ever heard of.
    pub handle: Option<Handle>,
}

impl<'a> Device<'a> {
    pub(super) fn new(fleet: &'a Fleet, handle: Handle, slot: &Slot) -> Device<'a> {
        let (topic, id, name) = fleet.texts_of(slot);
        Device {
            handle,
            convention: &fleet.conventions()[slot.convention],
            convention_id: slot.convention,
            id,
            name: (!name.is_empty()).then_some(name),
            topic,
            status: slot.shown(),
            said: (!slot.is(SILENT)).then(|| slot.read(slot.status)),
            evidence: fleet.evidence(slot),
            since: fleet.since(handle.slot, slot),
            stale: fleet.stale_reason(slot),
            parent: fleet.parent(handle.slot),
            parent_offline: slot.is(PARENT_OFFLINE),
            is_disabled: slot.is(DISABLED),
            first_seen: slot.first_seen,
            changes: slot.changes,
            flaps: slot.flaps.into(),
            fleet,
        }
    }

    /// Its name, or its id if it has none.
    pub fn display_name(&self) -> &'a str {
        self.name.unwrap_or(self.id)
    }

    /// The payload of the last message that set its status. `None` when it never spoke, or when the topic on which
    /// it last did was emptied and it goes on with what another topic said before.
    pub fn payload(&self) -> Option<Payload<'a>> {
        let (bytes, length) = self.fleet.payloads.get(self.handle.slot)?;
        Some(Payload { bytes, length, retained: !self.fleet.slot(self.handle.slot).is(LIVE) })
    }

    /// Whether an inventory lists it: a gateway's list of its devices, or a discovery message.
    pub fn is_listed(&self) -> bool {
        self.fleet.slot(self.handle.slot).is(LISTED)
    }

    /// Whether metadata says that it is meant to sleep: then its `offline` is shown as asleep.
    pub fn sleeps(&self) -> bool {
        self.fleet.slot(self.handle.slot).is(SLEEPS)
    }

    /// Other topics that speak for it as well, in order. There are none as a rule; else all aliases are walked.
    pub fn other_topics(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let slot = self.handle.slot;
        let aliases = self.fleet.slot(slot).is(ALIASED).then(|| self.fleet.aliases.iter());
        aliases.into_iter().flatten().filter(move |(_, alias)| alias.slot == slot).map(|(topic, _)| &**topic)
    }

    /// The devices that depend on it, in the order of the slots: mostly the order of their first sight.
    pub fn children(&self) -> impl ExactSizeIterator<Item = Handle> + Clone + use<'a> {
        let fleet = self.fleet;
        fleet.families.children(self.handle.slot).iter().map(|child| fleet.handle(*child))
    }

    /// The name of what it depends on, or the id if that was never seen.
    pub fn parent_name(&self) -> Option<&'a str> {
        let parent = self.parent?;
        let known = parent.handle.and_then(|handle| self.fleet.device(handle));
        Some(known.map_or(parent.id, |parent| parent.display_name()))
    }

    /// Its last changes, the oldest first, beginning with its first sight unless that was dropped.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = Change> + use<'a> {
        let record = self.fleet.histories.get(self.handle.slot).filter(|record| !record.changes.is_empty());
        let (slot, first) = (self.fleet.slot(self.handle.slot), self.first_sight());
        let count = record.map_or(1, |record| record.changes.len());
        (0..count).map(move |place| slot.read_change(record.map_or(first, |record| record.changes[place])))
    }

    /// The times in which it could not be observed since it was first seen, the oldest first. Of many only the
    /// last are kept, and then all that was before those counts as one.
    pub fn gaps(&self) -> Vec<Gap> {
        let record = self.fleet.histories.get(self.handle.slot);
        let own = record.map_or(&[][..], |record| &record.gaps).iter().copied();
        let stale_from = self.fleet.stale_from(self.fleet.slot(self.handle.slot));
        let open = stale_from.map(|from| Gap { from, to: None });
        let forgotten = [self.fleet.forgotten_gap, record.and_then(|record| record.forgotten)];
        let forgotten = forgotten.into_iter().flatten().map(|to| Gap { from: self.first_seen, to: Some(to) });
        // In order, like the link's own, which are most of them.
        let mut all = self.fleet.gaps.clone();
        for gap in own.chain(open).chain(forgotten) {
            all.insert(all.partition_point(|other| other.from <= gap.from), gap);
        }
        all.retain(|gap| gap.to.is_none_or(|to| to > self.first_seen));
        // Gaps that overlap are one: the link's and the device's own often begin together.
        let mut merged: Vec<Gap> = Vec::new();
        for gap in all {
            match merged.last_mut() {
                Some(last) if last.to.is_none_or(|to| gap.from <= to) => {
                    last.to = last.to.and_then(|a| gap.to.map(|b| a.max(b)));
                }
                _ => merged.push(gap),
            }
        }
        merged
    }

    /// The bar of its history: the time `from..to` in so many equal slots, each with the worst status seen
    /// in it (offline wins). A retained status counts as observed from its first sight on. It is what the device
    /// said itself: of one that was offline with its parent, or switched off, that may differ from what was shown.
    pub fn spans(&self, from: Time, to: Time, slots: usize) -> Vec<Span> {
        let known: Vec<(Time, Status)> = self.history().map(|change| (change.at, change.to)).collect();
        history::spans(&known, &self.gaps(), from, to, slots)
    }

    fn first_sight(&self) -> Change {
        first_sight(self.fleet.slot(self.handle.slot))
    }
}

impl Fleet {
    /// What a device depends on.
    fn parent(&self, number: u32) -> Option<ParentOf<'_>> {
        let (key, parent) = self.families.parent(number)?;
        let handle = parent.map(|parent| self.handle(parent));
        Some(ParentOf { convention: &self.conventions()[key.convention], id: key.id, handle })
    }
}
