//! What changed: since an epoch, of late, and whether the rows may be others.

use fleet::fleet::{Bounds, MAX_RECENT};
use fleet::{Evidence, Fleet, Grouping, Handle, Query, StaleReason, Time};

fn fleet(messages: &[(&str, &str)]) -> Fleet {
    let mut fleet = Fleet::new(Bounds::default(), false, 0);
    fleet.link_up(Time(0));
    for (topic, word) in messages {
        fleet.apply(topic, word.as_bytes(), true, Time(1));
    }
    fleet
}

#[test]
fn what_changed_is_known_by_device() {
    let mut fleet = fleet(&[("a/LWT", "online"), ("b/LWT", "online")]);
    let [a, b] = ["a", "b"].map(|id| fleet.find("lwt", id).expect("it is there"));
    // The boundary: what happens → which of the two changed, and whether everything did.
    let mut check = |happens: fn(&mut Fleet), expected: (&[Handle], bool)| {
        let epoch = fleet.epoch();
        happens(&mut fleet);
        let changed = fleet.changed_since(epoch);
        let has: Vec<Handle> = [a, b].into_iter().filter(|handle| changed.has(*handle)).collect();
        assert_eq!((&*has, changed.is_everything()), expected);
        assert_eq!(changed.is_empty(), has.is_empty());
        let living: Vec<Handle> = has.into_iter().filter(|handle| fleet.device(*handle).is_some()).collect();
        assert_eq!(changed.handles().collect::<Vec<_>>(), living);
        assert!(fleet.changed_since(0).has(a));
    };
    check(|_| {}, (&[], false));
    check(
        |f| {
            f.apply("a/LWT", b"online", true, Time(2));
        },
        (&[], false),
    );
    check(
        |f| {
            f.apply("a/LWT", b"{}", false, Time(2));
        },
        (&[], false),
    );
    check(
        |f| {
            f.apply("a/LWT", b"online", false, Time(2));
        },
        (&[a], false),
    );
    check(
        |f| {
            f.apply("a/LWT", b"online", false, Time(3));
        },
        (&[], false),
    );
    check(
        |f| {
            f.apply("b/LWT", b"offline", false, Time(3));
        },
        (&[b], false),
    );
    check(
        |f| {
            f.cover(|topic| topic != "b/LWT", Time(4));
        },
        (&[b], false),
    );
    check(
        |f| {
            f.cover(|_| true, Time(4));
        },
        (&[b], false),
    );
    check(|f| f.snapshot_finished(Time(5)), (&[a, b], true));
    check(|f| f.snapshot_finished(Time(6)), (&[], false));
    check(
        |f| {
            f.apply("b/LWT", b"offline", false, Time(7));
        },
        (&[b], false),
    );
    check(|f| f.snapshot_started(Time(8)), (&[], false));
    check(|f| f.link_down(Time(9)), (&[a, b], true));
    check(|f| f.link_up(Time(10)), (&[a, b], true));
    check(
        |f| {
            f.apply("a/LWT", b"", false, Time(11));
        },
        (&[a], false),
    );
}

#[test]
fn a_tile_changes_with_its_parent() {
    let lamp = "zigbee2mqtt/lamp/availability";
    let mut fleet =
        fleet(&[("zigbee2mqtt/bridge/state", "online"), (lamp, "online"), ("hall/LWT", "online")]);
    let handle = fleet.find("zigbee2mqtt", "lamp").expect("it is there");
    let groups = fleet.groups(&Query::default(), Grouping::Parent);
    let groups: Vec<_> = groups.iter().map(|group| (&*group.name, group.rows.len())).collect();
    assert_eq!(groups, [("zigbee2mqtt", 2), ("", 1)]);
    for word in ["offline", "online", ""] {
        let epoch = fleet.epoch();
        fleet.apply("zigbee2mqtt/bridge/state", word.as_bytes(), false, Time(2));
        assert!(fleet.changed_since(epoch).has(handle), "the bridge says {word:?}");
    }
    let groups = fleet.groups(&Query::default(), Grouping::Parent);
    let groups: Vec<_> = groups.iter().map(|group| (&*group.name, group.rows.len())).collect();
    assert_eq!(groups, [("zigbee2mqtt", 1), ("", 1)]);

    // Of one that is offline with its root it says since when, and how well that is known.
    let description = ("homie/5/leaf/$description", r#"{"root":"root"}"#);
    let root = "homie/5/root/$state";
    let mut fleet = self::fleet(&[description, ("homie/5/leaf/$state", "ready")]);
    let handle = fleet.find("homie5", "leaf").expect("it is there");
    fleet.apply(root, b"lost", false, Time(2));
    fleet.link_down(Time(3));
    fleet.link_up(Time(4));
    fleet.apply("homie/5/leaf/$state", b"ready", true, Time(5));
    let leaf = fleet.device(handle).unwrap();
    assert_eq!((leaf.since, leaf.evidence), (Some(Time(2)), Evidence::Stale));
    assert_eq!(leaf.stale, Some(StaleReason::ParentOffline));
    let epoch = fleet.epoch();
    fleet.apply(root, b"lost", true, Time(6));
    let leaf = fleet.device(handle).unwrap();
    assert_eq!((leaf.since, leaf.evidence), (None, Evidence::Retained));
    assert!(fleet.changed_since(epoch).has(handle));
}

#[test]
fn what_changed_is_found_among_many() {
    let mut fleet = fleet(&[]);
    for number in 0..5_000 {
        fleet.apply(&format!("{number}/LWT"), b"online", true, Time(1));
    }
    let epoch = fleet.epoch();
    for number in [4_999, 0, 2_000] {
        fleet.apply(&format!("{number}/LWT"), b"offline", false, Time(2));
    }
    let changed = fleet.changed_since(epoch);
    let ids: Vec<&str> = changed.handles().filter_map(|handle| Some(fleet.device(handle)?.id)).collect();
    assert_eq!(ids, ["0", "2000", "4999"]);
}

#[test]
fn the_recent_changes_of_all_devices() {
    let mut fleet = fleet(&[("a/LWT", "online"), ("b/LWT", "online")]);
    let recent = |fleet: &Fleet| -> Vec<String> {
        let entry = |(handle, change): (Handle, fleet::Change)| {
            let id = fleet.device(handle).expect("a removed device is not listed").id;
            format!("{id} {}@{}{}", change.to.word(), change.at.0, if change.flap { "!" } else { "" })
        };
        fleet.recent_changes().map(entry).collect()
    };
    assert!(recent(&fleet).is_empty(), "first sights are no changes");
    for (topic, word, at) in
        [("a/LWT", "offline", 5), ("b/LWT", "offline", 6), ("b/LWT", "offline", 7), ("a/LWT", "online", 8)]
    {
        fleet.apply(topic, word.as_bytes(), false, Time(at));
    }
    assert_eq!(recent(&fleet), ["a online@8!", "b offline@6", "a offline@5!"]);
    fleet.apply("a/LWT", b"", false, Time(9));
    fleet.apply("a/LWT", b"online", false, Time(9));
    assert_eq!(recent(&fleet), ["b offline@6"]);
    for at in 10_000..10_300 {
        let word = if at % 2 == 0 { "online" } else { "offline" };
        fleet.apply("b/LWT", word.as_bytes(), false, Time(at * 2_000));
    }
    let recent = recent(&fleet);
    assert_eq!((recent.len(), &*recent[0]), (MAX_RECENT, "b offline@20598000"));
}

#[test]
fn the_order_epoch_changes_with_membership_status_and_name_only() {
    let mut fleet = fleet(&[]);
    let mut apply = |topic: &str, word: &str, retain: bool| {
        let before = fleet.order_epoch();
        fleet.apply(topic, word.as_bytes(), retain, Time(5));
        fleet.order_epoch() != before
    };
    assert!(apply("a/status", "online", true), "a new device");
    assert!(!apply("a/status", "online", true), "nothing new");
    assert!(!apply("a/status", "online", false), "better evidence");
    assert!(!apply("a/status", "{}", false), "an unknown word");
    assert!(apply("a/status", "offline", false), "another status");
    assert!(apply("a/status", "", false), "a removal");
    let will = |name: &str| format!(r#"{{"productKey":"A","deviceName":"{name}","message":"online"}}"#);
    assert!(apply("mqtt-will", &will("one"), true));
    assert!(!apply("mqtt-will", &will("one"), true));
    assert!(apply("mqtt-will", &will("two"), false), "another name");
    assert!(apply("homie/5/car/$state", "ready", true));
    assert!(apply("homie/5/car/$description", r#"{"name":"Car"}"#, true));
    assert!(!apply("homie/5/car/$description", r#"{"name":"Car"}"#, true), "it hangs on nothing as before");
    let before = fleet.order_epoch();
    fleet.link_down(Time(6));
    fleet.link_up(Time(7));
    assert_eq!(fleet.order_epoch(), before);
}

#[test]
fn the_epoch_of_the_rows_follows_the_question() {
    let mut fleet =
        fleet(&[("homie/5/a/$state", "ready"), ("homie/5/b/$state", "lost"), ("c/LWT", "online")]);
    let live = Query { evidence: Some(Evidence::Live), ..Query::default() };
    // The boundary: a message → whether the rows may be others, of everything and of what is live.
    let mut check = |topic: &str, payload: &str, expected: [bool; 2]| {
        let queries = [Query::default(), live.clone()];
        let before = queries.each_ref().map(|query| fleet.rows_epoch(query));
        fleet.apply(topic, payload.as_bytes(), false, Time(5));
        let after = queries.each_ref().map(|query| fleet.rows_epoch(query));
        assert_eq!([before[0] != after[0], before[1] != after[1]], expected, "{topic} {payload}");
    };
    check("c/LWT", "online", [false, true]);
    check("c/LWT", "online", [false, false]);
    check("c/LWT", "offline", [true, true]);
    check("homie/5/a/$description", r#"{"name":"a","root":"b"}"#, [true, true]);
    check("homie/5/a/$description", r#"{"name":"a","root":"b"}"#, [false, false]);
    // Its root is offline and it with it, so that nothing shows; but it changed of late.
    check("homie/5/a/$state", "sleeping", [true, true]);
}
