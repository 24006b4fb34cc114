//! One device as it is kept: a slot of 56 bytes with its flags. Its texts, history and place in the order are elsewhere.

use mqtt::Time;

use super::history::{Change, ChangeKind};
use super::texts::Place;
use crate::conventions::ConventionId;
use crate::status::{Evidence, Status};

/// A device as it is kept. The texts, the history and the place in the order are kept elsewhere.
#[derive(Copy, Clone, Debug)]
pub(super) struct Slot {
    pub(super) first_seen: Time,
    /// When its clock (see `uptime.rs`) would have begun, had it never stood still.
    pub(super) clock_start: Time,
    /// `UNKNOWN` when its beginning was not seen.
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
/// Its owner disabled it.
pub(super) const DISABLED: u16 = 1 << 9;
/// It is meant to sleep.
pub(super) const SLEEPS: u16 = 1 << 10;
/// Its parent is offline.
pub(super) const PARENT_OFFLINE: u16 = 1 << 11;
/// It follows its parent, which is offline by a replay.
pub(super) const PARENT_REPLAYED: u16 = 1 << 12;
/// It follows its parent, which is offline by a word that may not count any more.
pub(super) const PARENT_STALE: u16 = 1 << 13;
/// Its convention says that it is offline when its parent is.
pub(super) const FOLLOWS_PARENT: u16 = 1 << 14;

/// The `since` of a status whose beginning was not seen.
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
