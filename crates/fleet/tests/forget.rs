//! Forgetting against a scripted broker on virtual time: no sleeps, no ports.
//!
//! The broker keeps retained messages with their QoS and delivers as many messages of QoS 1 and 2 at a time as its
//! window allows. It can be told to refuse filters and messages, aloud or in silence, to answer late or in another
//! order, and to play a device that speaks at once when its message was deleted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use fleet::forget::{BATCH, GRACE, MOST_TOPICS, Task};
use fleet::snapshot::PATIENCE;
use fleet::{Config, Engine, Forgetting, Handle, Outcome, SnapshotState, Time};
use mqtt::encode::encode;
use mqtt::property::Place;
use mqtt::stream::Stream;
use mqtt::{
    Ack, Closed, Connack, Delivery, Options, Packet, PacketId, PacketType, Properties, PropertiesBuf,
    Property, Publish, QoS, ReasonCode, Suback, TopicFilter, TopicName, Transmit, Unsuback, Version,
    VersionChoice,
};

use QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};

struct Kept {
    payload: Vec<u8>,
    qos: QoS,
    content_type: &'static str,
}

struct Broker {
    version: Version,
    received: Stream,
    retained: BTreeMap<String, Kept>,
    subscribed: BTreeMap<String, QoS>,
    /// It refuses to subscribe to these.
    refused: BTreeSet<String>,
    /// It keeps no message on these: with what it says then.
    denied: BTreeMap<String, ReasonCode>,
    /// A device that says this as soon as its message was deleted.
    alive: BTreeMap<String, &'static str>,
    granted: QoS,
    /// What CONNACK says.
    properties: PropertiesBuf,
    /// How many messages of QoS 1 and 2 it sends before one is acknowledged.
    window: usize,
    in_flight: BTreeSet<u16>,
    waiting: VecDeque<(String, Kept)>,
    /// PINGRESPs are sent before everything else.
    is_hasty: bool,
    drops: BTreeSet<&'static str>,
    /// What the board sent, a line for each WebSocket message.
    transcript: Vec<String>,
    /// The most messages that the board had not seen acknowledged at a time.
    unacknowledged: usize,
}

impl Broker {
    /// Takes one WebSocket message and answers it.
    fn answer(&mut self, message: &[u8]) -> Vec<u8> {
        let (mut out, mut line, mut pingresp) = (Vec::new(), Vec::new(), Vec::new());
        let version = self.version;
        if message[0] == 0x10 {
            line.push("CONNECT".to_owned());
            self.subscribed.clear();
            self.in_flight.clear();
            self.waiting.clear();
            let (reason_code, properties) = (ReasonCode::Success, self.properties.clone());
            let properties = properties.as_properties();
            write(
                version,
                &mut out,
                Packet::Connack(Connack { session_present: false, reason_code, properties }),
            );
        } else {
            self.received.extend(message);
        }
        let mut received = std::mem::replace(&mut self.received, Stream::new(version, 1 << 20));
        let properties = Properties::EMPTY;
        let mut published = 0;
        while let Some(packet) = received.next().expect("the board keeps to the protocol") {
            match packet {
                Packet::Subscribe(subscribe) => {
                    let (mut codes, mut replays) = (Vec::new(), Vec::new());
                    let mut names = String::new();
                    for subscription in subscribe.subscriptions {
                        let filter = subscription.filter.as_str();
                        names.push(' ');
                        names.push_str(filter);
                        if self.refused.contains(filter) {
                            codes.push(match version {
                                Version::V5 => ReasonCode::NotAuthorized,
                                Version::V311 => ReasonCode::UnspecifiedError,
                            });
                            continue;
                        }
                        let granted = subscription.qos.min(self.granted);
                        codes.push(ReasonCode::ALL[granted as usize]);
                        self.subscribed.insert(filter.to_owned(), granted);
                        let matching =
                            |topic: &str| subscription.filter.matches(TopicName::new(topic).unwrap());
                        let found: Vec<_> = match subscription.filter.has_wildcard() {
                            true => self.retained.iter().filter(|(topic, _)| matching(topic)).collect(),
                            false => self.retained.get_key_value(filter).into_iter().collect(),
                        };
                        for (topic, kept) in found {
                            let (payload, qos) = (kept.payload.clone(), kept.qos.min(granted));
                            replays.push((topic.clone(), Kept { payload, qos, ..*kept }));
                        }
                    }
                    line.push(format!("SUBSCRIBE{names}"));
                    let packet_id = subscribe.packet_id;
                    if !self.drops.contains("SUBACK") {
                        let reason_codes = codes[..].into();
                        write(
                            version,
                            &mut out,
                            Packet::Suback(Suback { packet_id, properties, reason_codes }),
                        );
                    }
                    for (topic, kept) in replays {
                        self.send(&mut out, topic, kept);
                    }
                }
                Packet::Unsubscribe(unsubscribe) => {
                    let mut codes = Vec::new();
                    let mut names = String::new();
                    for filter in unsubscribe.filters {
                        names.push(' ');
                        names.push_str(filter.as_str());
                        self.subscribed.remove(filter.as_str());
                        codes.push(ReasonCode::Success);
                    }
                    line.push(format!("UNSUBSCRIBE{names}"));
                    let told = if version == Version::V5 { codes.len() } else { 0 };
                    let (packet_id, reason_codes) = (unsubscribe.packet_id, codes[..told].into());
                    if !self.drops.contains("UNSUBACK") {
                        write(
                            version,
                            &mut out,
                            Packet::Unsuback(Unsuback { packet_id, properties, reason_codes }),
                        );
                    }
                }
                Packet::Pingreq => {
                    line.push("PINGREQ".to_owned());
                    if !self.drops.contains("PINGRESP") {
                        let to = if self.is_hasty { &mut pingresp } else { &mut out };
                        write(version, to, Packet::Pingresp);
                    }
                }
                Packet::Publish(publish) => {
                    let topic = publish.topic.as_str().to_owned();
                    let (qos, id) = match publish.delivery {
                        Delivery::AtMostOnce => (AtMostOnce, None),
                        Delivery::AtLeastOnce { packet_id, .. } => (AtLeastOnce, Some(packet_id)),
                        Delivery::ExactlyOnce { packet_id, .. } => (ExactlyOnce, Some(packet_id)),
                    };
                    assert!(publish.retain, "the board changes what is retained and nothing else");
                    line.push(format!("PUBLISH {topic} {} {}", publish.payload.len(), qos as u8));
                    published += usize::from(id.is_some());
                    self.unacknowledged = self.unacknowledged.max(published);
                    let mut said = self.denied.get(&topic).copied();
                    if said.is_none() {
                        let content_type = publish.properties.find(|property| match property {
                            Property::ContentType(_) => Some("text/plain"),
                            _ => None,
                        });
                        let content_type = content_type.unwrap_or_default();
                        let kept = Kept { payload: publish.payload.to_vec(), qos, content_type };
                        self.keep(&mut out, &topic, kept);
                        if let (true, Some(word)) = (publish.payload.is_empty(), self.alive.get(&topic)) {
                            let kept = Kept { payload: (*word).into(), qos: AtMostOnce, content_type: "" };
                            self.keep(&mut out, &topic, kept);
                        }
                    }
                    if version == Version::V311 {
                        said = None;
                    }
                    let reason_code = said.unwrap_or(ReasonCode::Success);
                    if let Some(packet_id) = id.filter(|_| !self.drops.contains("PUBACK")) {
                        let ack = Ack { packet_id, reason_code, properties };
                        write(
                            version,
                            &mut out,
                            if qos == AtLeastOnce { Packet::Puback(ack) } else { Packet::Pubrec(ack) },
                        );
                    }
                }
                Packet::Pubrel(ack) => write(version, &mut out, Packet::Pubcomp(Ack::success(ack.packet_id))),
                Packet::Pubrec(ack) => write(version, &mut out, Packet::Pubrel(Ack::success(ack.packet_id))),
                Packet::Puback(ack) | Packet::Pubcomp(ack) => {
                    assert!(self.in_flight.remove(&ack.packet_id.get()));
                    if let Some((topic, kept)) = self.waiting.pop_front() {
                        self.send(&mut out, topic, kept);
                    }
                }
                Packet::Disconnect(_) => line.push("DISCONNECT".to_owned()),
                other => panic!("the board does not send {other:?}"),
            }
        }
        self.received = received;
        if !line.is_empty() {
            self.transcript.push(line.join(", "));
        }
        pingresp.extend(out);
        pingresp
    }

    /// Keeps a retained message, and passes it on to the board if it has subscribed to the topic.
    fn keep(&mut self, out: &mut Vec<u8>, topic: &str, kept: Kept) {
        let name = TopicName::new(topic).unwrap();
        if self.subscribed.keys().any(|filter| TopicFilter::new(filter).unwrap().matches(name)) {
            let (delivery, properties, payload) = (Delivery::AtMostOnce, Properties::EMPTY, &*kept.payload);
            let publish = Publish { delivery, retain: false, topic: name, properties, payload };
            write(self.version, out, Packet::Publish(publish));
        }
        if kept.payload.is_empty() {
            self.retained.remove(topic);
        } else {
            self.retained.insert(topic.to_owned(), kept);
        }
    }

    /// Sends a replay, or lets it wait for room in the window.
    fn send(&mut self, out: &mut Vec<u8>, topic: String, kept: Kept) {
        if kept.qos != AtMostOnce && self.in_flight.len() >= self.window {
            self.waiting.push_back((topic, kept));
            return;
        }
        let packet_id = (1..).find(|id| !self.in_flight.contains(id)).and_then(PacketId::new).unwrap();
        let delivery = match kept.qos {
            AtMostOnce => Delivery::AtMostOnce,
            AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup: false },
            ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup: false },
        };
        if kept.qos != AtMostOnce {
            self.in_flight.insert(packet_id.get());
        }
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
        if self.version == Version::V5 && !kept.content_type.is_empty() {
            properties.push(Property::ContentType(kept.content_type)).unwrap();
        }
        let (topic, properties) = (TopicName::new(&topic).unwrap(), properties.as_properties());
        let publish = Publish { delivery, retain: true, topic, properties, payload: &kept.payload };
        write(self.version, out, Packet::Publish(publish));
    }
}

fn write(version: Version, out: &mut Vec<u8>, packet: Packet<'_>) {
    encode(&packet, version, out).expect("the broker sends what it may");
}

struct Pair {
    engine: Engine,
    broker: Broker,
    now: Time,
    /// Answers that were not delivered yet, when the network is slow.
    held: VecDeque<Vec<u8>>,
    is_slow: bool,
}

impl Pair {
    /// Connected, with devices that these retained messages made.
    fn new(version: Version, retained: &[(&str, &str, QoS)]) -> Pair {
        Pair::with(version, retained, None, |_| {})
    }

    fn with(
        version: Version,
        retained: &[(&str, &str, QoS)],
        filters: Option<&[&str]>,
        change: impl Fn(&mut Broker),
    ) -> Pair {
        let mut options = Options::new("board");
        options.version = VersionChoice::Only(version);
        let mut config = Config::new(options);
        config.filters = filters.map(|filters| filters.iter().map(|filter| (*filter).to_owned()).collect());
        let mut broker = Broker {
            version,
            received: Stream::new(version, 1 << 20),
            retained: BTreeMap::new(),
            subscribed: BTreeMap::new(),
            refused: BTreeSet::new(),
            denied: BTreeMap::new(),
            alive: BTreeMap::new(),
            granted: ExactlyOnce,
            properties: PropertiesBuf::new(Place::Packet(PacketType::Connack)),
            window: 20,
            in_flight: BTreeSet::new(),
            waiting: VecDeque::new(),
            is_hasty: false,
            drops: BTreeSet::new(),
            transcript: Vec::new(),
            unacknowledged: 0,
        };
        for (topic, payload, qos) in retained {
            let kept = Kept { payload: (*payload).into(), qos: *qos, content_type: "" };
            broker.retained.insert((*topic).into(), kept);
        }
        change(&mut broker);
        let engine = Engine::new(config).expect("the filters are good");
        let mut pair = Pair { engine, broker, now: Time(1_000_000), held: VecDeque::new(), is_slow: false };
        pair.engine.connect(pair.now);
        pair.run();
        pair.wait(1_000);
        pair.broker.transcript.clear();
        pair
    }

    /// Carries out what the engine wants until it wants nothing more.
    fn run(&mut self) {
        loop {
            match self.engine.poll_transmit() {
                None => break,
                Some(Transmit::Open) => {
                    self.broker.received = Stream::new(self.broker.version, 1 << 20);
                    self.engine.handle_open(self.now);
                }
                Some(Transmit::Send(message)) => {
                    let answer = self.broker.answer(message);
                    self.held.push_back(answer);
                }
                Some(Transmit::Close) => self.held.clear(),
            }
            while !self.is_slow && self.deliver() {}
        }
    }

    /// Delivers one answer, if any waits.
    fn deliver(&mut self) -> bool {
        let Some(answer) = self.held.pop_front() else {
            return false;
        };
        self.engine.handle_bytes(&answer, self.now);
        true
    }

    /// On a slow network: one way there and back.
    fn round_trip(&mut self) {
        for _ in 0..self.held.len() {
            self.deliver();
        }
        self.run();
    }

    /// Lets time pass, and every timer fire when it is due.
    fn wait(&mut self, milliseconds: u64) {
        let (end, mut in_vain) = (Time(self.now.0 + milliseconds), 0);
        while let Some(due) = self.engine.poll_timeout().filter(|due| *due <= end) {
            in_vain = if due > self.now { 0 } else { in_vain + 1 };
            assert!(in_vain < 10, "a timer that leads nowhere");
            self.now = self.now.max(due);
            self.engine.handle_timeout(self.now);
            self.run();
        }
        self.now = end;
    }

    /// A device publishes, and the broker delivers it once.
    fn publish(&mut self, topic: &str, payload: &str, retain: bool) {
        let mut out = Vec::new();
        let kept = Kept { payload: payload.into(), qos: AtMostOnce, content_type: "" };
        let before = self.broker.retained.remove(topic);
        self.broker.keep(&mut out, topic, kept);
        if !retain {
            self.broker.retained.remove(topic);
            self.broker.retained.extend(before.map(|before| (topic.to_owned(), before)));
        }
        self.engine.handle_bytes(&out, self.now);
        self.run();
    }

    fn lose_link(&mut self) {
        self.held.clear();
        self.engine.handle_closed(Closed { code: Some(1006), was_open: true }, self.now);
        self.run();
    }

    fn devices(&self) -> Vec<Handle> {
        let fleet = self.engine.fleet();
        let mut devices: Vec<_> = fleet.handles().collect();
        devices.sort_by_key(|device| fleet.device(*device).unwrap().topic);
        devices
    }

    /// Looks up all devices, and waits for the outcome unless the network is slow.
    fn look_up(&mut self) {
        let devices = self.devices();
        self.engine.look_up(&devices, self.now);
        self.run();
        if !self.is_slow {
            self.until_done();
        }
    }

    fn forget(&mut self) {
        self.engine.forget(self.now);
        self.run();
        if !self.is_slow {
            self.until_done();
        }
    }

    fn undo(&mut self) {
        self.engine.undo(self.now);
        self.run();
        if !self.is_slow {
            self.until_done();
        }
    }

    fn until_done(&mut self) {
        for _ in 0..10_000 {
            if !self.forgetting().is_running() {
                return;
            }
            self.wait(50);
        }
        panic!("the task does not end: {:?}", self.forgetting());
    }

    fn forgetting(&self) -> &Forgetting {
        self.engine.forgetting().expect("something was looked up")
    }

    /// The boundary: what is known of the topics, in the order of their names.
    #[track_caller]
    fn check(&self, expected: &[(&str, Outcome)]) {
        let found: Vec<_> =
            self.forgetting().items().iter().map(|item| (&*item.topic, item.outcome)).collect();
        assert_eq!(found, expected);
    }

    fn kept(&self) -> Vec<(&str, &str, QoS)> {
        let kept = self.broker.retained.iter();
        kept.map(|(topic, kept)| (&**topic, str::from_utf8(&kept.payload).unwrap(), kept.qos)).collect()
    }

    /// A device's status and evidence.
    fn shown(&self, id: &str) -> String {
        let fleet = self.engine.fleet();
        let device = fleet.find("esphome", id).and_then(|handle| fleet.device(handle));
        device.map_or("none".into(), |device| format!("{} {}", device.status.word(), device.evidence.word()))
    }
}

const BOTH: [Version; 2] = [Version::V311, Version::V5];

const THREE: &[(&str, &str, QoS)] = &[
    ("a/status", "online", AtMostOnce),
    ("b/status", "offline", AtLeastOnce),
    ("c/status", "ONLINE", ExactlyOnce),
];

fn kept(bytes: u32, qos: QoS) -> Outcome {
    Outcome::Kept { bytes, qos }
}

/// Topics enough for batches of 20, 20 and 5.
fn forty_five(qos: QoS) -> Vec<(String, &'static str, QoS)> {
    (0..45).map(|number| (format!("d{number:02}/status"), "offline", qos)).collect()
}

fn borrowed<'a>(retained: &'a [(String, &'a str, QoS)]) -> Vec<(&'a str, &'a str, QoS)> {
    retained.iter().map(|(topic, payload, qos)| (&**topic, *payload, *qos)).collect()
}

#[test]
fn what_is_kept_is_looked_up_deleted_and_put_back() {
    for version in BOTH {
        let mut pair = Pair::new(version, THREE);
        pair.broker.retained.get_mut("b/status").unwrap().content_type = "text/plain";
        pair.publish("d/status", "online", false);
        pair.look_up();
        pair.check(&[
            ("a/status", kept(6, AtMostOnce)),
            ("b/status", kept(7, AtLeastOnce)),
            ("c/status", kept(6, ExactlyOnce)),
            ("d/status", Outcome::Nothing),
        ]);
        assert_eq!(pair.forgetting().items()[1].payload(), Some(&b"offline"[..]));
        assert_eq!((pair.forgetting().task(), pair.forgetting().progress()), (Task::LookUp, (4, 4)));
        let all = "a/status b/status c/status d/status";
        let [ask, again @ .., leave] = &pair.broker.transcript[..] else { panic!("nothing was sent") };
        assert_eq!(*ask, format!("SUBSCRIBE {all}, PINGREQ"));
        assert!(again.iter().all(|line| line == "PINGREQ"), "{again:?}");
        assert_eq!(*leave, format!("UNSUBSCRIBE {all}"));

        pair.broker.transcript.clear();
        pair.forget();
        assert_eq!(pair.kept(), []);
        pair.check(&[
            ("a/status", Outcome::Gone),
            ("b/status", Outcome::Gone),
            ("c/status", Outcome::Gone),
            ("d/status", Outcome::Nothing),
        ]);
        assert_eq!(pair.forgetting().progress(), (3, 3));
        assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Gone), 3);
        assert_eq!((pair.shown("a"), pair.shown("d")), ("none".into(), "online live".into()));
        let three = "a/status b/status c/status";
        let sent = pair.broker.transcript.join("; ");
        assert!(
            sent.contains("PUBLISH a/status 0 1, PUBLISH b/status 0 1, PUBLISH c/status 0 1; "),
            "{sent}"
        );
        assert!(sent.ends_with(&format!("; SUBSCRIBE {three}, PINGREQ; UNSUBSCRIBE {three}")), "{sent}");

        let replays = |pair: &Pair| -> u32 {
            pair.engine.snapshot().filters().iter().map(|filter| filter.replays()).sum()
        };
        let before = replays(&pair);
        pair.undo();
        assert_eq!((pair.kept(), replays(&pair)), (THREE.to_vec(), before));
        for item in &pair.forgetting().items()[..3] {
            assert_eq!(item.outcome, Outcome::Restored);
        }
        let with_its_properties = if version == Version::V5 { "text/plain" } else { "" };
        assert_eq!(pair.broker.retained["b/status"].content_type, with_its_properties);
        // Put back, it is as old as before: nobody has heard the device.
        assert_eq!((pair.shown("a"), pair.shown("b")), ("online retained".into(), "offline retained".into()));
        let own = pair.broker.subscribed.keys().filter(|filter| !filter.contains(['+', '#']));
        assert_eq!(own.filter(|filter| filter.ends_with("/status")).count(), 0, "all were left");
        assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
    }
}

#[test]
fn a_look_up_disturbs_nothing() {
    let mut pair = Pair::new(Version::V5, THREE);
    pair.publish("a/status", "offline", false);
    pair.publish("d/status", "offline", false);
    pair.broker
        .retained
        .insert("d/status".into(), Kept { payload: "offline".into(), qos: AtMostOnce, content_type: "" });
    let numbers = |pair: &Pair| -> Vec<_> {
        let filters = pair.engine.snapshot().filters().iter();
        filters.map(|filter| (filter.messages(), filter.replays(), filter.topics(), filter.state())).collect()
    };
    let before = numbers(&pair);
    pair.look_up();
    assert_eq!(numbers(&pair), before);
    // A will that is not retained is not undone by the birth that is.
    assert_eq!((pair.shown("a"), pair.shown("d")), ("offline live".into(), "offline live".into()));
    assert!(pair.broker.transcript.iter().all(|line| !line.contains("+/")), "{:?}", pair.broker.transcript);
}

#[test]
fn a_filter_that_is_refused_is_told_for_its_topic() {
    for (version, code) in
        [(Version::V311, ReasonCode::UnspecifiedError), (Version::V5, ReasonCode::NotAuthorized)]
    {
        let mut pair = Pair::new(version, THREE);
        pair.broker.refused.insert("b/status".into());
        pair.look_up();
        pair.forget();
        pair.check(&[
            ("a/status", Outcome::Gone),
            ("b/status", Outcome::Untold(code)),
            ("c/status", Outcome::Gone),
        ]);
        assert_eq!(pair.kept(), [THREE[1]]);

        // Refused only when it is asked for again: what cannot be compared is not deleted.
        let mut pair = Pair::new(version, THREE);
        pair.look_up();
        pair.broker.refused.insert("b/status".into());
        pair.forget();
        assert_eq!(pair.forgetting().items()[1].outcome, kept(7, AtLeastOnce));
        assert_eq!(pair.kept(), [THREE[1]]);
    }
}

#[test]
fn a_refusal_is_told_with_its_code_and_found_without_one() {
    for version in BOTH {
        let mut pair = Pair::new(version, THREE);
        pair.look_up();
        pair.broker.denied.insert("a/status".into(), ReasonCode::NotAuthorized);
        pair.broker.denied.insert("b/status".into(), ReasonCode::Success);
        pair.forget();
        let silent = Outcome::StillThere { same_bytes: true, came_live: false };
        let loud = if version == Version::V5 { Outcome::Refused(ReasonCode::NotAuthorized) } else { silent };
        pair.check(&[("a/status", loud), ("b/status", silent), ("c/status", Outcome::Gone)]);
        assert_eq!(pair.kept(), THREE[..2]);

        pair.broker.denied.insert("c/status".into(), ReasonCode::QuotaExceeded);
        pair.undo();
        let code = (version == Version::V5).then_some(ReasonCode::QuotaExceeded);
        pair.check(&[("a/status", loud), ("b/status", silent), ("c/status", Outcome::NotRestored(code))]);
        pair.broker.denied.clear();
        pair.undo();
        pair.check(&[("a/status", loud), ("b/status", silent), ("c/status", Outcome::Restored)]);
        assert_eq!(pair.kept(), THREE);
    }
}

#[test]
fn a_living_device_that_publishes_again_is_told_from_a_refusal() {
    let mut pair = Pair::new(Version::V5, THREE);
    pair.look_up();
    pair.broker.alive.insert("a/status".into(), "online");
    pair.broker.alive.insert("b/status".into(), "online");
    pair.forget();
    pair.check(&[
        ("a/status", Outcome::StillThere { same_bytes: true, came_live: true }),
        ("b/status", Outcome::StillThere { same_bytes: false, came_live: true }),
        ("c/status", Outcome::Gone),
    ]);
    assert_eq!((pair.shown("b"), pair.shown("c")), ("online live".into(), "none".into()));
    pair.undo();
    assert_eq!(
        pair.kept(),
        [("a/status", "online", AtMostOnce), ("b/status", "online", AtMostOnce), THREE[2]]
    );
}

#[test]
fn only_what_was_previewed_is_deleted() {
    let mut pair = Pair::new(Version::V5, THREE);
    pair.look_up();
    pair.publish("a/status", "offline", true);
    pair.publish("b/status", "", true);
    pair.forget();
    pair.check(&[
        ("a/status", Outcome::Changed),
        ("b/status", Outcome::Nothing),
        ("c/status", Outcome::Gone),
    ]);
    assert_eq!(pair.kept(), [("a/status", "offline", AtMostOnce)]);
    let published: Vec<_> = pair.broker.transcript.iter().filter(|line| line.contains("PUBLISH")).collect();
    assert_eq!(published, ["PUBLISH c/status 0 1"]);

    // It speaks while it is looked up once more.
    let mut pair = Pair::new(Version::V5, THREE);
    pair.look_up();
    pair.is_slow = true;
    pair.forget();
    pair.publish("a/status", "online", false);
    pair.is_slow = false;
    while pair.deliver() {}
    pair.run();
    pair.until_done();
    pair.check(&[("a/status", Outcome::Changed), ("b/status", Outcome::Gone), ("c/status", Outcome::Gone)]);
}

#[test]
fn undoing_overwrites_nothing_that_is_newer() {
    for version in BOTH {
        let mut pair = Pair::new(version, THREE);
        pair.look_up();
        pair.forget();
        // One came back with a retained message, one without, and of one somebody else put the message back.
        pair.publish("a/status", "offline", true);
        pair.publish("b/status", "online", false);
        pair.publish("c/status", "ONLINE", true);
        pair.broker.transcript.clear();
        pair.undo();
        pair.check(&[
            ("a/status", Outcome::Superseded),
            ("b/status", Outcome::Superseded),
            ("c/status", Outcome::Restored),
        ]);
        assert!(pair.broker.transcript.iter().all(|line| !line.contains("PUBLISH")));
        assert_eq!(pair.shown("b"), "online live");

        // One speaks while it is looked up, if not of its status.
        let mut pair = Pair::new(version, &THREE[..1]);
        pair.look_up();
        pair.forget();
        pair.is_slow = true;
        pair.undo();
        pair.publish("a/status", "rebooting", false);
        pair.is_slow = false;
        while pair.deliver() {}
        pair.run();
        pair.until_done();
        pair.check(&[("a/status", Outcome::Superseded)]);

        // A newer message that only the broker knows of.
        let mut pair = Pair::new(version, &THREE[..1]);
        pair.look_up();
        pair.forget();
        let newer = Kept { payload: "offline".into(), qos: AtMostOnce, content_type: "" };
        pair.broker.retained.insert("a/status".into(), newer);
        pair.undo();
        pair.check(&[("a/status", Outcome::Superseded)]);
        assert_eq!(pair.kept(), [("a/status", "offline", AtMostOnce)]);
    }
}

#[test]
fn twenty_topics_are_asked_for_at_a_time() {
    for (version, qos) in
        BOTH.into_iter().flat_map(|version| [AtMostOnce, AtLeastOnce, ExactlyOnce].map(|q| (version, q)))
    {
        // mosquitto has 20 messages under way at a time; ejabberd one.
        for window in [20, 1] {
            let retained = forty_five(qos);
            let mut pair = Pair::with(version, &borrowed(&retained), None, |broker| broker.window = window);
            // Each answer has its way to go, so that nothing is acknowledged before it could be.
            pair.is_slow = true;
            pair.look_up();
            let mut progress = vec![pair.forgetting().progress()];
            let settle = |pair: &mut Pair, progress: &mut Vec<(usize, usize)>| {
                for _ in 0..1_000 {
                    // The way takes longer than the grace: one must not stand in for the other.
                    pair.wait(GRACE.as_millis() as u64 + 50);
                    pair.round_trip();
                    if progress.last() != Some(&pair.forgetting().progress()) {
                        progress.push(pair.forgetting().progress());
                    }
                }
                assert!(!pair.forgetting().is_running());
            };
            settle(&mut pair, &mut progress);
            assert_eq!(progress, [(0, 45), (20, 45), (40, 45), (45, 45)]);
            assert_eq!(pair.forgetting().count(|outcome| matches!(outcome, Outcome::Kept { .. })), 45);
            let sizes = |pair: &Pair| -> Vec<usize> {
                let lines = pair.broker.transcript.iter().filter(|line| line.contains("SUBSCRIBE d"));
                let asked = lines.filter(|line| !line.contains("UNSUBSCRIBE"));
                asked.map(|line| line.matches("/status").count()).collect()
            };
            assert_eq!(sizes(&pair), [BATCH, BATCH, 5]);
            pair.forget();
            settle(&mut pair, &mut Vec::new());
            assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Gone), 45);
            assert_eq!(pair.kept(), []);
            pair.undo();
            settle(&mut pair, &mut Vec::new());
            assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Restored), 45);
            assert_eq!(pair.kept(), borrowed(&retained));
        }
    }
}

#[test]
fn one_subscribe_is_outstanding_at_a_time() {
    let retained = forty_five(AtMostOnce);
    let mut pair = Pair::new(Version::V5, &borrowed(&retained));
    pair.is_slow = true;
    pair.look_up();
    // The board's own turn comes between two batches, not within one.
    let filters = pair.engine.snapshot().filters().len();
    let position = pair.engine.snapshot().filters().iter().position(|f| f.as_str() == "+/LWT").unwrap();
    assert!(position < filters);
    pair.engine.switch_filter(position, false, pair.now);
    pair.engine.switch_filter(position, true, pair.now);
    pair.run();
    assert_eq!(pair.broker.transcript.len(), 1, "{:?}", pair.broker.transcript);
    for _ in 0..100 {
        if pair.held.is_empty() {
            pair.wait(GRACE.as_millis() as u64);
        }
        pair.round_trip();
    }
    let asked: Vec<_> = pair.broker.transcript.iter().filter(|line| line.contains("SUBSCRIBE ")).collect();
    let own = asked.iter().position(|line| line.starts_with("SUBSCRIBE +/LWT")).expect("it was asked for");
    assert!(asked[own - 1].starts_with("UNSUBSCRIBE d00/status"), "{asked:#?}");
    assert!(asked[own + 1].starts_with("SUBSCRIBE d20/status"), "{asked:#?}");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
    assert_eq!(pair.forgetting().progress(), (45, 45));
}

#[test]
fn the_boards_own_filters_wait_for_their_turn_and_get_it() {
    // Refused, it is asked again after a second; but not while the topics are.
    let refuse = |broker: &mut Broker| broker.refused.extend(["+/LWT".into()]);
    let mut pair = Pair::with(Version::V5, THREE, None, refuse);
    pair.is_slow = true;
    pair.look_up();
    pair.wait(5_000);
    assert_eq!(pair.broker.transcript.len(), 1, "{:?}", pair.broker.transcript);
    for _ in 0..5 {
        pair.round_trip();
    }
    assert_eq!(pair.broker.transcript.last().unwrap(), "SUBSCRIBE +/LWT, PINGREQ");

    // Also behind a batch that there is nothing of to unsubscribe from.
    let mut pair = Pair::with(Version::V5, &THREE[..1], Some(&["a/status", "+/LWT"]), |_| {});
    pair.is_slow = true;
    pair.look_up();
    for is_on in [false, true] {
        pair.engine.switch_filter(1, is_on, pair.now);
    }
    pair.round_trip();
    assert_eq!(pair.broker.transcript.last().unwrap(), "SUBSCRIBE +/LWT, PINGREQ");
}

#[test]
fn a_lost_link_leaves_nothing_but_what_is_known() {
    for version in BOTH {
        // While it is looked up: the first batch is known, the second is not, nor is the third.
        let retained = forty_five(AtMostOnce);
        let mut pair = Pair::new(version, &borrowed(&retained));
        pair.is_slow = true;
        pair.look_up();
        while pair.forgetting().progress() != (20, 45) {
            pair.round_trip();
        }
        pair.round_trip();
        pair.lose_link();
        assert!(!pair.forgetting().is_running());
        let count = |pair: &Pair, is_such| pair.forgetting().count(is_such);
        assert_eq!(count(&pair, |outcome| matches!(outcome, Outcome::Kept { .. })), 20);
        assert_eq!(count(&pair, |outcome| outcome == Outcome::Unknown), 25);
        // Nothing begins by itself when the link is back. What is known can be forgotten then.
        pair.is_slow = false;
        pair.wait(60_000);
        assert_eq!(count(&pair, |outcome| outcome == Outcome::Unknown), 25);
        pair.forget();
        assert_eq!(count(&pair, |outcome| outcome == Outcome::Gone), 20);
        assert_eq!(pair.kept().len(), 25);

        // While it is looked up once more: nothing was deleted.
        let mut pair = Pair::new(version, THREE);
        pair.look_up();
        pair.is_slow = true;
        pair.forget();
        pair.lose_link();
        assert_eq!(count(&pair, |outcome| matches!(outcome, Outcome::Kept { .. })), 3);

        // Behind the PUBLISH, and while it is looked up afterwards: nobody knows.
        for is_acknowledged in [false, true] {
            let mut pair = Pair::new(version, THREE);
            pair.look_up();
            pair.is_slow = true;
            pair.forget();
            let has_sent = |pair: &Pair, word| pair.broker.transcript.iter().any(|line| line.contains(word));
            while !has_sent(&pair, "PUBLISH") {
                pair.round_trip();
            }
            if is_acknowledged {
                pair.round_trip();
                assert!(pair.broker.transcript.last().unwrap().starts_with("SUBSCRIBE a/status"));
            }
            pair.lose_link();
            assert_eq!(count(&pair, |outcome| outcome == Outcome::Unverified), 3);
            pair.is_slow = false;
            pair.wait(60_000);
            pair.undo();
            assert_eq!(count(&pair, |outcome| outcome == Outcome::Restored), 3);
            assert_eq!(pair.kept(), THREE);
        }

        // While it is put back.
        let mut pair = Pair::new(version, THREE);
        pair.look_up();
        pair.forget();
        pair.is_slow = true;
        pair.undo();
        pair.broker.transcript.clear();
        while !pair.broker.transcript.iter().any(|line| line.contains("PUBLISH")) {
            pair.round_trip();
            if pair.held.is_empty() {
                pair.wait(GRACE.as_millis() as u64);
            }
        }
        pair.lose_link();
        assert_eq!(count(&pair, |outcome| outcome == Outcome::Unverified), 3);

        // Without any link, too.
        let mut pair = Pair::new(version, THREE);
        let devices = pair.devices();
        pair.engine.disconnect(pair.now);
        pair.engine.look_up(&devices, pair.now);
        assert_eq!(count(&pair, |outcome| outcome == Outcome::Unknown), 3);
    }
}

#[test]
fn a_machine_that_slept_knows_nothing_of_what_was_under_way() {
    let mut pair = Pair::new(Version::V5, THREE);
    pair.look_up();
    pair.is_slow = true;
    pair.forget();
    while !pair.broker.transcript.iter().any(|line| line.contains("PUBLISH")) {
        pair.round_trip();
    }
    pair.now = Time(pair.now.0 + 3_600_000);
    pair.engine.handle_timeout(pair.now);
    assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Unverified), 3);
    pair.is_slow = false;
    while pair.deliver() {}
    pair.run();
    pair.wait(60_000);
    assert!(!pair.forgetting().is_running());
    assert!(
        pair.broker.transcript.iter().any(|line| line.contains("UNSUBSCRIBE a/status b/status c/status"))
    );
}

#[test]
fn answers_that_never_come_are_not_taken_for_any() {
    // PINGRESP: the session gives it up as soon as the link is known to be alive.
    let mut pair = Pair::new(Version::V5, THREE);
    pair.broker.retained.clear();
    pair.broker.drops.insert("PINGRESP");
    let devices = pair.devices();
    pair.engine.look_up(&devices, pair.now);
    pair.run();
    pair.broker.drops.clear();
    for _ in 0..30 {
        pair.publish("x/status", "anything", false);
        pair.wait(1_000);
    }
    assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Unknown), 3);

    // SUBACK; what comes behind the PINGRESP is no sign of it.
    let mut pair = Pair::with(Version::V5, THREE, None, |broker| broker.is_hasty = true);
    pair.broker.retained.remove("b/status");
    pair.broker.drops.insert("SUBACK");
    pair.look_up();
    pair.check(&[
        ("a/status", kept(6, AtMostOnce)),
        ("b/status", Outcome::Unknown),
        ("c/status", kept(6, ExactlyOnce)),
    ]);
    let mut pair = Pair::new(Version::V5, THREE);
    pair.broker.retained.clear();
    pair.broker.drops.insert("SUBACK");
    let started = pair.now;
    pair.look_up();
    assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Unknown), 3);
    assert!(pair.now.since(started) < PATIENCE + Duration::from_millis(100));

    // PUBACK: what the broker keeps afterwards decides.
    let mut pair = Pair::new(Version::V5, THREE);
    pair.look_up();
    pair.broker.drops.insert("PUBACK");
    pair.broker.denied.insert("a/status".into(), ReasonCode::NotAuthorized);
    pair.forget();
    pair.check(&[
        ("a/status", Outcome::StillThere { same_bytes: true, came_live: false }),
        ("b/status", Outcome::Gone),
        ("c/status", Outcome::Gone),
    ]);

    // UNSUBACK.
    let mut pair = Pair::new(Version::V5, THREE);
    pair.broker.drops.insert("UNSUBACK");
    pair.look_up();
    assert_eq!(pair.forgetting().count(|outcome| matches!(outcome, Outcome::Kept { .. })), 3);
}

#[test]
fn a_broker_that_answers_out_of_order_is_waited_for() {
    for version in BOTH {
        let mut pair = Pair::with(version, THREE, None, |broker| broker.is_hasty = true);
        pair.look_up();
        assert_eq!(pair.forgetting().count(|outcome| matches!(outcome, Outcome::Kept { .. })), 3);
        pair.broker.denied.insert("a/status".into(), ReasonCode::Success);
        pair.forget();
        pair.check(&[
            ("a/status", Outcome::StillThere { same_bytes: true, came_live: false }),
            ("b/status", Outcome::Gone),
            ("c/status", Outcome::Gone),
        ]);

        // A PINGRESP before the SUBACK says nothing: another PINGREQ goes behind it.
        let mut pair = Pair::with(version, THREE, None, |broker| broker.is_hasty = true);
        pair.broker.retained.clear();
        pair.look_up();
        let all = "a/status b/status c/status";
        let expected = [format!("SUBSCRIBE {all}, PINGREQ"), "PINGREQ".into(), format!("UNSUBSCRIBE {all}")];
        assert_eq!(pair.broker.transcript, expected);

        // The replays come behind the PINGRESP, within the grace.
        let mut pair = Pair::new(version, THREE);
        let late = std::mem::take(&mut pair.broker.retained);
        let devices = pair.devices();
        pair.engine.look_up(&devices, pair.now);
        pair.run();
        pair.wait(GRACE.as_millis() as u64 - 1);
        assert!(pair.forgetting().is_running());
        let mut out = Vec::new();
        for (topic, kept) in late {
            pair.broker.send(&mut out, topic, kept);
        }
        pair.engine.handle_bytes(&out, pair.now);
        pair.run();
        pair.until_done();
        assert_eq!(pair.forgetting().count(|outcome| matches!(outcome, Outcome::Kept { .. })), 3);
    }
}

#[test]
fn what_the_server_takes_is_heeded() {
    // Maximum Packet Size: fewer topics at a time, and none that is too long alone.
    let long = format!("{}/status", "l".repeat(200));
    let mut retained = forty_five(AtLeastOnce);
    retained.push((long.clone(), "online", AtLeastOnce));
    let small = |broker: &mut Broker| broker.properties.push(Property::MaximumPacketSize(150)).unwrap();
    let mut pair = Pair::with(Version::V5, &borrowed(&retained), None, small);
    pair.look_up();
    pair.forget();
    assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Gone), 45);
    assert_eq!(
        pair.forgetting().items().last().map(|item| (&*item.topic, item.outcome)),
        Some((&*long, Outcome::Untold(ReasonCode::PacketTooLarge)))
    );

    // Receive Maximum: three under way at a time, and none is left out.
    let few = |broker: &mut Broker| broker.properties.push(Property::ReceiveMaximum(3)).unwrap();
    let mut pair = Pair::with(Version::V5, &borrowed(&retained[..45]), None, few);
    pair.look_up();
    pair.forget();
    assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Gone), 45);
    assert_eq!(pair.broker.unacknowledged, 3);
    // On a slow way, too: each answer is a sign that the others will come.
    let mut pair = Pair::with(Version::V5, &borrowed(&retained[..20]), None, few);
    pair.look_up();
    pair.is_slow = true;
    pair.forget();
    while pair.forgetting().is_running() {
        pair.wait(2_000);
        pair.round_trip();
    }
    assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Gone), 20);
    // Nothing is ever acknowledged: what was not sent is as it was.
    let mut pair = Pair::with(Version::V5, &borrowed(&retained[..45]), None, few);
    pair.look_up();
    pair.broker.drops.insert("PUBACK");
    let started = pair.now;
    pair.forget();
    assert!(pair.now.since(started) < PATIENCE + Duration::from_secs(1), "nor is the rest tried");
    assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Gone), 3);
    assert_eq!(pair.forgetting().count(|outcome| matches!(outcome, Outcome::Kept { .. })), 42);
    assert_eq!(pair.kept().len(), 42);

    // Maximum QoS 0: nobody acknowledges, and it is looked up all the same.
    let lowest = |broker: &mut Broker| {
        broker.granted = AtMostOnce;
        broker.properties.push(Property::MaximumQoS(AtMostOnce)).unwrap();
    };
    let mut pair = Pair::with(Version::V5, &[("a/status", "online", AtMostOnce)], None, lowest);
    pair.look_up();
    pair.forget();
    pair.check(&[("a/status", Outcome::Gone)]);

    // Retain Available 0.
    let none = |broker: &mut Broker| broker.properties.push(Property::RetainAvailable(false)).unwrap();
    let mut pair = Pair::with(Version::V5, &[("a/status", "online", AtMostOnce)], None, none);
    pair.look_up();
    pair.forget();
    pair.check(&[("a/status", Outcome::Refused(ReasonCode::RetainNotSupported))]);
}

#[test]
fn a_topic_that_is_not_the_devices_own_is_left_alone() {
    let inventory =
        r#"[{"friendly_name":"lamp","type":"Router"},{"friendly_name":"door","type":"EndDevice"}]"#;
    let shared = |id, word| format!(r#"{{"productKey":"{id}","message":"{word}"}}"#);
    let retained = [
        ("zigbee2mqtt/bridge/devices", inventory, AtMostOnce),
        ("zigbee2mqtt/lamp/availability", "online", AtMostOnce),
        ("own-will", "online", AtMostOnce),
    ];
    let mut pair = Pair::new(Version::V5, &retained);
    for id in ["A1", "B2", "C3"] {
        pair.publish("mqtt-will", &shared(id, "online"), true);
    }
    pair.look_up();
    let is_shared = Outcome::Shared { devices: 3 };
    pair.check(&[
        ("mqtt-will", is_shared),
        ("mqtt-will", is_shared),
        ("mqtt-will", is_shared),
        ("own-will", kept(6, AtMostOnce)),
        ("zigbee2mqtt/bridge/devices", Outcome::NeverSpoke),
        ("zigbee2mqtt/lamp/availability", kept(6, AtMostOnce)),
    ]);
    assert_eq!(pair.forgetting().progress(), (2, 2));
    pair.forget();
    let left: Vec<_> = pair.kept().into_iter().map(|(topic, ..)| topic).collect();
    assert_eq!(left, ["mqtt-will", "zigbee2mqtt/bridge/devices"]);
    assert!(pair.broker.transcript.iter().all(|line| !line.contains("mqtt-will")));
}

#[test]
fn the_boards_own_subscription_outlives_a_look_up() {
    let mut pair = Pair::with(Version::V5, THREE, Some(&["a/status", "+/status"]), |_| {});
    pair.look_up();
    assert_eq!(pair.broker.transcript.last().unwrap(), "UNSUBSCRIBE b/status c/status");
    assert!(pair.broker.subscribed.contains_key("a/status"));
    // Switched off, it is nobody's.
    pair.engine.switch_filter(0, false, pair.now);
    pair.run();
    pair.look_up();
    assert_eq!(pair.broker.transcript.last().unwrap(), "UNSUBSCRIBE a/status b/status c/status");
}

#[test]
fn a_task_stops_behind_its_batch() {
    let retained = forty_five(AtMostOnce);
    let mut pair = Pair::new(Version::V5, &borrowed(&retained));
    pair.look_up();
    pair.is_slow = true;
    pair.forget();
    pair.engine.forget(pair.now);
    pair.engine.undo(pair.now);
    assert_eq!(pair.forgetting().task(), Task::Forget, "one at a time");
    let epoch = pair.engine.epoch();
    pair.engine.stop_forgetting();
    assert_ne!(pair.engine.epoch(), epoch);
    pair.is_slow = false;
    while pair.deliver() {}
    pair.run();
    pair.until_done();
    assert_eq!(pair.forgetting().count(|outcome| outcome == Outcome::Gone), 20);
    assert_eq!(pair.forgetting().count(|outcome| matches!(outcome, Outcome::Kept { .. })), 25);
    assert_eq!((pair.kept().len(), pair.forgetting().progress()), (25, (20, 45)));
    pair.undo();
    assert_eq!(pair.kept().len(), 45);
    pair.forget();
    assert_eq!((pair.kept().len(), pair.forgetting().progress()), (20, (25, 25)));
}

#[test]
fn closing_and_connecting_anew_drop_it_all() {
    let mut pair = Pair::new(Version::V5, THREE);
    pair.is_slow = true;
    pair.look_up();
    pair.engine.close_forgetting();
    pair.run();
    assert!(pair.engine.forgetting().is_none());
    assert_eq!(pair.broker.transcript.last().unwrap(), "UNSUBSCRIBE a/status b/status c/status");
    pair.is_slow = false;
    while pair.deliver() {}
    pair.look_up();
    pair.engine.connect(pair.now);
    assert!(pair.engine.forgetting().is_none());
    pair.engine.forget(pair.now);
    pair.engine.undo(pair.now);
    pair.run();
    assert_eq!(pair.kept(), THREE);
}

#[test]
fn the_bounds_hold() {
    let mut pair = Pair::with(Version::V311, &[], None, |broker| {
        for number in 0..=MOST_TOPICS {
            let kept = Kept { payload: "online".into(), qos: AtLeastOnce, content_type: "" };
            broker.retained.insert(format!("d{number:05}/status"), kept);
        }
    });
    let devices = pair.devices();
    assert_eq!(devices.len(), MOST_TOPICS + 1);
    pair.engine.look_up(&devices, pair.now);
    pair.run();
    assert_eq!((pair.forgetting().items().len(), pair.forgetting().left_out()), (MOST_TOPICS, 1));
    assert_eq!(pair.forgetting().count(|outcome| matches!(outcome, Outcome::Kept { .. })), MOST_TOPICS);

    // What there is no room for is not deleted.
    let mut pair = Pair::new(Version::V5, THREE);
    for topic in ["a/status", "b/status", "c/status"] {
        pair.broker.retained.get_mut(topic).unwrap().payload = vec![b'x'; 3 << 20];
    }
    pair.look_up();
    pair.check(&[
        ("a/status", kept(3 << 20, AtMostOnce)),
        ("b/status", kept(3 << 20, AtLeastOnce)),
        ("c/status", Outcome::TooLarge { bytes: 3 << 20 }),
    ]);
    pair.forget();
    assert_eq!(pair.kept().into_iter().map(|(topic, ..)| topic).collect::<Vec<_>>(), ["c/status"]);

    // Nor a message whose properties are many.
    let mut pair = Pair::new(Version::V5, &THREE[..1]);
    pair.broker.retained.get_mut("a/status").unwrap().content_type = "x".repeat(5_000).leak();
    pair.look_up();
    pair.check(&[("a/status", Outcome::TooLarge { bytes: 6 })]);
}

#[test]
fn the_epoch_tells_when_a_task_ends_by_time_alone() {
    let mut pair = Pair::new(Version::V5, THREE);
    pair.broker.retained.clear();
    let devices = pair.devices();
    pair.engine.look_up(&devices, pair.now);
    pair.run();
    let (epoch, due) = (pair.engine.epoch(), Time(pair.now.0 + GRACE.as_millis() as u64));
    pair.is_slow = true;
    pair.engine.handle_timeout(Time(due.0 - 1));
    assert_eq!((pair.engine.epoch(), pair.forgetting().progress()), (epoch, (0, 3)));
    pair.engine.handle_timeout(due);
    assert_ne!(pair.engine.epoch(), epoch);
    assert_eq!(pair.forgetting().progress(), (3, 3));
}
