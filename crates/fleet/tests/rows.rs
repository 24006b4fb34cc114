//! What the page asks of a fleet: order, search, groups, counts, what changed, and the history bar.

use fleet::fleet::{Bounds, MAX_RECENT};
use fleet::{
    Evidence, Fleet, GroupKey, Grouping, Handle, OrderBy, Query, Rows, Span, StaleReason, Status, Statuses,
    Time,
};

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

/// The boundary: a query → rows.
#[track_caller]
fn check_query(fleet: &Fleet, query: Query, expected: &str) {
    assert_eq!(names(fleet, &fleet.rows(&query)), expected, "{query:?}");
}

#[track_caller]
fn check(fleet: &Fleet, text: &str, status: Option<Status>, expected: &str) {
    check_query(fleet, Query { text: text.into(), statuses: status.into(), ..Query::default() }, expected);
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
fn everything_that_is_asked_must_hold() {
    let mut fleet = fleet(&[
        ("tele/plug1/LWT", "Online"),
        ("tele/plug2/LWT", "Offline"),
        ("bath/LWT", "alert"),
        ("bed/LWT", "sleeping"),
        ("hall/LWT", "offline"),
    ]);
    fleet.apply("hall/LWT", b"offline", false, Time(2));
    fleet.apply("tele/plug1/LWT", b"Online", false, Time(2));
    let all = Query { order: OrderBy::Name, ..Query::default() };
    let some = Statuses::from(Some(Status::Offline)).toggled(Status::Degraded);
    check_query(&fleet, Query { statuses: some, ..Query::default() }, "hall plug2 bath | ");
    check_query(&fleet, Query { statuses: some, ..all.clone() }, " | bath hall plug2");
    check_query(&fleet, Query { statuses: some.toggled(Status::Offline), ..all.clone() }, " | bath");
    check_query(&fleet, Query { evidence: Some(Evidence::Live), ..all.clone() }, " | hall plug1");
    check_query(&fleet, Query { convention: Some("tasmota".into()), ..all.clone() }, " | plug1 plug2");
    check_query(&fleet, Query { convention: Some("none such".into()), ..all.clone() }, " | ");
    let live = Query { evidence: Some(Evidence::Live), convention: Some("lwt".into()), ..all.clone() };
    check_query(&fleet, live.clone(), " | hall");
    check_query(&fleet, Query { text: "plug".into(), ..live.clone() }, " | ");
    check_query(&fleet, Query { statuses: Some(Status::Online).into(), ..live }, " | ");
    let group = GroupKey { by: Grouping::Topic { levels: 1 }, convention: None, text: "tele".into() };
    check_query(&fleet, Query { group: Some(group.clone()), ..all.clone() }, " | plug1 plug2");
    check_query(&fleet, Query { group: Some(group), text: "2".into(), ..all }, " | plug2");
    fleet.link_down(Time(3));
    check_query(
        &fleet,
        Query { evidence: Some(Evidence::Stale), ..Query::default() },
        "hall plug2 bath | bed plug1",
    );
}

#[test]
fn the_latest_change_comes_first() {
    let by_change = || Query { order: OrderBy::Change, ..Query::default() };
    let mut fleet = fleet(&[]);
    let mut say = |topic: &str, word: &str, at: u64| {
        fleet.apply(topic, word.as_bytes(), false, Time(at));
    };
    for name in ["d/LWT", "c/LWT", "b/LWT", "a/LWT"] {
        say(name, "online", 1);
    }
    say("c/LWT", "offline", 2);
    say("d/LWT", "offline", 3);
    say("d/LWT", "offline", 4);
    check_query(&fleet, by_change(), " | d c a b");
    fleet.apply("c/LWT", b"online", false, Time(5));
    check_query(&fleet, by_change(), " | c d a b");
    // A device that comes back has not changed yet.
    fleet.apply("c/LWT", b"", false, Time(6));
    fleet.apply("c/LWT", b"offline", false, Time(7));
    check_query(&fleet, by_change(), " | d a b c");
    check_query(&fleet, Query { statuses: Some(Status::Offline).into(), ..by_change() }, " | d c");
}

#[test]
fn groups_have_their_own_counts() {
    let fleet = fleet(&[
        ("site/10/lamp/LWT", "online"),
        ("site/9/lamp/LWT", "online"),
        ("site/9/door/LWT", "offline"),
        ("tele/plug/LWT", "Online"),
        ("attic-will", "offline"),
    ]);
    // The boundary: a query and a grouping → names, counts and rows of the groups.
    #[track_caller]
    fn check(fleet: &Fleet, by: Grouping, query: Query, expected: &[&str]) {
        let groups: Vec<String> = fleet
            .groups(&query, by)
            .iter()
            .map(|group| {
                let rows: Vec<&str> =
                    group.rows.iter().map(|row| fleet.device(*row).expect("it lives").id).collect();
                let counts = group.counts;
                assert_eq!(counts.total, counts.retained);
                format!("{}: {} {} {}", group.name, counts.total, counts.offline, rows.join(" "))
            })
            .collect();
        assert_eq!(groups, expected, "{by:?}");
        for group in fleet.groups(&query, by) {
            let of_group = fleet.rows(&Query { group: Some(group.key), ..query.clone() });
            assert_eq!([of_group.attention, of_group.well].concat(), group.rows);
        }
    }
    check(
        &fleet,
        Grouping::Convention,
        Query::default(),
        &["LWT: 3 1 site/9/door site/9/lamp site/10/lamp", "Taichi-Maker: 1 1 attic", "Tasmota: 1 0 plug"],
    );
    check(
        &fleet,
        Grouping::Topic { levels: 1 },
        Query::default(),
        &["site: 3 1 site/9/door site/9/lamp site/10/lamp", "tele: 1 0 plug", ": 1 1 attic"],
    );
    check(
        &fleet,
        Grouping::Topic { levels: 2 },
        Query { statuses: Some(Status::Online).into(), ..Query::default() },
        &["site/9: 2 1 site/9/lamp", "site/10: 1 0 site/10/lamp", "tele/plug: 1 0 plug", ": 1 1 "],
    );
    check(
        &fleet,
        Grouping::Topic { levels: 9 },
        Query { text: "lamp".into(), order: OrderBy::Name, ..Query::default() },
        &[
            "site/9/door: 1 1 ",
            "site/9/lamp: 1 0 site/9/lamp",
            "site/10/lamp: 1 0 site/10/lamp",
            "tele/plug: 1 0 ",
            ": 1 1 ",
        ],
    );
}

#[test]
fn what_changed_is_told_by_device() {
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
fn a_tile_changes_with_what_its_device_hangs_on() {
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
    let told = |fleet: &Fleet| -> Vec<String> {
        let entry = |(handle, change): (Handle, fleet::Change)| {
            let id = fleet.device(handle).expect("who is gone is not listed").id;
            format!("{id} {}@{}{}", change.to.word(), change.at.0, if change.flap { "!" } else { "" })
        };
        fleet.recent_changes().map(entry).collect()
    };
    assert!(told(&fleet).is_empty(), "first sights are no changes");
    for (topic, word, at) in
        [("a/LWT", "offline", 5), ("b/LWT", "offline", 6), ("b/LWT", "offline", 7), ("a/LWT", "online", 8)]
    {
        fleet.apply(topic, word.as_bytes(), false, Time(at));
    }
    assert_eq!(told(&fleet), ["a online@8!", "b offline@6", "a offline@5!"]);
    fleet.apply("a/LWT", b"", false, Time(9));
    fleet.apply("a/LWT", b"online", false, Time(9));
    assert_eq!(told(&fleet), ["b offline@6"]);
    for at in 10_000..10_300 {
        let word = if at % 2 == 0 { "online" } else { "offline" };
        fleet.apply("b/LWT", word.as_bytes(), false, Time(at * 2_000));
    }
    let told = told(&fleet);
    assert_eq!((told.len(), &*told[0]), (MAX_RECENT, "b offline@20598000"));
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
    let handle = fleet.find("lwt", "x").or(fleet.find("zigbee2mqtt", "lamp")).expect("it is there");
    let device = fleet.device(handle).unwrap();
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
    // The bridge is offline for a while, and in it the link, too, and the lamp is heard.
    check_bar(
        |f| {
            let mut say = |topic: &str, word: &str, at: u64| {
                f.apply(&format!("zigbee2mqtt/{topic}"), word.as_bytes(), true, Time(at));
            };
            say("lamp/availability", "online", 0);
            say("bridge/state", "offline", 200);
            say("lamp/availability", "offline", 300);
            say("bridge/state", "online", 500);
            say("bridge/state", "offline", 800);
            f.link_up(Time(0));
            f.link_down(Time(850));
            f.link_up(Time(900));
            f.apply("zigbee2mqtt/lamp/availability", b"online", true, Time(900));
        },
        0,
        1_000,
        10,
        "oo...XXX..",
    );
    // What lies before a gap that was let go of may have been another gap.
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            for gap in 0..65 {
                f.link_down(Time(100 + 10 * gap));
                f.link_up(Time(105 + 10 * gap));
                say(f, "online", 105 + 10 * gap);
            }
        },
        0,
        1_000,
        10,
        ".ooooooooo",
    );
    check_bar(
        |f| {
            f.link_up(Time(0));
            say(f, "online", 0);
            for gap in 0..9 {
                f.cover(|_| false, Time(100 + 10 * gap));
                say(f, "online", 105 + 10 * gap);
            }
        },
        0,
        1_000,
        20,
        "..oooooooooooooooooo",
    );
}

#[test]
fn a_glance_says_what_the_device_says() {
    let mut fleet = fleet(&[
        ("a/LWT", "online"),
        ("b/LWT", "offline"),
        ("zigbee2mqtt/lamp/availability", r#"{"state":"online"}"#),
        ("zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#),
    ]);
    fleet.apply("a/LWT", b"offline", false, Time(2));
    let handles: Vec<Handle> = fleet.handles().collect();
    let mut looks = Vec::new();
    for &handle in &handles {
        let device = fleet.device(handle).expect("it lives");
        assert_eq!(fleet.glance(handle), Some((device.status, device.evidence)), "{}", device.id);
        looks.push(fleet.glance(handle).expect("it lives"));
    }
    // What hangs on a gateway that is offline is not known at present.
    assert!(
        looks.contains(&(Status::Offline, Evidence::Live))
            && looks.contains(&(Status::Online, Evidence::Stale))
    );
    fleet.apply("b/LWT", b"", true, Time(3));
    let gone = handles.into_iter().filter(|handle| fleet.glance(*handle).is_none());
    assert_eq!(gone.count(), 1);
}
