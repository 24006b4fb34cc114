//! DISCONNECT with a reason code and properties, and packets too large for the server.

use super::*;

#[test]
fn mqtt_3_14_2_a_disconnect_has_a_reason_code_and_properties() {
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

    // What a client may not send is an error, and the link stays up.
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

    // Without a link nothing is sent.
    let mut pair = Pair::new(Options::new("c"));
    pair.connect();
    assert_eq!(say(&mut pair, with_will, &[]), Ok(()));
    pair.expect(["open", "close"]);
    assert_eq!(pair.session.link(), Link::Idle);
}

#[test]
fn mqtt_3_14_2_2_2_the_expiry_of_disconnect_replaces_that_of_connect() {
    let leave = |seconds| {
        let mut pair = Pair::connected(Version::V5, lasting);
        pair.publish(QoS::AtLeastOnce);
        let buf = properties(PacketType::Disconnect, &[Property::SessionExpiryInterval(seconds)]);
        pair.session.disconnect_with(ReasonCode::Success, buf.as_properties(), pair.now).unwrap();
        pair.drive();
        pair.lines.clear();
        pair
    };
    // The session ends with the link, and its messages are lost.
    let pair = leave(0);
    assert_eq!(pair.session.in_flight(), 0);
    // It lasts as long as the interval of DISCONNECT.
    for (seconds, after, goes_on) in [(9, 8, true), (9, 9, false), (u32::MAX, 100_000, true)] {
        let mut pair = leave(seconds);
        assert_eq!(pair.session.in_flight(), 1);
        pair.pass(s(after));
        pair.connect();
        pair.open();
        assert_eq!(pair.session.in_flight(), usize::from(goes_on), "{after} s of {seconds}");
    }
}

/// It is not answered by DISCONNECT, because the server has already left.
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

/// Connected to a server with this Maximum Packet Size.
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
fn mqtt_3_2_2_15_a_disconnect_that_is_too_large_is_not_sent() {
    // Fixed header, reason code, Property Length, and an empty Reason String or User Property.
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
fn mqtt_3_2_2_15_a_necessary_packet_that_is_too_large_ends_the_link() {
    // The Maximum Packet Size, what the server sends, and the transcript.
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
    // A message that cannot be acknowledged is not reported: the server keeps it or sends it again.
    check(3, &[once], &[&ended(3), told, "close"]);
    check(3, &[twice], &[&ended(3), told, "close"]);
    check(4, &[unknown], &[&ended(4), told, "close"]);
    check(2, &[once], &[&ended(2), "close"]);

    // The PINGREQ of the keep-alive, and the DISCONNECT, which may be left out.
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

    // A packet that a resumed session must send again.
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
    // The next server accepts it.
    pair.pass(pair.delay());
    pair.open();
    pair.lines.clear();
    pair.say(present(true, Properties::EMPTY));
    pair.expect(["! connected 5", "> PUBREL 1"]);
}
