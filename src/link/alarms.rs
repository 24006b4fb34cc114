//! Timers that keep their time while the tab is hidden.
//!
//! A tiny worker holds them (`timer-worker.js`). Where it cannot be loaded the window's own timers do, which
//! a browser slows down to once a minute. Never decides what a timer is for: the driver does.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::Array;
use leptos::prelude::{TimeoutHandle, set_timeout_with_handle};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{MessageEvent, Worker};

/// Relative to the page, so that it is found under a sub-path too; Trunk copies it there.
const WORKER: &str = "./timer-worker.js";

/// Which timer.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Alarm {
    /// The session wants to be called.
    Session,
    /// The page wants to be told of changes, though it is hidden.
    Notice,
}

const ALL: [Alarm; 2] = [Alarm::Session, Alarm::Notice];

/// The two timers of a link.
pub struct Alarms {
    worker: Rc<RefCell<Option<Worker>>>,
    ring: Rc<dyn Fn(Alarm)>,
    fallback: [Cell<Option<TimeoutHandle>>; 2],
    _message: Closure<dyn FnMut(MessageEvent)>,
    _error: Closure<dyn FnMut()>,
}

impl Alarms {
    /// Timers that call `ring`, perhaps once too often: whoever is called looks at the clock.
    pub fn new(ring: impl Fn(Alarm) + 'static) -> Alarms {
        let ring: Rc<dyn Fn(Alarm)> = Rc::new(ring);
        let worker = Rc::new(RefCell::new(Worker::new(WORKER).ok()));
        let on_message = {
            let ring = ring.clone();
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let name = event.data().as_f64();
                if let Some(alarm) = ALL.into_iter().find(|alarm| Some(f64::from(*alarm as u8)) == name) {
                    ring(alarm);
                }
            })
        };
        let on_error = {
            let (ring, worker) = (ring.clone(), worker.clone());
            Closure::<dyn FnMut()>::new(move || {
                // Whatever was entrusted to it is lost: ring, and the timers are set anew, without it.
                worker.take();
                ALL.into_iter().for_each(&*ring);
            })
        };
        if let Some(worker) = &*worker.borrow() {
            worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
            worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        }
        Alarms { worker, ring, fallback: Default::default(), _message: on_message, _error: on_error }
    }

    /// Sets a timer, replacing its earlier time.
    pub fn set(&self, alarm: Alarm, delay: Duration) {
        // A browser's timers count in 31 bits.
        let delay = delay.min(Duration::from_millis(i32::MAX as u64));
        if let Some(worker) = &*self.worker.borrow() {
            // Two numbers can always be cloned into a worker.
            let message =
                Array::of2(&f64::from(alarm as u8).into(), &f64::from(delay.as_millis() as u32).into());
            let _ = worker.post_message(&message);
            return;
        }
        let slot = &self.fallback[alarm as usize];
        if let Some(earlier) = slot.take() {
            earlier.clear();
        }
        let ring = self.ring.clone();
        slot.set(set_timeout_with_handle(move || ring(alarm), delay).ok());
    }
}

impl Drop for Alarms {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
        for slot in &self.fallback {
            if let Some(timer) = slot.take() {
                timer.clear();
            }
        }
    }
}
