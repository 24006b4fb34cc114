//! One life: a session, its driver, a server, a user and a clock, with the books kept.
//!
//! The driver does what the contract asks of one, and sometimes is late. The server speaks from a
//! script: what it said stands in `Line::said` with the offset at which the client has all of it,
//! so that the books know what must be told and acknowledged by then, and in which order.
//! Called by `main`, which prints the seed of a life that breaks a promise.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use mqtt::property::Place;
use mqtt::stream::Cursor;
use mqtt::{
    Ack, BarrierId, Closed, CommandError, Connack, Delivery, Disconnect, Event, Failure, Link, Options,
    OwnedWill, Packet, PacketId, PacketType, Properties, PropertiesBuf, Property, Publish, QoS, ReasonCode,
    Session, Suback, Subscription, Time, TopicFilter, TopicName, Transmit, Unsuback, Version, VersionChoice,
    encode,
};

use crate::random::Random;

/// The longest that a PINGREQ waits before the session may doubt its answer.
const SHORTEST_WINDOW: u64 = 2_000;
/// Clocks that are set back by less are not noticed.
const LEAST_SETBACK: u64 = 1_000;
/// What a failing life shows of itself.
const REMEMBERED: usize = 60;

macro_rules! tally {
    ($($name:ident)*) => {
        /// What happened in all lives together.
        #[derive(Clone, PartialEq, Eq, Debug, Default)]
        pub struct Tally {
            $(pub $name: u64,)*
        }

        impl Tally {
            /// What never happened.
            pub fn missing(&self) -> Vec<&'static str> {
                [$((stringify!($name), self.$name)),*]
                    .into_iter()
                    .filter_map(|(name, count)| (count == 0).then_some(name))
                    .collect()
            }
        }
    };
}

tally! {
    steps sockets connected_3_1_1 connected_5 fallbacks failed refused protocol_errors taken_over
    server_disconnects ping_timeouts jumps lost_sockets left messages qos_1 qos_2 qos_2_again pubacks pubcomps
    publishes_lost subacks unsubacks barriers barriers_lost commands commands_refused late_drains bytes_in bytes_out
    settled
}

/// What the server said, as far as it matters to the client.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Said {
    Accept(Limits),
    Message {
        delivery: Delivery,
        retain: bool,
        number: u64,
    },
    Pubrel(PacketId),
    Puback(PacketId),
    Pubrec(PacketId),
    Pubcomp(PacketId),
    Suback(PacketId, usize),
    Unsuback(PacketId, usize),
    Pingresp,
    /// Nothing to tell and nothing to answer.
    Nothing,
    /// The link, or the attempt, ends here.
    End,
}

/// What the server allows.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Limits {
    keep_alive: u16,
    receive_maximum: u16,
    maximum_qos: QoS,
    retain: bool,
    wildcards: bool,
    maximum_packet_size: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pending {
    Subscribe(usize),
    Unsubscribe(usize),
    Puback,
    Pubrec,
    Pubcomp,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Socket {
    Dialling,
    Open,
    /// The peer closed it; the driver has not looked at the session since.
    Closed,
}

/// One socket, with both ends' books.
#[derive(Debug)]
struct Line {
    socket: Socket,
    /// Of the CONNECT, once it came.
    version: Option<Version>,
    left: bool,

    // The server's words.
    accepted: bool,
    over: bool,
    /// Random bytes were said: nobody knows what follows from them.
    wild: bool,
    /// Something happened after which a PINGRESP may be taken for another one's.
    doubtful: bool,
    stream: Vec<u8>,
    delivered: usize,
    said: VecDeque<(usize, Said)>,

    // What follows from them.
    limits: Option<Limits>,
    pending: BTreeMap<PacketId, Pending>,
    unreleased: BTreeSet<PacketId>,
    /// PINGREQs without their PINGRESP: the barrier, if it is one, and when it left at the earliest.
    pings: VecDeque<(Option<BarrierId>, u64)>,

    /// Commands taken, and not seen on the wire yet.
    owed: VecDeque<String>,
    owed_barriers: VecDeque<BarrierId>,

    // What the server saw and did not answer.
    subscribes: Vec<(PacketId, usize)>,
    unsubscribes: Vec<(PacketId, usize)>,
    publishes: BTreeSet<PacketId>,
    twice: BTreeSet<PacketId>,
    releases: BTreeSet<PacketId>,
    /// Any of these: what counts for Receive Maximum.
    outstanding: BTreeSet<PacketId>,
    unanswered_pings: usize,

    /// Messages whose end was not told yet.
    unended: Vec<PacketId>,
}

pub struct Life {
    seed: u64,
    random: Random,
    session: Session,
    /// The wall clock, and the time that passed by it, setbacks left out.
    now: u64,
    passed: u64,
    /// The wall clock as the session last took it.
    taken: u64,
    line: Option<Line>,
    /// Whether a driver has left something unpolled, and since when.
    late: bool,
    drained_at: u64,
    received: usize,

    /// Between an `Event::Connected` and its `Event::Disconnected`.
    connected: bool,
    barriers: BTreeSet<BarrierId>,
    /// Numbers the messages, so that none is mistaken for another.
    number: u64,
    transcript: VecDeque<String>,
    tally: Tally,
    loud: bool,
}

/// Tells the seed when an assertion fails.
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
        options.keep_alive = random.pick(&[0, 1, 2, 5, 30, 60, 300]);
        options.connect_timeout = Duration::from_millis(random.pick(&[1, 500, 10_000, 60_000]));
        options.max_in_flight = random.pick(&[1, 5, 1_024]);
        options.max_packet_size = random.pick(&[200, 1_000, 65_536, 16 * 1024 * 1024]);
        options.seed = random.bits();
        if random.once_in(3) {
            // Seldom one that makes no CONNECT.
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
        let now = 1_700_000_000_000;
        Life {
            seed,
            random,
            session: Session::new(options),
            now,
            passed: 0,
            taken: 0,
            line: None,
            late: false,
            drained_at: 0,
            received: 0,
            connected: false,
            barriers: BTreeSet::new(),
            number: 0,
            transcript: VecDeque::new(),
            tally: Tally::default(),
            loud: false,
        }
    }

    pub fn live(mut self, tally: &mut Tally, loud: bool) {
        self.tally = std::mem::take(tally);
        self.loud = loud;
        for _ in 0..50 + self.random.below(150) {
            self.tally.steps += 1;
            self.step();
        }
        self.settle();
        *tally = std::mem::take(&mut self.tally);
    }

    // What may happen next.

    fn step(&mut self) {
        match self.random.below(100) {
            0..6 => self.user(),
            6..22 => self.commands(),
            22..40 => self.time(),
            40..44 => self.clock(),
            44..46 => self.noise(),
            _ => match self.line.as_ref().map(|line| (line.socket, line.version)) {
                None => match self.random.once_in(8) {
                    true => self.user(),
                    false => self.time(),
                },
                Some((Socket::Dialling, _)) => self.dialling(),
                Some((_, None)) => self.time(),
                Some((_, Some(version))) => self.server(version),
            },
        }
    }

    fn user(&mut self) {
        let now = Time(self.now);
        let roll = self.random.below(8);
        match roll {
            0 => {
                self.note("the user leaves".to_owned());
                // Takes the time without looking for a jump: the link ends anyway.
                self.taken = self.taken.max(self.now);
                let was = self.session.link();
                self.session.disconnect(now);
                assert_eq!(self.session.link(), Link::Idle);
                self.tally.left += u64::from(was == Link::Connected);
                // What was queued leaves in front of DISCONNECT, and nothing comes after it.
                self.drain();
                assert_eq!(self.session.poll_timeout(), None);
            }
            1 | 2 => {
                self.note("the user tries now".to_owned());
                self.takes();
                self.session.retry_now(now);
                self.look();
            }
            _ => {
                self.note("the user connects".to_owned());
                self.takes();
                self.session.connect(now);
                let link = self.session.link();
                // The server may have been found dead by the same look at the clock.
                assert!(!matches!(link, Link::Idle | Link::Waiting { .. } | Link::Refused), "{link:?}");
                self.look();
            }
        }
    }

    fn time(&mut self) {
        let keep_alive = u64::from(self.session.options().keep_alive) * 1_000;
        let most = self.random.pick(&[1, 20, 20, 300, 300, 3_000, 3_000, 35_000, keep_alive + 1]);
        let time = self.random.below(most) + 1;
        match self.random.below(10) {
            // A machine that sleeps, or a tab whose timers are late.
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

    /// Lets time pass with a timer that fires when it should.
    fn pass(&mut self, time: u64) {
        let end = self.now + time;
        self.drain();
        for fired in 0.. {
            assert!(fired < 10_000, "a timer that never rests");
            let Some(Time(due)) = self.session.poll_timeout().filter(|due| due.0 <= end) else { break };
            self.tick(due.saturating_sub(self.now));
            self.fire();
        }
        self.tick(end.saturating_sub(self.now));
    }

    /// The timer fires, and what it was for is done.
    fn fire(&mut self) {
        self.takes();
        self.session.handle_timeout(Time(self.now));
        self.drain();
        let due = self.session.poll_timeout();
        assert!(due.is_none_or(|due| due.0 > self.taken), "{due:?} is still due at {}", self.taken);
    }

    fn clock(&mut self) {
        let jump = self.random.pick(&[1, 900, 1_000, 5_000, 20_000, 500_000, 36_000_000]);
        match self.random.below(5) {
            0 | 1 => self.tick(jump),
            2 | 3 => self.now = self.now.saturating_sub(jump),
            // The battery of the clock is empty.
            _ if self.random.once_in(10) => self.now = self.random.below(100_000),
            _ => {}
        }
        self.note(format!("the clock says {}", self.now));
    }

    /// Reports without a socket mean nothing.
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

    fn dialling(&mut self) {
        match self.random.below(10) {
            0 => self.close(),
            1 => self.time(),
            _ => self.open(),
        }
    }

    fn open(&mut self) {
        self.note("the socket opens".to_owned());
        self.line.as_mut().expect("dialling").socket = Socket::Open;
        self.takes();
        self.session.handle_open(Time(self.now));
        self.look();
    }

    fn close(&mut self) {
        let line = self.line.as_mut().expect("a socket");
        let was_open = line.socket == Socket::Open;
        line.socket = Socket::Closed;
        self.note("the socket closes".to_owned());
        self.tally.lost_sockets += 1;
        self.takes();
        let code = self.random.pick(&[None, Some(1000), Some(1006)]);
        self.session.handle_closed(Closed { code, was_open }, Time(self.now));
        self.look();
    }

    fn server(&mut self, version: Version) {
        let line = self.line.as_mut().expect("a socket");
        if line.socket == Socket::Closed {
            return self.drain();
        }
        let undelivered = line.stream.len() - line.delivered;
        match self.random.below(24) {
            0 if self.random.once_in(3) => self.close(),
            1..10 if undelivered > 0 => self.deliver(undelivered),
            _ if self.line.as_ref().is_some_and(|line| line.accepted || line.over) => {
                for _ in 0..=self.random.below(4) {
                    self.say_something(version);
                }
            }
            _ => self.answer(version),
        }
    }

    /// Any piece of what was said.
    fn deliver(&mut self, undelivered: usize) {
        let len = match self.random.below(4) {
            0 => 1,
            1 => undelivered,
            _ => 1 + self.random.below(undelivered as u64) as usize,
        };
        let line = self.line.as_mut().expect("a socket");
        let piece = line.stream[line.delivered..][..len].to_vec();
        line.delivered += len;
        self.note(format!("{len} of {undelivered} bytes come"));
        self.received += len;
        self.tally.bytes_in += len as u64;
        self.takes();
        self.session.handle_bytes(&piece, Time(self.now));
        self.look();
    }

    fn deliver_all(&mut self) {
        while let Some(line) = &self.line
            && line.delivered < line.stream.len()
        {
            self.deliver(line.stream.len() - line.delivered);
        }
        self.drain();
    }

    /// What the server makes of CONNECT.
    fn answer(&mut self, version: Version) {
        let v5 = version == Version::V5;
        let reason = self.random.pick(&[
            ReasonCode::UnsupportedProtocolVersion,
            ReasonCode::ClientIdentifierNotValid,
            ReasonCode::BadUserNameOrPassword,
            ReasonCode::NotAuthorized,
            ReasonCode::ServerUnavailable,
        ]);
        match self.random.below(16) {
            0 => self.say(version, connack(reason), Said::End),
            // Falls back where that is allowed.
            1 if v5 => self.say_bytes(&[0x20, 2, 0, 0], Said::End),
            2 if v5 => self.say_bytes(&[0x20, 2, 0, 1], Said::End),
            3 => self.say(version, Packet::Pingresp, Said::End),
            4 if v5 => self.say_bytes(&[0x20, 3, 1, 0, 0], Said::End),
            5 => self.garbage(version),
            6 => self.time(),
            _ => self.accept(version, false),
        }
    }

    fn accept(&mut self, version: Version, plain: bool) {
        let mut limits = Limits {
            keep_alive: self.session.options().keep_alive,
            receive_maximum: u16::MAX,
            maximum_qos: QoS::ExactlyOnce,
            retain: true,
            wildcards: true,
            maximum_packet_size: u32::MAX,
        };
        let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Connack));
        if version == Version::V5 && !plain {
            let mut push = |property| properties.push(property).expect("a property of CONNACK");
            if self.random.once_in(4) {
                limits.keep_alive = self.random.pick(&[0, 1, 7]);
                push(Property::ServerKeepAlive(limits.keep_alive));
            }
            if self.random.once_in(4) {
                limits.receive_maximum = self.random.pick(&[1, 3]);
                push(Property::ReceiveMaximum(limits.receive_maximum));
            }
            if self.random.once_in(8) {
                limits.maximum_qos = QoS::AtMostOnce;
                push(Property::MaximumQoS(QoS::AtMostOnce));
            }
            if self.random.once_in(8) {
                limits.retain = false;
                push(Property::RetainAvailable(false));
            }
            if self.random.once_in(8) {
                limits.wildcards = false;
                push(Property::WildcardSubscriptionAvailable(false));
            }
            if self.random.once_in(4) {
                limits.maximum_packet_size = self.random.pick(&[20, 100]);
                push(Property::MaximumPacketSize(limits.maximum_packet_size));
            }
        }
        let properties = properties.as_properties();
        let packet = Connack { session_present: false, reason_code: ReasonCode::Success, properties };
        self.line.as_mut().expect("a socket").accepted = true;
        self.say(version, Packet::Connack(packet), Said::Accept(limits));
    }

    /// Anything a server may say to a client, and much that it may not.
    fn say_something(&mut self, version: Version) {
        let unknown = PacketId::new(60_000).expect("not 0");
        let roll = self.random.below(40);
        let line = self.line.as_mut().expect("a socket");
        match roll {
            0..6 if !line.subscribes.is_empty() => {
                let (id, len) = line.subscribes.remove(0);
                self.suback(version, id, len);
            }
            6..9 if !line.unsubscribes.is_empty() => {
                let (id, len) = line.unsubscribes.remove(0);
                let codes = vec![ReasonCode::Success; if version == Version::V5 { len } else { 0 }];
                let reason_codes = codes[..].into();
                let unsuback = Unsuback { packet_id: id, properties: Properties::EMPTY, reason_codes };
                self.say(version, Packet::Unsuback(unsuback), Said::Unsuback(id, codes.len()));
            }
            9..14 if !line.publishes.is_empty() => {
                let id = line.publishes.pop_first().expect("not empty");
                line.outstanding.remove(&id);
                self.say(version, Packet::Puback(Ack::success(id)), Said::Puback(id));
            }
            38 if !line.twice.is_empty() => {
                // Sometimes again.
                let id = *line.twice.first().expect("not empty");
                if !self.random.once_in(4) {
                    line.twice.remove(&id);
                }
                self.say(version, Packet::Pubrec(Ack::success(id)), Said::Pubrec(id));
            }
            39 if !line.releases.is_empty() => {
                let id = line.releases.pop_first().expect("not empty");
                line.twice.remove(&id);
                line.outstanding.remove(&id);
                self.say(version, Packet::Pubcomp(Ack::success(id)), Said::Pubcomp(id));
            }
            14..20 if line.unanswered_pings > 0 => {
                line.unanswered_pings -= 1;
                // Mosquitto drops one with its full queue.
                match self.random.once_in(12) {
                    true => line.doubtful = true,
                    false => self.say(version, Packet::Pingresp, Said::Pingresp),
                }
            }
            20..26 => self.message(version, QoS::AtMostOnce),
            26..29 => self.message(version, QoS::AtLeastOnce),
            29..32 => self.message(version, QoS::ExactlyOnce),
            32 | 33 => {
                let id = self.packet_id();
                self.say(version, Packet::Pubrel(Ack::success(id)), Said::Pubrel(id));
            }
            34 => match self.random.below(5) {
                0 => self.say(version, Packet::Puback(Ack::success(unknown)), Said::Nothing),
                1 => self.say(version, Packet::Pubrec(Ack::success(unknown)), Said::Pubrec(unknown)),
                2 => self.say(version, Packet::Pubcomp(Ack::success(unknown)), Said::Nothing),
                3 => self.suback(version, unknown, 1),
                _ => {
                    line.doubtful = true;
                    self.say(version, Packet::Pingresp, Said::Pingresp);
                }
            },
            35 if self.random.once_in(4) => self.garbage(version),
            36 if self.random.once_in(4) => {
                let reason = match version {
                    Version::V311 => ReasonCode::Success,
                    Version::V5 => self.random.pick(&[
                        ReasonCode::SessionTakenOver,
                        ReasonCode::ServerShuttingDown,
                        ReasonCode::KeepAliveTimeout,
                        ReasonCode::NotAuthorized,
                        ReasonCode::Success,
                    ]),
                };
                self.say(version, Packet::Disconnect(Disconnect::new(reason)), Said::End);
            }
            // One code too many, for a SUBSCRIBE that waits.
            37 if self.random.once_in(4) && !line.subscribes.is_empty() => {
                let (id, len) = line.subscribes.remove(0);
                self.suback(version, id, len + 1);
            }
            _ => {}
        }
    }

    fn suback(&mut self, version: Version, packet_id: PacketId, len: usize) {
        let codes = vec![ReasonCode::Success; len];
        let reason_codes = codes[..].into();
        let suback = Suback { packet_id, properties: Properties::EMPTY, reason_codes };
        self.say(version, Packet::Suback(suback), Said::Suback(packet_id, len));
    }

    fn message(&mut self, version: Version, qos: QoS) {
        let (packet_id, dup) = (self.packet_id(), self.random.once_in(4));
        let delivery = match qos {
            QoS::AtMostOnce => Delivery::AtMostOnce,
            QoS::AtLeastOnce => Delivery::AtLeastOnce { packet_id, dup },
            QoS::ExactlyOnce => Delivery::ExactlyOnce { packet_id, dup },
        };
        self.number += 1;
        let (number, retain) = (self.number, self.random.once_in(3));
        let mut payload = number.to_string().into_bytes();
        payload.resize(20 + self.random.below(300) as usize, b' ');
        let topic = TopicName::new("ä/status").expect("a topic");
        let properties = Properties::EMPTY;
        let publish = Publish { delivery, retain, topic, properties, payload: &payload };
        let mut bytes = Vec::new();
        encode::encode(&Packet::Publish(publish), version, &mut bytes).expect("a message");
        let said = match bytes.len() > self.session.options().max_packet_size as usize {
            true => Said::End,
            false => Said::Message { delivery, retain, number },
        };
        self.say_bytes(&bytes, said);
    }

    /// Few, so that they meet again.
    fn packet_id(&mut self) -> PacketId {
        PacketId::new(1 + self.random.below(4) as u16).expect("not 0")
    }

    fn garbage(&mut self, version: Version) {
        let over: [&[u8]; 5] = [
            &[0],
            b"HTTP/1.1 400",
            &[0x36, 0],
            &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x32, 3, 0, 1, b't'],
        ];
        match self.random.below(6) {
            0 => {
                let junk = self.random.junk(40);
                self.line.as_mut().expect("a socket").wild = true;
                self.say_bytes(&junk, Said::Nothing);
            }
            1 => self.say(version, Packet::Pingreq, Said::End),
            2 => self.say(version, connack(ReasonCode::NotAuthorized), Said::End),
            _ => {
                let bytes = self.random.pick(&over);
                self.say_bytes(bytes, Said::End);
            }
        }
    }

    fn say(&mut self, version: Version, packet: Packet<'_>, said: Said) {
        let mut bytes = Vec::new();
        encode::encode(&packet, version, &mut bytes).expect("a packet");
        self.say_bytes(&bytes, said);
    }

    fn say_bytes(&mut self, bytes: &[u8], said: Said) {
        self.note(format!("< {said:?}"));
        let line = self.line.as_mut().expect("a socket");
        line.stream.extend_from_slice(bytes);
        if !line.over {
            line.said.push_back((line.stream.len(), said));
            line.over = said == Said::End;
        }
    }

    /// The user's commands, in one go.
    fn commands(&mut self) {
        self.drain();
        for _ in 0..=self.random.below(6) {
            self.command();
        }
        // A driver may be told of something else first.
        self.look();
    }

    fn command(&mut self) {
        let filters = ["a", "+/status", "#", "$share/g/+/x", "ä/#"].map(|filter| {
            let filter = TopicFilter::new(filter).expect("a filter");
            Subscription {
                qos: self.random.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce]),
                ..Subscription::new(filter)
            }
        });
        let filters = &filters[..self.random.below(6) as usize];
        let wildcard = filters.iter().any(|subscription| subscription.filter.has_wildcard());
        let connected = self.session.link() == Link::Connected;
        let mut owe = None;
        let error = match self.random.below(5) {
            0 => match self.session.subscribe(filters) {
                Ok(id) => {
                    owe = Some((
                        format!("SUBSCRIBE {id} {}", filters.len()),
                        id,
                        Pending::Subscribe(filters.len()),
                    ));
                    let limits = self.line.as_ref().and_then(|line| line.limits);
                    assert!(!wildcard || limits.is_none_or(|limits| limits.wildcards), "a wildcard");
                    None
                }
                Err(error) => Some(error),
            },
            1 => {
                let filters = filters.iter().map(|subscription| subscription.filter).collect::<Vec<_>>();
                match self.session.unsubscribe(&filters) {
                    Ok(id) => {
                        let len = filters.len();
                        owe = Some((format!("UNSUBSCRIBE {id} {len}"), id, Pending::Unsubscribe(len)));
                        None
                    }
                    Err(error) => Some(error),
                }
            }
            2 => match self.session.barrier() {
                Ok(id) => {
                    assert!(self.barriers.insert(id), "{id:?} twice");
                    let line = self.line.as_mut().expect("connected");
                    line.owed.push_back("PINGREQ".to_owned());
                    line.owed_barriers.push_back(id);
                    None
                }
                Err(error) => Some(error),
            },
            _ => {
                self.number += 1;
                let number = self.number;
                let qos = self.random.pick(&[
                    QoS::AtMostOnce,
                    QoS::AtLeastOnce,
                    QoS::AtLeastOnce,
                    QoS::ExactlyOnce,
                ]);
                let retain = self.random.once_in(4);
                let mut payload = number.to_string().into_bytes();
                payload.resize(20 + self.random.below(120) as usize, b' ');
                let topic = TopicName::new("t").expect("a topic");
                match self.session.publish(topic, &payload, qos, retain) {
                    Ok(id) => {
                        let words = format!("PUBLISH {number} {id:?} {retain}");
                        match id {
                            Some(id) => {
                                self.line.as_mut().expect("connected").unended.push(id);
                                let pending = match qos {
                                    QoS::ExactlyOnce => Pending::Pubrec,
                                    _ => Pending::Puback,
                                };
                                owe = Some((words, id, pending));
                            }
                            None => self.line.as_mut().expect("connected").owed.push_back(words),
                        }
                        None
                    }
                    Err(error) => Some(error),
                }
            }
        };
        match error {
            Some(error) => {
                self.tally.commands_refused += 1;
                assert_eq!(error == CommandError::NotConnected, !connected, "{error:?}");
            }
            None => {
                self.tally.commands += 1;
                assert!(connected, "a command without a link");
            }
        }
        if let Some((words, id, pending)) = owe {
            let line = self.line.as_mut().expect("connected");
            line.owed.push_back(words);
            assert_eq!(line.pending.insert(id, pending), None, "[MQTT-2.2.1-3] {id} is in use");
        }
    }

    // The driver, and the books.

    /// Some time passes by the wall clock.
    fn tick(&mut self, time: u64) {
        self.now += time;
        self.passed += time;
        if let Some(line) = &mut self.line {
            let oldest = line.pings.front().map(|(_, sent)| *sent);
            line.doubtful |= oldest.is_some_and(|sent| self.passed - sent >= SHORTEST_WINDOW);
        }
    }

    /// The session is about to be told the time.
    fn takes(&mut self) {
        match self.taken.saturating_sub(self.now) >= LEAST_SETBACK {
            true => self.taken = self.now,
            false => self.taken = self.taken.max(self.now),
        }
    }

    /// A driver drains after each input; this one is late sometimes.
    fn look(&mut self) {
        match self.random.once_in(12) {
            true => {
                self.late = true;
                self.tally.late_drains += 1;
            }
            false => self.drain(),
        }
    }

    fn drain(&mut self) {
        let (events, end) = self.poll_events();
        let mut expected = self.expect();
        let mut answers = Vec::new();
        let mut closed = false;
        let mut opens = false;
        let mut len = 0;
        loop {
            let bytes = match self.session.poll_transmit() {
                None => break,
                Some(Transmit::Send(bytes)) => bytes.to_vec(),
                Some(Transmit::Close) => {
                    self.note("close".to_owned());
                    assert!(!opens, "a socket is closed before the next is dialled");
                    assert!(self.line.is_some(), "there is no socket to close");
                    closed = true;
                    continue;
                }
                Some(Transmit::Open) => {
                    self.note("open".to_owned());
                    assert!(!opens, "two sockets");
                    opens = true;
                    continue;
                }
            };
            assert!(!closed && !opens, "something to send on a closed socket");
            assert!(!bytes.is_empty(), "an empty message");
            len += bytes.len();
            self.hear(&bytes, &mut answers);
        }
        self.tally.bytes_out += len as u64;
        let most = self.session.options().max_packet_size as usize + 2 * self.received + 1_024;
        assert!(len <= most, "{len} bytes in one go");

        let still = self.session.link() == Link::Connected;
        if let Some(line) = &self.line {
            let unheard = !closed && line.socket == Socket::Open;
            if expected.end && !line.wild {
                assert!(!unheard, "what ends a link was passed over");
            }
            if !line.wild {
                let told = match line.doubtful {
                    // Barriers are counted in `poll_events`, but nobody knows which comes when.
                    true => {
                        let is_other = |words: &String| !words.starts_with("barrier");
                        expected.told.retain(is_other);
                        events.iter().filter(|words| is_other(words)).cloned().collect()
                    }
                    false => events,
                };
                // The link may have ended in front of what came last.
                let by_peer = matches!(end, Some(End::Protocol | End::Server));
                if still || by_peer {
                    assert_eq!(told, expected.told, "what was told");
                } else {
                    assert!(expected.told.starts_with(&told), "{told:?} of {:?}", expected.told);
                }
                if still || matches!(end, Some(End::Protocol)) {
                    assert_eq!(answers, expected.answers, "[MQTT-4.6.0-2] [MQTT-4.6.0-3] in their order");
                } else {
                    assert!(expected.answers.starts_with(&answers), "{answers:?} of {:?}", expected.answers);
                }
            }
            if still {
                assert!(line.owed.is_empty(), "commands that were taken and not sent: {:?}", line.owed);
            }
            if closed || line.socket == Socket::Closed {
                self.line = None;
            }
        } else {
            assert!(events.is_empty() && answers.is_empty(), "{events:?} {answers:?} out of nothing");
        }
        if opens {
            assert!(self.line.is_none(), "a second socket");
            self.tally.sockets += 1;
            self.line = Some(Line::new());
        }
        self.late = false;
        self.received = 0;
        self.drained_at = self.passed;
        self.check_ways_out();
    }

    /// From every state there is a way on.
    fn check_ways_out(&self) {
        let link = self.session.link();
        assert_eq!(link == Link::Connected, self.connected, "exactly one Disconnected per Connected");
        let due = self.session.poll_timeout().map(|due| due.0);
        let within = |time: u64| {
            assert!(
                due.is_some_and(|due| due <= self.taken + time),
                "{link:?} until {due:?} at {}",
                self.taken
            );
        };
        match link {
            Link::Idle | Link::Refused => {
                assert_eq!(due, None, "{link:?}");
                assert!(self.line.is_none(), "{link:?} with a socket");
            }
            Link::Connecting => {
                assert!(self.line.is_some(), "connecting without a socket");
                within(self.session.options().connect_timeout.as_millis() as u64);
            }
            Link::Waiting { retry_at } => {
                assert!(self.line.is_none(), "waiting with a socket");
                assert_eq!(due, Some(retry_at.0));
                within(30_000);
            }
            Link::Connected => {
                let line = self.line.as_ref().expect("connected without a socket");
                match line.limits.map(|limits| u64::from(limits.keep_alive)) {
                    Some(0) | None => {}
                    Some(keep_alive) => within(keep_alive * 1_000),
                }
            }
        }
    }

    fn poll_events(&mut self) -> (Vec<String>, Option<End>) {
        let (mut told, mut end) = (Vec::new(), None);
        while let Some(event) = self.session.poll_event() {
            let words = match event {
                Event::Connected(connected) => {
                    assert!(!self.connected, "connected twice");
                    self.connected = true;
                    match connected.version {
                        Version::V311 => self.tally.connected_3_1_1 += 1,
                        Version::V5 => self.tally.connected_5 += 1,
                    }
                    let fell = self.session.options().version == VersionChoice::Newest;
                    // `connected` borrows from the session, and is done with.
                    told.push("connected".to_owned());
                    self.tally.fallbacks += u64::from(fell && self.session.version() == Some(Version::V311));
                    continue;
                }
                Event::Disconnected(failure) => {
                    assert!(self.connected, "disconnected twice");
                    self.connected = false;
                    let count = match failure {
                        None => &mut self.tally.steps,
                        Some(Failure::Protocol(_)) => &mut self.tally.protocol_errors,
                        Some(Failure::TakenOver) => &mut self.tally.taken_over,
                        Some(Failure::ServerDisconnect { .. }) => &mut self.tally.server_disconnects,
                        Some(Failure::PingTimeout) => &mut self.tally.ping_timeouts,
                        Some(_) => &mut self.tally.failed,
                    };
                    *count += u64::from(failure.is_some());
                    end = Some(match failure {
                        Some(Failure::Protocol(_)) => End::Protocol,
                        Some(Failure::TakenOver | Failure::ServerDisconnect { .. }) => End::Server,
                        _ => End::Other,
                    });
                    let words = format!("! disconnected {failure:?}");
                    self.note(words);
                    let unended = self.line.as_ref().map_or(&[][..], |line| &line.unended);
                    assert!(unended.is_empty(), "{unended:?} never ended");
                    continue;
                }
                Event::ConnectFailed(failure) => {
                    assert!(!self.connected, "failed while connected");
                    self.tally.refused += u64::from(matches!(failure, Failure::ConnectRefused { .. }));
                    let words = format!("! failed {failure:?}");
                    self.note(words);
                    continue;
                }
                event => {
                    assert!(self.connected, "{event:?} without a link");
                    match event {
                        Event::Publish(publish) => {
                            self.tally.messages += 1;
                            assert_eq!(publish.topic.as_str(), "ä/status");
                            let number = str::from_utf8(publish.payload).expect("a number").trim_end();
                            format!("message {number} {:?} {}", publish.delivery, publish.retain)
                        }
                        Event::Suback(suback) => format!("suback {}", suback.packet_id),
                        Event::Unsuback(unsuback) => format!("unsuback {}", unsuback.packet_id),
                        Event::Puback(ack) => {
                            let id = ack.packet_id;
                            self.ended(id);
                            format!("puback {id}")
                        }
                        Event::Pubrec(ack) => {
                            let id = ack.packet_id;
                            if ack.reason_code.is_error() {
                                self.ended(id);
                            }
                            format!("pubrec {id}")
                        }
                        Event::Pubcomp(ack) => {
                            let id = ack.packet_id;
                            self.ended(id);
                            format!("pubcomp {id}")
                        }
                        Event::PublishLost(id) => {
                            self.tally.publishes_lost += 1;
                            self.ended(id);
                            continue;
                        }
                        Event::Barrier(id) => {
                            self.tally.barriers += 1;
                            assert!(self.barriers.remove(&id), "{id:?} was told before");
                            format!("barrier {}", id.0)
                        }
                        Event::BarrierLost(id) => {
                            self.tally.barriers_lost += 1;
                            assert!(self.barriers.remove(&id), "{id:?} was told before");
                            let doubtful = self.line.as_ref().is_none_or(|line| line.doubtful || line.wild);
                            assert!(doubtful, "{id:?} was lost without a reason");
                            continue;
                        }
                        Event::ClockJump { .. } => {
                            self.tally.jumps += 1;
                            continue;
                        }
                        event => panic!("{event:?}"),
                    }
                }
            };
            told.push(words);
        }
        for words in &told {
            self.transcript.push_back(format!("! {words}"));
        }
        (told, end)
    }

    /// Of a message exactly one end is told.
    fn ended(&mut self, id: PacketId) {
        let unended = &mut self.line.as_mut().expect("a socket").unended;
        let position = unended.iter().position(|unended| *unended == id);
        unended.remove(position.unwrap_or_else(|| panic!("{id} ended twice")));
    }

    /// What the client has all bytes of, and must tell and answer.
    fn expect(&mut self) -> Expected {
        let mut expected = Expected::default();
        let Some(line) = &mut self.line else { return expected };
        while let Some((_, said)) = line.said.pop_front_if(|(end, _)| *end <= line.delivered) {
            match said {
                Said::Accept(limits) => {
                    line.limits = Some(limits);
                    expected.told.push("connected".to_owned());
                }
                Said::Message { delivery, retain, number } => {
                    let again = match delivery {
                        Delivery::AtMostOnce => false,
                        Delivery::AtLeastOnce { packet_id, .. } => {
                            self.tally.qos_1 += 1;
                            expected.answers.push(format!("PUBACK {packet_id}"));
                            false
                        }
                        Delivery::ExactlyOnce { packet_id, .. } => {
                            self.tally.qos_2 += 1;
                            expected.answers.push(format!("PUBREC {packet_id}"));
                            !line.unreleased.insert(packet_id)
                        }
                    };
                    match again {
                        true => self.tally.qos_2_again += 1,
                        false => expected.told.push(format!("message {number} {delivery:?} {retain}")),
                    }
                }
                Said::Pubrel(id) => {
                    let known = line.unreleased.remove(&id) || line.version == Some(Version::V311);
                    expected.answers.push(format!("PUBCOMP {id}{}", if known { "" } else { " unknown" }));
                }
                Said::Puback(id) => {
                    if line.pending.get(&id) == Some(&Pending::Puback) {
                        line.pending.remove(&id);
                        self.tally.pubacks += 1;
                        expected.told.push(format!("puback {id}"));
                    }
                }
                Said::Pubrec(id) => match line.pending.get(&id) {
                    Some(Pending::Pubrec) => {
                        line.pending.insert(id, Pending::Pubcomp);
                        expected.told.push(format!("pubrec {id}"));
                        expected.answers.push(format!("PUBREL {id}"));
                    }
                    Some(Pending::Pubcomp) => expected.answers.push(format!("PUBREL {id}")),
                    None => {
                        let known = line.version == Some(Version::V311);
                        expected.answers.push(format!("PUBREL {id}{}", if known { "" } else { " unknown" }));
                    }
                    Some(_) => {}
                },
                Said::Pubcomp(id) => {
                    if line.pending.get(&id) == Some(&Pending::Pubcomp) {
                        line.pending.remove(&id);
                        self.tally.pubcomps += 1;
                        expected.told.push(format!("pubcomp {id}"));
                    }
                }
                Said::Suback(id, len) => match line.pending.get(&id) {
                    Some(Pending::Subscribe(filters)) if *filters == len => {
                        line.pending.remove(&id);
                        self.tally.subacks += 1;
                        expected.told.push(format!("suback {id}"));
                    }
                    Some(Pending::Subscribe(_)) => {
                        line.over = true;
                        line.said.clear();
                        expected.end = true;
                    }
                    _ => {}
                },
                Said::Unsuback(id, _) => {
                    if let Some(Pending::Unsubscribe(_)) = line.pending.get(&id) {
                        line.pending.remove(&id);
                        self.tally.unsubacks += 1;
                        expected.told.push(format!("unsuback {id}"));
                    }
                }
                Said::Pingresp => {
                    if let Some((Some(id), _)) = line.pings.pop_front() {
                        expected.told.push(format!("barrier {}", id.0));
                    }
                }
                Said::Nothing => {}
                Said::End => expected.end = true,
            }
        }
        expected
    }

    /// The server hears a message of the client.
    fn hear(&mut self, bytes: &[u8], answers: &mut Vec<String>) {
        let line = self.line.as_mut().expect("something to send without a socket");
        assert_eq!(line.socket, Socket::Open, "something to send and no open socket");
        let mut cursor = Cursor::new(line.version.unwrap_or(Version::V5), u32::MAX);
        let mut words = Vec::new();
        loop {
            let start = cursor.position;
            let Some(packet) = cursor.next(bytes).expect("the client keeps to the standard") else { break };
            let len = cursor.position - start;
            assert!(!line.left, "[MQTT-3.14.4-1] {packet:?} after DISCONNECT");
            assert_eq!(
                line.version.is_none(),
                matches!(packet, Packet::Connect(_)),
                "[MQTT-3.1.0-1] CONNECT comes first, and once: {packet:?}"
            );
            let limits = line.limits.filter(|_| !matches!(packet, Packet::Connect(_)));
            if let Some(limits) = limits {
                assert!(len <= limits.maximum_packet_size as usize, "[MQTT-3.2.2-15] {len} bytes");
            }
            words.push(packet.packet_type().to_string());
            let said = match packet {
                Packet::Connect(connect) => {
                    line.version = Some(connect.version);
                    cursor.version = connect.version;
                    assert!(connect.clean_start, "a session that outlives the link");
                    continue;
                }
                Packet::Puback(ack) => {
                    answers.push(format!("PUBACK {}", ack.packet_id));
                    continue;
                }
                Packet::Pubrec(ack) => {
                    answers.push(format!("PUBREC {}", ack.packet_id));
                    continue;
                }
                Packet::Pubcomp(ack) => {
                    let unknown = ack.reason_code == ReasonCode::PacketIdentifierNotFound;
                    answers.push(format!(
                        "PUBCOMP {}{}",
                        ack.packet_id,
                        if unknown { " unknown" } else { "" }
                    ));
                    continue;
                }
                Packet::Pubrel(ack) => {
                    let unknown = ack.reason_code == ReasonCode::PacketIdentifierNotFound;
                    answers.push(format!(
                        "PUBREL {}{}",
                        ack.packet_id,
                        if unknown { " unknown" } else { "" }
                    ));
                    if line.outstanding.contains(&ack.packet_id) {
                        line.releases.insert(ack.packet_id);
                    }
                    continue;
                }
                Packet::Disconnect(_) => {
                    line.left = true;
                    continue;
                }
                Packet::Pingreq => {
                    line.unanswered_pings += 1;
                    // One of the session's own comes behind the commands of the same message.
                    let barrier = match line.owed.front().is_some_and(|owed| owed == "PINGREQ") {
                        true => line.owed_barriers.pop_front(),
                        false => None,
                    };
                    line.pings.push_back((barrier, self.drained_at));
                    if barrier.is_none() {
                        continue;
                    }
                    "PINGREQ".to_owned()
                }
                Packet::Subscribe(subscribe) => {
                    let filters = subscribe.subscriptions.iter().count();
                    line.subscribes.push((subscribe.packet_id, filters));
                    format!("SUBSCRIBE {} {filters}", subscribe.packet_id)
                }
                Packet::Unsubscribe(unsubscribe) => {
                    let filters = unsubscribe.filters.iter().count();
                    line.unsubscribes.push((unsubscribe.packet_id, filters));
                    format!("UNSUBSCRIBE {} {filters}", unsubscribe.packet_id)
                }
                Packet::Publish(publish) => {
                    let limits = line.limits.expect("[MQTT-3.1.4-5] nothing before CONNACK");
                    assert!(publish.qos() <= limits.maximum_qos, "[MQTT-3.2.2-11]");
                    assert!(!publish.retain || limits.retain, "[MQTT-3.2.2-14]");
                    assert!(!publish.delivery.dup(), "[MQTT-4.3.2-2] nothing is sent twice");
                    if let Some(id) = publish.packet_id() {
                        match publish.qos() {
                            QoS::ExactlyOnce => line.twice.insert(id),
                            _ => line.publishes.insert(id),
                        };
                        assert!(line.outstanding.insert(id), "{id} is in use");
                        let most = usize::from(limits.receive_maximum);
                        assert!(line.outstanding.len() <= most, "[MQTT-3.3.4-7] Receive Maximum");
                    }
                    let number = str::from_utf8(publish.payload).expect("a number").trim_end();
                    format!("PUBLISH {number} {:?} {}", publish.packet_id(), publish.retain)
                }
                packet => panic!("not a client's: {packet:?}"),
            };
            assert_eq!(line.owed.pop_front(), Some(said), "commands in their order");
        }
        assert_eq!(cursor.position, bytes.len(), "half a packet");
        self.note(format!("> {}", words.join(", ")));
    }

    fn note(&mut self, words: String) {
        if self.loud {
            println!("{:>16} {words}", self.now);
        }
        if self.transcript.len() >= REMEMBERED {
            self.transcript.pop_front();
        }
        self.transcript.push_back(words);
    }

    /// Whatever happened: a user who wants to be connected and a server that lets them come
    /// together, and a conversation works from its first word to its last.
    fn settle(&mut self) {
        self.drain();
        self.takes();
        self.session.disconnect(Time(self.now));
        self.drain();
        self.takes();
        self.session.connect(Time(self.now));
        self.drain();
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
                    break;
                }
                (_, None) => self.drain(),
            }
        }
        if self.session.options().will.as_ref().is_some_and(|will| will.topic.contains('+')) {
            assert_eq!(self.session.link(), Link::Refused, "a will that makes no CONNECT");
            return;
        }
        assert_eq!(self.session.link(), Link::Connected, "never came together");
        let version = self.session.version().expect("connected");

        let filter = TopicFilter::new("ä/#").expect("a filter");
        let packet_id = self.session.subscribe(&[Subscription::new(filter)]).expect("room");
        let barrier = self.session.barrier().expect("room");
        self.barriers.insert(barrier);
        let line = self.line.as_mut().expect("connected");
        line.pending.insert(packet_id, Pending::Subscribe(1));
        line.owed.extend([format!("SUBSCRIBE {packet_id} 1"), "PINGREQ".to_owned()]);
        line.owed_barriers.push_back(barrier);
        self.drain();
        let before = (self.tally.subacks, self.tally.messages, self.tally.barriers);
        self.suback(version, packet_id, 1);
        self.number += 1;
        let (number, retain) = (self.number, true);
        let (topic, payload) = (TopicName::new("ä/status").expect("a topic"), number.to_string());
        let delivery = Delivery::AtLeastOnce { packet_id, dup: false };
        let (properties, payload) = (Properties::EMPTY, payload.as_bytes());
        let publish = Publish { delivery, retain, topic, properties, payload };
        self.say(version, Packet::Publish(publish), Said::Message { delivery, retain, number });
        self.say(version, Packet::Pingresp, Said::Pingresp);
        self.deliver_all();
        let after = (self.tally.subacks, self.tally.messages, self.tally.barriers);
        assert_eq!(after, (before.0 + 1, before.1 + 1, before.2 + 1), "the last conversation");

        self.takes();
        self.session.disconnect(Time(self.now));
        self.drain();
        assert_eq!((self.session.link(), self.session.poll_timeout()), (Link::Idle, None));
        self.tally.settled += 1;
    }
}

/// Who ended a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// The server broke the protocol.
    Protocol,
    /// The server said DISCONNECT.
    Server,
    /// Time, the socket or the user.
    Other,
}

#[derive(Debug, Default)]
struct Expected {
    told: Vec<String>,
    answers: Vec<String>,
    end: bool,
}

impl Line {
    fn new() -> Self {
        Line {
            socket: Socket::Dialling,
            version: None,
            left: false,
            accepted: false,
            over: false,
            wild: false,
            doubtful: false,
            stream: Vec::new(),
            delivered: 0,
            said: VecDeque::new(),
            limits: None,
            pending: BTreeMap::new(),
            unreleased: BTreeSet::new(),
            pings: VecDeque::new(),
            owed: VecDeque::new(),
            owed_barriers: VecDeque::new(),
            subscribes: Vec::new(),
            unsubscribes: Vec::new(),
            publishes: BTreeSet::new(),
            twice: BTreeSet::new(),
            releases: BTreeSet::new(),
            outstanding: BTreeSet::new(),
            unanswered_pings: 0,
            unended: Vec::new(),
        }
    }
}

fn connack(reason_code: ReasonCode) -> Packet<'static> {
    Packet::Connack(Connack { session_present: false, reason_code, properties: Properties::EMPTY })
}
