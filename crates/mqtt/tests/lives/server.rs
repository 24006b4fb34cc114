//! The scripted server: what it says, what it hears, and the sessions that it keeps between sockets.
//!
//! A lawful one keeps to the standard: it sends again what was not acknowledged, respects what the client
//! allowed, and forgets its sessions only as a restart does. Then no link may end by a protocol error, and
//! each QoS 2 message comes exactly once. Any other one says what it likes. Either may go deaf: what the
//! client sends from then on is lost. Never looks into the session.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mqtt::property::Place;
use mqtt::stream::Cursor;
use mqtt::{
    Ack, Auth, Connack, Delivery, Disconnect, Packet, PacketId, PacketType, Properties, PropertiesBuf,
    Property, Publish, QoS, ReasonCode, Suback, TopicName, Unsuback, Version, decode, encode,
};

use crate::books::{Accept, Answer, Books, Limits, Line, Said, Socket, assigned_identifier, publish_words};
use crate::life::{Life, METHOD};
use crate::tally::Tally;

/// What it publishes to.
const TOPICS: [&str; 5] = ["ä/status", "b/status", "c/d/e", "c/d/f", "g"];

#[derive(Debug)]
pub struct Server {
    pub is_lawful: bool,
    kept: Option<Kept>,
    /// Identifiers that it made up.
    assigned: u64,
    /// Numbers of the QoS 2 messages that the client was told.
    pub told: BTreeSet<u64>,
}

/// A session, as a server has one.
#[derive(Debug)]
struct Kept {
    client_id: String,
    version: Version,
    lasts: bool,
    /// The client was heard after its CONNACK. Where that got lost, the client would take this session for the
    /// one before, and MQTT gives neither end a way to notice; so it is not kept.
    is_known: bool,
    /// To the client, in their order.
    sent: Vec<Sent>,
    /// QoS 2 messages of the client's that are not released, by their numbers.
    received: BTreeMap<PacketId, u64>,
    /// Those of them that a PUBREC was said for.
    receipted: BTreeSet<u64>,
}

#[derive(Debug)]
struct Sent {
    id: PacketId,
    qos: QoS,
    retain: bool,
    topic: &'static str,
    number: u64,
    /// PUBREC came.
    is_received: bool,
}

/// What it heard on one socket, and did not answer yet.
#[derive(Debug, Default)]
pub struct Ears {
    is_deaf: bool,
    client_id: String,
    session_expiry_interval: u32,
    receive_maximum: u16,
    topic_alias_maximum: u16,
    has_method: bool,
    subscribes: VecDeque<(PacketId, usize)>,
    unsubscribes: VecDeque<(PacketId, usize)>,
    publishes: VecDeque<PacketId>,
    twice: VecDeque<PacketId>,
    /// Whether the PUBREL was for a message that it knew.
    releases: VecDeque<(PacketId, bool)>,
    /// PUBREC came, and PUBREL is to be said.
    received: VecDeque<PacketId>,
    unanswered_pings: usize,
    /// It has asked by AUTH, and the client is to answer; or the client did.
    has_asked: bool,
    is_asked: bool,
    /// What counts for its own Receive Maximum, and what counts for the client's.
    outstanding: BTreeSet<PacketId>,
    in_flight: BTreeSet<PacketId>,
    /// The client's aliases, and its own from 1 on.
    client_aliases: BTreeMap<u16, String>,
    aliases: Vec<&'static str>,
}

impl Server {
    pub fn new(is_lawful: bool) -> Self {
        Server { is_lawful, kept: None, assigned: 0, told: BTreeSet::new() }
    }

    /// Whether it waits for nothing, but for the PUBRELs of messages that the client had to give up.
    pub fn is_done(&self, books: &Books) -> bool {
        let is_given_up = |id| books.outgoing.iter().any(|message| message.id == id);
        self.kept
            .as_ref()
            .is_none_or(|kept| kept.sent.is_empty() && kept.received.keys().copied().all(is_given_up))
    }
}

impl Life {
    pub fn server(&mut self, version: Version) {
        let line = self.line.as_mut().expect("a socket");
        if line.socket == Socket::Closed {
            return self.drain();
        }
        let undelivered = line.stream.len() - line.delivered;
        match self.random.below(24) {
            0 if self.random.once_in(3) => self.close(),
            1 if line.accepted && self.random.once_in(6) => {
                line.ears.is_deaf = true;
                self.note("the server goes deaf".to_owned());
            }
            2..11 if undelivered > 0 => self.deliver(undelivered),
            // It has said its last word.
            _ if line.over && self.server.is_lawful => self.time(),
            _ if line.accepted || line.over => {
                for _ in 0..=self.random.below(4) {
                    match self.random.below(3) {
                        0 => self.say_something(version),
                        _ => self.answer(version),
                    }
                }
            }
            _ => self.answer_connect(version),
        }
    }

    /// What the server makes of CONNECT.
    fn answer_connect(&mut self, version: Version) {
        let v5 = version == Version::V5;
        let line = self.line.as_mut().expect("a socket");
        let reason = self.random.pick(&[
            ReasonCode::UnsupportedProtocolVersion,
            ReasonCode::ClientIdentifierNotValid,
            ReasonCode::BadUserNameOrPassword,
            ReasonCode::NotAuthorized,
            ReasonCode::ServerUnavailable,
        ]);
        if line.ears.has_asked {
            return;
        }
        if line.ears.has_method && self.random.once_in(2) {
            let reason = ReasonCode::ContinueAuthentication;
            return self.say_auth(version, reason, Said::Auth(reason));
        }
        match self.random.below(16) {
            0 if v5 && reason == ReasonCode::ClientIdentifierNotValid => {
                self.say(version, connack(reason), Said::IdentifierRefused);
            }
            0 => self.say(version, connack(reason), Said::End),
            // Falls back where that is allowed.
            1 if v5 => self.say_bytes(&[0x20, 2, 0, 0], Said::End),
            2 if v5 => self.say_bytes(&[0x20, 2, 0, 1], Said::End),
            3 if !self.server.is_lawful => self.say(version, Packet::Pingresp, Said::End),
            4 if !self.server.is_lawful => self.garbage(version),
            5 => self.time(),
            _ => self.accept(version, false),
        }
    }

    /// Accepts; plainly: with every limit at the standard's default, and any session that it has.
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
            Version::V5 => line.ears.session_expiry_interval,
            Version::V311 if line.clean_start => 0,
            Version::V311 => u32::MAX,
        };
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Connack));
        let mut push = |property| properties.push(property).expect("a property of CONNACK");
        let mut assigned = None;
        if version == Version::V5 && line.ears.client_id.is_empty() {
            self.server.assigned += 1;
            assigned = Some(self.server.assigned);
            line.ears.client_id = assigned_identifier(self.server.assigned);
            push(Property::AssignedClientIdentifier(&line.ears.client_id));
        }
        if line.ears.has_method {
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
                // 2 cannot be said, and 0 is a flag that is not set.
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
        // A restart forgets. One that makes up a session has none to go on with.
        if !plainly && self.random.once_in(5) {
            self.server.kept = None;
        }
        let makes_up = !plainly && !self.server.is_lawful && self.random.once_in(12);
        let session_present = self.server.kept.is_some() || makes_up;
        if self.server.kept.is_none() {
            // What it took is forgotten, and may come again.
            for message in &self.books.outgoing {
                if message.waits_for == Answer::Pubrec {
                    self.books.delivered.remove(&message.number);
                }
            }
        }
        let client_id = line.ears.client_id.clone();
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
        self.say(version, Packet::Connack(packet), Said::Accept(accept));
        for (id, is_received) in again {
            if is_received {
                self.tally.redelivered_pubrels += 1;
                self.say_ack(version, PacketType::Pubrel, id, ReasonCode::Success, Said::Pubrel(id));
            } else {
                self.tally.redelivered += 1;
                self.say_sent(version, id, true);
            }
        }
    }

    /// Whatever waits for an answer; nothing if nothing does.
    pub fn answer(&mut self, version: Version) {
        let ears = &mut self.line.as_mut().expect("a socket").ears;
        match self.random.below(8) {
            0 => {
                if let Some((id, len)) = ears.subscribes.pop_front() {
                    // One code too many.
                    let len = len + usize::from(!self.server.is_lawful && self.random.once_in(16));
                    self.suback(version, id, len);
                }
            }
            1 => {
                if let Some((id, len)) = ears.unsubscribes.pop_front() {
                    let codes = vec![ReasonCode::Success; if version == Version::V5 { len } else { 0 }];
                    let reason_codes = codes[..].into();
                    let unsuback = Unsuback { packet_id: id, properties: Properties::EMPTY, reason_codes };
                    self.say(version, Packet::Unsuback(unsuback), Said::Unsuback(id));
                }
            }
            2 => {
                if let Some(id) = ears.publishes.pop_front() {
                    ears.outstanding.remove(&id);
                    self.say_ack(version, PacketType::Puback, id, ReasonCode::Success, Said::Puback(id));
                }
            }
            3 => self.answer_twice(version),
            4 => {
                if let Some((id, is_known)) = ears.releases.pop_front() {
                    ears.outstanding.remove(&id);
                    let reason_code = match is_known || version == Version::V311 {
                        true => ReasonCode::Success,
                        false => ReasonCode::PacketIdentifierNotFound,
                    };
                    self.say_ack(version, PacketType::Pubcomp, id, reason_code, Said::Pubcomp(id));
                }
            }
            5 => {
                if let Some(id) = ears.received.pop_front() {
                    self.say_ack(version, PacketType::Pubrel, id, ReasonCode::Success, Said::Pubrel(id));
                }
            }
            6 => {
                if std::mem::take(&mut ears.is_asked) {
                    let reason = self.random.pick(&[ReasonCode::Success, ReasonCode::ContinueAuthentication]);
                    self.say_auth(version, reason, Said::Auth(reason));
                }
            }
            _ => {
                if ears.unanswered_pings > 0 {
                    ears.unanswered_pings -= 1;
                    // Mosquitto drops one with its full queue.
                    match self.random.once_in(12) && !self.is_settling {
                        true => self.line.as_mut().expect("a socket").doubtful = true,
                        false => self.say(version, Packet::Pingresp, Said::Pingresp),
                    }
                }
            }
        }
    }

    /// PUBREC, which refuses seldom, and never what it has taken before.
    fn answer_twice(&mut self, version: Version) {
        let line = self.line.as_mut().expect("a socket");
        let Some(id) = line.ears.twice.pop_front() else { return };
        let kept = self.server.kept.as_mut().expect("a session was accepted");
        let Some(&number) = kept.received.get(&id) else { return };
        if kept.receipted.insert(number) && version == Version::V5 && self.random.once_in(10) {
            kept.received.remove(&id);
            self.books.delivered.remove(&number);
            line.ears.outstanding.remove(&id);
            let reason_code = ReasonCode::QuotaExceeded;
            self.say_ack(version, PacketType::Pubrec, id, reason_code, Said::Pubrec(id, true));
            return;
        }
        if self.random.once_in(8) {
            // Once more.
            line.ears.twice.push_back(id);
        }
        self.say_ack(version, PacketType::Pubrec, id, ReasonCode::Success, Said::Pubrec(id, false));
    }

    /// Something that is no answer: a message, and of an unlawful server much that it may not say.
    fn say_something(&mut self, version: Version) {
        let unknown = PacketId::new(60_000).expect("not 0");
        let line = self.line.as_mut().expect("a socket");
        match self.random.below(24) {
            0..4 => self.message(version, QoS::AtMostOnce),
            4..8 => self.message(version, QoS::AtLeastOnce),
            8..13 => self.message(version, QoS::ExactlyOnce),
            13 if self.random.once_in(4) => {
                let reason = match version {
                    Version::V311 if self.server.is_lawful => return,
                    Version::V311 => ReasonCode::Success,
                    Version::V5 => self.random.pick(&[
                        ReasonCode::SessionTakenOver,
                        ReasonCode::ServerShuttingDown,
                        ReasonCode::KeepAliveTimeout,
                        ReasonCode::NotAuthorized,
                        ReasonCode::Success,
                    ]),
                };
                self.say(version, Packet::Disconnect(Disconnect::new(reason)), Said::End);
            }
            // What nothing waits for.
            14 => match self.random.below(4) {
                0 => self.say(version, Packet::Puback(Ack::success(unknown)), Said::Nothing),
                1 => self.say(version, Packet::Pubrec(Ack::success(unknown)), Said::Pubrec(unknown, false)),
                2 => self.say(version, Packet::Pubcomp(Ack::success(unknown)), Said::Nothing),
                _ => self.suback(version, unknown, 1),
            },
            _ if self.server.is_lawful => {}
            15 => {
                line.doubtful = true;
                self.say(version, Packet::Pingresp, Said::Pingresp);
            }
            16 | 17 => {
                let id = self.packet_id();
                self.say_ack(version, PacketType::Pubrel, id, ReasonCode::Success, Said::Pubrel(id));
            }
            18 if self.random.once_in(4) => self.garbage(version),
            // A client's to say.
            19 if self.random.once_in(4) && version == Version::V5 => {
                self.say_auth(version, ReasonCode::ReAuthenticate, Said::End);
            }
            _ => {}
        }
    }

    fn suback(&mut self, version: Version, packet_id: PacketId, len: usize) {
        let codes = vec![ReasonCode::Success; len];
        let reason_codes = codes[..].into();
        let suback = Suback { packet_id, properties: Properties::EMPTY, reason_codes };
        self.say(version, Packet::Suback(suback), Said::Suback(packet_id, len));
    }

    fn say_auth(&mut self, version: Version, reason_code: ReasonCode, said: Said) {
        self.line.as_mut().expect("a socket").ears.has_asked =
            reason_code == ReasonCode::ContinueAuthentication;
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Auth));
        properties.push(Property::AuthenticationMethod(METHOD)).expect("a property of AUTH");
        let properties = properties.as_properties();
        self.say(version, Packet::Auth(Auth { reason_code, properties }), said);
    }

    /// PUBACK, PUBREC, PUBREL or PUBCOMP, in 5.0 sometimes with a Reason String.
    fn say_ack(
        &mut self,
        version: Version,
        packet: PacketType,
        packet_id: PacketId,
        reason_code: ReasonCode,
        said: Said,
    ) {
        let is_wanted = self.session.options().request_problem_information;
        let mut properties = PropertiesBuf::new(Place::Packet(packet));
        let mut said = said;
        if version == Version::V5 && self.random.once_in(8) && (is_wanted || !self.server.is_lawful) {
            properties.push(Property::ReasonString("because")).expect("a property of each");
            match is_wanted {
                true => self.tally.problems_told += 1,
                false => {
                    self.tally.problems_unasked += 1;
                    said = Said::End;
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
        self.say(version, packet, said);
    }

    /// A new message: a lawful server's has a free identifier and waits for its turn, another's has any.
    pub fn message(&mut self, version: Version, qos: QoS) {
        self.number += 1;
        let (number, retain, topic) = (self.number, self.random.once_in(3), self.random.pick(&TOPICS));
        if !self.server.is_lawful {
            let (packet_id, dup) = (self.packet_id(), self.random.once_in(4));
            let delivery = match qos {
                QoS::AtMostOnce => Delivery::AtMostOnce,
                QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup },
                QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
            };
            return self.say_publish(version, delivery, retain, topic, number, 300);
        }
        let ears = &self.line.as_ref().expect("a socket").ears;
        let Some(kept) = &mut self.server.kept else { return };
        if qos == QoS::AtMostOnce || ears.in_flight.len() >= ears.receive_maximum.into() {
            return self.say_publish(version, Delivery::AtMostOnce, retain, topic, number, 100);
        }
        let is_free = |id: &PacketId| kept.sent.iter().all(|sent| sent.id != *id);
        let id = (1..).filter_map(PacketId::new).find(is_free).expect("a few are in use");
        kept.sent.push(Sent { id, qos, retain, topic, number, is_received: false });
        self.say_sent(version, id, false);
    }

    /// A message that is kept until it is acknowledged, for the first time or again.
    fn say_sent(&mut self, version: Version, packet_id: PacketId, dup: bool) {
        self.line.as_mut().expect("a socket").ears.in_flight.insert(packet_id);
        let kept = self.server.kept.as_ref().expect("a session");
        let sent = kept.sent.iter().find(|sent| sent.id == packet_id).expect("it was kept");
        let delivery = match sent.qos {
            QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
            _ => Delivery::AtLeastOnce { packet_id, dup },
        };
        let (retain, topic, number) = (sent.retain, sent.topic, sent.number);
        self.say_publish(version, delivery, retain, topic, number, 100);
    }

    /// Says a PUBLISH with a payload up to this length, under an alias where the client takes one.
    fn say_publish(
        &mut self,
        version: Version,
        delivery: Delivery,
        retain: bool,
        topic: &'static str,
        number: u64,
        most: u64,
    ) {
        let mut payload = number.to_string().into_bytes();
        payload.resize(20 + self.random.below(most) as usize, b' ');
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
        let mut name = TopicName::new(topic).expect("a topic");
        let mut said = Said::Message { delivery, retain, topic, number };
        let ears = &mut self.line.as_mut().expect("a socket").ears;
        let maximum = ears.topic_alias_maximum;
        let mut push = |alias| properties.push(Property::TopicAlias(alias)).expect("not 0");
        if version == Version::V5 && !self.server.is_lawful && self.random.once_in(30) {
            push(maximum + 1);
            self.tally.wrong_aliases += 1;
            said = Said::End;
        } else if version == Version::V5 && self.random.once_in(2) {
            match ears.aliases.iter().position(|known| *known == topic) {
                Some(index) => {
                    push(index as u16 + 1);
                    // Only a packet that came has the empty name, so one is made to come.
                    let came = decode::decode(b"\x30\x06\0\0\x03\x23\0\x01", version);
                    let Ok(Packet::Publish(Publish { topic: empty, .. })) = came else { panic!("{came:?}") };
                    name = empty;
                    self.tally.aliases_in += 1;
                }
                None if ears.aliases.len() < maximum.into() => {
                    ears.aliases.push(topic);
                    push(ears.aliases.len() as u16);
                }
                None => {}
            }
        }
        let properties = properties.as_properties();
        let publish = Publish { delivery, retain, topic: name, properties, payload: &payload };
        let mut bytes = Vec::new();
        encode::encode(&Packet::Publish(publish), version, &mut bytes).expect("a message");
        if bytes.len() > self.session.options().max_packet_size as usize {
            assert!(!self.server.is_lawful, "{} bytes", bytes.len());
            said = Said::End;
        }
        self.say_bytes(&bytes, said);
    }

    /// Few, so that they meet again.
    fn packet_id(&mut self) -> PacketId {
        PacketId::new(1 + self.random.below(4) as u16).expect("not 0")
    }

    fn garbage(&mut self, version: Version) {
        let over: [&[u8]; 5] = [
            &[0],
            b"HTTP/1.1 400",
            &[0x36, 0],
            &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x32, 3, 0, 1, b't'],
        ];
        match self.random.below(6) {
            // Nobody could say what a session that lasts makes of it.
            0 if self.session.options().clean_start => {
                let junk = self.random.junk(40);
                self.line.as_mut().expect("a socket").wild = true;
                self.say_bytes(&junk, Said::Nothing);
            }
            1 => self.say(version, Packet::Pingreq, Said::End),
            2 => self.say(version, connack(ReasonCode::NotAuthorized), Said::End),
            _ => {
                let bytes = self.random.pick(&over);
                self.say_bytes(bytes, Said::End);
            }
        }
    }

    pub fn say(&mut self, version: Version, packet: Packet<'_>, said: Said) {
        let mut bytes = Vec::new();
        encode::encode(&packet, version, &mut bytes).expect("a packet");
        self.say_bytes(&bytes, said);
    }

    fn say_bytes(&mut self, bytes: &[u8], said: Said) {
        self.note(format!("< {said:?}"));
        let line = self.line.as_mut().expect("a socket");
        line.stream.extend_from_slice(bytes);
        if !line.over {
            line.said.push_back((line.stream.len(), said));
            line.over = matches!(said, Said::End | Said::IdentifierRefused);
        }
    }

    /// The server hears a message of the client. What it answers is added to `answers`, and what a clean
    /// start loses to `lost`.
    pub fn hear(&mut self, bytes: &[u8], answers: &mut Vec<String>, lost: &mut Vec<String>) {
        let line = self.line.as_mut().expect("something to send without a socket");
        assert_eq!(line.socket, Socket::Open, "something to send and no open socket");
        let mut cursor = Cursor::new(line.version.unwrap_or(Version::V5), u32::MAX);
        let mut words = Vec::new();
        loop {
            let start = cursor.position;
            let Some(packet) = cursor.next(bytes).expect("the client keeps to the standard") else { break };
            let len = cursor.position - start;
            assert!(!line.left, "[MQTT-3.14.4-1] {packet:?} after DISCONNECT");
            assert_eq!(
                line.version.is_none(),
                matches!(packet, Packet::Connect(_)),
                "[MQTT-3.1.0-1] CONNECT comes first, and once: {packet:?}"
            );
            let may_come = matches!(packet, Packet::Connect(_) | Packet::Auth(_)) || line.limits.is_some();
            assert!(may_come, "[MQTT-3.1.2-30] {packet:?} before CONNACK");
            if let Some(limits) = line.limits {
                assert!(len <= limits.maximum_packet_size as usize, "[MQTT-3.2.2-15] {len} bytes");
            }
            words.push(packet.packet_type().to_string());
            let is_deaf = line.ears.is_deaf;
            if let (Some(kept), Some(_), false) = (&mut self.server.kept, line.limits, is_deaf) {
                kept.is_known = true;
            }
            let unknown = |reason_code| match reason_code {
                ReasonCode::PacketIdentifierNotFound => " unknown",
                _ => "",
            };
            let said = match packet {
                Packet::Connect(connect) => {
                    line.version = Some(connect.version);
                    line.clean_start = connect.clean_start;
                    cursor.version = connect.version;
                    lost.extend(self.books.connects(&connect, self.elapsed, &mut self.tally));
                    let is_gone = |kept: &Kept| {
                        connect.clean_start
                            || !kept.lasts
                            || !kept.is_known
                            || kept.version != connect.version
                            || kept.client_id != connect.client_id
                    };
                    if self.server.kept.as_ref().is_some_and(is_gone) {
                        self.server.kept = None;
                    }
                    let ears = &mut line.ears;
                    ears.client_id = connect.client_id.to_owned();
                    ears.receive_maximum = u16::MAX;
                    for property in connect.properties {
                        match property {
                            Property::SessionExpiryInterval(seconds) => {
                                ears.session_expiry_interval = seconds
                            }
                            Property::ReceiveMaximum(maximum) => ears.receive_maximum = maximum,
                            Property::TopicAliasMaximum(maximum) => ears.topic_alias_maximum = maximum,
                            Property::AuthenticationMethod(method) => ears.has_method = method == METHOD,
                            _ => {}
                        }
                    }
                    continue;
                }
                Packet::Puback(ack) => {
                    answers.push(format!("PUBACK {}", ack.packet_id));
                    if !is_deaf && let Some(kept) = &mut self.server.kept {
                        kept.sent.retain(|sent| sent.id != ack.packet_id || sent.qos != QoS::AtLeastOnce);
                        line.ears.in_flight.remove(&ack.packet_id);
                    }
                    continue;
                }
                Packet::Pubrec(ack) => {
                    answers.push(format!("PUBREC {}", ack.packet_id));
                    if !is_deaf
                        && let Some(kept) = &mut self.server.kept
                        && let Some(sent) = kept.sent.iter_mut().find(|sent| sent.id == ack.packet_id)
                    {
                        sent.is_received = true;
                        line.ears.received.push_back(ack.packet_id);
                    }
                    continue;
                }
                Packet::Pubcomp(ack) => {
                    answers.push(format!("PUBCOMP {}{}", ack.packet_id, unknown(ack.reason_code)));
                    if !is_deaf
                        && let Some(kept) = &mut self.server.kept
                        && let Some(at) = kept.sent.iter().position(|sent| sent.id == ack.packet_id)
                    {
                        let number = kept.sent.remove(at).number;
                        assert!(
                            self.server.told.contains(&number),
                            "{number} was acknowledged and never told"
                        );
                        line.ears.in_flight.remove(&ack.packet_id);
                    }
                    continue;
                }
                Packet::Pubrel(ack) => {
                    answers.push(format!("PUBREL {}{}", ack.packet_id, unknown(ack.reason_code)));
                    if !is_deaf && let Some(kept) = &mut self.server.kept {
                        let known = kept.received.remove(&ack.packet_id);
                        line.ears.releases.push_back((ack.packet_id, known.is_some()));
                    }
                    continue;
                }
                Packet::Disconnect(disconnect) => {
                    line.left = true;
                    let seconds = disconnect.properties.find(|property| match property {
                        Property::SessionExpiryInterval(seconds) => Some(seconds),
                        _ => None,
                    });
                    if !is_deaf && let (Some(seconds), Some(kept)) = (seconds, &mut self.server.kept) {
                        kept.lasts = seconds > 0;
                    }
                    continue;
                }
                Packet::Auth(auth) => {
                    if !is_deaf {
                        line.ears.has_asked = false;
                        line.ears.is_asked = line.accepted;
                    }
                    format!("AUTH {:?}", auth.reason_code)
                }
                Packet::Pingreq => {
                    if !is_deaf {
                        line.ears.unanswered_pings += 1;
                    }
                    // One of the session's own comes behind the commands of the same message.
                    let barrier = match line.owed.front().is_some_and(|owed| owed == "PINGREQ") {
                        true => line.owed_barriers.pop_front(),
                        false => None,
                    };
                    line.pings.push_back((barrier, self.drained_at));
                    if barrier.is_none() {
                        continue;
                    }
                    "PINGREQ".to_owned()
                }
                Packet::Subscribe(subscribe) => {
                    let filters = subscribe.subscriptions.iter().count();
                    if !is_deaf {
                        line.ears.subscribes.push_back((subscribe.packet_id, filters));
                    }
                    format!("SUBSCRIBE {} {filters}", subscribe.packet_id)
                }
                Packet::Unsubscribe(unsubscribe) => {
                    let filters = unsubscribe.filters.iter().count();
                    if !is_deaf {
                        line.ears.unsubscribes.push_back((unsubscribe.packet_id, filters));
                    }
                    format!("UNSUBSCRIBE {} {filters}", unsubscribe.packet_id)
                }
                Packet::Publish(publish) => {
                    hear_publish(line, &mut self.server, &mut self.books, publish, &mut self.tally)
                }
                packet => panic!("not a client's: {packet:?}"),
            };
            assert_eq!(line.owed.pop_front(), Some(said), "commands in their order");
        }
        assert_eq!(cursor.position, bytes.len(), "half a packet");
        self.note(format!("> {}", words.join(", ")));
    }
}

/// A PUBLISH of the client's, in words.
fn hear_publish(
    line: &mut Line,
    server: &mut Server,
    books: &mut Books,
    publish: Publish<'_>,
    tally: &mut Tally,
) -> String {
    let limits = line.limits.expect("nothing but AUTH comes before CONNACK");
    assert!(publish.qos() <= limits.maximum_qos, "[MQTT-3.2.2-11]");
    assert!(!publish.retain || limits.retain, "[MQTT-3.2.2-14]");
    let number = str::from_utf8(publish.payload).expect("a number").trim_end();
    let number = number.parse::<u64>().expect("a number");
    let alias = publish.properties.find(|property| match property {
        Property::TopicAlias(alias) => Some(alias),
        _ => None,
    });
    let mut topic = publish.topic.as_str().to_owned();
    if let Some(alias) = alias {
        assert!(alias <= limits.topic_alias_maximum, "[MQTT-3.2.2-17]");
        match topic.is_empty() {
            true => {
                tally.aliases_out += 1;
                topic =
                    line.ears.client_aliases.get(&alias).expect("an alias that stands for a name").clone();
            }
            false => drop(line.ears.client_aliases.insert(alias, topic.clone())),
        }
    }
    if let Some(id) = publish.packet_id() {
        let message = books.outgoing.iter_mut().find(|message| message.number == number);
        if let Some(message) = message {
            assert_eq!(publish.delivery.dup(), message.was_sent, "[MQTT-3.3.1-1]");
            message.was_sent = true;
        }
        if publish.delivery.dup() {
            tally.resent += 1;
        }
        if line.ears.is_deaf {
            tally.unheard += 1;
        } else {
            assert!(line.ears.outstanding.insert(id), "{id} is in use");
            let most = usize::from(limits.receive_maximum);
            assert!(line.ears.outstanding.len() <= most, "[MQTT-3.3.4-7] Receive Maximum");
            let kept = server.kept.as_mut().expect("accepted");
            match publish.qos() {
                QoS::ExactlyOnce => {
                    // [MQTT-4.3.3-10]
                    match kept.received.insert(id, number) {
                        Some(before) => assert_eq!(before, number, "{id} belongs to another message"),
                        None => assert!(books.delivered.insert(number), "{number} came twice"),
                    }
                    line.ears.twice.push_back(id);
                }
                _ => line.ears.publishes.push_back(id),
            }
        }
    }
    publish_words(number, &topic, publish.packet_id(), publish.qos(), publish.retain, publish.delivery.dup())
}

pub fn connack(reason_code: ReasonCode) -> Packet<'static> {
    Packet::Connack(Connack { session_present: false, reason_code, properties: Properties::EMPTY })
}
