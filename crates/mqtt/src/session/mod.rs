//! The client's session, sans-IO: bytes and the time go in, bytes and events come out.
//!
//! Has no clock, no socket and no source of randomness, so that tests hold it by both ends on
//! virtual time. Never retries a command by itself, but for messages of a session that the server
//! resumes: after any other `Event::Connected` nothing is subscribed. A driver calls it (in the page: `link`):
//!
//! - commands change the intent: [`connect`](Session::connect), [`disconnect`](Session::disconnect),
//!   [`retry_now`](Session::retry_now), [`subscribe`](Session::subscribe),
//!   [`unsubscribe`](Session::unsubscribe), [`barrier`](Session::barrier),
//!   [`publish`](Session::publish), and those of these that may have properties with them
//!   (`subscribe_with` and so on); [`authenticate`](Session::authenticate) and
//!   [`reauthenticate`](Session::reauthenticate);
//! - `handle_*` takes what happened, with the time;
//! - after each of either, `poll_event` and then `poll_transmit` until `None`, then a timer for
//!   `poll_timeout`.
//!
//! Reading order: this file, `link` (the moves of its diagram), `connect` (CONNECT and CONNACK),
//! `receive` (every other packet), `delivery` (QoS 1 and 2), `authentication` (AUTH), `alias`, `liveness` (keep-alive), `backoff`;
//! the rest is plain data.

mod alias;
mod authentication;
mod backoff;
mod by_id;
mod connect;
mod delivery;
mod event;
mod failure;
mod link;
mod liveness;
mod options;
mod receive;
mod time;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use self::alias::{GivenAliases, ReceivedAliases};
use self::authentication::Turn;
use self::backoff::Backoff;
use self::by_id::ById;
use self::delivery::{Inbound, Outbound};
use self::link::Socket;
use self::liveness::Liveness;
use crate::decode;
use crate::encode::encode_for_client;
use crate::error::{Error, Violation};
use crate::packet::{
    Delivery, Disconnect, Packet, PacketId, PacketType, Publish, QoS, Subscribe, Subscription, Unsubscribe,
    Version,
};
use crate::property::Properties;
use crate::reason::ReasonCode;
use crate::stream::{self, Cursor};
use crate::topic::{TopicFilter, TopicName};

pub use self::event::{BarrierId, Closed, CommandError, Connected, Event, Transmit};
pub use self::failure::Failure;
pub use self::options::{Authentication, Options, OwnedWill, VersionChoice};
pub use self::time::Time;

/// Where the link stands.
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
/// Falling back to 3.1.1 is a matter of `Connecting`: it dials again at once and stays. So is an exchange
/// of AUTH before CONNACK; one after it leaves the link `Connected` (section 4.12.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// Nobody wants a connection.
    Idle,
    /// Dialling, waiting for CONNACK, authenticating by AUTH, or falling back to 3.1.1.
    Connecting,
    /// CONNACK accepted.
    Connected,
    /// The last attempt failed, and the next one comes by itself.
    Waiting {
        /// When it comes.
        retry_at: Time,
    },
    /// No attempt comes until the user acts: credentials, authorisation, client identifier, a
    /// forced version, taken over.
    Refused,
}

/// A client's side of MQTT over one WebSocket after the other.
///
/// A whole session, against a server of a few bytes and on a clock that only the example moves:
///
/// ```
/// use mqtt::{Event, Failure, Link, Options, Properties, QoS, ReasonCode, Session, Subscription, Time};
/// use mqtt::{TopicFilter, TopicName, Transmit, Version, VersionChoice};
///
/// /// What the driver is to send next.
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
/// // Subscribe: SUBACK grants QoS 1, and a message comes, which is acknowledged without being asked.
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
/// // A keep-alive later there is a PINGREQ, and without any PINGRESP the link is given up. The next attempt
/// // comes by itself.
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
/// // Disconnect: the last word, and then the socket closes.
/// session.disconnect_with(ReasonCode::DisconnectWithWillMessage, Properties::EMPTY, retry_at).unwrap();
/// assert_eq!(session.poll_event(), Some(Event::Disconnected(None)));
/// assert_eq!(sent(&mut session), b"\xE0\x01\x04");
/// assert_eq!(session.poll_transmit(), Some(Transmit::Close));
/// assert_eq!((session.link(), session.poll_timeout()), (Link::Idle, None));
/// ```
#[derive(Debug)]
pub struct Session {
    /// What came from the socket. Apart from the rest, so that an event can borrow from it while
    /// the rest moves on.
    received: Vec<u8>,
    core: Core,
}

impl Session {
    /// Idle, until `connect`.
    pub fn new(options: Options) -> Session {
        let cursor = Cursor::new(Version::V5, options.max_packet_size);
        let backoff = Backoff::new(options.seed);
        let core = Core {
            options,
            now: Time(0),
            state: State::Idle,
            version: Version::V5,
            known_version: None,
            failure: None,
            backoff,
            cursor,
            outbox: Vec::new(),
            sending: Vec::new(),
            close: false,
            open: false,
            events: VecDeque::new(),
            lent: None,
            last_barrier: 0,
            taken: 0,
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            lasting: None,
            assigned_client_id: None,
            connection: Connection::new(Time(0), Time(0)),
        };
        Session { received: Vec::new(), core }
    }

    // Commands.

    /// The user wants to be connected: dials at once, and the back-off starts anew. Nothing to do
    /// while connecting or connected.
    pub fn connect(&mut self, now: Time) {
        self.core.advance(now);
        self.core.backoff.reset();
        if let State::Idle | State::Waiting { .. } | State::Refused = self.core.state {
            self.core.dial();
        }
    }

    /// The user wants no connection: says DISCONNECT behind what is queued ([MQTT-3.14.4-1]), closes
    /// the socket and goes `Idle`. The server then drops the will.
    pub fn disconnect(&mut self, now: Time) {
        self.core.now = self.core.now.max(now);
        if self.core.state == State::Connected {
            self.core.send_if_taken(&Packet::Disconnect(Disconnect::new(ReasonCode::Success)));
        }
        self.core.leave();
    }

    /// As `disconnect`, with a reason code and properties, which a link that stands can say in 5.0:
    /// `DisconnectWithWillMessage` has the server publish the will; a Session Expiry Interval takes the
    /// place of CONNECT's, and with 0 the session ends here and now; a Reason String and User Properties.
    ///
    /// # Errors
    /// `QueueFull`, `PacketTooLarge`; `Invalid` for a code or a Server Reference, which are a server's, for a
    /// Session Expiry Interval where CONNECT or CONNACK said 0 (section 3.14.2.2.2), and for anything but
    /// `Success` alone in 3.1.1. The link stands then as it did.
    pub fn disconnect_with(
        &mut self,
        reason_code: ReasonCode,
        properties: Properties<'_>,
        now: Time,
    ) -> Result<(), CommandError> {
        self.core.now = self.core.now.max(now);
        if self.core.state == State::Connected {
            self.core.disconnect(Disconnect { reason_code, properties })?;
        }
        self.core.leave();
        Ok(())
    }

    /// Answers the server's `Event::Auth` by AUTH 0x18 (section 4.12), before CONNACK or after it.
    ///
    /// # Errors
    /// `NotConnected`, `AuthenticationUnexpected`, `QueueFull`, `PacketTooLarge`; `Invalid` for more than
    /// 65,535 bytes.
    pub fn authenticate(&mut self, data: &[u8]) -> Result<(), CommandError> {
        self.core.authenticate(data)
    }

    /// Authenticates again while connected, by AUTH 0x19 (section 4.12.1), and everything else goes on
    /// meanwhile. `Event::Auth` answers: with `Success`, or with what `authenticate` is to answer. A server
    /// that is not content ends the link.
    ///
    /// # Errors
    /// Those of `authenticate`.
    pub fn reauthenticate(&mut self, data: Option<&[u8]>) -> Result<(), CommandError> {
        self.core.reauthenticate(data)
    }

    /// What the CONNECTs from now on say first, for methods whose first words must be new each time, as the
    /// nonce of SCRAM must. Means nothing without [`Options::authentication`].
    pub fn set_authentication_data(&mut self, data: Option<Vec<u8>>) {
        if let Some(authentication) = &mut self.core.options.authentication {
            authentication.data = data;
        }
    }

    /// "Try now", or the browser is online again: dials at once if `Waiting`, and keeps the
    /// back-off where it is.
    pub fn retry_now(&mut self, now: Time) {
        self.core.advance(now);
        if let State::Waiting { .. } = self.core.state {
            self.core.dial();
        }
    }

    /// Queues a SUBSCRIBE; `Event::Suback` with the same packet identifier answers it.
    ///
    /// # Errors
    /// `NotConnected`, `QueueFull`, `TooManyOutstanding`, `PacketTooLarge`,
    /// `WildcardSubscriptionsNotSupported`, `SharedSubscriptionsNotSupported`; `Invalid` for an
    /// empty list or an option that 3.1.1 does not have.
    pub fn subscribe(&mut self, filters: &[Subscription<'_>]) -> Result<PacketId, CommandError> {
        self.subscribe_with(filters, Properties::EMPTY)
    }

    /// As `subscribe`, with properties: a Subscription Identifier, which every message that the
    /// filters bring then has among its own, and User Properties.
    ///
    /// # Errors
    /// Those of `subscribe`; `SubscriptionIdentifiersNotSupported`; `Invalid` for properties in 3.1.1.
    pub fn subscribe_with(
        &mut self,
        filters: &[Subscription<'_>],
        properties: Properties<'_>,
    ) -> Result<PacketId, CommandError> {
        let packet_id = self.core.free_packet_id()?;
        let connection = &self.core.connection;
        for Subscription { filter, .. } in filters {
            if !connection.wildcard_subscription_available && filter.has_wildcard() {
                return Err(CommandError::WildcardSubscriptionsNotSupported);
            }
            if !connection.shared_subscription_available && filter.share().is_some() {
                return Err(CommandError::SharedSubscriptionsNotSupported);
            }
        }
        if !connection.subscription_identifier_available && properties.has(0x0B) {
            return Err(CommandError::SubscriptionIdentifiersNotSupported);
        }
        self.core.command(&Packet::Subscribe(Subscribe {
            packet_id,
            properties,
            subscriptions: filters.into(),
        }))?;
        self.core.connection.pending.insert(packet_id, Pending::Subscribe(filters.len()));
        self.core.connection.last_subscribe = Some(packet_id);
        Ok(packet_id)
    }

    /// Queues an UNSUBSCRIBE; `Event::Unsuback` with the same packet identifier answers it, in 5.0
    /// with a code for each filter.
    ///
    /// # Errors
    /// `NotConnected`, `QueueFull`, `TooManyOutstanding`, `PacketTooLarge`; `Invalid` for an empty
    /// list.
    pub fn unsubscribe(&mut self, filters: &[TopicFilter<'_>]) -> Result<PacketId, CommandError> {
        self.unsubscribe_with(filters, Properties::EMPTY)
    }

    /// As `unsubscribe`, with properties: User Properties.
    ///
    /// # Errors
    /// Those of `unsubscribe`; `Invalid` for properties in 3.1.1.
    pub fn unsubscribe_with(
        &mut self,
        filters: &[TopicFilter<'_>],
        properties: Properties<'_>,
    ) -> Result<PacketId, CommandError> {
        let packet_id = self.core.free_packet_id()?;
        self.core.command(&Packet::Unsubscribe(Unsubscribe {
            packet_id,
            properties,
            filters: filters.into(),
        }))?;
        self.core.connection.pending.insert(packet_id, Pending::Unsubscribe(filters.len()));
        Ok(packet_id)
    }

    /// Queues a PINGREQ right behind what is queued. `Event::Barrier` tells that its PINGRESP came,
    /// and with it everything the server had to send before; `Event::BarrierLost` that it did not.
    /// The link's end answers no barrier.
    ///
    /// # Errors
    /// `NotConnected`, `QueueFull`, `TooManyOutstanding`.
    pub fn barrier(&mut self) -> Result<BarrierId, CommandError> {
        if self.core.state == State::Connected && !self.core.connection.liveness.has_room() {
            return Err(CommandError::TooManyOutstanding);
        }
        self.core.command(&Packet::Pingreq)?;
        self.core.last_barrier += 1;
        let id = BarrierId(self.core.last_barrier);
        let after = self.core.connection.last_subscribe;
        self.core.connection.liveness.barrier(id, after);
        Ok(id)
    }

    /// Queues a PUBLISH. At QoS 1 and 2 it has a packet identifier, and exactly one of these ends it:
    /// `Event::Puback`; a refusing `Event::Pubrec` or `Event::Pubcomp`; `Event::PublishLost`.
    ///
    /// It is not sent again on another link, unless the server resumes the session
    /// ([`Options::clean_start`]).
    ///
    /// # Errors
    /// `NotConnected`, `QueueFull`, `TooManyOutstanding` (Receive Maximum, [MQTT-3.3.4-7], and
    /// [`Options::max_in_flight`]), `PacketTooLarge`, `QoSNotSupported`, `RetainNotSupported`.
    pub fn publish(
        &mut self,
        topic: TopicName<'_>,
        payload: &[u8],
        qos: QoS,
        retain: bool,
    ) -> Result<Option<PacketId>, CommandError> {
        self.publish_with(topic, payload, qos, retain, Properties::EMPTY)
    }

    /// As `publish`, with properties: a Message Expiry Interval, a Response Topic and the like.
    ///
    /// # Errors
    /// Those of `publish`; `Invalid` for properties in 3.1.1, for a Subscription Identifier
    /// ([MQTT-3.3.4-6]), and for a Topic Alias, which is the session's to give.
    pub fn publish_with(
        &mut self,
        topic: TopicName<'_>,
        payload: &[u8],
        qos: QoS,
        retain: bool,
        properties: Properties<'_>,
    ) -> Result<Option<PacketId>, CommandError> {
        let delivery = Delivery::AtMostOnce;
        self.core.publish(Publish { delivery, retain, topic, properties, payload }, qos)
    }

    // Input. Each looks at the deadlines first: no timer runs in a sleeping machine.

    /// The socket opened.
    pub fn handle_open(&mut self, now: Time) {
        self.core.advance(now);
        if self.core.state == State::Opening && !self.core.open {
            self.received.clear();
            self.core.handshake();
        }
    }

    /// A binary message came from the socket, which need not be a packet ([MQTT-6.0.0-2]).
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Time) {
        let jumped = self.core.advance(now);
        if let State::Handshake | State::Connected = self.core.state {
            stream::compact(&mut self.received, &mut self.core.cursor);
            self.received.extend_from_slice(bytes);
            // What is told together with a jump may have come before it, and is no sign of life.
            if !jumped {
                self.core.connection.liveness.received(self.core.now);
            }
        }
    }

    /// The socket closed, or failed to open. Both a WebSocket's `error` and its `close` may be told:
    /// the second finds nothing to do.
    pub fn handle_closed(&mut self, close: Closed, now: Time) {
        self.core.advance(now);
        self.core.closed(close);
    }

    /// A timer for `poll_timeout` fired; early or late does no harm.
    pub fn handle_timeout(&mut self, now: Time) {
        self.core.advance(now);
    }

    // Output.

    /// What to do with the socket next; `None` when all is done.
    ///
    /// After `Close` the driver detaches the socket's handlers. What it still reports before it has
    /// polled the next `Open` is ignored.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        // Bytes are only ever queued for the socket that `close` closes; `open` is the one after.
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

    /// What happened next; `None` when everything was told. Decodes one packet after the other from
    /// the bytes that came, so that a message borrows from them.
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        let Session { received, core } = self;
        while core.events.is_empty() {
            let Some((bytes, frame)) = core.measure(received) else { break };
            // Almost every packet is a PUBLISH, so this path is kept free of all the others.
            if frame.packet == PacketType::Publish && core.state == State::Connected {
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
                    Err(error) => core.broken(error),
                }
                continue;
            }
            match decode::servers(bytes, frame, core.version) {
                // Comes again when what it lost was told.
                Ok(packet) if core.loses_messages(&packet) => core.cursor.position -= frame.len,
                Ok(packet) => {
                    if let Some(event) = core.act(packet) {
                        return Some(event);
                    }
                }
                Err(error) => core.broken(error),
            }
        }
        core.lend()
    }

    /// When to call `handle_timeout`; a time that is not after now means at once. Changes with every
    /// call. `None`: never.
    pub fn poll_timeout(&self) -> Option<Time> {
        match self.core.state {
            State::Idle | State::Refused => None,
            State::Opening | State::Handshake => Some(self.core.connection.deadline),
            State::Connected => self.core.connection.liveness.due(self.core.now),
            State::Waiting { retry_at } => Some(retry_at),
        }
    }

    // State.

    /// Where the link stands.
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

    /// Why the link is not up. Stays while waiting, refused and connecting again; CONNACK and
    /// `disconnect` clear it.
    pub fn last_failure(&self) -> Option<&Failure> {
        self.core.failure.as_ref()
    }

    /// How many QoS 1 and 2 messages wait for their end; while not connected, those of a session
    /// that may be resumed.
    pub fn in_flight(&self) -> usize {
        self.core.outbound.in_flight()
    }

    /// What the session was told at its start.
    pub fn options(&self) -> &Options {
        &self.core.options
    }
}

/// As `Link`, with the two halves of connecting apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Idle,
    /// The socket is to open.
    Opening,
    /// CONNECT is sent, CONNACK is to come.
    Handshake,
    Connected,
    Waiting {
        retry_at: Time,
    },
    Refused,
}

/// Everything but the received bytes.
#[derive(Debug)]
struct Core {
    options: Options,
    /// As the last input told.
    now: Time,
    state: State,
    /// Of this attempt, or of the one before.
    version: Version,
    /// What worked last, and is tried first next time.
    known_version: Option<Version>,
    failure: Option<Failure>,
    backoff: Backoff,
    cursor: Cursor,

    /// Output, in this order.
    outbox: Vec<u8>,
    close: bool,
    open: bool,
    /// What `Transmit::Send` lends.
    sending: Vec<u8>,

    /// What is told before the next packet is decoded.
    events: VecDeque<Told>,
    /// The failure that an event lends.
    lent: Option<Failure>,

    last_barrier: u64,
    /// How many times the driver has taken queued bytes.
    taken: u64,

    // The session in the standard's sense, which may outlive its connection.
    outbound: Outbound,
    inbound: Inbound,
    /// None if the server keeps none.
    lasting: Option<Lasting>,
    /// What the server called this client, as long as it keeps the session.
    assigned_client_id: Option<Box<str>>,

    connection: Connection,
}

/// A session that outlives its connection.
#[derive(Debug)]
struct Lasting {
    version: Version,
    /// When the server discards it. `None`: never, or not while it is connected.
    expires_at: Option<Time>,
}

/// What ends with the socket.
#[derive(Debug)]
struct Connection {
    /// For CONNACK.
    deadline: Time,
    connected_at: Time,
    liveness: Liveness,
    /// What waits for an answer, by its packet identifier; messages do elsewhere.
    pending: ById<Pending>,
    last_packet_id: u16,
    last_subscribe: Option<PacketId>,
    /// What CONNECT said.
    clean_start: bool,
    turn: Turn,
    /// Whether the session outlives this connection.
    lasts: bool,

    received_aliases: ReceivedAliases,
    given_aliases: GivenAliases,

    // What the server said.
    session_expiry_interval: u32,
    maximum_qos: QoS,
    retain_available: bool,
    maximum_packet_size: Option<u32>,
    wildcard_subscription_available: bool,
    subscription_identifier_available: bool,
    shared_subscription_available: bool,
}

impl Connection {
    /// Of an attempt that begins now, with the time by which CONNACK must come.
    fn new(now: Time, deadline: Time) -> Self {
        Connection {
            deadline,
            connected_at: now,
            liveness: Liveness::new(now),
            pending: ById::default(),
            last_packet_id: 0,
            last_subscribe: None,
            clean_start: true,
            turn: Turn::Nobody,
            lasts: false,
            received_aliases: ReceivedAliases::default(),
            given_aliases: GivenAliases::default(),
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

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pending {
    /// With the number of filters.
    Subscribe(usize),
    Unsubscribe(usize),
}

/// An event that borrows nothing from the received bytes.
#[derive(Debug)]
enum Told {
    BarrierLost(BarrierId),
    PublishLost(PacketId),
    ClockJump { by: Duration, backwards: bool },
    Disconnected(Option<Failure>),
    ConnectFailed(Failure),
}

impl Core {
    /// Queues a packet of the session's own making. Whether it did: where the server takes none of this
    /// size, the link ends instead, for an answer can neither be left out nor come in pieces.
    fn send(&mut self, packet: &Packet<'_>) -> bool {
        let is_sent = self.send_if_taken(packet);
        if let (false, Some(maximum)) = (is_sent, self.connection.maximum_packet_size) {
            let told = Socket::Tell(ReasonCode::ImplementationSpecificError);
            self.end(Failure::MaximumPacketSize(maximum), told);
        }
        is_sent
    }

    /// As `send`, for what may be left out.
    fn send_if_taken(&mut self, packet: &Packet<'_>) -> bool {
        let start = self.outbox.len();
        let encoded = encode_for_client(packet, self.version, &mut self.outbox);
        debug_assert!(encoded.is_ok(), "{packet:?}");
        // [MQTT-3.2.2-15]
        let maximum = self.connection.maximum_packet_size.unwrap_or(u32::MAX);
        let is_taken = self.outbox.len() - start <= maximum as usize;
        match is_taken {
            true => self.connection.liveness.sent(self.now),
            false => self.outbox.truncate(start),
        }
        is_taken
    }

    /// Queues a packet of a caller's making.
    fn command(&mut self, packet: &Packet<'_>) -> Result<(), CommandError> {
        if self.state != State::Connected {
            return Err(CommandError::NotConnected);
        }
        self.queue(packet)
    }

    /// As `command`, in whatever state.
    fn queue(&mut self, packet: &Packet<'_>) -> Result<(), CommandError> {
        let start = self.outbox.len();
        encode_for_client(packet, self.version, &mut self.outbox).map_err(CommandError::Invalid)?;
        let len = self.outbox.len() - start;
        let result = if len > self.maximum_packet_size() {
            Err(CommandError::PacketTooLarge)
        } else if self.outbox.len() > self.options.max_packet_size as usize {
            Err(CommandError::QueueFull)
        } else {
            // Before CONNACK the keep-alive counts from CONNECT, whose time is known and earlier.
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
    fn maximum_packet_size(&self) -> usize {
        let limit = self.options.max_packet_size;
        self.connection.maximum_packet_size.map_or(limit, |maximum| maximum.min(limit)) as usize
    }

    /// A packet identifier that nothing pending has ([MQTT-2.2.1-3]).
    fn free_packet_id(&mut self) -> Result<PacketId, CommandError> {
        if self.state != State::Connected {
            return Err(CommandError::NotConnected);
        }
        if self.connection.pending.len() + self.outbound.len() >= usize::from(u16::MAX) {
            return Err(CommandError::TooManyOutstanding);
        }
        loop {
            self.connection.last_packet_id = self.connection.last_packet_id.wrapping_add(1);
            if let Some(packet_id) = PacketId::new(self.connection.last_packet_id)
                && !self.connection.pending.has(packet_id)
                && !self.outbound.has(packet_id)
            {
                return Ok(packet_id);
            }
        }
    }

    fn error(&self, packet: PacketType, field: &'static str, violation: Violation) -> Error {
        Error { violation, packet: Some(packet), field, offset: 0, version: self.version }
    }

    /// The next event that was noted; its failure stays here while it is lent.
    fn lend(&mut self) -> Option<Event<'_>> {
        Some(match self.events.pop_front()? {
            Told::BarrierLost(id) => Event::BarrierLost(id),
            Told::PublishLost(id) => Event::PublishLost(id),
            Told::ClockJump { by, backwards } => Event::ClockJump { by, backwards },
            Told::Disconnected(failure) => {
                self.lent = failure;
                Event::Disconnected(self.lent.as_ref())
            }
            Told::ConnectFailed(failure) => Event::ConnectFailed(self.lent.insert(failure)),
        })
    }
}
