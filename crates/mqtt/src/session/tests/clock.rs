//! Clock jumps, late timers and deadlines.

use super::*;

#[test]
fn after_a_sleep_a_ping_finds_out_soon_whether_the_link_works() {
    for (answers, after) in [(true, 30), (false, 5)] {
        let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = 30);
        pair.sleep(s(3630));
        // The first input of any kind notices it.
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
fn a_late_timer_is_no_clock_jump() {
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
fn a_sleep_with_an_unanswered_ping_does_not_end_the_link() {
    let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = 30);
    pair.load("a");
    pair.pass(s(1));
    pair.expect(["> SUBSCRIBE 1, PINGREQ"]);
    pair.sleep(s(1000));
    // The answers had come before the sleep, and the browser delivers them now.
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
    // A small correction is no clock jump.
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
