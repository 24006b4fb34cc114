//! The time a device was observed and up, against a slow and obvious model: from one event to the next, what
//! a device shows is written down with how long it showed it.

use std::collections::BTreeMap;

use fleet::fleet::Bounds;
use fleet::{Evidence, Fleet, Handle, Status, Time, Uptime};
use proptest::prelude::*;

const TOPICS: [&str; 8] = [
    "a/LWT",
    "b/LWT",
    "y-will",
    "zigbee2mqtt/bridge/state",
    "zigbee2mqtt/lamp/availability",
    "zigbee2mqtt/bridge/devices",
    "homie/5/root/$state",
    "homie/5/leaf/$state",
];
/// What the leaf says of itself once: that it hangs on the root.
const DESCRIPTION: &str = r#"{"name":"leaf","root":"root"}"#;

#[derive(Copy, Clone, Debug)]
enum Event {
    Up,
    Down,
    Loaded,
    Cover(Option<usize>),
    Message { topic: usize, retain: bool, word: &'static str },
}

fn event() -> impl Strategy<Value = Event> {
    // A topic takes no notice of the words of others.
    let word = prop_oneof![
        4 => Just("online"),
        4 => Just("offline"),
        2 => Just("ready"),
        2 => Just("lost"),
        1 => Just("sleeping"),
        1 => Just("alert"),
        1 => Just(r#"[{"friendly_name":"lamp","disabled":false}]"#),
        1 => Just(r#"[{"friendly_name":"lamp","disabled":true}]"#),
        1 => Just(""),
    ];
    prop_oneof![
        2 => Just(Event::Up),
        2 => Just(Event::Down),
        1 => Just(Event::Loaded),
        1 => prop::option::of(0..TOPICS.len()).prop_map(Event::Cover),
        12 => (0..TOPICS.len(), any::<bool>(), word)
            .prop_map(|(topic, retain, word)| Event::Message { topic, retain, word }),
    ]
}

/// Writes down what every device showed for so long.
fn observe(fleet: &Fleet, duration: u64, seen: &mut BTreeMap<u32, (Handle, Uptime)>) {
    for handle in fleet.handles() {
        let device = fleet.device(handle).expect("it lives");
        let entry = seen.entry(handle.slot()).or_insert((handle, Uptime::default()));
        if entry.0 != handle {
            *entry = (handle, Uptime::default());
        }
        if device.evidence == Evidence::Stale {
            continue;
        }
        match device.status {
            Status::Online | Status::Degraded => {
                entry.1.observed += duration;
                entry.1.online += duration;
            }
            Status::Offline => entry.1.observed += duration,
            Status::Sleeping | Status::Unknown => {}
        }
    }
}

/// The boundary: events → what is said of every device after each of them, and a while after the last.
fn check(script: &[(u64, Event)]) -> Result<(), TestCaseError> {
    let mut fleet = Fleet::new(Bounds { changes: 100, ..Bounds::default() }, false, 3);
    let (mut now, mut seen) = (Time(1_000), BTreeMap::new());
    let mut is_up = false;
    fleet.apply("homie/5/leaf/$description", DESCRIPTION.as_bytes(), true, now);
    for &(pause, event) in script {
        now.0 += pause;
        observe(&fleet, pause, &mut seen);
        match event {
            Event::Up => fleet.link_up(now),
            Event::Down => fleet.link_down(now),
            Event::Loaded => fleet.snapshot_finished(now),
            Event::Cover(but) => {
                let is_covered = |topic: &str| but.is_none_or(|but| TOPICS[but] != topic);
                fleet.cover(is_covered, now);
            }
            Event::Message { topic, retain, word } if is_up => {
                fleet.apply(TOPICS[topic], word.as_bytes(), retain, now);
            }
            Event::Message { .. } => {}
        }
        is_up = matches!(event, Event::Up) || is_up && !matches!(event, Event::Down);
        observe(&fleet, 0, &mut seen);
        for (handle, expected) in seen.values() {
            if let Some(device) = fleet.device(*handle) {
                prop_assert_eq!(device.uptime(now), *expected, "{} after {:?}", device.topic, event);
            }
        }
    }
    observe(&fleet, 77, &mut seen);
    for device in seen.values().filter_map(|(handle, _)| fleet.device(*handle)) {
        prop_assert_eq!(
            device.uptime(now + std::time::Duration::from_millis(77)),
            seen[&device.handle.slot()].1
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_millisecond_is_counted_once(script in prop::collection::vec((0..3_000u64, event()), 0..200)) {
        check(&script)?;
    }
}

#[test]
fn more_changes_and_gaps_than_are_kept() {
    use Event::{Down, Message, Up};
    let say = |topic, word| Message { topic, retain: true, word };
    let mut script = vec![(0, Up), (5, say(0, "online")), (5, say(1, "online")), (5, say(2, "offline"))];
    for round in 0..200 {
        let word = if round % 2 == 0 { "offline" } else { "online" };
        script.extend([(1_000, Down), (50, Up), (10, say(0, "online")), (10, say(1, word))]);
    }
    // One that was silent for all of these gaps is heard again, and others while another is not covered.
    script.extend([(10, say(2, "online")), (300, Event::Cover(Some(0))), (200, Down), (10, Up)]);
    for _ in 0..100 {
        script.extend([(100, Down), (10, Up)]);
    }
    script.extend([(10, say(0, "offline")), (10, say(1, "offline")), (500, say(0, "online"))]);
    check(&script).unwrap_or_else(|error| panic!("{error}"));
}
