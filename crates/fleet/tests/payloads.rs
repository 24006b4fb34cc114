//! The payload that set a device's status: which one it is, whether it was replayed, and what is kept of it.

use fleet::fleet::{Bounds, MAX_PAYLOAD, MAX_PAYLOAD_BYTES, MAX_PAYLOADS};
use fleet::{Device, Fleet, Payload, Time};

fn fleet() -> Fleet {
    let mut fleet = Fleet::new(Bounds::default(), false, 3);
    fleet.link_up(Time(0));
    fleet
}

fn device<'a>(fleet: &'a Fleet, slug: &str, id: &str) -> Device<'a> {
    fleet.find(slug, id).and_then(|handle| fleet.device(handle)).expect("the device is there")
}

/// The boundary: messages in (`r1` replayed, `r0` live), and what set the status of the first topic's device.
#[track_caller]
fn check(messages: &[(&str, &str, &str)], expected: Option<(&str, bool)>) {
    let mut fleet = fleet();
    let mut handle = None;
    for (flag, topic, payload) in messages {
        let applied = fleet.apply(topic, payload.as_bytes(), *flag == "r1", Time(1));
        handle = handle.or(applied.device);
    }
    let device = handle.and_then(|handle| fleet.device(handle)).expect("the device is there");
    let expected = expected.map(|(text, retained)| Payload {
        bytes: Some(text.as_bytes()),
        length: text.len(),
        retained,
    });
    assert_eq!(device.payload(), expected, "after {messages:?}");
}

#[test]
fn it_is_that_of_the_last_message_that_set_the_status() {
    check(&[("r1", "x/status", " Online\n")], Some((" Online\n", true)));
    check(&[("r1", "x/status", "online"), ("r0", "x/status", "offline")], Some(("offline", false)));
    // The status is the same, by a word written otherwise.
    check(&[("r1", "x/status", "online"), ("r0", "x/status", "ONLINE")], Some(("ONLINE", false)));
    // A replay that is no news, and unrecognized words, set nothing.
    check(&[("r0", "x/status", "online"), ("r1", "x/status", "ONLINE")], Some(("online", false)));
    check(&[("r0", "x/status", "online"), ("r0", "x/status", "perhaps")], Some(("online", false)));
}

#[test]
fn another_spelling_of_the_same_word_is_a_change_to_look_at() {
    let mut fleet = fleet();
    let handle = fleet.apply("x/status", b"online", false, Time(1)).device.expect("a device");
    let epoch = fleet.epoch();
    fleet.apply("x/status", b"online", false, Time(2));
    assert!(!fleet.changed_since(epoch).has(handle));
    fleet.apply("x/status", b"Online", false, Time(3));
    assert!(fleet.changed_since(epoch).has(handle));
}

const PLUG: &str = r#"{"dn":"Plug","mac":"DC4F2249A3BC","ofln":"Offline","onln":"Online","t":"plug","ft":"%topic%/%prefix%/","tp":["cmnd","stat","tele"]}"#;
const DISCOVERY: &str = "tasmota/discovery/DC4F2249A3BC/config";

#[test]
fn a_device_that_never_spoke_has_none() {
    let mut fleet = fleet();
    fleet.apply(DISCOVERY, PLUG.as_bytes(), true, Time(1));
    assert_eq!(device(&fleet, "tasmota", "plug").payload(), None);
    fleet.apply("plug/tele/LWT", b"Online", true, Time(2));
    assert!(device(&fleet, "tasmota", "plug").payload().is_some_and(|payload| payload.retained));
}

#[test]
fn of_two_devices_that_are_one_it_is_what_was_said_last() {
    // The same tile by two topics, until discovery tells that they are one device.
    let other = PLUG.replace("%topic%/%prefix%/", "house/%topic%/");
    let mut fleet = fleet();
    fleet.apply("plug/tele/LWT", b"Online", false, Time(1));
    fleet.apply("house/plug/LWT", b"OFFLINE", false, Time(2));
    assert_eq!(fleet.counts().total, 2);
    fleet.apply(DISCOVERY, other.as_bytes(), false, Time(3));
    assert_eq!(fleet.counts().total, 1);
    let payload = device(&fleet, "tasmota", "plug").payload();
    assert_eq!(payload, Some(Payload { bytes: Some(b"OFFLINE"), length: 7, retained: false }));
}

#[test]
fn one_that_goes_on_under_another_topic_has_none() {
    let mut fleet = fleet();
    fleet.apply("tele/a/LWT", b"Online", false, Time(1));
    fleet.apply("a/tele/LWT", b"Offline", false, Time(2));
    fleet.apply("tele/a/LWT", b"", false, Time(3));
    assert_eq!(device(&fleet, "tasmota", "a").payload(), None);
}

/// A status in JSON of this many bytes.
fn json(length: usize, mark: usize) -> Vec<u8> {
    let head = format!(r#"{{"state":"online","mark":"{mark}"}}"#);
    let padding = length.saturating_sub(head.len());
    format!("{}{head}", " ".repeat(padding)).into_bytes()
}

#[test]
fn what_is_beyond_a_bound_is_not_kept_but_measured() {
    let mut fleet = fleet();
    for (length, is_kept) in [(MAX_PAYLOAD, true), (MAX_PAYLOAD + 1, false), (65_536, false)] {
        let payload = json(length, 0);
        fleet.apply("zigbee2mqtt/lamp/availability", &payload, false, Time(1));
        let found = device(&fleet, "zigbee2mqtt", "lamp").payload();
        let bytes = is_kept.then_some(&*payload);
        assert_eq!(found, Some(Payload { bytes, length, retained: false }));
    }
}

/// Devices that each say something else: how many of their payloads are kept, and with how many bytes.
fn kept(fleet: &mut Fleet, devices: usize, length: usize, mark: usize) -> (usize, usize) {
    for number in 0..devices {
        let topic = format!("zigbee2mqtt/{number}/availability");
        fleet.apply(&topic, &json(length, mark + number), false, Time(1));
    }
    let lengths = fleet.handles().filter_map(|handle| {
        let payload = fleet.device(handle)?.payload().expect("each of them spoke");
        assert!(payload.bytes.is_none_or(|bytes| bytes.len() == payload.length));
        assert_eq!(payload.length, length);
        payload.bytes.map(<[u8]>::len)
    });
    let lengths: Vec<usize> = lengths.collect();
    (lengths.len(), lengths.iter().sum())
}

#[test]
fn the_number_of_payloads_is_bounded_and_unused_ones_make_room() {
    let mut fleet = fleet();
    let (number, _) = kept(&mut fleet, 100, 50, 0);
    assert_eq!(number, 100);
    for round in 1..20 {
        let (number, _) = kept(&mut fleet, 5_000, 50, 10_000 * round);
        assert!((MAX_PAYLOADS * 9 / 10..=MAX_PAYLOADS).contains(&number), "{number} in round {round}");
    }
    // All say the same again: one payload, and each device has it, the first ones since there is room.
    for number in (0..5_000).chain(0..5_000) {
        fleet.apply(&format!("zigbee2mqtt/{number}/availability"), b"offline", false, Time(2));
    }
    assert!(fleet.handles().all(|handle| {
        let payload = fleet.device(handle).and_then(|device| device.payload());
        payload.is_some_and(|payload| payload.bytes == Some(b"offline"))
    }));
}

#[test]
fn their_bytes_are_bounded_and_removed_devices_give_theirs_back() {
    let mut fleet = fleet();
    for round in 0..20 {
        let (_, bytes) = kept(&mut fleet, 600, 1_000, 10_000 * round);
        assert!(
            (MAX_PAYLOAD_BYTES * 9 / 10..=MAX_PAYLOAD_BYTES).contains(&bytes),
            "{bytes} in round {round}"
        );
        if round % 2 == 1 {
            for number in 0..600 {
                fleet.apply(&format!("zigbee2mqtt/{number}/availability"), b"", false, Time(2));
            }
        }
    }
}
