//! The model: a second, simple implementation of what the session must report and answer.
//!
//! The server's packets are in `Line::meanings`, each with the offset of its end. `expect` goes through those that
//! the session has read, in their order, and returns what follows: events, answers, messages that are sent again, or
//! the end of the link. `Model` outlives a link, `Line` does not.
//! Never reads the session. `driver` compares.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mqtt::{
    BarrierId, Connect, Delivery, Options, PacketId, Publish, QoS, ReasonCode, TopicName, Version, encode,
};
use mqtt::{Packet, Properties};

use crate::counters::Counters;
use crate::server::ServerSide;

/// What a packet of the server means to the client.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Meaning {
    Accept(Accept),
    Auth(ReasonCode),
    Message {
        delivery: Delivery,
        retain: bool,
        topic: &'static str,
        number: u64,
    },
    Pubrel(PacketId),
    Puback(PacketId),
    /// With whether it refuses.
    Pubrec(PacketId, bool),
    Pubcomp(PacketId),
    /// With the number of codes.
    Suback(PacketId, usize),
    Unsuback(PacketId),
    Pingresp,
    /// CONNACK 0x85: an assigned client identifier is not used again.
    IdentifierRefused,
    /// Nothing to report and nothing to answer.
    Nothing,
    /// The link, or the attempt, ends here.
    End,
}

/// A CONNACK that accepts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Accept {
    pub session_present: bool,
    pub session_expiry_interval: u32,
    /// The number of the client identifier that the server assigned.
    pub assigned: Option<u64>,
    pub limits: Limits,
}

/// The limits of CONNACK.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    pub keep_alive: u16,
    pub receive_maximum: u16,
    pub maximum_qos: QoS,
    pub retain: bool,
    pub wildcards: bool,
    pub maximum_packet_size: u32,
    pub topic_alias_maximum: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pending {
    /// With the number of filters.
    Subscribe(usize),
    Unsubscribe,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Socket {
    Dialling,
    Open,
    /// The peer closed it, and the driver has not polled the session since.
    Closed,
}

/// One socket: the model of both ends.
#[derive(Debug)]
pub struct Line {
    pub socket: Socket,
    /// Of the CONNECT, once it came.
    pub version: Option<Version>,
    pub clean_start: bool,
    /// DISCONNECT was sent.
    pub left: bool,
    /// The session reads no more of it.
    pub ended: bool,
    /// When it noticed, by `Life::elapsed`.
    pub ended_at: Option<u64>,

    // What the server sent.
    pub accepted: bool,
    pub over: bool,
    /// Random bytes were sent, whose effect cannot be predicted.
    pub wild: bool,
    /// Something happened after which a PINGRESP may be matched to the wrong PINGREQ.
    pub doubtful: bool,
    pub stream: Vec<u8>,
    pub delivered: usize,
    pub meanings: VecDeque<(usize, Meaning)>,
    /// What else the server knows.
    pub server_side: ServerSide,

    // What follows from them.
    pub limits: Option<Limits>,
    pub pending: BTreeMap<PacketId, Pending>,
    /// PINGREQs without their PINGRESP: the barrier, if it is one, and when it left at the earliest.
    pub pings: VecDeque<(Option<BarrierId>, u64)>,
    /// Messages to be sent again as soon as the server's Receive Maximum allows.
    waiting: VecDeque<PacketId>,
    /// The server sent an AUTH that the client must answer.
    pub asked: bool,

    /// PUBLISHes and commands that the session accepted, and that were not sent yet.
    pub owed: VecDeque<String>,
    pub owed_barriers: VecDeque<BarrierId>,
}

impl Line {
    pub fn new() -> Self {
        Line {
            socket: Socket::Dialling,
            version: None,
            clean_start: true,
            left: false,
            ended: false,
            ended_at: None,
            accepted: false,
            over: false,
            wild: false,
            doubtful: false,
            stream: Vec::new(),
            delivered: 0,
            meanings: VecDeque::new(),
            server_side: ServerSide::default(),
            limits: None,
            pending: BTreeMap::new(),
            pings: VecDeque::new(),
            waiting: VecDeque::new(),
            asked: false,
            owed: VecDeque::new(),
            owed_barriers: VecDeque::new(),
        }
    }
}

/// A QoS 1 or 2 message of the client that has not ended.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub id: PacketId,
    pub number: u64,
    pub topic: &'static str,
    pub qos: QoS,
    pub retain: bool,
    pub waits_for: Answer,
    /// In bytes, without a topic alias.
    pub len: usize,
    /// Whether its PUBLISH was sent: sending it again needs DUP.
    pub was_sent: bool,
    /// Whether it counts for this link's Receive Maximum.
    pub counts: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Puback,
    Pubrec,
    Pubcomp,
    /// Lost, because it exceeds the limits of the next CONNACK; its identifier stays in use.
    Nothing,
}

impl Outgoing {
    /// What is sent.
    pub fn words(&self) -> String {
        let Outgoing { number, topic, id, qos, retain, was_sent, .. } = self;
        publish_words(*number, topic, Some(*id), *qos, *retain, *was_sent)
    }

    pub fn new(
        id: PacketId,
        qos: QoS,
        retain: bool,
        topic: &'static str,
        payload: &[u8],
        number: u64,
    ) -> Self {
        let (delivery, waits_for) = match qos {
            QoS::ExactlyOnce => (Delivery::ExactlyOnce { packet_id: id, dup: false }, Answer::Pubrec),
            _ => (Delivery::AtLeastOnce { packet_id: id, dup: false }, Answer::Puback),
        };
        let name = TopicName::new(topic).expect("a topic");
        let publish = Publish { delivery, retain, topic: name, properties: Properties::EMPTY, payload };
        let mut bytes = Vec::new();
        encode::encode(&Packet::Publish(publish), Version::V5, &mut bytes).expect("a message");
        Outgoing {
            id,
            number,
            topic,
            qos,
            retain,
            waits_for,
            len: bytes.len(),
            was_sent: false,
            counts: true,
        }
    }
}

pub fn publish_words(
    number: u64,
    topic: &str,
    id: Option<PacketId>,
    qos: QoS,
    retain: bool,
    dup: bool,
) -> String {
    format!("PUBLISH {number} {topic} {id:?} {qos:?} retain={retain} dup={dup}")
}

/// What must be reported and sent.
#[derive(Debug, Default)]
pub struct Expected {
    pub reported: Vec<String>,
    pub answers: Vec<String>,
    pub end: bool,
}

impl Expected {
    /// An answer of this many bytes, or the end of the link if that is above Maximum Packet Size.
    fn answer(&mut self, words: String, len: u32, limits: Option<Limits>, counters: &mut Counters) {
        if limits.is_some_and(|limits| limits.maximum_packet_size < len) {
            counters.too_large_for_server += 1;
            self.end = true;
        } else {
            self.answers.push(words);
        }
    }
}

/// What a session keeps from link to link.
#[derive(Debug)]
pub struct Model {
    options: Options,
    /// In the order in which they are sent again.
    pub outgoing: Vec<Outgoing>,
    /// QoS 2 messages of the server without their PUBREL, and whether they came on this link.
    unreleased: BTreeMap<PacketId, bool>,
    /// Whether the session outlives this link, and for how many seconds.
    pub lasts: bool,
    pub session_expiry_interval: u32,
    /// The version of a session that lasts, and when it expires, by `Life::elapsed`.
    lasting: Option<(Version, Option<u64>)>,
    assigned: Option<String>,
    /// Numbers of the QoS 2 messages that the server accepted.
    pub delivered: BTreeSet<u64>,
}

impl Model {
    pub fn new(options: Options) -> Self {
        Model {
            options,
            outgoing: Vec::new(),
            unreleased: BTreeMap::new(),
            lasts: false,
            session_expiry_interval: 0,
            lasting: None,
            assigned: None,
            delivered: BTreeSet::new(),
        }
    }

    /// CONNECT was sent: checks it, and returns the messages that are lost by it.
    pub fn connects(&mut self, connect: &Connect<'_>, elapsed: u64, counters: &mut Counters) -> Vec<String> {
        let is_expired = self.lasting.is_some_and(|(_, at)| at.is_some_and(|at| elapsed >= at));
        let is_gone = is_expired || self.lasting.is_some_and(|(version, _)| version != connect.version);
        let is_nameless = connect.version == Version::V311 && self.options.client_id.is_empty();
        let clean_start = self.options.clean_start || is_gone || is_nameless;
        assert_eq!(connect.clean_start, clean_start, "[MQTT-4.1.0-2] {:?} at {elapsed}", self.lasting);
        if clean_start {
            self.assigned = None;
        }
        let client_id = self.assigned.as_ref().unwrap_or(&self.options.client_id);
        assert_eq!(connect.client_id, client_id, "the session's client identifier");
        counters.expired_sessions += u64::from(is_expired);
        if clean_start { self.lose_all() } else { Vec::new() }
    }

    /// The session is gone, and every message in flight is lost.
    pub fn lose_all(&mut self) -> Vec<String> {
        self.unreleased.clear();
        let lost = self.outgoing.drain(..).filter(|message| message.waits_for != Answer::Nothing);
        lost.map(|message| format!("lost {}", message.id)).collect()
    }

    /// The user's DISCONNECT has another Session Expiry Interval.
    pub fn leaves_for(&mut self, seconds: u32) {
        self.session_expiry_interval = seconds;
        self.lasts &= seconds > 0;
    }

    /// A connected link ended at this time. Returns the messages that are lost.
    pub fn link_ended(&mut self, elapsed: u64) -> Vec<String> {
        let expiry = self.session_expiry_interval;
        if let Some((_, expires_at)) = &mut self.lasting
            && expiry < u32::MAX
        {
            *expires_at = Some(elapsed + u64::from(expiry) * 1_000);
        }
        if self.lasts { Vec::new() } else { self.lose_all() }
    }

    /// What the client has received completely, and must report and answer.
    pub fn expect(&mut self, line: &mut Line, counters: &mut Counters) -> Expected {
        let mut expected = Expected::default();
        // PUBACKs and PUBCOMPs that the server cannot have received, because the driver takes them later.
        let mut untaken = 0;
        while !line.ended
            && let Some((_, meaning)) = line.meanings.pop_front_if(|(end, _)| *end <= line.delivered)
        {
            let limits = line.limits;
            let not_found = match line.version {
                Some(Version::V5) => (" unknown", 5),
                _ => ("", 4),
            };
            match meaning {
                Meaning::Accept(accept) => self.accept(accept, line, &mut expected, counters),
                Meaning::Auth(reason_code) => {
                    line.asked = reason_code == ReasonCode::ContinueAuthentication;
                    counters.auths += 1;
                    expected.reported.push(format!("auth {reason_code:?}"));
                }
                Meaning::Message { delivery, retain, topic, number } => {
                    let mut again = false;
                    match delivery {
                        Delivery::AtMostOnce => {}
                        Delivery::AtLeastOnce { packet_id, .. } => {
                            untaken += 1;
                            counters.qos_1 += 1;
                            expected.answer(format!("PUBACK {packet_id}"), 4, limits, counters);
                        }
                        Delivery::ExactlyOnce { packet_id, .. } => {
                            counters.qos_2 += 1;
                            expected.answer(format!("PUBREC {packet_id}"), 4, limits, counters);
                            if !expected.end {
                                again = self.unreleased.insert(packet_id, true).is_some();
                            }
                        }
                    }
                    // [MQTT-3.3.4-9]
                    let counted = self.unreleased.values().filter(|counts| **counts).count();
                    let maximum = match line.version {
                        Some(Version::V5) => self.options.receive_maximum,
                        _ => u16::MAX,
                    };
                    if !expected.end && delivery.qos() > QoS::AtMostOnce && counted + untaken > maximum.into()
                    {
                        counters.receive_maximum_exceeded += 1;
                        expected.end = true;
                    }
                    counters.qos_2_again += u64::from(again);
                    if !expected.end && !again {
                        expected.reported.push(format!("message {number} {topic} {delivery:?} {retain}"));
                    }
                }
                Meaning::Pubrel(id) => {
                    let (words, len) = match self.unreleased.remove(&id) {
                        Some(counts) => {
                            untaken += usize::from(counts);
                            counters.released += 1;
                            ("", 4)
                        }
                        None => not_found,
                    };
                    expected.answer(format!("PUBCOMP {id}{words}"), len, limits, counters);
                }
                Meaning::Puback(id) => {
                    if self.waits_for(id) == Some(Answer::Puback) {
                        counters.pubacks += 1;
                        expected.reported.push(format!("puback {id}"));
                        self.ends(id, line);
                    }
                }
                Meaning::Pubrec(id, refuses) => match self.waits_for(id) {
                    Some(Answer::Pubrec) if refuses => {
                        counters.pubrecs_refused += 1;
                        expected.reported.push(format!("pubrec {id} refused"));
                        self.ends(id, line);
                    }
                    Some(Answer::Pubrec) => {
                        counters.pubrecs += 1;
                        // From here on PUBREL is sent again, after everything that was sent before it.
                        let position = self.outgoing.iter().position(|message| message.id == id);
                        let mut message = self.outgoing.remove(position.expect("it waits"));
                        message.waits_for = Answer::Pubcomp;
                        self.outgoing.push(message);
                        line.waiting.retain(|waiting| *waiting != id);
                        expected.reported.push(format!("pubrec {id}"));
                        expected.answer(format!("PUBREL {id}"), 4, limits, counters);
                    }
                    Some(Answer::Pubcomp) if !refuses => {
                        expected.answer(format!("PUBREL {id}"), 4, limits, counters);
                    }
                    None if !refuses && !line.pending.contains_key(&id) => {
                        let (words, len) = not_found;
                        expected.answer(format!("PUBREL {id}{words}"), len, limits, counters);
                    }
                    _ => {}
                },
                Meaning::Pubcomp(id) => {
                    if self.waits_for(id) == Some(Answer::Pubcomp) {
                        counters.pubcomps += 1;
                        expected.reported.push(format!("pubcomp {id}"));
                        let number = self.ends(id, line);
                        assert!(self.delivered.contains(&number), "{number} was never delivered");
                    }
                }
                Meaning::Suback(id, len) => match line.pending.get(&id) {
                    Some(Pending::Subscribe(filters)) if *filters == len => {
                        line.pending.remove(&id);
                        counters.subacks += 1;
                        expected.reported.push(format!("suback {id}"));
                    }
                    Some(Pending::Subscribe(_)) => expected.end = true,
                    _ => {}
                },
                Meaning::Unsuback(id) => {
                    if line.pending.get(&id) == Some(&Pending::Unsubscribe) {
                        line.pending.remove(&id);
                        counters.unsubacks += 1;
                        expected.reported.push(format!("unsuback {id}"));
                    }
                }
                Meaning::Pingresp => {
                    if let Some((Some(id), _)) = line.pings.pop_front() {
                        expected.reported.push(format!("barrier {}", id.0));
                    }
                }
                Meaning::IdentifierRefused => {
                    self.assigned = None;
                    expected.end = true;
                }
                Meaning::Nothing => {}
                Meaning::End => expected.end = true,
            }
            if expected.end {
                line.over = true;
                line.ended = true;
            }
        }
        expected
    }

    fn accept(&mut self, accept: Accept, line: &mut Line, expected: &mut Expected, counters: &mut Counters) {
        let Accept { session_present, session_expiry_interval, assigned, limits } = accept;
        let version = line.version.expect("CONNECT came");
        // [MQTT-3.2.2-4]
        if session_present && line.clean_start && version == Version::V5 {
            expected.end = true;
            return;
        }
        if !session_present {
            // [MQTT-3.2.2-5]
            counters.lost_sessions += u64::from(!self.outgoing.is_empty() || !self.unreleased.is_empty());
            expected.reported.extend(self.lose_all());
        }
        expected.reported.push(format!("connected {session_present}"));
        line.limits = Some(limits);
        line.asked = false;
        self.session_expiry_interval = session_expiry_interval;
        self.lasts = !self.options.clean_start && session_expiry_interval > 0;
        self.lasting = self.lasts.then_some((version, None));
        if let (true, Some(number)) = (self.lasts, assigned) {
            counters.assigned_identifiers += 1;
            self.assigned = Some(assigned_identifier(number));
        }
        self.unreleased.values_mut().for_each(|counts| *counts = false);
        self.outgoing.iter_mut().for_each(|message| message.counts = false);
        counters.resumed += u64::from(session_present);
        // [MQTT-4.4.0-1], [MQTT-4.6.0-1]
        let max = limits.maximum_packet_size.min(self.options.max_packet_size) as usize;
        for index in 0..self.outgoing.len() {
            let message = &mut self.outgoing[index];
            let id = message.id;
            match message.waits_for {
                Answer::Nothing => continue,
                Answer::Pubcomp => {
                    counters.resent_pubrels += 1;
                    expected.answer(format!("PUBREL {id}"), 4, line.limits, counters);
                    if expected.end {
                        return;
                    }
                }
                Answer::Puback | Answer::Pubrec
                    if message.len > max
                        || message.qos > limits.maximum_qos
                        || message.retain && !limits.retain =>
                {
                    counters.not_taken_again += 1;
                    message.waits_for = Answer::Nothing;
                    expected.reported.push(format!("lost {id}"));
                }
                Answer::Puback | Answer::Pubrec => {
                    counters.resent_first_time += u64::from(!message.was_sent);
                    line.waiting.push_back(id);
                    self.send_waiting(line);
                    counters.resent_later += u64::from(!line.waiting.is_empty());
                }
            }
        }
    }

    fn waits_for(&self, id: PacketId) -> Option<Answer> {
        self.outgoing.iter().find(|message| message.id == id).map(|message| message.waits_for)
    }

    /// A message ended, which returns quota. Returns its number.
    fn ends(&mut self, id: PacketId, line: &mut Line) -> u64 {
        let position = self.outgoing.iter().position(|message| message.id == id).expect("it waits");
        let message = self.outgoing.remove(position);
        line.waiting.retain(|waiting| *waiting != id);
        self.send_waiting(line);
        message.number
    }

    fn send_waiting(&mut self, line: &mut Line) {
        let limits = line.limits.expect("connected");
        let quota = limits.receive_maximum.min(self.options.max_in_flight).into();
        while self.outgoing.iter().filter(|message| message.counts).count() < quota
            && let Some(id) = line.waiting.pop_front()
        {
            let message = self.outgoing.iter_mut().find(|message| message.id == id).expect("it waits");
            message.counts = true;
            line.owed.push_back(message.words());
        }
    }
}

/// The client identifier that a server assigns.
pub fn assigned_identifier(number: u64) -> String {
    format!("made-up-{number}")
}
