//! How the board subscribes, and what it concludes from the answers.

use fleet::snapshot::{Rejection, Snapshot};
use fleet::{Config, ConfigError, Engine, SnapshotState, SubscriptionState, Time};
use mqtt::{Link, Options, ReasonCode, Version};

use crate::fixtures::FILTERS;
use crate::pair::Pair;

#[test]
fn each_filter_is_one_message_with_its_barrier() {
    for version in [Version::V5, Version::V311] {
        let mut pair = Pair::with_retained(version, &[("a/status", "online"), ("tele/b/LWT", "Offline")]);
        assert_eq!(pair.engine.snapshot().state(), SnapshotState::Unknown);
        pair.connect();
        let mut expected = vec!["CONNECT".to_owned()];
        expected.extend(FILTERS.iter().map(|filter| format!("SUBSCRIBE {filter}, PINGREQ")));
        assert_eq!(pair.broker.transcript, expected);
        assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
        assert!(FILTERS.iter().all(|filter| pair.state(filter) == SubscriptionState::Complete));
        pair.check("esphome", "a", "online retained");
        pair.check("tasmota", "b", "offline retained");
    }
}

#[test]
fn one_filter_is_outstanding_at_a_time() {
    let mut pair = Pair::with_retained(Version::V5, &[("a/status", "online")]);
    pair.is_slow = true;
    pair.connect();
    for sent in 1..=FILTERS.len() {
        pair.deliver();
        pair.run();
        assert_eq!(
            pair.broker.transcript.len(),
            1 + sent,
            "nothing is asked for before the barrier's answer"
        );
        assert_eq!(pair.engine.snapshot().state(), SnapshotState::Loading);
        assert_eq!(pair.state(FILTERS[sent - 1]), SubscriptionState::Loading);
        pair.run();
    }
    pair.deliver();
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
}

#[test]
fn overlapping_filters_replay_twice_and_count_once() {
    let mut pair = Pair::with_retained(
        Version::V5,
        &[
            ("wled/1/status", "online"),
            ("wled/2/status", "offline"),
            ("x/y/status", "online"),
            ("x/z/status", "7"),
        ],
    );
    pair.connect();
    let filter = |pair: &Pair, text| pair.engine.snapshot().subscriptions()[pair.position(text)].clone();
    let (wled, broad) = (filter(&pair, "wled/+/status"), filter(&pair, "+/+/status"));
    assert_eq!((wled.replays(), wled.topics(), wled.unmatched()), (2, 2, 0));
    assert_eq!((broad.replays(), broad.topics(), broad.unmatched(), broad.messages()), (4, 2, 1, 4));
    assert_eq!(pair.engine.snapshot().topics(), 4);
    assert_eq!(pair.engine.fleet().counts().total, 3);
}

#[test]
fn a_refused_filter_is_tried_again_with_back_off() {
    let mut pair = Pair::with_retained(Version::V311, &[("a/status", "online"), ("b-will", "offline")]);
    pair.broker.refused.insert("+/status".into());
    pair.connect();
    // The others go on, and the snapshot is not called complete.
    pair.check("taichi-maker", "b", "offline retained");
    pair.check("esphome", "a", "none");
    let started = pair.now;
    assert!(
        matches!(pair.state("+/status"), SubscriptionState::Refused { reason: ReasonCode::UnspecifiedError, retry_at } if retry_at == Some(Time(started.0 + 1_000)))
    );
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Unknown);

    let asked = |pair: &Pair| {
        pair.broker.transcript.iter().filter(|line| line.ends_with("SUBSCRIBE +/status, PINGREQ")).count()
    };
    for (wait, expected) in [
        (999, 1),
        (1, 2),
        (1_999, 2),
        (1, 3),
        (4_000, 4),
        (8_000, 5),
        (16_000, 6),
        (30_000, 7),
        (30_000, 8),
        (29_999, 8),
    ] {
        pair.wait(wait);
        assert_eq!(asked(&pair), expected, "after {} ms", pair.now.0 - started.0);
        assert_eq!(pair.engine.snapshot().state(), SnapshotState::Unknown, "the state does not flicker");
    }
    pair.broker.refused.clear();
    pair.wait(1);
    pair.check("esphome", "a", "online retained");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
}

#[test]
fn a_burst_of_a_cut_length_is_cut() {
    for (length, expected) in
        [(199, SnapshotState::Complete), (200, SnapshotState::Cut), (999, SnapshotState::Cut)]
    {
        let mut pair = Pair::new(Version::V5, Some(&["fleet/+/status"]));
        for number in 0..length {
            pair.broker.retain(&format!("fleet/{number}/status"), "online");
        }
        pair.connect();
        assert_eq!(pair.engine.snapshot().state(), expected, "{length}");
        assert_eq!(pair.engine.fleet().counts().total, length);
    }
}

#[test]
fn a_dropped_pingresp_leaves_only_that_filter_unknown() {
    let retained = [("a/status", "online"), ("tele/b/LWT", "Online")];
    let mut pair = Pair::with_retained(Version::V311, &retained);
    pair.broker.drops.insert("PINGRESP");
    pair.connect();
    pair.broker.drops.clear();
    let first = FILTERS[0];
    assert_eq!(pair.state(first), SubscriptionState::Loading);
    assert_eq!(pair.broker.transcript.len(), 2);
    // The link is alive, as other messages show: the session gives up the barrier, not the link.
    for _ in 0..30 {
        if pair.state(first) == SubscriptionState::Loading {
            pair.publish("mqtt-will", "anything", false);
            pair.wait(1_000);
        }
    }
    assert_eq!(pair.engine.session().link(), Link::Connected);
    assert!(matches!(pair.state(first), SubscriptionState::Unknown { retry_at: Some(_) }));
    pair.check("tasmota", "b", "online retained");
    pair.check("esphome", "a", "online retained");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Unknown);
    pair.wait(1_000);
    assert_eq!(pair.state(first), SubscriptionState::Complete, "it was asked for again");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
}

#[test]
fn a_broad_filter_with_many_unmatched_messages_is_paused() {
    let mut pair = Pair::with_retained(Version::V5, &[("a/status", "online"), ("wled/1/status", "online")]);
    pair.connect();
    let broad = pair.position("+/+/status");
    pair.wait(2_000);
    pair.publish("x/dev/status", "online", false);
    for number in 0..50 {
        pair.publish("x/y/status", &format!("{number}"), false);
    }
    assert_eq!(pair.state("+/+/status"), SubscriptionState::Complete);
    pair.wait(1_000);
    assert_eq!(pair.engine.snapshot().subscriptions()[broad].rate(pair.now), 51);
    for number in 0..51 {
        pair.publish("x/y/status", &format!("{number}"), false);
    }
    assert_eq!(pair.state("+/+/status"), SubscriptionState::Paused);
    assert_eq!(pair.broker.transcript.last().unwrap(), "UNSUBSCRIBE +/+/status");
    assert_eq!(
        pair.engine.snapshot().state(),
        SnapshotState::Complete,
        "all retained messages had been received"
    );
    // Only devices that no other filter brings are stale.
    pair.check("esphome", "x/dev", "online stale");
    pair.check("wled", "1", "online retained");
    pair.check("esphome", "a", "online retained");

    // It stays paused over a reconnect; switched on by hand, it is not paused again.
    pair.lose_link();
    pair.wait(60_000);
    assert_eq!(pair.state("+/+/status"), SubscriptionState::Paused);
    pair.engine.switch_subscription(broad, true, pair.now);
    pair.run();
    assert_eq!(pair.state("+/+/status"), SubscriptionState::Complete);
    for number in 0..200 {
        pair.publish("x/y/status", &format!("{number}"), false);
    }
    assert_eq!(pair.state("+/+/status"), SubscriptionState::Complete);
}

#[test]
fn retained_messages_pause_no_filter() {
    let mut pair = Pair::new(Version::V5, None);
    for number in 0..150 {
        pair.broker.retain(&format!("v{number}"), "21.5");
    }
    pair.connect();
    assert_eq!(pair.state("+"), SubscriptionState::Complete);
    let plus = &pair.engine.snapshot().subscriptions()[pair.position("+")];
    assert_eq!((plus.unmatched(), plus.topics()), (150, 150));
}

#[test]
fn explicit_filters_replace_the_default_ones() {
    let mut pair = Pair::new(Version::V5, Some(&["#", "factory/+/line/#", "bad/#/x", "$share/g/x", "#"]));
    pair.broker.retain("factory/1/line/2/robot/3/status", "online");
    pair.broker.retain("factory/1/line/2/robot/3/temperature", "20");
    pair.connect();
    assert_eq!(
        pair.broker.transcript,
        ["CONNECT", "SUBSCRIBE factory/+/line/#, PINGREQ", "SUBSCRIBE #, PINGREQ"]
    );
    pair.check("esphome", "factory/1/line/2/robot/3", "online retained");
    let rejected: Vec<_> =
        pair.engine.rejected_filters().iter().map(|r| (r.filter.as_str(), r.reason)).collect();
    assert!(matches!(
        rejected[..],
        [("bad/#/x", Rejection::Invalid(_)), ("$share/g/x", Rejection::Shared), ("#", Rejection::Repeated)]
    ));

    let mut config = Config::new(Options::new("board"));
    config.filters = Some(vec!["".into()]);
    assert!(
        matches!(Engine::new(config.clone()), Err(ConfigError::NoFilter(rejected)) if rejected.len() == 1)
    );
    config.filters = Some(Vec::new());
    assert!(Engine::new(config).is_err());
}

#[test]
fn the_default_filters_are_those_of_all_conventions() {
    let snapshot = Snapshot::with_defaults();
    let filters: Vec<&str> = snapshot.subscriptions().iter().map(|filter| filter.as_str()).collect();
    assert_eq!(filters, *FILTERS);
}
