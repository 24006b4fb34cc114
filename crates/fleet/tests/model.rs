//! The fleet against a slow and obvious model: after any sequence of events both must say the same.
//!
//! The model keeps nothing but the list of events. What a topic brought since the link came up, it looks up
//! there anew for every message, in the contract's words.

use fleet::fleet::Bounds;
use fleet::{Evidence, Fleet, Query, Status, Time};
use proptest::prelude::*;

const TOPICS: [&str; 5] = ["b2/LWT", "a/b10/LWT", "tele/B1/LWT", "x/status", "y-will"];
const KEYS: [(&str, &str); 5] =
    [("lwt", "b2"), ("lwt", "a/b10"), ("tasmota", "B1"), ("esphome", "x"), ("taichi-maker", "y")];

#[derive(Copy, Clone, PartialEq, Debug)]
enum Event {
    Up,
    Down,
    Message { topic: usize, retain: bool, word: Word },
}

#[derive(Copy, Clone, PartialEq, Debug)]
enum Word {
    Is(Status),
    Empty,
    Nonsense,
}

impl Word {
    fn payload(self) -> &'static [u8] {
        match self {
            Word::Is(Status::Online) => b"ONLINE",
            Word::Is(Status::Offline) => b" offline\n",
            Word::Is(_) | Word::Nonsense => b"{}",
            Word::Empty => b"",
        }
    }
}

#[derive(Clone, PartialEq, Debug)]
struct Told {
    status: Status,
    evidence: Evidence,
    since: Option<Time>,
    changes: u32,
}

/// What the contract says of a topic after these events.
fn model(events: &[(Time, Event)], topic: usize) -> Option<Told> {
    let mut device: Option<Told> = None;
    for (position, &(now, event)) in events.iter().enumerate() {
        let (retain, word) = match event {
            Event::Down => {
                if let Some(told) = &mut device {
                    told.evidence = Evidence::Stale;
                }
                continue;
            }
            Event::Message { topic: other, retain, word } if other == topic => (retain, word),
            _ => continue,
        };
        let status = match word {
            Word::Nonsense => continue,
            Word::Empty => {
                device = None;
                continue;
            }
            Word::Is(status) => status,
        };
        let Some(told) = &mut device else {
            let evidence = if retain { Evidence::Retained } else { Evidence::Live };
            device = Some(Told { status, evidence, since: (!retain).then_some(now), changes: 0 });
            continue;
        };
        // What the topic brought before, back to the last break of the link or the last removal.
        let earlier = events[..position].iter().rev().map(|(_, event)| *event);
        let earlier = earlier.take_while(|event| {
            *event != Event::Down
                && !matches!(event, Event::Message { topic: t, word: Word::Empty, .. } if *t == topic)
        });
        let brought: Vec<(bool, Status)> = earlier
            .filter_map(|event| match event {
                Event::Message { topic: other, retain, word: Word::Is(status) } if other == topic => {
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
        told.changes += u32::from(differs);
    }
    device
}

fn event() -> impl Strategy<Value = Event> {
    let word = prop_oneof![
        4 => Just(Word::Is(Status::Online)),
        4 => Just(Word::Is(Status::Offline)),
        1 => Just(Word::Empty),
        1 => Just(Word::Nonsense),
    ];
    prop_oneof![
        1 => Just(Event::Up),
        1 => Just(Event::Down),
        10 => (0..TOPICS.len(), any::<bool>(), word).prop_map(|(topic, retain, word)| Event::Message { topic, retain, word }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fleet_says_what_the_model_says(script in prop::collection::vec((0..2_000u64, event()), 0..80)) {
        let mut fleet = Fleet::new(Bounds::default(), false, 3);
        let (mut now, mut is_up, mut events) = (Time(0), false, Vec::new());
        for (pause, event) in script {
            now.0 += pause;
            match event {
                Event::Up if !is_up => fleet.link_up(now),
                Event::Down if is_up => fleet.link_down(now),
                Event::Message { topic, retain, word } if is_up => {
                    let applied = fleet.apply(TOPICS[topic], word.payload(), retain, now);
                    prop_assert_eq!(applied.is_useless(), word == Word::Nonsense);
                }
                // Nothing comes while the link is down, and a link does not come up twice.
                _ => continue,
            }
            is_up = event != Event::Down;
            events.push((now, event));

            let counts = *fleet.counts();
            let mut by_hand = (0, 0, 0, 0, 0, 0);
            for (topic, (slug, id)) in KEYS.iter().enumerate() {
                let device = fleet.find(slug, id).and_then(|handle| fleet.device(handle));
                let told = device.map(|device| Told {
                    status: device.status,
                    evidence: device.evidence,
                    since: device.since,
                    changes: device.changes,
                });
                let expected = model(&events, topic);
                prop_assert_eq!(&told, &expected, "{} after {:?}", TOPICS[topic], events);
                if let Some(device) = device {
                    let history: Vec<_> = device.history().collect();
                    prop_assert_eq!(history.last().map(|change| change.to), Some(device.status));
                    prop_assert_eq!(history.len() as u32, (device.changes + 1).min(64));
                    prop_assert!(history.windows(2).all(|pair| pair[1].from == Some(pair[0].to)));
                    prop_assert_eq!(history.iter().filter(|change| change.flap).count() as u32, 2 * device.flaps);
                    device.spans(Time(0), now, 24);
                }
                if let Some(told) = expected {
                    by_hand.0 += 1;
                    by_hand.1 += u32::from(told.status == Status::Online);
                    by_hand.2 += u32::from(told.status == Status::Offline);
                    by_hand.3 += u32::from(told.evidence == Evidence::Live);
                    by_hand.4 += u32::from(told.evidence == Evidence::Retained);
                    by_hand.5 += u32::from(told.evidence == Evidence::Stale);
                }
            }
            prop_assert_eq!((counts.total, counts.online, counts.offline, counts.live, counts.retained, counts.stale), by_hand);
        }
        // The names are in natural order: a/b10, B1, b2, x, y.
        let rows = fleet.rows(&Query::default());
        for (row, status) in [(&rows.attention, Status::Offline), (&rows.well, Status::Online)] {
            let expected: Vec<_> = [1, 2, 0, 3, 4]
                .iter()
                .filter_map(|key: &usize| fleet.find(KEYS[*key].0, KEYS[*key].1))
                .filter(|handle| fleet.device(*handle).unwrap().status == status)
                .collect();
            prop_assert_eq!(row, &expected);
        }
    }

    #[test]
    fn no_message_of_a_peers_can_make_the_fleet_panic(
        messages in prop::collection::vec(
            ("(mqtt-will|[a-c/+#$é]{0,6}(-will|-Will|/status|/LWT|/tele/LWT|tele/a/LWT)?)", prop::collection::vec(any::<u8>(), 0..40), any::<bool>()),
            0..40,
        ),
        explicit in any::<bool>(),
    ) {
        let mut fleet = Fleet::new(Bounds { devices: 4, topic: 24, strays: 3, changes: 8, aliases: 1, texts: 0, metadata: 1 }, explicit, 0);
        for (position, (topic, payload, retain)) in messages.iter().enumerate() {
            let words: [&[u8]; 4] = [b"online", b"offline", b"", b"{\"productKey\":\"a\",\"message\":\"online\",\"deviceName\":\"b\"}"];
            for payload in [payload.as_slice(), words[position % 4]] {
                fleet.apply(topic, payload, *retain, Time(position as u64));
            }
            prop_assert!(fleet.counts().total <= 4);
        }
        let rows = fleet.rows(&Query { text: "é".into(), status: None });
        prop_assert!(rows.attention.len() + rows.well.len() <= 4);
    }
}
