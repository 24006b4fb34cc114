//! The fleet against a slow and obvious model: after any sequence of events both must say the same.
//!
//! The model keeps nothing but the list of events. What a topic brought since the link came up, what an
//! inventory lists, who hangs on whom: it looks everything up there again for each question, in the contract's words.
//!
//! 300 sequences by default; `PROPTEST_CASES=100000 cargo test --release -p fleet --test model` runs more.

use fleet::fleet::Bounds;
use fleet::{Evidence, Fleet, Query, Status, Time};
use proptest::prelude::*;

/// A device: its topic, its key, and its words for online and offline.
const DEVICES: [(&str, &str, &str, [&str; 2]); 10] = [
    ("b2/LWT", "lwt", "b2", ["ONLINE", " offline\n"]),
    ("a/b10/LWT", "lwt", "a/b10", ["1", "0"]),
    ("tele/B1/LWT", "tasmota", "B1", ["Online", "Offline"]),
    ("x/status", "esphome", "x", ["online", "offline"]),
    ("y-will", "taichi-maker", "y", ["CLIENT-ONLINE", "CLIENT-OFFLINE"]),
    ("zigbee2mqtt/bridge/state", "zigbee2mqtt-bridge", "zigbee2mqtt", [r#"{"state":"online"}"#, "offline"]),
    ("zigbee2mqtt/lamp/availability", "zigbee2mqtt", "lamp", ["online", r#"{"state":"offline"}"#]),
    ("zigbee2mqtt/attic/lamp/availability", "zigbee2mqtt", "attic/lamp", ["online", "offline"]),
    ("homie/5/root/$state", "homie5", "root", ["ready", "lost"]),
    ("homie/5/leaf/$state", "homie5", "leaf", ["ready", "disconnected"]),
];
/// Their places in order of name: a/b10, attic/lamp, B1, b2, lamp, leaf, root, x, y, zigbee2mqtt.
const BY_NAME: [usize; 10] = [1, 7, 2, 0, 6, 9, 8, 3, 4, 5];
const BRIDGE: usize = 5;
/// The devices that the bridge's inventory may list.
const LISTED: [usize; 2] = [6, 7];
const ROOT: usize = 8;
const LEAF: usize = 9;

#[derive(Copy, Clone, PartialEq, Debug)]
enum Event {
    Up,
    Down,
    Message {
        device: usize,
        retain: bool,
        word: Word,
    },
    /// The bridge lists these of `LISTED`, and says of each whether it is disabled.
    Inventory {
        lists: [Option<bool>; 2],
        retain: bool,
    },
    /// The leaf says whether it hangs on the root.
    Description {
        hangs: bool,
        retain: bool,
    },
}

#[derive(Copy, Clone, PartialEq, Debug)]
enum Word {
    Is(Status),
    Empty,
    Nonsense,
}

/// What a topic, an inventory or a description brings to the fleet.
fn apply(fleet: &mut Fleet, event: Event, now: Time) -> bool {
    let (topic, payload, retain) = match event {
        Event::Up => {
            fleet.link_up(now);
            return false;
        }
        Event::Down => {
            fleet.link_down(now);
            return false;
        }
        Event::Message { device, retain, word } => {
            let (topic, _, _, [online, offline]) = DEVICES[device];
            let payload = match word {
                Word::Is(Status::Online) => online,
                Word::Is(_) => offline,
                Word::Empty => "",
                Word::Nonsense => "{}",
            };
            (topic, payload.to_owned(), retain)
        }
        Event::Inventory { lists, retain } => {
            let listed = LISTED.iter().zip(lists).filter_map(|(device, disabled)| Some((device, disabled?)));
            let entries: Vec<String> = listed
                .map(|(device, disabled)| {
                    format!(r#"{{"friendly_name":"{}","disabled":{disabled}}}"#, DEVICES[*device].2)
                })
                .collect();
            ("zigbee2mqtt/bridge/devices", format!("[{}]", entries.join(",")), retain)
        }
        Event::Description { hangs, retain } => {
            let root = if hangs { r#","root":"root""# } else { "" };
            ("homie/5/leaf/$description", format!(r#"{{"homie":"5.0","version":1{root}}}"#), retain)
        }
    };
    fleet.apply(topic, payload.as_bytes(), retain, now).is_unmatched()
}

#[derive(Clone, PartialEq, Debug)]
struct Told {
    status: Status,
    evidence: Evidence,
    since: Option<Time>,
    changes: u32,
    parent_offline: bool,
    /// What set the status, and whether it was replayed.
    payload: Option<(Vec<u8>, bool)>,
}

type Events<'a> = &'a [(Time, Event)];

fn is_removal(event: Event, device: usize) -> bool {
    matches!(event, Event::Message { device: other, word: Word::Empty, .. } if other == device)
}

/// What a device itself said, by the contract's table.
fn own(events: Events<'_>, device: usize) -> Option<Told> {
    let mut told: Option<Told> = None;
    for (position, &(now, event)) in events.iter().enumerate() {
        let (retain, status) = match event {
            Event::Message { device: other, retain, word: Word::Is(status) } if other == device => {
                (retain, status)
            }
            Event::Down => {
                told = told.map(|told| Told { evidence: Evidence::Stale, ..told });
                continue;
            }
            removal if is_removal(removal, device) => {
                told = None;
                continue;
            }
            _ => continue,
        };
        let [online, offline] = DEVICES[device].3;
        let word = if status == Status::Online { online } else { offline };
        let payload = Some((word.as_bytes().to_vec(), retain));
        let Some(told) = &mut told else {
            let evidence = if retain { Evidence::Retained } else { Evidence::Live };
            let since = (!retain).then_some(now);
            told = Some(Told { status, evidence, since, changes: 0, parent_offline: false, payload });
            continue;
        };
        // What the topic brought before, back to the last break of the link or the last removal.
        let earlier = events[..position].iter().rev().map(|(_, event)| *event);
        let earlier = earlier.take_while(|event| *event != Event::Down && !is_removal(*event, device));
        let brought: Vec<(bool, Status)> = earlier
            .filter_map(|event| match event {
                Event::Message { device: other, retain, word: Word::Is(status) } if other == device => {
                    Some((retain, status))
                }
                _ => None,
            })
            .collect();
        let last_replayed = brought.iter().find(|(retain, _)| *retain).map(|(_, status)| *status);
        let is_news = match last_replayed {
            Some(last) => last != status,
            None => brought.iter().all(|(_, seen)| *seen != status),
        };
        let differs = told.status != status;
        if !retain {
            told.evidence = Evidence::Live;
            if differs {
                told.since = Some(now);
            }
        } else if told.evidence == Evidence::Stale || is_news {
            told.evidence = Evidence::Retained;
            told.since = None;
        } else {
            continue;
        }
        told.status = status;
        told.payload = payload;
        told.changes += u32::from(differs);
    }
    told
}

/// The last inventory, if it lists the device: whether the device is disabled, and how good the knowledge is
/// that it is there at all; `None` when it was removed since.
fn listing(events: Events<'_>, device: usize) -> Option<(bool, Option<Evidence>)> {
    let place = LISTED.iter().position(|listed| *listed == device)?;
    let (mut evidence, mut is_removed) = (None, false);
    for &(_, event) in events.iter().rev() {
        match event {
            Event::Inventory { lists, retain } => {
                let now = if retain { Evidence::Retained } else { Evidence::Live };
                let evidence = evidence.unwrap_or(now);
                return Some((lists[place]?, (!is_removed).then_some(evidence)));
            }
            Event::Down => evidence = Some(Evidence::Stale),
            other => is_removed |= is_removal(other, device),
        }
    }
    None
}

/// What the board shows of a device.
fn model(events: Events<'_>, device: usize) -> Option<Told> {
    let listing = listing(events, device);
    let mut told = match (own(events, device), listing) {
        (Some(told), _) => told,
        // Listed, and never spoke.
        (None, Some((_, Some(evidence)))) => {
            let status = Status::Unknown;
            Told { status, evidence, since: None, changes: 0, parent_offline: false, payload: None }
        }
        (None, _) => return None,
    };
    if LISTED.contains(&device) {
        // The standard does not say that children follow: they keep their status, and nobody knows.
        told.parent_offline = own(events, BRIDGE).is_some_and(|bridge| bridge.status == Status::Offline);
        if told.parent_offline {
            told.evidence = Evidence::Stale;
        }
        if listing.is_some_and(|(is_disabled, _)| is_disabled) {
            (told.status, told.since) = (Status::Unknown, None);
        }
    }
    if device == LEAF {
        // The description outlives the device.
        let mut recent = events.iter().rev().map(|(_, event)| *event);
        let described = recent.find(|event| matches!(event, Event::Description { .. }));
        let hangs = matches!(described, Some(Event::Description { hangs: true, .. }));
        let root = own(events, ROOT).filter(|root| hangs && root.status == Status::Offline);
        if let Some(root) = root {
            told.parent_offline = true;
            // What it said itself it did not say for its root.
            if told.status != Status::Offline {
                (told.status, told.since) = (Status::Offline, root.since);
                told.evidence = told.evidence.max(root.evidence);
            }
        }
    }
    Some(told)
}

fn event() -> impl Strategy<Value = Event> {
    let word = prop_oneof![
        4 => Just(Word::Is(Status::Online)),
        4 => Just(Word::Is(Status::Offline)),
        1 => Just(Word::Empty),
        1 => Just(Word::Nonsense),
    ];
    let message = (0..DEVICES.len(), any::<bool>(), word).prop_map(|(device, retain, word)| Event::Message {
        device,
        retain,
        word,
    });
    let inventory = (any::<[Option<bool>; 2]>(), any::<bool>())
        .prop_map(|(lists, retain)| Event::Inventory { lists, retain });
    let description = any::<[bool; 2]>().prop_map(|[hangs, retain]| Event::Description { hangs, retain });
    prop_oneof![
        1 => Just(Event::Up),
        1 => Just(Event::Down),
        14 => message,
        1 => inventory,
        1 => description,
    ]
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_fleet_says_what_the_model_says(script in prop::collection::vec((0..2_000u64, event()), 0..80)) {
        let mut fleet = Fleet::new(Bounds::default(), false, 3);
        let (mut now, mut is_up, mut events) = (Time(0), false, Vec::new());
        for (pause, event) in script {
            now.0 += pause;
            // Nothing comes while the link is down, and a link does not come up twice.
            if is_up == (event == Event::Up) {
                continue;
            }
            let is_useless = apply(&mut fleet, event, now);
            prop_assert_eq!(is_useless, matches!(event, Event::Message { word: Word::Nonsense, .. }));
            is_up = event != Event::Down;
            events.push((now, event));

            let counts = *fleet.counts();
            let mut by_hand = [0; 7];
            for (device, (topic, slug, id, _)) in DEVICES.iter().enumerate() {
                let found = fleet.find(slug, id).and_then(|handle| fleet.device(handle));
                let told = found.map(|device| Told {
                    status: device.status,
                    evidence: device.evidence,
                    since: device.since,
                    changes: device.changes,
                    parent_offline: device.parent_offline,
                    payload: device.payload().map(|it| (it.bytes.expect("it is short").to_vec(), it.retained)),
                });
                let expected = model(&events, device);
                prop_assert_eq!(&told, &expected, "{} after {:?}", topic, events);
                if let Some(device) = found.filter(|device| device.said.is_some()) {
                    let history: Vec<_> = device.history().collect();
                    prop_assert_eq!(history.last().map(|change| change.to), device.said);
                    prop_assert_eq!(history.len() as u32, (device.changes + 1).min(64));
                    prop_assert!(history.windows(2).all(|pair| pair[1].from == Some(pair[0].to)));
                    prop_assert_eq!(history.iter().filter(|change| change.flap).count() as u32, 2 * device.flaps);
                    device.spans(Time(0), now, 24);
                }
                if let Some(told) = expected {
                    by_hand[0] += 1;
                    by_hand[1] += u32::from(told.status == Status::Online);
                    by_hand[2] += u32::from(told.status == Status::Offline);
                    by_hand[3] += u32::from(told.status == Status::Unknown);
                    by_hand[4] += u32::from(told.evidence == Evidence::Live);
                    by_hand[5] += u32::from(told.evidence == Evidence::Retained);
                    by_hand[6] += u32::from(told.evidence == Evidence::Stale);
                }
            }
            let fleet_counts = fleet.counts();
            let kept = [counts.total, counts.online, counts.offline, counts.unknown, counts.live, counts.retained, counts.stale];
            prop_assert_eq!(kept, by_hand, "{:?} after {:?}", fleet_counts, events);
        }
        let rows = fleet.rows(&Query::default());
        let of = |status| {
            let found = BY_NAME.iter().filter_map(|device| fleet.find(DEVICES[*device].1, DEVICES[*device].2));
            found.filter(|handle| fleet.device(*handle).unwrap().status == status).collect::<Vec<_>>()
        };
        prop_assert_eq!(rows.attention, [of(Status::Offline), of(Status::Unknown)].concat());
        prop_assert_eq!(rows.well, of(Status::Online));
    }

    #[test]
    fn no_message_of_a_peers_can_make_the_fleet_panic(
        messages in prop::collection::vec(
            ("(mqtt-will|[a-c/+#$é]{0,6}(-will|-Will|/status|/LWT|/tele/LWT|tele/a/LWT)?)", prop::collection::vec(any::<u8>(), 0..40), any::<bool>()),
            0..40,
        ),
        explicit in any::<bool>(),
    ) {
        let mut fleet = Fleet::new(Bounds { devices: 4, topic: 24, unrecognized: 3, changes: 8, aliases: 1, texts: 0, metadata: 1 }, explicit, 0);
        for (position, (topic, payload, retain)) in messages.iter().enumerate() {
            let words: [&[u8]; 4] = [b"online", b"offline", b"", b"{\"productKey\":\"a\",\"message\":\"online\",\"deviceName\":\"b\"}"];
            for payload in [payload.as_slice(), words[position % 4]] {
                fleet.apply(topic, payload, *retain, Time(position as u64));
            }
            prop_assert!(fleet.counts().total <= 4);
        }
        let rows = fleet.rows(&Query { text: "é".into(), ..Query::default() });
        prop_assert!(rows.attention.len() + rows.well.len() <= 4);
    }
}
