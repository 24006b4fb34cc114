//! What the server sends: packets that answer nothing, messages, and bytes that are not valid.

use mqtt::property::Place;
use mqtt::{
    Ack, Auth, Connack, Delivery, Disconnect, Packet, PacketId, PacketType, Properties, PropertiesBuf,
    Property, Publish, QoS, ReasonCode, Suback, TopicName, Version, decode, encode,
};

use super::{Sent, TOPICS};
use crate::life::{Life, METHOD};
use crate::model::Meaning;

impl Life {
    /// Sends something that is no answer: a message, or packets that a conforming server may not send.
    pub(super) fn send_unasked(&mut self, version: Version) {
        let unknown = PacketId::new(60_000).expect("not 0");
        let line = self.line.as_mut().expect("a socket");
        match self.random.below(24) {
            0..4 => self.message(version, QoS::AtMostOnce),
            4..8 => self.message(version, QoS::AtLeastOnce),
            8..13 => self.message(version, QoS::ExactlyOnce),
            13 if self.random.once_in(4) => {
                let reason = match version {
                    Version::V311 if self.server.is_conforming => return,
                    Version::V311 => ReasonCode::Success,
                    Version::V5 => self.random.pick(&[
                        ReasonCode::SessionTakenOver,
                        ReasonCode::ServerShuttingDown,
                        ReasonCode::KeepAliveTimeout,
                        ReasonCode::NotAuthorized,
                        ReasonCode::Success,
                    ]),
                };
                self.send(version, Packet::Disconnect(Disconnect::new(reason)), Meaning::End);
            }
            // Acknowledgements that answer nothing.
            14 => match self.random.below(4) {
                0 => self.send(version, Packet::Puback(Ack::success(unknown)), Meaning::Nothing),
                1 => {
                    self.send(version, Packet::Pubrec(Ack::success(unknown)), Meaning::Pubrec(unknown, false))
                }
                2 => self.send(version, Packet::Pubcomp(Ack::success(unknown)), Meaning::Nothing),
                _ => self.suback(version, unknown, 1),
            },
            _ if self.server.is_conforming => {}
            15 => {
                line.doubtful = true;
                self.send(version, Packet::Pingresp, Meaning::Pingresp);
            }
            16 | 17 => {
                let id = self.packet_id();
                self.send_ack(version, PacketType::Pubrel, id, ReasonCode::Success, Meaning::Pubrel(id));
            }
            18 if self.random.once_in(4) => self.garbage(version),
            // Only a client may send this.
            19 if self.random.once_in(4) && version == Version::V5 => {
                self.send_auth(version, ReasonCode::ReAuthenticate, Meaning::End);
            }
            _ => {}
        }
    }

    pub(super) fn suback(&mut self, version: Version, packet_id: PacketId, len: usize) {
        let codes = vec![ReasonCode::Success; len];
        let reason_codes = codes[..].into();
        let suback = Suback { packet_id, properties: Properties::EMPTY, reason_codes };
        self.send(version, Packet::Suback(suback), Meaning::Suback(packet_id, len));
    }

    pub(super) fn send_auth(&mut self, version: Version, reason_code: ReasonCode, meaning: Meaning) {
        self.line.as_mut().expect("a socket").server_side.has_asked =
            reason_code == ReasonCode::ContinueAuthentication;
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Auth));
        properties.push(Property::AuthenticationMethod(METHOD)).expect("a property of AUTH");
        let properties = properties.as_properties();
        self.send(version, Packet::Auth(Auth { reason_code, properties }), meaning);
    }

    /// PUBACK, PUBREC, PUBREL or PUBCOMP, in 5.0 sometimes with a Reason String.
    pub(super) fn send_ack(
        &mut self,
        version: Version,
        packet: PacketType,
        packet_id: PacketId,
        reason_code: ReasonCode,
        meaning: Meaning,
    ) {
        let is_wanted = self.session.options().request_problem_information;
        let mut properties = PropertiesBuf::new(Place::Packet(packet));
        let mut meaning = meaning;
        if version == Version::V5 && self.random.once_in(8) && (is_wanted || !self.server.is_conforming) {
            properties.push(Property::ReasonString("because")).expect("a property of each");
            match is_wanted {
                true => self.counters.problems_reported += 1,
                false => {
                    self.counters.problems_unasked += 1;
                    meaning = Meaning::End;
                }
            }
        }
        let ack = Ack { packet_id, reason_code, properties: properties.as_properties() };
        let packet = match packet {
            PacketType::Puback => Packet::Puback(ack),
            PacketType::Pubrec => Packet::Pubrec(ack),
            PacketType::Pubrel => Packet::Pubrel(ack),
            _ => Packet::Pubcomp(ack),
        };
        self.send(version, packet, meaning);
    }

    /// A new message. A conforming server uses a free identifier and respects Receive Maximum, any other does not.
    pub fn message(&mut self, version: Version, qos: QoS) {
        self.number += 1;
        let (number, retain, topic) = (self.number, self.random.once_in(3), self.random.pick(&TOPICS));
        if !self.server.is_conforming {
            let (packet_id, dup) = (self.packet_id(), self.random.once_in(4));
            let delivery = match qos {
                QoS::AtMostOnce => Delivery::AtMostOnce,
                QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup },
                QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
            };
            return self.send_publish(version, delivery, retain, topic, number, 300);
        }
        let server_side = &self.line.as_ref().expect("a socket").server_side;
        let Some(kept) = &mut self.server.kept else { return };
        if qos == QoS::AtMostOnce || server_side.in_flight.len() >= server_side.receive_maximum.into() {
            return self.send_publish(version, Delivery::AtMostOnce, retain, topic, number, 100);
        }
        let is_free = |id: &PacketId| kept.sent.iter().all(|sent| sent.id != *id);
        let id = (1..).filter_map(PacketId::new).find(is_free).expect("a few are in use");
        kept.sent.push(Sent { id, qos, retain, topic, number, is_received: false });
        self.send_kept(version, id, false);
    }

    /// Sends a message that is kept until it is acknowledged, for the first time or again.
    pub(super) fn send_kept(&mut self, version: Version, packet_id: PacketId, dup: bool) {
        self.line.as_mut().expect("a socket").server_side.in_flight.insert(packet_id);
        let kept = self.server.kept.as_ref().expect("a session");
        let sent = kept.sent.iter().find(|sent| sent.id == packet_id).expect("it was kept");
        let delivery = match sent.qos {
            QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
            _ => Delivery::AtLeastOnce { packet_id, dup },
        };
        let (retain, topic, number) = (sent.retain, sent.topic, sent.number);
        self.send_publish(version, delivery, retain, topic, number, 100);
    }

    /// Sends a PUBLISH with a payload up to this length, with an alias if the client allows one.
    pub(super) fn send_publish(
        &mut self,
        version: Version,
        delivery: Delivery,
        retain: bool,
        topic: &'static str,
        number: u64,
        max: u64,
    ) {
        let mut payload = number.to_string().into_bytes();
        payload.resize(20 + self.random.below(max) as usize, b' ');
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
        let mut name = TopicName::new(topic).expect("a topic");
        let mut meaning = Meaning::Message { delivery, retain, topic, number };
        let server_side = &mut self.line.as_mut().expect("a socket").server_side;
        let maximum = server_side.topic_alias_maximum;
        let mut push = |alias| properties.push(Property::TopicAlias(alias)).expect("not 0");
        if version == Version::V5 && !self.server.is_conforming && self.random.once_in(30) {
            push(maximum + 1);
            self.counters.wrong_aliases += 1;
            meaning = Meaning::End;
        } else if version == Version::V5 && self.random.once_in(2) {
            match server_side.aliases.iter().position(|known| *known == topic) {
                Some(index) => {
                    push(index as u16 + 1);
                    // Only a decoded packet has the empty name, so one is decoded.
                    let came = decode::decode(b"\x30\x06\0\0\x03\x23\0\x01", version);
                    let Ok(Packet::Publish(Publish { topic: empty, .. })) = came else { panic!("{came:?}") };
                    name = empty;
                    self.counters.aliases_in += 1;
                }
                None if server_side.aliases.len() < maximum.into() => {
                    server_side.aliases.push(topic);
                    push(server_side.aliases.len() as u16);
                }
                None => {}
            }
        }
        let properties = properties.as_properties();
        let publish = Publish { delivery, retain, topic: name, properties, payload: &payload };
        let mut bytes = Vec::new();
        encode::encode(&Packet::Publish(publish), version, &mut bytes).expect("a message");
        if bytes.len() > self.session.options().max_packet_size as usize {
            assert!(!self.server.is_conforming, "{} bytes", bytes.len());
            meaning = Meaning::End;
        }
        self.send_bytes(&bytes, meaning);
    }

    /// Few identifiers, so that they repeat.
    pub(super) fn packet_id(&mut self) -> PacketId {
        PacketId::new(1 + self.random.below(4) as u16).expect("not 0")
    }

    pub(super) fn garbage(&mut self, version: Version) {
        let over: [&[u8]; 5] = [
            &[0],
            b"HTTP/1.1 400",
            &[0x36, 0],
            &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x32, 3, 0, 1, b't'],
        ];
        match self.random.below(6) {
            // For a session that lasts, the effect of random bytes cannot be predicted.
            0 if self.session.options().clean_start => {
                let junk = self.random.junk(40);
                self.line.as_mut().expect("a socket").wild = true;
                self.send_bytes(&junk, Meaning::Nothing);
            }
            1 => self.send(version, Packet::Pingreq, Meaning::End),
            2 => self.send(version, connack(ReasonCode::NotAuthorized), Meaning::End),
            _ => {
                let bytes = self.random.pick(&over);
                self.send_bytes(bytes, Meaning::End);
            }
        }
    }

    pub fn send(&mut self, version: Version, packet: Packet<'_>, meaning: Meaning) {
        let mut bytes = Vec::new();
        encode::encode(&packet, version, &mut bytes).expect("a packet");
        self.send_bytes(&bytes, meaning);
    }

    pub(super) fn send_bytes(&mut self, bytes: &[u8], meaning: Meaning) {
        self.note(format!("< {meaning:?}"));
        let line = self.line.as_mut().expect("a socket");
        line.stream.extend_from_slice(bytes);
        if !line.over {
            line.meanings.push_back((line.stream.len(), meaning));
            line.over = matches!(meaning, Meaning::End | Meaning::IdentifierRefused);
        }
    }
}

pub fn connack(reason_code: ReasonCode) -> Packet<'static> {
    Packet::Connack(Connack { session_present: false, reason_code, properties: Properties::EMPTY })
}
