//! The rows that the page asks for: order, search, groups and counts.

use fleet::fleet::Bounds;
use fleet::{Evidence, Fleet, GroupKey, Grouping, Handle, OrderBy, Query, Rows, Status, Statuses, Time};

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
                // The shared topic is cleared for the device that wrote last.
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
