//! What is sent next for the topics under way, and what came of it.
//!
//! The engine calls [`Deletion::advance`] until it returns `false`, after every input and when its timer fires.

use mqtt::{
    CommandError, Link, PacketId, Properties, QoS, ReasonCode, Session, Subscription, Time, TopicName,
};

use super::batch::{Entry, Found, Sending, Stage};
use super::{BATCH, Deletion, GRACE_PERIOD, Item, Outcome, Task, concerns, filter};
use crate::fleet::Fleet;
use crate::snapshot::{ANSWER_TIMEOUT, Snapshot};
use crate::status::Evidence;

impl Deletion {
    /// Whether its topics are subscribed to, or about to be. Then no other SUBSCRIBE may be sent.
    pub(crate) fn is_asking(&self) -> bool {
        !self.batch.is_empty()
    }

    /// When to call `advance` again.
    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        self.deadline
    }

    /// Unsubscribes from the topics of the batch, before everything is dropped. Returns the topics whose messages were
    /// deleted before, if no others were deleted since.
    pub(crate) fn close(self, session: &mut Session, snapshot: &Snapshot) -> Option<Deletion> {
        // If it cannot be sent, messages that match a broader filter too come twice, which does no harm.
        let _ = self.unsubscribe(session, snapshot);
        self.former.map(|former| *former)
    }

    /// Does the next thing that can be done, if any. Whether it did, so that there may be more.
    pub(crate) fn advance(
        &mut self,
        session: &mut Session,
        snapshot: &Snapshot,
        fleet: &Fleet,
        now: Time,
    ) -> bool {
        if !self.is_running() {
            return false;
        }
        if session.link() != Link::Connected {
            self.handle_link_lost();
            // The subscriptions ended with the link.
            self.end_batch();
            return true;
        }
        let is_due = self.deadline.is_some_and(|deadline| deadline <= now);
        match self.stage {
            // One SUBSCRIBE is outstanding at a time, the board's or this one.
            Stage::Idle => !snapshot.is_asking() && self.next_batch(),
            Stage::Asking if self.deadline.is_none() || is_due => self.ask(session, now),
            Stage::Looking { subscribe, barrier, rounds } => {
                let is_complete = self.batch.iter().all(|entry| entry.found != Found::Nothing);
                if subscribe.is_none() && is_complete {
                    self.decide(fleet, now);
                } else if barrier.is_some() {
                    return false;
                } else if subscribe.is_some() {
                    // The SUBACK will not come.
                    if is_due {
                        self.conclude(true);
                    }
                    return is_due;
                } else if rounds > 0 && (self.deadline.is_none() || is_due) {
                    let Ok(barrier) = session.barrier() else {
                        self.deadline = Some(now + GRACE_PERIOD);
                        return false;
                    };
                    self.deadline = None;
                    self.stage =
                        Stage::Looking { subscribe: None, barrier: Some(barrier), rounds: rounds - 1 };
                } else if is_due {
                    self.decide(fleet, now);
                } else {
                    self.deadline.get_or_insert(now + GRACE_PERIOD);
                    return false;
                }
                true
            }
            Stage::Publishing { until } => self.publish(session, until, now),
            Stage::Leaving(None) if self.deadline.is_none() || is_due => {
                match self.unsubscribe(session, snapshot) {
                    Ok(Some(packet_id)) => {
                        self.stage = Stage::Leaving(Some(packet_id));
                        self.deadline = Some(now + ANSWER_TIMEOUT);
                    }
                    Err(CommandError::QueueFull | CommandError::TooManyOutstanding) => {
                        self.deadline = Some(now + GRACE_PERIOD);
                        return false;
                    }
                    // If it cannot be sent, messages that match a broader filter too come twice, which does no harm.
                    Ok(None) | Err(_) => self.end_batch(),
                }
                true
            }
            Stage::Leaving(Some(_)) if is_due => {
                self.end_batch();
                true
            }
            Stage::Asking | Stage::Leaving(_) => false,
        }
    }

    /// The batch is finished.
    pub(super) fn end_batch(&mut self) {
        self.batch.clear();
        self.stage = Stage::Idle;
        self.deadline = None;
    }

    /// Takes the next topics.
    fn next_batch(&mut self) -> bool {
        while self.batch.len() < BATCH
            && let Some(item) = self.items.get(self.next)
        {
            if concerns(self.task, item) {
                let (found, sending) = (Found::Nothing, Sending::Not);
                self.batch.push(Entry { item: self.next, found, came_live: false, sending });
            }
            self.next += 1;
        }
        self.is_check = false;
        self.stage = if self.batch.is_empty() { Stage::Idle } else { Stage::Asking };
        // Even if nothing was left: then the task has ended.
        true
    }

    /// Sends SUBSCRIBE and a barrier after it. Whether something changed.
    fn ask(&mut self, session: &mut Session, now: Time) -> bool {
        let filters = self.batch.iter().filter_map(|entry| filter(&self.items[entry.item].topic));
        // A retained message comes with its own QoS if the subscription allows the highest one.
        let subscription = |filter| Subscription { qos: QoS::ExactlyOnce, ..Subscription::new(filter) };
        match session.subscribe(&filters.map(subscription).collect::<Vec<_>>()) {
            Ok(packet_id) => {
                let barrier = session.barrier().ok();
                let rounds = u8::from(barrier.is_none());
                self.stage = Stage::Looking { subscribe: Some(packet_id), barrier, rounds };
                self.deadline = barrier.is_none().then_some(now + ANSWER_TIMEOUT);
            }
            Err(CommandError::QueueFull | CommandError::TooManyOutstanding) => {
                self.deadline = Some(now + GRACE_PERIOD);
                return false;
            }
            Err(_) if self.batch.len() > 1 => {
                // The packet exceeds the server's Maximum Packet Size: half of the topics at a time.
                let half = self.batch.len() / 2;
                self.next = self.batch[half].item;
                self.batch.truncate(half);
            }
            Err(_) => {
                self.batch[0].found = Found::Refused(ReasonCode::PacketTooLarge);
                self.conclude(false);
                self.end_batch();
            }
        }
        true
    }

    /// The look-up has ended. What it found is the outcome, or decides what is published.
    fn decide(&mut self, fleet: &Fleet, now: Time) {
        if self.task == Task::LookUp || self.is_check {
            return self.conclude(false);
        }
        let mut is_any_due = false;
        for entry in &mut self.batch {
            let item = &mut self.items[entry.item];
            item.outcome = match (self.task, entry.found) {
                (_, Found::Refused(_)) => item.outcome,
                (Task::Undo, Found::Kept { same_bytes: true, .. }) => Outcome::Restored,
                (Task::Undo, _) if entry.came_live || has_spoken(fleet, item) => Outcome::Superseded,
                (Task::Undo, Found::Kept { .. }) => Outcome::Superseded,
                (_, Found::Kept { same_bytes: false, .. }) => Outcome::Changed,
                (Task::Delete, _) if entry.came_live => Outcome::Changed,
                (Task::Delete, Found::Nothing) => Outcome::Nothing,
                (_, Found::Kept { .. } | Found::Nothing) => {
                    entry.sending = Sending::Due;
                    // From here on, what is found is what the broker retains after the PUBLISH.
                    entry.found = Found::Nothing;
                    is_any_due = true;
                    continue;
                }
            };
        }
        self.deadline = None;
        if is_any_due {
            self.stage = Stage::Publishing { until: now + ANSWER_TIMEOUT };
        } else {
            self.conclude(false);
        }
    }

    /// Publishes what is due, as much as the session accepts. Whether all acknowledgements came or timed out.
    fn publish(&mut self, session: &mut Session, until: Time, now: Time) -> bool {
        for entry in self.batch.iter_mut().filter(|entry| entry.sending == Sending::Due) {
            let item = &self.items[entry.item];
            let topic = TopicName::new(&item.topic).expect("a message came on it");
            let kept = item.kept.as_ref().filter(|_| self.task == Task::Undo);
            // A deletion has QoS 1, because a refusal at QoS 0 is not acknowledged.
            let (payload, qos, properties) = match kept {
                Some(kept) => (&*kept.payload, kept.qos, kept.properties.as_properties()),
                None => (&[][..], QoS::AtLeastOnce, Properties::EMPTY),
            };
            let publish =
                |session: &mut Session, qos| session.publish_with(topic, payload, qos, true, properties);
            let mut queued = publish(session, qos);
            if queued == Err(CommandError::QoSNotSupported) {
                queued = publish(session, QoS::AtMostOnce);
            }
            entry.sending = match queued {
                Ok(Some(packet_id)) => Sending::Sent(packet_id),
                Ok(None) => Sending::Ended(None),
                Err(CommandError::QueueFull | CommandError::TooManyOutstanding) if now < until => break,
                // No answer for so long: this topic and all after it are left as they are.
                Err(CommandError::QueueFull | CommandError::TooManyOutstanding) => Sending::Not,
                Err(CommandError::RetainNotSupported) => Sending::Ended(Some(ReasonCode::RetainNotSupported)),
                Err(CommandError::PacketTooLarge) => Sending::Ended(Some(ReasonCode::PacketTooLarge)),
                Err(_) => Sending::Ended(Some(ReasonCode::ImplementationSpecificError)),
            };
            if entry.sending == Sending::Not {
                self.next = self.items.len();
            }
        }
        let waits = |entry: &Entry| matches!(entry.sending, Sending::Due | Sending::Sent(_));
        if now < until && self.batch.iter().any(waits) {
            let is_any_due = self.batch.iter().any(|entry| entry.sending == Sending::Due);
            self.deadline = Some(if is_any_due { until.min(now + GRACE_PERIOD) } else { until });
            return false;
        }
        self.is_check = true;
        self.stage = Stage::Asking;
        self.deadline = None;
        true
    }

    /// Stores the outcomes of the batch. `is_lost`: a message that was not found may be retained nevertheless.
    pub(super) fn conclude(&mut self, is_lost: bool) {
        for entry in &self.batch {
            let item = &mut self.items[entry.item];
            let refusal = match entry.sending {
                Sending::Sent(_) => None,
                Sending::Ended(refusal) => refusal,
                // A topic that was not published to keeps its outcome, which `decide` may have set.
                Sending::Not | Sending::Due if self.task != Task::LookUp => continue,
                Sending::Not | Sending::Due => None,
            };
            item.outcome = match (self.task, entry.found, refusal) {
                (Task::LookUp, Found::Refused(code), _) => Outcome::LookUpRefused(code),
                (Task::LookUp, Found::Nothing, _) if is_lost => Outcome::Unknown,
                (Task::LookUp, Found::Nothing, _) => Outcome::Nothing,
                (Task::LookUp, Found::Kept { bytes, .. }, _) => match &item.kept {
                    Some(kept) => Outcome::Kept { bytes, qos: kept.qos },
                    None => Outcome::TooLarge { bytes },
                },
                (Task::Delete, Found::Kept { same_bytes, .. }, None) => {
                    Outcome::StillThere { same_bytes, came_live: entry.came_live }
                }
                (Task::Delete, Found::Nothing, _) if !is_lost => Outcome::Gone,
                (Task::Delete, _, Some(code)) => Outcome::Refused(code),
                (Task::Undo, Found::Kept { same_bytes: true, .. }, _) => Outcome::Restored,
                (Task::Undo, Found::Kept { .. }, _) => Outcome::Superseded,
                (Task::Undo, Found::Nothing, _) if !is_lost => Outcome::NotRestored(refusal),
                (Task::Undo, _, Some(_)) => Outcome::NotRestored(refusal),
                (Task::Delete | Task::Undo, _, None) => Outcome::Unverified,
            };
        }
        self.done += self.batch.len();
        self.stage = Stage::Leaving(None);
        self.deadline = None;
    }

    /// Unsubscribes from the topics of the batch, except those that the board itself subscribes to.
    fn unsubscribe(
        &self,
        session: &mut Session,
        snapshot: &Snapshot,
    ) -> Result<Option<PacketId>, CommandError> {
        let items = self.batch.iter().map(|entry| &self.items[entry.item]);
        let ours = items.filter(|item| !snapshot.subscribes_to(&item.topic));
        let filters: Vec<_> = ours.filter_map(|item| filter(&item.topic)).collect();
        if filters.is_empty() { Ok(None) } else { session.unsubscribe(&filters).map(Some) }
    }
}

/// Whether the device has published to this topic since its message was deleted, which removed the device too.
fn has_spoken(fleet: &Fleet, item: &Item) -> bool {
    let device = fleet.find_by_id(item.convention, &item.id).and_then(|handle| fleet.device(handle));
    device.is_some_and(|device| *device.topic == *item.topic && device.evidence == Evidence::Live)
}
