//! Whether the other end is still there: keep-alive, the PINGREQs under way, clock jumps.
//!
//! Only sent packets postpone the next PINGREQ; received ones never do (section 3.1.2.10 counts the
//! client's packets). Received bytes do excuse a late PINGRESP: it may stand behind a long burst,
//! or the server dropped it with its full queue. Never writes bytes: it says when a PINGREQ is due
//! or all is lost, and the session acts.

use std::collections::VecDeque;
use std::time::Duration;

use super::{BarrierId, Time};
use crate::packet::PacketId;

/// A PINGRESP must come within half the keep-alive, so that a dead link is found within 1.5 of it;
/// within these bounds.
const SHORTEST_WINDOW: Duration = Duration::from_secs(2);
const LONGEST_WINDOW: Duration = Duration::from_secs(10);
/// After a sleep the link is dead more often than not.
const WINDOW_AFTER_JUMP: Duration = Duration::from_secs(5);
/// Timers are late in a hidden tab, but not by more than this.
const LEAST_JUMP: Duration = Duration::from_secs(15);
/// As many barriers may wait for their answers.
const MOST_BARRIERS: usize = 64;
/// A server that answers no PINGREQ but goes on sending must not fill the queue.
const MOST_PINGS: usize = 2 * MOST_BARRIERS;

/// What `check` found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Alive,
    /// A PINGREQ is to be sent; it is already counted.
    Ping,
    /// The other end is gone.
    Dead,
}

#[derive(Clone, Debug)]
pub(super) struct Liveness {
    keep_alive: Duration,
    /// When the last packet was sent, and when the last bytes and the last retained message came.
    sent_at: Time,
    received_at: Time,
    retained_at: Time,
    /// Something was sent by a command, which tells no time; the next input does.
    untimed: bool,
    pings: VecDeque<Ping>,
    /// When to look at the deadlines. May be earlier than any of them, for they move with every
    /// packet, and setting a timer for each would cost more than looking in vain.
    alarm: Option<Time>,
    /// PINGRESPs that were given up and may still come.
    stragglers: u32,
    after_jump: bool,
}

#[derive(Clone, Debug)]
struct Ping {
    /// `None` until an input has told the time.
    sent_at: Option<Time>,
    /// The barrier it is, and the SUBSCRIBE before it.
    barrier: Option<(BarrierId, Option<PacketId>)>,
    /// Whether bytes came since.
    heard: bool,
    /// Whether it is the second chance after a PINGRESP that did not come.
    last_chance: bool,
}

impl Liveness {
    /// Before CONNACK: no PINGREQ is sent.
    pub(super) fn new(now: Time) -> Self {
        Liveness {
            keep_alive: Duration::ZERO,
            sent_at: now,
            received_at: now,
            retained_at: now,
            untimed: false,
            pings: VecDeque::new(),
            alarm: None,
            stragglers: 0,
            after_jump: false,
        }
    }

    /// CONNACK told the keep-alive, which counts from CONNECT; zero sends no PINGREQ by itself.
    pub(super) fn begin(&mut self, keep_alive: Duration) {
        self.keep_alive = keep_alive;
        self.set_alarm();
    }

    /// A packet was queued at a known time.
    pub(super) fn sent(&mut self, now: Time) {
        self.sent_at = now;
    }

    /// A packet was queued by a command.
    pub(super) fn sent_untimed(&mut self) {
        self.untimed = true;
    }

    /// Bytes came.
    pub(super) fn received(&mut self, now: Time) {
        self.received_at = now;
        for ping in &mut self.pings {
            ping.heard = true;
        }
    }

    /// A retained message came: a barrier's burst is still under way.
    pub(super) fn retained(&mut self, now: Time) {
        self.retained_at = now;
    }

    /// Whether one more barrier may be sent.
    pub(super) fn has_room(&self) -> bool {
        self.pings.iter().filter(|ping| ping.barrier.is_some()).count() < MOST_BARRIERS
    }

    /// A command queued a PINGREQ as a barrier behind this SUBSCRIBE.
    pub(super) fn barrier(&mut self, id: BarrierId, after: Option<PacketId>) {
        self.untimed = true;
        let barrier = Some((id, after));
        self.pings.push_back(Ping { sent_at: None, barrier, heard: false, last_chance: false });
    }

    /// A PINGRESP came; PINGRESPs answer PINGREQs in order. The barrier that it answers, if any.
    pub(super) fn pingresp(&mut self, unanswered: impl Fn(PacketId) -> bool) -> Option<BarrierId> {
        match self.pings.front() {
            // A server answers in order, so this one belongs to a PINGREQ before the SUBSCRIBE.
            Some(Ping { barrier: Some((_, Some(subscribe))), .. })
                if self.stragglers > 0 && unanswered(*subscribe) =>
            {
                self.stragglers -= 1;
                return None;
            }
            None => self.stragglers = self.stragglers.saturating_sub(1),
            _ => {}
        }
        let answered = self.pings.pop_front()?;
        self.after_jump &= !self.pings.is_empty();
        self.set_alarm();
        answered.barrier.map(|(id, _)| id)
    }

    /// When to call `check`; a time that is past means at once.
    pub(super) fn due(&self, now: Time) -> Option<Time> {
        if self.untimed { Some(now) } else { self.alarm }
    }

    /// How far `now` is past the time at which a timer should have fired, if that is too far for a
    /// late timer: the machine slept.
    pub(super) fn jump(&self, now: Time) -> Option<Duration> {
        let late = now.since(self.alarm?);
        (late > LEAST_JUMP.max(self.keep_alive * 3 / 2)).then_some(late)
    }

    /// After a jump: everything counts from now, and a PINGREQ, which the caller sends, finds out
    /// soon whether the link still stands.
    pub(super) fn probe(&mut self, now: Time) {
        self.after_jump = true;
        for ping in &mut self.pings {
            ping.sent_at = Some(now);
            ping.heard = false;
        }
        self.received_at = now;
        self.retained_at = now;
        self.ping(now, false);
    }

    /// The clock was set back by this much: so is every time that was noted.
    pub(super) fn shift(&mut self, back: Duration) {
        self.sent_at = self.sent_at - back;
        self.received_at = self.received_at - back;
        self.retained_at = self.retained_at - back;
        for ping in &mut self.pings {
            ping.sent_at = ping.sent_at.map(|at| at - back);
        }
        self.set_alarm();
    }

    /// Looks at every deadline, then notes the time for what commands have sent. Barriers that were
    /// given up are added to `lost`.
    pub(super) fn check(&mut self, now: Time, lost: &mut Vec<BarrierId>) -> Verdict {
        let passed = |deadline: Option<Time>| deadline.is_some_and(|deadline| now >= deadline);
        let link_passed = passed(self.link_deadline());
        let verdict = if link_passed && self.pings.front().is_some_and(|ping| !ping.heard || ping.last_chance)
        {
            Verdict::Dead
        } else if link_passed || passed(self.barrier_deadline()) {
            lost.extend(self.pings.iter().filter_map(|ping| ping.barrier.map(|(id, _)| id)));
            self.stragglers = self.stragglers.saturating_add(self.pings.len() as u32);
            self.pings.clear();
            self.ping(now, true);
            Verdict::Ping
        } else if passed(self.ping_due()) {
            self.ping(now, false);
            Verdict::Ping
        } else {
            Verdict::Alive
        };
        let untimed = std::mem::take(&mut self.untimed);
        if untimed {
            self.sent_at = now;
            for ping in &mut self.pings {
                ping.sent_at.get_or_insert(now);
            }
        }
        if untimed || passed(self.alarm) {
            self.set_alarm();
        }
        verdict
    }

    /// Whether the last sign of life was before a jump.
    pub(super) fn is_after_jump(&self) -> bool {
        self.after_jump
    }

    fn ping(&mut self, now: Time, last_chance: bool) {
        self.sent_at = now;
        if self.pings.len() < MOST_PINGS {
            self.pings.push_back(Ping { sent_at: Some(now), barrier: None, heard: false, last_chance });
        } else {
            self.stragglers = self.stragglers.saturating_add(1);
        }
        self.set_alarm();
    }

    fn set_alarm(&mut self) {
        let deadlines = [self.ping_due(), self.link_deadline(), self.barrier_deadline()];
        self.alarm = deadlines.into_iter().flatten().min();
    }

    fn ping_due(&self) -> Option<Time> {
        (self.keep_alive > Duration::ZERO).then(|| self.sent_at + self.keep_alive)
    }

    /// When the oldest PINGRESP is overdue. Bytes excuse it: the link evidently works.
    fn link_deadline(&self) -> Option<Time> {
        let sent_at = self.pings.front()?.sent_at?;
        Some(sent_at.max(self.received_at) + self.window())
    }

    /// When the oldest barrier's PINGRESP is overdue. Only retained messages excuse that, for live
    /// ones never end.
    fn barrier_deadline(&self) -> Option<Time> {
        let sent_at = self.pings.iter().find(|ping| ping.barrier.is_some())?.sent_at?;
        Some(sent_at.max(self.retained_at) + self.window())
    }

    fn window(&self) -> Duration {
        let window = match self.keep_alive.is_zero() {
            true => LONGEST_WINDOW,
            false => (self.keep_alive / 2).clamp(SHORTEST_WINDOW, LONGEST_WINDOW),
        };
        match self.after_jump {
            true => window.min(WINDOW_AFTER_JUMP),
            false => window,
        }
    }
}
