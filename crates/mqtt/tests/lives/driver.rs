//! The driver: passes input to the session, polls all output, and compares it with the model.
//!
//! Follows the rules for drivers, and is sometimes late. Never decides what happens next.
//! Called by `life` and `server`.

use mqtt::{Closed, Event, Failure, Link, QoS, Time, Transmit, Version, VersionChoice};

use crate::life::Life;
use crate::model::{Answer, Expected, Line, Socket};

/// After this time the session may give up a PINGRESP.
const MIN_WINDOW: u64 = 2_000;
/// The session ignores smaller setbacks of the clock.
const MIN_SETBACK: u64 = 1_000;

/// Who ended a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// The session, which first sends what is queued: the user left, or the server broke the protocol.
    Meaning,
    /// Anything else: what was queued is dropped.
    Dropped,
}

impl Life {
    // Input.

    pub fn dialling(&mut self) {
        match self.random.below(10) {
            0 => self.close(),
            1 => self.time(),
            _ => self.open(),
        }
    }

    pub fn open(&mut self) {
        self.note("the socket opens".to_owned());
        self.line.as_mut().expect("dialling").socket = Socket::Open;
        self.takes();
        self.session.handle_open(Time(self.now));
        // The time of CONNECT decides whether a session that lasts has expired.
        match self.session.options().clean_start {
            true => self.look(),
            false => self.drain(),
        }
    }

    pub fn close(&mut self) {
        let line = self.line.as_mut().expect("a socket");
        let was_open = line.socket == Socket::Open;
        line.socket = Socket::Closed;
        self.note("the socket closes".to_owned());
        self.counters.lost_sockets += 1;
        self.takes();
        let code = self.random.pick(&[None, Some(1000), Some(1006)]);
        self.session.handle_closed(Closed { code, was_open }, Time(self.now));
        self.ended();
        self.look();
    }

    /// Any part of what the server sent.
    pub fn deliver(&mut self, undelivered: usize) {
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
        self.counters.bytes_in += len as u64;
        self.takes();
        self.session.handle_bytes(&piece, Time(self.now));
        self.look();
    }

    pub fn deliver_all(&mut self) {
        while let Some(line) = &self.line
            && line.socket == Socket::Open
            && line.delivered < line.stream.len()
        {
            self.deliver(line.stream.len() - line.delivered);
        }
        self.drain();
    }

    /// The timer fires, and is not due again at once.
    pub fn fire(&mut self) {
        self.takes();
        self.session.handle_timeout(Time(self.now));
        self.drain();
        let due = self.session.poll_timeout();
        assert!(due.is_none_or(|due| due.0 > self.taken), "{due:?} is still due at {}", self.taken);
    }

    // Time.

    /// Some time passes by the wall clock.
    pub fn tick(&mut self, time: u64) {
        self.now += time;
        self.passed += time;
        if let Some(line) = &mut self.line {
            // A PINGREQ may be queued that was not polled yet.
            let queued = self.is_late.then_some(self.drained_at);
            let oldest = line.pings.front().map(|(_, sent)| *sent).or(queued);
            line.doubtful |= oldest.is_some_and(|sent| self.passed - sent >= MIN_WINDOW);
        }
    }

    /// The session is about to receive the time, by an input that checks whether the clock was set back.
    pub fn takes(&mut self) {
        match self.taken.saturating_sub(self.now) >= MIN_SETBACK {
            true => self.taken = self.now,
            false => self.takes_forwards(),
        }
    }

    /// The same by an input that does not.
    pub fn takes_forwards(&mut self) {
        let taken = self.taken.max(self.now);
        self.elapsed += taken - self.taken;
        self.taken = taken;
    }

    // Output.

    /// A driver polls after each input; this one is sometimes late.
    pub fn look(&mut self) {
        if !matches!(self.session.link(), Link::Connecting | Link::Connected) {
            self.ended();
        }
        match self.random.once_in(self.lateness) {
            true => {
                self.is_late = true;
                self.counters.late_drains += 1;
            }
            false => self.drain(),
        }
    }

    /// The session reads no more of this socket.
    fn ended(&mut self) {
        if let Some(line) = &mut self.line {
            line.ended = true;
            line.ended_at.get_or_insert(self.elapsed);
        }
    }

    pub fn drain(&mut self) {
        if !matches!(self.session.link(), Link::Connecting | Link::Connected) {
            self.ended();
        }
        let (events, end) = self.poll_events();
        let mut expected = match &mut self.line {
            Some(line) => self.model.expect(line, &mut self.counters),
            None => Expected::default(),
        };
        if end.is_some() {
            let ended_at = self.line.as_ref().and_then(|line| line.ended_at).unwrap_or(self.elapsed);
            expected.reported.extend(self.model.link_ended(ended_at));
        }
        let (mut answers, mut lost) = (Vec::new(), Vec::new());
        let (mut closed, mut opens, mut len) = (false, false, 0);
        loop {
            let bytes = match self.session.poll_transmit() {
                None => break,
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
                Some(Transmit::Send(bytes)) => bytes.to_vec(),
            };
            assert!(!closed && !opens, "something to send on a closed socket");
            assert!(!bytes.is_empty(), "an empty message");
            len += bytes.len();
            self.receive(&bytes, &mut answers, &mut lost);
        }
        self.counters.bytes_out += len as u64;
        let kept = self.model.outgoing.iter().map(|message| message.len).sum::<usize>();
        let max = self.session.options().max_packet_size as usize + 2 * self.received + kept + 1_024;
        assert!(len <= max, "{len} bytes in one message");
        // CONNECT comes before any event about its link.
        expected.reported.splice(0..0, lost);
        match &self.line {
            None => {
                assert!(events.is_empty() && answers.is_empty(), "{events:?} {answers:?} without a socket")
            }
            Some(line) => {
                let is_open = !closed && line.socket == Socket::Open;
                compare(line, expected, &events, &answers, end, is_open, closed);
                if !is_open && line.socket != Socket::Dialling || closed {
                    self.line = None;
                }
            }
        }
        if opens {
            assert!(self.line.is_none(), "a second socket");
            self.counters.sockets += 1;
            self.line = Some(Line::new());
        }
        self.received = 0;
        self.is_late = false;
        self.drained_at = self.passed;
        self.check_ways_out();
    }

    /// No state is stuck.
    fn check_ways_out(&self) {
        let link = self.session.link();
        assert_eq!(link == Link::Connected, self.connected, "exactly one Disconnected per Connected");
        let due = self.session.poll_timeout().map(|due| due.0);
        let within = |time: u64| {
            let is_soon = due.is_some_and(|due| due <= self.taken + time);
            assert!(is_soon, "{link:?} until {due:?} at {}", self.taken);
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
        let unended = self.model.outgoing.iter().filter(|message| message.waits_for != Answer::Nothing);
        let is_known = self.line.as_ref().is_none_or(|line| !line.wild);
        assert!(!is_known || unended.count() == self.session.in_flight(), "messages in flight");
    }

    /// The events, and who ended a connected link.
    fn poll_events(&mut self) -> (Vec<String>, Option<End>) {
        let (mut reported, mut end) = (Vec::new(), None);
        while let Some(event) = self.session.poll_event() {
            let stands = self.connected;
            let words = match event {
                Event::Connected(connected) => {
                    assert!(!self.connected, "connected twice");
                    self.connected = true;
                    let (version, words) =
                        (connected.version, format!("connected {}", connected.session_present));
                    match version {
                        Version::V311 => self.counters.connected_3_1_1 += 1,
                        Version::V5 => self.counters.connected_5 += 1,
                    }
                    let fell =
                        version == Version::V311 && self.session.options().version == VersionChoice::Newest;
                    self.counters.fallbacks += u64::from(fell);
                    words
                }
                Event::Disconnected(failure) => {
                    assert!(self.connected, "disconnected twice");
                    self.connected = false;
                    let words = format!("! disconnected {failure:?}");
                    let (count, by) = match failure {
                        None => (&mut self.counters.left, End::Meaning),
                        Some(Failure::Protocol(error)) => {
                            assert!(!self.server.is_conforming, "{error} of a conforming server");
                            (&mut self.counters.protocol_errors, End::Meaning)
                        }
                        Some(Failure::MaximumPacketSize(_)) => (&mut self.counters.failed, End::Meaning),
                        Some(Failure::TakenOver) => (&mut self.counters.taken_over, End::Dropped),
                        Some(Failure::ServerDisconnect { .. }) => {
                            (&mut self.counters.server_disconnects, End::Dropped)
                        }
                        Some(Failure::PingTimeout) => (&mut self.counters.ping_timeouts, End::Dropped),
                        Some(_) => (&mut self.counters.failed, End::Dropped),
                    };
                    *count += 1;
                    end = Some(by);
                    self.note(words);
                    continue;
                }
                Event::ConnectFailed(failure) => {
                    assert!(!self.connected, "failed while connected");
                    if let Failure::Protocol(error) = failure {
                        assert!(!self.server.is_conforming, "{error} of a conforming server");
                    }
                    self.counters.refused += u64::from(matches!(failure, Failure::ConnectRefused { .. }));
                    let words = format!("! failed {failure:?}");
                    self.note(words);
                    continue;
                }
                // Also between two links.
                Event::PublishLost(id) => {
                    self.counters.publishes_lost += 1;
                    format!("lost {id}")
                }
                // Also before CONNACK.
                Event::Auth(auth) => format!("auth {:?}", auth.reason_code),
                event if !stands => panic!("{event:?} without a link"),
                Event::Publish(publish) => {
                    self.counters.messages += 1;
                    let number = str::from_utf8(publish.payload).expect("a number").trim_end();
                    if publish.qos() == QoS::ExactlyOnce && self.server.is_conforming {
                        // [MQTT-4.3.3-10]
                        let is_new = self.server.reported.insert(number.parse().expect("a number"));
                        assert!(is_new, "{number} was reported twice");
                    }
                    let (topic, delivery) = (publish.topic, publish.delivery);
                    format!("message {number} {topic} {delivery:?} {}", publish.retain)
                }
                Event::Suback(suback) => format!("suback {}", suback.packet_id),
                Event::Unsuback(unsuback) => format!("unsuback {}", unsuback.packet_id),
                Event::Puback(ack) => format!("puback {}", ack.packet_id),
                Event::Pubrec(ack) if ack.reason_code.is_error() => {
                    format!("pubrec {} refused", ack.packet_id)
                }
                Event::Pubrec(ack) => format!("pubrec {}", ack.packet_id),
                Event::Pubcomp(ack) => format!("pubcomp {}", ack.packet_id),
                Event::Barrier(id) => {
                    self.counters.barriers += 1;
                    assert!(self.barriers.remove(&id), "{id:?} was reported before");
                    format!("barrier {}", id.0)
                }
                Event::BarrierLost(id) => {
                    self.counters.barriers_lost += 1;
                    assert!(self.barriers.remove(&id), "{id:?} was reported before");
                    let doubtful = self.line.as_ref().is_none_or(|line| line.doubtful || line.wild);
                    assert!(doubtful, "{id:?} was lost without a reason");
                    continue;
                }
                Event::ClockJump { .. } => {
                    self.counters.jumps += 1;
                    continue;
                }
                event => panic!("{event:?}"),
            };
            self.note(format!("! {words}"));
            reported.push(words);
        }
        (reported, end)
    }
}

/// Checks what was reported, answered and sent.
fn compare(
    line: &Line,
    expected: Expected,
    events: &[String],
    answers: &[String],
    end: Option<End>,
    is_open: bool,
    closed: bool,
) {
    if line.wild {
        return;
    }
    assert!(!(expected.end && is_open), "the link must end");
    // Barriers are counted where they are reported. Which one comes when cannot be predicted.
    let is_sure = |words: &&String| !line.doubtful || !words.starts_with("barrier");
    let reported = |words: &[String]| words.iter().filter(is_sure).cloned().collect::<Vec<_>>();
    assert_eq!(reported(events), reported(&expected.reported), "what was reported");
    // If the link ended in between, what was queued is lost.
    let is_dropped = end == Some(End::Dropped) || line.socket == Socket::Closed || closed && end.is_none();
    if !is_dropped {
        assert_eq!(answers, expected.answers, "[MQTT-4.6.0-2] [MQTT-4.6.0-3] in their order");
        assert!(line.owed.is_empty(), "accepted and not sent: {:?}", line.owed);
    }
    assert!(!is_dropped || answers.is_empty(), "{answers:?} on a closed socket");
}
