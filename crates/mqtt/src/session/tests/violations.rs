//! Servers that break the protocol.

use super::*;

#[test]
fn mqtt_3_3_4_9_a_server_above_the_receive_maximum_ends_the_link() {
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
    // QoS 1 counts as long as the server cannot have received the PUBACK.
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
    // The same for a PUBCOMP.
    let mut pair = connected();
    pair.say_bytes(&bytes(Version::V5, &[qos2(1), qos2(2), Packet::Pubrel(Ack::success(id(1))), qos2(3)]));
    last(&mut pair);
    // QoS 0 never counts, and 3.1.1 has no Receive Maximum.
    let mut pair = connected();
    pair.say_bytes(&bytes(Version::V5, &[message(false); 9]));
    let mut pair311 = Pair::connected(Version::V311, |options| options.receive_maximum = 2);
    pair311.say_bytes(&bytes(Version::V311, &[1, 2, 3, 4].map(qos2)));
    assert_eq!((pair.session.link(), pair311.session.link()), (Link::Connected, Link::Connected));
    // A message of an earlier link does not count on this one until it comes again.
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
fn mqtt_4_13_a_protocol_error_ends_the_link() {
    let check = |version, bytes: &[u8], failure: &str, reason: &str| {
        let mut pair = Pair::connected(version, |_| {});
        pair.subscribe("a");
        pair.lines.clear();
        pair.say_bytes(bytes);
        // Everything that it sends afterwards is ignored.
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
    // A 3.1.1 CONNACK while connected: its reason code is not valid in DISCONNECT.
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
    // In a DISCONNECT it is allowed.
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
            // Flags are checked as soon as the first byte comes, so that an HTTP response ends the attempt at once.
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
    // The first byte of "HTTP/1.1 400" is a PUBACK with wrong flags.
    pair.pass(s(1));
    pair.open();
    pair.say_bytes(b"H");
    pair.expect(["open", "> CONNECT 5", "! failed: ReservedFlags in PUBACK", "close"]);
}

#[test]
fn mqtt_3_3_4_9_a_pubrel_of_the_link_before_uses_no_quota() {
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

/// Only a server may send 0x8F: a client that receives an invalid topic filter sends Protocol Error.
#[test]
fn mqtt_3_14_2_1_a_client_sends_only_the_codes_of_clients() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.say_bytes(b"\x82\x09\0\x01\0\0\x03a+b\0");
    assert!(pair.lines.iter().any(|line| line.contains("DISCONNECT ProtocolError")), "{:?}", pair.lines);
}
