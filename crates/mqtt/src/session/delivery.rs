//! QoS 1 and 2 in both directions (section 4.3): what waits for an acknowledgement, and what is sent again.
//!
//! This is the client's part of the session state of section 4.1; it outlives a connection if the session
//! does. Never sends a message twice on one connection ([MQTT-4.4.0-1]): messages are sent again only to a
//! server that resumes the session. Never touches a message at QoS 0. The session calls it.

use std::collections::{HashMap, VecDeque};

use super::state::{Core, QueuedEvent, State};
use super::{CommandError, Event};
use crate::encode::encode;
use crate::error::Violation;
use crate::packet::{Ack, Delivery, Packet, PacketId, PacketType, Publish, QoS, Version};
use crate::reason::ReasonCode;

/// The flags of a PUBLISH in its first byte (section 3.3.1).
const DUP: u8 = 0b1000;
const RETAIN: u8 = 0b0001;

/// The QoS 1 and 2 messages that the client has sent and the server has not acknowledged yet.
///
/// ```text
///  publish         ┌────────┐  PUBACK
///  ──────────────▶ │ Puback │ ──────────────────────────────▶ ended
///      QoS 1       └────────┘
///                  ┌────────┐  PUBREC refuses (5.0)
///  ──────────────▶ │ Pubrec │ ──────────────────────────────▶ ended
///      QoS 2       └────────┘
///                      │ PUBREC / PUBREL  ┌─────────┐ PUBCOMP
///                      └────────────────▶ │ Pubcomp │ ──────▶ ended
///                                         └─────────┘
/// ```
///
/// The end of a connection changes no state. If the next connection resumes the session, messages that wait
/// for PUBACK or PUBREC send their PUBLISH again with DUP, and those that wait for PUBCOMP their PUBREL. If
/// not, all are lost.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    messages: HashMap<PacketId, Message>,
    /// The total length of the packets that are kept to be sent again.
    bytes: usize,
    /// The last number given as a message's `order`.
    order: u64,
    /// How many more messages may be sent (section 4.9).
    quota: u16,
    /// Messages to be sent again as soon as the quota allows. While there are any, the quota is 0.
    waiting: VecDeque<PacketId>,
}

#[derive(Debug)]
struct Message {
    waits_for: Answer,
    /// Packets are sent again in this order. A PUBREL has a number of its own, not its PUBLISH's.
    order: u64,
    /// The whole PUBLISH, without a topic alias; empty if it will never be sent again.
    packet: Box<[u8]>,
    /// Whether it uses one of this connection's quota, which is returned when the message ends.
    uses_quota: bool,
    /// Whether the driver has taken it on an earlier connection, so that sending it again needs DUP.
    is_sent: bool,
    /// The value of `Core::taken` when it was queued last.
    queued_after: u64,
}

/// The acknowledgement that ends a message, or moves it to its next state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Puback,
    Pubrec,
    Pubcomp,
    /// None: the server that resumed the session accepts no such packet any more. The identifier stays in
    /// use, because the server may still know it.
    Nothing,
}

impl Outbound {
    pub(super) fn has(&self, packet_id: PacketId) -> bool {
        self.messages.contains_key(&packet_id)
    }

    /// How many identifiers are in use.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// How many messages wait for an acknowledgement.
    pub(super) fn in_flight(&self) -> usize {
        self.messages.values().filter(|message| message.waits_for != Answer::Nothing).count()
    }

    #[cfg(test)]
    pub(super) fn kept_bytes(&self) -> usize {
        self.bytes
    }

    /// A connection begins. The quota is not carried over from the connection before (section 4.9).
    pub(super) fn begin(&mut self, quota: u16) {
        self.quota = quota;
        self.messages.values_mut().for_each(|message| message.uses_quota = false);
        self.waiting.clear();
    }

    /// A connection ended. `dropped`: queued bytes that the driver has not taken are discarded.
    pub(super) fn link_ended(&mut self, dropped: bool, taken: u64) {
        for message in self.messages.values_mut() {
            message.is_sent |= message.queued_after != u64::MAX && (!dropped || message.queued_after < taken);
            message.queued_after = u64::MAX;
        }
        self.waiting.clear();
    }

    /// Discards all messages. Returns those that waited for an acknowledgement, in the order of sending.
    fn clear(&mut self) -> Vec<PacketId> {
        let lost = self.unacknowledged();
        self.messages.clear();
        self.waiting.clear();
        self.bytes = 0;
        lost
    }

    /// The messages that wait for an acknowledgement, in the order of sending.
    fn unacknowledged(&self) -> Vec<PacketId> {
        let waiting = self.messages.iter().filter(|(_, message)| message.waits_for != Answer::Nothing);
        let mut ordered: Vec<(u64, PacketId)> = waiting.map(|(id, message)| (message.order, *id)).collect();
        ordered.sort_unstable();
        ordered.into_iter().map(|(_, id)| id).collect()
    }

    fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    fn waits_for(&self, packet_id: PacketId) -> Option<Answer> {
        self.messages.get(&packet_id).map(|message| message.waits_for)
    }

    /// A message ends: by PUBACK, PUBCOMP or a refusing PUBREC. Its quota is returned, if it used any. A PUBREL
    /// that is sent again uses none, so its PUBCOMP returns none. Section 4.9 would allow it below the initial
    /// quota, but then the server could see more PUBLISHes than its Receive Maximum ([MQTT-3.3.4-7]).
    fn end(&mut self, packet_id: PacketId) {
        if let Some(message) = self.messages.remove(&packet_id) {
            self.bytes -= message.packet.len();
            self.quota += u16::from(message.uses_quota);
        }
        self.waiting.retain(|waiting| *waiting != packet_id);
    }

    /// Drops the PUBLISH of a message, which will not be sent again.
    fn drop_packet(&mut self, packet_id: PacketId, waits_for: Answer) {
        let order = self.next_order();
        if let Some(message) = self.messages.get_mut(&packet_id) {
            message.order = order;
            message.waits_for = waits_for;
            self.bytes -= std::mem::take(&mut message.packet).len();
        }
        self.waiting.retain(|waiting| *waiting != packet_id);
    }
}

/// QoS 2 messages that were received and not released by a PUBREL yet ([MQTT-4.3.3-10]), and how much the
/// server uses of the client's Receive Maximum.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    /// At most one for each packet identifier, so at most 65,535.
    unreleased: HashMap<PacketId, ReceivedOn>,
    /// How many of them came on this connection.
    counted: u32,
    /// PUBACKs and PUBCOMPs that the driver has not taken yet, so the server cannot have received them.
    untaken: u32,
    maximum: u32,
}

/// The connection on which an unreleased message was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ReceivedOn {
    /// An earlier one, so that it does not count for this connection's Receive Maximum.
    EarlierConnection,
    ThisConnection,
}

impl Inbound {
    /// A connection begins, with the Receive Maximum that CONNECT stated.
    pub(super) fn begin(&mut self, maximum: u16) {
        self.unreleased.values_mut().for_each(|received_on| *received_on = ReceivedOn::EarlierConnection);
        self.counted = 0;
        self.untaken = 0;
        self.maximum = maximum.into();
    }

    /// The driver took everything that was queued.
    pub(super) fn taken(&mut self) {
        self.untaken = 0;
    }

    fn clear(&mut self) {
        self.unreleased.clear();
        self.counted = 0;
    }

    fn is_exceeded(&self) -> bool {
        self.counted + self.untaken > self.maximum
    }
}

impl Core {
    /// The session is gone: discards its state, and reports the messages in flight as lost.
    pub(super) fn discard_session(&mut self) {
        self.inbound.clear();
        let lost = self.outbound.clear();
        self.events.extend(lost.into_iter().map(QueuedEvent::PublishLost));
    }

    /// Queues a PUBLISH for the caller.
    pub(super) fn publish(
        &mut self,
        publish: Publish<'_>,
        qos: QoS,
    ) -> Result<Option<PacketId>, CommandError> {
        let connection = &self.connection;
        if self.state != State::Connected {
            return Err(CommandError::NotConnected);
        }
        // [MQTT-3.2.2-11]
        if qos > connection.maximum_qos {
            return Err(CommandError::QoSNotSupported);
        }
        // [MQTT-3.2.2-14]
        if publish.retain && !connection.retain_available {
            return Err(CommandError::RetainNotSupported);
        }
        // [MQTT-3.3.4-6]. Topic aliases are assigned by the session alone.
        let forbidden = [
            (0x0B, "subscription_identifier", Violation::PropertyMisplaced),
            (0x23, "topic_alias", Violation::TopicAliasForbidden),
        ];
        for (identifier, field, violation) in forbidden {
            if publish.properties.has(identifier) {
                return Err(CommandError::Invalid(self.error(PacketType::Publish, field, violation)));
            }
        }
        if qos == QoS::AtMostOnce {
            self.command_publish(Publish { delivery: Delivery::AtMostOnce, ..publish })?;
            return Ok(None);
        }
        // [MQTT-3.3.4-7], [MQTT-4.9.0-2]
        if self.outbound.quota == 0 || self.outbound.len() >= self.options.max_in_flight.into() {
            return Err(CommandError::TooManyOutstanding);
        }
        let packet_id = self.free_packet_id()?;
        let (delivery, waits_for) = match qos {
            QoS::ExactlyOnce => (Delivery::ExactlyOnce { packet_id, dup: false }, Answer::Pubrec),
            _ => (Delivery::AtLeastOnce { packet_id, dup: false }, Answer::Puback),
        };
        let publish = Publish { delivery, ..publish };
        let mut packet = Vec::new();
        if self.connection.lasts {
            encode(&Packet::Publish(publish), self.version, &mut packet).map_err(CommandError::Invalid)?;
            if packet.len() > self.options.max_resume_bytes {
                return Err(CommandError::PacketTooLarge);
            }
            if packet.len() > self.options.max_resume_bytes - self.outbound.bytes {
                return Err(CommandError::TooManyOutstanding);
            }
        }
        self.command_publish(publish)?;
        let outbound = &mut self.outbound;
        outbound.quota -= 1;
        outbound.bytes += packet.len();
        let order = outbound.next_order();
        let packet = packet.into_boxed_slice();
        let message =
            Message { waits_for, order, packet, uses_quota: true, is_sent: false, queued_after: self.taken };
        outbound.messages.insert(packet_id, message);
        Ok(Some(packet_id))
    }

    // An acknowledgement that no message waits for is ignored: it does no harm, and some servers repeat theirs.

    pub(super) fn puback<'a>(&mut self, ack: Ack<'a>) -> Option<Event<'a>> {
        if self.outbound.waits_for(ack.packet_id) != Some(Answer::Puback) {
            return None;
        }
        self.outbound.end(ack.packet_id);
        self.send_waiting();
        Some(Event::Puback(ack))
    }

    pub(super) fn pubrec<'a>(&mut self, ack: Ack<'a>) -> Option<Event<'a>> {
        let refuses = ack.reason_code.byte() >= 0x80;
        match self.outbound.waits_for(ack.packet_id) {
            Some(Answer::Pubrec) if refuses => {
                self.outbound.end(ack.packet_id);
                self.send_waiting();
                Some(Event::Pubrec(ack))
            }
            // [MQTT-4.3.3-4], in the order of the PUBRECs ([MQTT-4.6.0-4]). The PUBLISH is never sent again
            // ([MQTT-4.3.3-6]).
            Some(Answer::Pubrec) => {
                self.outbound.drop_packet(ack.packet_id, Answer::Pubcomp);
                self.send(&Packet::Pubrel(Ack::success(ack.packet_id)));
                Some(Event::Pubrec(ack))
            }
            Some(Answer::Pubcomp) if !refuses => {
                self.send(&Packet::Pubrel(Ack::success(ack.packet_id)));
                None
            }
            // The server knows a message that this client does not: the answer lets it discard the message
            // (section 3.6.2.1).
            None if !refuses && !self.connection.pending.contains_key(&ack.packet_id) => {
                self.send(&Packet::Pubrel(self.not_found(ack.packet_id)));
                None
            }
            _ => None,
        }
    }

    pub(super) fn pubcomp<'a>(&mut self, ack: Ack<'a>) -> Option<Event<'a>> {
        if self.outbound.waits_for(ack.packet_id) != Some(Answer::Pubcomp) {
            return None;
        }
        self.outbound.end(ack.packet_id);
        self.send_waiting();
        Some(Event::Pubcomp(ack))
    }

    pub(super) fn pubrel(&mut self, packet_id: PacketId) {
        let answer = match self.inbound.unreleased.remove(&packet_id) {
            None => self.not_found(packet_id),
            // Its PUBLISH used nothing of this connection's quota (section 4.9).
            Some(ReceivedOn::EarlierConnection) => Ack::success(packet_id),
            Some(ReceivedOn::ThisConnection) => {
                self.inbound.counted -= 1;
                self.inbound.untaken += 1;
                Ack::success(packet_id)
            }
        };
        self.send(&Packet::Pubcomp(answer));
    }

    /// The answer about an unknown packet identifier. 3.1.1 has no code for it, so it has `Success` there.
    fn not_found(&self, packet_id: PacketId) -> Ack<'static> {
        let mut ack = Ack::success(packet_id);
        if self.version == Version::V5 {
            ack.reason_code = ReasonCode::PacketIdentifierNotFound;
        }
        ack
    }

    /// The server resumes the session: sends again what it has not acknowledged, in the order of sending
    /// ([MQTT-4.4.0-1], [MQTT-4.6.0-1]).
    pub(super) fn resume(&mut self) {
        let maximum = self.maximum_packet_size();
        for packet_id in self.outbound.unacknowledged() {
            let Some(message) = self.outbound.messages.get(&packet_id) else { continue };
            if message.waits_for == Answer::Pubcomp {
                match self.send(&Packet::Pubrel(Ack::success(packet_id))) {
                    true => continue,
                    false => return,
                }
            }
            // The limits of this connection's CONNACK apply to these messages too.
            let retains = message.packet[0] & RETAIN != 0;
            let qos = match message.waits_for {
                Answer::Puback => QoS::AtLeastOnce,
                _ => QoS::ExactlyOnce,
            };
            if message.packet.len() > maximum
                || qos > self.connection.maximum_qos
                || retains && !self.connection.retain_available
            {
                self.outbound.drop_packet(packet_id, Answer::Nothing);
                self.events.push_back(QueuedEvent::PublishLost(packet_id));
                continue;
            }
            self.outbound.waiting.push_back(packet_id);
            self.send_waiting();
        }
    }

    /// Sends waiting messages again, as many as the quota allows ([MQTT-4.9.0-2]).
    fn send_waiting(&mut self) {
        while self.outbound.quota > 0
            && let Some(packet_id) = self.outbound.waiting.pop_front()
        {
            let Some(message) = self.outbound.messages.get_mut(&packet_id) else { continue };
            message.queued_after = self.taken;
            message.uses_quota = true;
            let start = self.outbox.len();
            self.outbox.extend_from_slice(&message.packet);
            if message.is_sent {
                // [MQTT-3.3.1-1]
                self.outbox[start] |= DUP;
            }
            self.outbound.quota -= 1;
            self.connection.liveness.sent(self.now);
        }
    }

    /// Acknowledges a message as its QoS demands. Whether it is to be passed to the caller.
    #[inline]
    pub(super) fn receive(&mut self, delivery: Delivery, retain: bool) -> bool {
        if retain {
            self.connection.liveness.retained(self.now);
        }
        match delivery {
            Delivery::AtMostOnce => true,
            // [MQTT-4.3.2-4], in their order ([MQTT-4.6.0-2]).
            Delivery::AtLeastOnce { packet_id, .. } => {
                self.inbound.untaken += 1;
                self.send(&Packet::Puback(Ack::success(packet_id))) && self.check_receive_maximum()
            }
            // [MQTT-4.3.3-8], in their order ([MQTT-4.6.0-3]).
            Delivery::ExactlyOnce { packet_id, .. } => {
                if !self.send(&Packet::Pubrec(Ack::success(packet_id))) {
                    return false;
                }
                let before = self.inbound.unreleased.insert(packet_id, ReceivedOn::ThisConnection);
                self.inbound.counted += u32::from(before != Some(ReceivedOn::ThisConnection));
                // [MQTT-4.3.3-10]: passed on once, however often it comes.
                self.check_receive_maximum() && before.is_none()
            }
        }
    }

    /// [MQTT-3.3.4-9]: ends the link if the server sends more messages than Receive Maximum allows. Whether it
    /// kept to that.
    fn check_receive_maximum(&mut self) -> bool {
        let exceeded = self.inbound.is_exceeded();
        if exceeded {
            let violation = Violation::ReceiveMaximumExceeded;
            self.protocol_error(self.error(PacketType::Publish, "packet_identifier", violation));
        }
        !exceeded
    }
}
