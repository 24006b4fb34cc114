//! Looking up, deleting and restoring retained messages.

use fleet::retained::{GRACE_PERIOD, MAX_TOPICS, Task};
use fleet::{Outcome, SnapshotState, Time};
use mqtt::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use mqtt::Version;

use crate::broker::Kept;
use crate::fixtures::{BOTH, THREE, borrowed, forty_five, kept};
use crate::pair::Pair;

#[test]
fn retained_messages_are_looked_up_deleted_and_restored() {
    for version in BOTH {
        let mut pair = Pair::connected(version, THREE);
        pair.broker.retained.get_mut("b/status").unwrap().content_type = "text/plain";
        pair.publish("d/status", "online", false);
        pair.look_up();
        pair.check_outcomes(&[
            ("a/status", kept(6, AtMostOnce)),
            ("b/status", kept(7, AtLeastOnce)),
            ("c/status", kept(6, ExactlyOnce)),
            ("d/status", Outcome::Nothing),
        ]);
        assert_eq!(pair.deletion().items()[1].payload(), Some(&b"offline"[..]));
        assert_eq!((pair.deletion().task(), pair.deletion().progress()), (Task::LookUp, (4, 4)));
        let all = "a/status b/status c/status d/status";
        let [ask, again @ .., leave] = &pair.broker.transcript[..] else { panic!("nothing was sent") };
        assert_eq!(*ask, format!("SUBSCRIBE {all}, PINGREQ"));
        assert!(again.iter().all(|line| line == "PINGREQ"), "{again:?}");
        assert_eq!(*leave, format!("UNSUBSCRIBE {all}"));

        pair.broker.transcript.clear();
        pair.delete();
        assert_eq!(pair.kept(), []);
        pair.check_outcomes(&[
            ("a/status", Outcome::Gone),
            ("b/status", Outcome::Gone),
            ("c/status", Outcome::Gone),
            ("d/status", Outcome::Nothing),
        ]);
        assert_eq!(pair.deletion().progress(), (3, 3));
        assert_eq!(pair.count(|outcome| outcome == Outcome::Gone), 3);
        pair.check("esphome", "a", "none");
        pair.check("esphome", "d", "online live");
        let three = "a/status b/status c/status";
        let sent = pair.broker.transcript.join("; ");
        assert!(
            sent.contains("PUBLISH a/status 0 1, PUBLISH b/status 0 1, PUBLISH c/status 0 1; "),
            "{sent}"
        );
        assert!(sent.ends_with(&format!("; SUBSCRIBE {three}, PINGREQ; UNSUBSCRIBE {three}")), "{sent}");

        let replays = |pair: &Pair| -> u32 {
            pair.engine.snapshot().subscriptions().iter().map(|filter| filter.replays()).sum()
        };
        let before = replays(&pair);
        pair.undo();
        assert_eq!((pair.kept(), replays(&pair)), (THREE.to_vec(), before));
        for item in &pair.deletion().items()[..3] {
            assert_eq!(item.outcome, Outcome::Restored);
        }
        let with_its_properties = if version == Version::V5 { "text/plain" } else { "" };
        assert_eq!(pair.broker.retained["b/status"].content_type, with_its_properties);
        // A restored message is as old as before: the device has not published.
        pair.check("esphome", "a", "online retained");
        pair.check("esphome", "b", "offline retained");
        let own = pair.broker.subscribed.keys().filter(|filter| !filter.contains(['+', '#']));
        assert_eq!(own.filter(|filter| filter.ends_with("/status")).count(), 0, "all were unsubscribed");
        assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
    }
}

#[test]
fn a_look_up_changes_nothing() {
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.publish("a/status", "offline", false);
    pair.publish("d/status", "offline", false);
    pair.broker.retained.insert("d/status".into(), Kept::new("offline", AtMostOnce));
    let numbers = |pair: &Pair| -> Vec<_> {
        let filters = pair.engine.snapshot().subscriptions().iter();
        filters.map(|filter| (filter.messages(), filter.replays(), filter.topics(), filter.state())).collect()
    };
    let before = numbers(&pair);
    pair.look_up();
    assert_eq!(numbers(&pair), before);
    // A will that is not retained is not undone by a retained birth message.
    pair.check("esphome", "a", "offline live");
    pair.check("esphome", "d", "offline live");
    assert!(pair.broker.transcript.iter().all(|line| !line.contains("+/")), "{:?}", pair.broker.transcript);
}

#[test]
fn only_what_was_previewed_is_deleted() {
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.look_up();
    pair.publish("a/status", "offline", true);
    pair.publish("b/status", "", true);
    pair.delete();
    pair.check_outcomes(&[
        ("a/status", Outcome::Changed),
        ("b/status", Outcome::Nothing),
        ("c/status", Outcome::Gone),
    ]);
    assert_eq!(pair.kept(), [("a/status", "offline", AtMostOnce)]);
    let published: Vec<_> = pair.broker.transcript.iter().filter(|line| line.contains("PUBLISH")).collect();
    assert_eq!(published, ["PUBLISH c/status 0 1"]);

    // A device publishes while its topic is looked up once more.
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.look_up();
    pair.is_slow = true;
    pair.delete();
    pair.publish("a/status", "online", false);
    pair.is_slow = false;
    pair.deliver();
    pair.run();
    pair.until_done();
    pair.check_outcomes(&[
        ("a/status", Outcome::Changed),
        ("b/status", Outcome::Gone),
        ("c/status", Outcome::Gone),
    ]);
}

#[test]
fn undoing_overwrites_nothing_that_is_newer() {
    for version in BOTH {
        let mut pair = Pair::connected(version, THREE);
        pair.look_up();
        pair.delete();
        // One came back with a retained message, one without, and the message of one was restored by another client.
        pair.publish("a/status", "offline", true);
        pair.publish("b/status", "online", false);
        pair.publish("c/status", "ONLINE", true);
        pair.broker.transcript.clear();
        pair.undo();
        pair.check_outcomes(&[
            ("a/status", Outcome::Superseded),
            ("b/status", Outcome::Superseded),
            ("c/status", Outcome::Restored),
        ]);
        assert!(pair.broker.transcript.iter().all(|line| !line.contains("PUBLISH")));
        pair.check("esphome", "b", "online live");

        // One publishes something else than a status while its topic is looked up.
        let mut pair = Pair::connected(version, &THREE[..1]);
        pair.look_up();
        pair.delete();
        pair.is_slow = true;
        pair.undo();
        pair.publish("a/status", "rebooting", false);
        pair.is_slow = false;
        pair.deliver();
        pair.run();
        pair.until_done();
        pair.check_outcomes(&[("a/status", Outcome::Superseded)]);

        // A newer message that only the broker has.
        let mut pair = Pair::connected(version, &THREE[..1]);
        pair.look_up();
        pair.delete();
        let newer = Kept::new("offline", AtMostOnce);
        pair.broker.retained.insert("a/status".into(), newer);
        pair.undo();
        pair.check_outcomes(&[("a/status", Outcome::Superseded)]);
        assert_eq!(pair.kept(), [("a/status", "offline", AtMostOnce)]);
    }
}

#[test]
fn a_topic_that_is_not_the_devices_own_is_not_deleted() {
    let inventory =
        r#"[{"friendly_name":"lamp","type":"Router"},{"friendly_name":"door","type":"EndDevice"}]"#;
    let shared = |id, word| format!(r#"{{"productKey":"{id}","message":"{word}"}}"#);
    let retained = [
        ("zigbee2mqtt/bridge/devices", inventory, AtMostOnce),
        ("zigbee2mqtt/lamp/availability", "online", AtMostOnce),
        ("own-will", "online", AtMostOnce),
    ];
    let mut pair = Pair::connected(Version::V5, &retained);
    for id in ["A1", "B2", "C3"] {
        pair.publish("mqtt-will", &shared(id, "online"), true);
    }
    pair.look_up();
    let is_shared = Outcome::Shared { devices: 3 };
    pair.check_outcomes(&[
        ("mqtt-will", is_shared),
        ("mqtt-will", is_shared),
        ("mqtt-will", is_shared),
        ("own-will", kept(6, AtMostOnce)),
        ("zigbee2mqtt/bridge/devices", Outcome::NeverSpoke),
        ("zigbee2mqtt/lamp/availability", kept(6, AtMostOnce)),
    ]);
    assert_eq!(pair.deletion().progress(), (2, 2));
    pair.delete();
    let left: Vec<_> = pair.kept().into_iter().map(|(topic, ..)| topic).collect();
    assert_eq!(left, ["mqtt-will", "zigbee2mqtt/bridge/devices"]);
    assert!(pair.broker.transcript.iter().all(|line| !line.contains("mqtt-will")));
}

#[test]
fn a_task_stops_after_its_batch() {
    let retained = forty_five(AtMostOnce);
    let mut pair = Pair::connected(Version::V5, &borrowed(&retained));
    pair.look_up();
    pair.is_slow = true;
    pair.delete();
    pair.engine.delete_retained(pair.now);
    pair.engine.undo(pair.now);
    assert_eq!(pair.deletion().task(), Task::Delete, "one task at a time");
    let epoch = pair.engine.epoch();
    pair.engine.stop_deletion();
    assert_ne!(pair.engine.epoch(), epoch);
    pair.is_slow = false;
    pair.deliver();
    pair.run();
    pair.until_done();
    assert_eq!(pair.count(|outcome| outcome == Outcome::Gone), 20);
    assert_eq!(pair.count(|outcome| matches!(outcome, Outcome::Kept { .. })), 25);
    assert_eq!((pair.kept().len(), pair.deletion().progress()), (25, (20, 45)));
    pair.undo();
    assert_eq!(pair.kept().len(), 45);
    pair.delete();
    assert_eq!((pair.kept().len(), pair.deletion().progress()), (20, (25, 25)));
}

#[test]
fn closing_and_connecting_drop_everything() {
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.is_slow = true;
    pair.look_up();
    pair.engine.close_deletion();
    pair.run();
    assert!(pair.engine.deletion().is_none());
    assert_eq!(pair.broker.transcript.last().unwrap(), "UNSUBSCRIBE a/status b/status c/status");
    pair.is_slow = false;
    pair.deliver();
    pair.look_up();
    pair.engine.connect(pair.now);
    assert!(pair.engine.deletion().is_none());
    pair.engine.delete_retained(pair.now);
    pair.engine.undo(pair.now);
    pair.run();
    assert_eq!(pair.kept(), THREE);
}

#[test]
fn the_bounds_hold() {
    let mut pair = Pair::connected_with(Version::V311, &[], None, |broker| {
        for number in 0..=MAX_TOPICS {
            let kept = Kept::new("online", AtLeastOnce);
            broker.retained.insert(format!("d{number:05}/status"), kept);
        }
    });
    let devices = pair.devices();
    assert_eq!(devices.len(), MAX_TOPICS + 1);
    pair.engine.look_up(&devices, pair.now);
    pair.run();
    assert_eq!((pair.deletion().items().len(), pair.deletion().left_out()), (MAX_TOPICS, 1));
    assert_eq!(pair.count(|outcome| matches!(outcome, Outcome::Kept { .. })), MAX_TOPICS);

    // A message without room for undo is not deleted.
    let mut pair = Pair::connected(Version::V5, THREE);
    for topic in ["a/status", "b/status", "c/status"] {
        pair.broker.retained.get_mut(topic).unwrap().payload = vec![b'x'; 3 << 20];
    }
    pair.look_up();
    pair.check_outcomes(&[
        ("a/status", kept(3 << 20, AtMostOnce)),
        ("b/status", kept(3 << 20, AtLeastOnce)),
        ("c/status", Outcome::TooLarge { bytes: 3 << 20 }),
    ]);
    pair.delete();
    assert_eq!(pair.kept().into_iter().map(|(topic, ..)| topic).collect::<Vec<_>>(), ["c/status"]);

    // Nor a message with many properties.
    let mut pair = Pair::connected(Version::V5, &THREE[..1]);
    pair.broker.retained.get_mut("a/status").unwrap().content_type = "x".repeat(5_000).leak();
    pair.look_up();
    pair.check_outcomes(&[("a/status", Outcome::TooLarge { bytes: 6 })]);
}

#[test]
fn the_epoch_changes_when_a_task_ends_by_a_timer() {
    let mut pair = Pair::connected(Version::V5, THREE);
    pair.broker.retained.clear();
    let devices = pair.devices();
    pair.engine.look_up(&devices, pair.now);
    pair.run();
    let (epoch, due) = (pair.engine.epoch(), Time(pair.now.0 + GRACE_PERIOD.as_millis() as u64));
    pair.is_slow = true;
    pair.engine.handle_timeout(Time(due.0 - 1));
    assert_eq!((pair.engine.epoch(), pair.deletion().progress()), (epoch, (0, 3)));
    pair.engine.handle_timeout(due);
    assert_ne!(pair.engine.epoch(), epoch);
    assert_eq!(pair.deletion().progress(), (3, 3));
}
