//! A value of the page that effects follow.
//!
//! As Leptos' `RwSignal`, over the trigger that Leptos has: what follows and what tells is there once, and not once for
//! every type. It lives as long as whoever holds it.

use std::cell::RefCell;

use leptos::prelude::*;
use leptos::reactive::signal::ArcTrigger;

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
