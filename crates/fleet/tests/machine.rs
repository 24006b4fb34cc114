//! One driver runs both machines: a bare MQTT session and the board's engine.
//!
//! A driver carries bytes and time between a socket and a [`Machine`]. Both types implement it by their own methods, so
//! that the page needs no adapter for either.

use std::time::Duration;

use fleet::{Config, Engine, SnapshotState};
use mqtt::encode::encode;
use mqtt::stream::Stream;
use mqtt::{
    Closed, Connack, Event, Options, Packet, Properties, ReasonCode, Session, Suback, Subscription, Time,
    TopicFilter, Transmit, Version, VersionChoice,
};

/// What a driver needs: input with the time, output to be polled after each input.
trait Machine {
    fn handle_open(&mut self, now: Time);
    fn handle_bytes(&mut self, bytes: &[u8], now: Time);
    fn handle_closed(&mut self, closed: Closed, now: Time);
    fn handle_timeout(&mut self, now: Time);
    fn poll_transmit(&mut self) -> Option<Transmit<'_>>;
    fn poll_timeout(&self) -> Option<Time>;
}

macro_rules! impl_machine {
    ($($machine:ty),*) => {$(
        impl Machine for $machine {
            fn handle_open(&mut self, now: Time) {
                <$machine>::handle_open(self, now);
            }
            fn handle_bytes(&mut self, bytes: &[u8], now: Time) {
                <$machine>::handle_bytes(self, bytes, now);
            }
            fn handle_closed(&mut self, closed: Closed, now: Time) {
                <$machine>::handle_closed(self, closed, now);
            }
            fn handle_timeout(&mut self, now: Time) {
                <$machine>::handle_timeout(self, now);
            }
            fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
                <$machine>::poll_transmit(self)
            }
            fn poll_timeout(&self) -> Option<Time> {
                <$machine>::poll_timeout(self)
            }
        }
    )*};
}

impl_machine!(Session, Engine);

/// A driver with a server of 3.1.1 on virtual time.
struct Driver<M> {
    machine: M,
    /// Runs after each input, before the output is polled.
    after_input: fn(&mut M),
    now: Time,
    /// The client's bytes as the server reads them.
    received: Stream,
    is_silent: bool,
    transcript: Vec<String>,
}

impl<M: Machine> Driver<M> {
    fn new(machine: M, after_input: fn(&mut M)) -> Driver<M> {
        let received = Stream::new(Version::V311, u32::MAX);
        Driver { machine, after_input, now: Time(0), received, is_silent: false, transcript: Vec::new() }
    }

    /// Carries out everything that the machine wants to do.
    fn run(&mut self) {
        (self.after_input)(&mut self.machine);
        while let Some(transmit) = self.machine.poll_transmit() {
            match transmit {
                Transmit::Open => {
                    self.transcript.push("open".to_owned());
                    self.received = Stream::new(Version::V311, u32::MAX);
                    self.machine.handle_open(self.now);
                }
                Transmit::Close => self.transcript.push("close".to_owned()),
                Transmit::Send(bytes) => {
                    self.received.extend(bytes);
                    let answer = self.answer();
                    if !answer.is_empty() {
                        self.machine.handle_bytes(&answer, self.now);
                    }
                }
            }
            (self.after_input)(&mut self.machine);
        }
    }

    fn answer(&mut self) -> Vec<u8> {
        let (mut answer, mut line) = (Vec::new(), Vec::new());
        while let Some(packet) = self.received.next().expect("the client keeps to the standard") {
            line.push(packet.packet_type().to_string());
            let (reason_code, properties) = (ReasonCode::Success, Properties::EMPTY);
            let codes = [reason_code];
            let packet = match packet {
                Packet::Connect(_) => {
                    Packet::Connack(Connack { session_present: false, reason_code, properties })
                }
                Packet::Subscribe(subscribe) => Packet::Suback(Suback {
                    packet_id: subscribe.packet_id,
                    properties,
                    reason_codes: codes[..].into(),
                }),
                _ => Packet::Pingresp,
            };
            if !self.is_silent {
                encode(&packet, Version::V311, &mut answer).expect("a valid packet");
            }
        }
        self.transcript.push(line.join(", "));
        answer
    }

    /// Lets time pass, with timers that fire on time.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.machine.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.machine.handle_timeout(self.now);
            self.run();
        }
        self.now = end;
    }
}

/// A connection, its keep-alive, a dead link and a closed socket.
fn check<M: Machine>(machine: M, after_input: fn(&mut M)) -> M {
    let mut driver = Driver::new(machine, after_input);
    driver.run();
    driver.wait(Duration::from_secs(30));
    driver.is_silent = true;
    driver.wait(Duration::from_secs(40));
    driver.is_silent = false;
    driver.wait(Duration::from_secs(10));
    driver.machine.handle_closed(Closed { code: Some(1006), was_open: true }, driver.now);
    driver.run();
    driver.wait(Duration::from_secs(10));
    assert_eq!(
        driver.transcript,
        [
            "open",
            "CONNECT",
            "SUBSCRIBE, PINGREQ",
            "PINGREQ",
            // The silent server answers nothing.
            "PINGREQ",
            "close",
            "open",
            "CONNECT",
            "SUBSCRIBE, PINGREQ",
            "open",
            "CONNECT",
            "SUBSCRIBE, PINGREQ",
        ]
    );
    driver.machine
}

fn options() -> Options {
    let mut options = Options::new("board");
    options.version = VersionChoice::Only(Version::V311);
    options
}

#[test]
fn one_driver_runs_a_session_and_an_engine() {
    let mut session = Session::new(options());
    session.connect(Time(0));
    check(session, |session| {
        let mut has_connected = false;
        while let Some(event) = session.poll_event() {
            has_connected |= matches!(event, Event::Connected(_));
        }
        if has_connected {
            let filter = TopicFilter::new("a/status").expect("a filter");
            session.subscribe(&[Subscription::new(filter)]).expect("it is connected");
            session.barrier().expect("it is connected");
        }
    });

    let mut config = Config::new(options());
    config.filters = Some(vec!["a/status".to_owned()]);
    let mut engine = Engine::new(config).expect("a filter");
    engine.connect(Time(0));
    let engine = check(engine, |_| {});
    assert_eq!(engine.snapshot().state(), SnapshotState::Complete);
}
