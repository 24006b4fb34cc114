//! Any bytes, in any pieces, from a hostile server, to a session whose clock may jump.
//!
//! The input is a script: a few bytes of options, then steps of a driver, a user, a clock and a
//! server. Only the driver follows the rules. After every step the session is polled and checked.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use mqtt::stream::Cursor;
use mqtt::{
    Closed, Event, Link, Options, Packet, QoS, Session, Subscription, Time, TopicFilter, TopicName, Transmit,
    Version, VersionChoice,
};

const MAX_PACKET_SIZE: u32 = 4_096;
const CONNECT_TIMEOUT: u64 = 10_000;

fuzz_target!(|script: &[u8]| {
    let mut script = Script(script);
    let mut options = Options::new("c");
    let flags = script.byte();
    options.version = match flags & 3 {
        0 => VersionChoice::Only(Version::V311),
        1 => VersionChoice::Only(Version::V5),
        _ => VersionChoice::Newest,
    };
    options.clean_start = flags & 4 != 0;
    options.session_expiry_interval = if flags & 8 != 0 { u32::MAX } else { 0 };
    options.request_problem_information = flags & 16 == 0;
    options.receive_maximum = if flags & 32 != 0 { 2 } else { u16::MAX };
    options.keep_alive = script.byte().into();
    options.max_packet_size = MAX_PACKET_SIZE;
    options.max_resume_bytes = 1_024;
    options.connect_timeout = Duration::from_millis(CONNECT_TIMEOUT);
    let mut driver = Driver {
        session: Session::new(options),
        now: 1_700_000_000_000,
        taken: 0,
        socket: None,
        is_gone: false,
        connected: false,
        received: 0,
    };
    driver.connect();
    while !script.0.is_empty() {
        driver.step(&mut script);
        driver.drain();
    }
});

/// The rest of the input, with zeros after its end.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

struct Driver {
    session: Session,
    now: u64,
    /// The time of the last input: the session ignores setbacks below a second.
    taken: u64,
    /// The driver's socket: whether it is open, and the version of its CONNECT.
    socket: Option<(bool, Option<Version>)>,
    /// The peer closed it since the last poll: the session may have wanted to close it too.
    is_gone: bool,
    connected: bool,
    received: usize,
}

impl Driver {
    fn takes(&mut self) -> Time {
        self.taken = match self.taken.saturating_sub(self.now) >= 1_000 {
            true => self.now,
            false => self.taken.max(self.now),
        };
        Time(self.now)
    }

    fn connect(&mut self) {
        let now = self.takes();
        self.session.connect(now);
        self.drain();
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if let Some((true, _)) = self.socket {
            let now = self.takes();
            self.received += bytes.len();
            self.session.handle_bytes(bytes, now);
        }
    }

    fn step(&mut self, script: &mut Script<'_>) {
        let step = script.byte();
        match step {
            0 => match self.socket {
                Some((false, _)) => {
                    self.socket = Some((true, None));
                    let now = self.takes();
                    self.session.handle_open(now);
                }
                // CONNACK, because random bytes would hardly ever make one.
                Some((true, Some(Version::V311))) => self.bytes(&[0x20, 2, 0, 0]),
                Some((true, Some(Version::V5))) => self.bytes(&[0x20, 3, 0, 0, 0]),
                _ => {}
            },
            1 => {
                if let Some((was_open, _)) = self.socket.take() {
                    self.is_gone = true;
                    let now = self.takes();
                    self.session.handle_closed(Closed { code: Some(1006), was_open }, now);
                }
            }
            2 => {
                if let Some(Time(due)) = self.session.poll_timeout() {
                    self.now = self.now.max(due);
                    let now = self.takes();
                    self.session.handle_timeout(now);
                    self.drain();
                    let due = self.session.poll_timeout();
                    assert!(due.is_none_or(|due| due.0 > self.taken), "{due:?} never rests");
                }
            }
            3 => self.now += u64::from(script.byte()) * 250,
            4 => self.now += u64::from(script.byte()) << (script.byte() % 24),
            5 => self.now = self.now.saturating_sub(u64::from(script.byte()) << (script.byte() % 40)),
            6 => self.connect(),
            7 => {
                self.taken = self.taken.max(self.now);
                self.session.disconnect(Time(self.now));
                assert_eq!(self.session.link(), Link::Idle);
            }
            8 => {
                let now = self.takes();
                self.session.retry_now(now);
            }
            9 => {
                let filter = TopicFilter::new("a/+").expect("a filter");
                let filters = [Subscription::new(filter); 3];
                let _ = self.session.subscribe(&filters[..usize::from(script.byte() % 4)]);
            }
            10 => drop(self.session.unsubscribe(&[TopicFilter::new("a/+").expect("a filter")])),
            11 => drop(self.session.barrier()),
            12..16 => {
                let qos = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][usize::from(step) % 3];
                let flags = script.byte();
                let payload = [b'p'; 64];
                let topic = TopicName::new(["a", "b", "c"][usize::from(flags) % 3]).expect("a topic");
                let payload = &payload[..usize::from(flags) / 4];
                let _ = self.session.publish(topic, payload, qos, flags & 1 != 0);
            }
            // The server.
            _ => {
                let len = usize::from(step) - 15;
                self.bytes(script.take(len));
            }
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Connected(_) => assert!(!std::mem::replace(&mut self.connected, true), "twice"),
                Event::Disconnected(_) => assert!(std::mem::take(&mut self.connected), "not connected"),
                Event::ConnectFailed(_) => assert!(!self.connected, "failed while connected"),
                // A session that lasts loses its messages between two links.
                Event::PublishLost(_) => {}
                event => {
                    assert!(self.connected, "{event:?} without a link");
                    // Decodes what is decoded lazily.
                    assert!(!format!("{event:?}").is_empty());
                }
            }
        }
        let mut sent = 0;
        loop {
            match self.session.poll_transmit() {
                None => break,
                Some(Transmit::Open) => {
                    assert_eq!(self.socket.replace((false, None)), None, "a second socket");
                }
                Some(Transmit::Close) => {
                    assert!(self.socket.take().is_some() || self.is_gone, "no socket to close");
                }
                Some(Transmit::Send(bytes)) => {
                    sent += bytes.len();
                    let Some((true, version)) = &mut self.socket else { panic!("sent without a socket") };
                    let mut cursor = Cursor::new(version.unwrap_or(Version::V5), u32::MAX);
                    while let Some(packet) = cursor.next(bytes).expect("the client keeps to the standard") {
                        let connect = match packet {
                            Packet::Connect(connect) => Some(connect.version),
                            _ => None,
                        };
                        assert_eq!(connect.is_some(), version.is_none(), "CONNECT first, and once");
                        *version = version.or(connect);
                        cursor.version = version.unwrap_or(Version::V5);
                    }
                    assert_eq!(cursor.position, bytes.len(), "half a packet");
                }
            }
        }
        let most = MAX_PACKET_SIZE as usize + 4 * self.received + 4_096;
        assert!(sent <= most, "{sent} bytes for {}", self.received);
        self.received = 0;
        self.is_gone = false;

        let link = self.session.link();
        assert_eq!(self.connected, link == Link::Connected, "exactly one Disconnected per Connected");
        let due = self.session.poll_timeout();
        match link {
            Link::Idle | Link::Refused => assert_eq!((due, self.socket), (None, None)),
            Link::Connecting => {
                assert!(self.socket.is_some(), "connecting without a socket");
                assert!(due.is_some_and(|due| due.0 <= self.taken + CONNECT_TIMEOUT), "{due:?}");
            }
            Link::Waiting { retry_at } => {
                assert_eq!((due, self.socket), (Some(retry_at), None));
                assert!(retry_at.0 <= self.taken + 30_000, "{retry_at:?} at {}", self.taken);
            }
            // Without a keep-alive a link may stay up forever.
            Link::Connected => assert!(self.socket.is_some(), "connected without a socket"),
        }
    }
}
