//! What comes in: messages, the state of the link, and how much of what is retained was seen.
//!
//! [`Fleet::apply`] finds the owner of a topic and reads the payload; what the message does to its device is in
//! `transitions.rs`, what metadata does in `metadata.rs`.

use mqtt::Time;

use super::evidence::Coverage;
use super::history::{Gap, MAX_GAPS};
use super::key::Key;
use super::slot::{ALIVE, LAPSED, UNWATCHED};
use super::{Fleet, Handle};
use crate::conventions::{ConventionId, Id, Owner, Vocabulary};

/// What a message did.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// The kind of change.
    pub effect: Effect,
    /// The device it was about, if there is one now.
    pub device: Option<Handle>,
    /// Whether its topic had been replayed already since the link came up: overlapping filters replay twice.
    pub replayed_before: bool,
}

/// The kind of change a message made.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing: no convention owns the topic.
    Unowned,
    /// Nothing: the topic's convention does not know the payload, or metadata names another topic for the device.
    Unrecognized,
    /// Nothing: a bound keeps it out.
    Refused,
    /// Nothing that was not known.
    Same,
    /// A device was seen for the first time.
    FirstSight,
    /// A device's status changed.
    Changed,
    /// A device's evidence, name or age changed, its status did not.
    Confirmed,
    /// A device was removed.
    Removed,
}

impl Applied {
    pub(super) fn of(effect: Effect) -> Applied {
        Applied { effect, device: None, replayed_before: false }
    }

    /// Whether the message belongs to no device: no convention owns its topic or knows its payload.
    pub fn is_unmatched(&self) -> bool {
        matches!(self.effect, Effect::Unowned | Effect::Unrecognized)
    }
}

/// One message, as [`Fleet::apply`] was given it.
#[derive(Copy, Clone)]
pub(super) struct Message<'a> {
    pub(super) topic: &'a str,
    pub(super) payload: &'a [u8],
    pub(super) retain: bool,
    pub(super) now: Time,
}

/// A device that does not exist yet.
#[derive(Copy, Clone, Debug)]
pub(super) struct NewDevice<'a> {
    pub(super) key: Key<'a>,
    /// Where the id begins in the topic; the length of the topic when it is no part of it.
    pub(super) id_start: usize,
}

pub(super) fn id_start(owner: &Owner, topic: &str) -> usize {
    match &owner.id {
        Id::Topic(range) => range.start,
        Id::Based { base, own } if own.is_empty() => base.start,
        Id::Based { .. } | Id::Payload => topic.len(),
    }
}

/// # Input
impl Fleet {
    /// Applies one message: the contract's table from evidence to evidence.
    ///
    /// `retain` is the flag the broker delivered it with: set, the message is a replay of unknown age.
    pub fn apply(&mut self, topic: &str, payload: &[u8], retain: bool, now: Time) -> Applied {
        self.now = now;
        let message = Message { topic, payload, retain, now };
        if let Some(applied) = self.apply_named(message) {
            return applied;
        }
        let Some(owner) = self.owners.owner(topic) else {
            return Applied::of(Effect::Unowned);
        };
        if topic.len() > self.bounds.topic as usize {
            self.refused.topics += 1;
            return Applied::of(Effect::Refused);
        }
        let vocabulary = &self.owners.pattern(&owner).vocabulary;
        if let &Vocabulary::Metadata(metadata) = vocabulary {
            return self.apply_metadata(message, &owner, metadata);
        }
        if payload.is_empty() {
            let Some(id) = owner.id_in(topic, None) else {
                // A shared topic holds the message of the device that wrote last.
                let writer = self.last_writers.remove(&owner.convention);
                let writer = writer.filter(|writer| self.living(*writer).is_some());
                return self.clear(topic, writer.map(Handle::slot));
            };
            return self.clear(topic, self.position(owner.convention, &id));
        }
        let Some(said) = vocabulary.read(payload) else {
            return self.note_unrecognized(message, owner.convention);
        };
        let Some(id) = owner.id_in(topic, said.id.as_deref()) else {
            return Applied::of(Effect::Unrecognized);
        };
        let key = Key { convention: owner.convention, id: &id };
        // Metadata names another topic for this device: what is left on this one says nothing about it.
        if self.named.topic_of(key).is_some() {
            return self.note_unrecognized(message, owner.convention);
        }
        let name = said.name.as_deref();
        let applied = match self.position(owner.convention, &id) {
            Some(slot) => self.update(slot, message, name, said.status),
            None => {
                let new = NewDevice { key, id_start: id_start(&owner, topic) };
                let applied = self.first_sight(new, message, name, Some(said.status));
                if let Some(handle) = applied.device {
                    self.attach_by_base(handle.slot(), &owner, topic);
                }
                applied
            }
        };
        if let (Id::Payload, Some(handle)) = (&owner.id, applied.device) {
            self.last_writers.insert(owner.convention, handle);
        }
        applied
    }

    /// A message on a convention's topic that the convention does not know.
    pub(super) fn note_unrecognized(&mut self, message: Message<'_>, convention: ConventionId) -> Applied {
        self.unrecognized.note(message, convention, self.bounds.unrecognized);
        Applied::of(Effect::Unrecognized)
    }

    /// A message on a topic that metadata named; `None` when it named no such topic.
    fn apply_named(&mut self, message: Message<'_>) -> Option<Applied> {
        let Message { topic, payload, .. } = message;
        let named = self.named.get(topic)?;
        let Key { convention, id } = named.key.borrowed();
        let position = self.position(convention, id);
        if payload.is_empty() {
            return Some(self.clear(topic, position));
        }
        let Some(status) = named.read(payload) else {
            return Some(self.note_unrecognized(message, convention));
        };
        if let Some(slot) = position {
            return Some(self.update(slot, message, None, status));
        }
        let key = named.key.clone();
        let new = NewDevice { key: key.borrowed(), id_start: topic.len() };
        Some(self.first_sight(new, message, None, Some(status)))
    }

    /// The link came up: what is heard from now on counts as observed.
    pub fn link_up(&mut self, now: Time) {
        if self.is_up {
            return;
        }
        self.is_up = true;
        self.coverage = Coverage::Loading;
        self.observed_since.get_or_insert(now);
        if let Some(gap) = self.gaps.last_mut() {
            gap.to.get_or_insert(now);
        }
        self.touch_all();
    }

    /// The link ended, or the machine slept and cannot know what it missed: everything is stale.
    ///
    /// `now` is the last moment at which the link is known to have worked.
    pub fn link_down(&mut self, now: Time) {
        if !self.is_up {
            return;
        }
        self.is_up = false;
        // No device is visited: from here on all of them were last heard on an earlier link.
        self.link += 1;
        self.counts.live = 0;
        self.counts.retained = 0;
        self.counts.stale = self.counts.total;
        if self.gaps.len() >= MAX_GAPS {
            self.drop_oldest_gap();
        }
        self.gaps.push(Gap { from: now, to: None });
        self.touch_all();
    }

    /// Everything that is retained was seen: what is stale now was not announced again.
    pub fn snapshot_finished(&mut self, _now: Time) {
        self.set_coverage(Coverage::Complete);
    }

    /// The board asked for everything that is retained and could not see all of it.
    pub fn snapshot_incomplete(&mut self, _now: Time) {
        self.set_coverage(Coverage::Incomplete);
    }

    /// The board asks again for what is retained.
    pub fn snapshot_started(&mut self, _now: Time) {
        self.set_coverage(Coverage::Loading);
    }

    fn set_coverage(&mut self, coverage: Coverage) {
        // A stale device shows it as the reason.
        if self.coverage != coverage && self.counts.stale > 0 {
            self.touch_all();
        }
        self.coverage = coverage;
    }

    /// Filters were paused, or switched off or on: a device whose topic is not covered is stale until it is
    /// heard again. Returns how many became stale.
    pub fn cover(&mut self, is_covered: impl Fn(&str) -> bool, now: Time) -> u32 {
        self.now = now;
        let mut count = 0;
        for number in 0..self.slot_count {
            let slot = *self.slot(number);
            if !slot.is(ALIVE) {
                continue;
            }
            let is_lost = !is_covered(self.topic(&slot));
            if is_lost != slot.is(UNWATCHED) {
                self.slot_mut(number).set(UNWATCHED, is_lost);
                self.touch(number);
            }
            if is_lost && slot.heard_on == self.link && !slot.is(LAPSED) {
                self.set_flags(number, self.slot(number).flags | LAPSED);
                self.update_children(number);
                count += 1;
            }
        }
        count
    }
}
