//! The frame scheduler: decides when the page is updated after a connection changed.
//!
//! A burst of packets leads to one update, and an update that takes long is followed by a pause. There are three paces:
//! tiles with every frame, text four times a second, the tab's title and icon once a second. A hidden page has no
//! frames: a timer takes their place. Never knows what changed.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use gloo_timers::callback::Timeout;
use leptos::prelude::{Notify, Track, document, request_animation_frame};
use leptos::reactive::signal::ArcTrigger;
use mqtt::Time;

use super::now;
use super::timers::{Timer, Timers};

/// How often an effect that follows a connection may run.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Pace {
    /// With every frame: tiles, cells, counters, the headline, the open panel.
    Frame,
    /// At most every 250 ms: lists of sentences, which nobody could read faster.
    Text,
    /// At most every second: the tab's title and icon, which the browser draws in the page's own time.
    Tab,
}

/// How often a hidden page is updated.
const HIDDEN: Duration = Duration::from_secs(1);
const TEXT: Duration = Duration::from_millis(250);
const TAB: Duration = Duration::from_secs(1);

/// Two updates in a row that take longer than this are followed by a pause: half a frame at 60 a second. One alone is not:
/// four times a second the sentences change too, and the frame after them would be left out.
const MAX_UNPAUSED: Duration = Duration::from_millis(8);
/// The pause is so many times what the update took beyond [`MAX_UNPAUSED`]: a slow machine must have time left to
/// receive messages and to scroll.
const PAUSE_FACTOR: u32 = 1;
/// An update that takes longer than this does not make the pause longer.
const MAX_COUNTED: Duration = Duration::from_millis(100);
/// More bytes per millisecond than this are a flood: about 100,000 statuses a second.
const FLOOD: u64 = 4_096;
/// The pause in a flood. Drawing twenty times a second left time for 521,000 instead of 361,000 statuses a second.
const FLOOD_PAUSE: Duration = Duration::from_millis(40);

/// Schedules the updates of one connection.
pub struct FrameScheduler {
    me: Weak<FrameScheduler>,
    frame: ArcTrigger,
    text: Throttle,
    tab: Throttle,
    is_scheduled: Cell<bool>,
    hidden: Timer,
    /// When the last update began, until its end is seen.
    update_began: Cell<Option<Time>>,
    /// The task after an update, which sees its end.
    after_update: RefCell<Option<Timeout>>,
    /// The bytes that came since the last update, and when that was.
    bytes: Cell<u64>,
    updated_at: Cell<Time>,
    paused_until: Cell<Time>,
    /// Whether the last update took longer than [`MAX_UNPAUSED`].
    was_long: Cell<bool>,
}

impl FrameScheduler {
    /// A scheduler with nothing to do.
    pub fn new(timers: &Timers) -> Rc<FrameScheduler> {
        Rc::new_cyclic(|me: &Weak<FrameScheduler>| {
            let flush = {
                let me = me.clone();
                move || {
                    if let Some(frames) = me.upgrade() {
                        frames.flush();
                    }
                }
            };
            FrameScheduler {
                me: me.clone(),
                frame: ArcTrigger::new(),
                text: Throttle::new(TEXT),
                tab: Throttle::new(TAB),
                is_scheduled: Cell::new(false),
                hidden: timers.timer(flush),
                update_began: Cell::new(None),
                after_update: RefCell::default(),
                bytes: Cell::new(0),
                updated_at: Cell::default(),
                paused_until: Cell::default(),
                was_long: Cell::new(false),
            }
        })
    }

    /// Makes the running effect or memo follow the connection.
    pub fn track(&self, pace: Pace) {
        match pace {
            Pace::Frame => self.frame.track(),
            Pace::Text => self.text.changes.track(),
            Pace::Tab => self.tab.changes.track(),
        }
    }

    /// Something changed: the page is updated with the next frame, however much more happens until then.
    pub fn schedule(&self) {
        if self.is_scheduled.replace(true) {
            return;
        }
        if document().hidden() {
            self.hidden.set(HIDDEN);
        } else {
            self.flush_with_a_frame();
        }
    }

    /// A task of the connection begins, with so many bytes of a message: what was being drawn has been drawn. In a flood,
    /// messages come before any timer.
    pub fn handle_task(&self, bytes: u64) {
        self.bytes.set(self.bytes.get() + bytes);
        if let Some(began) = self.update_began.take() {
            let now = now();
            let beyond = now.since(began).min(MAX_COUNTED).saturating_sub(MAX_UNPAUSED);
            let is_long = !beyond.is_zero();
            let beyond = if self.was_long.replace(is_long) { beyond } else { Duration::ZERO };
            let elapsed = now.0.saturating_sub(self.updated_at.replace(now).0);
            let is_flood = self.bytes.take() > FLOOD * elapsed;
            let pause = if is_flood { FLOOD_PAUSE } else { Duration::ZERO };
            self.paused_until.set(now + beyond * PAUSE_FACTOR + pause);
        }
    }

    /// The page was hidden, or is visible again.
    pub fn handle_visibility(&self) {
        match document().hidden() {
            // The frame that was requested does not come before the page is visible again.
            true if self.is_scheduled.get() => self.hidden.set(HIDDEN),
            true => {}
            false => self.flush(),
        }
    }

    fn flush_with_a_frame(&self) {
        let me = self.me.clone();
        request_animation_frame(move || {
            let Some(frames) = me.upgrade() else { return };
            let (now, until) = (now(), frames.paused_until.get());
            // A clock that was set back must not make the pause longer.
            if now < until && until <= now + MAX_COUNTED * PAUSE_FACTOR {
                frames.flush_with_a_frame();
            } else {
                frames.flush();
            }
        });
    }

    fn flush(&self) {
        if !self.is_scheduled.replace(false) {
            return;
        }
        // Effects run later, as microtasks: nothing reads a driver that is at work.
        self.frame.notify();
        self.text.notify();
        self.tab.notify();
        self.update_began.set(Some(now()));
        let me = self.me.clone();
        let after_update = Timeout::new(0, move || {
            if let Some(frames) = me.upgrade() {
                frames.handle_task(0);
            }
        });
        self.after_update.replace(Some(after_update));
    }
}

/// A trigger that notifies at once, and then at most once in an interval. The last change is always notified.
#[derive(Clone)]
struct Throttle {
    interval: Duration,
    changes: ArcTrigger,
    notified_at: Rc<Cell<Time>>,
    waiting: Rc<RefCell<Option<Timeout>>>,
}

impl Throttle {
    fn new(interval: Duration) -> Throttle {
        Throttle { interval, changes: ArcTrigger::new(), notified_at: Rc::default(), waiting: Rc::default() }
    }

    fn notify(&self) {
        let (at, now) = (self.notified_at.get(), now());
        // By the clock, since a hidden page's timers are late; a clock that was set back must not silence it.
        if !(at..at + self.interval).contains(&now) {
            self.notified_at.set(now);
            self.changes.notify();
        } else if self.waiting.borrow().is_none() {
            let throttle = self.clone();
            let delay = (at + self.interval).since(now).as_millis() as u32;
            let waiting = Timeout::new(delay, move || {
                throttle.waiting.take();
                throttle.notify();
            });
            self.waiting.replace(Some(waiting));
        }
    }
}
