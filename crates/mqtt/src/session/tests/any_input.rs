//! Random sequences of inputs: no panic, and no state without a way out.

use super::*;

#[test]
fn no_sequence_of_inputs_panics_or_gets_stuck() {
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
            // A driver polls after each input; this one sometimes does not.
            if roll(4) != 0 {
                pair.drive();
            }
        }
        // If the user wants a connection and the server accepts it, the session gets connected.
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
