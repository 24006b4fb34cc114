//! Deleting: batches, the limits of the server, and the board's own subscriptions meanwhile.

use std::time::Duration;

use fleet::retained::{BATCH, GRACE_PERIOD};
use fleet::snapshot::ANSWER_TIMEOUT;
use fleet::{Outcome, SnapshotState};
use mqtt::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use mqtt::{Property, ReasonCode, Version};

use crate::broker::Broker;
use crate::fixtures::{BOTH, THREE, borrowed, forty_five};
use crate::pair::Pair;

#[test]
fn twenty_topics_are_looked_up_at_a_time() {
    for (version, qos) in
        BOTH.into_iter().flat_map(|version| [AtMostOnce, AtLeastOnce, ExactlyOnce].map(|q| (version, q)))
    {
        // mosquitto has 20 messages in flight at a time; ejabberd one.
        for window in [20, 1] {
            let retained = forty_five(qos);
            let mut pair =
                Pair::connected_with(version, &borrowed(&retained), None, |broker| broker.window = window);
            // Each answer takes its time, so that nothing is acknowledged too early.
            pair.is_slow = true;
            pair.look_up();
            let mut progress = vec![pair.deletion().progress()];
            let settle = |pair: &mut Pair, progress: &mut Vec<(usize, usize)>| {
                for _ in 0..1_000 {
                    // A round trip takes longer than the grace period: one must not replace the other.
                    pair.wait(GRACE_PERIOD.as_millis() as u64 + 50);
                    pair.round_trip();
                    if progress.last() != Some(&pair.deletion().progress()) {
                        progress.push(pair.deletion().progress());
                    }
                }
                assert!(!pair.deletion().is_running());
            };
            settle(&mut pair, &mut progress);
            assert_eq!(progress, [(0, 45), (20, 45), (40, 45), (45, 45)]);
            assert_eq!(pair.count(|outcome| matches!(outcome, Outcome::Kept { .. })), 45);
            let sizes = |pair: &Pair| -> Vec<usize> {
                let lines = pair.broker.transcript.iter().filter(|line| line.contains("SUBSCRIBE d"));
                let asked = lines.filter(|line| !line.contains("UNSUBSCRIBE"));
                asked.map(|line| line.matches("/status").count()).collect()
            };
            assert_eq!(sizes(&pair), [BATCH, BATCH, 5]);
            pair.delete();
            settle(&mut pair, &mut Vec::new());
            assert_eq!(pair.count(|outcome| outcome == Outcome::Gone), 45);
            assert_eq!(pair.kept(), []);
            pair.undo();
            settle(&mut pair, &mut Vec::new());
            assert_eq!(pair.count(|outcome| outcome == Outcome::Restored), 45);
            assert_eq!(pair.kept(), borrowed(&retained));
        }
    }
}

#[test]
fn one_subscribe_is_outstanding_at_a_time() {
    let retained = forty_five(AtMostOnce);
    let mut pair = Pair::connected(Version::V5, &borrowed(&retained));
    pair.is_slow = true;
    pair.look_up();
    // The board's own SUBSCRIBE comes between two batches, not within one.
    let filters = pair.engine.snapshot().subscriptions().len();
    let position = pair.engine.snapshot().subscriptions().iter().position(|f| f.as_str() == "+/LWT").unwrap();
    assert!(position < filters);
    pair.engine.switch_subscription(position, false, pair.now);
    pair.engine.switch_subscription(position, true, pair.now);
    pair.run();
    assert_eq!(pair.broker.transcript.len(), 1, "{:?}", pair.broker.transcript);
    for _ in 0..100 {
        if pair.held.is_empty() {
            pair.wait(GRACE_PERIOD.as_millis() as u64);
        }
        pair.round_trip();
    }
    let asked: Vec<_> = pair.broker.transcript.iter().filter(|line| line.contains("SUBSCRIBE ")).collect();
    let own = asked.iter().position(|line| line.starts_with("SUBSCRIBE +/LWT")).expect("it was asked for");
    assert!(asked[own - 1].starts_with("UNSUBSCRIBE d00/status"), "{asked:#?}");
    assert!(asked[own + 1].starts_with("SUBSCRIBE d20/status"), "{asked:#?}");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
    assert_eq!(pair.deletion().progress(), (45, 45));
}

#[test]
fn the_boards_own_filters_wait_for_their_turn_and_get_it() {
    // A refused filter is asked for again after a second; but not during a look-up.
    let refuse = |broker: &mut Broker| broker.refused.extend(["+/LWT".into()]);
    let mut pair = Pair::connected_with(Version::V5, THREE, None, refuse);
    pair.is_slow = true;
    pair.look_up();
    pair.wait(5_000);
    assert_eq!(pair.broker.transcript.len(), 1, "{:?}", pair.broker.transcript);
    for _ in 0..5 {
        pair.round_trip();
    }
    assert_eq!(pair.broker.transcript.last().unwrap(), "SUBSCRIBE +/LWT, PINGREQ");

    // Also after a batch without an UNSUBSCRIBE.
    let mut pair = Pair::connected_with(Version::V5, &THREE[..1], Some(&["a/status", "+/LWT"]), |_| {});
    pair.is_slow = true;
    pair.look_up();
    for is_on in [false, true] {
        pair.engine.switch_subscription(1, is_on, pair.now);
    }
    pair.round_trip();
    assert_eq!(pair.broker.transcript.last().unwrap(), "SUBSCRIBE +/LWT, PINGREQ");
}

#[test]
fn the_limits_of_the_server_are_kept() {
    // Maximum Packet Size: fewer topics at a time, and none that is too long by itself.
    let long = format!("{}/status", "l".repeat(200));
    let mut retained = forty_five(AtLeastOnce);
    retained.push((long.clone(), "online", AtLeastOnce));
    let small = |broker: &mut Broker| broker.properties.push(Property::MaximumPacketSize(150)).unwrap();
    let mut pair = Pair::connected_with(Version::V5, &borrowed(&retained), None, small);
    pair.look_up();
    pair.delete();
    assert_eq!(pair.count(|outcome| outcome == Outcome::Gone), 45);
    assert_eq!(
        pair.deletion().items().last().map(|item| (&*item.topic, item.outcome)),
        Some((&*long, Outcome::LookUpRefused(ReasonCode::PacketTooLarge)))
    );

    // Receive Maximum: three in flight at a time, and none is left out.
    let few = |broker: &mut Broker| broker.properties.push(Property::ReceiveMaximum(3)).unwrap();
    let mut pair = Pair::connected_with(Version::V5, &borrowed(&retained[..45]), None, few);
    pair.look_up();
    pair.delete();
    assert_eq!(pair.count(|outcome| outcome == Outcome::Gone), 45);
    assert_eq!(pair.broker.unacknowledged, 3);
    // Also on a slow network: each answer shows that the others will come.
    let mut pair = Pair::connected_with(Version::V5, &borrowed(&retained[..20]), None, few);
    pair.look_up();
    pair.is_slow = true;
    pair.delete();
    while pair.deletion().is_running() {
        pair.wait(2_000);
        pair.round_trip();
    }
    assert_eq!(pair.count(|outcome| outcome == Outcome::Gone), 20);
    // Nothing is ever acknowledged: topics without a PUBLISH are unchanged.
    let mut pair = Pair::connected_with(Version::V5, &borrowed(&retained[..45]), None, few);
    pair.look_up();
    pair.broker.drops.insert("PUBACK");
    let started = pair.now;
    pair.delete();
    assert!(pair.now.since(started) < ANSWER_TIMEOUT + Duration::from_secs(1), "the rest is not tried");
    assert_eq!(pair.count(|outcome| outcome == Outcome::Gone), 3);
    assert_eq!(pair.count(|outcome| matches!(outcome, Outcome::Kept { .. })), 42);
    assert_eq!(pair.kept().len(), 42);

    // Maximum QoS 0: nothing is acknowledged, but it is looked up.
    let lowest = |broker: &mut Broker| {
        broker.granted = AtMostOnce;
        broker.properties.push(Property::MaximumQoS(AtMostOnce)).unwrap();
    };
    let mut pair = Pair::connected_with(Version::V5, &[("a/status", "online", AtMostOnce)], None, lowest);
    pair.look_up();
    pair.delete();
    pair.check_outcomes(&[("a/status", Outcome::Gone)]);

    // Retain Available 0.
    let none = |broker: &mut Broker| broker.properties.push(Property::RetainAvailable(false)).unwrap();
    let mut pair = Pair::connected_with(Version::V5, &[("a/status", "online", AtMostOnce)], None, none);
    pair.look_up();
    pair.delete();
    pair.check_outcomes(&[("a/status", Outcome::Refused(ReasonCode::RetainNotSupported))]);
}

#[test]
fn the_boards_own_subscription_outlives_a_look_up() {
    let mut pair = Pair::connected_with(Version::V5, THREE, Some(&["a/status", "+/status"]), |_| {});
    pair.look_up();
    assert_eq!(pair.broker.transcript.last().unwrap(), "UNSUBSCRIBE b/status c/status");
    assert!(pair.broker.subscribed.contains_key("a/status"));
    // Switched off, it is not the board's any more.
    pair.engine.switch_subscription(0, false, pair.now);
    pair.run();
    pair.look_up();
    assert_eq!(pair.broker.transcript.last().unwrap(), "UNSUBSCRIBE a/status b/status c/status");
}
