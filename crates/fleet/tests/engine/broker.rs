//! A scripted MQTT broker: one WebSocket message in, its answer out.
//!
//! It retains messages with their QoS, and sends as many messages of QoS 1 and 2 at a time as its window allows. It can
//! refuse topic filters and messages, with a reason code or without one, answer out of order, drop answers, and play a
//! device that publishes as soon as its message is deleted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mqtt::encode::encode;
use mqtt::property::Place;
use mqtt::stream::Stream;
use mqtt::{
    Ack, Connack, Delivery, Packet, PacketId, PacketType, Properties, PropertiesBuf, Property, Publish, QoS,
    ReasonCode, RetainHandling, Suback, Subscribe, TopicFilter, TopicName, Unsuback, Unsubscribe, Version,
};

use QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};

/// A retained message.
pub struct Kept {
    pub payload: Vec<u8>,
    pub qos: QoS,
    pub content_type: &'static str,
}

impl Kept {
    pub fn new(payload: &str, qos: QoS) -> Kept {
        Kept { payload: payload.into(), qos, content_type: "" }
    }
}

pub struct Broker {
    pub version: Version,
    pub received: Stream,
    pub retained: BTreeMap<String, Kept>,
    pub subscribed: BTreeMap<String, QoS>,
    /// Topic filters that it refuses.
    pub refused: BTreeSet<String>,
    /// Topics whose messages it does not retain, with the reason code of its acknowledgement.
    pub denied: BTreeMap<String, ReasonCode>,
    /// Topics of devices that publish this as soon as their message is deleted.
    pub alive: BTreeMap<String, &'static str>,
    /// The highest QoS that it grants.
    pub granted: QoS,
    /// The properties of CONNACK.
    pub properties: PropertiesBuf,
    /// How many messages of QoS 1 and 2 it sends before one is acknowledged.
    pub window: usize,
    in_flight: BTreeSet<u16>,
    waiting: VecDeque<(String, Kept)>,
    /// It sends PINGRESPs before everything else.
    pub is_hasty: bool,
    /// The packets that it never sends.
    pub drops: BTreeSet<&'static str>,
    /// Retained messages may be looked up. Otherwise each SUBSCRIBE must have one filter, at QoS 0.
    pub expects_look_ups: bool,
    /// What the board sent, one line for each WebSocket message.
    pub transcript: Vec<String>,
    /// The highest number of messages from the board in one WebSocket message, which were all unacknowledged.
    pub unacknowledged: usize,
}

impl Broker {
    pub fn new(version: Version) -> Broker {
        Broker {
            version,
            received: Stream::new(version, 1 << 20),
            retained: BTreeMap::new(),
            subscribed: BTreeMap::new(),
            refused: BTreeSet::new(),
            denied: BTreeMap::new(),
            alive: BTreeMap::new(),
            granted: ExactlyOnce,
            properties: PropertiesBuf::new(Place::Packet(PacketType::Connack)),
            window: 20,
            in_flight: BTreeSet::new(),
            waiting: VecDeque::new(),
            is_hasty: false,
            drops: BTreeSet::new(),
            expects_look_ups: false,
            transcript: Vec::new(),
            unacknowledged: 0,
        }
    }

    /// Retains a message of QoS 0.
    pub fn retain(&mut self, topic: &str, payload: &str) {
        self.retained.insert(topic.into(), Kept::new(payload, AtMostOnce));
    }

    /// Receives one WebSocket message and returns the answer.
    pub fn answer(&mut self, message: &[u8]) -> Vec<u8> {
        let mut answer = Answer {
            version: self.version,
            line: Vec::new(),
            first: Vec::new(),
            out: Vec::new(),
            published: 0,
        };
        // What CONNECT contains is tested with the session. It comes alone.
        if message[0] == 0x10 {
            self.connect(&mut answer);
        } else {
            self.received.extend(message);
        }
        let mut received = std::mem::replace(&mut self.received, Stream::new(self.version, 1 << 20));
        while let Some(packet) = received.next().expect("the board keeps to the protocol") {
            match packet {
                Packet::Subscribe(subscribe) => self.subscribe(subscribe, &mut answer),
                Packet::Unsubscribe(unsubscribe) => self.unsubscribe(unsubscribe, &mut answer),
                Packet::Pingreq => {
                    answer.line.push("PINGREQ".to_owned());
                    if !self.drops.contains("PINGRESP") {
                        let out = if self.is_hasty { &mut answer.first } else { &mut answer.out };
                        write(self.version, out, Packet::Pingresp);
                    }
                }
                Packet::Publish(publish) => self.publish(publish, &mut answer),
                Packet::Pubrel(ack) => answer.write(Packet::Pubcomp(Ack::success(ack.packet_id))),
                Packet::Pubrec(ack) => answer.write(Packet::Pubrel(Ack::success(ack.packet_id))),
                Packet::Puback(ack) | Packet::Pubcomp(ack) => {
                    assert!(self.in_flight.remove(&ack.packet_id.get()));
                    if let Some((topic, kept)) = self.waiting.pop_front() {
                        self.send(&mut answer.out, topic, kept);
                    }
                }
                Packet::Disconnect(_) => answer.line.push("DISCONNECT".to_owned()),
                other => panic!("the board does not send {other:?}"),
            }
        }
        self.received = received;
        self.unacknowledged = self.unacknowledged.max(answer.published);
        if !answer.line.is_empty() {
            self.transcript.push(answer.line.join(", "));
        }
        answer.first.extend(answer.out);
        answer.first
    }

    fn connect(&mut self, answer: &mut Answer) {
        answer.line.push("CONNECT".to_owned());
        self.subscribed.clear();
        self.in_flight.clear();
        self.waiting.clear();
        let properties = self.properties.as_properties();
        let reason_code = ReasonCode::Success;
        answer.write(Packet::Connack(Connack { session_present: false, reason_code, properties }));
    }

    fn subscribe(&mut self, subscribe: Subscribe<'_>, answer: &mut Answer) {
        let (mut codes, mut replays) = (Vec::new(), Vec::new());
        let mut names = String::new();
        for subscription in subscribe.subscriptions {
            let filter = subscription.filter.as_str();
            names.push(' ');
            names.push_str(filter);
            // Contract, section 3
            assert_eq!(subscription.retain_handling, RetainHandling::SendAtSubscribe);
            assert!(!subscription.retain_as_published);
            assert!(self.expects_look_ups || (subscription.qos == AtMostOnce && codes.is_empty()), "{names}");
            if self.refused.contains(filter) {
                codes.push(match self.version {
                    Version::V5 => ReasonCode::NotAuthorized,
                    Version::V311 => ReasonCode::UnspecifiedError,
                });
                continue;
            }
            let granted = subscription.qos.min(self.granted);
            codes.push(ReasonCode::ALL[granted as usize]);
            self.subscribed.insert(filter.to_owned(), granted);
            let matching = |topic: &str| subscription.filter.matches(TopicName::new(topic).unwrap());
            let found: Vec<_> = match subscription.filter.has_wildcard() {
                true => self.retained.iter().filter(|(topic, _)| matching(topic)).collect(),
                false => self.retained.get_key_value(filter).into_iter().collect(),
            };
            for (topic, kept) in found {
                let (payload, qos) = (kept.payload.clone(), kept.qos.min(granted));
                replays.push((topic.clone(), Kept { payload, qos, ..*kept }));
            }
        }
        answer.line.push(format!("SUBSCRIBE{names}"));
        let (packet_id, properties) = (subscribe.packet_id, Properties::EMPTY);
        if !self.drops.contains("SUBACK") {
            answer.write(Packet::Suback(Suback { packet_id, properties, reason_codes: codes[..].into() }));
        }
        for (topic, kept) in replays {
            self.send(&mut answer.out, topic, kept);
        }
    }

    fn unsubscribe(&mut self, unsubscribe: Unsubscribe<'_>, answer: &mut Answer) {
        let mut codes = Vec::new();
        let mut names = String::new();
        for filter in unsubscribe.filters {
            names.push(' ');
            names.push_str(filter.as_str());
            self.subscribed.remove(filter.as_str());
            codes.push(ReasonCode::Success);
        }
        answer.line.push(format!("UNSUBSCRIBE{names}"));
        // An UNSUBACK of 3.1.1 has no codes.
        let len = if self.version == Version::V5 { codes.len() } else { 0 };
        let (packet_id, properties) = (unsubscribe.packet_id, Properties::EMPTY);
        if !self.drops.contains("UNSUBACK") {
            let reason_codes = codes[..len].into();
            answer.write(Packet::Unsuback(Unsuback { packet_id, properties, reason_codes }));
        }
    }

    fn publish(&mut self, publish: Publish<'_>, answer: &mut Answer) {
        let topic = publish.topic.as_str().to_owned();
        let (qos, id) = (publish.qos(), publish.packet_id());
        assert!(publish.retain, "the board publishes only retained messages");
        answer.line.push(format!("PUBLISH {topic} {} {}", publish.payload.len(), qos as u8));
        answer.published += usize::from(id.is_some());
        let denied = self.denied.get(&topic).copied();
        if denied.is_none() {
            let content_type = publish.properties.find(|property| match property {
                Property::ContentType(_) => Some("text/plain"),
                _ => None,
            });
            let content_type = content_type.unwrap_or_default();
            self.keep(&mut answer.out, &topic, Kept { payload: publish.payload.to_vec(), qos, content_type });
            if let (true, Some(word)) = (publish.payload.is_empty(), self.alive.get(&topic)) {
                self.keep(&mut answer.out, &topic, Kept::new(word, AtMostOnce));
            }
        }
        // 3.1.1 cannot refuse a message.
        let reason_code = denied.filter(|_| self.version == Version::V5).unwrap_or(ReasonCode::Success);
        if let Some(packet_id) = id.filter(|_| !self.drops.contains("PUBACK")) {
            let ack = Ack { packet_id, reason_code, properties: Properties::EMPTY };
            answer.write(if qos == AtLeastOnce { Packet::Puback(ack) } else { Packet::Pubrec(ack) });
        }
    }

    /// Retains a message, and sends it to the board if that has subscribed to the topic.
    pub fn keep(&mut self, out: &mut Vec<u8>, topic: &str, kept: Kept) {
        let name = TopicName::new(topic).unwrap();
        if self.subscribed.keys().any(|filter| TopicFilter::new(filter).unwrap().matches(name)) {
            let (delivery, properties, payload) = (Delivery::AtMostOnce, Properties::EMPTY, &*kept.payload);
            let publish = Publish { delivery, retain: false, topic: name, properties, payload };
            write(self.version, out, Packet::Publish(publish));
        }
        if kept.payload.is_empty() {
            self.retained.remove(topic);
        } else {
            self.retained.insert(topic.to_owned(), kept);
        }
    }

    /// Sends a retained message, or queues it until there is room in the window.
    pub fn send(&mut self, out: &mut Vec<u8>, topic: String, kept: Kept) {
        if kept.qos != AtMostOnce && self.in_flight.len() >= self.window {
            self.waiting.push_back((topic, kept));
            return;
        }
        let packet_id = (1..).find(|id| !self.in_flight.contains(id)).and_then(PacketId::new).unwrap();
        let delivery = match kept.qos {
            AtMostOnce => Delivery::AtMostOnce,
            AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup: false },
            ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup: false },
        };
        if kept.qos != AtMostOnce {
            self.in_flight.insert(packet_id.get());
        }
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
        if self.version == Version::V5 && !kept.content_type.is_empty() {
            properties.push(Property::ContentType(kept.content_type)).unwrap();
        }
        let (topic, properties) = (TopicName::new(&topic).unwrap(), properties.as_properties());
        let publish = Publish { delivery, retain: true, topic, properties, payload: &kept.payload };
        write(self.version, out, Packet::Publish(publish));
    }
}

/// The answer to one WebSocket message.
struct Answer {
    version: Version,
    /// The line of the transcript.
    line: Vec<String>,
    /// What is sent before everything else.
    first: Vec<u8>,
    out: Vec<u8>,
    /// How many messages of QoS 1 and 2 came.
    published: usize,
}

impl Answer {
    fn write(&mut self, packet: Packet<'_>) {
        write(self.version, &mut self.out, packet);
    }
}

pub fn write(version: Version, out: &mut Vec<u8>, packet: Packet<'_>) {
    encode(&packet, version, out).expect("the broker sends valid packets");
}
