//! Metadata and statuses in any order, and devices that move, are replaced, come and go: messages in, tiles out.
//!
//! What one convention does is told by its examples (`tests/vectors.rs`). Here is what they do together.

use fleet::conventions::MAX_BASES;
use fleet::fleet::{Bounds, Effect, MAX_WANTED_FILTERS};
use fleet::{Fleet, Time};

const D1: &str = "tasmota/discovery/DC4F2249A3B1/config";
const D2: &str = "tasmota/discovery/DC4F2249A3B2/config";
const TELE: &str = "%prefix%/%topic%/";
const LAMP: &str = "tele/lamp/LWT";
const STATE: &str = "zigbee2mqtt/lamp/availability";
const LIST: &str = "zigbee2mqtt/bridge/devices";

/// A discovery message: `t`, `ft`, the name and whether it sleeps.
fn discovery(source: &str, topic: &str, full_topic: &str, name: &str, sleeps: u8) -> String {
    let mac = source.split('/').nth(2).expect("a discovery topic names the MAC");
    format!(
        r#"{{"t":"{topic}","ft":"{full_topic}","tp":["cmnd","stat","tele"],"mac":"{mac}","dn":"{name}","dslp":{sleeps},
            "onln":"Online","ofln":"Offline"}}"#
    )
}

fn fleet(bounds: Bounds) -> Fleet {
    let mut fleet = Fleet::new(bounds, false, 0);
    fleet.link_up(Time(0));
    fleet
}

/// Plays messages: `r` for a replay or `l` for a live one, the topic, the payload; `-` and `+` are the link's.
fn play(fleet: &mut Fleet, messages: &[(&str, &str, &str)]) {
    for (position, (how, topic, payload)) in messages.iter().enumerate() {
        let now = Time(position as u64 + 1);
        match *how {
            "-" => fleet.link_down(now),
            "+" => fleet.link_up(now),
            how => {
                fleet.apply(topic, payload.as_bytes(), how == "r", now);
            }
        }
    }
}

/// All tiles: id, name if there is one, status, evidence.
fn tiles(fleet: &Fleet) -> String {
    let mut tiles: Vec<String> = fleet
        .handles()
        .map(|handle| {
            let device = fleet.device(handle).expect("it lives");
            let name = device.name.map_or_else(String::new, |name| format!(" \"{name}\""));
            format!("{}{name} {} {}", device.id, device.status.word(), device.evidence.word())
        })
        .collect();
    tiles.sort();
    tiles.join(", ")
}

/// The boundary: messages → tiles.
#[track_caller]
fn check(messages: &[(&str, &str, &str)], expected: &str) {
    let mut fleet = fleet(Bounds::default());
    play(&mut fleet, messages);
    assert_eq!(tiles(&fleet), expected);
}

#[test]
fn one_topic_is_one_device_whichever_metadata_names_it() {
    let [old, new] = [D1, D2].map(|source| discovery(source, "lamp", TELE, source, 0));
    let name = |source: &str, rest: &str| format!("lamp \"{source}\" {rest}");
    check(&[("r", D1, &old), ("r", D2, &new)], &name(D2, "unknown retained"));
    check(&[("r", D1, &old), ("r", D2, &new), ("r", LAMP, "Online")], &name(D2, "online retained"));
    check(&[("r", LAMP, "Online"), ("r", D2, &new), ("r", D1, &old)], &name(D1, "online retained"));
    check(&[("r", D1, &old), ("r", LAMP, "Online"), ("r", D2, &new)], &name(D2, "online retained"));
    // The old one's is emptied: the device is the new one's. Both are: only its own word is known of it.
    let both = [("r", D1, &*old), ("r", D2, &*new), ("l", D1, "")];
    check(&both, &name(D2, "unknown retained"));
    check(&[&both[..], &[("l", D2, "")]].concat(), "");
    check(&[&both[..], &[("l", LAMP, "Online"), ("l", D2, "")]].concat(), "lamp online live");
    // An id that only looks the same is another device's.
    let other = discovery(D2, "lamp", "house/%topic%/%prefix%/", "", 0);
    check(
        &[("r", D1, &old), ("r", D2, &other)],
        &format!("{}, lamp@DC4F2249A3B2 unknown retained", name(D1, "unknown retained")),
    );
}

#[test]
fn a_topic_that_was_left_behind_says_nothing() {
    let lamp = discovery(D1, "lamp", TELE, "", 0);
    let (named, left) = (("r", LAMP, "Online"), ("r", "lamp/tele/LWT", "Offline"));
    check(&[("r", D1, &lamp), named, left], "lamp online retained");
    check(&[("r", D1, &lamp), left, named], "lamp online retained");
    check(&[left, ("r", D1, &lamp), named, left], "lamp online retained");
    check(&[("r", D1, &lamp), left], "lamp unknown retained");
    // It is cleaned up.
    let emptied = ("l", "lamp/tele/LWT", "");
    check(&[("r", D1, &lamp), emptied], "lamp unknown retained");
    check(&[left, ("r", D1, &lamp), named, emptied], "lamp online retained");
    // The device is: it does not go on under the topic that it left.
    for first in [left, named] {
        check(&[first, named, left, ("r", D1, &lamp), ("l", LAMP, "")], "");
    }
}

#[test]
fn a_device_that_never_spoke_gets_another_id_or_another_topic() {
    let own = "%prefix%/%id%/";
    let [a, b] = ["a", "b"].map(|topic| discovery(D1, topic, own, "", 0));
    check(&[("r", D1, &a), ("l", D1, &b)], "b unknown live");
    check(&[("r", D1, &a), ("l", D1, &b), ("l", "tele/49A3B1/LWT", "Online")], "b online live");
    // Two discoveries and one word: who spoke keeps its word when it turns out to be the one that is listed.
    let [tele, house] = [TELE, "%prefix%/house/%topic%/"].map(|ft| discovery(D1, "lamp", ft, "", 0));
    check(
        &[("r", D1, &tele), ("r", "tele/house/lamp/LWT", "Online"), ("l", D1, &house)],
        "lamp online retained",
    );
}

#[test]
fn metadata_outlives_the_status() {
    let disabled = r#"[{"friendly_name":"lamp","disabled":true}]"#;
    let list = ("r", LIST, disabled);
    let (online, empty, again) = (("r", STATE, "online"), ("l", STATE, ""), ("l", STATE, "online"));
    check(&[list, online, empty], "");
    check(&[list, online, empty, again], "lamp unknown live");
    check(&[list, online, empty, ("l", LIST, disabled)], "lamp unknown live");
    check(&[list, online, empty, ("l", LIST, "[]"), again], "lamp online live");
    check(&[list, online, empty, ("l", LIST, ""), again], "lamp online live");
    check(&[list, online, empty, list], "lamp unknown retained");
    check(&[list, list, online, list, list], "lamp unknown retained");
    check(&[list, list, ("l", LIST, disabled)], "lamp unknown live");
    check(&[list, list, ("-", "", ""), ("+", "", ""), list], "lamp unknown retained");
    check(&[empty, list], "lamp unknown retained");
    check(&[list, empty], "");

    let asleep = discovery(D1, "lamp", TELE, "Lamp", 1);
    let gone = [("r", D1, &*asleep), ("r", LAMP, "Offline"), ("l", LAMP, "")];
    check(&gone, "");
    let back = [("l", LAMP, "Online"), ("l", LAMP, "Offline")];
    check(&[&gone[..], &back].concat(), "lamp \"Lamp\" sleeping live");
    check(&[&gone[..], &[("l", D1, "")], &back].concat(), "lamp offline live");

    let [state, name] = ["homie/car/$state", "homie/car/$name"];
    let gone = [("r", name, "Car"), ("r", state, "lost"), ("l", state, "")];
    check(&[&gone[..], &[("l", state, "ready")]].concat(), "car \"Car\" online live");
    check(&[&gone[..], &[("l", name, ""), ("l", state, "ready")]].concat(), "car online live");
}

#[test]
fn what_is_listed_is_heard_of_again_with_the_list() {
    let list = r#"[{"friendly_name":"lamp"}]"#;
    let mut fleet = fleet(Bounds::default());
    play(&mut fleet, &[("r", LIST, list)]);
    fleet.cover(|_| false, Time(2));
    assert_eq!(tiles(&fleet), "lamp unknown stale");
    fleet.cover(|_| true, Time(3));
    fleet.apply(LIST, list.as_bytes(), true, Time(4));
    assert_eq!(tiles(&fleet), "lamp unknown retained");
    let lamp = fleet.device(fleet.find("zigbee2mqtt", "lamp").unwrap()).unwrap();
    let gaps: Vec<_> = lamp.gaps().iter().map(|gap| (gap.from, gap.to)).collect();
    assert_eq!(gaps, [(Time(2), Some(Time(4)))]);
}

#[test]
fn metadata_is_bounded_and_what_is_left_out_is_counted() {
    let mut fleet = fleet(Bounds { metadata: 1, devices: 1, ..Bounds::default() });
    let own = |source| discovery(source, "lamp", TELE, "", 0);
    // The second names the topic too, and there is no room to remember that.
    play(&mut fleet, &[("r", D1, &own(D1)), ("r", D2, &own(D2))]);
    assert_eq!((tiles(&fleet), fleet.refused().metadata), ("lamp unknown retained".into(), 1));
    // What waits for a device goes on waiting when there is no room for the device.
    play(&mut fleet, &[("r", "homie/car/$name", "Car"), ("r", "homie/car/$state", "ready")]);
    assert_eq!(fleet.refused().devices, 1);
    play(&mut fleet, &[("l", D1, ""), ("r", "homie/car/$state", "ready")]);
    assert_eq!(tiles(&fleet), "car \"Car\" online retained");
}

#[test]
fn a_base_topic_that_is_not_used_any_more_makes_room_for_another() {
    let mut fleet = fleet(Bounds::default());
    let state = |base: usize, rest: &str| (format!("b{base}/bridge/state"), format!("b{base}/{rest}"));
    for base in 0..=MAX_BASES {
        let (bridge, lamp) = state(base, "lamp/availability");
        play(&mut fleet, &[("r", &bridge, "online"), ("r", &lamp, "online")]);
    }
    let last = state(MAX_BASES, "lamp/availability");
    let is_there = |fleet: &Fleet, base: usize| fleet.find("zigbee2mqtt", &format!("b{base}:lamp")).is_some();
    assert!(is_there(&fleet, 0) && !is_there(&fleet, MAX_BASES));
    let refused = fleet.refused().metadata;
    assert!(refused > 0);
    // Its bridge goes, and then its device, whose last word has to be understood until then.
    let (bridge, lamp) = state(0, "lamp/availability");
    play(
        &mut fleet,
        &[("l", &bridge, ""), ("l", &last.0, ""), ("l", &last.0, "online"), ("l", &last.1, "online")],
    );
    assert!(is_there(&fleet, 0) && !is_there(&fleet, MAX_BASES));
    play(
        &mut fleet,
        &[("l", &lamp, ""), ("l", &last.0, ""), ("l", &last.0, "online"), ("l", &last.1, "online")],
    );
    assert!(!is_there(&fleet, 0) && is_there(&fleet, MAX_BASES));

    let mut asked = 0;
    while fleet.poll_wanted_filter().is_some() {
        asked += 1;
    }
    assert!(asked <= MAX_WANTED_FILTERS);
}

#[test]
fn each_link_replays_metadata_for_the_first_time() {
    let mut fleet = fleet(Bounds { metadata: 1, ..Bounds::default() });
    let mut replay = |topic: &str, is_new_link: bool| {
        if is_new_link {
            fleet.link_down(Time(1));
            fleet.link_up(Time(2));
        }
        fleet.apply(topic, br#"{"name":"Car"}"#, true, Time(3)).replayed_before
    };
    let topic = "homie/5/car/$description";
    assert_eq!([false, false, true, true].map(|is_new| replay(topic, is_new)), [false, true, false, false]);
    assert!(replay(topic, false));
}

#[test]
fn two_tiles_that_turn_out_to_be_one() {
    let house = discovery(D1, "lamp", "%prefix%/house/%topic%/", "", 0);
    let (old, new, named) = ("lamp/tele/LWT", "tele/house/lamp/LWT", ("r", D1, &*house));
    check(&[("r", old, "Offline"), ("l", new, "Online"), named], "lamp online live");
    // What was heard on an earlier link is no news on this one.
    let stale = [("l", new, "Online"), ("-", "", ""), ("+", "", ""), ("r", old, "Offline"), named];
    check(&stale, "lamp offline retained");
    let mut fleet = fleet(Bounds::default());
    play(&mut fleet, &[("r", old, "Offline"), ("l", new, "Online"), ("r", "x/LWT", "online"), named]);
    let lamp = fleet.device(fleet.find("tasmota", "lamp").unwrap()).unwrap();
    assert_eq!(lamp.since, Some(Time(2)), "it was not switched on by its discovery");
}

#[test]
fn a_device_without_room_for_another_key_keeps_the_one_it_has() {
    let mut fleet = fleet(Bounds { texts: 1 << 16, ..Bounds::default() });
    let topic = "tele/house/lamp/LWT";
    play(&mut fleet, &[("r", topic, "Online")]);
    // Others take all the room but a few bytes.
    for length in [900, 90, 9] {
        let mut number = 0;
        let mut fill = || {
            number += 1;
            fleet.apply(&format!("{number:0length$}-will"), b"online", true, Time(2)).effect
        };
        while fill() != Effect::Refused {}
    }
    let house = discovery(D1, "lamp", "%prefix%/house/%topic%/", "", 0);
    play(&mut fleet, &[("r", D1, &house), ("l", topic, "Offline")]);
    let lamp = fleet.device(fleet.find("tasmota", "house/lamp").expect("it is there")).unwrap();
    assert_eq!((lamp.status.word(), fleet.refused().metadata), ("offline", 1));
}

#[test]
fn what_is_known_besides_its_word_can_be_read() {
    let mut fleet = fleet(Bounds::default());
    let list = r#"[{"friendly_name":"lamp","type":"Router"},{"friendly_name":"new","type":"Router"}]"#;
    let sleeper = discovery(D1, "pump", TELE, "Pump", 1);
    play(
        &mut fleet,
        &[
            ("r", "zigbee2mqtt/bridge/state", "online"),
            ("r", STATE, "online"),
            ("r", "zigbee2mqtt/door/availability", "online"),
            ("r", LIST, list),
            ("r", D1, &sleeper),
            ("r", "tele/pump/LWT", "Offline"),
        ],
    );
    let device =
        |slug, id| fleet.find(slug, id).and_then(|handle| fleet.device(handle)).expect("it is there");
    let listed = |id| device("zigbee2mqtt", id).is_listed();
    assert_eq!((listed("lamp"), listed("new"), listed("door")), (true, true, false));
    let pump = device("tasmota", "pump");
    assert_eq!((pump.sleeps(), pump.status.word(), pump.children().len()), (true, "sleeping", 0));
    assert!(!device("zigbee2mqtt", "lamp").sleeps());
    let children = device("zigbee2mqtt-bridge", "zigbee2mqtt").children();
    assert_eq!(children.len(), 3);
    let ids: Vec<&str> = children.map(|child| fleet.device(child).expect("it lives").id).collect();
    assert_eq!(ids, ["lamp", "door", "new"]);
}

#[test]
fn other_topics_that_speak_for_a_device_can_be_read() {
    let mut fleet = fleet(Bounds::default());
    play(
        &mut fleet,
        &[("r", "lamp/tele/LWT", "Online"), ("r", "tele/fan/LWT", "Online"), ("r", LAMP, "Online")],
    );
    let topics = |fleet: &Fleet, id| {
        let device = fleet.find("tasmota", id).and_then(|handle| fleet.device(handle)).expect("it is there");
        let others: Vec<String> = device.other_topics().map(str::to_owned).collect();
        (device.topic.to_owned(), others)
    };
    assert_eq!(topics(&fleet, "lamp"), ("lamp/tele/LWT".to_owned(), vec![LAMP.to_owned()]));
    assert_eq!(topics(&fleet, "fan"), ("tele/fan/LWT".to_owned(), vec![]));
    play(&mut fleet, &[("r", "lamp/tele/LWT", "")]);
    assert_eq!(topics(&fleet, "lamp"), (LAMP.to_owned(), vec![]));
}

#[test]
fn an_unrecognized_message_is_found_by_its_topic() {
    let mut fleet = fleet(Bounds { unrecognized: 1, ..Bounds::default() });
    play(&mut fleet, &[("r", LAMP, "Online"), ("l", LAMP, "perhaps"), ("l", LAMP, "no"), ("l", STATE, "?")]);
    let last = fleet.unrecognized().of(LAMP).expect("it is listed");
    assert_eq!((last.messages, &*last.last, last.length), (2, &b"no"[..], 2));
    assert!(fleet.unrecognized().of(STATE).is_none(), "beyond the bound");
}
