//! Barriers: which PINGRESP answers which PINGREQ, and barriers that are lost.

use super::*;

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
    // One PINGRESP too many answers nothing.
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
    // The next filter. The late PINGRESP of the first one does not answer its barrier.
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
    // The answers to the second PINGREQ and to the barrier after it.
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
fn unanswered_pings_are_bounded() {
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
    // A command has no time argument: its window must not count from the last input.
    let mut pair = Pair::connected(Version::V5, |options| options.keep_alive = 600);
    pair.sleep(s(500));
    pair.load("a");
    assert_eq!(pair.session.poll_timeout().unwrap(), pair.session.core.now, "the time is wanted at once");
    pair.pass(ms(9_999));
    pair.expect(["> SUBSCRIBE 1, PINGREQ"]);
    pair.pass(ms(1));
    pair.expect(["! disconnected: PingTimeout", "close"]);
}
