//! The socket: late reports, queued bytes, and streams cut anywhere.

use super::*;

#[test]
fn input_of_a_closed_socket_is_ignored() {
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
    // Dialling: a late report of the socket before, and bytes without a socket.
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
fn bytes_queued_for_one_socket_never_reach_the_next() {
    // A fallback is decided before the driver has polled anything.
    let mut session = Session::new(Options::new("c"));
    session.connect(Time(0));
    assert_eq!(session.poll_transmit(), Some(Transmit::Open));
    session.handle_open(Time(0));
    session.handle_bytes(&[0x20, 2, 0, 0], Time(0));
    assert_eq!(session.poll_event(), None);
    assert_eq!(session.poll_transmit(), Some(Transmit::Close));
    // Reports of the old socket.
    session.handle_bytes(&[0x20, 2, 0, 0], Time(0));
    session.handle_open(Time(0));
    session.handle_closed(Closed::default(), Time(0));
    assert_eq!(session.poll_event(), None);
    assert_eq!(session.poll_transmit(), Some(Transmit::Open));
    assert_eq!(session.poll_transmit(), None);
    session.handle_open(Time(0));
    assert!(matches!(session.poll_transmit(), Some(Transmit::Send(connect)) if connect[8] == 4));

    // `connect` and `disconnect` in turn, with nothing polled.
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
fn messages_published_before_disconnect_are_sent_first() {
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.session.publish(TopicName::new("bye").unwrap(), b"", QoS::AtMostOnce, false).unwrap();
    pair.disconnect();
    pair.expect(["! disconnected", "> PUBLISH, DISCONNECT", "close"]);
}

#[test]
fn a_disconnect_is_not_sent_on_a_closed_socket() {
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
    // Nor when the next socket is already requested.
    let mut pair = Pair::connected(Version::V5, |_| {});
    pair.session.disconnect(pair.now);
    pair.session.connect(pair.now);
    pair.session.handle_closed(closed, pair.now);
    pair.drive();
    pair.expect(["! disconnected", "close", "open"]);
}

#[test]
fn each_link_ends_exactly_once() {
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
fn mqtt_6_0_0_2_the_transcript_does_not_depend_on_how_the_stream_is_cut() {
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
