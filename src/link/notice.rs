//! One signal for all changes, raised at most once per frame, and one for sentences, raised as often as they can be
//! read.
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

/// So many times what drawing took beyond [`QUICK`] passes before the next: a flood of messages, or a slow machine, must
/// leave time for hearing them and for whoever scrolls.
const REST: u32 = 2;
/// Half a frame at 60 a second. Where drawing is that quick, every frame is drawn.
const QUICK: Duration = Duration::from_millis(8);
/// Drawing that takes longer does not make the pause longer.
const LONGEST: Duration = Duration::from_millis(100);

/// The signals, and whether they are due.
pub struct Notice {
    changes: ArcTrigger,
    is_due: Cell<bool>,
    rests_until: Cell<Time>,
    calm: ArcTrigger,
    calmed_at: Cell<Time>,
    is_calming: Cell<bool>,
}

impl Notice {
    /// A notice that was never given.
    pub fn new() -> Rc<Notice> {
        Rc::new(Notice {
            changes: ArcTrigger::new(),
            is_due: Cell::new(false),
            rests_until: Cell::default(),
            calm: ArcTrigger::new(),
            calmed_at: Cell::default(),
            is_calming: Cell::new(false),
        })
    }

    /// Subscribes the running effect or memo.
    pub fn track(&self) {
        self.changes.track();
    }

    /// Subscribes the running effect or memo to what a person can follow.
    pub fn track_calmly(&self) {
        self.calm.track();
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
            self.give_calmly();
            let (notice, began) = (self.clone(), super::now());
            let painted = move || {
                let now = super::now();
                let beyond = now.since(began).min(LONGEST).saturating_sub(QUICK);
                notice.rests_until.set(now + beyond * REST);
            };
            set_timeout(painted, Duration::ZERO);
        }
    }

    fn give_calmly(self: &Rc<Self>) {
        let (at, now) = (self.calmed_at.get(), super::now());
        // By the clock, since a hidden page's timers are late; a clock that was set back must not silence it.
        if !(at..at + CALM).contains(&now) {
            self.calmed_at.set(now);
            self.calm.notify();
        } else if !self.is_calming.replace(true) {
            let notice = self.clone();
            let give = move || {
                notice.is_calming.set(false);
                notice.give_calmly();
            };
            set_timeout(give, (at + CALM).since(now));
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
