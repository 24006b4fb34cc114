//! The client's session, sans-IO: bytes and the time go in, bytes and events come out.
//!
//! Has no clock, no socket and no source of randomness, so that tests run it on virtual time. Never repeats a
//! command by itself, except for the messages of a session that the server resumes: after any other
//! `Event::Connected` nothing is subscribed. A driver calls it (in the page: `client`):
//!
//! - commands: [`connect`](Session::connect), [`disconnect`](Session::disconnect),
//!   [`retry_now`](Session::retry_now), [`subscribe`](Session::subscribe),
//!   [`unsubscribe`](Session::unsubscribe), [`barrier`](Session::barrier),
//!   [`publish`](Session::publish), and their variants with properties (`subscribe_with` and so on);
//!   [`authenticate`](Session::authenticate) and [`reauthenticate`](Session::reauthenticate);
//! - input: `handle_open`, `handle_bytes`, `handle_closed` and `handle_timeout`, each with the time;
//! - output, after every command and every input: `poll_event` until `None`, `poll_transmit` until `None`, then
//!   a timer for `poll_timeout`.
//!
//! Reading order: this file (input and output), `commands`, `state` (what a session holds), `link` (the
//! transitions of the diagram at [`Link`]), `connect` (CONNECT and CONNACK), `receive` (every other packet),
//! `delivery` (QoS 1 and 2), `authentication` (AUTH), `alias`, `liveness` (keep-alive), `backoff`. The rest is
//! plain data.

mod alias;
mod authentication;
mod backoff;
mod commands;
mod connect;
mod delivery;
mod event;
mod failure;
mod link;
mod liveness;
mod options;
mod receive;
mod state;
mod time;

#[cfg(test)]
mod tests;

use self::state::{Core, State};
use crate::decode;
use crate::packet::{PacketType, Publish, Version};
use crate::stream;

pub use self::event::{BarrierId, Closed, CommandError, Connected, Event, Transmit};
pub use self::failure::Failure;
pub use self::options::{Authentication, Options, OwnedWill, VersionChoice};
pub use self::time::Time;

/// The state of the link to the server.
///
/// ```text
///             connect                 CONNACK accepts
///  ┌──────┐             ┌────────────┐               ┌───────────┐
///  │ Idle │ ──────────▶ │ Connecting │ ────────────▶ │ Connected │
///  └──────┘             └────────────┘               └───────────┘
///     ▲                   ▲   ▲    │                       │
///     │                   │   │    └───────────┬───────────┘
///     │ disconnect,       │   │                │ fails, or ends
///     │ from anywhere     │   │     may heal   │   the user must act
///     │                   │   │        ┌───────┴────────┐
///                         │   │        ▼                ▼
///                         │   │   ┌─────────┐      ┌─────────┐
///                         │   └── │ Waiting │      │ Refused │
///                         │       └─────────┘      └─────────┘
///                         │    retry_at,                │
///                         │    retry_now, connect       │ connect
///                         └─────────────────────────────┘
/// ```
///
/// Falling back to 3.1.1 dials again at once, and the link stays `Connecting`. An exchange of AUTH happens in
/// `Connecting` before CONNACK, in `Connected` after it (section 4.12.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// No connection is wanted.
    Idle,
    /// Dialling, waiting for CONNACK, authenticating by AUTH, or falling back to 3.1.1.
    Connecting,
    /// The server accepted the connection by CONNACK.
    Connected,
    /// The last attempt failed, and the session will dial again by itself.
    Waiting {
        /// When it will dial.
        retry_at: Time,
    },
    /// The session does not dial until the user acts, because of credentials, authorisation, the client
    /// identifier, a forced version, or another client that took over.
    Refused,
}

/// An MQTT client over WebSockets, one socket at a time.
///
/// A whole session, with the bytes of a server and on virtual time:
///
/// ```
/// use mqtt::{Event, Failure, Link, Options, Properties, QoS, ReasonCode, Session, Subscription, Time};
/// use mqtt::{TopicFilter, TopicName, Transmit, Version, VersionChoice};
///
/// /// The bytes that the driver sends next.
/// fn sent(session: &mut Session) -> Vec<u8> {
///     let Some(Transmit::Send(bytes)) = session.poll_transmit() else { panic!("nothing to send") };
///     bytes.to_vec()
/// }
///
/// let mut options = Options::new("board-1");
/// options.version = VersionChoice::Only(Version::V5);
/// let mut session = Session::new(options);
///
/// // Connect: CONNECT as soon as the socket is open, and CONNACK within ten seconds of dialling.
/// session.connect(Time(0));
/// assert_eq!(session.poll_transmit(), Some(Transmit::Open));
/// assert_eq!(session.poll_timeout(), Some(Time(10_000)));
/// session.handle_open(Time(50));
/// assert_eq!(sent(&mut session)[0], 0x10);
/// session.handle_bytes(b"\x20\x03\0\0\0", Time(100));
/// assert!(matches!(session.poll_event(), Some(Event::Connected(connected)) if !connected.session_present));
///
/// // Subscribe: SUBACK grants QoS 1, and a message comes, which the session acknowledges by itself.
/// let filter = TopicFilter::new("lamp/+").unwrap();
/// let packet_id = session.subscribe(&[Subscription { qos: QoS::AtLeastOnce, ..Subscription::new(filter) }]);
/// assert_eq!(sent(&mut session), b"\x82\x0c\0\x01\0\0\x06lamp/+\x01");
/// session.handle_bytes(b"\x90\x04\0\x01\0\x01\x32\x0d\0\x06lamp/1\0\x09\0on", Time(200));
/// assert!(matches!(session.poll_event(), Some(Event::Suback(suback)) if Ok(suback.packet_id) == packet_id));
/// let Some(Event::Publish(publish)) = session.poll_event() else { panic!() };
/// assert_eq!((publish.topic.as_str(), publish.payload), ("lamp/1", &b"on"[..]));
/// assert_eq!(session.poll_event(), None);
/// assert_eq!(sent(&mut session), b"\x40\x02\0\x09");
///
/// // Publish: in flight until PUBACK.
/// session.publish(TopicName::new("lamp/1").unwrap(), b"off", QoS::AtLeastOnce, false).unwrap();
/// assert_eq!(sent(&mut session), b"\x32\x0e\0\x06lamp/1\0\x02\0off");
/// assert_eq!(session.in_flight(), 1);
/// session.handle_bytes(b"\x40\x02\0\x02", Time(300));
/// assert!(matches!(session.poll_event(), Some(Event::Puback(ack)) if ack.reason_code == ReasonCode::Success));
/// assert_eq!(session.in_flight(), 0);
///
/// // A keep-alive later a PINGREQ is sent. Without a PINGRESP the link counts as dead, and the session dials
/// // again by itself.
/// assert_eq!(session.poll_timeout(), Some(Time(30_300)));
/// session.handle_timeout(Time(30_300));
/// assert_eq!(sent(&mut session), b"\xC0\0");
/// session.handle_timeout(Time(40_300));
/// assert_eq!(session.poll_event(), Some(Event::Disconnected(Some(&Failure::PingTimeout))));
/// assert_eq!(session.poll_transmit(), Some(Transmit::Close));
/// let Link::Waiting { retry_at } = session.link() else { panic!() };
/// session.handle_timeout(retry_at);
/// assert_eq!(session.poll_transmit(), Some(Transmit::Open));
/// session.handle_open(retry_at);
/// assert_eq!(sent(&mut session)[0], 0x10);
/// session.handle_bytes(b"\x20\x03\0\0\0", retry_at);
/// assert!(matches!(session.poll_event(), Some(Event::Connected(_))));
///
/// // Disconnect: DISCONNECT is sent, and then the socket closes.
/// session.disconnect_with(ReasonCode::DisconnectWithWillMessage, Properties::EMPTY, retry_at).unwrap();
/// assert_eq!(session.poll_event(), Some(Event::Disconnected(None)));
/// assert_eq!(sent(&mut session), b"\xE0\x01\x04");
/// assert_eq!(session.poll_transmit(), Some(Transmit::Close));
/// assert_eq!((session.link(), session.poll_timeout()), (Link::Idle, None));
/// ```
#[derive(Debug)]
pub struct Session {
    /// The bytes that came from the socket. Separate from `core`, so that an event can borrow from them while
    /// `core` changes.
    received: Vec<u8>,
    core: Core,
}

impl Session {
    /// An idle session. [`connect`](Session::connect) starts it.
    pub fn new(options: Options) -> Session {
        Session { received: Vec::new(), core: Core::new(options) }
    }
}

/// # Input
///
/// Each of these checks all deadlines first, because no timer fires in a sleeping machine.
impl Session {
    /// The socket opened.
    pub fn handle_open(&mut self, now: Time) {
        self.core.advance(now);
        if self.core.state == State::Opening && !self.core.open {
            self.received.clear();
            self.core.handshake();
        }
    }

    /// A binary message came from the socket: any part of any number of packets ([MQTT-6.0.0-2]).
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Time) {
        let jumped = self.core.advance(now);
        if let State::Handshake | State::Connected = self.core.state {
            stream::compact(&mut self.received, &mut self.core.cursor);
            self.received.extend_from_slice(bytes);
            // Bytes that are reported together with a clock jump may have come before it: they do not prove
            // that the link still works.
            if !jumped {
                self.core.connection.liveness.received(self.core.now);
            }
        }
    }

    /// The socket closed, or failed to open. A WebSocket's `error` and its `close` may both be reported: the
    /// second has no effect.
    pub fn handle_closed(&mut self, closed: Closed, now: Time) {
        self.core.advance(now);
        self.core.closed(closed);
    }

    /// The timer for `poll_timeout` fired. Calling this early or late does no harm.
    pub fn handle_timeout(&mut self, now: Time) {
        self.core.advance(now);
    }
}

/// # Output
impl Session {
    /// What to do with the socket next; `None` when nothing is left to do.
    ///
    /// After `Close` the driver detaches the socket's handlers. What it still reports before it has
    /// polled the next `Open` is ignored.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        // Queued bytes are always for the socket that `close` closes; `open` is about the one after it.
        let core = &mut self.core;
        if !core.outbox.is_empty() {
            core.sending.clear();
            std::mem::swap(&mut core.sending, &mut core.outbox);
            core.taken += 1;
            core.inbound.taken();
            return Some(Transmit::Send(&core.sending));
        }
        if std::mem::take(&mut core.close) {
            return Some(Transmit::Close);
        }
        std::mem::take(&mut core.open).then_some(Transmit::Open)
    }

    /// What happened next; `None` when there is no more. Decodes the received bytes packet by packet, so that a
    /// message borrows from them.
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        let Session { received, core } = self;
        while core.events.is_empty() {
            let Some((bytes, frame)) = core.measure(received) else { break };
            if !core.may_receive(frame.packet) {
                core.handle_unexpected(frame.packet);
                continue;
            }
            // Almost every packet is a PUBLISH, so it is decoded into nothing larger than itself.
            if frame.packet == PacketType::Publish {
                match decode::publish(bytes, frame, core.version) {
                    Ok(publish) if publish.properties.has(0x23) => {
                        if let Some(alias) = core.alias(&publish)
                            && core.receive(publish.delivery, publish.retain)
                        {
                            let topic = core.connection.received_aliases.name(alias);
                            return Some(Event::Publish(Publish { topic, ..publish }));
                        }
                    }
                    Ok(publish) if core.receive(publish.delivery, publish.retain) => {
                        return Some(Event::Publish(publish));
                    }
                    Ok(_) => {}
                    Err(error) => core.handle_invalid(error),
                }
                continue;
            }
            match decode::body(bytes, frame, core.version) {
                // The packet is decoded again after the events about its lost messages.
                Ok(packet) if core.loses_messages(&packet) => core.cursor.position -= frame.len,
                Ok(packet) => {
                    if let Some(event) = core.handle_packet(packet) {
                        return Some(event);
                    }
                }
                Err(error) => core.handle_invalid(error),
            }
        }
        core.poll_queued_event()
    }

    /// When to call `handle_timeout`; a time that is not after now means at once, `None` means never. Changes
    /// with every call of another method.
    pub fn poll_timeout(&self) -> Option<Time> {
        match self.core.state {
            State::Idle | State::Refused => None,
            State::Opening | State::Handshake => Some(self.core.connection.deadline),
            State::Connected => self.core.connection.liveness.due(self.core.now),
            State::Waiting { retry_at } => Some(retry_at),
        }
    }
}

/// # State
impl Session {
    /// The state of the link.
    pub fn link(&self) -> Link {
        match self.core.state {
            State::Idle => Link::Idle,
            State::Opening | State::Handshake => Link::Connecting,
            State::Connected => Link::Connected,
            State::Waiting { retry_at } => Link::Waiting { retry_at },
            State::Refused => Link::Refused,
        }
    }

    /// The version in use, while connected.
    pub fn version(&self) -> Option<Version> {
        (self.core.state == State::Connected).then_some(self.core.version)
    }

    /// Why the link is not up. Kept while waiting, refused and connecting again; cleared by CONNACK and by
    /// `disconnect`.
    pub fn last_failure(&self) -> Option<&Failure> {
        self.core.failure.as_ref()
    }

    /// How many QoS 1 and 2 messages wait for an acknowledgement; while not connected, those of a session that
    /// may be resumed.
    pub fn in_flight(&self) -> usize {
        self.core.outbound.in_flight()
    }

    /// The options that the session was made with.
    pub fn options(&self) -> &Options {
        &self.core.options
    }
}
