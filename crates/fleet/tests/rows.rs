//! What the page asks of a fleet: order, search, counts, the epoch of the order, and the history bar.

use fleet::fleet::Bounds;
use fleet::{Fleet, Query, Rows, Span, Status, Time};

fn fleet(messages: &[(&str, &str)]) -> Fleet {
    let mut fleet = Fleet::new(Bounds::default(), false, 0);
    fleet.link_up(Time(0));
    for (topic, word) in messages {
        fleet.apply(topic, word.as_bytes(), true, Time(1));
    }
    fleet
}

fn names(fleet: &Fleet, rows: &Rows) -> String {
    let join = |handles: &[fleet::Handle]| {
        let names: Vec<&str> =
            handles.iter().map(|h| fleet.device(*h).expect("it lives").display_name()).collect();
        names.join(" ")
    };
    format!("{} | {}", join(&rows.attention), join(&rows.well))
}

/// The boundary: messages and a query → rows.
#[track_caller]
fn check(fleet: &Fleet, text: &str, status: Option<Status>, expected: &str) {
    assert_eq!(
        names(fleet, &fleet.rows(&Query { text: text.into(), status })),
        expected,
        "{text:?} {status:?}"
    );
}

#[test]
fn trouble_comes_first_then_names_in_natural_order() {
    let fleet = fleet(&[
        ("lamp10/LWT", "online"),
        ("Lamp9/LWT", "online"),
        ("zebra/LWT", "offline"),
        ("apple/LWT", "alert"),
        ("bed/LWT", "sleeping"),
        ("Anna/LWT", "offline"),
        ("lamp2/LWT", "online"),
    ]);
    check(&fleet, "", None, "Anna zebra apple | bed lamp2 Lamp9 lamp10");
    check(&fleet, "", Some(Status::Offline), "Anna zebra | ");
    check(&fleet, "LAMP", None, " | lamp2 Lamp9 lamp10");
    check(&fleet, "lamp", Some(Status::Offline), " | ");
    check(&fleet, "  ", None, "Anna zebra apple | bed lamp2 Lamp9 lamp10");
    let counts = fleet.counts();
    assert_eq!((counts.total, counts.online, counts.offline, counts.sleeping), (7, 3, 2, 1));
    assert_eq!((counts.degraded, counts.unknown, counts.retained), (1, 0, 7));
    assert_eq!(counts.of(Status::Online), 3);
}

#[test]
fn the_search_looks_at_name_id_and_topic() {
    let fleet = fleet(&[
        ("garage/Straße/status", "online"),
        ("tele/plug/LWT", "Online"),
        ("mqtt-will", r#"{"productKey":"AA:BB","deviceName":"Büro links","message":"online"}"#),
    ]);
    check(&fleet, "aa:b", None, " | Büro links");
    check(&fleet, "BÜRO", None, " | Büro links");
    check(&fleet, "links bür", None, " | Büro links");
    check(&fleet, "links rechts", None, " | ");
    check(&fleet, "mqtt-will", None, " | Büro links");
    check(&fleet, "TELE/", None, " | plug");
    check(&fleet, "garage str", None, " | garage/Straße");
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
    let before = fleet.order_epoch();
    fleet.link_down(Time(6));
    fleet.link_up(Time(7));
    assert_eq!(fleet.order_epoch(), before);
}

#[test]
fn the_order_is_right_at_every_size() {
    // Enough devices that the order is merged several times, with removals and renames in between.
    let mut fleet = fleet(&[]);
    let mut expected = std::collections::BTreeMap::new();
    let mut random = 1u32;
    for step in 0..20_000u32 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let key = (random >> 8) % 6_000;
        let will = |name: u32| {
            format!(r#"{{"productKey":"{key:05}","deviceName":"n{name:05}","message":"online"}}"#)
        };
        match random % 8 {
            0 => {
                // The shared topic is cleared by whoever wrote last.
                let name = expected.get(&key).copied().unwrap_or(step);
                fleet.apply("mqtt-will", will(name).as_bytes(), false, Time(1));
                fleet.apply("mqtt-will", b"", false, Time(1));
                expected.remove(&key);
            }
            _ => {
                let name = (random >> 4) % 90_000;
                fleet.apply("mqtt-will", will(name).as_bytes(), false, Time(1));
                expected.insert(key, name);
            }
        }
    }
    let rows = fleet.rows(&Query::default());
    let found: Vec<(String, u32)> = rows
        .well
        .iter()
        .map(|handle| fleet.device(*handle).unwrap())
        .map(|device| (device.display_name().to_owned(), device.id.parse().unwrap()))
        .collect();
    let mut sorted: Vec<(String, u32)> =
        expected.iter().map(|(key, name)| (format!("n{name:05}"), *key)).collect();
    sorted.sort();
    assert_eq!(found, sorted);
    assert_eq!(fleet.counts().total as usize, sorted.len());
}

/// The boundary: a script of live words at times → the bar. `.` is not observed.
#[track_caller]
fn check_bar(prepare: impl Fn(&mut Fleet), from: u64, to: u64, slots: usize, expected: &str) {
    let mut fleet = Fleet::new(Bounds::default(), false, 0);
    prepare(&mut fleet);
    let device = fleet.device(fleet.find("lwt", "x").expect("it is there")).unwrap();
    let bar: String = device
        .spans(Time(from), Time(to), slots)
        .into_iter()
        .map(|span| match span {
            Span::NotObserved => '.',
            Span::Seen(status) => {
                status.word().chars().next().map(|c| if status == Status::Offline { 'X' } else { c }).unwrap()
            }
        })
        .collect();
    assert_eq!(bar, expected);
}

#[test]
fn the_bar_shows_the_worst_status_of_each_slot() {
    let say = |fleet: &mut Fleet, word: &str, at: u64| {
        fleet.apply("x/LWT", word.as_bytes(), false, Time(at)).device.expect("the word is known");
    };
    let up = |fleet: &mut Fleet| fleet.link_up(Time(0));
    check_bar(|f| (up(f), say(f, "online", 300)).1, 0, 1_000, 10, "...ooooooo");
    check_bar(
        |f| {
            up(f);
            say(f, "online", 300);
            say(f, "offline", 550);
            say(f, "online", 720)
        },
        0,
        1_000,
        10,
        "...ooXXXoo",
    );
    // A flap that took no time at all still shows.
    check_bar(
        |f| {
            up(f);
            say(f, "online", 0);
            say(f, "offline", 450);
            say(f, "online", 450)
        },
        0,
        1_000,
        10,
        "ooooXooooo",
    );
    // Degraded and sleeping; the window may lie anywhere.
    check_bar(
        |f| {
            up(f);
            say(f, "alert", 0);
            say(f, "sleeping", 500)
        },
        400,
        600,
        4,
        "ddss",
    );
    check_bar(|f| (up(f), say(f, "online", 0)).1, 5_000, 5_000, 3, "...");
    check_bar(|f| (up(f), say(f, "online", 500)).1, 0, 100, 2, "..");
    check_bar(|f| (up(f), say(f, "online", 500)).1, 0, 100, 0, "");
}

#[test]
fn the_bar_leaves_gaps_open() {
    let say = |fleet: &mut Fleet, word: &str, at: u64| {
        fleet.apply("x/LWT", word.as_bytes(), true, Time(at)).device.expect("the word is known");
    };
    // Connected again, and replayed at once.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.link_down(Time(300));
            f.link_up(Time(500));
            say(f, "offline", 500)
        },
        0,
        1_000,
        10,
        "ooo..XXXXX",
    );
    // Still not connected.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.link_down(Time(300))
        },
        0,
        1_000,
        10,
        "ooo.......",
    );
    // Connected again, but not announced again.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.link_down(Time(300));
            f.link_up(Time(400));
            f.snapshot_finished(Time(400))
        },
        0,
        1_000,
        10,
        "ooo.......",
    );
    // Heard again long after the snapshot: the gap was longer than the link's.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.link_down(Time(300));
            f.link_up(Time(400));
            f.snapshot_finished(Time(400));
            say(f, "online", 700);
        },
        0,
        1_000,
        10,
        "ooo....ooo",
    );
    // Not subscribed for a while.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.cover(|_| false, Time(300));
            say(f, "online", 600)
        },
        0,
        1_000,
        10,
        "ooo...oooo",
    );
    // Through two gaps of the link.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            f.link_down(Time(200));
            f.link_up(Time(300));
            f.snapshot_finished(Time(300));
            f.link_down(Time(500));
            f.link_up(Time(600));
            say(f, "online", 800);
            f.link_down(Time(900));
        },
        0,
        1_000,
        10,
        "oo......o.",
    );
}
