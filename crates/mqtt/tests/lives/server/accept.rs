//! How the server answers CONNECT.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use mqtt::property::Place;
use mqtt::{Connack, Packet, PacketType, PropertiesBuf, Property, QoS, ReasonCode, Version};

use super::{Kept, connack};
use crate::life::{Life, METHOD};
use crate::model::{Accept, Answer, Limits, Meaning, assigned_identifier};

impl Life {
    /// Answers CONNECT.
    pub(super) fn answer_connect(&mut self, version: Version) {
        let v5 = version == Version::V5;
        let line = self.line.as_mut().expect("a socket");
        let reason = self.random.pick(&[
            ReasonCode::UnsupportedProtocolVersion,
            ReasonCode::ClientIdentifierNotValid,
            ReasonCode::BadUserNameOrPassword,
            ReasonCode::NotAuthorized,
            ReasonCode::ServerUnavailable,
        ]);
        if line.server_side.has_asked {
            return;
        }
        if line.server_side.has_method && self.random.once_in(2) {
            let reason = ReasonCode::ContinueAuthentication;
            return self.send_auth(version, reason, Meaning::Auth(reason));
        }
        match self.random.below(16) {
            0 if v5 && reason == ReasonCode::ClientIdentifierNotValid => {
                self.send(version, connack(reason), Meaning::IdentifierRefused);
            }
            0 => self.send(version, connack(reason), Meaning::End),
            // The client falls back, if that is allowed.
            1 if v5 => self.send_bytes(&[0x20, 2, 0, 0], Meaning::End),
            2 if v5 => self.send_bytes(&[0x20, 2, 0, 1], Meaning::End),
            3 if !self.server.is_conforming => self.send(version, Packet::Pingresp, Meaning::End),
            4 if !self.server.is_conforming => self.garbage(version),
            5 => self.time(),
            _ => self.accept(version, false),
        }
    }

    /// Accepts the connection. `plainly`: with the standard's limits, and with any session that it keeps.
    pub fn accept(&mut self, version: Version, plainly: bool) {
        let line = self.line.as_mut().expect("a socket");
        let mut limits = Limits {
            keep_alive: self.session.options().keep_alive,
            receive_maximum: u16::MAX,
            maximum_qos: QoS::ExactlyOnce,
            retain: true,
            wildcards: true,
            maximum_packet_size: u32::MAX,
            topic_alias_maximum: 0,
        };
        let mut session_expiry_interval = match version {
            Version::V5 => line.server_side.session_expiry_interval,
            Version::V311 if line.clean_start => 0,
            Version::V311 => u32::MAX,
        };
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Connack));
        let mut push = |property| properties.push(property).expect("a property of CONNACK");
        let mut assigned = None;
        if version == Version::V5 && line.server_side.client_id.is_empty() {
            self.server.assigned += 1;
            assigned = Some(self.server.assigned);
            line.server_side.client_id = assigned_identifier(self.server.assigned);
            push(Property::AssignedClientIdentifier(&line.server_side.client_id));
        }
        if line.server_side.has_method {
            push(Property::AuthenticationMethod(METHOD));
        }
        if version == Version::V5 && !plainly {
            if self.random.once_in(4) {
                limits.keep_alive = self.random.pick(&[0, 1, 7]);
                push(Property::ServerKeepAlive(limits.keep_alive));
            }
            if self.random.once_in(3) {
                limits.receive_maximum = self.random.pick(&[1, 2, 3]);
                push(Property::ReceiveMaximum(limits.receive_maximum));
            }
            if self.random.once_in(8) {
                limits.maximum_qos = self.random.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce]);
                // The property has no value for QoS 2.
                push(Property::MaximumQoS(limits.maximum_qos));
            }
            if self.random.once_in(8) {
                limits.retain = false;
                push(Property::RetainAvailable(false));
            }
            if self.random.once_in(8) {
                limits.wildcards = false;
                push(Property::WildcardSubscriptionAvailable(false));
            }
            if self.random.once_in(5) {
                limits.maximum_packet_size = self.random.pick(&[1, 3, 4, 20, 100, 100, 100]);
                push(Property::MaximumPacketSize(limits.maximum_packet_size));
            }
            if self.random.once_in(3) {
                limits.topic_alias_maximum = self.random.pick(&[1, 5]);
                push(Property::TopicAliasMaximum(limits.topic_alias_maximum));
            }
            if self.random.once_in(6) {
                session_expiry_interval = self.random.pick(&[0, 5, u32::MAX]);
                push(Property::SessionExpiryInterval(session_expiry_interval));
            }
        }
        // A restart loses the session. A server that does not conform may claim to have one.
        if !plainly && self.random.once_in(5) {
            self.server.kept = None;
        }
        let makes_up = !plainly && !self.server.is_conforming && self.random.once_in(12);
        let session_present = self.server.kept.is_some() || makes_up;
        if self.server.kept.is_none() {
            // The messages that it received may come again.
            for message in &self.model.outgoing {
                if message.waits_for == Answer::Pubrec {
                    self.model.delivered.remove(&message.number);
                }
            }
        }
        let client_id = line.server_side.client_id.clone();
        let kept = self.server.kept.get_or_insert_with(|| Kept {
            client_id,
            version,
            lasts: false,
            is_known: false,
            sent: Vec::new(),
            received: BTreeMap::new(),
            receipted: BTreeSet::new(),
        });
        kept.lasts = session_expiry_interval > 0;
        line.accepted = true;
        // [MQTT-4.4.0-1]
        let again = kept.sent.iter().map(|sent| (sent.id, sent.is_received)).collect::<Vec<_>>();
        let properties = properties.as_properties();
        let packet = Connack { session_present, reason_code: ReasonCode::Success, properties };
        let accept = Accept { session_present, session_expiry_interval, assigned, limits };
        self.send(version, Packet::Connack(packet), Meaning::Accept(accept));
        for (id, is_received) in again {
            if is_received {
                self.counters.redelivered_pubrels += 1;
                self.send_ack(version, PacketType::Pubrel, id, ReasonCode::Success, Meaning::Pubrel(id));
            } else {
                self.counters.redelivered += 1;
                self.send_kept(version, id, true);
            }
        }
    }
}
