//! A session against a scripted server on virtual time: no sleeps, no ports.
//!
//! A test is a script of inputs and the transcript that they produce. `Pair` plays the driver and the server;
//! [`Pair::expect`] compares the lines since the last call. `> SUBSCRIBE 1, PINGREQ` is one WebSocket message of
//! the client, `open` and `close` are what it does to the socket, `! …` is an event.

mod aliases;
mod any_input;
mod authentication;
mod backoff;
mod barriers;
mod clock;
mod commands;
mod connecting;
mod disconnecting;
mod keep_alive;
mod messages;
mod refusals;
mod resuming;
mod socket;
mod version;
mod violations;

use std::collections::BTreeSet;
use std::time::Duration;

use super::alias::SentAliases;
use super::connect::connect;
use super::state::{Pending, State};
use super::*;
use crate::encode::encode;
use crate::error::Violation;
use crate::packet::{
    Ack, Auth, Connack, Connect, Delivery, Disconnect, Packet, PacketId, PacketType, Publish, QoS,
    ReasonCodes, RetainHandling, Suback, Subscribe, Subscription, Unsuback, Unsubscribe, Version,
};
use crate::property::{Place, Properties, PropertiesBuf, Property};
use crate::reason::ReasonCode;
use crate::stream::Stream;
use crate::topic::{TopicFilter, TopicName};

struct Pair {
    session: Session,
    now: Time,
    /// The client's bytes as the server reads them, and the version.
    incoming: Stream,
    version: Version,
    lines: Vec<String>,
}

impl Pair {
    fn new(options: Options) -> Self {
        Pair {
            session: Session::new(options),
            now: Time(1_700_000_000_000),
            incoming: Stream::new(Version::V311, u32::MAX),
            version: Version::V311,
            lines: Vec::new(),
        }
    }

    /// Connected with this version, and with an empty transcript.
    fn connected(version: Version, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new("c");
        options.version = VersionChoice::Only(version);
        change(&mut options);
        let mut pair = Pair::new(options);
        pair.connect();
        pair.open();
        pair.accept();
        pair.lines.clear();
        pair
    }

    // The user.

    fn connect(&mut self) {
        self.session.connect(self.now);
        self.drive();
    }

    fn disconnect(&mut self) {
        self.session.disconnect(self.now);
        self.drive();
    }

    fn subscribe(&mut self, filter: &str) -> PacketId {
        let packet_id = self.session.subscribe(&[subscription(filter)]).unwrap();
        self.drive();
        packet_id
    }

    /// SUBSCRIBE and PINGREQ, as the board loads a filter.
    fn load(&mut self, filter: &str) {
        self.session.subscribe(&[subscription(filter)]).unwrap();
        self.session.barrier().unwrap();
        self.drive();
    }

    fn publish(&mut self, qos: QoS) {
        self.session.publish(TopicName::new("p").unwrap(), b"", qos, false).unwrap();
        self.drive();
    }

    // The socket.

    fn open(&mut self) {
        self.session.handle_open(self.now);
        self.drive();
    }

    fn close(&mut self, was_open: bool) {
        self.session.handle_closed(Closed { code: Some(1006), was_open }, self.now);
        self.drive();
    }

    // The server.

    fn say(&mut self, packet: Packet<'_>) {
        let mut bytes = Vec::new();
        encode(&packet, self.version, &mut bytes).unwrap();
        self.say_bytes(&bytes);
    }

    fn say_bytes(&mut self, bytes: &[u8]) {
        self.session.handle_bytes(bytes, self.now);
        self.drive();
    }

    /// The link breaks, and the server accepts the next one.
    fn relink(&mut self, session_present: bool) {
        self.close(true);
        self.pass(self.delay());
        self.open();
        self.say(present(session_present, Properties::EMPTY));
    }

    fn accept(&mut self) {
        self.say(connack(ReasonCode::Success));
    }

    fn message(&mut self, retain: bool) {
        self.say(message(retain));
    }

    // Time.

    /// Lets this much time pass, with timers that fire on time.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.session.handle_timeout(self.now);
            self.drive();
        }
        self.now = end;
    }

    /// Lets this much time pass without timers, as on a sleeping machine.
    fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    // What happened.

    /// Polls all events and all output, as a driver does after each input.
    fn drive(&mut self) {
        while let Some(event) = self.session.poll_event() {
            self.lines.push(match event {
                Event::Connected(connected) => format!("! connected {}", connected.version),
                Event::Auth(auth) => {
                    let data = auth.data().map(String::from_utf8_lossy);
                    format!("! auth {:?} {:?} {:?}", auth.reason_code, auth.method(), data)
                }
                Event::Publish(publish) => {
                    let retained = if publish.retain { " (retained)" } else { "" };
                    format!("! {}{retained}", publish.topic)
                }
                Event::Suback(suback) => format!("! suback {} {:?}", suback.packet_id, suback.reason_codes),
                Event::Unsuback(unsuback) => {
                    format!("! unsuback {} {:?}", unsuback.packet_id, unsuback.reason_codes)
                }
                Event::Puback(ack) => format!("! puback {} {:?}", ack.packet_id, ack.reason_code),
                Event::Pubrec(ack) => format!("! pubrec {} {:?}", ack.packet_id, ack.reason_code),
                Event::Pubcomp(ack) => format!("! pubcomp {} {:?}", ack.packet_id, ack.reason_code),
                Event::PublishLost(packet_id) => format!("! lost {packet_id}"),
                Event::Barrier(BarrierId(id)) => format!("! barrier {id}"),
                Event::BarrierLost(BarrierId(id)) => format!("! barrier {id} lost"),
                Event::ClockJump { by, backwards } => {
                    format!("! jumped {}{} s", if backwards { "back " } else { "" }, by.as_secs_f64())
                }
                Event::Disconnected(None) => "! disconnected".to_owned(),
                Event::Disconnected(Some(failure)) => format!("! disconnected: {}", words(failure)),
                Event::ConnectFailed(failure) => format!("! failed: {}", words(failure)),
            });
        }
        while let Some(transmit) = self.session.poll_transmit() {
            let line = match transmit {
                Transmit::Open => {
                    self.incoming = Stream::new(Version::V311, u32::MAX);
                    "open".to_owned()
                }
                Transmit::Close => "close".to_owned(),
                Transmit::Send(bytes) => {
                    self.incoming.extend(bytes);
                    let mut packets = Vec::new();
                    while let Some(packet) = self.incoming.next().expect("the client keeps to the standard") {
                        packets.push(match packet {
                            Packet::Connect(connect) => {
                                self.version = connect.version;
                                format!("CONNECT {}", connect.version)
                            }
                            Packet::Puback(ack)
                            | Packet::Pubrec(ack)
                            | Packet::Pubrel(ack)
                            | Packet::Pubcomp(ack) => {
                                format!("{} {}", packet.packet_type(), told(ack.packet_id, ack.reason_code))
                            }
                            Packet::Subscribe(Subscribe { packet_id, .. })
                            | Packet::Unsubscribe(Unsubscribe { packet_id, .. }) => {
                                format!("{} {packet_id}", packet.packet_type())
                            }
                            Packet::Publish(publish) if publish.properties.has(0x23) => {
                                format!("PUBLISH {:?} {:?}", publish.topic, publish.properties)
                            }
                            Packet::Publish(publish) => match publish.packet_id() {
                                Some(packet_id) if publish.delivery.dup() => {
                                    format!("PUBLISH {packet_id} dup")
                                }
                                Some(packet_id) => format!("PUBLISH {packet_id}"),
                                None => "PUBLISH".to_owned(),
                            },
                            Packet::Auth(auth) => {
                                let data = auth.data().map(String::from_utf8_lossy);
                                format!("AUTH {:?} {:?} {:?}", auth.reason_code, auth.method(), data)
                            }
                            Packet::Disconnect(disconnect) if !disconnect.properties.is_empty() => {
                                format!("DISCONNECT {:?} {:?}", disconnect.reason_code, disconnect.properties)
                            }
                            Packet::Disconnect(disconnect) => match disconnect.reason_code {
                                ReasonCode::Success => "DISCONNECT".to_owned(),
                                reason => format!("DISCONNECT {reason:?}"),
                            },
                            packet => packet.packet_type().to_string(),
                        });
                        self.incoming.set_version(self.version);
                    }
                    format!("> {}", packets.join(", "))
                }
            };
            self.lines.push(line);
        }
    }

    /// Checks all lines since the last call.
    #[track_caller]
    fn expect<const N: usize>(&mut self, lines: [&str; N]) {
        assert_eq!(std::mem::take(&mut self.lines), lines);
    }

    /// The delay until the next attempt.
    #[track_caller]
    fn delay(&self) -> Duration {
        match self.session.link() {
            Link::Waiting { retry_at } => retry_at.since(self.now),
            link => panic!("{link:?}"),
        }
    }

    #[track_caller]
    fn expect_waiting(&self) {
        let delay = self.delay();
        assert!(delay >= ms(250) && delay <= s(30), "{delay:?}");
    }
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn id(id: u16) -> PacketId {
    PacketId::new(id).unwrap()
}

fn told(packet_id: PacketId, reason_code: ReasonCode) -> String {
    match reason_code {
        ReasonCode::Success => packet_id.to_string(),
        reason_code => format!("{packet_id} {reason_code:?}"),
    }
}

/// A failure in short.
fn words(failure: &Failure) -> String {
    match failure {
        Failure::Protocol(error) => {
            let packet = error.packet.map_or("?".to_owned(), |packet| packet.to_string());
            format!("{:?} in {packet}", error.violation)
        }
        Failure::ConnectRefused { version, reason, .. } => format!("{reason:?} ({version})"),
        Failure::ServerDisconnect { reason, .. } => format!("{reason:?}"),
        Failure::ClosedBeforeConnack { version, .. } => format!("closed before CONNACK ({version})"),
        Failure::VersionRefused(version) => format!("version refused ({version})"),
        Failure::InvalidOptions(error) => format!("options: {} {:?}", error.field, error.violation),
        failure => format!("{failure:?}"),
    }
}

fn subscription(filter: &str) -> Subscription<'_> {
    Subscription::new(TopicFilter::new(filter).unwrap())
}

fn connack(reason_code: ReasonCode) -> Packet<'static> {
    Packet::Connack(Connack { session_present: false, reason_code, properties: Properties::EMPTY })
}

fn present(session_present: bool, properties: Properties<'_>) -> Packet<'_> {
    Packet::Connack(Connack { session_present, reason_code: ReasonCode::Success, properties })
}

/// An acknowledgement that refuses.
fn refused(packet_id: u16) -> Ack<'static> {
    Ack { reason_code: ReasonCode::NotAuthorized, ..Ack::success(id(packet_id)) }
}

/// The options of a session that outlives its links.
fn lasting(options: &mut Options) {
    options.clean_start = false;
    options.session_expiry_interval = 3600;
}

fn suback(packet_id: PacketId) -> Packet<'static> {
    let reason_codes = ReasonCodes::from(&[ReasonCode::Success][..]);
    Packet::Suback(Suback { packet_id, properties: Properties::EMPTY, reason_codes })
}

fn message(retain: bool) -> Packet<'static> {
    delivered(Delivery::AtMostOnce, retain)
}

fn delivered(delivery: Delivery, retain: bool) -> Packet<'static> {
    let topic = TopicName::new("t").unwrap();
    Packet::Publish(Publish { delivery, retain, topic, properties: Properties::EMPTY, payload: b"on" })
}

/// Properties of this packet.
fn properties(packet: PacketType, properties: &[Property<'_>]) -> PropertiesBuf {
    let mut buf = PropertiesBuf::new(Place::Packet(packet));
    for property in properties {
        buf.push(*property).unwrap();
    }
    buf
}

fn bytes(version: Version, packets: &[Packet<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet in packets {
        encode(packet, version, &mut bytes).unwrap();
    }
    bytes
}

const BOTH: [Version; 2] = [Version::V311, Version::V5];
