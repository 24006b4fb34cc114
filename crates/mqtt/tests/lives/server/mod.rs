//! The scripted server: its state, and what it does next.
//!
//! A conforming server keeps to the standard: it sends unacknowledged messages again, respects the client's limits, and
//! loses its sessions only by a restart. Then no link may end by a protocol error, and each QoS 2 message comes exactly
//! once. Any other server sends whatever it likes. Either may become deaf: from then on it receives nothing. Never
//! looks into the session.
//!
//! Reading order: this file, `accept` (CONNECT and CONNACK), `answer` (answers), `send` (everything else that it
//! sends), `receive` (what the client sends).

mod accept;
mod answer;
mod receive;
mod send;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mqtt::{PacketId, QoS, Version};

use crate::life::Life;
use crate::model::{Model, Socket};

pub use self::send::connack;

/// The topics that it publishes to.
const TOPICS: [&str; 5] = ["ä/status", "b/status", "c/d/e", "c/d/f", "g"];

#[derive(Debug)]
pub struct Server {
    pub is_conforming: bool,
    kept: Option<Kept>,
    /// How many client identifiers it has assigned.
    assigned: u64,
    /// Numbers of the QoS 2 messages that the client has reported.
    pub reported: BTreeSet<u64>,
}

/// A session, as the server keeps it.
#[derive(Debug)]
struct Kept {
    client_id: String,
    version: Version,
    lasts: bool,
    /// Something came after CONNACK. If CONNACK was lost, the client would take this session for the one
    /// before, and neither end can notice that in MQTT; so the session is not kept.
    is_known: bool,
    /// Messages to the client, in their order.
    sent: Vec<Sent>,
    /// The numbers of the client's QoS 2 messages that are not released.
    received: BTreeMap<PacketId, u64>,
    /// Those of them that a PUBREC was sent for.
    receipted: BTreeSet<u64>,
}

#[derive(Debug)]
struct Sent {
    id: PacketId,
    qos: QoS,
    retain: bool,
    topic: &'static str,
    number: u64,
    /// Its PUBREC came.
    is_received: bool,
}

/// The server's side of one socket: what it received and has not answered yet.
#[derive(Debug, Default)]
pub struct ServerSide {
    is_deaf: bool,
    client_id: String,
    session_expiry_interval: u32,
    receive_maximum: u16,
    topic_alias_maximum: u16,
    has_method: bool,
    subscribes: VecDeque<(PacketId, usize)>,
    unsubscribes: VecDeque<(PacketId, usize)>,
    publishes: VecDeque<PacketId>,
    qos_2: VecDeque<PacketId>,
    /// Whether the PUBREL was for a message that it knew.
    releases: VecDeque<(PacketId, bool)>,
    /// Their PUBREC came, and PUBREL must be sent.
    received: VecDeque<PacketId>,
    unanswered_pings: usize,
    /// It sent an AUTH that the client must answer; or the client did.
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
    pub fn new(is_conforming: bool) -> Self {
        Server { is_conforming, kept: None, assigned: 0, reported: BTreeSet::new() }
    }

    /// Whether it waits for nothing, except for the PUBRELs of messages that the client had to give up.
    pub fn is_done(&self, model: &Model) -> bool {
        let is_given_up = |id| model.outgoing.iter().any(|message| message.id == id);
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
                line.server_side.is_deaf = true;
                self.note("the server goes deaf".to_owned());
            }
            2..11 if undelivered > 0 => self.deliver(undelivered),
            // It sent its last packet.
            _ if line.over && self.server.is_conforming => self.time(),
            _ if line.accepted || line.over => {
                for _ in 0..=self.random.below(4) {
                    match self.random.below(3) {
                        0 => self.send_unasked(version),
                        _ => self.answer(version),
                    }
                }
            }
            _ => self.answer_connect(version),
        }
    }
}
