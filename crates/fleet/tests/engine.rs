//! The engine against a scripted broker on virtual time: no sleeps, no ports.
//!
//! The broker keeps retained messages, answers each SUBSCRIBE with its SUBACK and the replays, and can be
//! told to refuse a filter, to hold its answers back or to drop PINGRESPs. What the board sent is kept as a
//! transcript, one line a WebSocket message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use fleet::fleet::{Bounds, StaleReason};
use fleet::snapshot::{Rejection, Snapshot};
use fleet::{Config, ConfigError, Engine, Evidence, FilterState, SnapshotState, Status, Time};
use mqtt::encode::encode;
use mqtt::stream::Stream;
use mqtt::{
    Closed, Connack, Delivery, Link, Options, Packet, Properties, Publish, QoS, ReasonCode, RetainHandling,
    Suback, TopicFilter, TopicName, Transmit, Unsuback, Version, VersionChoice,
};

struct Broker {
    version: Version,
    received: Stream,
    retained: BTreeMap<String, String>,
    refused: BTreeSet<String>,
    subscribed: BTreeSet<String>,
    drops_pingresp: bool,
    /// What the board sent, a line for each WebSocket message.
    transcript: Vec<String>,
}

impl Broker {
    /// Takes one WebSocket message and answers it.
    fn answer(&mut self, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut line = Vec::new();
        let version = self.version;
        let mut send =
            |packet: Packet<'_>| encode(&packet, version, &mut out).expect("the broker sends what it may");
        let properties = Properties::EMPTY;
        // What CONNECT says is the session's own matter, and tested there. It comes alone.
        if message[0] == 0x10 {
            line.push("CONNECT".to_owned());
            self.subscribed.clear();
            let reason_code = ReasonCode::Success;
            send(Packet::Connack(Connack { session_present: false, reason_code, properties }));
        } else {
            self.received.extend(message);
        }
        while let Some(packet) = self.received.next().expect("the board keeps to the protocol") {
            match packet {
                Packet::Subscribe(subscribe) => {
                    let subscriptions: Vec<_> = subscribe.subscriptions.into_iter().collect();
                    let [subscription] = subscriptions[..] else { panic!("one filter at a time") };
                    assert_eq!(subscription.qos, QoS::AtMostOnce);
                    assert_eq!(subscription.retain_handling, RetainHandling::SendAtSubscribe);
                    assert!(!subscription.retain_as_published);
                    let filter = subscription.filter.as_str();
                    line.push(format!("SUBSCRIBE {filter}"));
                    let is_refused = self.refused.contains(filter);
                    let code = if is_refused { ReasonCode::UnspecifiedError } else { ReasonCode::Success };
                    let reason_codes = [code];
                    let packet_id = subscribe.packet_id;
                    send(Packet::Suback(Suback {
                        packet_id,
                        properties,
                        reason_codes: reason_codes[..].into(),
                    }));
                    if is_refused {
                        continue;
                    }
                    self.subscribed.insert(filter.to_owned());
                    for (topic, payload) in &self.retained {
                        let topic = TopicName::new(topic).unwrap();
                        if subscription.filter.matches(topic) {
                            let payload = payload.as_bytes();
                            send(Packet::Publish(Publish {
                                delivery: Delivery::AtMostOnce,
                                retain: true,
                                topic,
                                properties,
                                payload,
                            }));
                        }
                    }
                }
                Packet::Unsubscribe(unsubscribe) => {
                    for filter in unsubscribe.filters {
                        line.push(format!("UNSUBSCRIBE {}", filter.as_str()));
                        self.subscribed.remove(filter.as_str());
                    }
                    let codes = [ReasonCode::Success];
                    let reason_codes =
                        if version == Version::V5 { codes[..].into() } else { codes[..0].into() };
                    let packet_id = unsubscribe.packet_id;
                    send(Packet::Unsuback(Unsuback { packet_id, properties, reason_codes }));
                }
                Packet::Pingreq => {
                    line.push("PINGREQ".to_owned());
                    if !self.drops_pingresp {
                        send(Packet::Pingresp);
                    }
                }
                Packet::Disconnect(_) => line.push("DISCONNECT".to_owned()),
                other => panic!("the board does not send {other:?}"),
            }
        }
        self.transcript.push(line.join(", "));
        out
    }
}

struct Pair {
    engine: Engine,
    broker: Broker,
    now: Time,
    /// Answers that were not delivered yet, when the network is slow.
    held: Vec<Vec<u8>>,
    is_slow: bool,
    /// No new socket opens.
    is_unreachable: bool,
}

impl Pair {
    fn new(version: Version, filters: Option<&[&str]>) -> Pair {
        let mut options = Options::new("board");
        options.version = VersionChoice::Only(version);
        let mut config = Config::new(options);
        config.filters = filters.map(|filters| filters.iter().map(|filter| (*filter).to_owned()).collect());
        let broker = Broker {
            version,
            received: Stream::new(version, 1 << 20),
            retained: BTreeMap::new(),
            refused: BTreeSet::new(),
            subscribed: BTreeSet::new(),
            drops_pingresp: false,
            transcript: Vec::new(),
        };
        let engine = Engine::new(config).expect("the filters are good");
        Pair { engine, broker, now: Time(1_000_000), held: Vec::new(), is_slow: false, is_unreachable: false }
    }

    fn with_retained(version: Version, retained: &[(&str, &str)]) -> Pair {
        let mut pair = Pair::new(version, None);
        for (topic, payload) in retained {
            pair.broker.retained.insert((*topic).into(), (*payload).into());
        }
        pair
    }

    fn connect(&mut self) {
        self.engine.connect(self.now);
        self.run();
    }

    /// Carries out what the engine wants until it wants nothing more.
    fn run(&mut self) {
        loop {
            let mut opened = false;
            match self.engine.poll_transmit() {
                None => break,
                Some(Transmit::Open) => opened = true,
                Some(Transmit::Send(message)) => {
                    let answer = self.broker.answer(message);
                    self.held.push(answer);
                }
                Some(Transmit::Close) => self.held.clear(),
            }
            if opened && self.is_unreachable {
                self.engine.handle_closed(Closed { code: Some(1006), was_open: false }, self.now);
            } else if opened {
                self.broker.received = Stream::new(self.broker.version, 1 << 20);
                self.engine.handle_open(self.now);
            }
            if !self.is_slow {
                self.deliver();
            }
        }
    }

    fn deliver(&mut self) {
        for answer in std::mem::take(&mut self.held) {
            self.engine.handle_bytes(&answer, self.now);
        }
    }

    /// Lets time pass, and every timer fire when it is due.
    fn wait(&mut self, milliseconds: u64) {
        let end = Time(self.now.0 + milliseconds);
        while let Some(due) = self.engine.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.engine.handle_timeout(self.now);
            self.run();
        }
        self.now = end;
    }

    /// A device publishes, and the broker delivers it once.
    fn publish(&mut self, topic: &str, payload: &str, retain: bool) {
        if retain && payload.is_empty() {
            self.broker.retained.remove(topic);
        } else if retain {
            self.broker.retained.insert(topic.into(), payload.into());
        }
        let topic = TopicName::new(topic).unwrap();
        let is_wanted = self.broker.subscribed.iter().any(|f| TopicFilter::new(f).unwrap().matches(topic));
        if is_wanted && self.engine.session().link() == Link::Connected {
            let mut out = Vec::new();
            let (delivery, properties) = (Delivery::AtMostOnce, Properties::EMPTY);
            let payload = payload.as_bytes();
            let packet = Packet::Publish(Publish { delivery, retain: false, topic, properties, payload });
            encode(&packet, self.broker.version, &mut out).unwrap();
            self.engine.handle_bytes(&out, self.now);
            self.run();
        }
    }

    fn lose_link(&mut self) {
        self.held.clear();
        self.engine.handle_closed(Closed { code: Some(1006), was_open: true }, self.now);
        self.run();
    }

    /// The boundary: a device's status and evidence.
    #[track_caller]
    fn check(&self, slug: &str, id: &str, expected: &str) {
        let device = self.engine.fleet().find(slug, id).and_then(|handle| self.engine.fleet().device(handle));
        let found = device
            .map_or("none".into(), |device| format!("{} {}", device.status.word(), device.evidence.word()));
        assert_eq!(found, expected, "{slug} {id}");
    }

    fn state(&self, filter: &str) -> FilterState {
        let filters = self.engine.snapshot().filters();
        filters.iter().find(|other| other.as_str() == filter).expect("it is in the list").state()
    }

    fn position(&self, filter: &str) -> usize {
        self.engine
            .snapshot()
            .filters()
            .iter()
            .position(|other| other.as_str() == filter)
            .expect("it is in the list")
    }
}

/// The filters the board asks for, in their order.
static FILTERS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    fleet::Registry::built_in().default_filters().into_iter().map(|filter| &*filter.leak()).collect()
});

#[test]
fn each_filter_is_one_message_with_its_barrier() {
    for version in [Version::V5, Version::V311] {
        let mut pair = Pair::with_retained(version, &[("a/status", "online"), ("tele/b/LWT", "Offline")]);
        assert_eq!(pair.engine.snapshot().state(), SnapshotState::Unknown);
        pair.connect();
        let mut expected = vec!["CONNECT".to_owned()];
        expected.extend(FILTERS.iter().map(|filter| format!("SUBSCRIBE {filter}, PINGREQ")));
        assert_eq!(pair.broker.transcript, expected);
        assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
        assert!(FILTERS.iter().all(|filter| pair.state(filter) == FilterState::Complete));
        pair.check("esphome", "a", "online retained");
        pair.check("tasmota", "b", "offline retained");
    }
}

#[test]
fn one_filter_is_outstanding_at_a_time() {
    let mut pair = Pair::with_retained(Version::V5, &[("a/status", "online")]);
    pair.is_slow = true;
    pair.connect();
    for sent in 1..=FILTERS.len() {
        pair.deliver();
        pair.run();
        assert_eq!(
            pair.broker.transcript.len(),
            1 + sent,
            "nothing is asked for before the barrier's answer"
        );
        assert_eq!(pair.engine.snapshot().state(), SnapshotState::Loading);
        assert_eq!(pair.state(FILTERS[sent - 1]), FilterState::Loading);
        pair.run();
    }
    pair.deliver();
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
}

#[test]
fn overlapping_filters_replay_twice_and_count_once() {
    let mut pair = Pair::with_retained(
        Version::V5,
        &[
            ("wled/1/status", "online"),
            ("wled/2/status", "offline"),
            ("x/y/status", "online"),
            ("x/z/status", "7"),
        ],
    );
    pair.connect();
    let filter = |pair: &Pair, text| pair.engine.snapshot().filters()[pair.position(text)].clone();
    let (wled, broad) = (filter(&pair, "wled/+/status"), filter(&pair, "+/+/status"));
    assert_eq!((wled.replays(), wled.topics(), wled.useless()), (2, 2, 0));
    assert_eq!((broad.replays(), broad.topics(), broad.useless(), broad.messages()), (4, 2, 1, 4));
    assert_eq!(pair.engine.snapshot().topics(), 4);
    assert_eq!(pair.engine.fleet().counts().total, 3);
}

#[test]
fn a_refused_filter_is_asked_again_with_back_off() {
    let mut pair = Pair::with_retained(Version::V311, &[("a/status", "online"), ("b-will", "offline")]);
    pair.broker.refused.insert("+/status".into());
    pair.connect();
    // The others are not held up, and nobody claims to have seen everything.
    pair.check("taichi-maker", "b", "offline retained");
    pair.check("esphome", "a", "none");
    let started = pair.now;
    assert!(
        matches!(pair.state("+/status"), FilterState::Refused { reason: ReasonCode::UnspecifiedError, retry_at } if retry_at == Some(Time(started.0 + 1_000)))
    );
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Unknown);

    let asked = |pair: &Pair| {
        pair.broker.transcript.iter().filter(|line| line.ends_with("SUBSCRIBE +/status, PINGREQ")).count()
    };
    for (wait, expected) in [
        (999, 1),
        (1, 2),
        (1_999, 2),
        (1, 3),
        (4_000, 4),
        (8_000, 5),
        (16_000, 6),
        (30_000, 7),
        (30_000, 8),
        (29_999, 8),
    ] {
        pair.wait(wait);
        assert_eq!(asked(&pair), expected, "after {} ms", pair.now.0 - started.0);
        assert_eq!(pair.engine.snapshot().state(), SnapshotState::Unknown, "it does not flicker");
    }
    pair.broker.refused.clear();
    pair.wait(1);
    pair.check("esphome", "a", "online retained");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
}

#[test]
fn a_lost_link_leaves_everything_stale_until_it_is_announced_again() {
    let mut pair = Pair::with_retained(
        Version::V5,
        &[("a/status", "online"), ("b/status", "online"), ("c/status", "offline")],
    );
    pair.connect();
    pair.publish("d/status", "online", false);
    pair.check("esphome", "d", "online live");
    pair.publish("a/status", "online", true);
    pair.check("esphome", "a", "online live");

    let lost_at = pair.now;
    pair.is_unreachable = true;
    pair.lose_link();
    for id in ["a", "b", "d"] {
        pair.check("esphome", id, "online stale");
    }
    let counts = pair.engine.fleet().counts();
    assert_eq!((counts.total, counts.live, counts.retained, counts.stale), (4, 0, 0, 4));
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Unknown);

    // Meanwhile one goes offline, and one is cleared.
    pair.publish("b/status", "offline", true);
    pair.publish("c/status", "", true);
    pair.wait(20_000);
    assert!(matches!(pair.engine.session().link(), Link::Waiting { .. }));
    pair.is_unreachable = false;
    pair.broker.transcript.clear();
    pair.wait(60_000);
    assert_eq!(pair.engine.session().link(), Link::Connected);
    // Every filter afresh, in the same order.
    let subscribes = pair.broker.transcript.iter().filter(|line| line.starts_with("SUBSCRIBE")).count();
    assert_eq!(
        (pair.broker.transcript[1].as_str(), subscribes),
        ("SUBSCRIBE mqtt-will, PINGREQ", FILTERS.len())
    );
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);

    pair.check("esphome", "a", "online retained");
    pair.check("esphome", "b", "offline retained");
    // Not announced again: their last word stays, and says why nobody believes it.
    pair.check("esphome", "c", "offline stale");
    pair.check("esphome", "d", "online stale");
    let fleet = pair.engine.fleet();
    let device = fleet.device(fleet.find("esphome", "d").unwrap()).unwrap();
    assert_eq!(device.stale, Some(StaleReason::NotAnnouncedAgain));
    let gap = fleet.gaps().next().expect("the gap is kept");
    assert_eq!(gap.from, lost_at);
    assert!(gap.to.is_some_and(|to| to.0 >= lost_at.0 + 20_000));
    pair.publish("d/status", "offline", false);
    pair.check("esphome", "d", "offline live");
}

#[test]
fn a_non_retained_will_is_not_undone_while_the_link_is_unbroken() {
    let mut pair = Pair::with_retained(Version::V5, &[("a/status", "online")]);
    pair.connect();
    pair.publish("a/status", "offline", false);
    let position = pair.position("+/status");
    pair.engine.switch_filter(position, false, pair.now);
    pair.run();
    // Switched off, nobody can know any more; the subscription taken up again replays the birth.
    pair.check("esphome", "a", "offline stale");
    pair.engine.switch_filter(position, true, pair.now);
    pair.run();
    pair.check("esphome", "a", "online retained");

    // With another filter that covers it, nothing was missed and nothing is undone.
    let mut pair = Pair::new(Version::V5, Some(&["a/status", "+/status"]));
    pair.broker.retained.insert("a/status".into(), "online".into());
    pair.connect();
    pair.publish("a/status", "offline", false);
    for is_on in [false, true] {
        pair.engine.switch_filter(1, is_on, pair.now);
        pair.run();
        pair.check("esphome", "a", "offline live");
    }
}

#[test]
fn a_burst_of_a_suspicious_length_is_called_cut() {
    for (length, expected) in
        [(199, SnapshotState::Complete), (200, SnapshotState::Cut), (999, SnapshotState::Cut)]
    {
        let mut pair = Pair::new(Version::V5, Some(&["fleet/+/status"]));
        for number in 0..length {
            pair.broker.retained.insert(format!("fleet/{number}/status"), "online".into());
        }
        pair.connect();
        assert_eq!(pair.engine.snapshot().state(), expected, "{length}");
        assert_eq!(pair.engine.fleet().counts().total, length);
    }
}

#[test]
fn a_dropped_pingresp_leaves_that_filter_unknown_and_goes_on() {
    let retained = [("a/status", "online"), ("tele/b/LWT", "Online")];
    let mut pair = Pair::with_retained(Version::V311, &retained);
    pair.broker.drops_pingresp = true;
    pair.connect();
    pair.broker.drops_pingresp = false;
    let first = FILTERS[0];
    assert_eq!(pair.state(first), FilterState::Loading);
    assert_eq!(pair.broker.transcript.len(), 2);
    // The link is alive, as other messages show; so the session gives up the answer, not the link.
    for _ in 0..30 {
        if pair.state(first) == FilterState::Loading {
            pair.publish("mqtt-will", "anything", false);
            pair.wait(1_000);
        }
    }
    assert_eq!(pair.engine.session().link(), Link::Connected);
    assert!(matches!(pair.state(first), FilterState::Unknown { retry_at: Some(_) }));
    pair.check("tasmota", "b", "online retained");
    pair.check("esphome", "a", "online retained");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Unknown);
    pair.wait(1_000);
    assert_eq!(pair.state(first), FilterState::Complete, "it was asked again");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
}

#[test]
fn a_noisy_broad_filter_is_paused_and_says_so() {
    let mut pair = Pair::with_retained(Version::V5, &[("a/status", "online"), ("wled/1/status", "online")]);
    pair.connect();
    let broad = pair.position("+/+/status");
    pair.wait(2_000);
    pair.publish("x/dev/status", "online", false);
    for number in 0..50 {
        pair.publish("x/y/status", &format!("{number}"), false);
    }
    assert_eq!(pair.state("+/+/status"), FilterState::Complete);
    pair.wait(1_000);
    assert_eq!(pair.engine.snapshot().filters()[broad].rate(pair.now), 51);
    for number in 0..51 {
        pair.publish("x/y/status", &format!("{number}"), false);
    }
    assert_eq!(pair.state("+/+/status"), FilterState::Paused);
    assert_eq!(pair.broker.transcript.last().unwrap(), "UNSUBSCRIBE +/+/status");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete, "all that was retained was seen");
    // Only what no other filter brings is stale.
    pair.check("esphome", "x/dev", "online stale");
    pair.check("wled", "1", "online retained");
    pair.check("esphome", "a", "online retained");

    // It stays paused over a reconnect; switched on by hand, it is not paused again.
    pair.lose_link();
    pair.wait(60_000);
    assert_eq!(pair.state("+/+/status"), FilterState::Paused);
    pair.engine.switch_filter(broad, true, pair.now);
    pair.run();
    assert_eq!(pair.state("+/+/status"), FilterState::Complete);
    for number in 0..200 {
        pair.publish("x/y/status", &format!("{number}"), false);
    }
    assert_eq!(pair.state("+/+/status"), FilterState::Complete);
}

#[test]
fn what_is_retained_is_no_noise() {
    let mut pair = Pair::new(Version::V5, None);
    for number in 0..150 {
        pair.broker.retained.insert(format!("v{number}"), "21.5".into());
    }
    pair.connect();
    assert_eq!(pair.state("+"), FilterState::Complete);
    let plus = &pair.engine.snapshot().filters()[pair.position("+")];
    assert_eq!((plus.useless(), plus.topics()), (150, 150));
}

#[test]
fn explicit_filters_replace_the_default_ones() {
    let mut pair = Pair::new(Version::V5, Some(&["#", "factory/+/line/#", "bad/#/x", "$share/g/x", "#"]));
    pair.broker.retained.insert("factory/1/line/2/robot/3/status".into(), "online".into());
    pair.broker.retained.insert("factory/1/line/2/robot/3/temperature".into(), "20".into());
    pair.connect();
    assert_eq!(
        pair.broker.transcript,
        ["CONNECT", "SUBSCRIBE factory/+/line/#, PINGREQ", "SUBSCRIBE #, PINGREQ"]
    );
    pair.check("esphome", "factory/1/line/2/robot/3", "online retained");
    let rejected: Vec<_> =
        pair.engine.rejected_filters().iter().map(|r| (r.filter.as_str(), r.reason)).collect();
    assert!(matches!(
        rejected[..],
        [("bad/#/x", Rejection::Invalid(_)), ("$share/g/x", Rejection::Shared), ("#", Rejection::Repeated)]
    ));

    let mut config = Config::new(Options::new("board"));
    config.filters = Some(vec!["".into()]);
    assert!(
        matches!(Engine::new(config.clone()), Err(ConfigError::NoFilter(rejected)) if rejected.len() == 1)
    );
    config.filters = Some(Vec::new());
    assert!(Engine::new(config).is_err());
}

#[test]
fn a_machine_that_slept_asks_again() {
    let mut pair = Pair::with_retained(Version::V5, &[("a/status", "online"), ("b/status", "online")]);
    pair.connect();
    let asleep_at = pair.now;
    pair.publish("a/status", "online", true);
    pair.check("esphome", "a", "online live");
    // An hour passes without a timer, and the link outlives it.
    pair.now = Time(pair.now.0 + 3_600_000);
    pair.broker.retained.insert("b/status".into(), "offline".into());
    pair.is_slow = true;
    pair.engine.handle_timeout(pair.now);
    pair.check("esphome", "a", "online stale");
    pair.run();
    pair.is_slow = false;
    pair.deliver();
    pair.run();
    pair.check("esphome", "a", "online retained");
    pair.check("esphome", "b", "offline retained");
    let gap = pair.engine.fleet().gaps().next().expect("nobody looked");
    assert_eq!((gap.from, gap.to), (asleep_at, Some(pair.now)));
}

#[test]
fn the_epoch_tells_of_every_change() {
    let mut pair = Pair::with_retained(Version::V5, &[("a/status", "online")]);
    let mut last = pair.engine.epoch();
    let mut changed = |pair: &Pair| std::mem::replace(&mut last, pair.engine.epoch()) != pair.engine.epoch();
    pair.connect();
    assert!(changed(&pair));
    pair.publish("a/status", "offline", false);
    assert!(changed(&pair));
    pair.wait(1);
    assert!(!changed(&pair), "nothing happened");
    pair.lose_link();
    assert!(changed(&pair));
    pair.engine.disconnect(pair.now);
    assert!(changed(&pair));
    assert_eq!(pair.engine.session().link(), Link::Idle);
}

#[test]
fn a_flood_of_devices_stops_at_the_bound() {
    let mut config = Config::new(Options::new("board"));
    config.bounds = Bounds { devices: 10, ..Bounds::default() };
    let mut pair = Pair::new(Version::V5, None);
    config.session.version = VersionChoice::Only(Version::V5);
    pair.engine = Engine::new(config).unwrap();
    for number in 0..30 {
        pair.broker.retained.insert(format!("d{number:02}/status"), "online".into());
    }
    pair.connect();
    let fleet = pair.engine.fleet();
    assert_eq!((fleet.counts().total, fleet.refused().devices), (10, 20));
    pair.check("esphome", "d09", "online retained");
    assert_eq!(pair.engine.fleet().handles().count(), 10);
    let first = pair.engine.fleet().find("esphome", "d00").unwrap();
    let device = pair.engine.fleet().device(first).unwrap();
    assert_eq!((device.status, device.evidence), (Status::Online, Evidence::Retained));
}

#[test]
fn the_default_list_is_the_contracts() {
    let snapshot = Snapshot::with_defaults();
    let filters: Vec<&str> = snapshot.filters().iter().map(|filter| filter.as_str()).collect();
    assert_eq!(filters, *FILTERS);
}

const DISCOVERY: &str = "tasmota/discovery/DC4F2249A3B1/config";

/// What Tasmota's discovery says of a device with a FullTopic of its own; its MAC ends as its topic does.
fn discovery(topic: &str, full_topic: &str) -> String {
    let end = &topic[topic.len() - 1..];
    format!(
        r#"{{"ip":"10.0.0.9","dn":"Bedside","fn":["Lamp"],"hn":"lamp1-9148","mac":"DC4F2249A3B{end}","ofln":"Offline","onln":"Online","t":"{topic}","ft":"{full_topic}","tp":["cmnd","stat","tele"],"ver":1}}"#
    )
}

#[test]
fn a_topic_that_metadata_names_is_subscribed_to() {
    let config = discovery("lamp1", "tasmota/bedroom/%topic%/%prefix%/");
    let lwt = "tasmota/bedroom/lamp1/tele/LWT";
    let mut pair = Pair::with_retained(Version::V5, &[(DISCOVERY, &config), (lwt, "Online")]);
    pair.connect();
    let own = FILTERS.len();
    assert_eq!(pair.broker.transcript.len(), 1 + own + 1);
    let last = pair.broker.transcript.last().unwrap();
    assert_eq!(last, "SUBSCRIBE tasmota/bedroom/+/tele/LWT, PINGREQ");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
    pair.check("tasmota", "lamp1", "online retained");

    // The next of its kind needs no other filter, and one within the board's own needs none at all.
    let lamp_2 = discovery("lamp2", "tasmota/bedroom/%topic%/%prefix%/");
    pair.publish("tasmota/discovery/DC4F2249A3B2/config", &lamp_2, true);
    pair.publish("tasmota/discovery/DC4F2249A3B3/config", &discovery("lamp3", "%prefix%/%topic%/"), true);
    assert_eq!(pair.engine.fleet().counts().total, 3);
    assert_eq!(pair.engine.snapshot().filters().len(), own + 1);

    // It stays through a break of the link.
    pair.lose_link();
    pair.wait(5_000);
    assert_eq!(pair.state("tasmota/bedroom/+/tele/LWT"), FilterState::Complete);
    pair.publish(lwt, "Offline", true);
    pair.check("tasmota", "lamp1", "offline live");
}

#[test]
fn another_base_topic_is_found_by_its_bridge() {
    let mut pair = Pair::with_retained(
        Version::V311,
        &[
            ("attic-z2m/bridge/state", r#"{"state":"online"}"#),
            ("attic-z2m/kitchen/lamp/availability", r#"{"state":"offline"}"#),
            (
                "attic-z2m/bridge/devices",
                r#"[{"friendly_name":"kitchen/lamp","type":"Router"},{"friendly_name":"door","type":"EndDevice"}]"#,
            ),
        ],
    );
    pair.connect();
    pair.check("zigbee2mqtt-bridge", "attic-z2m", "online retained");
    pair.check("zigbee2mqtt", "attic-z2m:kitchen/lamp", "offline retained");
    pair.check("zigbee2mqtt", "attic-z2m:door", "unknown retained");
    assert_eq!(pair.engine.fleet().counts().total, 3);
    pair.publish("attic-z2m/bridge/state", r#"{"state":"offline"}"#, true);
    pair.check("zigbee2mqtt", "attic-z2m:kitchen/lamp", "offline stale");
    let lamp = pair.engine.fleet().find("zigbee2mqtt", "attic-z2m:kitchen/lamp").unwrap();
    assert!(pair.engine.fleet().device(lamp).unwrap().parent_offline);
}

#[test]
fn the_users_filters_are_asked_for_again_when_a_bridge_tells_whose_they_are() {
    let mut pair = Pair::new(Version::V5, Some(&["home/#", "hall/#"]));
    for (topic, payload) in [
        ("home/z2m/attic/availability", "online"),
        ("home/z2m/bridge/state", "online"),
        ("home/z2m/noise", "21.5"),
        ("home/rtl_433/attic/availability", "online"),
    ] {
        pair.broker.retained.insert(topic.into(), payload.into());
    }
    pair.connect();
    pair.check("zigbee2mqtt-bridge", "home/z2m", "online retained");
    pair.check("zigbee2mqtt", "home/z2m:attic", "online retained");
    assert_eq!(pair.engine.fleet().counts().total, 2);
    assert_eq!(
        pair.broker.transcript,
        ["CONNECT", "SUBSCRIBE home/#, PINGREQ", "SUBSCRIBE home/#, PINGREQ", "SUBSCRIBE hall/#, PINGREQ"]
    );
    assert_eq!((pair.engine.snapshot().topics(), pair.engine.snapshot().state().word()), (4, "complete"));
}

#[test]
fn the_users_filters_are_not_added_to() {
    let mut pair = Pair::new(Version::V5, Some(&["tasmota/discovery/#"]));
    let config = discovery("lamp1", "tasmota/bedroom/%topic%/%prefix%/");
    pair.broker.retained.insert(DISCOVERY.into(), config);
    pair.connect();
    assert_eq!(pair.engine.snapshot().filters().len(), 1);
    pair.check("tasmota", "lamp1", "unknown retained");
}
