//! Whether the server is still there: keep-alive, unanswered PINGREQs, clock jumps.
//!
//! Only sent packets postpone the next PINGREQ; received ones never do (section 3.1.2.10 counts the client's
//! packets). Received bytes do excuse a late PINGRESP: it may come after a long burst, or the server dropped it
//! because its queue was full. Never writes bytes: it says when a PINGREQ is due or the link is dead, and the
//! session acts.

use std::collections::VecDeque;
use std::time::Duration;

use super::{BarrierId, Time};
use crate::packet::PacketId;

/// A PINGRESP must come within half the keep-alive, so that a dead link is found within 1.5 keep-alives; but the
/// window is never shorter or longer than this.
const MIN_WINDOW: Duration = Duration::from_secs(2);
const MAX_WINDOW: Duration = Duration::from_secs(10);
/// After a sleep the link is probably dead, so the window is shorter.
const WINDOW_AFTER_JUMP: Duration = Duration::from_secs(5);
/// Timers in a hidden tab are late, but not by more than this.
const MIN_JUMP: Duration = Duration::from_secs(15);
/// How many barriers may wait for their answers.
const MAX_BARRIERS: usize = 64;
/// How many PINGREQs are remembered: a server that answers none but keeps sending must not fill the memory.
const MAX_PINGS: usize = 2 * MAX_BARRIERS;

/// What `check` found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Alive,
    /// A PINGREQ must be sent; it is already counted.
    Ping,
    /// The server is gone.
    Dead,
}

#[derive(Clone, Debug)]
pub(super) struct Liveness {
    keep_alive: Duration,
    /// When the last packet was sent, and when the last bytes and the last retained message came.
    sent_at: Time,
    received_at: Time,
    retained_at: Time,
    /// A command sent something. Commands have no time argument; the next input has.
    untimed: bool,
    pings: VecDeque<Ping>,
    /// When to check the deadlines. May be earlier than any of them: they move with every packet, and setting a
    /// timer for each would cost more than a check for nothing.
    timer: Option<Time>,
    /// PINGRESPs that are not waited for any more and may still come.
    stragglers: u32,
    after_jump: bool,
}

#[derive(Clone, Debug)]
struct Ping {
    /// `None` until the next input, which has the time.
    sent_at: Option<Time>,
    /// If it is a barrier: its identifier, and the SUBSCRIBE before it.
    barrier: Option<(BarrierId, Option<PacketId>)>,
    /// Whether bytes have been received since.
    heard: bool,
    /// Whether it was sent because an earlier PINGRESP did not come.
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
            timer: None,
            stragglers: 0,
            after_jump: false,
        }
    }

    /// CONNACK came, and so the keep-alive is known. It counts from CONNECT; zero turns it off.
    pub(super) fn begin(&mut self, keep_alive: Duration) {
        self.keep_alive = keep_alive;
        self.set_timer();
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

    /// A retained message came: the burst before a barrier's PINGRESP is still arriving.
    pub(super) fn retained(&mut self, now: Time) {
        self.retained_at = now;
    }

    /// Whether one more barrier may be sent.
    pub(super) fn has_room(&self) -> bool {
        self.pings.iter().filter(|ping| ping.barrier.is_some()).count() < MAX_BARRIERS
    }

    /// A command queued a PINGREQ as a barrier after this SUBSCRIBE.
    pub(super) fn barrier(&mut self, id: BarrierId, after: Option<PacketId>) {
        self.untimed = true;
        let barrier = Some((id, after));
        self.pings.push_back(Ping { sent_at: None, barrier, heard: false, last_chance: false });
    }

    /// A PINGRESP came; PINGRESPs answer PINGREQs in order. Returns the barrier that it answers, if any.
    pub(super) fn pingresp(&mut self, unanswered: impl Fn(PacketId) -> bool) -> Option<BarrierId> {
        match self.pings.front() {
            // A server answers in order, so this PINGRESP belongs to a PINGREQ before the SUBSCRIBE.
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
        self.set_timer();
        answered.barrier.map(|(id, _)| id)
    }

    /// When to call `check`; a time in the past means at once.
    pub(super) fn due(&self, now: Time) -> Option<Time> {
        if self.untimed { Some(now) } else { self.timer }
    }

    /// How much later than the timer `now` is, if that is too much for a timer that fires late: the machine
    /// slept.
    pub(super) fn jump(&self, now: Time) -> Option<Duration> {
        let late = now.since(self.timer?);
        (late > MIN_JUMP.max(self.keep_alive * 3 / 2)).then_some(late)
    }

    /// After a jump: all windows start again now, and a PINGREQ, which the caller sends, finds out soon whether
    /// the link still works.
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

    /// The clock was set back by this much: moves every stored time.
    pub(super) fn shift(&mut self, back: Duration) {
        self.sent_at = self.sent_at - back;
        self.received_at = self.received_at - back;
        self.retained_at = self.retained_at - back;
        for ping in &mut self.pings {
            ping.sent_at = ping.sent_at.map(|at| at - back);
        }
        self.set_timer();
    }

    /// Checks every deadline, then stores the time for what commands have sent. Barriers whose PINGRESP is not
    /// waited for any more are added to `lost`.
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
        if untimed || passed(self.timer) {
            self.set_timer();
        }
        verdict
    }

    /// Whether nothing was answered since a jump.
    pub(super) fn is_after_jump(&self) -> bool {
        self.after_jump
    }

    fn ping(&mut self, now: Time, last_chance: bool) {
        self.sent_at = now;
        if self.pings.len() < MAX_PINGS {
            self.pings.push_back(Ping { sent_at: Some(now), barrier: None, heard: false, last_chance });
        } else {
            self.stragglers = self.stragglers.saturating_add(1);
        }
        self.set_timer();
    }

    fn set_timer(&mut self) {
        let deadlines = [self.ping_due(), self.link_deadline(), self.barrier_deadline()];
        self.timer = deadlines.into_iter().flatten().min();
    }

    fn ping_due(&self) -> Option<Time> {
        (self.keep_alive > Duration::ZERO).then(|| self.sent_at + self.keep_alive)
    }

    /// When the oldest PINGRESP is overdue. Received bytes postpone that: they show that the link works.
    fn link_deadline(&self) -> Option<Time> {
        let sent_at = self.pings.front()?.sent_at?;
        Some(sent_at.max(self.received_at) + self.window())
    }

    /// When the oldest barrier's PINGRESP is overdue. Only retained messages postpone that, because live ones
    /// never end.
    fn barrier_deadline(&self) -> Option<Time> {
        let sent_at = self.pings.iter().find(|ping| ping.barrier.is_some())?.sent_at?;
        Some(sent_at.max(self.retained_at) + self.window())
    }

    fn window(&self) -> Duration {
        let window = match self.keep_alive.is_zero() {
            true => MAX_WINDOW,
            false => (self.keep_alive / 2).clamp(MIN_WINDOW, MAX_WINDOW),
        };
        match self.after_jump {
            true => window.min(WINDOW_AFTER_JUMP),
            false => window,
        }
    }
}
