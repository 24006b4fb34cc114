//! Timers that keep their time while the tab is hidden.
//!
//! One small worker (`timer-worker.js`) holds them all, since a browser lets the timers of a hidden page fire once a
//! minute only. Where the worker cannot be loaded, the page's own timers do. Never decides what a timer is for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::callback::Timeout;
use js_sys::Array;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{MessageEvent, Worker};

/// Relative to the page, so that it is found under a sub-path too. Trunk copies it there.
const WORKER: &str = "./timer-worker.js";

/// A source of timers. A clone is the same one.
#[derive(Clone)]
pub struct Timers(Rc<Shared>);

/// One timer. Dropping it cancels it.
pub struct Timer {
    id: u32,
    timers: Timers,
}

struct Shared {
    worker: RefCell<Option<Worker>>,
    /// Each with the number of its timer. There are a few.
    listeners: RefCell<Vec<(u32, Listener)>>,
    next_id: Cell<u32>,
    /// The worker's listeners, for as long as there is one.
    closures: RefCell<Option<Closures>>,
}

struct Closures {
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut()>,
}

struct Listener {
    fire: Rc<dyn Fn()>,
    /// The page's own timer, where there is no worker.
    fallback: Option<Timeout>,
}

impl Timers {
    /// Starts the worker.
    pub fn new() -> Timers {
        let timers = Timers(Rc::new(Shared {
            worker: RefCell::new(Worker::new(WORKER).ok()),
            listeners: RefCell::default(),
            next_id: Cell::new(0),
            closures: RefCell::new(None),
        }));
        let shared = Rc::downgrade(&timers.0);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let (Some(shared), Some(id)) = (shared.upgrade(), event.data().as_f64()) {
                shared.fire(id as u32);
            }
        });
        let shared = Rc::downgrade(&timers.0);
        let on_error = Closure::<dyn FnMut()>::new(move || {
            // The worker's timers are lost. Every timer fires once, and its owner sets it again.
            if let Some(shared) = shared.upgrade() {
                if let Some(worker) = shared.worker.take() {
                    worker.terminate();
                }
                let ids: Vec<u32> = shared.listeners.borrow().iter().map(|(id, _)| *id).collect();
                ids.into_iter().for_each(|id| shared.fire(id));
            }
        });
        if let Some(worker) = &*timers.0.worker.borrow() {
            worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
            worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        }
        timers.0.closures.replace(Some(Closures { _on_message: on_message, _on_error: on_error }));
        timers
    }

    /// A timer that is not set yet. `fire` may be called once too often: it looks at the clock.
    pub fn timer(&self, fire: impl Fn() + 'static) -> Timer {
        let id = self.0.next_id.get();
        self.0.next_id.set(id.wrapping_add(1));
        self.0.listeners.borrow_mut().push((id, Listener { fire: Rc::new(fire), fallback: None }));
        Timer { id, timers: self.clone() }
    }
}

impl Default for Timers {
    fn default() -> Timers {
        Timers::new()
    }
}

impl Timer {
    /// Sets the timer, in place of an earlier time.
    pub fn set(&self, delay: Duration) {
        // A browser's timers count in 31 bits.
        let delay = delay.as_millis().min(i32::MAX as u128) as u32;
        let shared = &self.timers.0;
        if let Some(worker) = &*shared.worker.borrow() {
            // Two numbers can always be cloned into a worker.
            let _ = worker.post_message(&Array::of2(&self.id.into(), &delay.into()));
            return;
        }
        let mut listeners = shared.listeners.borrow_mut();
        if let Some((_, listener)) = listeners.iter_mut().find(|(id, _)| *id == self.id) {
            let fire = listener.fire.clone();
            listener.fallback = Some(Timeout::new(delay, move || fire()));
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let shared = &self.timers.0;
        shared.listeners.borrow_mut().retain(|(id, _)| *id != self.id);
        if let Some(worker) = &*shared.worker.borrow() {
            let _ = worker.post_message(&Array::of1(&self.id.into()));
        }
    }
}

impl Shared {
    fn fire(&self, id: u32) {
        let listeners = self.listeners.borrow();
        let fire =
            listeners.iter().find(|(known, _)| *known == id).map(|(_, listener)| listener.fire.clone());
        drop(listeners);
        if let Some(fire) = fire {
            fire();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.get_mut() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
        }
    }
}
