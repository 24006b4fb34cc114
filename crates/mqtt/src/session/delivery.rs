//! QoS 1 and 2, both ways (section 4.3): what waits for its answer, and what is sent again.
//!
//! This is the session state of section 4.1 as far as a client has one; it outlives a connection if
//! the session does. Sends nothing twice on one connection ([MQTT-4.4.0-1]): only a server that says
//! Session Present is told again what it has not acknowledged. Never touches a message at QoS 0. The
//! session calls it.

use std::collections::VecDeque;

use super::by_id::ById;
use super::{CommandError, Core, Event, State, Told};
use crate::encode::encode_for_client;
use crate::error::Violation;
use crate::packet::{Ack, Delivery, Packet, PacketId, PacketType, Publish, QoS, Version};
use crate::reason::ReasonCode;

/// The flags of a PUBLISH in its first byte (section 3.3.1).
const DUP: u8 = 0b1000;
const RETAIN: u8 = 0b0001;

/// What the client has sent at QoS 1 and 2, and the server has not acknowledged yet.
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
/// A connection that ends moves nothing. If the next one resumes the session, `Puback` and `Pubrec`
/// send their PUBLISH again with DUP, `Pubcomp` its PUBREL; if not, all are lost.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    messages: ById<Message>,
    /// Of the packets that are kept to be sent again.
    bytes: usize,
    /// The order of the next packet.
    order: u64,
    /// How many more may be sent (section 4.9).
    quota: u16,
    /// What is still to be sent again when the quota allows; it is 0 while any waits.
    waiting: VecDeque<PacketId>,
}

#[derive(Debug)]
struct Message {
    waits_for: Answer,
    /// By which packets are sent again; PUBREL has another than its PUBLISH.
    order: u64,
    /// The whole PUBLISH, without a topic alias; empty if it will never be sent again.
    packet: Box<[u8]>,
    /// Whether it took one of this connection's quota, which its end then gives back.
    counts: bool,
    /// Whether the driver has taken it on an earlier connection, so that sending it is a repetition.
    is_sent: bool,
    /// How many times the driver had taken bytes when it was queued last.
    queued_after: u64,
}

/// What ends a message, or moves it on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Puback,
    Pubrec,
    Pubcomp,
    /// None: the resumed session's server takes no such packet any more. The identifier stays in
    /// use, for the server may remember it.
    Nothing,
}

impl Outbound {
    pub(super) fn has(&self, packet_id: PacketId) -> bool {
        self.messages.has(packet_id)
    }

    /// How many identifiers are in use.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// How many messages wait for their end.
    pub(super) fn in_flight(&self) -> usize {
        self.messages.iter().filter(|(_, message)| message.waits_for != Answer::Nothing).count()
    }

    #[cfg(test)]
    pub(super) fn kept_bytes(&self) -> usize {
        self.bytes
    }

    /// A connection begins: the quota is not carried over from the one before (section 4.9).
    pub(super) fn begin(&mut self, quota: u16) {
        self.quota = quota;
        self.messages.values_mut().for_each(|message| message.counts = false);
        self.waiting.clear();
    }

    /// A connection ended. `dropped`: with what was queued and the driver never took.
    pub(super) fn link_ended(&mut self, dropped: bool, taken: u64) {
        for message in self.messages.values_mut() {
            message.is_sent |= message.queued_after != u64::MAX && (!dropped || message.queued_after < taken);
            message.queued_after = u64::MAX;
        }
        self.waiting.clear();
    }

    /// Forgets everything; what it was, in its order.
    fn clear(&mut self) -> Vec<PacketId> {
        let lost = self.in_order(|message| message.waits_for != Answer::Nothing);
        self.messages.clear();
        self.waiting.clear();
        self.bytes = 0;
        lost
    }

    fn in_order(&self, which: impl Fn(&Message) -> bool) -> Vec<PacketId> {
        let mut ordered: Vec<(u64, PacketId)> = Vec::new();
        for (id, message) in self.messages.iter().filter(|(_, message)| which(message)) {
            // Nearly in order already, since identifiers are given in turn: no sort is linked in for them.
            let place = ordered.partition_point(|(order, _)| *order < message.order);
            ordered.insert(place, (message.order, *id));
        }
        ordered.into_iter().map(|(_, id)| id).collect()
    }

    fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    fn waits_for(&self, packet_id: PacketId) -> Option<Answer> {
        self.messages.get(packet_id).map(|message| message.waits_for)
    }

    /// A message ends. PUBACK, PUBCOMP and a refusing PUBREC give back what it took of the quota. A PUBREL
    /// that is sent again takes none, so its PUBCOMP gives none back: section 4.9 would allow that below the
    /// first quota, and the server would see more PUBLISHes than its Receive Maximum ([MQTT-3.3.4-7]).
    fn end(&mut self, packet_id: PacketId) {
        if let Some(message) = self.messages.remove(packet_id) {
            self.bytes -= message.packet.len();
            self.quota += u16::from(message.counts);
        }
        self.waiting.retain(|waiting| *waiting != packet_id);
    }

    /// The PUBLISH of this message is not needed any more.
    fn drop_packet(&mut self, packet_id: PacketId, waits_for: Answer) {
        let order = self.next_order();
        if let Some(message) = self.messages.get_mut(packet_id) {
            message.order = order;
            message.waits_for = waits_for;
            self.bytes -= std::mem::take(&mut message.packet).len();
        }
        self.waiting.retain(|waiting| *waiting != packet_id);
    }
}

/// QoS 2 messages that came and were not released yet ([MQTT-4.3.3-10]), and how far the server
/// has used up the Receive Maximum that it was told.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    /// By packet identifier, as far as any came.
    unreleased: Vec<Unreleased>,
    counted: u32,
    /// PUBACKs and PUBCOMPs that the driver has not taken yet: the server cannot have them.
    untaken: u32,
    maximum: u32,
}

/// What came under a packet identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Unreleased {
    /// Nothing that is not released.
    #[default]
    Nothing,
    /// A message of an earlier connection.
    Earlier,
    /// A message of this connection, which counts.
    Counts,
}

impl Inbound {
    /// Something came under this identifier, or was released. Returns what was there.
    fn set(&mut self, packet_id: PacketId, unreleased: Unreleased) -> Unreleased {
        let place = usize::from(packet_id.get());
        if place >= self.unreleased.len() {
            self.unreleased.resize(place + 1, Unreleased::Nothing);
        }
        std::mem::replace(&mut self.unreleased[place], unreleased)
    }

    pub(super) fn begin(&mut self, maximum: u16) {
        for unreleased in &mut self.unreleased {
            if *unreleased == Unreleased::Counts {
                *unreleased = Unreleased::Earlier;
            }
        }
        self.counted = 0;
        self.untaken = 0;
        self.maximum = maximum.into();
    }

    /// The driver took all that was queued.
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
    /// The session is gone, and with it whatever was under way.
    pub(super) fn forget(&mut self) {
        self.inbound.clear();
        let lost = self.outbound.clear();
        self.events.extend(lost.into_iter().map(Told::PublishLost));
    }

    /// Queues a message of a caller's.
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
        // [MQTT-3.3.4-6]; and aliases are the session's to give.
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
            encode_for_client(&Packet::Publish(publish), self.version, &mut packet)
                .map_err(CommandError::Invalid)?;
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
            Message { waits_for, order, packet, counts: true, is_sent: false, queued_after: self.taken };
        outbound.messages.insert(packet_id, message);
        Ok(Some(packet_id))
    }

    // An acknowledgement that nothing waits for is passed over: it does no harm, and some servers
    // repeat theirs.

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
            // [MQTT-4.3.3-4], in the order of the PUBRECs ([MQTT-4.6.0-4]). From here on the PUBLISH
            // is not sent again ([MQTT-4.3.3-6]).
            Some(Answer::Pubrec) => {
                self.outbound.drop_packet(ack.packet_id, Answer::Pubcomp);
                self.send(&Packet::Pubrel(Ack::success(ack.packet_id)));
                Some(Event::Pubrec(ack))
            }
            Some(Answer::Pubcomp) if !refuses => {
                self.send(&Packet::Pubrel(Ack::success(ack.packet_id)));
                None
            }
            // A server that remembers more than this client is helped to forget it (section 3.6.2.1).
            None if !refuses && !self.connection.pending.has(ack.packet_id) => {
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
        let answer = match self.inbound.set(packet_id, Unreleased::Nothing) {
            Unreleased::Nothing => self.not_found(packet_id),
            before => {
                let counts = before == Unreleased::Counts;
                // A PUBREL whose PUBLISH came on an earlier link took nothing of this one's quota (section 4.9).
                self.inbound.counted -= u32::from(counts);
                self.inbound.untaken += u32::from(counts);
                Ack::success(packet_id)
            }
        };
        self.send(&Packet::Pubcomp(answer));
    }

    /// 3.1.1 has no word for it.
    fn not_found(&self, packet_id: PacketId) -> Ack<'static> {
        let mut ack = Ack::success(packet_id);
        if self.version == Version::V5 {
            ack.reason_code = ReasonCode::PacketIdentifierNotFound;
        }
        ack
    }

    /// The server goes on with the session: sends again what it has not acknowledged, in the order
    /// in which it was sent ([MQTT-4.4.0-1], [MQTT-4.6.0-1]).
    pub(super) fn resume(&mut self) {
        let maximum = self.maximum_packet_size();
        for packet_id in self.outbound.in_order(|message| message.waits_for != Answer::Nothing) {
            let Some(message) = self.outbound.messages.get(packet_id) else { continue };
            if message.waits_for == Answer::Pubcomp {
                match self.send(&Packet::Pubrel(Ack::success(packet_id))) {
                    true => continue,
                    false => return,
                }
            }
            // What the server said about itself holds for these, too.
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
                self.events.push_back(Told::PublishLost(packet_id));
                continue;
            }
            self.outbound.waiting.push_back(packet_id);
            self.send_waiting();
        }
    }

    /// Sends again as much as the quota allows ([MQTT-4.9.0-2]).
    fn send_waiting(&mut self) {
        while self.outbound.quota > 0
            && let Some(packet_id) = self.outbound.waiting.pop_front()
        {
            let Some(message) = self.outbound.messages.get_mut(packet_id) else { continue };
            message.queued_after = self.taken;
            message.counts = true;
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

    /// Answers a message as its QoS wants. Whether it is to be told.
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
                self.send(&Packet::Puback(Ack::success(packet_id))) && self.heeds_receive_maximum()
            }
            // [MQTT-4.3.3-8], in their order ([MQTT-4.6.0-3]).
            Delivery::ExactlyOnce { packet_id, .. } => {
                if !self.send(&Packet::Pubrec(Ack::success(packet_id))) {
                    return false;
                }
                let before = self.inbound.set(packet_id, Unreleased::Counts);
                self.inbound.counted += u32::from(before != Unreleased::Counts);
                // [MQTT-4.3.3-10]: told once, however often it comes.
                self.heeds_receive_maximum() && before == Unreleased::Nothing
            }
        }
    }

    /// [MQTT-3.3.4-9]: ends the link if the server sends more than it was allowed.
    fn heeds_receive_maximum(&mut self) -> bool {
        let exceeded = self.inbound.is_exceeded();
        if exceeded {
            let violation = Violation::ReceiveMaximumExceeded;
            self.protocol_error(self.error(PacketType::Publish, "packet_identifier", violation));
        }
        !exceeded
    }
}
