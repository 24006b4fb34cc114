//! Events of the session, as far as they concern the topics under way.
//!
//! Never sends anything: `steps` does. The engine passes every event.

use mqtt::property::Place;
use mqtt::{BarrierId, Event, PacketId, PacketType, PropertiesBuf, Property, Publish, QoS, ReasonCode, Time};

use super::batch::{Found, Sending, Stage};
use super::{Deletion, Kept, MAX_BYTES, MAX_PROPERTIES, Outcome, Task};
use crate::snapshot::ANSWER_TIMEOUT;

impl Deletion {
    /// Something happened. Returns, for a message, whether it came only because of this look-up, or repeats what was
    /// just restored. Then it is as old as the retained message, whatever its RETAIN flag says.
    pub(crate) fn handle_event(&mut self, event: &Event<'_>, now: Time) -> bool {
        match event {
            Event::Publish(publish) => return self.handle_message(publish),
            Event::Suback(suback) => self.handle_suback(suback.packet_id, suback.reason_codes.iter()),
            Event::Unsuback(unsuback) => self.handle_unsuback(unsuback.packet_id),
            // PUBREC is enough: what the broker retains is looked up after it.
            Event::Puback(ack) | Event::Pubrec(ack) | Event::Pubcomp(ack) => {
                self.handle_ack(ack.packet_id, ack.reason_code, now);
            }
            Event::Barrier(barrier) => self.handle_barrier(*barrier, now),
            Event::BarrierLost(barrier) => self.handle_barrier_lost(*barrier),
            Event::ClockJump { .. } => self.handle_link_lost(),
            _ => {}
        }
        false
    }

    /// The link ended, or perhaps did: the task ends, and what was under way is unknown.
    pub(super) fn handle_link_lost(&mut self) {
        if !self.is_running() {
            return;
        }
        self.stop();
        if !matches!(self.stage, Stage::Idle | Stage::Leaving(_)) {
            self.conclude(true);
        }
        if self.task == Task::LookUp {
            for item in self.items.iter_mut().filter(|item| item.outcome == Outcome::Waiting) {
                item.outcome = Outcome::Unknown;
            }
        }
    }

    fn handle_message(&mut self, publish: &Publish<'_>) -> bool {
        let Deletion { items, batch, stage, .. } = self;
        let topic = publish.topic.as_str();
        let Some(entry) = batch.iter_mut().find(|entry| *items[entry.item].topic == *topic) else {
            return false;
        };
        let item = &mut items[entry.item];
        let same_bytes = item.payload() == Some(publish.payload);
        if !publish.retain {
            let is_ours = self.task == Task::Undo && entry.sending != Sending::Not && same_bytes;
            entry.came_live |= !is_ours && !publish.payload.is_empty();
            return is_ours;
        }
        let Stage::Looking { subscribe, rounds, .. } = stage else {
            return true;
        };
        let qos = publish.qos();
        // ejabberd sends messages of QoS 1 and 2 one by one, each after the acknowledgement of the one before: the
        // next one comes before the next PINGRESP, at QoS 2 before the one after that.
        *rounds = if qos == QoS::ExactlyOnce { 2 } else { 1 };
        if subscribe.is_none() {
            self.deadline = None;
        }
        if entry.found != Found::Nothing || publish.payload.is_empty() {
            return true;
        }
        let bytes = publish.payload.len().try_into().unwrap_or(u32::MAX);
        entry.found = Found::Kept { bytes, same_bytes };
        let size = publish.payload.len() + publish.properties.as_bytes().len();
        let has_room = size <= MAX_BYTES - self.bytes;
        if self.task == Task::LookUp && has_room && publish.properties.as_bytes().len() <= MAX_PROPERTIES {
            let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
            for property in publish.properties {
                // These two belong to the delivery, not to the message.
                if !matches!(property, Property::TopicAlias(_) | Property::SubscriptionIdentifier(_)) {
                    properties.push(property).expect("a PUBLISH had it");
                }
            }
            self.bytes += size;
            item.kept = Some(Kept { payload: publish.payload.into(), qos, properties });
        }
        true
    }

    /// A SUBSCRIBE was answered, with a reason code for each topic.
    fn handle_suback(&mut self, packet_id: PacketId, codes: impl Iterator<Item = ReasonCode>) {
        if let Stage::Looking { subscribe, .. } = &mut self.stage
            && *subscribe == Some(packet_id)
        {
            *subscribe = None;
            self.deadline = None;
            for (entry, code) in self.batch.iter_mut().zip(codes) {
                // [MQTT-3.9.3-2] and section 3.9.3
                if code.is_error() {
                    entry.found = Found::Refused(code);
                }
            }
        }
    }

    /// An UNSUBSCRIBE was answered.
    fn handle_unsuback(&mut self, packet_id: PacketId) {
        if let Stage::Leaving(Some(unsubscribe)) = self.stage
            && unsubscribe == packet_id
        {
            self.end_batch();
        }
    }

    /// A barrier was answered.
    fn handle_barrier(&mut self, answered: BarrierId, now: Time) {
        if let Stage::Looking { subscribe, barrier, rounds } = &mut self.stage
            && *barrier == Some(answered)
        {
            *barrier = None;
            if subscribe.is_some() {
                // The broker answers PINGREQ before it has finished SUBSCRIBE: another barrier follows the SUBACK.
                *rounds = (*rounds).max(1);
                self.deadline = Some(now + ANSWER_TIMEOUT);
            }
        }
    }

    /// A barrier's answer was dropped by the broker, and perhaps messages before it.
    fn handle_barrier_lost(&mut self, lost: BarrierId) {
        if let Stage::Looking { barrier, .. } = self.stage
            && barrier == Some(lost)
        {
            self.conclude(true);
        }
    }

    /// A message was acknowledged, or refused.
    fn handle_ack(&mut self, packet_id: PacketId, reason: ReasonCode, now: Time) {
        let sent = Sending::Sent(packet_id);
        if let Some(entry) = self.batch.iter_mut().find(|entry| entry.sending == sent) {
            entry.sending = Sending::Ended(reason.is_error().then_some(reason));
            if let Stage::Publishing { until } = &mut self.stage {
                *until = now + ANSWER_TIMEOUT;
            }
        }
    }
}
