//! What a packet from the server does: it becomes an event, is answered, or ends the link.
//!
//! CONNACK is handled in `connect`, acknowledgements of messages in `delivery`, the rest here. Never handles a
//! PUBLISH: `poll_event` does. The session calls it.

use super::link::SocketEnd;
use super::state::{Connection, Core, Pending, State};
use super::{Event, Failure};
use crate::error::{Error, Violation};
use crate::packet::{Disconnect, Packet, PacketId, PacketType, Version};
use crate::reason::ReasonCode;
use crate::stream::Frame;

impl Core {
    /// The bytes from the next packet on, and its frame. `None`: no whole packet was received, or the link has
    /// ended.
    #[inline]
    pub(super) fn measure<'a>(&mut self, received: &'a [u8]) -> Option<(&'a [u8], Frame)> {
        if !matches!(self.state, State::Handshake | State::Connected) {
            return None;
        }
        match self.cursor.measure(received) {
            Ok(measured) => {
                self.cursor.position += measured.map_or(0, |(_, frame)| frame.len);
                measured
            }
            Err(error) => {
                self.handle_invalid(error);
                None
            }
        }
    }

    /// The next packet breaks the standard.
    #[cold]
    pub(super) fn handle_invalid(&mut self, error: Error) {
        match error.violation {
            Violation::Connack311(_) if self.state == State::Handshake => self.refuse_version(),
            _ => self.protocol_error(error),
        }
    }

    /// Whether the server may send a packet of this type at this time. `handle_packet` checks the rest, once
    /// the packet is decoded.
    pub(super) fn may_receive(&self, packet: PacketType) -> bool {
        match packet {
            PacketType::Connect | PacketType::Subscribe | PacketType::Unsubscribe | PacketType::Pingreq => {
                false
            }
            PacketType::Publish => self.state == State::Connected,
            _ => true,
        }
    }

    /// Handles any packet but PUBLISH.
    pub(super) fn handle_packet<'a>(&mut self, packet: Packet<'a>) -> Option<Event<'a>> {
        // [MQTT-3.1.2-29]
        if !self.options.request_problem_information && has_problem_information(&packet) {
            let packet = packet.packet_type();
            self.protocol_error(self.error(packet, "properties", Violation::ProblemInformationUnasked));
            return None;
        }
        match (self.state, packet) {
            (State::Handshake, Packet::Connack(connack)) => self.connack(connack),
            (_, Packet::Auth(auth)) => self.auth(auth),
            // [MQTT-3.2.0-1]: CONNACK comes first, but for AUTH.
            (State::Handshake, packet) => {
                self.handle_unexpected(packet.packet_type());
                None
            }
            (_, Packet::Suback(suback)) => {
                let answers = |pending| matches!(pending, Pending::Subscribe(_));
                match self.answered(suback.packet_id, answers) {
                    // [MQTT-3.8.4-6]; 3.1.1: [MQTT-3.8.4-5]
                    Some(Pending::Subscribe(len)) if len != suback.reason_codes.len() => {
                        self.wrong_length(PacketType::Suback)
                    }
                    Some(_) => Some(Event::Suback(suback)),
                    None => None,
                }
            }
            (_, Packet::Unsuback(unsuback)) => {
                let answers = |pending| matches!(pending, Pending::Unsubscribe(_));
                match self.answered(unsuback.packet_id, answers) {
                    // [MQTT-3.11.3-1]; 3.1.1 sends no codes at all.
                    Some(Pending::Unsubscribe(len))
                        if self.version == Version::V5 && len != unsuback.reason_codes.len() =>
                    {
                        self.wrong_length(PacketType::Unsuback)
                    }
                    Some(_) => Some(Event::Unsuback(unsuback)),
                    None => None,
                }
            }
            (_, Packet::Puback(ack)) => self.puback(ack),
            (_, Packet::Pubrec(ack)) => self.pubrec(ack),
            (_, Packet::Pubcomp(ack)) => self.pubcomp(ack),
            (_, Packet::Pubrel(ack)) => {
                self.pubrel(ack.packet_id);
                None
            }
            (_, Packet::Pingresp) => {
                let Connection { liveness, pending, .. } = &mut self.connection;
                liveness.pingresp(|packet_id| pending.contains_key(&packet_id)).map(Event::Barrier)
            }
            (_, Packet::Disconnect(disconnect)) if self.version == Version::V5 => {
                self.disconnected(disconnect);
                None
            }
            // Among these a DISCONNECT in 3.1.1, which only a client may send: a server is known that sends it
            // on a takeover and leaves the socket open.
            (_, packet) => {
                self.handle_unexpected(packet.packet_type());
                None
            }
        }
    }

    /// The server sent DISCONNECT and will close the socket; so does this end (section 3.14.4).
    fn disconnected(&mut self, disconnect: Disconnect<'_>) {
        // [MQTT-3.14.2-2]. No DISCONNECT answers it: the server receives nothing after its own.
        if disconnect.properties.has(0x11) {
            let violation = Violation::SessionExpiryIntervalForbidden;
            let error = self.error(PacketType::Disconnect, "session_expiry_interval", violation);
            return self.end(Failure::Protocol(error), SocketEnd::Close);
        }
        let failure = match disconnect.reason_code {
            ReasonCode::SessionTakenOver => Failure::TakenOver,
            reason => Failure::ServerDisconnect {
                reason,
                server_reference: disconnect.properties.server_reference().map(Box::from),
                reason_string: disconnect.properties.reason_string().map(Box::from),
            },
        };
        self.end(failure, SocketEnd::Close);
    }

    /// Takes the request that this acknowledgement answers. One that answers none is ignored: it does no harm,
    /// and some servers repeat theirs.
    fn answered(&mut self, packet_id: PacketId, answers: impl Fn(Pending) -> bool) -> Option<Pending> {
        let pending = self.connection.pending.get(&packet_id).copied().filter(|pending| answers(*pending))?;
        self.connection.pending.remove(&packet_id);
        Some(pending)
    }

    /// The server sent a packet that it may not send, or not at this time.
    #[cold]
    pub(super) fn handle_unexpected(&mut self, packet: PacketType) {
        self.protocol_error(self.error(packet, "packet_type", Violation::PacketUnexpected));
    }

    fn wrong_length(&mut self, packet: PacketType) -> Option<Event<'static>> {
        self.protocol_error(self.error(packet, "reason_code", Violation::ListLength));
        None
    }
}

/// Whether an acknowledgement or an AUTH has a Reason String or a User Property.
fn has_problem_information(packet: &Packet<'_>) -> bool {
    let properties = match packet {
        Packet::Puback(ack) | Packet::Pubrec(ack) | Packet::Pubrel(ack) | Packet::Pubcomp(ack) => {
            ack.properties
        }
        Packet::Suback(suback) => suback.properties,
        Packet::Unsuback(unsuback) => unsuback.properties,
        Packet::Auth(auth) => auth.properties,
        _ => return false,
    };
    properties.has(0x1F) || properties.has(0x26)
}
