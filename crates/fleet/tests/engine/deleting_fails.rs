//! Deleting: refusals, lost links, lost answers, and answers out of order.

use std::time::Duration;

use fleet::retained::GRACE_PERIOD;
use fleet::snapshot::ANSWER_TIMEOUT;
use fleet::{Outcome, Time};
use mqtt::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use mqtt::{ReasonCode, Version};

use crate::fixtures::{BOTH, THREE, borrowed, forty_five, kept};
use crate::pair::Pair;

#[test]
fn a_refused_filter_is_the_outcome_of_its_topic() {
    for (version, code) in
        [(Version::V311, ReasonCode::UnspecifiedError), (Version::V5, ReasonCode::NotAuthorized)]
    {
        let mut pair = Pair::connected(version, THREE);
        pair.broker.refused.insert("b/status".into());
        pair.look_up();
        pair.delete();
        pair.check_outcomes(&[
            ("a/status", Outcome::Gone),
            ("b/status", Outcome::LookUpRefused(code)),
            ("c/status", Outcome::Gone),
        ]);
        assert_eq!(pair.kept(), [THREE[1]]);

        // Refused only when it is looked up again: a message that cannot be compared is not deleted.
        let mut pair = Pair::connected(version, THREE);
        pair.look_up();
        pair.broker.refused.insert("b/status".into());
        pair.delete();
        assert_eq!(pair.deletion().items()[1].outcome, kept(7, AtLeastOnce));
        assert_eq!(pair.kept(), [THREE[1]]);
    }
}

#[test]
fn a_refusal_is_reported_by_its_code_and_noticed_without_one() {
    for version in BOTH {
        let mut pair = Pair::connected(version, THREE);
        pair.look_up();
        pair.broker.denied.insert("a/status".into(), ReasonCode::NotAuthorized);
        pair.broker.denied.insert("b/status".into(), ReasonCode::Success);
        pair.delete();
        let silent = Outcome::StillThere { same_bytes: true, came_live: false };
        let loud = if version == Version::V5 { Outcome::Refused(ReasonCode::NotAuthorized) } else { silent };
        pair.check_outcomes(&[("a/status", loud), ("b/status", silent), ("c/status", Outcome::Gone)]);
        assert_eq!(pair.kept(), THREE[..2]);

        pair.broker.denied.insert("c/status".into(), ReasonCode::QuotaExceeded);
        pair.undo();
        let code = (version == Version::V5).then_some(ReasonCode::QuotaExceeded);
        pair.check_outcomes(&[
            ("a/status", loud),
            ("b/status", silent),
            ("c/status", Outcome::NotRestored(code)),
        ]);
        pair.broker.denied.clear();
        pair.undo();
        pair.check_outcomes(&[("a/status", loud), ("b/status", silent), ("c/status", Outcome::Restored)]);
        assert_eq!(pair.kept(), THREE);
    }
}

#[test]
fn a_device_that_publishes_again_is_distinguished_from_a_refusal() {
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.look_up();
    pair.broker.alive.insert("a/status".into(), "online");
    pair.broker.alive.insert("b/status".into(), "online");
    pair.delete();
    pair.check_outcomes(&[
        ("a/status", Outcome::StillThere { same_bytes: true, came_live: true }),
        ("b/status", Outcome::StillThere { same_bytes: false, came_live: true }),
        ("c/status", Outcome::Gone),
    ]);
    pair.check("esphome", "b", "online live");
    pair.check("esphome", "c", "none");
    pair.undo();
    assert_eq!(
        pair.kept(),
        [("a/status", "online", AtMostOnce), ("b/status", "online", AtMostOnce), THREE[2]]
    );
}

#[test]
fn a_lost_link_leaves_the_known_outcomes() {
    for version in BOTH {
        // During the look-up: the first batch is known, the second and third are not.
        let retained = forty_five(AtMostOnce);
        let mut pair = Pair::connected(version, &borrowed(&retained));
        pair.is_slow = true;
        pair.look_up();
        while pair.deletion().progress() != (20, 45) {
            pair.round_trip();
        }
        pair.round_trip();
        pair.lose_link();
        assert!(!pair.deletion().is_running());
        assert_eq!(pair.count(|outcome| matches!(outcome, Outcome::Kept { .. })), 20);
        assert_eq!(pair.count(|outcome| outcome == Outcome::Unknown), 25);
        // Nothing starts by itself when the link is back. The known messages can be deleted then.
        pair.is_slow = false;
        pair.wait(60_000);
        assert_eq!(pair.count(|outcome| outcome == Outcome::Unknown), 25);
        pair.delete();
        assert_eq!(pair.count(|outcome| outcome == Outcome::Gone), 20);
        assert_eq!(pair.kept().len(), 25);

        // During the second look-up: nothing was deleted.
        let mut pair = Pair::connected(version, THREE);
        pair.look_up();
        pair.is_slow = true;
        pair.delete();
        pair.lose_link();
        assert_eq!(pair.count(|outcome| matches!(outcome, Outcome::Kept { .. })), 3);

        // After the PUBLISH, and during the look-up after it: unknown.
        for is_acknowledged in [false, true] {
            let mut pair = Pair::connected(version, THREE);
            pair.look_up();
            pair.is_slow = true;
            pair.delete();
            let has_sent = |pair: &Pair, word| pair.broker.transcript.iter().any(|line| line.contains(word));
            while !has_sent(&pair, "PUBLISH") {
                pair.round_trip();
            }
            if is_acknowledged {
                pair.round_trip();
                assert!(pair.broker.transcript.last().unwrap().starts_with("SUBSCRIBE a/status"));
            }
            pair.lose_link();
            assert_eq!(pair.count(|outcome| outcome == Outcome::Unverified), 3);
            pair.is_slow = false;
            pair.wait(60_000);
            pair.undo();
            assert_eq!(pair.count(|outcome| outcome == Outcome::Restored), 3);
            assert_eq!(pair.kept(), THREE);
        }

        // During undo.
        let mut pair = Pair::connected(version, THREE);
        pair.look_up();
        pair.delete();
        pair.is_slow = true;
        pair.undo();
        pair.broker.transcript.clear();
        while !pair.broker.transcript.iter().any(|line| line.contains("PUBLISH")) {
            pair.round_trip();
            if pair.held.is_empty() {
                pair.wait(GRACE_PERIOD.as_millis() as u64);
            }
        }
        pair.lose_link();
        assert_eq!(pair.count(|outcome| outcome == Outcome::Unverified), 3);

        // Also without any link.
        let mut pair = Pair::connected(version, THREE);
        let devices = pair.devices();
        pair.engine.disconnect(pair.now);
        pair.engine.look_up(&devices, pair.now);
        assert_eq!(pair.count(|outcome| outcome == Outcome::Unknown), 3);
    }
}

#[test]
fn after_a_sleep_what_was_under_way_is_unverified() {
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.look_up();
    pair.is_slow = true;
    pair.delete();
    while !pair.broker.transcript.iter().any(|line| line.contains("PUBLISH")) {
        pair.round_trip();
    }
    pair.now = Time(pair.now.0 + 3_600_000);
    pair.engine.handle_timeout(pair.now);
    assert_eq!(pair.count(|outcome| outcome == Outcome::Unverified), 3);
    pair.is_slow = false;
    pair.deliver();
    pair.run();
    pair.wait(60_000);
    assert!(!pair.deletion().is_running());
    assert!(
        pair.broker.transcript.iter().any(|line| line.contains("UNSUBSCRIBE a/status b/status c/status"))
    );
}

#[test]
fn missing_answers_time_out() {
    // PINGRESP: the session gives up the barrier as soon as the link is known to be alive.
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.broker.retained.clear();
    pair.broker.drops.insert("PINGRESP");
    let devices = pair.devices();
    pair.engine.look_up(&devices, pair.now);
    pair.run();
    pair.broker.drops.clear();
    for _ in 0..30 {
        pair.publish("x/status", "anything", false);
        pair.wait(1_000);
    }
    assert_eq!(pair.count(|outcome| outcome == Outcome::Unknown), 3);

    // SUBACK; messages after the PINGRESP do not replace it.
    let mut pair = Pair::connected_with(Version::V5, THREE, None, |broker| broker.is_hasty = true);
    pair.broker.retained.remove("b/status");
    pair.broker.drops.insert("SUBACK");
    pair.look_up();
    pair.check_outcomes(&[
        ("a/status", kept(6, AtMostOnce)),
        ("b/status", Outcome::Unknown),
        ("c/status", kept(6, ExactlyOnce)),
    ]);
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.broker.retained.clear();
    pair.broker.drops.insert("SUBACK");
    let started = pair.now;
    pair.look_up();
    assert_eq!(pair.count(|outcome| outcome == Outcome::Unknown), 3);
    assert!(pair.now.since(started) < ANSWER_TIMEOUT + Duration::from_millis(100));

    // PUBACK: what the broker retains afterwards decides.
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.look_up();
    pair.broker.drops.insert("PUBACK");
    pair.broker.denied.insert("a/status".into(), ReasonCode::NotAuthorized);
    pair.delete();
    pair.check_outcomes(&[
        ("a/status", Outcome::StillThere { same_bytes: true, came_live: false }),
        ("b/status", Outcome::Gone),
        ("c/status", Outcome::Gone),
    ]);

    // UNSUBACK.
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.broker.drops.insert("UNSUBACK");
    pair.look_up();
    assert_eq!(pair.count(|outcome| matches!(outcome, Outcome::Kept { .. })), 3);
}

#[test]
fn answers_out_of_order_are_waited_for() {
    for version in BOTH {
        let mut pair = Pair::connected_with(version, THREE, None, |broker| broker.is_hasty = true);
        pair.look_up();
        assert_eq!(pair.count(|outcome| matches!(outcome, Outcome::Kept { .. })), 3);
        pair.broker.denied.insert("a/status".into(), ReasonCode::Success);
        pair.delete();
        pair.check_outcomes(&[
            ("a/status", Outcome::StillThere { same_bytes: true, came_live: false }),
            ("b/status", Outcome::Gone),
            ("c/status", Outcome::Gone),
        ]);

        // A PINGRESP before the SUBACK means nothing: another PINGREQ is sent after it.
        let mut pair = Pair::connected_with(version, THREE, None, |broker| broker.is_hasty = true);
        pair.broker.retained.clear();
        pair.look_up();
        let all = "a/status b/status c/status";
        let expected = [format!("SUBSCRIBE {all}, PINGREQ"), "PINGREQ".into(), format!("UNSUBSCRIBE {all}")];
        assert_eq!(pair.broker.transcript, expected);

        // The retained messages come after the PINGRESP, within the grace period.
        let mut pair = Pair::connected(version, THREE);
        let late = std::mem::take(&mut pair.broker.retained);
        let devices = pair.devices();
        pair.engine.look_up(&devices, pair.now);
        pair.run();
        pair.wait(GRACE_PERIOD.as_millis() as u64 - 1);
        assert!(pair.deletion().is_running());
        let mut out = Vec::new();
        for (topic, kept) in late {
            pair.broker.send(&mut out, topic, kept);
        }
        pair.engine.handle_bytes(&out, pair.now);
        pair.run();
        pair.until_done();
        assert_eq!(pair.count(|outcome| matches!(outcome, Outcome::Kept { .. })), 3);
    }
}
