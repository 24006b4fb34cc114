//! Every convention's examples, the contract's words and bounds, and what shared topics and metadata mean.

use fleet::conventions::examples::{Sequence, Step};
use fleet::conventions::{
    About, Convention, Level, Metadata, Pattern, Precedence, RegisterError, Vocabulary, Words, examples,
};
use fleet::fleet::{Bounds, Effect};
use fleet::{Evidence, Fleet, Grouping, Query, Status, Time};

fn fleet() -> Fleet {
    let mut fleet = Fleet::new(Bounds::default(), false, 7);
    fleet.link_up(Time(0));
    fleet
}

#[test]
fn every_vector_of_every_convention() {
    for (convention, examples) in examples() {
        let ignored = examples.vectors.iter().filter(|vector| vector.means.is_none()).count();
        assert!(examples.vectors.len() >= 4 && ignored >= 2, "{} shows too little", convention.slug);
        for vector in examples.vectors {
            let mut fleet = fleet();
            fleet.apply(vector.topic, vector.payload.as_bytes(), true, Time(1));
            let found = vector.means.and_then(|(id, _)| {
                let device = fleet.device(fleet.find(&convention.slug, id)?)?;
                Some((device.id, device.status))
            });
            assert_eq!(found, vector.means, "{} {:?}", vector.topic, vector.payload);
            let expected = u32::from(vector.means.is_some());
            assert_eq!(fleet.counts().total, expected, "tiles by {} {:?}", vector.topic, vector.payload);
        }
    }
}

fn play(sequence: &Sequence) -> Fleet {
    let mut fleet = fleet();
    for (seconds, step) in (1u64..).zip(sequence.steps) {
        let now = Time(1_000 * seconds);
        match *step {
            Step::Replay(topic, payload) => {
                fleet.apply(topic, payload.as_bytes(), true, now);
            }
            Step::Live(topic, payload) => {
                fleet.apply(topic, payload.as_bytes(), false, now);
            }
            Step::LinkEnds => fleet.link_down(now),
            Step::LinkReturns => fleet.link_up(now),
            Step::SnapshotEnds => fleet.snapshot_finished(now),
        }
    }
    fleet
}

#[test]
fn every_sequence_of_every_convention() {
    for (convention, examples) in examples() {
        assert!(!examples.sequences.is_empty(), "{} tells no story", convention.slug);
        for sequence in examples.sequences {
            let fleet = play(sequence);
            let what = format!("{}: {}", convention.slug, sequence.what);
            for tile in sequence.then {
                let handle = fleet.find(tile.slug, tile.id);
                let device = handle.and_then(|handle| fleet.device(handle));
                let device = device.unwrap_or_else(|| panic!("{what}: no tile {} {}", tile.slug, tile.id));
                assert_eq!(
                    (device.status, device.evidence, device.name, device.parent_offline, device.changes),
                    (tile.status, tile.evidence, tile.name, tile.is_parent_offline, tile.changes),
                    "{what}: {}",
                    tile.id
                );
            }
            assert_eq!(fleet.counts().total as usize, sequence.then.len(), "{what}: tiles");
        }
    }
}

#[test]
fn topics_of_conventions_not_known_yet_belong_to_no_device() {
    for (topic, payload) in [
        ("hm/connected", "2"),
        ("zigbee2mqtt/lamp", r#"{"state":"OFF"}"#),
        ("frigate/front/status/detect", "online"),
        ("frigate/available", "online"),
        ("zwave/_CLIENTS/ZWAVE_GATEWAY-office/status", r#"{"value":false}"#),
        ("zwave/nodeID_7/status", "false"),
        ("ring/location/alarm/device/status", "online"),
        ("evcc/status", "offline"),
        ("homeassistant/status", "online"),
        ("hasp/plate/LWT", "online"),
        ("espresense/rooms/kitchen/status", "online"),
        ("nuki/2BB28570/connected", "true"),
        ("nukihub/maintenance/mqttConnectionState", "online"),
        ("rtl_433/attic/availability", "online"),
        ("valetudo/robot/$state", "ready"),
        ("owntracks/jane/phone", r#"{"_type":"location","lat":1,"lon":2,"tst":1700000100}"#),
        ("msh/EU_868/2/stat/!a1b2c3d4", "online"),
        ("ebusd/global/running", "true"),
        ("N/c0619ab1234/pvinverter/20/ProductId", ""),
        ("spBv1.0/STATE/scada1", r#"{"online":true,"timestamp":1700000060000}"#),
        ("STATE/scada1", "ONLINE"),
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

/// A convention of one user: `up` and `down` on `solar/<id>/state`, with the names on `solar/<id>/name`.
fn solar() -> Convention {
    fn read_name(id: &str, payload: &[u8], each: &mut dyn FnMut(About<'_>)) -> bool {
        let name = str::from_utf8(payload);
        name.inspect(|name| each(About { id, name: Some(name), ..About::default() })).is_ok()
    }
    let levels = |last| vec![Level::literal("solar"), Level::IdPath, Level::literal(last)];
    let words = Words::new([("up", Status::Online), ("down", Status::Offline)]);
    Convention {
        slug: "rule:solar".into(),
        label: String::from("Solar").into(),
        patterns: vec![
            Pattern { levels: levels("state"), vocabulary: Vocabulary::Words(words) },
            Pattern {
                levels: levels("name"),
                vocabulary: Vocabulary::Metadata(Metadata { read: read_name, is_inventory: false }),
            },
        ],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: false,
    }
}

#[test]
fn a_convention_registered_at_run_time_has_devices_like_a_built_in_one() {
    let mut fleet = fleet();
    assert_eq!(fleet.apply("solar/roof/state", b"up", true, Time(1)).effect, Effect::Unowned);
    let id = fleet.register(solar(), Precedence::AfterBuiltIn).expect("it is valid");
    assert_eq!(fleet.register(solar(), Precedence::AfterBuiltIn), Err(RegisterError::Slug));
    fleet.apply("solar/roof/state", b"UP\n", true, Time(2));
    fleet.apply("solar/roof/name", b"On the roof", true, Time(2));
    fleet.apply("solar/roof/east/state", b"down", false, Time(2));
    fleet.apply("solar/roof/west/state", b"online", false, Time(2));
    fleet.apply("lamp/LWT", b"online", true, Time(2));
    let roof = fleet.device(fleet.find("rule:solar", "roof").expect("it is there")).expect("it lives");
    assert_eq!((roof.display_name(), roof.status, roof.convention_id), ("On the roof", Status::Online, id));
    assert_eq!((&*roof.convention.label, &*fleet.conventions()[id].slug), ("Solar", "rule:solar"));
    let east = fleet.device(fleet.find_by_id(id, "roof/east").expect("it is there")).expect("it lives");
    assert_eq!((east.status, east.evidence), (Status::Offline, Evidence::Live));
    let unrecognized = fleet.unrecognized().of("solar/roof/west/state").expect("it is listed");
    assert_eq!((unrecognized.convention, fleet.counts().total), (id, 3));
    // It can be asked for, and its topics are subscribed to.
    let query = Query { convention: Some("rule:solar".into()), ..Query::default() };
    let rows = fleet.rows(&query);
    assert_eq!(rows.attention.len() + rows.well.len(), 2);
    let groups = fleet.groups(&Query::default(), Grouping::Convention);
    let groups: Vec<_> = groups.iter().map(|group| (&*group.name, group.counts.total)).collect();
    assert_eq!(groups, [("LWT", 1), ("Solar", 2)]);
    let filters = fleet.conventions().default_filters();
    assert!(filters.contains(&"solar/+/+/state".to_owned()) && filters.contains(&"+/LWT".to_owned()));
}

#[test]
fn a_convention_registered_before_the_built_in_ones_takes_their_topics() {
    for (precedence, slug) in
        [(Precedence::BeforeBuiltIn, "rule:solar"), (Precedence::AfterBuiltIn, "tasmota")]
    {
        let mut fleet = fleet();
        let levels = vec![Level::literal("tele"), Level::Id, Level::literal("LWT")];
        let words = Words::new([("Online", Status::Degraded)]);
        let pattern = Pattern { levels, vocabulary: Vocabulary::Exact(words) };
        fleet.register(Convention { patterns: vec![pattern], ..solar() }, precedence).expect("it is valid");
        fleet.apply("tele/lamp/LWT", b"Online", true, Time(1));
        assert!(fleet.find(slug, "lamp").is_some(), "{precedence:?}");
        assert_eq!(fleet.counts().total, 1);
    }
}

#[test]
fn slugs_are_unique() {
    let slugs: Vec<_> = examples().into_iter().map(|(convention, _)| convention.slug).collect();
    for (position, slug) in slugs.iter().enumerate() {
        assert!(!slugs[..position].contains(slug));
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
        assert_eq!(fleet.apply("mqtt-will", nonsense.as_bytes(), true, Time(4)).effect, Effect::Unrecognized);
    }
    // Above 64 KiB a document is not even parsed.
    let padded = |length: usize| {
        let mut document = will("CC", "big", "online");
        document.extend(std::iter::repeat_n(' ', length - document.len()));
        document
    };
    assert_eq!(
        fleet.apply("mqtt-will", padded(65_537).as_bytes(), true, Time(5)).effect,
        Effect::Unrecognized
    );
    assert_eq!(fleet.apply("mqtt-will", padded(65_536).as_bytes(), true, Time(5)).effect, Effect::FirstSight);
    // A name with escapes, and one that is too long, which leaves the id.
    fleet.apply("mqtt-will", will("D\\u00c4", "a\\\"b", "online").as_bytes(), true, Time(6));
    let escaped = fleet.device(fleet.find("taichi-maker", "DÄ").unwrap()).unwrap();
    assert_eq!(escaped.name, Some("a\"b"));
    fleet.apply("mqtt-will", will("EE", &"n".repeat(300), "online").as_bytes(), true, Time(7));
    assert_eq!(fleet.device(fleet.find("taichi-maker", "EE").unwrap()).unwrap().display_name(), "EE");
}

/// The boundary: metadata → understood or not, and the number of tiles.
#[track_caller]
fn check_metadata(topic: &str, payload: &[u8], is_understood: bool, tiles: u32) {
    let mut fleet = fleet();
    let effect = fleet.apply(topic, payload, true, Time(1)).effect;
    let start = String::from_utf8_lossy(&payload[..payload.len().min(120)]);
    assert_eq!(effect != Effect::Unrecognized, is_understood, "{topic} {start}");
    assert_eq!(fleet.counts().total, tiles, "tiles by {topic} {start}");
}

#[test]
fn hostile_inventories() {
    let check = |payload: &[u8], is_understood, tiles| {
        check_metadata("zigbee2mqtt/bridge/devices", payload, is_understood, tiles);
    };
    let entry = |name: &str| format!(r#"{{"friendly_name":"{name}","type":"Router"}}"#);
    let list = |entries: &[String]| format!("[{}]", entries.join(",")).into_bytes();

    check(&list(&[entry("lamp"), entry("kitchen/lamp")]), true, 2);
    check(b"[] \0", true, 0);
    for nonsense in [
        &b"{}"[..],
        b"null",
        b"[",
        b"[{}]",
        b"[null]",
        b"[7]",
        br#"[{"friendly_name":7}]"#,
        br#"[{"friendly_name":"a","disabled":"yes"}]"#,
        br#"[{"friendly_name":"a","friendly_name":"b"}]"#,
        b"[{\"friendly_name\":\"\xff\"}]",
    ] {
        check(nonsense, false, 0);
    }
    // Half a list is none: the devices before the fault get no tile either.
    check(br#"[{"friendly_name":"lamp"},{"friendly_name":"#, false, 0);
    // The same device twice is one tile; a name that no topic can have is no device.
    check(&list(&[entry("lamp"), entry("lamp")]), true, 1);
    check(&list(&[entry(""), entry("a/#"), entry("+"), entry("a\\u0000b"), entry("lamp")]), true, 1);
    check(&list(&[entry(&"n".repeat(256)), entry(&"n".repeat(257))]), true, 1);
    // What is not read may be as deep and as long as it likes, up to the bound on the document.
    let deep = format!(
        r#"[{{"friendly_name":"lamp","definition":{}{}}}]"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    check(deep.as_bytes(), true, 1);
    let padded = |length: usize| {
        let mut document = list(&[entry("lamp")]);
        document.resize(length, b' ');
        document
    };
    check(&padded(4 * 1024 * 1024), true, 1);
    check(&padded(4 * 1024 * 1024 + 1), false, 0);
}

#[test]
fn hostile_discovery() {
    let document = |change: &str| {
        let mut fields = vec![
            ("t", r#""plug""#),
            ("ft", r#""%prefix%/%topic%/""#),
            ("tp", r#"["cmnd","stat","tele"]"#),
            ("mac", r#""DC4F2249A3BC""#),
            ("hn", r#""host""#),
            ("onln", r#""Online""#),
            ("ofln", r#""Offline""#),
        ];
        let (key, value) = change.split_once('=').unwrap_or(("ver", "1"));
        fields.retain(|(known, _)| *known != key);
        fields.push((key, value));
        let fields: Vec<String> = fields.iter().map(|(key, value)| format!(r#""{key}":{value}"#)).collect();
        format!("{{{}}}", fields.join(","))
    };
    let check = |change: &str, is_understood: bool| {
        let payload = document(change);
        let tiles = u32::from(is_understood);
        check_metadata("tasmota/discovery/DC4F2249A3BC/config", payload.as_bytes(), is_understood, tiles);
    };
    let long = "x".repeat(257);
    check("", true);
    for change in [
        r#"t="""#,
        r#"t="a/#""#,
        r#"t="+""#,
        "t=7",
        "t=null",
        &format!(r#"t="{long}""#),
        r#"ft="""#,
        r#"ft="%prefix%/+/%topic%/""#,
        // All devices on one topic.
        r#"ft="%prefix%/all/""#,
        &format!(r#"ft="{long}%topic%""#),
        &format!(r#"t="{}""#, &long[..250]),
        r#"tp=["cmnd","stat"]"#,
        r#"tp=["cmnd","stat","tele","more"]"#,
        r#"tp=["cmnd","stat","te+le"]"#,
        &format!(r#"tp=["cmnd","stat","{long}"]"#),
        &format!(r#"hn="{long}""#),
        r#"mac="""#,
        r#"mac="000000000000""#,
        r#"mac="ÄÖÜ""#,
        r#"onln="""#,
        r#"onln="OFFLINE""#,
        r#"onln=" Offline""#,
        r#"ofln=" ""#,
        &format!(r#"ofln="{}""#, "x".repeat(33)),
        r#"dslp="1""#,
        r#"dslp=256"#,
        r#"t="a","t="b""#,
        &format!(r#"sw="{}""#, " ".repeat(64 * 1024)),
    ] {
        check(change, false);
    }
    for change in [
        r#"ft="%topic%/%prefix%""#,
        r#"ft="home//%topic%/#%prefix%/""#,
        r#"ft="%prefix%/%id%/""#,
        r#"ft="%prefix%/%hostname%/""#,
        r#"dn="Ümlaut""#,
        &format!(r#"dn="{long}""#),
        r#"fn=[null,"second"]"#,
        "fn=[]",
        "dslp=null",
        &format!(r#"so={}{}"#, "[".repeat(20_000), "]".repeat(20_000)),
    ] {
        check(change, true);
    }
    let topic = "tasmota/discovery/DC4F2249A3BC/config";
    check_metadata(topic, b"\xff", false, 0);
    check_metadata(topic, b"[]", false, 0);
    check_metadata(topic, "[".repeat(60_000).as_bytes(), false, 0);
    // Filled in one into the other these would be a topic of gigabytes.
    for [prefix, host] in [[4_000, 30_000], [36, 256]] {
        let bomb = format!(
            r#"{{"t":"{}","ft":"{}","tp":["","","{}"],"mac":"DC4F2249A3BC","hn":"{}","onln":"1","ofln":"0"}}"#,
            "%hostname%".repeat(25),
            "%prefix%".repeat(32),
            "%topic%".repeat(prefix),
            "x".repeat(host)
        );
        check_metadata(topic, bomb.as_bytes(), false, 0);
    }
}

/// The boundary: a FullTopic → the topic and the filter that the board asks for.
#[track_caller]
fn check_full_topic(full_topic: &str, topic: &str, filter: &str) {
    let mut fleet = fleet();
    let discovery = format!(
        r#"{{"t":"bed/lamp","ft":"{full_topic}","tp":["cmnd","stat","tele"],"mac":"DC4F2249A3BC","hn":"lamp-42",
            "onln":" Online","ofln":"Offline "}}"#
    );
    fleet.apply("tasmota/discovery/DC4F2249A3BC/config", discovery.as_bytes(), true, Time(1));
    fleet.apply(topic, b"Online", true, Time(2));
    let device = fleet.device(fleet.find("tasmota", "bed/lamp").unwrap()).unwrap();
    assert_eq!((device.status, device.topic), (Status::Online, topic), "FullTopic {full_topic}");
    assert_eq!(fleet.counts().total, 1, "FullTopic {full_topic}");
    assert_eq!(fleet.poll_wanted_filter(), Some(filter), "FullTopic {full_topic}");
}

#[test]
fn discovery_computes_the_topic_as_the_firmware_does() {
    check_full_topic("%prefix%/%topic%/", "tele/bed/lamp/LWT", "tele/+/+/LWT");
    check_full_topic("%topic%/%prefix%", "bed/lamp/tele/LWT", "+/+/tele/LWT");
    check_full_topic("house/x-%id%/%prefix%/", "house/x-49A3BC/tele/LWT", "house/+/tele/LWT");
    check_full_topic("house//%hostname%/#%prefix%/", "house/lamp-42/tele/LWT", "house/+/tele/LWT");
    check_full_topic("/%topic%/%prefix%/", "/bed/lamp/tele/LWT", "/+/+/tele/LWT");
    check_full_topic("é%%prefix%%id/%id%/", "é%tele%id/49A3BC/LWT", "é%tele%id/+/LWT");
}

#[test]
fn hostile_homie() {
    let name = |payload: &[u8], is_understood| {
        check_metadata("homie/car/$name", payload, is_understood, 0);
    };
    name(b"Super car", true);
    name("超级车".as_bytes(), true);
    name(&[b'n'; 256], true);
    name(&[b'n'; 257], false);
    name(b"\xff\xfe", false);

    let description = |payload: &str, is_understood| {
        check_metadata("homie/5/car/$description", payload.as_bytes(), is_understood, 0);
    };
    let long = "n".repeat(257);
    for payload in ["{}", r#"{"name":null,"root":null}"#, &format!(r#"{{"name":"{long}","root":"{long}"}}"#)]
    {
        description(payload, true);
    }
    for payload in
        ["", "[]", r#"["Car","bridge"]"#, r#"{"name":7}"#, r#"{"name":"a","name":"b"}"#, "{", "{}{}"]
    {
        // An empty payload takes a description back.
        description(payload, payload.is_empty());
    }
    let deep = format!(r#"{{"name":"Car","nodes":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    description(&deep, true);
}

#[test]
fn a_device_that_names_itself_as_its_root_hangs_on_nothing() {
    let mut fleet = fleet();
    fleet.apply("homie/5/car/$description", br#"{"root":"car"}"#, true, Time(1));
    fleet.apply("homie/5/car/$state", b"lost", true, Time(2));
    let device = fleet.device(fleet.find("homie5", "car").unwrap()).unwrap();
    assert_eq!((device.status, device.parent_offline), (Status::Offline, false));
}

#[test]
fn a_document_is_an_object_and_no_array() {
    for (topic, payload) in [
        ("mqtt-will", r#"["AA","esp","will","online"]"#),
        ("zigbee2mqtt/lamp/availability", r#"["online"]"#),
        ("home/OMG/LWT", "[true]"),
    ] {
        assert_eq!(
            fleet().apply(topic, payload.as_bytes(), true, Time(1)).effect,
            Effect::Unrecognized,
            "{topic}"
        );
    }
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
    let bounds = Bounds { devices: 3, topic: 32, unrecognized: 2, changes: 4, ..Bounds::default() };
    let mut fleet = Fleet::new(bounds, false, 0);
    fleet.link_up(Time(0));
    for name in ["a", "b", "c", "d", "e"] {
        fleet.apply(&format!("{name}/status"), b"online", true, Time(1));
        fleet.apply(&format!("{name}/status"), b"{}", true, Time(1));
    }
    assert_eq!((fleet.counts().total, fleet.refused().devices), (3, 2));
    assert!(["a", "b", "c"].iter().all(|name| fleet.find("esphome", name).is_some()));
    assert_eq!(
        (
            fleet.unrecognized().messages(),
            fleet.unrecognized().unlisted(),
            fleet.unrecognized().topics().count()
        ),
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
