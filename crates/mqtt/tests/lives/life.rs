//! One life: what happens next to a session, its driver, a server, a user and a clock.
//!
//! Chooses at random and calls `driver` and `server`. At the end the user wants a connection, the server accepts it,
//! and everything that is unfinished must finish.
//! Called by `main`, which prints the seed of a life that fails.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use mqtt::property::Place;
use mqtt::{
    Authentication, BarrierId, Closed, CommandError, Link, Options, OwnedWill, PacketType, PropertiesBuf,
    Property, QoS, ReasonCode, Session, Subscription, Time, TopicFilter, TopicName, Version, VersionChoice,
};

use crate::counters::Counters;
use crate::model::{Line, Model, Outgoing, Pending, Socket, publish_words};
use crate::random::Random;
use crate::server::Server;

/// The Authentication Method, if there is one.
pub const METHOD: &str = "M";
/// The topics that the client publishes to. The first is too short for an alias to save bytes.
const TOPICS: [&str; 4] = ["t", "sensor/1", "sensor/2", "sensor/3"];
/// How many lines a failing life prints.
const REMEMBERED: usize = 60;

pub struct Life {
    seed: u64,
    pub random: Random,
    pub session: Session,
    /// The wall clock, and the time that passed by it without setbacks.
    pub now: u64,
    pub passed: u64,
    /// The same as of the last input to the session.
    pub taken: u64,
    pub elapsed: u64,
    pub drained_at: u64,
    /// The driver is late once in as many inputs.
    pub lateness: u64,
    pub is_late: bool,
    /// Bytes since the last poll.
    pub received: usize,

    pub line: Option<Line>,
    pub server: Server,
    pub model: Model,
    /// Between an `Event::Connected` and its `Event::Disconnected`.
    pub connected: bool,
    pub barriers: BTreeSet<BarrierId>,
    /// The number of the last message, which makes each payload unique.
    pub number: u64,

    transcript: VecDeque<String>,
    pub counters: Counters,
    loud: bool,
    /// No more failures happen.
    pub is_settling: bool,
}

/// Prints the seed when an assertion fails.
impl Drop for Life {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for line in &self.transcript {
                eprintln!("  {line}");
            }
            eprintln!("The life with seed {0} broke a promise: WILLOW_SEED={0} repeats it.", self.seed);
        }
    }
}

impl Life {
    pub fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut options = Options::new(random.pick(&["", "c", "board-ä"]));
        options.version = random.pick(&[
            VersionChoice::Newest,
            VersionChoice::Newest,
            VersionChoice::Only(Version::V311),
            VersionChoice::Only(Version::V5),
        ]);
        options.user = random.once_in(3).then(|| "user".to_owned());
        options.password = random.once_in(3).then(|| random.junk(20));
        if random.once_in(8) && options.version != VersionChoice::Only(Version::V311) {
            let data = random.once_in(2).then(|| random.junk(20));
            options.authentication = Some(Authentication { method: METHOD.to_owned(), data });
        }
        options.keep_alive = random.pick(&[0, 1, 2, 5, 30, 60, 300]);
        options.clean_start = random.once_in(3);
        options.session_expiry_interval = random.pick(&[0, 5, 600, 600, u32::MAX]);
        options.max_in_flight = random.pick(&[1, 5, 1_024]);
        options.max_resume_bytes = random.pick(&[400, 1024 * 1024]);
        options.receive_maximum = random.pick(&[1, 2, 5, u16::MAX]);
        options.topic_alias_maximum = random.pick(&[0, 2, 10]);
        options.max_topic_aliases = random.pick(&[0, 2, 16]);
        options.request_problem_information = !random.once_in(3);
        options.connect_timeout =
            Duration::from_millis(random.pick(&[1, 500, 10_000, 10_000, 60_000, 60_000]));
        options.max_packet_size = random.pick(&[200, 1_000, 65_536, 16 * 1024 * 1024]);
        options.seed = random.bits();
        if random.once_in(3) {
            // Seldom options that make no valid CONNECT.
            let topic = if random.once_in(10) { "w/+" } else { "w" };
            options.will = Some(OwnedWill {
                topic: topic.to_owned(),
                payload: random.junk(30),
                qos: random.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce]),
                retain: random.once_in(2),
                delay_interval: random.pick(&[0, 5]),
                ..OwnedWill::default()
            });
        }
        let (is_conforming, lateness) = (random.once_in(2), random.pick(&[2, 12, 40]));
        Life {
            seed,
            random,
            model: Model::new(options.clone()),
            session: Session::new(options),
            now: 1_700_000_000_000,
            passed: 0,
            taken: 0,
            elapsed: 0,
            drained_at: 0,
            lateness,
            is_late: false,
            received: 0,
            line: None,
            server: Server::new(is_conforming),
            connected: false,
            barriers: BTreeSet::new(),
            number: 0,
            transcript: VecDeque::new(),
            counters: Counters::default(),
            loud: false,
            is_settling: false,
        }
    }

    pub fn live(mut self, counters: &mut Counters, loud: bool) {
        self.counters = std::mem::take(counters);
        self.loud = loud;
        for _ in 0..50 + self.random.below(250) {
            self.counters.steps += 1;
            self.step();
        }
        self.settle();
        *counters = std::mem::take(&mut self.counters);
    }

    // What may happen next.

    fn step(&mut self) {
        match self.random.below(100) {
            0..3 => self.user(),
            3..19 if self.connected || self.random.once_in(10) => self.commands(),
            19..29 => self.time(),
            29..32 => self.clock(),
            32..34 => self.noise(),
            _ => match self.line.as_ref().map(|line| (line.socket, line.version)) {
                None => match self.random.once_in(8) {
                    true => self.user(),
                    false => self.time(),
                },
                Some((Socket::Dialling, _)) => self.dialling(),
                Some((_, None)) => self.time(),
                Some((_, Some(_))) if self.is_asked() => self.authenticate(),
                Some((_, Some(version))) => self.server(version),
            },
        }
    }

    fn user(&mut self) {
        // The user acts on what the page shows. A link may end and the next be dialled in one call.
        self.drain();
        let now = Time(self.now);
        match self.random.below(8) {
            0 => {
                self.note("the user leaves".to_owned());
                self.leave();
                assert_eq!(self.session.link(), Link::Idle);
                // What was queued leaves before DISCONNECT, and nothing comes after it.
                self.drain();
                assert_eq!(self.session.poll_timeout(), None);
            }
            1 | 2 => {
                self.note("the user tries now".to_owned());
                self.takes();
                self.session.retry_now(now);
                self.drain();
            }
            _ => {
                self.note("the user connects".to_owned());
                self.takes();
                self.session.connect(now);
                let link = self.session.link();
                // The same input may have found that the server is dead.
                assert!(!matches!(link, Link::Idle | Link::Waiting { .. } | Link::Refused), "{link:?}");
                self.drain();
            }
        }
    }

    /// Sends DISCONNECT, in 5.0 sometimes with a reason code and properties.
    fn leave(&mut self) {
        let now = Time(self.now);
        self.takes_forwards();
        let is_connected = self.session.link() == Link::Connected;
        if is_connected && self.session.version() == Some(Version::V5) && self.random.once_in(2) {
            let seconds = self.random.pick(&[0, 5, u32::MAX]);
            let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Disconnect));
            properties.push(Property::SessionExpiryInterval(seconds)).expect("a property of DISCONNECT");
            let reason = ReasonCode::DisconnectWithWillMessage;
            // Section 3.14.2.2.2: a session that ends with the link cannot be extended.
            let expiry = self.session.options().session_expiry_interval;
            let is_too_long = seconds > 0 && (expiry == 0 || self.model.session_expiry_interval == 0);
            match self.session.disconnect_with(reason, properties.as_properties(), now) {
                Ok(()) => {
                    assert!(!is_too_long, "a session of {seconds} s after all");
                    self.counters.left_with_words += 1;
                    self.counters.ended_by_disconnect += u64::from(self.model.lasts && seconds == 0);
                    return self.model.leaves_for(seconds);
                }
                Err(CommandError::Invalid(_)) => assert!(is_too_long, "{seconds} s are allowed"),
                Err(error) => assert_eq!(error, CommandError::PacketTooLarge),
            }
            assert_eq!(self.session.link(), Link::Connected);
        }
        self.session.disconnect(now);
    }

    pub fn time(&mut self) {
        let keep_alive = u64::from(self.session.options().keep_alive) * 1_000;
        let max = self.random.pick(&[1, 20, 20, 300, 300, 3_000, 3_000, 35_000, keep_alive + 1]);
        let time = self.random.below(max) + 1;
        match self.random.below(10) {
            // A sleeping machine, or a tab whose timers are late.
            0 => {
                let time = time * self.random.pick(&[1, 1, 100]);
                self.tick(time);
                self.note(format!("no timer for {time} ms"));
                self.takes();
                self.session.handle_timeout(Time(self.now));
                self.look();
            }
            // A timer too early.
            1 => {
                self.takes();
                self.session.handle_timeout(Time(self.now));
                self.look();
            }
            _ => self.pass(time),
        }
    }

    /// Lets time pass with timers that fire on time.
    fn pass(&mut self, time: u64) {
        let end = self.now + time;
        self.drain();
        for fired in 0.. {
            assert!(fired < 10_000, "a timer that fires again and again");
            let Some(Time(due)) = self.session.poll_timeout().filter(|due| due.0 <= end) else { break };
            self.tick(due.saturating_sub(self.now));
            self.fire();
        }
        self.tick(end.saturating_sub(self.now));
    }

    fn clock(&mut self) {
        let jump = self.random.pick(&[1, 900, 1_000, 5_000, 20_000, 500_000, 36_000_000]);
        match self.random.below(5) {
            0 | 1 => self.tick(jump),
            2 | 3 => self.now = self.now.saturating_sub(jump),
            // The clock is reset to the epoch.
            _ if self.random.once_in(10) => self.now = self.now.min(self.random.below(100_000)),
            _ => {}
        }
        self.note(format!("the clock says {}", self.now));
    }

    /// Reports without a socket have no effect.
    fn noise(&mut self) {
        self.drain();
        if self.line.is_none() {
            self.takes();
            let now = Time(self.now);
            match self.random.below(3) {
                0 => self.session.handle_open(now),
                1 => self.session.handle_bytes(&[0x20, 2, 0, 0], now),
                _ => self.session.handle_closed(Closed { code: Some(1006), was_open: true }, now),
            }
            self.drain();
        }
    }

    // The user's commands.

    fn is_asked(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.asked && !line.ended && !line.wild)
    }

    /// The method answers the server.
    fn authenticate(&mut self) {
        self.drain();
        if !self.is_asked() {
            return;
        }
        match self.session.authenticate(b"answer") {
            Ok(()) => {
                let line = self.line.as_mut().expect("asked");
                line.asked = false;
                line.owed.push_back("AUTH ContinueAuthentication".to_owned());
            }
            Err(error) => assert_eq!(error, CommandError::PacketTooLarge),
        }
        self.look();
    }

    /// Some commands, without polling in between.
    fn commands(&mut self) {
        self.drain();
        for _ in 0..=self.random.below(6) {
            let connected = self.session.link() == Link::Connected;
            let result = match self.random.below(8) {
                0 => self.subscribe(),
                1 => self.unsubscribe(),
                2 => self.barrier(),
                3 if self.session.options().authentication.is_some() => self.reauthenticate(),
                _ => self.publish(),
            };
            match result {
                Ok(()) => {
                    self.counters.commands += 1;
                    assert!(connected, "a command without a link");
                }
                Err(error) => {
                    self.counters.commands_refused += 1;
                    assert_eq!(error == CommandError::NotConnected, !connected, "{error:?}");
                }
            }
        }
        // Another input may come first.
        self.look();
    }

    fn subscribe(&mut self) -> Result<(), CommandError> {
        let filters = self.filters();
        let subscriptions = filters.map(|filter| Subscription {
            qos: self.random.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce]),
            ..Subscription::new(filter)
        });
        let len = self.random.below(6) as usize;
        let id = self.session.subscribe(&subscriptions[..len])?;
        let line = self.line.as_mut().expect("connected");
        let wildcards = line.limits.is_none_or(|limits| limits.wildcards);
        assert!(wildcards || !filters[..len].iter().any(|filter| filter.has_wildcard()), "a wildcard");
        line.owed.push_back(format!("SUBSCRIBE {id} {len}"));
        assert_eq!(line.pending.insert(id, Pending::Subscribe(len)), None, "[MQTT-2.2.1-3] {id} is in use");
        Ok(())
    }

    fn unsubscribe(&mut self) -> Result<(), CommandError> {
        let filters = self.filters();
        let len = self.random.below(6) as usize;
        let id = self.session.unsubscribe(&filters[..len])?;
        let line = self.line.as_mut().expect("connected");
        line.owed.push_back(format!("UNSUBSCRIBE {id} {len}"));
        assert_eq!(line.pending.insert(id, Pending::Unsubscribe), None, "[MQTT-2.2.1-3] {id} is in use");
        Ok(())
    }

    fn filters(&self) -> [TopicFilter<'static>; 5] {
        ["a", "+/status", "#", "$share/g/+/x", "ä/#"]
            .map(|filter| TopicFilter::new(filter).expect("a filter"))
    }

    fn barrier(&mut self) -> Result<(), CommandError> {
        let id = self.session.barrier()?;
        assert!(self.barriers.insert(id), "{id:?} twice");
        let line = self.line.as_mut().expect("connected");
        line.owed.push_back("PINGREQ".to_owned());
        line.owed_barriers.push_back(id);
        Ok(())
    }

    fn reauthenticate(&mut self) -> Result<(), CommandError> {
        self.session.reauthenticate(None)?;
        self.counters.reauthentications += 1;
        self.line.as_mut().expect("connected").owed.push_back("AUTH ReAuthenticate".to_owned());
        Ok(())
    }

    fn publish(&mut self) -> Result<(), CommandError> {
        self.number += 1;
        let number = self.number;
        let qos = self.random.pick(&[
            QoS::AtMostOnce,
            QoS::AtLeastOnce,
            QoS::AtLeastOnce,
            QoS::ExactlyOnce,
            QoS::ExactlyOnce,
        ]);
        let (retain, topic) = (self.random.once_in(4), self.random.pick(&TOPICS));
        let mut payload = number.to_string().into_bytes();
        payload.resize(20 + self.random.below(120) as usize, b' ');
        let name = TopicName::new(topic).expect("a topic");
        let id = self.session.publish(name, &payload, qos, retain)?;
        let line = self.line.as_mut().expect("connected");
        line.owed.push_back(publish_words(number, topic, id, qos, retain, false));
        if let Some(id) = id {
            let is_free = self.model.outgoing.iter().all(|message| message.id != id);
            assert!(is_free && !line.pending.contains_key(&id), "[MQTT-2.2.1-3] {id} is in use");
            let max = self.session.options().max_in_flight.into();
            assert!(self.model.outgoing.len() < max, "more than may be in flight");
            self.model.outgoing.push(Outgoing::new(id, qos, retain, topic, &payload, number));
        }
        Ok(())
    }

    pub fn note(&mut self, words: String) {
        if self.loud {
            println!("{:>16} {words}", self.now);
        }
        if self.transcript.len() >= REMEMBERED {
            self.transcript.pop_front();
        }
        self.transcript.push_back(words);
    }

    // The end.

    /// Whatever happened before: if the user wants a connection and the server accepts it, the session gets connected,
    /// everything unfinished finishes, and subscribing, publishing and pinging work.
    fn settle(&mut self) {
        self.drain();
        self.takes_forwards();
        self.session.disconnect(Time(self.now));
        self.drain();
        self.takes();
        self.session.connect(Time(self.now));
        self.drain();
        let mut accepted = None;
        for _ in 0..12 {
            let Some(line) = &self.line else {
                let Some(due) = self.session.poll_timeout() else { break };
                self.tick(due.0.saturating_sub(self.now));
                self.fire();
                continue;
            };
            match (line.socket, line.version) {
                (Socket::Dialling, _) => {
                    self.open();
                    self.drain();
                }
                (_, Some(version)) => {
                    self.accept(version, true);
                    self.deliver_all();
                    accepted = Some(version);
                    break;
                }
                (_, None) => self.drain(),
            }
        }
        if self.session.options().will.as_ref().is_some_and(|will| will.topic.contains('+')) {
            assert_eq!(self.session.link(), Link::Refused, "a will that makes no valid CONNECT");
            return;
        }
        assert_eq!(self.session.link(), Link::Connected, "never got connected");
        let version = accepted.expect("connected");

        self.server.is_conforming = true;
        self.is_settling = true;
        let filter = TopicFilter::new("ä/#").expect("a filter");
        let id = self.session.subscribe(&[Subscription::new(filter)]).expect("room");
        let line = self.line.as_mut().expect("connected");
        line.owed.push_back(format!("SUBSCRIBE {id} 1"));
        line.pending.insert(id, Pending::Subscribe(1));
        self.barrier().expect("room");
        self.drain();
        let before = (self.counters.subacks, self.counters.messages, self.counters.barriers);
        self.message(version, QoS::AtMostOnce);
        for _ in 0..2_000 {
            self.answer(version);
            self.deliver_all();
            let is_told = self.counters.subacks > before.0 && self.counters.barriers > before.2;
            if self.session.in_flight() == 0 && is_told && self.server.is_done(&self.model) {
                break;
            }
        }
        assert_eq!(self.session.in_flight(), 0, "messages in flight end");
        assert!(self.server.is_done(&self.model), "messages of the server end");
        let after = (self.counters.subacks, self.counters.messages, self.counters.barriers);
        assert!(after.0 > before.0 && after.1 > before.1 && after.2 > before.2, "the last exchange works");

        self.takes_forwards();
        self.session.disconnect(Time(self.now));
        self.drain();
        assert_eq!((self.session.link(), self.session.poll_timeout()), (Link::Idle, None));
        self.counters.settled += 1;
    }
}
