//! One device: how it is kept, and how it is read.

use mqtt::Time;

use super::evidence::StaleReason;
use super::history::{self, Change, ChangeKind, Gap, Span};
use super::payloads::Payload;
use super::texts::Place;
use super::{Fleet, Handle};
use crate::conventions::{Convention, ConventionId};
use crate::status::{Evidence, Status};

/// A device as it is kept. The texts, the history and the place in the order are kept elsewhere.
#[derive(Copy, Clone, Debug)]
pub(super) struct Slot {
    pub(super) first_seen: Time,
    /// When its clock (see `uptime.rs`) would have begun, had it never stood still.
    pub(super) clock_start: Time,
    /// `UNKNOWN` when nobody saw it happen.
    pub(super) since: Time,
    pub(super) text: Place,
    pub(super) topic_len: u16,
    /// Where the id begins: within the topic, or right behind it.
    pub(super) id_start: u16,
    pub(super) id_len: u16,
    pub(super) name_len: u16,
    /// When it was last touched (see `changes.rs`).
    pub(super) stamp: u32,
    /// In which life of the link it was last heard of.
    pub(super) heard_on: u32,
    pub(super) changes: u32,
    pub(super) flaps: u16,
    pub(super) convention: ConventionId,
    pub(super) status: Status,
    pub(super) news: News,
    pub(super) flags: u16,
}

/// The device exists.
pub(super) const ALIVE: u16 = 1;
/// Its last word was seen live, not replayed.
pub(super) const LIVE: u16 = 1 << 1;
/// Its first word was seen live.
pub(super) const FIRST_LIVE: u16 = 1 << 2;
/// It waits for its place in the order.
pub(super) const PENDING: u16 = 1 << 3;
/// No filter of ours covers its topic.
pub(super) const UNWATCHED: u16 = 1 << 4;
/// Its topic was not covered for a time, and it was not heard since.
pub(super) const LAPSED: u16 = 1 << 6;
/// Other topics speak for it as well.
pub(super) const ALIASED: u16 = 1 << 5;
/// An inventory lists it.
pub(super) const LISTED: u16 = 1 << 7;
/// It is listed, but never said what its status is.
pub(super) const SILENT: u16 = 1 << 8;
/// Its people switched it off.
pub(super) const DISABLED: u16 = 1 << 9;
/// It is meant to sleep.
pub(super) const SLEEPS: u16 = 1 << 10;
/// What it hangs on is offline.
pub(super) const PARENT_OFFLINE: u16 = 1 << 11;
/// It follows what it hangs on, which is offline by a replay.
pub(super) const PARENT_REPLAYED: u16 = 1 << 12;
/// It follows what it hangs on, which is offline by a word that may not hold any more.
pub(super) const PARENT_STALE: u16 = 1 << 13;
/// Its convention says that it is offline when its parent is.
pub(super) const FOLLOWS_PARENT: u16 = 1 << 14;

/// The `since` of a status nobody saw begin.
pub(super) const UNKNOWN: Time = Time(u64::MAX);

impl Slot {
    pub(super) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn set(&mut self, flag: u16, on: bool) {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
    }

    /// The status to show: what the device said, unless something else says that this does not count.
    pub(super) fn shown(&self) -> Status {
        if self.is(DISABLED) {
            Status::Unknown
        } else if self.is_down_with_parent() {
            Status::Offline
        } else {
            self.read(self.status)
        }
    }

    /// What a status that the device said means: of one that is meant to sleep, `offline` is no failure.
    pub(super) fn read(&self, said: Status) -> Status {
        if said == Status::Offline && self.is(SLEEPS) { Status::Sleeping } else { said }
    }

    /// The same of a change that was kept as it was said.
    pub(super) fn read_change(&self, change: Change) -> Change {
        Change { from: change.from.map(|status| self.read(status)), to: self.read(change.to), ..change }
    }

    /// Whether it is offline for no other reason than that its parent is.
    pub(super) fn is_down_with_parent(&self) -> bool {
        self.is(PARENT_OFFLINE) && self.follows_parent() && self.read(self.status) != Status::Offline
    }

    /// Whether the standard says that it is offline when its parent is.
    pub(super) fn follows_parent(&self) -> bool {
        self.is(FOLLOWS_PARENT)
    }

    /// The bytes of topic, id and name together.
    pub(super) fn text_len(&self) -> usize {
        self.own_id_len() + self.topic_len as usize + self.name_len as usize
    }

    /// The bytes of an id that is no part of the topic.
    pub(super) fn own_id_len(&self) -> usize {
        if self.id_start == self.topic_len { self.id_len as usize } else { 0 }
    }
}

/// What a topic brought since the link came up, as far as it decides whether a replay is news.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct News {
    /// Bits 0 to 4: the statuses seen live. Bits 5 to 7: the last replayed status, plus one.
    bits: u8,
}

impl News {
    pub(super) fn see(&mut self, status: Status, is_replay: bool) {
        self.bits = if is_replay {
            self.bits & 0b1_1111 | (status as u8 + 1) << 5
        } else {
            self.bits | 1 << status as u8
        };
    }

    /// Whether anything was replayed.
    pub(super) fn was_replayed(self) -> bool {
        self.bits >> 5 != 0
    }

    /// Contract, section 2: a replay is news when its value differs from the last replayed one; if none was
    /// replayed yet, when it differs from every value seen live since the link came up.
    pub(super) fn is_news(self, status: Status) -> bool {
        if self.was_replayed() {
            self.bits >> 5 != status as u8 + 1
        } else {
            self.bits & 1 << status as u8 == 0
        }
    }
}

/// What the page reads of a device.
#[derive(Copy, Clone, Debug)]
pub struct Device<'a> {
    /// The handle it was read by.
    pub handle: Handle,
    /// The convention it follows.
    pub convention: &'a Convention,
    /// The same as it stands in [`Fleet::conventions`].
    pub convention_id: ConventionId,
    /// Its id, unique together with the convention.
    pub id: &'a str,
    /// The name its people gave it, if it told.
    pub name: Option<&'a str>,
    /// The topic it was first heard on. Of a device that never spoke it is the list's: emptied, it would take
    /// every device of that list away.
    pub topic: &'a str,
    /// What it last said, unless what it hangs on, or its people, say otherwise.
    pub status: Status,
    /// What it last said; `None` when it never spoke, and only an inventory lists it.
    pub said: Option<Status>,
    /// How good that knowledge is.
    pub evidence: Evidence,
    /// Since when it has this status; `None` when nobody saw it begin.
    pub since: Option<Time>,
    /// Why it is stale, when it is.
    pub stale: Option<StaleReason>,
    /// What it hangs on.
    pub parent: Option<ParentOf<'a>>,
    /// Whether what it hangs on is offline.
    pub parent_offline: bool,
    /// Whether its people switched it off: then its status is unknown, whatever it says.
    pub is_disabled: bool,
    /// When it was first seen in this visit.
    pub first_seen: Time,
    /// How often its status changed since then.
    pub changes: u32,
    /// How often it went there and back within a second.
    pub flaps: u32,
    pub(super) fleet: &'a Fleet,
}

/// What a device hangs on.
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

    /// What hangs on it, in the order of the slots: mostly the order in which they were first heard of.
    pub fn children(&self) -> impl ExactSizeIterator<Item = Handle> + Clone + use<'a> {
        let fleet = self.fleet;
        fleet.families.children(self.handle.slot).iter().map(|child| fleet.handle(*child))
    }

    /// Its last changes, the oldest first, beginning with its first sight unless that was let go.
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
        let mut all = self.fleet.gaps.clone();
        all.extend_from_slice(record.map_or(&[], |record| &record.gaps));
        let stale_from = self.fleet.stale_from(self.fleet.slot(self.handle.slot));
        all.extend(stale_from.map(|from| Gap { from, to: None }));
        for to in [self.fleet.forgotten_gap, record.and_then(|record| record.forgotten)] {
            all.extend(to.map(|to| Gap { from: self.first_seen, to: Some(to) }));
        }
        all.retain(|gap| gap.to.is_none_or(|to| to > self.first_seen));
        all.sort_unstable_by_key(|gap| (gap.from, gap.to.unwrap_or(UNKNOWN)));
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

/// The entry with which a history begins, as long as the status has not changed.
pub(super) fn first_sight(slot: &Slot) -> Change {
    Change {
        at: slot.first_seen,
        from: None,
        to: slot.status,
        evidence: if slot.is(FIRST_LIVE) { Evidence::Live } else { Evidence::Retained },
        kind: ChangeKind::FirstSight,
        flap: false,
    }
}
