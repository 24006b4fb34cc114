//! Which subscription brought a message, and how much each one brings a second.
//!
//! Brokers do not say for which filter they send a message, so its source filter is inferred. A broad filter that
//! brings too many unmatched messages is paused. The engine calls it for every message.

use mqtt::{Time, TopicName};

use super::matching::Shape;
use super::subscription::SubscriptionState;
use super::{MAX_UNMATCHED, Snapshot};
use crate::fleet::{Applied, Effect};

/// No source filter is known.
const NO_SOURCE: u8 = u8::MAX;

/// The messages of the current second, and of the one before.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Window {
    start: Time,
    messages: u32,
    unmatched_live: u32,
    messages_before: u32,
}

impl Window {
    /// In milliseconds.
    const LENGTH: u64 = 1_000;

    fn advance(&mut self, now: Time) {
        let passed = now.0.abs_diff(self.start.0);
        if passed >= Window::LENGTH {
            let messages_before = if passed < 2 * Window::LENGTH { self.messages } else { 0 };
            *self = Window { start: now, messages_before, ..Window::default() };
        }
    }

    /// Messages in the last whole second.
    pub(super) fn rate(mut self, now: Time) -> u32 {
        self.advance(now);
        self.messages_before
    }
}

/// The source filter of each device, by its slot in the fleet. One byte a device, so that a message of a known
/// device needs no matching.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<u8>);

impl Sources {
    fn get(&self, slot: usize) -> Option<usize> {
        self.0.get(slot).filter(|source| **source != NO_SOURCE).map(|source| usize::from(*source))
    }

    fn set(&mut self, slot: usize, position: Option<usize>) {
        if self.0.len() <= slot {
            self.0.resize(slot + 1, NO_SOURCE);
        }
        // There are at most `MAX_SUBSCRIPTIONS`, which is less than 255.
        self.0[slot] = position.map_or(NO_SOURCE, |position| position as u8);
    }

    /// A subscription brings nothing any more.
    pub(super) fn remove(&mut self, position: usize) {
        for source in &mut self.0 {
            if usize::from(*source) == position {
                *source = NO_SOURCE;
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Snapshot {
    /// A message came. `applied` says what it changed in the fleet.
    pub fn handle_message(&mut self, topic: TopicName<'_>, retain: bool, applied: &Applied, now: Time) {
        let Some(position) = self.source(topic, retain, applied) else {
            return;
        };
        let is_unmatched = applied.is_unmatched();
        let is_outstanding = self.outstanding.is_some_and(|outstanding| outstanding.position == position);
        let subscription = &mut self.subscriptions[position];
        let is_over = matches!(subscription.state, SubscriptionState::Complete | SubscriptionState::Cut);
        if retain && is_over && !is_unmatched && !applied.replayed_before {
            // mqtt5 0.49 has a separate queue for a burst and may answer the PINGREQ first. The snapshot was not
            // complete yet: another barrier is sent, until nothing new comes before its answer.
            subscription.state = SubscriptionState::Waiting;
            subscription.is_late = true;
        }
        if retain && (is_outstanding || self.subscriptions[position].is_late) {
            let is_new = if is_unmatched || self.subscriptions[position].is_repeated {
                // `replayed_before` says nothing of these: the topic counts for the first filter that matches it.
                self.first_match(topic) == Some(position)
            } else {
                !applied.replayed_before
            };
            self.subscriptions[position].replays += 1;
            self.subscriptions[position].topics += u32::from(is_new);
        }
        let subscription = &mut self.subscriptions[position];
        subscription.messages += 1;
        subscription.unmatched += u64::from(is_unmatched);
        subscription.window.advance(now);
        subscription.window.messages += 1;
        // Retained messages come once, however many they are. Only live ones keep coming.
        subscription.window.unmatched_live += u32::from(is_unmatched && !retain);
        if subscription.window.unmatched_live > MAX_UNMATCHED
            && subscription.is_broad()
            && !subscription.is_forced_on
        {
            self.leave(position, SubscriptionState::Paused);
        }
    }

    /// The filter that brought a message: for a replay the outstanding one, if it matches, otherwise the first
    /// one that matches.
    fn source(&mut self, topic: TopicName<'_>, retain: bool, applied: &Applied) -> Option<usize> {
        if let Some(outstanding) = self.outstanding
            && retain
            && self.subscriptions[outstanding.position].matches(topic, Shape::of_topic(topic))
        {
            return Some(outstanding.position);
        }
        let slot = applied.device.map(|handle| handle.slot() as usize);
        let known = slot.filter(|_| applied.effect != Effect::FirstSight);
        if let Some(source) = known.and_then(|slot| self.sources.get(slot)) {
            return Some(source);
        }
        let position = self.first_match(topic);
        if let Some(slot) = slot {
            self.sources.set(slot, position);
        }
        position
    }
}
