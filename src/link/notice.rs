//! One signal for all changes, raised at most once per frame.
//!
//! A burst of packets costs one notice. A hidden page has no frames; it is told by an alarm, often enough for
//! its title. Never knows what changed.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;

use super::alarms::{Alarm, Alarms};

/// How often a hidden page is told of changes.
const HIDDEN: Duration = Duration::from_secs(1);

/// The signal, and whether it is due.
pub struct Notice {
    changes: RwSignal<u64>,
    is_due: Cell<bool>,
}

impl Notice {
    /// A notice that was never given.
    pub fn new() -> Rc<Notice> {
        Rc::new(Notice { changes: RwSignal::new(0), is_due: Cell::new(false) })
    }

    /// Subscribes the running effect or memo.
    pub fn track(&self) {
        self.changes.track();
    }

    /// Something changed: lets the page know with the next frame, however much more happens until then.
    pub fn raise(self: &Rc<Self>, alarms: &Alarms) {
        if self.is_due.replace(true) {
            return;
        }
        if document().hidden() {
            alarms.set(Alarm::Notice, HIDDEN);
        } else {
            let notice = self.clone();
            request_animation_frame(move || notice.give());
        }
    }

    /// Gives the notice, if it is due.
    pub fn give(&self) {
        if self.is_due.replace(false) {
            // Effects run later, as microtasks: nobody reads a driver that is at work.
            self.changes.update(|changes| *changes += 1);
        }
    }

    /// The page was hidden or is seen again.
    pub fn handle_visibility(&self, alarms: &Alarms) {
        match document().hidden() {
            // The frame that was asked for will not come before the page is seen again.
            true if self.is_due.get() => alarms.set(Alarm::Notice, HIDDEN),
            true => {}
            false => self.give(),
        }
    }
}
