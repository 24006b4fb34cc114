//! A session and a scripted server on virtual time: no sleeps, no ports.
//!
//! A test reads as a conversation. `Pair` plays the driver, as `link` does in the page, and the
//! server says what the script tells it to. Everything that happens is a line:
//! `> SUBSCRIBE 1, PINGREQ` is one WebSocket message of the client, `open` and `close` are what it
//! does to the socket, `! …` is an event.

use std::collections::BTreeSet;

use super::connect::connect;
use super::*;
use crate::encode::encode;
use crate::packet::{Ack, Auth, Connack, Connect, Disconnect, ReasonCodes, RetainHandling, Suback, Unsuback};
use crate::property::{Place, PropertiesBuf, Property};
use crate::reason::ReasonCode;
use crate::stream::Stream;

struct Pair {
    session: Session,
    now: Time,
    /// The server's end of the client's bytes, and the version of both.
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

    /// Connected with this version, and nothing left to read.
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

    /// SUBSCRIBE and PINGREQ, as the board loads a snapshot.
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

    /// Lets this much time pass, with a timer that fires when it should.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.session.handle_timeout(self.now);
            self.drive();
        }
        self.now = end;
    }

    /// Lets this much time pass with no timer at all, as a sleeping machine does.
    fn sleep(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    // What happened.

    /// What a driver does after each input: every event, every transmit.
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

    /// Everything since the last time, and nothing else.
    #[track_caller]
    fn expect<const N: usize>(&mut self, lines: [&str; N]) {
        assert_eq!(std::mem::take(&mut self.lines), lines);
    }

    /// The delay of the attempt that is waited for.
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

/// A failure without what would make a line unreadable.
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

fn bytes(version: Version, packets: &[Packet<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet in packets {
        encode(packet, version, &mut bytes).unwrap();
    }
    bytes
}

const BOTH: [Version; 2] = [Version::V311, Version::V5];

// Connecting.

#[test]
fn a_visit_from_dialling_to_leaving() {
    for version in BOTH {
        let mut options = Options::new("c");
        options.version = VersionChoice::Only(version);
        let mut pair = Pair::new(options);
        assert_eq!(pair.session.link(), Link::Idle);
        assert_eq!(pair.session.poll_timeout(), None);
        pair.connect();
        pair.expect(["open"]);
        assert_eq!(pair.session.link(), Link::Connecting);
        pair.open();
        pair.expect([&format!("> CONNECT {version}")]);
        assert_eq!((pair.session.link(), pair.session.version()), (Link::Connecting, None));
        pair.accept();
        pair.expect([&format!("! connected {version}")]);
        assert_eq!((pair.session.link(), pair.session.version()), (Link::Connected, Some(version)));
        pair.load("+/status");
        pair.expect(["> SUBSCRIBE 1, PINGREQ"]);
        pair.say_bytes(&bytes(version, &[suback(id(1)), message(true), Packet::Pingresp, message(false)]));
        pair.expect(["! suback 1 [Success]", "! t (retained)", "! barrier 1", "! t"]);
        pair.session.unsubscribe(&[TopicFilter::new("+/status").unwrap()]).unwrap();
        pair.drive();
        pair.expect(["> UNSUBSCRIBE 2"]);
        let codes = if version == Version::V5 { &[ReasonCode::Success][..] } else { &[] };
        pair.say(Packet::Unsuback(Unsuback {
            packet_id: id(2),
            properties: Properties::EMPTY,
            reason_codes: codes.into(),
        }));
        pair.expect([&format!("! unsuback 2 {codes:?}")]);
        pair.disconnect();
        pair.expect(["! disconnected", "> DISCONNECT", "close"]);
        assert_eq!((pair.session.link(), pair.session.last_failure()), (Link::Idle, None));
        pair.close(true);
        pair.pass(s(1000));
        pair.expect([]);
    }
}

#[test]
fn mqtt_3_1_connect_says_what_the_options_say() {
    let mut options = Options::new("id");
    options.user = Some("u".to_owned());
    options.password = Some(b"p".to_vec());
    options.keep_alive = 7;
    options.max_packet_size = 1000;
    options.will = Some(OwnedWill {
        topic: "w".to_owned(),
        payload: b"off".to_vec(),
        qos: QoS::AtLeastOnce,
        retain: true,
        delay_interval: 3,
        payload_format_indicator: true,
        message_expiry_interval: Some(4),
        content_type: Some("t".to_owned()),
        response_topic: Some("r".to_owned()),
        correlation_data: Some(b"c".to_vec()),
        user_properties: vec![("k".to_owned(), "v".to_owned())],
    });
    for version in BOTH {
        let mut out = Vec::new();
        connect(&options, &options.client_id, options.clean_start, version, &mut out).unwrap();
        let Ok(Packet::Connect(connect)) = crate::decode::decode(&out, version) else { panic!() };
        assert_eq!((connect.version, connect.clean_start, connect.keep_alive), (version, true, 7));
        assert_eq!((connect.client_id, connect.user_name), ("id", Some("u")));
        assert_eq!(connect.password, Some(&b"p"[..]));
        let will = connect.will.unwrap();
        assert_eq!((will.topic.as_str(), will.payload, will.retain), ("w", &b"off"[..], true));
        assert_eq!(will.qos, QoS::AtLeastOnce);
        let (properties, will_properties) = match version {
            Version::V311 => (vec![], vec![]),
            Version::V5 => (
                vec![Property::MaximumPacketSize(1000)],
                vec![
                    Property::WillDelayInterval(3),
                    Property::PayloadFormatIndicator(true),
                    Property::MessageExpiryInterval(4),
                    Property::ContentType("t"),
                    Property::ResponseTopic(TopicName::new("r").unwrap()),
                    Property::CorrelationData(b"c"),
                    Property::UserProperty("k", "v"),
                ],
            ),
        };
        assert_eq!(connect.properties.iter().collect::<Vec<_>>(), properties);
        assert_eq!(will.properties.iter().collect::<Vec<_>>(), will_properties);
    }
    // [MQTT-3.1.2-22]: an empty user name where 3.1.1 wants one.
    options.user = None;
    for (version, user_name) in [(Version::V311, Some("")), (Version::V5, None)] {
        let mut out = Vec::new();
        connect(&options, &options.client_id, options.clean_start, version, &mut out).unwrap();
        let Ok(Packet::Connect(connect)) = crate::decode::decode(&out, version) else { panic!() };
        assert_eq!((connect.user_name, connect.password), (user_name, Some(&b"p"[..])));
    }
    assert!(!format!("{options:?}").contains("112"), "a password in a log");
}

#[test]
fn mqtt_3_1_2_11_connect_says_only_what_is_not_the_standards_default() {
    let check = |change: fn(&mut Options), expected: &[Property<'_>]| {
        for version in BOTH {
            let mut options = Options::new("id");
            change(&mut options);
            let mut out = Vec::new();
            connect(&options, &options.client_id, options.clean_start, version, &mut out).unwrap();
            let Ok(Packet::Connect(connect)) = crate::decode::decode(&out, version) else { panic!() };
            let mut said = connect.properties.iter().collect::<Vec<_>>();
            said.retain(|property| !matches!(property, Property::MaximumPacketSize(_)));
            assert_eq!(said, if version == Version::V5 { expected } else { &[] });
        }
    };
    check(|_| {}, &[]);
    check(|options| options.topic_alias_maximum = 5, &[Property::TopicAliasMaximum(5)]);
    check(lasting, &[Property::SessionExpiryInterval(3600)]);
    check(|options| options.receive_maximum = 5, &[Property::ReceiveMaximum(5)]);
    check(
        |options| options.request_problem_information = false,
        &[Property::RequestProblemInformation(false)],
    );
    check(
        |options| options.request_response_information = true,
        &[Property::RequestResponseInformation(true)],
    );
    check(
        |options| options.user_properties = vec![("a".into(), "1".into()), ("a".into(), "2".into())],
        &[Property::UserProperty("a", "1"), Property::UserProperty("a", "2")],
    );
}

#[test]
fn options_that_make_no_connect_are_the_users_to_mend() {
    let check = |change: fn(&mut Options), words: &str| {
        let mut options = Options::new("c");
        change(&mut options);
        let mut pair = Pair::new(options);
        pair.connect();
        pair.open();
        pair.expect(["open", &format!("! failed: options: {words}"), "close"]);
        assert_eq!(pair.session.link(), Link::Refused);
    };
    check(|options| options.client_id = "a\0".to_owned(), "client_id NulCharacter");
    check(|options| options.user = Some("a".repeat(65_536)), "user_name FieldTooLong");
    check(|options| options.will = Some(OwnedWill::default()), "will_topic TopicNameEmpty");
    check(|options| options.max_packet_size = 0, "maximum_packet_size PropertyValue");
    check(|options| options.receive_maximum = 0, "receive_maximum PropertyValue");
    check(
        |options| options.user_properties = vec![("a\0".into(), String::new())],
        "user_property NulCharacter",
    );
    check(
        |options| options.will = Some(OwnedWill { topic: "a/#".to_owned(), ..OwnedWill::default() }),
        "will_topic TopicNameWildcard",
    );
}

/// What a server does with a CONNECT of one version.
#[derive(Clone, Copy, Debug)]
enum Reaction {
    Accepts,
    Says(&'static [u8]),
    Closes,
    KeepsQuiet,
    NeverOpens,
    Fails,
}

#[test]
fn the_version_falls_back_as_the_contract_says() {
    use Reaction::*;
    const V5_REFUSED: &[u8] = &[0x20, 3, 0, 0x84, 0];
    const V5_CODE_1: &[u8] = &[0x20, 3, 0, 0x01, 0];
    const V311_SHAPE: &[u8] = &[0x20, 2, 0, 0];
    const V311_REFUSED: &[u8] = &[0x20, 2, 0, 1];
    const V311_BAD_LOGIN: &[u8] = &[0x20, 2, 0, 5];
    const V5_BUSY: &[u8] = &[0x20, 3, 0, 0x89, 0];
    const V5_BAD_LOGIN: &[u8] = &[0x20, 3, 0, 0x86, 0];

    /// One round: what the server does to 5.0 and to 3.1.1, and what is seen.
    fn check(choice: VersionChoice, v5: Reaction, v311: Reaction, expected: &[&str], link: &str) {
        let mut options = Options::new("c");
        options.version = choice;
        let mut pair = Pair::new(options);
        pair.connect();
        for _ in 0..2 {
            if pair.session.core.state != State::Opening {
                break;
            }
            let reaction = if pair.session.core.version == Version::V5 { v5 } else { v311 };
            match reaction {
                NeverOpens => {
                    pair.pass(s(10));
                    continue;
                }
                Fails => {
                    pair.close(false);
                    continue;
                }
                _ => pair.open(),
            }
            match reaction {
                Accepts => pair.accept(),
                Says(bytes) => pair.say_bytes(bytes),
                Closes => pair.close(true),
                KeepsQuiet => pair.pass(s(10)),
                NeverOpens | Fails => {}
            }
        }
        assert_eq!(pair.lines, expected, "{choice:?} {v5:?} {v311:?}");
        let seen = format!("{:?}", pair.session.link());
        assert!(seen.starts_with(link), "{seen} after {choice:?} {v5:?} {v311:?}");
        if link == "Waiting" {
            pair.expect_waiting();
            // When neither worked, the next round starts with 5.0 again.
            pair.lines.clear();
            pair.pass(s(30));
            assert_eq!(pair.lines[0], "open");
            let first =
                if choice == VersionChoice::Only(Version::V311) { Version::V311 } else { Version::V5 };
            assert_eq!(pair.session.core.version, first);
        }
    }

    let newest = VersionChoice::Newest;
    check(newest, Accepts, KeepsQuiet, &["open", "> CONNECT 5", "! connected 5"], "Connected");
    for bytes in [V5_REFUSED, V5_CODE_1, V311_SHAPE, V311_REFUSED, V311_BAD_LOGIN] {
        check(
            newest,
            Says(bytes),
            Accepts,
            &["open", "> CONNECT 5", "close", "open", "> CONNECT 3.1.1", "! connected 3.1.1"],
            "Connected",
        );
    }
    check(
        newest,
        Closes,
        Accepts,
        &["open", "> CONNECT 5", "open", "> CONNECT 3.1.1", "! connected 3.1.1"],
        "Connected",
    );
    check(
        newest,
        Closes,
        Closes,
        &["open", "> CONNECT 5", "open", "> CONNECT 3.1.1", "! failed: closed before CONNACK (3.1.1)"],
        "Waiting",
    );
    check(
        newest,
        Says(V311_SHAPE),
        Says(V311_BAD_LOGIN),
        &[
            "open",
            "> CONNECT 5",
            "close",
            "open",
            "> CONNECT 3.1.1",
            "! failed: NotAuthorized (3.1.1)",
            "close",
        ],
        "Refused",
    );
    check(
        newest,
        Says(V5_REFUSED),
        Says(V311_REFUSED),
        &[
            "open",
            "> CONNECT 5",
            "close",
            "open",
            "> CONNECT 3.1.1",
            "! failed: version refused (3.1.1)",
            "close",
        ],
        "Waiting",
    );
    // No reason to fall back.
    check(newest, Fails, Accepts, &["open", "! failed: NotOpened { code: Some(1006) }"], "Waiting");
    check(newest, NeverOpens, Accepts, &["open", "! failed: OpenTimeout", "close"], "Waiting");
    check(
        newest,
        KeepsQuiet,
        Accepts,
        &["open", "> CONNECT 5", "! failed: ConnackTimeout { version: V5 }", "close"],
        "Waiting",
    );
    check(
        newest,
        Says(V5_BUSY),
        Accepts,
        &["open", "> CONNECT 5", "! failed: ServerBusy (5)", "close"],
        "Waiting",
    );
    check(
        newest,
        Says(V5_BAD_LOGIN),
        Accepts,
        &["open", "> CONNECT 5", "! failed: BadUserNameOrPassword (5)", "close"],
        "Refused",
    );
    // A forced version.
    let only5 = VersionChoice::Only(Version::V5);
    for bytes in [V5_REFUSED, V5_CODE_1, V311_SHAPE, V311_REFUSED] {
        check(
            only5,
            Says(bytes),
            Accepts,
            &["open", "> CONNECT 5", "! failed: version refused (5)", "close"],
            "Refused",
        );
    }
    check(only5, Closes, Accepts, &["open", "> CONNECT 5", "! failed: closed before CONNACK (5)"], "Waiting");
    let only311 = VersionChoice::Only(Version::V311);
    check(only311, Accepts, Accepts, &["open", "> CONNECT 3.1.1", "! connected 3.1.1"], "Connected");
    check(
        only311,
        Accepts,
        Says(V311_REFUSED),
        &["open", "> CONNECT 3.1.1", "! failed: version refused (3.1.1)", "close"],
        "Refused",
    );
}

#[test]
fn the_version_that_worked_is_tried_first_until_it_fails() {
    let mut pair = Pair::new(Options::new("c"));
    pair.connect();
    pair.open();
    pair.close(true);
    pair.open();
    pair.accept();
    pair.expect(["open", "> CONNECT 5", "open", "> CONNECT 3.1.1", "! connected 3.1.1"]);
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    pair.expect(["! disconnected: Closed { code: Some(1006) }", "open", "> CONNECT 3.1.1"]);
    pair.say_bytes(&[0x20, 2, 0, 1]);
    pair.expect(["! failed: version refused (3.1.1)", "close"]);
    pair.pass(pair.delay());
    pair.open();
    pair.accept();
    pair.expect(["open", "> CONNECT 5", "! connected 5"]);
    // 5.0 has worked, so a close is trouble of another kind, once.
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    pair.close(true);
    pair.expect([
        "! disconnected: Closed { code: Some(1006) }",
        "open",
        "> CONNECT 5",
        "! failed: closed before CONNACK (5)",
    ]);
    pair.pass(pair.delay());
    pair.open();
    pair.close(true);
    pair.expect(["open", "> CONNECT 5", "open"]);
}

#[test]
fn mqtt_3_2_2_2_which_refusals_heal() {
    let check = |version, code: ReasonCode, link: &str| {
        let mut options = Options::new("c");
        options.version = VersionChoice::Only(version);
        let mut pair = Pair::new(options);
        pair.connect();
        pair.open();
        pair.say(connack(code));
        let seen = format!("{:?}", pair.session.link());
        assert!(seen.starts_with(link), "{seen} after {code:?}");
        assert_eq!(pair.lines.pop().as_deref(), Some("close"));
        // The failure stays until CONNACK, over an attempt of the user's.
        let failure = pair.session.last_failure().cloned().expect("a failure");
        pair.connect();
        assert_eq!((pair.session.link(), pair.session.last_failure()), (Link::Connecting, Some(&failure)));
        pair.open();
        assert_eq!(pair.session.last_failure(), Some(&failure));
        pair.accept();
        assert_eq!((pair.session.link(), pair.session.last_failure()), (Link::Connected, None));
    };
    use ReasonCode::*;
    for code in [UnsupportedProtocolVersion, ClientIdentifierNotValid, BadUserNameOrPassword, NotAuthorized] {
        check(Version::V311, code, "Refused");
        check(Version::V5, code, "Refused");
    }
    for code in
        [Banned, BadAuthenticationMethod, UseAnotherServer, ServerMoved, TopicNameInvalid, QoSNotSupported]
    {
        check(Version::V5, code, "Refused");
    }
    check(Version::V311, ServerUnavailable, "Waiting");
    for code in [ServerUnavailable, ServerBusy, QuotaExceeded, ConnectionRateExceeded, UnspecifiedError] {
        check(Version::V5, code, "Waiting");
    }
}

#[test]
fn mqtt_3_14_which_disconnects_heal() {
    use ReasonCode::*;
    for (code, link) in [
        (SessionTakenOver, "Refused"),
        (NotAuthorized, "Refused"),
        (UseAnotherServer, "Refused"),
        (ServerMoved, "Refused"),
        (ServerShuttingDown, "Waiting"),
        (ServerBusy, "Waiting"),
        (KeepAliveTimeout, "Waiting"),
        (QuotaExceeded, "Waiting"),
        (AdministrativeAction, "Waiting"),
        (MaximumConnectTime, "Waiting"),
        (Success, "Waiting"),
    ] {
        let mut pair = Pair::connected(Version::V5, |_| {});
        pair.say(Packet::Disconnect(Disconnect::new(code)));
        let failure = if code == SessionTakenOver { "TakenOver".to_owned() } else { format!("{code:?}") };
        pair.expect([&format!("! disconnected: {failure}"), "close"]);
        assert!(format!("{:?}", pair.session.link()).starts_with(link), "{code:?}");
        pair.close(true);
        pair.expect([]);
        if link == "Refused" {
            pair.pass(s(3600));
            pair.session.retry_now(pair.now);
            pair.drive();
            pair.expect([]);
            pair.connect();
            pair.expect(["open"]);
        }
    }
}

#[test]
fn a_3_1_1_server_that_says_disconnect_is_hung_up_on() {
    // The takeover of the crate mqtt5's broker, which leaves the socket open.
    let mut pair = Pair::connected(Version::V311, |_| {});
    pair.say(Packet::Disconnect(Disconnect::new(ReasonCode::Success)));
    pair.expect(["! disconnected: PacketUnexpected in DISCONNECT", "close"]);
    pair.expect_waiting();
}

#[test]
fn mqtt_3_2_2_3_what_the_server_says_about_itself() {
    let mut options = Options::new("");
    options.version = VersionChoice::Only(Version::V5);
    let mut session = Session::new(options);
    session.connect(Time(0));
    while session.poll_transmit().is_some() {}
    session.handle_open(Time(0));
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Connack));
    for property in [
        Property::ServerKeepAlive(9),
        Property::ReceiveMaximum(2),
        Property::MaximumQoS(QoS::AtLeastOnce),
        Property::RetainAvailable(false),
        Property::MaximumPacketSize(40),
        Property::WildcardSubscriptionAvailable(false),
        Property::SharedSubscriptionAvailable(false),
        Property::SubscriptionIdentifierAvailable(false),
        Property::AssignedClientIdentifier("made-up"),
        Property::ReasonString("hello"),
    ] {
        properties.push(property).unwrap();
    }
    let packet = Packet::Connack(Connack {
        session_present: false,
        reason_code: ReasonCode::Success,
        properties: properties.as_properties(),
    });
    session.handle_bytes(&bytes(Version::V5, &[packet]), Time(0));
    let Some(Event::Connected(connected)) = session.poll_event() else { panic!() };
    assert_eq!((connected.keep_alive, connected.receive_maximum), (9, 2));
    assert_eq!((connected.maximum_qos, connected.retain_available), (QoS::AtLeastOnce, false));
    assert_eq!(connected.maximum_packet_size, Some(40));
    assert!(!connected.wildcard_subscription_available && !connected.shared_subscription_available);
    assert_eq!(connected.assigned_client_identifier, Some("made-up"));
    assert_eq!(connected.properties.reason_string(), Some("hello"));
    let subscription_identifier_available = connected.subscription_identifier_available;

    // And the commands heed it.
    let topic = TopicName::new("t").unwrap();
    let long = "l".repeat(40);
    let publish = |session: &mut Session, payload: &str, qos, retain| {
        session.publish(topic, payload.as_bytes(), qos, retain).map(|packet_id| packet_id.map(PacketId::get))
    };
    assert_eq!(publish(&mut session, "", QoS::ExactlyOnce, false), Err(CommandError::QoSNotSupported));
    assert_eq!(publish(&mut session, "", QoS::AtMostOnce, true), Err(CommandError::RetainNotSupported));
    assert_eq!(publish(&mut session, &long, QoS::AtMostOnce, false), Err(CommandError::PacketTooLarge));
    assert_eq!(publish(&mut session, "", QoS::AtLeastOnce, false), Ok(Some(1)));
    assert_eq!(publish(&mut session, "", QoS::AtLeastOnce, false), Ok(Some(2)));
    assert_eq!(publish(&mut session, "", QoS::AtLeastOnce, false), Err(CommandError::TooManyOutstanding));
    assert_eq!(publish(&mut session, "", QoS::AtMostOnce, false), Ok(None));
    session.handle_bytes(&bytes(Version::V5, &[Packet::Puback(Ack::success(id(1)))]), Time(0));
    assert!(matches!(session.poll_event(), Some(Event::Puback(ack)) if ack.packet_id == id(1)));
    assert_eq!(publish(&mut session, "", QoS::AtLeastOnce, false), Ok(Some(3)));
    assert_eq!(session.subscribe(&[subscription("#")]), Err(CommandError::WildcardSubscriptionsNotSupported));
    assert_eq!(
        session.subscribe(&[subscription("$share/g/a")]),
        Err(CommandError::SharedSubscriptionsNotSupported)
    );
    assert!(!subscription_identifier_available);
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Subscribe));
    properties.push(Property::SubscriptionIdentifier(1)).unwrap();
    assert_eq!(
        session.subscribe_with(&[subscription("a")], properties.as_properties()),
        Err(CommandError::SubscriptionIdentifiersNotSupported)
    );
    assert_eq!(session.poll_event(), None);
}

#[test]
fn mqtt_3_8_a_subscribe_says_all_options_and_properties_of_5_0() {
    let subscriptions = [
        Subscription {
            qos: QoS::ExactlyOnce,
            no_local: true,
            retain_as_published: true,
            retain_handling: RetainHandling::DoNotSend,
            ..subscription("a/#")
        },
        Subscription { retain_handling: RetainHandling::SendIfNew, ..subscription("$share/g/b") },
    ];
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Subscribe));
    properties.push(Property::SubscriptionIdentifier(268_435_455)).unwrap();
    properties.push(Property::UserProperty("k", "v")).unwrap();
    let mut session = Pair::connected(Version::V5, |_| {}).session;
    session.subscribe_with(&subscriptions, properties.as_properties()).unwrap();
    let Some(Transmit::Send(sent)) = session.poll_transmit() else { panic!() };
    let Ok(Packet::Subscribe(sent)) = crate::decode::decode(sent, Version::V5) else { panic!() };
    assert_eq!(sent.subscriptions.iter().collect::<Vec<_>>(), subscriptions);
    assert_eq!(sent.properties, properties.as_properties());
    // [MQTT-3.8.3-4]
    let shared = Subscription { no_local: true, ..subscription("$share/g/b") };
    let subscribed = session.subscribe(&[shared]);
    assert!(
        matches!(subscribed, Err(CommandError::Invalid(error)) if error.violation == Violation::SharedNoLocal)
    );
    // A message brings the identifiers of all subscriptions that it matches.
    session.handle_bytes(b"\x30\x0a\0\x01t\x04\x0b\x01\x0b\x02on", Time(1_700_000_000_000));
    let Some(Event::Publish(publish)) = session.poll_event() else { panic!() };
    let identifiers = [Property::SubscriptionIdentifier(1), Property::SubscriptionIdentifier(2)];
    assert_eq!(publish.properties.iter().collect::<Vec<_>>(), identifiers);
    // 3.1.1 has none of it.
    let mut session = Pair::connected(Version::V311, |_| {}).session;
    let subscribed = session.subscribe_with(&[subscription("a")], properties.as_properties());
    assert!(matches!(subscribed, Err(CommandError::Invalid(_))));
}

#[test]
fn mqtt_3_11_3_1_an_unsuback_tells_about_each_filter() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    let filters = ["a", "b", "c"].map(|filter| TopicFilter::new(filter).unwrap());
    let unsuback = |packet_id, codes: &[ReasonCode]| {
        let (properties, reason_codes) = (Properties::EMPTY, codes.into());
        bytes(
            Version::V5,
            &[Packet::Unsuback(Unsuback { packet_id: id(packet_id), properties, reason_codes })],
        )
    };
    pair.session.unsubscribe(&filters).unwrap();
    let codes = [ReasonCode::Success, ReasonCode::NoSubscriptionExisted, ReasonCode::NotAuthorized];
    pair.say_bytes(&unsuback(1, &codes));
    pair.expect(["! unsuback 1 [Success, NoSubscriptionExisted, NotAuthorized]", "> UNSUBSCRIBE 1"]);
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Unsubscribe));
    properties.push(Property::UserProperty("k", "v")).unwrap();
    pair.session.unsubscribe_with(&filters, properties.as_properties()).unwrap();
    pair.drive();
    pair.say_bytes(&unsuback(2, &codes[..2]));
    pair.expect([
        "> UNSUBSCRIBE 2",
        "! disconnected: ListLength in UNSUBACK",
        "> DISCONNECT ProtocolError",
        "close",
    ]);
}

#[test]
fn mqtt_3_2_2_3_16_the_server_says_where_to_go_instead() {
    let mut pair = Pair::new(Options::new("c"));
    pair.connect();
    pair.open();
    pair.say_bytes(b"\x20\x0d\0\x9d\x0a\x1c\0\x01b\x1f\0\x03bye");
    let Some(Failure::ConnectRefused { reason, server_reference, reason_string, .. }) =
        pair.session.last_failure()
    else {
        panic!()
    };
    assert_eq!(
        (*reason, server_reference.as_deref(), reason_string.as_deref()),
        (ReasonCode::ServerMoved, Some("b"), Some("bye"))
    );
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.say_bytes(b"\xe0\x0c\x9c\x0a\x1c\0\x01b\x1f\0\x03bye");
    let Some(Failure::ServerDisconnect { reason, server_reference, reason_string }) =
        pair.session.last_failure()
    else {
        panic!()
    };
    assert_eq!(
        (*reason, server_reference.as_deref(), reason_string.as_deref()),
        (ReasonCode::UseAnotherServer, Some("b"), Some("bye"))
    );
    assert_eq!(pair.session.link(), Link::Refused);
}

// Keep-alive.

#[test]
fn mqtt_3_1_2_10_received_packets_do_not_postpone_the_ping() {
    for version in BOTH {
        let mut pair = Pair::connected(version, |options| options.keep_alive = 30);
        for _ in 0..29 {
            pair.pass(s(1));
            pair.message(false);
        }
        assert!(pair.lines.iter().all(|line| line == "! t"));
        pair.lines.clear();
        pair.pass(ms(999));
        pair.expect([]);
        pair.pass(ms(1));
        pair.expect(["> PINGREQ"]);
        pair.say(Packet::Pingresp);
        pair.pass(ms(29_999));
        pair.expect([]);
        pair.pass(ms(1));
        pair.expect(["> PINGREQ"]);
    }
}

#[test]
fn mqtt_3_1_2_10_every_sent_packet_postpones_the_ping() {
    let mut pair = Pair::connected(Version::V311, |options| options.keep_alive = 30);
    pair.pass(s(29));
    pair.publish(QoS::AtMostOnce);
    pair.pass(s(29));
    pair.expect(["> PUBLISH"]);
    pair.say(delivered(Delivery::AtLeastOnce { packet_id: id(7), dup: false }, false));
    pair.expect(["! t", "> PUBACK 7"]);
    pair.pass(s(29));
    pair.subscribe("a");
    pair.expect(["> SUBSCRIBE 1"]);
    pair.pass(ms(29_999));
    pair.expect([]);
    pair.pass(ms(1));
    pair.expect(["> PINGREQ"]);
}

#[test]
fn mqtt_3_1_2_10_the_keep_alive_counts_from_connect() {
    let mut options = Options::new("c");
    options.keep_alive = 10;
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.pass(s(8));
    pair.accept();
    pair.lines.clear();
    pair.pass(s(2));
    pair.expect(["> PINGREQ"]);
}

#[test]
fn mqtt_3_2_2_21_the_servers_keep_alive_is_used() {
    let mut options = Options::new("c");
    options.keep_alive = 60;
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.say_bytes(&[0x20, 6, 0, 0, 3, 0x13, 0, 5]);
    pair.expect(["open", "> CONNECT 5", "! connected 5"]);
    pair.pass(s(5));
    pair.expect(["> PINGREQ"]);
}

#[test]
fn a_keep_alive_of_zero_pings_never() {
    let mut pair = Pair::connected(Version::V311, |options| options.keep_alive = 0);
    assert_eq!(pair.session.poll_timeout(), None);
    pair.sleep(s(100_000));
    pair.message(false);
    pair.expect(["! t"]);
    // A barrier has its deadline all the same.
    pair.load("a");
    pair.expect(["> SUBSCRIBE 1, PINGREQ"]);
    pair.pass(s(10));
    pair.expect(["! disconnected: PingTimeout", "close"]);
}

#[test]
fn a_half_open_link_is_found_within_one_and_a_half_keep_alives() {
    for keep_alive in [4, 5, 10, 20, 30, 60, 600] {
        let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = keep_alive);
        pair.pass(s(keep_alive.into()));
        pair.expect(["> PINGREQ"]);
        let window = (s(keep_alive.into()) / 2).min(s(10));
        pair.pass(window - ms(1));
        pair.expect([]);
        pair.pass(ms(1));
        pair.expect(["! disconnected: PingTimeout", "close"]);
        pair.expect_waiting();
    }
}

#[test]
fn bytes_excuse_a_late_pingresp_for_as_long_as_they_come() {
    let mut pair = Pair::connected(Version::V311, |options| options.keep_alive = 60);
    pair.pass(s(60));
    pair.expect(["> PINGREQ"]);
    // A minute of a long burst; the keep-alive has its own rhythm.
    for _ in 0..50 {
        pair.pass(s(1));
        pair.message(true);
    }
    assert!(pair.lines.iter().all(|line| line == "! t (retained)"));
    pair.lines.clear();
    pair.say(Packet::Pingresp);
    pair.pass(ms(9_999));
    pair.expect([]);
    pair.pass(ms(1));
    pair.expect(["> PINGREQ"]);
}

#[test]
fn a_dropped_pingresp_is_asked_for_once_more() {
    let mut pair = Pair::connected(Version::V311, |options| options.keep_alive = 60);
    pair.pass(s(60));
    pair.pass(s(3));
    pair.message(false);
    pair.expect(["> PINGREQ", "! t"]);
    pair.pass(s(10));
    pair.expect(["> PINGREQ"]);
    pair.say(Packet::Pingresp);
    pair.pass(s(59));
    pair.expect([]);
    pair.pass(s(1));
    pair.message(false);
    pair.pass(s(10));
    pair.expect(["> PINGREQ", "! t", "> PINGREQ"]);
    pair.pass(s(10));
    pair.expect(["! disconnected: PingTimeout", "close"]);
}

// Barriers.

#[test]
fn a_barrier_comes_after_what_was_sent_before_it() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.load("a/#");
    pair.expect(["> SUBSCRIBE 1, PINGREQ"]);
    for _ in 0..3 {
        pair.message(true);
    }
    pair.say(suback(id(1)));
    pair.say(Packet::Pingresp);
    pair.load("b/#");
    pair.expect([
        "! t (retained)",
        "! t (retained)",
        "! t (retained)",
        "! suback 1 [Success]",
        "! barrier 1",
        "> SUBSCRIBE 2, PINGREQ",
    ]);
}

#[test]
fn pingresps_answer_in_order_and_those_of_the_keep_alive_are_no_event() {
    let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = 30);
    pair.pass(s(30));
    pair.load("a");
    pair.session.barrier().unwrap();
    pair.drive();
    pair.expect(["> PINGREQ", "> SUBSCRIBE 1, PINGREQ", "> PINGREQ"]);
    pair.say(Packet::Pingresp);
    pair.expect([]);
    pair.say(suback(id(1)));
    pair.say_bytes(&bytes(Version::V5, &[Packet::Pingresp, Packet::Pingresp]));
    pair.expect(["! suback 1 [Success]", "! barrier 1", "! barrier 2"]);
    // One too many is nobody's.
    pair.say(Packet::Pingresp);
    pair.expect([]);
}

#[test]
fn a_barrier_is_lost_when_the_retained_messages_end_without_it_though_live_ones_go_on() {
    let mut pair = Pair::connected(Version::V311, |options| options.keep_alive = 60);
    pair.load("#");
    pair.say(suback(id(1)));
    for _ in 0..30 {
        pair.pass(s(1));
        pair.message(true);
    }
    pair.lines.retain(|line| line != "! t (retained)");
    pair.expect(["> SUBSCRIBE 1, PINGREQ", "! suback 1 [Success]"]);
    for _ in 0..9 {
        pair.pass(s(1));
        pair.message(false);
    }
    pair.lines.retain(|line| line != "! t");
    pair.expect([]);
    pair.pass(s(1));
    pair.expect(["! barrier 1 lost", "> PINGREQ"]);
    // The next shard. The late PINGRESP of the first is not taken for its answer.
    pair.load("a/#");
    pair.expect(["> SUBSCRIBE 2, PINGREQ"]);
    pair.say(Packet::Pingresp);
    pair.say(Packet::Pingresp);
    pair.say(suback(id(2)));
    pair.expect(["! suback 2 [Success]"]);
    pair.say(Packet::Pingresp);
    pair.expect(["! barrier 2"]);
}

#[test]
fn a_pingresp_that_never_comes_does_not_shift_the_next_barrier() {
    let mut pair = Pair::connected(Version::V311, |options| options.keep_alive = 60);
    pair.load("#");
    pair.say(suback(id(1)));
    pair.message(true);
    pair.pass(s(10));
    pair.load("a/#");
    pair.lines.clear();
    // To the second PINGREQ, and to the barrier behind it.
    pair.say(Packet::Pingresp);
    pair.say(suback(id(2)));
    pair.expect(["! suback 2 [Success]"]);
    pair.say(Packet::Pingresp);
    pair.expect(["! barrier 2"]);
}

#[test]
fn barriers_are_bounded() {
    let mut pair = Pair::connected(Version::V311, |_| {});
    for _ in 0..64 {
        pair.session.barrier().unwrap();
    }
    assert_eq!(pair.session.barrier(), Err(CommandError::TooManyOutstanding));
    pair.drive();
    pair.say(Packet::Pingresp);
    assert_eq!(pair.session.barrier(), Ok(BarrierId(65)));
}

#[test]
fn a_server_that_answers_no_ping_but_goes_on_sending_fills_no_queue() {
    let mut pair = Pair::connected(Version::V311, |options| options.keep_alive = 1);
    for _ in 0..1000 {
        pair.pass(s(1));
        pair.message(false);
    }
    assert!(format!("{:?}", pair.session.core.connection.liveness).matches("Ping {").count() <= 128);
    pair.lines.clear();
    pair.load("a");
    pair.expect(["> SUBSCRIBE 1, PINGREQ"]);
    pair.pass(s(1));
    pair.message(false);
    pair.lines.clear();
    pair.pass(s(1));
    assert_eq!(pair.lines[0], "! barrier 1 lost");
}

#[test]
fn a_barrier_after_a_long_silence_has_its_whole_window() {
    // A command tells no time: it must not count from the last input.
    let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = 600);
    pair.sleep(s(500));
    pair.load("a");
    assert_eq!(pair.session.poll_timeout().unwrap(), pair.session.core.now, "the time is wanted at once");
    pair.pass(ms(9_999));
    pair.expect(["> SUBSCRIBE 1, PINGREQ"]);
    pair.pass(ms(1));
    pair.expect(["! disconnected: PingTimeout", "close"]);
}

// The clock.

#[test]
fn after_a_sleep_everything_is_doubtful_and_a_ping_finds_out_soon() {
    for (answers, after) in [(true, 30), (false, 5)] {
        let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = 30);
        pair.sleep(s(3630));
        // Whatever input comes first finds it.
        pair.message(false);
        pair.expect(["! jumped 3600 s", "! t", "> PINGREQ"]);
        assert_eq!(pair.session.link(), Link::Connected);
        if answers {
            pair.say(Packet::Pingresp);
        }
        pair.pass(s(after) - ms(1));
        pair.expect([]);
        pair.pass(ms(1));
        if answers {
            pair.expect(["> PINGREQ"]);
        } else {
            pair.expect(["! disconnected: ClockJump", "close"]);
        }
    }
}

#[test]
fn a_late_timer_is_no_sleep() {
    let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = 30);
    pair.sleep(s(75));
    pair.session.handle_timeout(pair.now);
    pair.drive();
    pair.expect(["> PINGREQ"]);
    let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = 4);
    pair.sleep(s(19));
    pair.session.handle_timeout(pair.now);
    pair.drive();
    pair.expect(["> PINGREQ"]);
}

#[test]
fn a_sleep_with_a_ping_under_way_does_not_condemn_the_link() {
    let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = 30);
    pair.load("a");
    pair.pass(s(1));
    pair.expect(["> SUBSCRIBE 1, PINGREQ"]);
    pair.sleep(s(1000));
    // The answers had come before, and the browser kept them.
    pair.say_bytes(&bytes(Version::V5, &[suback(id(1)), Packet::Pingresp]));
    pair.expect(["! jumped 991 s", "! suback 1 [Success]", "! barrier 1", "> PINGREQ"]);
    pair.say(Packet::Pingresp);
    pair.pass(s(29));
    pair.expect([]);
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = 30);
    pair.pass(s(20));
    pair.session.handle_timeout(pair.now);
    pair.now = pair.now - s(7200);
    pair.session.handle_timeout(pair.now);
    pair.drive();
    pair.expect(["! jumped back 7200 s", "> PINGREQ"]);
    pair.say(Packet::Pingresp);
    pair.pass(s(30));
    pair.expect(["> PINGREQ"]);
    // A correction is not a jump.
    pair.say(Packet::Pingresp);
    pair.now = pair.now - ms(400);
    pair.message(false);
    pair.expect(["! t"]);

    let mut pair = Pair::new(Options::new("c"));
    pair.connect();
    pair.close(false);
    pair.expect(["open", "! failed: NotOpened { code: Some(1006) }"]);
    pair.now = pair.now - s(7200);
    pair.session.handle_timeout(pair.now);
    pair.pass(s(1));
    pair.expect(["open"]);
    pair.now = pair.now - s(7200);
    pair.open();
    pair.pass(s(10));
    pair.expect(["> CONNECT 5", "! failed: ConnackTimeout { version: V5 }", "close"]);
}

#[test]
fn deadlines_are_found_by_any_input() {
    // No timer fires while connecting.
    let mut pair = Pair::new(Options::new("c"));
    pair.connect();
    pair.sleep(s(10));
    pair.open();
    pair.expect(["open", "! failed: OpenTimeout", "close"]);
    pair.sleep(s(30));
    pair.say_bytes(&[0xD0, 0]);
    pair.expect(["open"]);
    pair.open();
    pair.sleep(s(10));
    pair.say_bytes(&[0x20, 3, 0, 0, 0]);
    pair.expect(["> CONNECT 5", "! failed: ConnackTimeout { version: V5 }", "close"]);
    pair.sleep(s(30));
    pair.session.retry_now(pair.now);
    pair.drive();
    pair.open();
    pair.accept();
    pair.expect(["open", "> CONNECT 5", "! connected 5"]);
    pair.sleep(s(30));
    pair.message(false);
    pair.expect(["! t", "> PINGREQ"]);
}

// Back-off.

#[test]
fn the_delay_grows_and_stays_bounded_and_falls_back_only_after_a_stable_link() {
    for seed in 0..50 {
        let mut options = Options::new("c");
        options.seed = seed;
        let mut pair = Pair::new(options);
        pair.connect();
        let fail = |pair: &mut Pair, ceiling| {
            pair.close(false);
            assert!(pair.delay() >= ms(250) && pair.delay() <= s(ceiling), "{:?} of {ceiling}", pair.delay());
            pair.pass(pair.delay());
        };
        for ceiling in [1, 2, 4, 8, 16, 30, 30] {
            fail(&mut pair, ceiling);
        }
        // Flapping: connected for less than ten seconds.
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            pair.open();
            pair.accept();
            pair.pass(ms(9_999));
            pair.close(true);
            longest = longest.max(pair.delay());
            pair.pass(pair.delay());
        }
        assert!(longest > s(10), "the delay fell back to {longest:?}");
        pair.open();
        pair.accept();
        pair.pass(s(10));
        pair.close(true);
        assert!(pair.delay() <= s(1));
        // The user's own wish starts anew, "try now" does not.
        for _ in 0..7 {
            pair.pass(pair.delay());
            pair.close(false);
        }
        assert_eq!(pair.session.core.backoff.clone().next().max(s(1)), {
            pair.session.retry_now(pair.now);
            pair.drive();
            pair.close(false);
            pair.delay().max(s(1))
        });
        pair.connect();
        fail(&mut pair, 1);
    }
}

#[test]
fn different_seeds_wait_differently() {
    let delay = |seed| {
        let mut options = Options::new("c");
        options.seed = seed;
        let mut pair = Pair::new(options);
        pair.connect();
        pair.close(false);
        pair.delay()
    };
    let delays = (0..100).map(delay).collect::<BTreeSet<_>>();
    assert!(delays.len() > 60, "{} of 100", delays.len());
    assert_eq!(delay(1), delay(1));
}

// Messages.

#[test]
fn mqtt_4_3_2_4_inbound_qos_1_is_acknowledged_in_order_in_one_message() {
    for version in BOTH {
        let mut pair = Pair::connected(version, |_| {});
        let messages = [3, 1, 2]
            .map(|number| delivered(Delivery::AtLeastOnce { packet_id: id(number), dup: false }, true));
        pair.say_bytes(&bytes(version, &messages));
        pair.expect(["! t (retained)", "! t (retained)", "! t (retained)", "> PUBACK 3, PUBACK 1, PUBACK 2"]);
    }
}

#[test]
fn mqtt_4_3_3_10_inbound_qos_2_is_told_once() {
    for version in BOTH {
        let mut pair = Pair::connected(version, |_| {});
        let sent = |dup| delivered(Delivery::ExactlyOnce { packet_id: id(5), dup }, false);
        pair.say(sent(false));
        pair.say(sent(true));
        pair.expect(["! t", "> PUBREC 5", "> PUBREC 5"]);
        pair.say(Packet::Pubrel(Ack::success(id(5))));
        pair.expect(["> PUBCOMP 5"]);
        pair.say(Packet::Pubrel(Ack::success(id(5))));
        match version {
            Version::V311 => pair.expect(["> PUBCOMP 5"]),
            Version::V5 => pair.expect(["> PUBCOMP 5 PacketIdentifierNotFound"]),
        }
        pair.say(sent(false));
        pair.expect(["! t", "> PUBREC 5"]);
    }
}

#[test]
fn outbound_qos_1_is_acknowledged_by_its_identifier() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.publish(QoS::AtLeastOnce);
    pair.publish(QoS::AtLeastOnce);
    pair.say(Packet::Puback(Ack { reason_code: ReasonCode::NotAuthorized, ..Ack::success(id(2)) }));
    pair.say(Packet::Puback(Ack::success(id(1))));
    // Again, and for something else: nobody waits.
    pair.say(Packet::Puback(Ack::success(id(1))));
    let packet_id = pair.subscribe("a");
    pair.say(Packet::Puback(Ack::success(packet_id)));
    pair.say(suback(packet_id));
    pair.expect([
        "> PUBLISH 1",
        "> PUBLISH 2",
        "! puback 2 NotAuthorized",
        "! puback 1 Success",
        "> SUBSCRIBE 3",
        "! suback 3 [Success]",
    ]);
}

#[test]
fn mqtt_2_2_1_3_a_packet_identifier_in_use_is_passed_over() {
    let mut pair = Pair::connected(Version::V311, |_| {});
    pair.subscribe("a");
    pair.session.core.connection.last_packet_id = u16::MAX;
    pair.subscribe("b");
    pair.expect(["> SUBSCRIBE 1", "> SUBSCRIBE 2"]);
    for number in 1..=u16::MAX {
        pair.session.core.connection.pending.insert(id(number), Pending::Unsubscribe(1));
    }
    assert_eq!(pair.session.subscribe(&[subscription("c")]), Err(CommandError::TooManyOutstanding));
}

#[test]
fn commands_need_a_link_and_the_queue_is_bounded() {
    let mut pair = Pair::new(Options::new("c"));
    for step in 0..3 {
        let session = &mut pair.session;
        let topic = TopicName::new("t").unwrap();
        assert_eq!(session.subscribe(&[subscription("a")]), Err(CommandError::NotConnected));
        assert_eq!(session.unsubscribe(&[TopicFilter::new("a").unwrap()]), Err(CommandError::NotConnected));
        assert_eq!(session.barrier(), Err(CommandError::NotConnected));
        for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
            assert_eq!(session.publish(topic, b"", qos, true), Err(CommandError::NotConnected));
        }
        match step {
            0 => pair.connect(),
            _ => pair.open(),
        }
    }

    let mut pair = Pair::connected(Version::V311, |options| options.max_packet_size = 100);
    let topic = TopicName::new("t").unwrap();
    let mut publish = |len| pair.session.publish(topic, &vec![0; len], QoS::AtMostOnce, false);
    assert_eq!(publish(100), Err(CommandError::PacketTooLarge));
    assert_eq!(publish(60), Ok(None));
    assert_eq!(publish(60), Err(CommandError::QueueFull));
    pair.drive();
    pair.expect(["> PUBLISH"]);
    let invalid = pair.session.subscribe(&[]);
    assert!(matches!(invalid, Err(CommandError::Invalid(error)) if error.violation == Violation::ListEmpty));
    let no_local = Subscription { no_local: true, ..subscription("a") };
    let invalid = pair.session.subscribe(&[no_local]);
    assert!(
        matches!(invalid, Err(CommandError::Invalid(error)) if error.violation == Violation::NotInThisVersion)
    );
    pair.drive();
    pair.expect([]);
}

#[test]
fn mqtt_4_3_3_outbound_qos_2_from_publish_to_pubcomp() {
    for version in BOTH {
        let mut pair = Pair::connected(version, |_| {});
        pair.publish(QoS::ExactlyOnce);
        pair.say(Packet::Pubrec(Ack::success(id(1))));
        pair.expect(["> PUBLISH 1", "! pubrec 1 Success", "> PUBREL 1"]);
        // [MQTT-4.3.3-4]: each PUBREC has its PUBREL, but it is told once.
        pair.say(Packet::Pubrec(Ack::success(id(1))));
        pair.expect(["> PUBREL 1"]);
        pair.say(Packet::Pubcomp(Ack::success(id(1))));
        pair.say(Packet::Pubcomp(Ack::success(id(1))));
        pair.expect(["! pubcomp 1 Success"]);
        // [MQTT-2.2.1-4]: the identifier is free again.
        pair.session.core.connection.last_packet_id = 0;
        pair.publish(QoS::ExactlyOnce);
        pair.expect(["> PUBLISH 1"]);
    }
}

#[test]
fn mqtt_4_3_3_4_a_refusing_pubrec_ends_the_message() {
    let mut pair = Pair::connected(Version::V5, |options| options.max_in_flight = 1);
    pair.publish(QoS::ExactlyOnce);
    pair.say(Packet::Pubrec(refused(1)));
    pair.expect(["> PUBLISH 1", "! pubrec 1 NotAuthorized"]);
    pair.publish(QoS::ExactlyOnce);
    pair.say(Packet::Pubrec(Ack::success(id(2))));
    // What PUBCOMP says makes no difference.
    let code = ReasonCode::PacketIdentifierNotFound;
    pair.say(Packet::Pubcomp(Ack { reason_code: code, ..Ack::success(id(2)) }));
    pair.expect(["> PUBLISH 2", "! pubrec 2 Success", "> PUBREL 2", "! pubcomp 2 PacketIdentifierNotFound"]);
    pair.publish(QoS::AtLeastOnce);
    pair.expect(["> PUBLISH 3"]);
}

#[test]
fn mqtt_4_3_acknowledgements_of_another_kind_are_passed_over() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.publish(QoS::AtLeastOnce);
    pair.publish(QoS::ExactlyOnce);
    pair.subscribe("a");
    pair.lines.clear();
    for number in [1, 3] {
        pair.say(Packet::Pubrec(Ack::success(id(number))));
        pair.say(Packet::Pubcomp(Ack::success(id(number))));
    }
    pair.say(Packet::Puback(Ack::success(id(2))));
    pair.say(Packet::Pubcomp(Ack::success(id(2))));
    pair.say(Packet::Pubrec(refused(9)));
    pair.expect([]);
    // A message of the server's memory only.
    pair.say(Packet::Pubrec(Ack::success(id(9))));
    pair.expect(["> PUBREL 9 PacketIdentifierNotFound"]);
}

#[test]
fn mqtt_4_6_0_4_pubrels_come_in_the_order_of_the_pubrecs() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    (0..3).for_each(|_| pair.publish(QoS::ExactlyOnce));
    pair.lines.clear();
    let pubrecs = [2, 3, 1].map(|number| Packet::Pubrec(Ack::success(id(number))));
    pair.say_bytes(&bytes(Version::V5, &pubrecs));
    pair.lines.retain(|line| line.starts_with('>'));
    pair.expect(["> PUBREL 2, PUBREL 3, PUBREL 1"]);
}

#[test]
fn mqtt_4_9_0_2_the_send_quota_counts_qos_1_and_2() {
    let mut options = Options::new("c");
    options.version = VersionChoice::Only(Version::V5);
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.say_bytes(&[0x20, 6, 0, 0, 3, 0x21, 0, 2]);
    pair.publish(QoS::AtLeastOnce);
    pair.publish(QoS::ExactlyOnce);
    pair.lines.clear();
    let full = |pair: &mut Pair| {
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let topic = TopicName::new("p").unwrap();
            let published = pair.session.publish(topic, b"", qos, false);
            assert_eq!(published, Err(CommandError::TooManyOutstanding));
        }
    };
    full(&mut pair);
    // [MQTT-4.9.0-3]: everything else goes on.
    pair.publish(QoS::AtMostOnce);
    pair.subscribe("a");
    pair.lines.clear();
    // A PUBREC gives nothing back, a PUBCOMP does.
    pair.say(Packet::Pubrec(Ack::success(id(2))));
    full(&mut pair);
    pair.say(Packet::Pubcomp(Ack::success(id(2))));
    pair.publish(QoS::ExactlyOnce);
    full(&mut pair);
    pair.say(Packet::Puback(Ack::success(id(1))));
    pair.publish(QoS::AtLeastOnce);
    full(&mut pair);
}

#[test]
fn mqtt_3_3_2_3_messages_have_their_properties() {
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
    for property in [
        Property::PayloadFormatIndicator(true),
        Property::MessageExpiryInterval(60),
        Property::ContentType("text/plain"),
        Property::ResponseTopic(TopicName::new("r").unwrap()),
        Property::CorrelationData(b"7"),
        Property::UserProperty("k", "v"),
    ] {
        properties.push(property).unwrap();
    }
    fn publish(session: &mut Session, properties: Properties<'_>) -> Result<Option<PacketId>, CommandError> {
        session.publish_with(TopicName::new("t").unwrap(), b"on", QoS::AtLeastOnce, true, properties)
    }
    let mut session = Pair::connected(Version::V5, |_| {}).session;
    assert_eq!(publish(&mut session, properties.as_properties()), Ok(Some(id(1))));
    let Some(Transmit::Send(sent)) = session.poll_transmit() else { panic!() };
    let Ok(Packet::Publish(sent)) = crate::decode::decode(sent, Version::V5) else { panic!() };
    assert_eq!((sent.properties, sent.payload, sent.retain), (properties.as_properties(), &b"on"[..], true));

    // [MQTT-3.3.4-6], and what is not the caller's to say.
    for property in [Property::SubscriptionIdentifier(1), Property::TopicAlias(1)] {
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
        properties.push(property).unwrap();
        let published = publish(&mut session, properties.as_properties());
        assert!(matches!(published, Err(CommandError::Invalid(_))), "{published:?}");
    }
    let subscribe = PropertiesBuf::new(Place::Packet(PacketType::Subscribe));
    assert!(publish(&mut session, subscribe.as_properties()).is_ok(), "none fit everywhere");
    let mut session = Pair::connected(Version::V311, |_| {}).session;
    let published = publish(&mut session, properties.as_properties());
    assert!(
        matches!(published, Err(CommandError::Invalid(error)) if error.violation == Violation::NotInThisVersion)
    );
    assert!(publish(&mut session, Properties::EMPTY).is_ok());
}

// Topic aliases.

/// A PUBLISH at QoS 0 with an alias; an empty name is left out.
fn aliased(name: &str, alias: u16) -> Vec<u8> {
    let mut bytes = vec![0x30, name.len() as u8 + 6, 0, name.len() as u8];
    bytes.extend(name.as_bytes());
    bytes.extend([3, 0x23]);
    bytes.extend(alias.to_be_bytes());
    bytes
}

#[test]
fn mqtt_3_3_2_3_4_an_alias_of_the_servers_stands_for_its_name() {
    let mut pair = Pair::connected(Version::V5, |options| {
        lasting(options);
        options.topic_alias_maximum = 3;
    });
    for (name, alias) in [("a", 1), ("", 1), ("c", 3), ("", 3), ("", 1), ("b", 1), ("", 1)] {
        pair.say_bytes(&aliased(name, alias));
    }
    pair.expect(["! a", "! a", "! c", "! c", "! a", "! b", "! b"]);
    // One that comes with a message that is not told counts all the same.
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
    properties.push(Property::TopicAlias(2)).unwrap();
    let topic = TopicName::new("d").unwrap();
    for (number, dup) in [(9, false), (9, true)] {
        pair.say(Packet::Publish(Publish {
            delivery: Delivery::ExactlyOnce { packet_id: id(number), dup },
            retain: false,
            topic,
            properties: properties.as_properties(),
            payload: b"",
        }));
    }
    pair.say_bytes(&aliased("", 2));
    pair.expect(["! d", "> PUBREC 9", "> PUBREC 9", "! d"]);
    // [MQTT-3.3.2-7]: not on the next connection, though the session is the same.
    pair.relink(true);
    pair.lines.clear();
    pair.say_bytes(&aliased("", 1));
    pair.expect(["! disconnected: TopicAliasUnknown in PUBLISH", "> DISCONNECT ProtocolError", "close"]);
}

#[test]
fn mqtt_3_1_2_26_an_alias_is_within_what_was_allowed() {
    for (maximum, alias, violation, reason) in [
        (3, 0, "TopicAliasForbidden", "TopicAliasInvalid"),
        (3, 4, "TopicAliasTooLarge", "TopicAliasInvalid"),
        (0, 1, "TopicAliasForbidden", "TopicAliasInvalid"),
        (u16::MAX, 0, "TopicAliasForbidden", "TopicAliasInvalid"),
    ] {
        for name in ["a", ""] {
            let mut pair = Pair::connected(Version::V5, |options| options.topic_alias_maximum = maximum);
            pair.say_bytes(&aliased(name, alias));
            pair.expect([
                &format!("! disconnected: {violation} in PUBLISH"),
                &format!("> DISCONNECT {reason}"),
                "close",
            ]);
        }
    }
}

#[test]
fn the_names_of_aliases_are_bounded_by_the_largest_packet() {
    let mut pair = Pair::connected(Version::V5, |options| {
        options.topic_alias_maximum = u16::MAX;
        options.max_packet_size = 100;
    });
    let name = "n".repeat(50);
    pair.say_bytes(&aliased(&name, u16::MAX));
    pair.say_bytes(&aliased(&name, 1));
    // A new name takes the place of the old one.
    pair.say_bytes(&aliased("m", 1));
    pair.say_bytes(&aliased(&name, 1));
    assert_eq!(pair.session.link(), Link::Connected);
    pair.lines.clear();
    pair.say_bytes(&aliased("m", 2));
    pair.expect(["! disconnected: TopicAliasesTooLong in PUBLISH", "> DISCONNECT QuotaExceeded", "close"]);
}

#[test]
fn mqtt_3_2_2_18_topics_published_again_have_aliases_as_far_as_the_server_takes_them() {
    let connected = |maximum: u8, change: fn(&mut Options)| {
        let mut options = Options::new("c");
        options.version = VersionChoice::Only(Version::V5);
        change(&mut options);
        let mut pair = Pair::new(options);
        pair.connect();
        pair.open();
        pair.say_bytes(&[0x20, 6, 0, 0, 3, 0x22, 0, maximum]);
        pair.lines.clear();
        pair
    };
    let publish = |pair: &mut Pair, name: &str, qos| {
        pair.session.publish(TopicName::new(name).unwrap(), b"", qos, false).unwrap();
        pair.drive();
    };
    let mut pair = connected(1, lasting);
    publish(&mut pair, "topic/a", QoS::AtMostOnce);
    publish(&mut pair, "topic/b", QoS::AtMostOnce);
    publish(&mut pair, "topic/a", QoS::AtMostOnce);
    publish(&mut pair, "topic/b", QoS::AtMostOnce);
    publish(&mut pair, "topic/a", QoS::AtLeastOnce);
    publish(&mut pair, "topic/b", QoS::AtMostOnce);
    pair.expect([
        "> PUBLISH",
        "> PUBLISH",
        "> PUBLISH \"topic/a\" [TopicAlias(1)]",
        "> PUBLISH",
        "> PUBLISH \"\" [TopicAlias(1)]",
        "> PUBLISH",
    ]);
    // [MQTT-3.3.2-7]: what is sent again has its name.
    pair.relink(true);
    assert_eq!(pair.lines.pop().as_deref(), Some("> PUBLISH 1 dup"));
    pair.lines.clear();
    for _ in 0..3 {
        publish(&mut pair, "topic/a", QoS::AtMostOnce);
    }
    pair.expect(["> PUBLISH", "> PUBLISH", "> PUBLISH"]);

    // Nothing is saved on a short name; none are allowed; none are wanted.
    for (mut pair, name) in [
        (connected(9, |_| {}), "abcd"),
        (connected(0, |_| {}), "topic/a"),
        (connected(9, |options| options.max_topic_aliases = 0), "topic/a"),
        (Pair::connected(Version::V311, |_| {}), "topic/a"),
    ] {
        for _ in 0..3 {
            publish(&mut pair, name, QoS::AtMostOnce);
        }
        pair.expect(["> PUBLISH", "> PUBLISH", "> PUBLISH"]);
    }
}

#[test]
fn an_alias_is_given_only_by_a_packet_that_is_queued() {
    let mut options = Options::new("c");
    options.version = VersionChoice::Only(Version::V5);
    options.max_packet_size = 60;
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.say_bytes(&[0x20, 6, 0, 0, 3, 0x22, 0, 9]);
    pair.lines.clear();
    let topic = TopicName::new("topic/a").unwrap();
    let mut publish = |len| pair.session.publish(topic, &vec![0; len], QoS::AtMostOnce, false);
    // Two bytes of header, nine of topic, one of properties.
    assert_eq!(publish(48), Ok(None));
    assert_eq!(publish(48), Err(CommandError::QueueFull));
    pair.drive();
    let mut publish = |len| pair.session.publish(topic, &vec![0; len], QoS::AtMostOnce, false);
    // An alias does not fit in, so there is none.
    assert_eq!(publish(48), Ok(None));
    pair.drive();
    pair.publish(QoS::AtMostOnce);
    let mut publish = |len| pair.session.publish(topic, &vec![0; len], QoS::AtMostOnce, false);
    assert_eq!(publish(10), Ok(None));
    pair.drive();
    pair.expect(["> PUBLISH", "> PUBLISH", "> PUBLISH", "> PUBLISH \"topic/a\" [TopicAlias(1)]"]);
}

#[test]
fn what_is_remembered_for_aliases_is_bounded() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.session.core.connection.given_aliases = GivenAliases::new(2);
    let mut session = pair.session;
    for round in 0..3 {
        for number in 0..1000 {
            let topic = format!("topic/{number}");
            session.publish(TopicName::new(&topic).unwrap(), b"", QoS::AtMostOnce, false).unwrap();
            if round > 0 {
                session.publish(TopicName::new(&topic).unwrap(), b"", QoS::AtMostOnce, false).unwrap();
            }
        }
        let known = format!("{:?}", session.core.connection.given_aliases);
        assert!(known.len() < 400, "{known}");
        assert_eq!(known.contains("topic/1\""), round > 0);
    }
}

// Sessions that outlive their links.

#[test]
fn mqtt_4_4_0_1_a_resumed_session_sends_again_what_was_not_acknowledged_in_its_order() {
    for version in BOTH {
        let mut pair = Pair::connected(version, lasting);
        pair.publish(QoS::ExactlyOnce);
        pair.publish(QoS::AtLeastOnce);
        pair.publish(QoS::AtLeastOnce);
        pair.publish(QoS::ExactlyOnce);
        pair.publish(QoS::AtMostOnce);
        pair.say(Packet::Pubrec(Ack::success(id(1))));
        pair.say(Packet::Puback(Ack::success(id(2))));
        // Nothing is repeated while the link stands.
        pair.lines.clear();
        pair.pass(s(29));
        pair.expect([]);
        for _ in 0..2 {
            pair.relink(true);
            pair.expect([
                "! disconnected: Closed { code: Some(1006) }",
                "open",
                &format!("> CONNECT {version}"),
                &format!("! connected {version}"),
                "> PUBLISH 3 dup, PUBLISH 4 dup, PUBREL 1",
            ]);
        }
        pair.say(Packet::Puback(Ack::success(id(3))));
        pair.say(Packet::Pubrec(Ack::success(id(4))));
        pair.say(Packet::Pubcomp(Ack::success(id(1))));
        pair.expect(["! puback 3 Success", "! pubrec 4 Success", "> PUBREL 4", "! pubcomp 1 Success"]);
        pair.relink(true);
        assert_eq!(pair.lines.pop().as_deref(), Some("> PUBREL 4"));
        pair.say(Packet::Pubcomp(Ack::success(id(4))));
        pair.relink(true);
        assert_eq!(pair.lines.pop(), Some(format!("! connected {version}")));
        assert_eq!((pair.session.in_flight(), pair.session.core.outbound.kept_bytes()), (0, 0));
    }
}

#[test]
fn mqtt_3_3_1_1_dup_only_on_what_the_driver_had_taken_before() {
    let mut pair = Pair::connected(Version::V5, lasting);
    pair.publish(QoS::AtLeastOnce);
    pair.session.publish(TopicName::new("p").unwrap(), b"", QoS::AtLeastOnce, false).unwrap();
    pair.session.handle_closed(Closed { code: None, was_open: true }, pair.now);
    pair.drive();
    pair.pass(pair.delay());
    pair.open();
    pair.lines.clear();
    // And again: what was queued for the second link is dropped before it is taken.
    pair.session.handle_bytes(&[0x20, 3, 1, 0, 0], pair.now);
    assert!(matches!(pair.session.poll_event(), Some(Event::Connected(_))));
    pair.session.handle_closed(Closed { code: None, was_open: true }, pair.now);
    pair.drive();
    pair.pass(pair.delay());
    pair.open();
    pair.say(present(true, Properties::EMPTY));
    assert_eq!(pair.lines.pop().as_deref(), Some("> PUBLISH 1 dup, PUBLISH 2"));
    // What leaves together with DISCONNECT was sent.
    pair.session.publish(TopicName::new("p").unwrap(), b"", QoS::AtLeastOnce, false).unwrap();
    pair.disconnect();
    pair.connect();
    pair.open();
    pair.say(present(true, Properties::EMPTY));
    assert_eq!(pair.lines.pop().as_deref(), Some("> PUBLISH 1 dup, PUBLISH 2 dup, PUBLISH 3 dup"));
}

#[test]
fn mqtt_3_2_2_5_without_session_present_the_messages_are_lost_before_it_is_told() {
    for version in BOTH {
        let mut pair = Pair::connected(version, lasting);
        pair.publish(QoS::AtLeastOnce);
        pair.publish(QoS::ExactlyOnce);
        pair.publish(QoS::ExactlyOnce);
        pair.say(Packet::Pubrec(Ack::success(id(2))));
        pair.say(delivered(Delivery::ExactlyOnce { packet_id: id(5), dup: false }, false));
        pair.lines.clear();
        pair.relink(false);
        pair.expect([
            "! disconnected: Closed { code: Some(1006) }",
            "open",
            &format!("> CONNECT {version}"),
            "! lost 1",
            "! lost 3",
            "! lost 2",
            &format!("! connected {version}"),
        ]);
        // The other direction begins anew, too, and identifiers are free.
        pair.say(delivered(Delivery::ExactlyOnce { packet_id: id(5), dup: false }, false));
        pair.publish(QoS::AtLeastOnce);
        pair.expect(["! t", "> PUBREC 5", "> PUBLISH 1"]);
    }
}

#[test]
fn mqtt_4_4_0_1_after_a_clean_start_nothing_is_sent_again() {
    for version in BOTH {
        let mut pair = Pair::connected(version, |options| options.session_expiry_interval = 3600);
        pair.publish(QoS::AtLeastOnce);
        pair.publish(QoS::ExactlyOnce);
        pair.say(Packet::Pubrec(Ack::success(id(2))));
        assert_eq!(pair.session.core.outbound.kept_bytes(), 0);
        pair.lines.clear();
        pair.relink(false);
        pair.expect([
            "! lost 1",
            "! lost 2",
            "! disconnected: Closed { code: Some(1006) }",
            "open",
            &format!("> CONNECT {version}"),
            &format!("! connected {version}"),
        ]);
    }
}

#[test]
fn mqtt_4_1_0_2_a_session_that_expired_is_not_asked_for() {
    let clean = |pair: &mut Pair| {
        pair.connect();
        let Link::Connecting = pair.session.link() else { panic!() };
        pair.session.handle_open(pair.now);
        pair.session.core.connection.clean_start
    };
    // The server grants less than it was asked for, or all of it, or more.
    for (connack, lasts) in [
        (&[0x20, 8, 0, 0, 5, 0x11, 0, 0, 0, 60][..], 60),
        (&[0x20, 3, 0, 0, 0], 3600),
        (&[0x20, 8, 0, 0, 5, 0x11, 0xFF, 0xFF, 0xFF, 0xFF], u64::from(u32::MAX)),
    ] {
        let mut options = Options::new("c");
        lasting(&mut options);
        let mut pair = Pair::new(options);
        assert!(!clean(&mut pair), "one of an earlier run is asked for");
        pair.say_bytes(connack);
        pair.publish(QoS::AtLeastOnce);
        pair.disconnect();
        pair.sleep(s(lasts - 1));
        pair.lines.clear();
        assert!(!clean(&mut pair));
        pair.disconnect();
        pair.sleep(s(1));
        pair.lines.clear();
        let is_clean = clean(&mut pair);
        pair.drive();
        if lasts == u64::from(u32::MAX) {
            assert!(!is_clean);
            pair.expect(["open", "> CONNECT 5"]);
        } else {
            assert!(is_clean);
            pair.expect(["open", "! lost 1", "> CONNECT 5"]);
        }
    }
    // With no expiry at all it ends with its link.
    let mut pair = Pair::connected(Version::V5, |options| options.clean_start = false);
    pair.publish(QoS::AtLeastOnce);
    pair.close(true);
    pair.expect(["> PUBLISH 1", "! lost 1", "! disconnected: Closed { code: Some(1006) }"]);
}

#[test]
fn mqtt_3_2_2_4_a_session_is_present_only_where_it_was_asked_for() {
    for options in [|_: &mut Options| {}, lasting] {
        let mut pair = Pair::new({
            let mut made = Options::new("c");
            made.version = VersionChoice::Only(Version::V5);
            options(&mut made);
            made
        });
        pair.connect();
        pair.open();
        pair.say(present(true, Properties::EMPTY));
        let last = match pair.session.options().clean_start {
            true => ["! failed: SessionPresentUnasked in CONNACK", "close"],
            false => ["> CONNECT 5", "! connected 5"],
        };
        assert_eq!(pair.lines[pair.lines.len() - 2..], last);
    }
    // [MQTT-3.1.3-7] of 3.1.1: without an identifier it is always a clean one.
    let mut options = Options::new("");
    options.version = VersionChoice::Only(Version::V311);
    lasting(&mut options);
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    assert!(pair.session.core.connection.clean_start);
}

#[test]
fn mqtt_4_9_0_1_the_quota_of_the_next_link_bounds_what_is_sent_again() {
    let mut pair = Pair::connected(Version::V5, lasting);
    (0..4).for_each(|_| pair.publish(QoS::ExactlyOnce));
    pair.say(Packet::Pubrec(Ack::success(id(3))));
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    pair.lines.clear();
    pair.say_bytes(&[0x20, 6, 1, 0, 3, 0x21, 0, 1]);
    pair.expect(["! connected 5", "> PUBLISH 1 dup, PUBREL 3"]);
    // PUBREL took nothing, so its PUBCOMP gives nothing back beyond the maximum.
    pair.say(Packet::Pubrec(refused(1)));
    pair.expect(["! pubrec 1 NotAuthorized", "> PUBLISH 2 dup"]);
    let published = pair.session.publish(TopicName::new("p").unwrap(), b"", QoS::AtLeastOnce, false);
    assert_eq!(published, Err(CommandError::TooManyOutstanding));
    pair.say(Packet::Pubrec(Ack::success(id(2))));
    pair.say(Packet::Pubcomp(Ack::success(id(2))));
    pair.expect(["! pubrec 2 Success", "> PUBREL 2", "! pubcomp 2 Success", "> PUBLISH 4 dup"]);
    pair.say(Packet::Pubrec(refused(4)));
    pair.publish(QoS::AtLeastOnce);
    pair.expect(["! pubrec 4 NotAuthorized", "> PUBLISH 1"]);
}

#[test]
fn mqtt_3_3_4_7_the_pubcomp_of_an_earlier_links_message_makes_no_room() {
    let mut pair = Pair::connected(Version::V5, lasting);
    for _ in 0..3 {
        pair.publish(QoS::ExactlyOnce);
    }
    pair.say(Packet::Pubrec(Ack::success(id(1))));
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    pair.lines.clear();
    let buf = properties(PacketType::Connack, &[Property::ReceiveMaximum(1)]);
    pair.say(present(true, buf.as_properties()));
    pair.say(Packet::Pubcomp(Ack::success(id(1))));
    let again = "> PUBLISH 2 dup, PUBREL 1";
    pair.expect(["! connected 5", again, "! pubcomp 1 Success"]);
    pair.say(Packet::Pubrec(refused(2)));
    pair.expect(["! pubrec 2 NotAuthorized", "> PUBLISH 3 dup"]);
}

#[test]
fn mqtt_3_2_2_15_what_the_next_server_does_not_take_is_lost_and_not_sent() {
    let mut pair = Pair::connected(Version::V5, lasting);
    let topic = TopicName::new("p").unwrap();
    for (payload, qos, retain) in [
        (&[0; 50][..], QoS::AtLeastOnce, false),
        (b"", QoS::ExactlyOnce, false),
        (b"", QoS::AtLeastOnce, true),
        (b"", QoS::AtLeastOnce, false),
    ] {
        pair.session.publish(topic, payload, qos, retain).unwrap();
    }
    pair.drive();
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    pair.lines.clear();
    // Maximum QoS 1, no retained messages, packets of at most 40 bytes.
    pair.say_bytes(&[0x20, 12, 1, 0, 9, 0x24, 1, 0x25, 0, 0x27, 0, 0, 0, 40]);
    pair.expect(["! connected 5", "! lost 1", "! lost 2", "! lost 3", "> PUBLISH 4 dup"]);
    // Their identifiers are not given away while the server may remember them.
    pair.session.core.connection.last_packet_id = 0;
    pair.publish(QoS::AtLeastOnce);
    pair.expect(["> PUBLISH 5"]);
    // And lost is lost: not again when the session ends.
    pair.relink(false);
    pair.lines.retain(|line| line.starts_with("! lost"));
    pair.expect(["! lost 4", "! lost 5"]);
}

#[test]
fn mqtt_4_3_3_10_inbound_qos_2_is_told_once_over_a_resumed_session() {
    for version in BOTH {
        let mut pair = Pair::connected(version, lasting);
        let sent = |dup| delivered(Delivery::ExactlyOnce { packet_id: id(5), dup }, false);
        pair.say(sent(false));
        pair.expect(["! t", "> PUBREC 5"]);
        pair.relink(true);
        pair.lines.clear();
        pair.say(sent(true));
        pair.expect(["> PUBREC 5"]);
        pair.relink(true);
        pair.lines.clear();
        pair.say(Packet::Pubrel(Ack::success(id(5))));
        pair.expect(["> PUBCOMP 5"]);
        pair.say(sent(false));
        pair.expect(["! t", "> PUBREC 5"]);
    }
}

#[test]
fn mqtt_3_2_2_16_the_assigned_identifier_is_kept_for_its_session() {
    let mut options = Options::new("");
    options.version = VersionChoice::Only(Version::V5);
    lasting(&mut options);
    let assigned = [0x20, 7, 0, 0, 4, 0x12, 0, 1, b'x'];
    let client_id = |pair: &mut Pair| {
        pair.session.handle_open(pair.now);
        let mut id = None;
        while let Some(transmit) = pair.session.poll_transmit() {
            if let Transmit::Send(bytes) = transmit
                && let Ok(Packet::Connect(connect)) = crate::decode::decode(bytes, Version::V5)
            {
                id = Some((connect.client_id.to_owned(), connect.clean_start));
            }
        }
        pair.version = Version::V5;
        id.unwrap()
    };
    let mut pair = Pair::new(options.clone());
    pair.connect();
    assert_eq!(client_id(&mut pair), (String::new(), false));
    pair.say_bytes(&assigned);
    pair.close(true);
    pair.pass(pair.delay());
    assert_eq!(client_id(&mut pair), ("x".to_owned(), false));
    // The server does not go on with it, but it is still the name of the session.
    pair.say(present(false, Properties::EMPTY));
    pair.close(true);
    pair.pass(pair.delay());
    assert_eq!(client_id(&mut pair), ("x".to_owned(), false));
    // A name that is no good any more is not insisted on.
    pair.say(connack(ReasonCode::ClientIdentifierNotValid));
    assert_eq!(pair.session.link(), Link::Refused);
    pair.connect();
    assert_eq!(client_id(&mut pair), (String::new(), false));
    pair.say_bytes(&assigned);
    // Nor one of a session that expired.
    pair.disconnect();
    pair.sleep(s(3600));
    pair.connect();
    assert_eq!(client_id(&mut pair), (String::new(), true));

    // A clean start is another client each time.
    options.clean_start = true;
    let mut pair = Pair::new(options);
    pair.connect();
    assert_eq!(client_id(&mut pair), (String::new(), true));
    pair.say_bytes(&assigned);
    pair.close(true);
    pair.pass(pair.delay());
    assert_eq!(client_id(&mut pair), (String::new(), true));
}

#[test]
fn a_session_is_not_gone_on_with_in_the_other_version() {
    let mut options = Options::new("c");
    lasting(&mut options);
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.accept();
    pair.publish(QoS::AtLeastOnce);
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    pair.lines.clear();
    pair.say_bytes(&[0x20, 2, 0, 1]);
    pair.open();
    assert!(pair.session.core.connection.clean_start);
    pair.accept();
    pair.expect(["close", "open", "! lost 1", "> CONNECT 3.1.1", "! connected 3.1.1"]);
}

#[test]
fn what_is_kept_for_a_resumed_session_is_bounded() {
    let mut pair = Pair::connected(Version::V5, |options| {
        lasting(options);
        options.max_in_flight = 3;
        options.max_resume_bytes = 100;
    });
    let topic = TopicName::new("p").unwrap();
    let mut publish = |len| pair.session.publish(topic, &vec![0; len], QoS::AtLeastOnce, false);
    assert_eq!(publish(100), Err(CommandError::PacketTooLarge));
    assert_eq!(publish(50), Ok(Some(id(2))));
    assert_eq!(publish(50), Err(CommandError::TooManyOutstanding));
    assert!(publish(0).is_ok() && publish(0).is_ok());
    assert_eq!(publish(0), Err(CommandError::TooManyOutstanding));
    assert_eq!(pair.session.in_flight(), 3);
    // Messages that wait for PUBCOMP only take no quota, but they are counted.
    pair.drive();
    for number in [2, 4, 5] {
        pair.say(Packet::Puback(Ack::success(id(number))));
    }
    (0..3).for_each(|_| pair.publish(QoS::ExactlyOnce));
    for number in 6..9 {
        pair.say(Packet::Pubrec(Ack::success(id(number))));
    }
    pair.relink(true);
    let published = pair.session.publish(topic, b"", QoS::AtLeastOnce, false);
    assert_eq!((published, pair.session.in_flight()), (Err(CommandError::TooManyOutstanding), 3));
}

// Authentication by AUTH.

/// Properties of this packet.
fn properties(packet: PacketType, properties: &[Property<'_>]) -> PropertiesBuf {
    let mut buf = PropertiesBuf::new(Place::Packet(packet));
    for property in properties {
        buf.push(*property).unwrap();
    }
    buf
}

/// The options of a session that authenticates by the method M.
fn authenticating(options: &mut Options) {
    options.authentication = Some(Authentication { method: "M".to_owned(), data: Some(b"first".to_vec()) });
}

/// CONNECT is said, and the server is to speak.
fn authenticating_pair(change: impl FnOnce(&mut Options)) -> Pair {
    let mut options = Options::new("c");
    authenticating(&mut options);
    change(&mut options);
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.lines.clear();
    pair
}

impl Pair {
    /// What an AUTH or a CONNACK of the server does. Without a method it has no property at all.
    fn say_auth(&mut self, packet: PacketType, reason_code: ReasonCode, method: Option<&str>, data: &str) {
        let method = method.map(Property::AuthenticationMethod);
        let data = Property::AuthenticationData(data.as_bytes());
        let with_data = method.into_iter().flat_map(|method| [method, data]).collect::<Vec<_>>();
        let buf = properties(packet, &with_data);
        let properties = buf.as_properties();
        self.say(match packet {
            PacketType::Auth => Packet::Auth(Auth { reason_code, properties }),
            _ => Packet::Connack(Connack { session_present: false, reason_code, properties }),
        });
    }

    fn authenticate(&mut self, data: &str) {
        self.session.authenticate(data.as_bytes()).unwrap();
        self.drive();
    }
}

#[test]
fn mqtt_4_12_0_3_the_method_speaks_before_connack_and_after_it() {
    let mut pair = authenticating_pair(|_| {});
    // Not the client's turn.
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::AuthenticationUnexpected));
    pair.say_auth(PacketType::Auth, ReasonCode::ContinueAuthentication, Some("M"), "q1");
    pair.expect([r#"! auth ContinueAuthentication Some("M") Some("q1")"#]);
    // Before CONNACK nothing else may be said ([MQTT-3.1.2-30]).
    assert_eq!(pair.session.barrier(), Err(CommandError::NotConnected));
    assert_eq!(pair.session.reauthenticate(None), Err(CommandError::NotConnected));
    assert!(matches!(pair.session.authenticate(&[0; 0x1_0000]), Err(CommandError::Invalid(_))));
    pair.authenticate("a1");
    pair.expect([r#"> AUTH ContinueAuthentication Some("M") Some("a1")"#]);
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::AuthenticationUnexpected));
    pair.say_auth(PacketType::Auth, ReasonCode::ContinueAuthentication, Some("M"), "q2");
    pair.authenticate("a2");
    pair.lines.clear();
    let method = Property::AuthenticationMethod("M");
    let buf = properties(PacketType::Connack, &[method, Property::AuthenticationData(b"last")]);
    pair.session.handle_bytes(&bytes(Version::V5, &[present(false, buf.as_properties())]), pair.now);
    let Some(Event::Connected(connected)) = pair.session.poll_event() else { panic!() };
    assert_eq!(connected.authentication_data, Some(&b"last"[..]));
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::AuthenticationUnexpected));

    // And again, while everything else goes on ([MQTT-4.12.1-1]).
    pair.session.reauthenticate(Some(b"new")).unwrap();
    assert_eq!(pair.session.reauthenticate(None), Err(CommandError::AuthenticationUnexpected));
    pair.drive();
    pair.publish(QoS::AtMostOnce);
    pair.say_auth(PacketType::Auth, ReasonCode::ContinueAuthentication, Some("M"), "q");
    pair.message(false);
    pair.authenticate("a");
    pair.say_auth(PacketType::Auth, ReasonCode::Success, Some("M"), "good");
    pair.expect([
        r#"> AUTH ReAuthenticate Some("M") Some("new")"#,
        "> PUBLISH",
        r#"! auth ContinueAuthentication Some("M") Some("q")"#,
        "! t",
        r#"> AUTH ContinueAuthentication Some("M") Some("a")"#,
        r#"! auth Success Some("M") Some("good")"#,
    ]);
    // Section 3.15.2.1: Success may leave out all.
    pair.session.reauthenticate(None).unwrap();
    pair.drive();
    pair.say_bytes(&[0xF0, 0]);
    pair.expect([r#"> AUTH ReAuthenticate Some("M") None"#, "! auth Success None None"]);
    // [MQTT-4.12.1-2]
    pair.session.reauthenticate(None).unwrap();
    pair.say(Packet::Disconnect(Disconnect::new(ReasonCode::NotAuthorized)));
    pair.expect(["! disconnected: NotAuthorized", "close"]);
    assert_eq!(pair.session.link(), Link::Refused);
    assert_eq!(pair.session.reauthenticate(None), Err(CommandError::NotConnected));
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::NotConnected));
}

#[test]
fn mqtt_4_12_0_5_the_method_stays_the_same_and_the_turns_are_kept() {
    type Wrong = (PacketType, ReasonCode, Option<&'static str>, &'static str);
    const AUTH: PacketType = PacketType::Auth;
    let check = |(packet, reason_code, method, violation): Wrong| {
        let mut pair = authenticating_pair(|_| {});
        pair.say_auth(packet, reason_code, method, "");
        pair.expect([&format!("! failed: {violation} in {packet}"), "close"]);
        pair.expect_waiting();
    };
    let (asks, accepts) = (ReasonCode::ContinueAuthentication, ReasonCode::Success);
    check((AUTH, asks, Some("N"), "AuthenticationMethodOther"));
    check((AUTH, asks, None, "AuthenticationMethodOther"));
    check((PacketType::Connack, accepts, Some("N"), "AuthenticationMethodOther"));
    check((PacketType::Connack, accepts, None, "AuthenticationMethodOther"));
    check((AUTH, accepts, Some("M"), "PacketUnexpected"));
    check((AUTH, ReasonCode::ReAuthenticate, Some("M"), "PacketUnexpected"));

    // It is the client's turn, before CONNACK and after it.
    let mut pair = authenticating_pair(|_| {});
    pair.say_auth(AUTH, asks, Some("M"), "");
    pair.say_auth(AUTH, asks, Some("M"), "");
    assert_eq!(pair.lines[1..], ["! failed: PacketUnexpected in AUTH", "close"]);
    // Nobody has asked to authenticate again.
    let mut pair = authenticating_pair(|_| {});
    pair.say_auth(PacketType::Connack, accepts, Some("M"), "");
    pair.say_auth(AUTH, asks, Some("M"), "");
    pair.expect([
        "! connected 5",
        "! disconnected: PacketUnexpected in AUTH",
        "> DISCONNECT ProtocolError",
        "close",
    ]);
    // A refusal needs no method.
    let mut pair = authenticating_pair(|_| {});
    pair.say_auth(PacketType::Connack, ReasonCode::BadAuthenticationMethod, None, "");
    pair.expect(["! failed: BadAuthenticationMethod (5)", "close"]);
    assert_eq!(pair.session.link(), Link::Refused);
}

#[test]
fn mqtt_4_12_0_6_no_authentication_where_none_was_asked_for() {
    let check = |packet| {
        let mut options = Options::new("c");
        options.version = VersionChoice::Only(Version::V5);
        let mut pair = Pair::new(options);
        pair.connect();
        pair.open();
        pair.lines.clear();
        let reason =
            if packet == PacketType::Auth { ReasonCode::ContinueAuthentication } else { ReasonCode::Success };
        pair.say_auth(packet, reason, Some("M"), "");
        pair.expect([&format!("! failed: AuthenticationUnasked in {packet}"), "close"]);
        pair.expect_waiting();
    };
    check(PacketType::Auth);
    check(PacketType::Connack);
    // [MQTT-4.12.0-7]
    let mut pair = Pair::connected(Version::V5, |_| {});
    assert_eq!(pair.session.reauthenticate(Some(b"")), Err(CommandError::AuthenticationUnexpected));
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::AuthenticationUnexpected));
    pair.session.set_authentication_data(Some(b"x".to_vec()));
    assert_eq!(pair.session.options().authentication, None);
}

#[test]
fn mqtt_4_12_authentication_is_never_left_out_for_3_1_1() {
    let mut options = Options::new("c");
    authenticating(&mut options);
    options.version = VersionChoice::Only(Version::V311);
    let mut pair = Pair::new(options);
    pair.connect();
    pair.open();
    pair.expect(["open", "! failed: options: authentication_method NotInThisVersion", "close"]);
    assert_eq!(pair.session.link(), Link::Refused);
    // A server that knows 3.1.1 only is not fallen back to.
    let mut pair = authenticating_pair(|_| {});
    pair.say_bytes(&[0x20, 2, 0, 0]);
    pair.expect(["! failed: version refused (5)", "close"]);
    assert_eq!(pair.session.link(), Link::Refused);
    let mut pair = authenticating_pair(|_| {});
    pair.close(true);
    pair.expect(["! failed: closed before CONNACK (5)"]);
    pair.expect_waiting();
}

#[test]
fn mqtt_4_12_an_exchange_has_the_connect_timeout_and_begins_anew_on_each_link() {
    let mut pair = authenticating_pair(|options| options.connect_timeout = s(10));
    for _ in 0..3 {
        pair.pass(s(3));
        pair.say_auth(PacketType::Auth, ReasonCode::ContinueAuthentication, Some("M"), "");
        pair.authenticate("");
    }
    pair.lines.clear();
    pair.pass(s(1));
    assert_eq!(pair.lines[0], "! failed: ConnackTimeout { version: V5 }");
    // The first words may be others each time.
    pair.session.set_authentication_data(Some(b"nonce-2".to_vec()));
    pair.session.connect(pair.now);
    while pair.session.poll_transmit() != Some(Transmit::Open) {}
    pair.session.handle_open(pair.now);
    let Some(Transmit::Send(bytes)) = pair.session.poll_transmit() else { panic!() };
    let Ok(Packet::Connect(connect)) = decode::decode(bytes, Version::V5) else { panic!() };
    assert!(connect.properties.iter().any(|p| p == Property::AuthenticationMethod("M")));
    assert!(connect.properties.iter().any(|p| p == Property::AuthenticationData(b"nonce-2")));
    assert_eq!(pair.session.authenticate(b""), Err(CommandError::AuthenticationUnexpected));
    // And no log shows them.
    let shown = format!("{:?}", pair.session.options());
    assert!(shown.contains("\"M\"") && !shown.contains("nonce") && !shown.contains("110"), "{shown}");
}

// Leaving with a word.

#[test]
fn mqtt_3_14_2_a_client_says_why_it_leaves() {
    let say = |pair: &mut Pair, reason_code, list: &[Property<'_>]| {
        let buf = properties(PacketType::Disconnect, list);
        let result = pair.session.disconnect_with(reason_code, buf.as_properties(), pair.now);
        pair.drive();
        result
    };
    let check = |options: fn(&mut Options), reason_code, list: &[Property<'_>], line: &str| {
        let mut pair = Pair::connected(Version::V5, options);
        assert_eq!(say(&mut pair, reason_code, list), Ok(()));
        pair.expect(["! disconnected", line, "close"]);
        assert_eq!((pair.session.link(), pair.session.poll_timeout()), (Link::Idle, None));
    };
    let with_will = ReasonCode::DisconnectWithWillMessage;
    check(|_| {}, ReasonCode::Success, &[], "> DISCONNECT");
    check(|_| {}, with_will, &[], "> DISCONNECT DisconnectWithWillMessage");
    check(
        |_| {},
        ReasonCode::UnspecifiedError,
        &[Property::ReasonString("bye"), Property::UserProperty("k", "v")],
        "> DISCONNECT UnspecifiedError [ReasonString(\"bye\"), UserProperty(\"k\", \"v\")]",
    );
    check(
        |_| {},
        ReasonCode::Success,
        &[Property::SessionExpiryInterval(0)],
        "> DISCONNECT Success [SessionExpiryInterval(0)]",
    );
    check(
        lasting,
        ReasonCode::Success,
        &[Property::SessionExpiryInterval(9)],
        "> DISCONNECT Success [SessionExpiryInterval(9)]",
    );

    // What is not a client's to say is not said, and the link stands.
    let refuse = |version, reason_code, list: &[Property<'_>], field| {
        let mut pair = Pair::connected(version, |_| {});
        match say(&mut pair, reason_code, list) {
            Err(CommandError::Invalid(error)) => assert_eq!(error.field, field),
            other => panic!("{other:?}"),
        }
        pair.expect([]);
        assert_eq!(pair.session.link(), Link::Connected);
    };
    refuse(Version::V5, ReasonCode::ServerBusy, &[], "reason_code");
    refuse(Version::V5, ReasonCode::Success, &[Property::ServerReference("a")], "server_reference");
    // Section 3.14.2.2.2: CONNECT had none.
    refuse(
        Version::V5,
        ReasonCode::Success,
        &[Property::SessionExpiryInterval(1)],
        "session_expiry_interval",
    );
    let mut pair = Pair::connected(Version::V5, lasting);
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    let none = properties(PacketType::Connack, &[Property::SessionExpiryInterval(0)]);
    pair.say(present(true, none.as_properties()));
    assert!(say(&mut pair, ReasonCode::Success, &[Property::SessionExpiryInterval(1)]).is_err());
    refuse(Version::V311, with_will, &[], "reason_code");
    refuse(Version::V311, ReasonCode::Success, &[Property::ReasonString("bye")], "reason_code");

    // Without a link there is nobody to say it to.
    let mut pair = Pair::new(Options::new("c"));
    pair.connect();
    assert_eq!(say(&mut pair, with_will, &[]), Ok(()));
    pair.expect(["open", "close"]);
    assert_eq!(pair.session.link(), Link::Idle);
}

#[test]
fn mqtt_3_14_2_2_2_the_expiry_of_disconnect_takes_the_place_of_connects() {
    let leave = |seconds| {
        let mut pair = Pair::connected(Version::V5, lasting);
        pair.publish(QoS::AtLeastOnce);
        let buf = properties(PacketType::Disconnect, &[Property::SessionExpiryInterval(seconds)]);
        pair.session.disconnect_with(ReasonCode::Success, buf.as_properties(), pair.now).unwrap();
        pair.drive();
        pair.lines.clear();
        pair
    };
    // The session ends with the link, and its messages with it.
    let pair = leave(0);
    assert_eq!(pair.session.in_flight(), 0);
    // It lasts as long as DISCONNECT said, and no longer.
    for (seconds, after, goes_on) in [(9, 8, true), (9, 9, false), (u32::MAX, 100_000, true)] {
        let mut pair = leave(seconds);
        assert_eq!(pair.session.in_flight(), 1);
        pair.pass(s(after));
        pair.connect();
        pair.open();
        assert_eq!(pair.session.in_flight(), usize::from(goes_on), "{after} s of {seconds}");
    }
}

/// Nobody is told why: the server has left already.
#[test]
fn mqtt_3_14_2_2_a_servers_disconnect_has_no_session_expiry_interval() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    let buf = properties(PacketType::Disconnect, &[Property::SessionExpiryInterval(1)]);
    pair.say(Packet::Disconnect(Disconnect {
        reason_code: ReasonCode::ServerShuttingDown,
        properties: buf.as_properties(),
    }));
    pair.expect(["! disconnected: SessionExpiryIntervalForbidden in DISCONNECT", "close"]);
    pair.expect_waiting();
}

/// Connected to a server that takes packets up to this size.
fn within(maximum: u32) -> Pair {
    let mut pair = Pair::new(Options::new("c"));
    pair.connect();
    pair.open();
    let buf = properties(PacketType::Connack, &[Property::MaximumPacketSize(maximum)]);
    pair.say(present(false, buf.as_properties()));
    pair.lines.clear();
    pair
}

#[test]
fn mqtt_3_2_2_15_a_disconnect_with_too_many_words_is_not_sent() {
    // Two bytes, the code, Property Length, and as many for a Reason String or a User Property of nothing.
    for (property, len) in [(Property::ReasonString(""), 7), (Property::UserProperty("", ""), 9)] {
        let buf = properties(PacketType::Disconnect, &[property]);
        for (maximum, result) in [(len - 1, Err(CommandError::PacketTooLarge)), (len, Ok(()))] {
            let mut pair = within(maximum);
            let said = pair.session.disconnect_with(ReasonCode::Success, buf.as_properties(), pair.now);
            assert_eq!(said, result);
            assert_eq!(pair.session.link() == Link::Connected, result.is_err());
        }
    }
}

#[test]
fn mqtt_3_2_2_15_what_must_be_sent_and_is_too_large_ends_the_link() {
    // A server that takes packets up to this size says something, and what follows.
    let check = |maximum, said: &[Packet<'_>], lines: &[&str]| {
        let mut pair = within(maximum);
        for packet in said {
            pair.say(*packet);
        }
        assert_eq!(pair.lines, lines, "at most {maximum}");
        if lines.last() == Some(&"close") {
            assert_eq!(pair.session.last_failure(), Some(&Failure::MaximumPacketSize(maximum)));
            pair.expect_waiting();
        }
    };
    let once = delivered(Delivery::AtLeastOnce { packet_id: id(7), dup: false }, false);
    let twice = delivered(Delivery::ExactlyOnce { packet_id: id(7), dup: false }, false);
    let unknown = Packet::Pubrel(Ack::success(id(7)));
    let ended = |maximum| format!("! disconnected: MaximumPacketSize({maximum})");
    let told = "> DISCONNECT ImplementationSpecificError";
    check(4, &[once, twice], &["! t", "> PUBACK 7", "! t", "> PUBREC 7"]);
    check(5, &[unknown], &["> PUBCOMP 7 PacketIdentifierNotFound"]);
    // A message that cannot be acknowledged is not told: it comes again, or was never this client's.
    check(3, &[once], &[&ended(3), told, "close"]);
    check(3, &[twice], &[&ended(3), told, "close"]);
    check(4, &[unknown], &[&ended(4), told, "close"]);
    check(2, &[once], &[&ended(2), "close"]);

    // The keep-alive's PINGREQ, and DISCONNECT, which may be left out.
    let mut pair = within(1);
    assert_eq!(pair.session.barrier(), Err(CommandError::PacketTooLarge));
    pair.pass(s(30));
    pair.expect([&ended(1), "close"]);
    let mut pair = within(1);
    pair.sleep(s(300));
    pair.session.handle_timeout(pair.now);
    pair.drive();
    assert_eq!(pair.lines[1..], [&ended(1), "close"]);
    let mut pair = within(1);
    pair.disconnect();
    pair.expect(["! disconnected", "close"]);

    // What a resumed session must send again.
    let mut pair = Pair::connected(Version::V5, lasting);
    pair.publish(QoS::ExactlyOnce);
    pair.say(Packet::Pubrec(Ack::success(id(1))));
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    pair.lines.clear();
    let buf = properties(PacketType::Connack, &[Property::MaximumPacketSize(3)]);
    pair.say(present(true, buf.as_properties()));
    pair.expect(["! connected 5", &ended(3), told, "close"]);
    assert_eq!(pair.session.in_flight(), 1);
    // And the next server takes it.
    pair.pass(pair.delay());
    pair.open();
    pair.lines.clear();
    pair.say(present(true, Properties::EMPTY));
    pair.expect(["! connected 5", "> PUBREL 1"]);
}

// A server that breaks the protocol.

#[test]
fn mqtt_3_3_4_9_the_server_keeps_to_the_receive_maximum() {
    let qos1 = |number| delivered(Delivery::AtLeastOnce { packet_id: id(number), dup: false }, false);
    let qos2 = |number| delivered(Delivery::ExactlyOnce { packet_id: id(number), dup: false }, false);
    let connected = || Pair::connected(Version::V5, |options| options.receive_maximum = 2);
    let last = |pair: &mut Pair| {
        let last = pair.lines[pair.lines.len() - 2..].join("; ");
        assert!(last.ends_with("DISCONNECT ReceiveMaximumExceeded; close"), "{:?}", pair.lines);
    };
    // Unreleased messages of QoS 2 count, however often they come.
    let mut pair = connected();
    for number in [1, 2, 1, 2] {
        pair.say(qos2(number));
    }
    pair.say(Packet::Pubrel(Ack::success(id(1))));
    pair.say(qos2(3));
    assert_eq!(pair.session.link(), Link::Connected);
    pair.say(qos2(4));
    last(&mut pair);
    // QoS 1 counts as long as the server cannot have its PUBACK.
    let mut pair = connected();
    for number in 1..10 {
        pair.say(qos1(number));
    }
    pair.say_bytes(&bytes(Version::V5, &[qos1(1), qos1(2)]));
    assert_eq!(pair.session.link(), Link::Connected);
    pair.lines.clear();
    pair.say_bytes(&bytes(Version::V5, &[qos1(1), qos2(2), qos1(3)]));
    last(&mut pair);
    pair.lines.retain(|line| line.starts_with('!'));
    pair.expect(["! t", "! t", "! disconnected: ReceiveMaximumExceeded in PUBLISH"]);
    // So it does with a PUBCOMP.
    let mut pair = connected();
    pair.say_bytes(&bytes(Version::V5, &[qos2(1), qos2(2), Packet::Pubrel(Ack::success(id(1))), qos2(3)]));
    last(&mut pair);
    // QoS 0 never counts, and 3.1.1 knows nothing of it.
    let mut pair = connected();
    pair.say_bytes(&bytes(Version::V5, &[message(false); 9]));
    let mut pair311 = Pair::connected(Version::V311, |options| options.receive_maximum = 2);
    pair311.say_bytes(&bytes(Version::V311, &[1, 2, 3, 4].map(qos2)));
    assert_eq!((pair.session.link(), pair311.session.link()), (Link::Connected, Link::Connected));
    // What is left from an earlier link does not count on this one until it comes again.
    let mut pair = Pair::connected(Version::V5, |options| {
        lasting(options);
        options.receive_maximum = 2;
    });
    pair.say_bytes(&bytes(Version::V5, &[qos2(1), qos2(2)]));
    pair.relink(true);
    pair.say_bytes(&bytes(Version::V5, &[qos2(3), qos2(4)]));
    assert_eq!(pair.session.link(), Link::Connected);
    pair.say(qos2(1));
    last(&mut pair);
}

#[test]
fn mqtt_4_13_what_breaks_the_protocol_ends_the_link() {
    let check = |version, bytes: &[u8], failure: &str, reason: &str| {
        let mut pair = Pair::connected(version, |_| {});
        pair.subscribe("a");
        pair.lines.clear();
        pair.say_bytes(bytes);
        // Whatever else it sends is not looked at.
        pair.say_bytes(bytes);
        let failure = format!("! disconnected: {failure}");
        match version {
            Version::V311 => pair.expect([&failure, "close"]),
            Version::V5 => pair.expect([&failure, &format!("> DISCONNECT {reason}"), "close"]),
        }
        pair.expect_waiting();
    };
    for version in BOTH {
        let (subscriptions, filters) = ([subscription("a")], [TopicFilter::new("a").unwrap()]);
        let properties = Properties::EMPTY;
        let all = [
            (connack(ReasonCode::Success), "CONNACK"),
            (Packet::Pingreq, "PINGREQ"),
            (
                Packet::Subscribe(Subscribe {
                    packet_id: id(1),
                    properties,
                    subscriptions: (&subscriptions[..]).into(),
                }),
                "SUBSCRIBE",
            ),
            (
                Packet::Unsubscribe(Unsubscribe {
                    packet_id: id(1),
                    properties,
                    filters: (&filters[..]).into(),
                }),
                "UNSUBSCRIBE",
            ),
            (
                Packet::Connect(Connect {
                    version,
                    clean_start: true,
                    keep_alive: 0,
                    properties,
                    client_id: "",
                    will: None,
                    user_name: None,
                    password: None,
                }),
                "CONNECT",
            ),
        ];
        for (packet, name) in all {
            let failure = format!("PacketUnexpected in {name}");
            check(version, &bytes(version, &[packet]), &failure, "ProtocolError");
        }
        let codes = [ReasonCode::Success; 2];
        let suback = Packet::Suback(Suback {
            packet_id: id(1),
            properties: Properties::EMPTY,
            reason_codes: (&codes[..]).into(),
        });
        check(version, &bytes(version, &[suback]), "ListLength in SUBACK", "ProtocolError");
        check(version, &[0x36, 0], "QoS3 in PUBLISH", "MalformedPacket");
        check(version, &[0x30, 0xFF, 0xFF, 0xFF, 0x7F], "PacketTooLarge in PUBLISH", "PacketTooLarge");
        check(version, &[0x32, 6, 0, 1, b't', 0, 0, 0], "PacketIdZero in PUBLISH", "MalformedPacket");
        check(version, &[0x30, 4, 0, 1, b'#', 0], "TopicNameWildcard in PUBLISH", "TopicNameInvalid");
    }
    // A 3.1.1 CONNACK in the middle: its code is none of DISCONNECT's.
    check(Version::V5, &[0x20, 2, 0, 0], "Connack311(Success) in CONNACK", "ProtocolError");
    check(Version::V5, &[0x10, 4, 0, 2, b'M', b'Q'], "PacketUnexpected in CONNECT", "ProtocolError");
    check(Version::V5, &[0xF0, 0], "AuthenticationUnasked in AUTH", "ProtocolError");
    check(
        Version::V5,
        &[0x30, 7, 0, 1, b't', 3, 0x23, 0, 1],
        "TopicAliasForbidden in PUBLISH",
        "TopicAliasInvalid",
    );
    check(
        Version::V5,
        &[0x30, 6, 0, 0, 3, 0x23, 0, 1],
        "TopicAliasForbidden in PUBLISH",
        "TopicAliasInvalid",
    );
}

#[test]
fn mqtt_3_1_2_29_problem_information_only_where_it_was_asked_for() {
    let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Puback));
    properties.push(Property::ReasonString("because")).unwrap();
    let puback = Packet::Puback(Ack { properties: properties.as_properties(), ..Ack::success(id(1)) });
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.publish(QoS::AtLeastOnce);
    pair.say(puback);
    pair.expect(["> PUBLISH 1", "! puback 1 Success"]);
    let mut pair = Pair::connected(Version::V5, |options| options.request_problem_information = false);
    pair.publish(QoS::AtLeastOnce);
    pair.say(puback);
    pair.expect([
        "> PUBLISH 1",
        "! lost 1",
        "! disconnected: ProblemInformationUnasked in PUBACK",
        "> DISCONNECT ProtocolError",
        "close",
    ]);
    // In a DISCONNECT it may stand.
    let mut pair = Pair::connected(Version::V5, |options| options.request_problem_information = false);
    pair.say_bytes(&[0xE0, 6, 0x8B, 4, 0x1F, 0, 1, b'x']);
    pair.expect(["! disconnected: ServerShuttingDown", "close"]);
}

#[test]
fn mqtt_3_2_0_1_connack_comes_first() {
    for version in BOTH {
        for (bytes, failure) in [
            (bytes(version, &[message(true)]), "PacketUnexpected in PUBLISH"),
            (bytes(version, &[Packet::Pingresp]), "PacketUnexpected in PINGRESP"),
            (
                bytes(version, &[Packet::Disconnect(Disconnect::new(ReasonCode::Success))]),
                "PacketUnexpected in DISCONNECT",
            ),
            (vec![0x21], "ReservedFlags in CONNACK"),
        ] {
            let mut options = Options::new("c");
            options.version = VersionChoice::Only(version);
            let mut pair = Pair::new(options);
            pair.connect();
            pair.open();
            pair.lines.clear();
            // A flag is looked at as soon as its byte is there: an HTTP answer is not waited for.
            pair.say_bytes(&bytes);
            if bytes.len() > 1 {
                pair.expect([&format!("! failed: {failure}"), "close"]);
                pair.expect_waiting();
            }
        }
    }
    // [MQTT-3.2.2-4]
    let mut pair = Pair::new(Options::new("c"));
    pair.connect();
    pair.open();
    pair.say_bytes(&[0x20, 3, 1, 0, 0]);
    pair.expect(["open", "> CONNECT 5", "! failed: SessionPresentUnasked in CONNACK", "close"]);
    // The first byte of "HTTP/1.1 400" names SUBACK with odd flags.
    pair.pass(s(1));
    pair.open();
    pair.say_bytes(b"H");
    pair.expect(["open", "> CONNECT 5", "! failed: ReservedFlags in PUBACK", "close"]);
}

// The socket.

#[test]
fn a_closed_socket_says_nothing_any_more() {
    let late = |pair: &mut Pair| {
        pair.say_bytes(&[0x20, 3, 0, 0, 0]);
        pair.say_bytes(&[0xFF; 10]);
        pair.open();
        pair.close(true);
        pair.close(false);
        pair.expect([]);
    };
    // Idle, before anything and afterwards.
    let mut pair = Pair::new(Options::new("c"));
    late(&mut pair);
    pair.connect();
    pair.disconnect();
    pair.expect(["open", "close"]);
    late(&mut pair);
    pair.connect();
    pair.open();
    pair.disconnect();
    pair.expect(["open", "> CONNECT 5", "close"]);
    late(&mut pair);
    // Waiting.
    pair.connect();
    pair.close(false);
    pair.expect(["open", "! failed: NotOpened { code: Some(1006) }"]);
    late(&mut pair);
    // Refused.
    pair.connect();
    pair.open();
    pair.say(connack(ReasonCode::Banned));
    pair.expect(["open", "> CONNECT 5", "! failed: Banned (5)", "close"]);
    late(&mut pair);
    // Dialling: the socket before reports that it closed, and so do bytes without a socket.
    pair.connect();
    pair.expect(["open"]);
    pair.close(true);
    pair.say_bytes(&[0x20, 3, 0, 0, 0]);
    pair.expect([]);
    assert_eq!(pair.session.link(), Link::Connecting);
    // Opened twice.
    pair.open();
    pair.open();
    pair.expect(["> CONNECT 5"]);
}

#[test]
fn what_is_queued_for_one_socket_never_reaches_the_next() {
    // A fallback is decided before the driver has polled anything.
    let mut session = Session::new(Options::new("c"));
    session.connect(Time(0));
    assert_eq!(session.poll_transmit(), Some(Transmit::Open));
    session.handle_open(Time(0));
    session.handle_bytes(&[0x20, 2, 0, 0], Time(0));
    assert_eq!(session.poll_event(), None);
    assert_eq!(session.poll_transmit(), Some(Transmit::Close));
    // Still the old socket.
    session.handle_bytes(&[0x20, 2, 0, 0], Time(0));
    session.handle_open(Time(0));
    session.handle_closed(Closed::default(), Time(0));
    assert_eq!(session.poll_event(), None);
    assert_eq!(session.poll_transmit(), Some(Transmit::Open));
    assert_eq!(session.poll_transmit(), None);
    session.handle_open(Time(0));
    assert!(matches!(session.poll_transmit(), Some(Transmit::Send(connect)) if connect[8] == 4));

    // Connect and change one's mind, and again, with nothing polled.
    let mut session = Session::new(Options::new("c"));
    session.connect(Time(0));
    session.disconnect(Time(0));
    assert_eq!(session.poll_transmit(), None);
    session.connect(Time(0));
    assert_eq!(session.poll_transmit(), Some(Transmit::Open));
    session.disconnect(Time(0));
    session.connect(Time(0));
    assert_eq!(session.poll_transmit(), Some(Transmit::Close));
    assert_eq!(session.poll_transmit(), Some(Transmit::Open));
}

#[test]
fn what_was_published_before_leaving_leaves_first() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.session.publish(TopicName::new("bye").unwrap(), b"", QoS::AtMostOnce, false).unwrap();
    pair.disconnect();
    pair.expect(["! disconnected", "> PUBLISH, DISCONNECT", "close"]);
}

#[test]
fn the_last_words_are_not_said_on_a_socket_that_closed_before_them() {
    let closed = Closed { code: None, was_open: true };
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.session.disconnect(pair.now);
    pair.session.handle_closed(closed, pair.now);
    pair.drive();
    pair.expect(["! disconnected", "close"]);
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.session.handle_bytes(&[0], pair.now);
    while pair.session.poll_event().is_some() {}
    pair.session.handle_closed(closed, pair.now);
    pair.drive();
    pair.expect(["close"]);
    // Nor when the next socket is asked for already.
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.session.disconnect(pair.now);
    pair.session.connect(pair.now);
    pair.session.handle_closed(closed, pair.now);
    pair.drive();
    pair.expect(["! disconnected", "close", "open"]);
}

#[test]
fn each_link_is_ended_exactly_once() {
    type End = fn(&mut Pair);
    let ends: [End; 5] = [
        |pair| pair.disconnect(),
        |pair| pair.close(true),
        |pair| pair.pass(s(45)),
        |pair| pair.say_bytes(&[0]),
        |pair| pair.say_bytes(&[0xE0, 1, 0x8E]),
    ];
    for first in ends {
        for second in ends {
            let mut pair = Pair::connected(Version::V5, |_| {});
            first(&mut pair);
            let open = pair.session.link() == Link::Connected;
            assert!(!open);
            if pair.session.core.state != State::Opening {
                second(&mut pair);
            }
            let ended = pair.lines.iter().filter(|line| line.starts_with("! disconnected")).count();
            assert_eq!(ended, 1, "{:?}", pair.lines);
        }
    }
}

#[test]
fn mqtt_6_0_0_2_the_conversation_does_not_care_how_the_stream_is_cut() {
    for version in BOTH {
        let whole = bytes(
            version,
            &[
                connack(ReasonCode::Success),
                message(true),
                delivered(Delivery::AtLeastOnce { packet_id: id(9), dup: false }, true),
                delivered(Delivery::ExactlyOnce { packet_id: id(9), dup: false }, false),
                Packet::Pubrel(Ack::success(id(9))),
                Packet::Pingresp,
                message(false),
                Packet::Puback(Ack::success(id(77))),
                message(false),
            ],
        );
        let talk = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let mut options = Options::new("c");
            options.version = VersionChoice::Only(version);
            let mut pair = Pair::new(options);
            pair.connect();
            pair.open();
            for piece in pieces {
                pair.say_bytes(piece);
            }
            let (events, sent): (Vec<_>, Vec<_>) =
                pair.lines.into_iter().partition(|line| line.starts_with('!'));
            (events, sent.join(", ").replace(", > ", ", "))
        };
        let expected = talk(&mut [&whole[..]].into_iter());
        assert_eq!(expected.0.len(), 6);
        assert_eq!(expected.1, format!("open, CONNECT {version}, PUBACK 9, PUBREC 9, PUBCOMP 9"));
        for size in 1..whole.len() {
            assert_eq!(talk(&mut whole.chunks(size)), expected, "pieces of {size}");
        }
        for cut in 0..=whole.len() {
            let (left, right) = whole.split_at(cut);
            assert_eq!(talk(&mut [left, right].into_iter()), expected, "cut at {cut}");
        }
    }
}

// Anything at all.

#[test]
fn no_sequence_of_inputs_panics_or_leads_nowhere() {
    let packets = |version| {
        [
            connack(ReasonCode::Success),
            connack(ReasonCode::Success),
            connack(ReasonCode::ServerUnavailable),
            connack(ReasonCode::UnsupportedProtocolVersion),
            message(true),
            delivered(Delivery::AtLeastOnce { packet_id: id(1), dup: true }, false),
            delivered(Delivery::ExactlyOnce { packet_id: id(1), dup: false }, false),
            Packet::Pubrel(Ack::success(id(1))),
            Packet::Puback(Ack::success(id(1))),
            Packet::Pubrec(Ack::success(id(1))),
            Packet::Pubcomp(Ack::success(id(1))),
            present(true, Properties::EMPTY),
            suback(id(1)),
            Packet::Pingresp,
            Packet::Pingresp,
            Packet::Disconnect(Disconnect::new(ReasonCode::Success)),
        ]
        .map(|packet| bytes(version, &[packet]))
    };
    let packets = [packets(Version::V311), packets(Version::V5)];
    for seed in 0..3000u64 {
        let mut random = seed;
        let mut roll = move |sides: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % sides
        };
        let mut options = Options::new("c");
        options.seed = seed;
        options.keep_alive = [0, 1, 4, 30][roll(4) as usize];
        options.clean_start = roll(2) == 0;
        options.session_expiry_interval = [0, 60, u32::MAX][roll(3) as usize];
        options.receive_maximum = [1, u16::MAX][roll(2) as usize];
        options.max_in_flight = [1, 3, 1024][roll(3) as usize];
        options.version =
            [VersionChoice::Newest, VersionChoice::Only(Version::V311), VersionChoice::Only(Version::V5)]
                [roll(3) as usize];
        let mut pair = Pair::new(options);
        for _ in 0..60 {
            let now = pair.now;
            match roll(18) {
                0 => pair.session.connect(now),
                1 => pair.session.disconnect(now),
                2 => pair.session.retry_now(now),
                3 | 4 => pair.session.handle_open(now),
                5 => pair.session.handle_closed(Closed { code: None, was_open: roll(2) == 0 }, now),
                6 => pair.session.handle_timeout(now),
                7 => pair.now = now + ms([1, 250, 5_000, 40_000, 100_000][roll(5) as usize]),
                8 => pair.now = now - ms([1, 999, 1_000, 50_000][roll(4) as usize]),
                9 => drop(pair.session.subscribe(&[subscription("a")])),
                10 => drop(pair.session.barrier()),
                11 => {
                    let qos = [QoS::AtLeastOnce, QoS::ExactlyOnce][roll(2) as usize];
                    let _ = pair.session.publish(TopicName::new("t").unwrap(), b"", qos, true);
                }
                12 => drop(pair.session.unsubscribe(&[TopicFilter::new("a").unwrap()])),
                13 => {
                    let junk = [roll(256) as u8, roll(4) as u8, roll(256) as u8];
                    pair.session.handle_bytes(&junk, now);
                }
                _ => {
                    let packets = &packets[(pair.version == Version::V5) as usize];
                    let mut bytes = packets[roll(packets.len() as u64) as usize].clone();
                    if roll(10) == 0 {
                        bytes.truncate(bytes.len() - 1);
                    }
                    pair.session.handle_bytes(&bytes, now);
                }
            }
            // A driver drains each time; this one forgets sometimes.
            if roll(4) != 0 {
                pair.drive();
            }
        }
        // A user who wants to be connected, and a server that lets them, come together.
        pair.drive();
        pair.disconnect();
        pair.connect();
        for _ in 0..10 {
            pair.open();
            match pair.version {
                Version::V311 => pair.say_bytes(&[0x20, 2, 0, 0]),
                Version::V5 => pair.say_bytes(&[0x20, 3, 0, 0, 0]),
            }
            if pair.session.link() == Link::Connected {
                break;
            }
            pair.pass(s(31));
        }
        assert_eq!(pair.session.link(), Link::Connected, "seed {seed}");
    }
}

#[test]
fn mqtt_3_3_4_9_a_pubrel_of_the_link_before_takes_no_quota() {
    let mut pair = Pair::connected(Version::V5, |options| {
        lasting(options);
        options.receive_maximum = 1;
    });
    pair.say_bytes(b"\x34\x07\0\x01t\0\x01\0x");
    pair.close(true);
    pair.pass(pair.delay());
    pair.open();
    // CONNACK with Session Present, PUBREL 1, and a new message, in one WebSocket message.
    pair.say_bytes(b"\x20\x03\x01\0\0\x62\x02\0\x01\x32\x07\0\x01t\0\x02\0y");
    assert_eq!(pair.session.link(), Link::Connected, "{:?}", pair.lines);
}

/// 0x8F is a server's to say; a client that is told a filter of nonsense says Protocol Error.
#[test]
fn mqtt_3_14_2_1_a_client_says_only_its_own_codes() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.say_bytes(b"\x82\x09\0\x01\0\0\x03a+b\0");
    assert!(pair.lines.iter().any(|line| line.contains("DISCONNECT ProtocolError")), "{:?}", pair.lines);
}
