//! What a device shows: how good the knowledge is, why it is stale, and since when its status holds.
//!
//! Every change of a slot that a tile may show goes through [`Fleet::update_slot`], which keeps the counts right.

use mqtt::Time;

use super::Fleet;
use super::slot::{
    DISABLED, LAPSED, LIVE, PARENT_OFFLINE, PARENT_REPLAYED, PARENT_STALE, SILENT, Slot, UNKNOWN, UNWATCHED,
};
use crate::status::Evidence;

/// Why a device is stale: why its status cannot be known at present.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum StaleReason {
    /// The board is not connected.
    LinkDown,
    /// The board is connected again and still asks for what is retained.
    Loading,
    /// Everything that is retained was seen, and this device was not part of it.
    NotAnnouncedAgain,
    /// Not everything that is retained could be seen.
    SnapshotIncomplete,
    /// Its convention announces nothing to late subscribers: its next message is awaited.
    WaitsForNextMessage,
    /// The filters that brought it are paused or switched off.
    NotSubscribed,
    /// Its parent is offline and passes nothing on; or it is offline with its parent, which is stale itself.
    ParentOffline,
}

/// How much of what is retained the board has seen since the link came up.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Coverage {
    Loading,
    Complete,
    Incomplete,
}

impl Fleet {
    /// How good the knowledge of what is shown is.
    pub(super) fn evidence(&self, slot: &Slot) -> Evidence {
        let own = self.own_evidence(slot);
        if slot.is(PARENT_OFFLINE) && !slot.follows_parent() {
            Evidence::Stale
        } else if slot.is_down_with_parent() {
            // It depends on both: on its own word, that it exists at all, and on its parent's.
            own.max(match (slot.is(PARENT_STALE), slot.is(PARENT_REPLAYED)) {
                (true, _) => Evidence::Stale,
                (_, true) => Evidence::Retained,
                _ => Evidence::Live,
            })
        } else {
            own
        }
    }

    /// How good the knowledge of what the device itself said is.
    pub(super) fn own_evidence(&self, slot: &Slot) -> Evidence {
        if slot.heard_on != self.link || slot.is(LAPSED) {
            Evidence::Stale
        } else if slot.is(LIVE) {
            Evidence::Live
        } else {
            Evidence::Retained
        }
    }

    pub(super) fn stale_reason(&self, slot: &Slot) -> Option<StaleReason> {
        if self.evidence(slot) != Evidence::Stale {
            None
        } else if !self.is_up {
            Some(StaleReason::LinkDown)
        } else if slot.is(UNWATCHED) {
            Some(StaleReason::NotSubscribed)
        } else if slot.is(PARENT_OFFLINE)
            && (!slot.follows_parent() || self.own_evidence(slot) != Evidence::Stale)
        {
            Some(StaleReason::ParentOffline)
        } else if !self.conventions()[slot.convention].announces {
            Some(StaleReason::WaitsForNextMessage)
        } else {
            Some(match self.coverage {
                Coverage::Loading => StaleReason::Loading,
                Coverage::Complete => StaleReason::NotAnnouncedAgain,
                Coverage::Incomplete => StaleReason::SnapshotIncomplete,
            })
        }
    }

    /// Since when a device has the status that is shown; `None` when its beginning was not seen.
    pub(super) fn since(&self, number: u32, slot: &Slot) -> Option<Time> {
        let known = |slot: &Slot| (slot.since != UNKNOWN).then_some(slot.since);
        if slot.is(DISABLED) || slot.is(SILENT) {
            None
        } else if slot.is_down_with_parent() {
            let (_, parent) = self.families.parent(number)?;
            known(self.slot(parent?))
        } else {
            known(slot)
        }
    }

    /// Changes what the flags say of a device.
    pub(super) fn set_flags(&mut self, number: u32, flags: u16) {
        self.update_slot(number, Slot { flags, ..*self.slot(number) });
    }

    /// Replaces a device's slot, and updates the counts, its clock and what the page asks about.
    pub(super) fn update_slot(&mut self, number: u32, mut slot: Slot) {
        let before = *self.slot(number);
        self.update_clock(number, &before, &mut slot);
        *self.slot_mut(number) = slot;
        let looks = |slot: &Slot| (slot.shown(), self.evidence(slot), slot.status, slot.since, slot.flags);
        let (was, is) = (looks(&before), looks(&slot));
        if was == is {
            return;
        }
        *self.counts.status_mut(was.0) -= 1;
        *self.counts.evidence_mut(was.1) -= 1;
        *self.counts.status_mut(is.0) += 1;
        *self.counts.evidence_mut(is.1) += 1;
        if was.0 != is.0 {
            self.briefs[number as usize].set_status(is.0);
            self.order_epoch += 1;
        }
        self.touch(number);
    }

    /// Since when a stale device is stale; `None` when it is not.
    pub(super) fn stale_from(&self, slot: &Slot) -> Option<Time> {
        if slot.heard_on == self.link {
            // Then its filter or its parent cuts it off, and its own open gap is listed already.
            return None;
        }
        // The last gap ended the life before this one, and so on backwards.
        let back = (self.link - slot.heard_on) as usize;
        let position = self.gaps.len().saturating_sub(back);
        self.gaps.get(position).map(|gap| gap.from)
    }
}
