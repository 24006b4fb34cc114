//! One signal for all changes, raised at most once per frame, one for sentences, raised as often as they can be read,
//! and one for the tab, which the browser itself has to draw.
//!
//! A burst of packets costs one notice, and one that takes long to draw is followed by a pause. A hidden page has no
//! frames; it is told by an alarm, often enough for its title. Never knows what changed.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::reactive::signal::ArcTrigger;
use mqtt::Time;

use super::alarms::{Alarm, Alarms};

/// How often a hidden page is told of changes.
const HIDDEN: Duration = Duration::from_secs(1);

/// How often sentences change that nobody could read at the pace of frames. The first change is told at once.
const CALM: Duration = Duration::from_millis(250);
/// The same of the tab's title and icon: the browser draws an icon in the page's own time.
const SLOW: Duration = Duration::from_secs(1);

/// So many times what drawing took beyond [`QUICK`] passes before the next: a flood of messages, or a slow machine, must
/// leave time for hearing them and for whoever scrolls.
const REST: u32 = 2;
/// Half a frame at 60 a second. Where drawing is that quick, every frame is drawn.
const QUICK: Duration = Duration::from_millis(8);
/// Drawing that takes longer does not make the pause longer.
const LONGEST: Duration = Duration::from_millis(100);
/// So many bytes a millisecond are a flood: a hundred thousand statuses a second, which nobody reads. Then they are drawn
/// about twenty times a second, and heard the sooner.
const FLOOD: u64 = 4_096;
/// The pause in a flood.
const IN_A_FLOOD: Duration = Duration::from_millis(40);

/// The signals, and whether they are due.
pub struct Notice {
    changes: ArcTrigger,
    is_due: Cell<bool>,
    /// When the drawing began that was not seen to end.
    draws_since: Cell<Option<Time>>,
    /// How many bytes came since the last drawing, and when that was.
    heard: Cell<u64>,
    drawn_at: Cell<Time>,
    rests_until: Cell<Time>,
    calm: Rc<Pace>,
    slow: Rc<Pace>,
}

/// A signal that is raised at once, and then no more often than this.
struct Pace {
    every: Duration,
    changes: ArcTrigger,
    given_at: Cell<Time>,
    is_waiting: Cell<bool>,
}

impl Pace {
    fn of(every: Duration) -> Rc<Pace> {
        Rc::new(Pace {
            every,
            changes: ArcTrigger::new(),
            given_at: Cell::default(),
            is_waiting: Cell::new(false),
        })
    }

    fn give(self: &Rc<Self>) {
        let (at, now) = (self.given_at.get(), super::now());
        // By the clock, since a hidden page's timers are late; a clock that was set back must not silence it.
        if !(at..at + self.every).contains(&now) {
            self.given_at.set(now);
            self.changes.notify();
        } else if !self.is_waiting.replace(true) {
            let pace = self.clone();
            let give = move || {
                pace.is_waiting.set(false);
                pace.give();
            };
            set_timeout(give, (at + self.every).since(now));
        }
    }
}

impl Notice {
    /// A notice that was never given.
    pub fn new() -> Rc<Notice> {
        Rc::new(Notice {
            changes: ArcTrigger::new(),
            is_due: Cell::new(false),
            draws_since: Cell::new(None),
            heard: Cell::new(0),
            drawn_at: Cell::default(),
            rests_until: Cell::default(),
            calm: Pace::of(CALM),
            slow: Pace::of(SLOW),
        })
    }

    /// Subscribes the running effect or memo.
    pub fn track(&self) {
        self.changes.track();
    }

    /// Subscribes the running effect or memo to what a person can follow.
    pub fn track_calmly(&self) {
        self.calm.changes.track();
    }

    /// Subscribes the running effect or memo to what the tab tells.
    pub fn track_slowly(&self) {
        self.slow.changes.track();
    }

    /// Something changed: lets the page know with the next frame, however much more happens until then.
    pub fn raise(self: &Rc<Self>, alarms: &Alarms) {
        if self.is_due.replace(true) {
            return;
        }
        if document().hidden() {
            alarms.set(Alarm::Notice, HIDDEN);
        } else {
            self.give_with_a_frame();
        }
    }

    fn give_with_a_frame(self: &Rc<Self>) {
        let notice = self.clone();
        request_animation_frame(move || {
            let (now, until) = (super::now(), notice.rests_until.get());
            // A clock that was set back must not make it rest for longer.
            if now < until && until <= now + LONGEST * REST {
                notice.give_with_a_frame();
            } else {
                notice.give();
            }
        });
    }

    /// Gives the notice, if it is due.
    pub fn give(self: &Rc<Self>) {
        if self.is_due.replace(false) {
            // Effects run later, as microtasks: nobody reads a driver that is at work.
            self.changes.notify();
            self.calm.give();
            self.slow.give();
            self.draws_since.set(Some(super::now()));
            let notice = self.clone();
            set_timeout(move || notice.handle_task(0), Duration::ZERO);
        }
    }

    /// Another task began, with so many bytes of a message: what was being drawn has been. A flood of messages comes
    /// before any timer.
    pub fn handle_task(&self, bytes: u32) {
        self.heard.set(self.heard.get() + u64::from(bytes));
        if let Some(began) = self.draws_since.take() {
            let now = super::now();
            let beyond = now.since(began).min(LONGEST).saturating_sub(QUICK);
            let time = now.0.saturating_sub(self.drawn_at.replace(now).0);
            let is_flood = self.heard.take() > FLOOD * time;
            let pause = if is_flood { IN_A_FLOOD } else { Duration::ZERO };
            self.rests_until.set(now + beyond * REST + pause);
        }
    }

    /// The page was hidden or is seen again.
    pub fn handle_visibility(self: &Rc<Self>, alarms: &Alarms) {
        match document().hidden() {
            // The frame that was asked for will not come before the page is seen again.
            true if self.is_due.get() => alarms.set(Alarm::Notice, HIDDEN),
            true => {}
            false => self.give(),
        }
    }
}
