//! What a session holds: its state, its connection, the queued output; and how packets are queued.
//!
//! Plain data and the helpers that every other file of the session uses. Never decides what is sent, except that
//! nothing leaves that the server would refuse. The rest of the session calls it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::alias::{ReceivedAliases, SentAliases};
use super::authentication::Turn;
use super::backoff::Backoff;
use super::delivery::{Inbound, Outbound};
use super::link::SocketEnd;
use super::liveness::Liveness;
use super::{BarrierId, CommandError, Event, Failure, Options, Time};
use crate::encode::encode;
use crate::error::{Error, Violation};
use crate::packet::{Packet, PacketId, PacketType, QoS, Version};
use crate::reason::ReasonCode;
use crate::stream::Cursor;

/// As `Link`, but with `Connecting` in two states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Idle,
    /// The socket is being opened.
    Opening,
    /// CONNECT was sent, and the session waits for CONNACK.
    Handshake,
    Connected,
    Waiting {
        retry_at: Time,
    },
    Refused,
}

/// Everything but the received bytes.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) options: Options,
    /// The time of the last input.
    pub(super) now: Time,
    pub(super) state: State,
    /// The version of this attempt, or of the last one.
    pub(super) version: Version,
    /// The version that worked last, which is tried first next time.
    pub(super) known_version: Option<Version>,
    pub(super) failure: Option<Failure>,
    pub(super) backoff: Backoff,
    pub(super) cursor: Cursor,

    // Output, in this order.
    pub(super) outbox: Vec<u8>,
    pub(super) close: bool,
    pub(super) open: bool,
    /// The bytes that `Transmit::Send` borrows.
    pub(super) sending: Vec<u8>,

    /// Events that come before the next packet is decoded.
    pub(super) events: VecDeque<QueuedEvent>,
    /// The failure that the last event borrows.
    pub(super) reported_failure: Option<Failure>,

    pub(super) last_barrier: u64,
    /// How many times the driver has taken queued bytes.
    pub(super) taken: u64,

    // The session in the standard's sense, which may outlive its connection.
    pub(super) outbound: Outbound,
    pub(super) inbound: Inbound,
    /// `None` if the server keeps no session.
    pub(super) lasting: Option<Lasting>,
    /// The client identifier that the server assigned, as long as it keeps the session.
    pub(super) assigned_client_id: Option<Box<str>>,

    pub(super) connection: Connection,
}

/// A session that outlives its connection.
#[derive(Debug)]
pub(super) struct Lasting {
    pub(super) version: Version,
    /// When the server discards it. `None`: never, or not while it is connected.
    pub(super) expires_at: Option<Time>,
}

/// What ends with the socket.
#[derive(Debug)]
pub(super) struct Connection {
    /// When CONNACK must have come.
    pub(super) deadline: Time,
    pub(super) connected_at: Time,
    pub(super) liveness: Liveness,
    /// The SUBSCRIBEs and UNSUBSCRIBEs that wait for an answer. For PUBLISH see `Outbound`.
    pub(super) pending: HashMap<PacketId, Pending>,
    pub(super) last_packet_id: u16,
    pub(super) last_subscribe: Option<PacketId>,
    /// Clean Start as in this connection's CONNECT.
    pub(super) clean_start: bool,
    pub(super) turn: Turn,
    /// Whether the session outlives this connection.
    pub(super) lasts: bool,

    pub(super) received_aliases: ReceivedAliases,
    pub(super) sent_aliases: SentAliases,

    // From CONNACK.
    pub(super) session_expiry_interval: u32,
    pub(super) maximum_qos: QoS,
    pub(super) retain_available: bool,
    pub(super) maximum_packet_size: Option<u32>,
    pub(super) wildcard_subscription_available: bool,
    pub(super) subscription_identifier_available: bool,
    pub(super) shared_subscription_available: bool,
}

impl Connection {
    /// An attempt that begins now. CONNACK must come until `deadline`.
    pub(super) fn new(now: Time, deadline: Time) -> Self {
        Connection {
            deadline,
            connected_at: now,
            liveness: Liveness::new(now),
            pending: HashMap::new(),
            last_packet_id: 0,
            last_subscribe: None,
            clean_start: true,
            turn: Turn::None,
            lasts: false,
            received_aliases: ReceivedAliases::default(),
            sent_aliases: SentAliases::default(),
            session_expiry_interval: 0,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            maximum_packet_size: None,
            wildcard_subscription_available: true,
            subscription_identifier_available: true,
            shared_subscription_available: true,
        }
    }
}

/// A request that waits for its answer, with the number of its filters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pending {
    Subscribe(usize),
    Unsubscribe(usize),
}

/// An event that borrows nothing from the received bytes.
#[derive(Debug)]
pub(super) enum QueuedEvent {
    BarrierLost(BarrierId),
    PublishLost(PacketId),
    ClockJump { by: Duration, backwards: bool },
    Disconnected(Option<Failure>),
    ConnectFailed(Failure),
}

impl Core {
    pub(super) fn new(options: Options) -> Core {
        Core {
            now: Time(0),
            state: State::Idle,
            version: Version::V5,
            known_version: None,
            failure: None,
            backoff: Backoff::new(options.seed),
            cursor: Cursor::new(Version::V5, options.max_packet_size),
            outbox: Vec::new(),
            sending: Vec::new(),
            close: false,
            open: false,
            events: VecDeque::new(),
            reported_failure: None,
            last_barrier: 0,
            taken: 0,
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            lasting: None,
            assigned_client_id: None,
            connection: Connection::new(Time(0), Time(0)),
            options,
        }
    }

    /// Queues a packet that the session makes itself. Whether it did: if the packet exceeds the server's Maximum
    /// Packet Size, the link ends instead, because an answer can be neither left out nor split.
    pub(super) fn send(&mut self, packet: &Packet<'_>) -> bool {
        let is_sent = self.send_if_small_enough(packet);
        if let (false, Some(maximum)) = (is_sent, self.connection.maximum_packet_size) {
            let socket = SocketEnd::Disconnect(ReasonCode::ImplementationSpecificError);
            self.end(Failure::MaximumPacketSize(maximum), socket);
        }
        is_sent
    }

    /// As `send`, for a packet that may be left out.
    pub(super) fn send_if_small_enough(&mut self, packet: &Packet<'_>) -> bool {
        let start = self.outbox.len();
        let encoded = encode(packet, self.version, &mut self.outbox);
        debug_assert!(encoded.is_ok(), "{packet:?}");
        // [MQTT-3.2.2-15]
        let maximum = self.connection.maximum_packet_size.unwrap_or(u32::MAX);
        let is_small_enough = self.outbox.len() - start <= maximum as usize;
        match is_small_enough {
            true => self.connection.liveness.sent(self.now),
            false => self.outbox.truncate(start),
        }
        is_small_enough
    }

    /// Queues a packet for the caller, while connected.
    pub(super) fn command(&mut self, packet: &Packet<'_>) -> Result<(), CommandError> {
        if self.state != State::Connected {
            return Err(CommandError::NotConnected);
        }
        self.queue(packet)
    }

    /// As `command`, in any state.
    pub(super) fn queue(&mut self, packet: &Packet<'_>) -> Result<(), CommandError> {
        let start = self.outbox.len();
        encode(packet, self.version, &mut self.outbox).map_err(CommandError::Invalid)?;
        let len = self.outbox.len() - start;
        let result = if len > self.maximum_packet_size() {
            Err(CommandError::PacketTooLarge)
        } else if self.outbox.len() > self.options.max_packet_size as usize {
            Err(CommandError::QueueFull)
        } else {
            // Before CONNACK the keep-alive counts from CONNECT, whose time is known.
            if self.state == State::Connected {
                self.connection.liveness.sent_untimed();
            }
            Ok(())
        };
        if result.is_err() {
            self.outbox.truncate(start);
        }
        result
    }

    /// The largest packet that may be sent, in bytes ([MQTT-3.2.2-15]).
    pub(super) fn maximum_packet_size(&self) -> usize {
        let limit = self.options.max_packet_size;
        self.connection.maximum_packet_size.map_or(limit, |maximum| maximum.min(limit)) as usize
    }

    /// A packet identifier that is not in use ([MQTT-2.2.1-3]).
    pub(super) fn free_packet_id(&mut self) -> Result<PacketId, CommandError> {
        if self.state != State::Connected {
            return Err(CommandError::NotConnected);
        }
        if self.connection.pending.len() + self.outbound.len() >= usize::from(u16::MAX) {
            return Err(CommandError::TooManyOutstanding);
        }
        loop {
            self.connection.last_packet_id = self.connection.last_packet_id.wrapping_add(1);
            if let Some(packet_id) = PacketId::new(self.connection.last_packet_id)
                && !self.connection.pending.contains_key(&packet_id)
                && !self.outbound.has(packet_id)
            {
                return Ok(packet_id);
            }
        }
    }

    /// An error about a packet that was decoded, and that the state of the session forbids.
    pub(super) fn error(&self, packet: PacketType, field: &'static str, violation: Violation) -> Error {
        Error { violation, packet: Some(packet), field, offset: 0, version: self.version }
    }

    /// The next queued event. Its failure is stored here, because the event borrows it.
    pub(super) fn poll_queued_event(&mut self) -> Option<Event<'_>> {
        Some(match self.events.pop_front()? {
            QueuedEvent::BarrierLost(id) => Event::BarrierLost(id),
            QueuedEvent::PublishLost(id) => Event::PublishLost(id),
            QueuedEvent::ClockJump { by, backwards } => Event::ClockJump { by, backwards },
            QueuedEvent::Disconnected(failure) => {
                self.reported_failure = failure;
                Event::Disconnected(self.reported_failure.as_ref())
            }
            QueuedEvent::ConnectFailed(failure) => {
                Event::ConnectFailed(self.reported_failure.insert(failure))
            }
        })
    }
}
