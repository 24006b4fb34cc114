//! Values of the page that effects follow.
//!
//! As Leptos' `RwSignal` and `Memo`, over the trigger and over a count that Leptos has: what follows and what tells is
//! there once, and not once for every type. They live as long as whoever holds them.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::reactive::computed::ArcMemo;
use leptos::reactive::signal::ArcTrigger;
use send_wrapper::SendWrapper;

/// A value, and whoever is to hear of its changes.
pub struct Signal<T> {
    value: RefCell<T>,
    changes: ArcTrigger,
}

impl<T> Signal<T> {
    /// A signal that nobody follows so far.
    pub fn new(value: T) -> Signal<T> {
        Signal { value: RefCell::new(value), changes: ArcTrigger::new() }
    }

    /// Makes the running effect or memo follow it.
    pub fn track(&self) {
        self.changes.track();
    }

    /// Reads it, now and again after every change.
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.track();
        self.with_untracked(read)
    }

    /// Reads it once.
    pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.value.borrow())
    }

    /// Replaces it.
    pub fn set(&self, value: T) {
        self.update(|old| *old = value);
    }

    /// Changes it. It counts as a change even when it is the same afterwards.
    pub fn update(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.value.borrow_mut());
        self.changes.notify();
    }
}

impl<T: Default> Default for Signal<T> {
    fn default() -> Signal<T> {
        Signal::new(T::default())
    }
}

impl<T: Clone> Signal<T> {
    /// What it is, now and again after every change.
    pub fn get(&self) -> T {
        self.with(T::clone)
    }

    /// What it is.
    pub fn get_untracked(&self) -> T {
        self.with_untracked(T::clone)
    }
}

/// A value that follows from others. A clone is the same one.
pub struct Memo<T> {
    value: Rc<RefCell<Option<T>>>,
    /// How often the value became another.
    changes: ArcMemo<u32>,
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Memo<T> {
        Memo { value: self.value.clone(), changes: self.changes.clone() }
    }
}

/// A value that is worked out when it is read, and anew only when what it is made of has changed.
pub fn memo<T: PartialEq + 'static>(work_out: impl Fn() -> T + 'static) -> Memo<T> {
    let value = Rc::new(RefCell::new(None));
    let kept = value.clone();
    let changes = count_changes(Box::new(move || {
        let new = Some(work_out());
        let is_other = *kept.borrow() != new;
        if is_other {
            *kept.borrow_mut() = new;
        }
        is_other
    }));
    Memo { value, changes }
}

fn count_changes(changes: Box<dyn Fn() -> bool>) -> ArcMemo<u32> {
    let changes = SendWrapper::new(changes);
    ArcMemo::new(move |count: Option<&u32>| count.copied().unwrap_or_default() + u32::from(changes()))
}

impl<T> Memo<T> {
    /// Reads it, now and again after every change.
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        self.changes.track();
        self.with_untracked(read)
    }

    /// Reads it once.
    pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        // Works it out if need be.
        self.changes.get_untracked();
        read(self.value.borrow().as_ref().expect("it was worked out"))
    }
}

impl<T: Copy> Memo<T> {
    /// What it is, now and again after every change.
    pub fn get(&self) -> T {
        self.with(|value| *value)
    }
}
