//! Every convention's example messages, the contract's words and bounds, and what shared topics mean.

use fleet::fleet::{Bounds, Effect};
use fleet::presence::CONVENTIONS;
use fleet::{Evidence, Fleet, Query, Status, Time};

fn fleet() -> Fleet {
    let mut fleet = Fleet::new(Bounds::default(), false, 7);
    fleet.link_up(Time(0));
    fleet
}

#[test]
fn every_vector_of_every_convention() {
    for convention in CONVENTIONS {
        assert!(!convention.vectors.is_empty(), "{} shows no example", convention.slug);
        for vector in convention.vectors {
            let mut fleet = fleet();
            let applied = fleet.apply(vector.topic, vector.payload.as_bytes(), true, Time(1));
            let device = applied.device.and_then(|handle| fleet.device(handle));
            let found = device.map(|device| (device.id, device.status));
            assert_eq!(found, vector.means, "{} {:?}", vector.topic, vector.payload);
            if let Some(device) = device {
                assert_eq!(device.convention.slug, convention.slug, "{}", vector.topic);
                assert_eq!(fleet.find(convention.slug, device.id), applied.device);
            }
        }
    }
}

#[test]
fn what_belongs_to_conventions_not_known_yet_is_nobodys_device() {
    for (topic, payload) in [
        ("hm/connected", "2"),
        ("ups/online", "ON"),
        ("shellies/announce", r#"{"id":"shelly1-328900"}"#),
        ("zigbee2mqtt/bridge/state", "offline"),
        ("zigbee2mqtt/lamp", r#"{"state":"OFF"}"#),
        ("frigate/front/status/detect", "online"),
        ("zwave/_CLIENTS/ZWAVE_GATEWAY-office/status", r#"{"value":false}"#),
        ("zwave/nodeID_7/status", "false"),
        ("ring/location/alarm/device/status", "online"),
        ("evcc/status", "offline"),
        ("homeassistant/status", "online"),
        ("hasp/plate/LWT", "online"),
        ("espresense/rooms/kitchen/status", "online"),
        ("teslamate/cars/1/state", "online"),
        ("$SYS/broker/connection/client/dev1/state", "0"),
    ] {
        assert_eq!(
            fleet().apply(topic, payload.as_bytes(), true, Time(1)).effect,
            Effect::Unowned,
            "{topic}"
        );
    }
}

#[test]
fn slugs_are_unique() {
    for (position, convention) in CONVENTIONS.iter().enumerate() {
        assert!(CONVENTIONS[..position].iter().all(|other| other.slug != convention.slug));
    }
}

/// The boundary: payload → status, on an ESPHome topic.
#[track_caller]
fn check_word(payload: &[u8], expected: Option<Status>) {
    let mut fleet = fleet();
    let applied = fleet.apply("livingroom/status", payload, true, Time(1));
    let status = applied.device.and_then(|handle| fleet.device(handle)).map(|device| device.status);
    assert_eq!(status, expected, "{:?}", String::from_utf8_lossy(payload));
}

#[test]
fn words_are_trimmed_and_compared_without_case() {
    let online = Some(Status::Online);
    for payload in [&b"online"[..], b"ONLINE", b" online\n", b"online\0", b"\tOnLine \r\n\0", b"online\0\n"] {
        check_word(payload, online);
    }
    for payload in
        [&b"online\0\0"[..], b"on line", b"onlin", b"online!", b"\xff\xfe", b"\0", b" ", "ònline".as_bytes()]
    {
        check_word(payload, None);
    }
    check_word(&[b"online".as_slice(), &[b' '; 26]].concat(), online);
    check_word(&[b"online".as_slice(), &[b' '; 27]].concat(), None);
}

#[test]
fn a_shared_topic_holds_many_devices() {
    let will = |key: &str, name: &str, word: &str| {
        format!(
            r#"{{"productKey":"{key}","deviceName":"{name}","bootTime":12,"types":"will","message":"{word}"}}"#
        )
    };
    let mut fleet = fleet();
    for (key, name, word) in
        [("AA", "kitchen", "online"), ("BB", "attic", "offline"), ("AA", "hall", "offline")]
    {
        fleet.apply("mqtt-will", will(key, name, word).as_bytes(), false, Time(1));
    }
    let aa = fleet.device(fleet.find("taichi-maker", "AA").unwrap()).unwrap();
    assert_eq!((aa.display_name(), aa.topic, aa.status), ("hall", "mqtt-will", Status::Offline));
    assert_eq!(fleet.counts().total, 2);
    // The retained copy was AA's: only AA goes.
    assert_eq!(fleet.apply("mqtt-will", b"", false, Time(2)).effect, Effect::Removed);
    assert!(fleet.find("taichi-maker", "AA").is_none() && fleet.find("taichi-maker", "BB").is_some());
    assert_eq!(fleet.apply("mqtt-will", b"", false, Time(3)).effect, Effect::Same);

    for nonsense in [
        "{",
        "null",
        "[]",
        "{}",
        r#"{"productKey":"","message":"online"}"#,
        r#"{"productKey":"X"}"#,
        r#"{"productKey":7,"message":"online"}"#,
        r#"{"productKey":"X","message":"up"}"#,
        r#"{"productKey":"X","types":"data","message":"online"}"#,
        r#"{"productKey":"X","productKey":"Y","message":"online"}"#,
        &will(&"X".repeat(257), "", "online"),
        &"[".repeat(70_000),
        &"[".repeat(60_000),
    ] {
        assert_eq!(fleet.apply("mqtt-will", nonsense.as_bytes(), true, Time(4)).effect, Effect::UnknownWord);
    }
    // Above 64 KiB a document is not even parsed.
    let padded = |length: usize| {
        let mut document = will("CC", "big", "online");
        document.extend(std::iter::repeat_n(' ', length - document.len()));
        document
    };
    assert_eq!(
        fleet.apply("mqtt-will", padded(65_537).as_bytes(), true, Time(5)).effect,
        Effect::UnknownWord
    );
    assert_eq!(fleet.apply("mqtt-will", padded(65_536).as_bytes(), true, Time(5)).effect, Effect::FirstSight);
    // A name with escapes, and one that is too long, which leaves the id.
    fleet.apply("mqtt-will", will("D\\u00c4", "a\\\"b", "online").as_bytes(), true, Time(6));
    let escaped = fleet.device(fleet.find("taichi-maker", "DÄ").unwrap()).unwrap();
    assert_eq!(escaped.name, Some("a\"b"));
    fleet.apply("mqtt-will", will("EE", &"n".repeat(300), "online").as_bytes(), true, Time(7));
    assert_eq!(fleet.device(fleet.find("taichi-maker", "EE").unwrap()).unwrap().display_name(), "EE");
}

#[test]
fn two_topics_of_one_device_are_one_tile() {
    let mut fleet = fleet();
    fleet.apply("plug-will", b"offline", true, Time(1));
    fleet.apply("plug-Will", b"CLIENT-ONLINE", true, Time(2));
    assert_eq!(fleet.counts().total, 1);
    let handle = fleet.find("taichi-maker", "plug").unwrap();
    assert_eq!(fleet.device(handle).unwrap().status, Status::Online);
    // Replayed once more, each topic brings what it brought: no news, no flicker.
    for time in 3..9 {
        let (topic, word) =
            if time % 2 == 1 { ("plug-will", "offline") } else { ("plug-Will", "CLIENT-ONLINE") };
        assert_eq!(fleet.apply(topic, word.as_bytes(), true, Time(time)).effect, Effect::Same);
    }
    let device = fleet.device(handle).unwrap();
    assert_eq!((device.status, device.changes, device.topic), (Status::Online, 1, "plug-will"));
    // One topic is cleared: the device goes on under the other, and is gone with that.
    fleet.apply("plug-will", b"", false, Time(10));
    let device = fleet.device(handle).unwrap();
    assert_eq!((device.status, device.topic, device.id), (Status::Online, "plug-Will", "plug"));
    assert_eq!(fleet.find("taichi-maker", "plug"), Some(handle));
    fleet.apply("plug-Will", b"", false, Time(11));
    assert_eq!(fleet.counts().total, 0);
    assert!(fleet.device(handle).is_none());
}

#[test]
fn bounds_keep_out_what_comes_later_and_count_it() {
    let bounds = Bounds { devices: 3, topic: 32, strays: 2, changes: 4, ..Bounds::default() };
    let mut fleet = Fleet::new(bounds, false, 0);
    fleet.link_up(Time(0));
    for name in ["a", "b", "c", "d", "e"] {
        fleet.apply(&format!("{name}/status"), b"online", true, Time(1));
        fleet.apply(&format!("{name}/status"), b"{}", true, Time(1));
    }
    assert_eq!((fleet.counts().total, fleet.refused().devices), (3, 2));
    assert!(["a", "b", "c"].iter().all(|name| fleet.find("esphome", name).is_some()));
    assert_eq!(
        (fleet.strays().messages(), fleet.strays().unlisted(), fleet.strays().topics().count()),
        (5, 3, 2)
    );
    let long = format!("{}/status", "x".repeat(26));
    assert_eq!(fleet.apply(&long, b"online", true, Time(1)).effect, Effect::Refused);
    assert_eq!(fleet.refused().topics, 1);
    // A place that becomes free is given away again.
    fleet.apply("a/status", b"", false, Time(2));
    assert_eq!(fleet.apply("d/status", b"online", true, Time(2)).effect, Effect::FirstSight);
    // Histories: the bound is for all together; the statuses go on.
    for time in 0..10u64 {
        for name in ["b", "c", "d"] {
            let word: &[u8] = if time % 2 == 0 { b"offline" } else { b"online" };
            fleet.apply(&format!("{name}/status"), word, false, Time(10_000 * time + 10_000));
        }
    }
    let kept = |id: &str| fleet.device(fleet.find("esphome", id).unwrap()).unwrap();
    assert_eq!((kept("b").changes, kept("c").changes, kept("d").changes), (10, 10, 10));
    assert_eq!(kept("b").history().count() + kept("c").history().count(), 4);
    assert!(fleet.refused().changes > 0);
}

#[test]
fn a_history_keeps_its_last_64_entries() {
    let mut fleet = fleet();
    for time in 0..100u64 {
        let word: &[u8] = if time % 2 == 0 { b"offline" } else { b"online" };
        fleet.apply("x/status", word, false, Time(10_000 * time));
    }
    let device = fleet.device(fleet.find("esphome", "x").unwrap()).unwrap();
    let times: Vec<u64> = device.history().map(|change| change.at.0 / 10_000).collect();
    assert_eq!(times, (36..100).collect::<Vec<u64>>());
    assert_eq!(device.changes, 99);
}

#[test]
fn a_handle_is_never_another_devices() {
    let mut fleet = fleet();
    fleet.apply("a/status", b"online", true, Time(1));
    let old = fleet.find("esphome", "a").unwrap();
    fleet.apply("a/status", b"", true, Time(2));
    assert!(fleet.device(old).is_none());
    // Enough removals for the slot to be used again.
    for number in 0..5_000 {
        let topic = format!("n{number}/status");
        fleet.apply(&topic, b"online", true, Time(3));
        fleet.apply(&topic, b"", true, Time(3));
    }
    fleet.apply("a/status", b"online", true, Time(4));
    assert!(fleet.device(old).is_none());
    assert_eq!(fleet.rows(&Query::default()).well.len(), 1);
    assert_eq!(fleet.device(fleet.rows(&Query::default()).well[0]).unwrap().evidence, Evidence::Retained);
}
