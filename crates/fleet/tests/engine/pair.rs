//! An engine and the scripted broker on virtual time, and what tests check of them.

use std::collections::VecDeque;

use fleet::{Config, Deletion, Engine, Handle, Outcome, SubscriptionState, Time};
use mqtt::stream::Stream;
use mqtt::{Closed, Link, Options, QoS, Transmit, Version, VersionChoice};

use crate::broker::{Broker, Kept};

pub struct Pair {
    pub engine: Engine,
    pub broker: Broker,
    pub now: Time,
    /// Answers that were not delivered yet, if the network is slow.
    pub held: VecDeque<Vec<u8>>,
    pub is_slow: bool,
    /// No new socket opens.
    pub is_unreachable: bool,
}

/// # Making
impl Pair {
    /// Not connected, with these topic filters or the default ones.
    pub fn new(version: Version, filters: Option<&[&str]>) -> Pair {
        let mut options = Options::new("board");
        options.version = VersionChoice::Only(version);
        let mut config = Config::new(options);
        config.filters = filters.map(|filters| filters.iter().map(|filter| (*filter).to_owned()).collect());
        Pair {
            engine: Engine::new(config).expect("the filters are valid"),
            broker: Broker::new(version),
            now: Time(1_000_000),
            held: VecDeque::new(),
            is_slow: false,
            is_unreachable: false,
        }
    }

    /// Not connected, to a broker with these retained messages.
    pub fn with_retained(version: Version, retained: &[(&str, &str)]) -> Pair {
        let mut pair = Pair::new(version, None);
        for (topic, payload) in retained {
            pair.broker.retain(topic, payload);
        }
        pair
    }

    /// Connected, with the devices of these retained messages, which may be looked up. The transcript is empty.
    pub fn connected(version: Version, retained: &[(&str, &str, QoS)]) -> Pair {
        Pair::connected_with(version, retained, None, |_| {})
    }

    /// As `connected`, with topic filters and with changes to the broker.
    pub fn connected_with(
        version: Version,
        retained: &[(&str, &str, QoS)],
        filters: Option<&[&str]>,
        change: impl Fn(&mut Broker),
    ) -> Pair {
        let mut pair = Pair::new(version, filters);
        for (topic, payload, qos) in retained {
            pair.broker.retained.insert((*topic).into(), Kept::new(payload, *qos));
        }
        change(&mut pair.broker);
        pair.connect();
        pair.wait(1_000);
        pair.broker.transcript.clear();
        pair.broker.expects_look_ups = true;
        pair
    }
}

/// # The network and time
impl Pair {
    pub fn connect(&mut self) {
        self.engine.connect(self.now);
        self.run();
    }

    /// Carries out everything that the engine wants to do.
    pub fn run(&mut self) {
        while let Some(transmit) = self.engine.poll_transmit() {
            match transmit {
                Transmit::Open if self.is_unreachable => {
                    let closed = Closed { code: Some(1006), was_open: false };
                    self.engine.handle_closed(closed, self.now);
                }
                Transmit::Open => {
                    self.broker.received = Stream::new(self.broker.version, 1 << 20);
                    self.engine.handle_open(self.now);
                }
                Transmit::Send(message) => {
                    let answer = self.broker.answer(message);
                    self.held.push_back(answer);
                }
                Transmit::Close => self.held.clear(),
            }
            if !self.is_slow {
                self.deliver();
            }
        }
    }

    /// Delivers the answers of the broker.
    pub fn deliver(&mut self) {
        while let Some(answer) = self.held.pop_front() {
            self.engine.handle_bytes(&answer, self.now);
        }
    }

    /// On a slow network: one way there and back.
    pub fn round_trip(&mut self) {
        self.deliver();
        self.run();
    }

    /// Lets time pass, and every timer fire on time.
    pub fn wait(&mut self, milliseconds: u64) {
        let (end, mut without_progress) = (Time(self.now.0 + milliseconds), 0);
        while let Some(due) = self.engine.poll_timeout().filter(|due| *due <= end) {
            without_progress = if due > self.now { 0 } else { without_progress + 1 };
            assert!(without_progress < 10, "a timer that fires again and again");
            self.now = self.now.max(due);
            self.engine.handle_timeout(self.now);
            self.run();
        }
        self.now = end;
    }

    /// A device publishes, and the broker delivers the message once.
    pub fn publish(&mut self, topic: &str, payload: &str, retain: bool) {
        let mut out = Vec::new();
        let before = self.broker.retained.remove(topic);
        self.broker.keep(&mut out, topic, Kept::new(payload, QoS::AtMostOnce));
        if !retain {
            self.broker.retained.remove(topic);
            self.broker.retained.extend(before.map(|before| (topic.to_owned(), before)));
        }
        if !out.is_empty() && self.engine.session().link() == Link::Connected {
            self.engine.handle_bytes(&out, self.now);
            self.run();
        }
    }

    pub fn lose_link(&mut self) {
        self.held.clear();
        self.engine.handle_closed(Closed { code: Some(1006), was_open: true }, self.now);
        self.run();
    }
}

/// # Deleting retained messages
///
/// Each task runs to its end, unless the network is slow.
impl Pair {
    /// Looks up all devices.
    pub fn look_up(&mut self) {
        let devices = self.devices();
        self.engine.look_up(&devices, self.now);
        self.run_task();
    }

    pub fn delete(&mut self) {
        self.engine.delete_retained(self.now);
        self.run_task();
    }

    pub fn undo(&mut self) {
        self.engine.undo(self.now);
        self.run_task();
    }

    fn run_task(&mut self) {
        self.run();
        if !self.is_slow {
            self.until_done();
        }
    }

    pub fn until_done(&mut self) {
        for _ in 0..10_000 {
            if !self.deletion().is_running() {
                return;
            }
            self.wait(50);
        }
        panic!("the task does not end: {:?}", self.deletion());
    }
}

/// # Reading
impl Pair {
    /// Checks a device's status and evidence.
    #[track_caller]
    pub fn check(&self, slug: &str, id: &str, expected: &str) {
        let fleet = self.engine.fleet();
        let device = fleet.find(slug, id).and_then(|handle| fleet.device(handle));
        let found = device
            .map_or("none".into(), |device| format!("{} {}", device.status.word(), device.evidence.word()));
        assert_eq!(found, expected, "{slug} {id}");
    }

    /// Checks the outcomes, in the order of the topics.
    #[track_caller]
    pub fn check_outcomes(&self, expected: &[(&str, Outcome)]) {
        let items = self.deletion().items().iter();
        assert_eq!(items.map(|item| (&*item.topic, item.outcome)).collect::<Vec<_>>(), expected);
    }

    pub fn state(&self, filter: &str) -> SubscriptionState {
        self.engine.snapshot().subscriptions()[self.position(filter)].state()
    }

    pub fn position(&self, filter: &str) -> usize {
        let mut filters = self.engine.snapshot().subscriptions().iter();
        filters.position(|other| other.as_str() == filter).expect("it is in the list")
    }

    /// All devices, in the order of their topics.
    pub fn devices(&self) -> Vec<Handle> {
        let fleet = self.engine.fleet();
        let mut devices: Vec<_> = fleet.handles().collect();
        devices.sort_by_key(|device| fleet.device(*device).unwrap().topic);
        devices
    }

    pub fn deletion(&self) -> &Deletion {
        self.engine.deletion().expect("something was looked up")
    }

    /// How many topics have such an outcome.
    pub fn count(&self, is_such: fn(Outcome) -> bool) -> usize {
        self.deletion().count(is_such)
    }

    /// The retained messages.
    pub fn kept(&self) -> Vec<(&str, &str, QoS)> {
        let kept = self.broker.retained.iter();
        kept.map(|(topic, kept)| (&**topic, str::from_utf8(&kept.payload).unwrap(), kept.qos)).collect()
    }
}
