//! Sessions that outlive their connection: what is sent again, and what is lost.

use super::*;

#[test]
fn mqtt_4_4_0_1_a_resumed_session_sends_unacknowledged_messages_again_in_order() {
    for version in BOTH {
        let mut pair = Pair::connected(version, lasting);
        pair.publish(QoS::ExactlyOnce);
        pair.publish(QoS::AtLeastOnce);
        pair.publish(QoS::AtLeastOnce);
        pair.publish(QoS::ExactlyOnce);
        pair.publish(QoS::AtMostOnce);
        pair.say(Packet::Pubrec(Ack::success(id(1))));
        pair.say(Packet::Puback(Ack::success(id(2))));
        // Nothing is sent again on the same link.
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
fn mqtt_3_3_1_1_dup_only_on_messages_that_the_driver_had_taken() {
    let mut pair = Pair::connected(Version::V5, lasting);
    pair.publish(QoS::AtLeastOnce);
    pair.session.publish(TopicName::new("p").unwrap(), b"", QoS::AtLeastOnce, false).unwrap();
    pair.session.handle_closed(Closed { code: None, was_open: true }, pair.now);
    pair.drive();
    pair.pass(pair.delay());
    pair.open();
    pair.lines.clear();
    // Again, and what was queued for the second link is dropped before the driver takes it.
    pair.session.handle_bytes(&[0x20, 3, 1, 0, 0], pair.now);
    assert!(matches!(pair.session.poll_event(), Some(Event::Connected(_))));
    pair.session.handle_closed(Closed { code: None, was_open: true }, pair.now);
    pair.drive();
    pair.pass(pair.delay());
    pair.open();
    pair.say(present(true, Properties::EMPTY));
    assert_eq!(pair.lines.pop().as_deref(), Some("> PUBLISH 1 dup, PUBLISH 2"));
    // A message that leaves together with DISCONNECT was sent.
    pair.session.publish(TopicName::new("p").unwrap(), b"", QoS::AtLeastOnce, false).unwrap();
    pair.disconnect();
    pair.connect();
    pair.open();
    pair.say(present(true, Properties::EMPTY));
    assert_eq!(pair.lines.pop().as_deref(), Some("> PUBLISH 1 dup, PUBLISH 2 dup, PUBLISH 3 dup"));
}

#[test]
fn mqtt_3_2_2_5_without_session_present_messages_are_lost_before_connected() {
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
        // The other direction starts again too, and all identifiers are free.
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
fn mqtt_4_1_0_2_a_session_that_expired_is_not_resumed() {
    let clean = |pair: &mut Pair| {
        pair.connect();
        let Link::Connecting = pair.session.link() else { panic!() };
        pair.session.handle_open(pair.now);
        pair.session.core.connection.clean_start
    };
    // The server grants less than was requested, the same, or more.
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
    // Without an expiry interval it ends with its link.
    let mut pair = Pair::connected(Version::V5, |options| options.clean_start = false);
    pair.publish(QoS::AtLeastOnce);
    pair.close(true);
    pair.expect(["> PUBLISH 1", "! lost 1", "! disconnected: Closed { code: Some(1006) }"]);
}

#[test]
fn mqtt_3_2_2_4_session_present_needs_a_session_to_resume() {
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
    // [MQTT-3.1.3-7] of 3.1.1: without a client identifier it is always a clean session.
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
    // PUBREL used no quota, so its PUBCOMP returns none.
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
fn mqtt_3_3_4_7_the_pubcomp_of_an_earlier_links_message_returns_no_quota() {
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
fn mqtt_3_2_2_15_a_message_beyond_the_limits_of_the_next_connack_is_lost() {
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
    // Their identifiers are not used while the server may still know them.
    pair.session.core.connection.last_packet_id = 0;
    pair.publish(QoS::AtLeastOnce);
    pair.expect(["> PUBLISH 5"]);
    // They are not reported lost again when the session ends.
    pair.relink(false);
    pair.lines.retain(|line| line.starts_with("! lost"));
    pair.expect(["! lost 4", "! lost 5"]);
}

#[test]
fn mqtt_4_3_3_10_inbound_qos_2_is_reported_once_in_a_resumed_session() {
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
    // The server does not resume the session, but the identifier still belongs to it.
    pair.say(present(false, Properties::EMPTY));
    pair.close(true);
    pair.pass(pair.delay());
    assert_eq!(client_id(&mut pair), ("x".to_owned(), false));
    // An identifier that the server refuses is not used again.
    pair.say(connack(ReasonCode::ClientIdentifierNotValid));
    assert_eq!(pair.session.link(), Link::Refused);
    pair.connect();
    assert_eq!(client_id(&mut pair), (String::new(), false));
    pair.say_bytes(&assigned);
    // Nor that of a session that expired.
    pair.disconnect();
    pair.sleep(s(3600));
    pair.connect();
    assert_eq!(client_id(&mut pair), (String::new(), true));

    // With a clean start the server assigns a new one each time.
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
fn a_session_of_the_other_version_is_not_resumed() {
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
fn messages_kept_for_a_resumed_session_are_bounded() {
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
    // Messages that wait only for PUBCOMP use no quota, but they are counted.
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
