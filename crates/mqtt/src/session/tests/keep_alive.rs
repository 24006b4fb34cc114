//! Keep-alive: when a PINGREQ is sent, and when a link counts as dead.

use super::*;

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
fn a_keep_alive_of_zero_sends_no_ping() {
    let mut pair = Pair::connected(Version::V311, |options| options.keep_alive = 0);
    assert_eq!(pair.session.poll_timeout(), None);
    pair.sleep(s(100_000));
    pair.message(false);
    pair.expect(["! t"]);
    // A barrier has a deadline nevertheless.
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
    // A long burst of a minute, while the keep-alive sends its PINGREQs.
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
