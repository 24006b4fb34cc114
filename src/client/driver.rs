//! Carries bytes and time between a transport and a machine that decides everything.
//!
//! A machine is sans-IO: [`fleet::Engine`] is the board's, a bare [`mqtt::Session`] a lab client's. The driver never
//! interprets a byte and holds no rule of its own.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use mqtt::{Closed, Time, Transmit};

use super::log::{ConnectionLog, Step};
use super::now;
use super::timers::{Timer, Timers};
use super::transport::{Blocked, Dial, Transport, TransportEvent};

/// What a driver drives: bytes and the time go in, bytes and a deadline come out.
pub trait Machine: 'static {
    /// The transport is open.
    fn handle_open(&mut self, now: Time);
    /// Bytes came: any part of any number of packets.
    fn handle_bytes(&mut self, bytes: &[u8], now: Time);
    /// The transport closed, or could not be opened.
    fn handle_closed(&mut self, closed: Closed, now: Time);
    /// The time of [`Machine::poll_timeout`] has come. To call it early is harmless.
    fn handle_timeout(&mut self, now: Time);
    /// Ends the connection, and does not dial again.
    fn disconnect(&mut self, now: Time);
    /// What to do with the transport. Polled until `None` after each of the above.
    fn poll_transmit(&mut self) -> Option<Transmit<'_>>;
    /// When to call [`Machine::handle_timeout`].
    fn poll_timeout(&self) -> Option<Time>;
    /// Where the connection stands.
    fn link(&self) -> mqtt::Link;
}

macro_rules! machine {
    ($machine:ty, $link:expr) => {
        impl Machine for $machine {
            fn handle_open(&mut self, now: Time) {
                self.handle_open(now);
            }

            fn handle_bytes(&mut self, bytes: &[u8], now: Time) {
                self.handle_bytes(bytes, now);
            }

            fn handle_closed(&mut self, closed: Closed, now: Time) {
                self.handle_closed(closed, now);
            }

            fn handle_timeout(&mut self, now: Time) {
                self.handle_timeout(now);
            }

            fn disconnect(&mut self, now: Time) {
                self.disconnect(now);
            }

            fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
                self.poll_transmit()
            }

            fn poll_timeout(&self) -> Option<Time> {
                self.poll_timeout()
            }

            fn link(&self) -> mqtt::Link {
                $link(self)
            }
        }
    };
}

machine!(fleet::Engine, |engine: &fleet::Engine| engine.session().link());
machine!(mqtt::Session, mqtt::Session::link);

/// Notified of a driver's turns.
pub trait Observer<M>: 'static {
    /// A transport's event is about to be handled, with so many bytes.
    fn before_event(&self, bytes: u64);
    /// Something was handled, or a command was carried out, and everything that follows from it.
    fn after_turn(&self, machine: &M, blocked: Option<Blocked>);
}

/// One machine with its transport and its timer. A clone is the same one; when the last is dropped, the transport is
/// closed.
pub struct Driver<M: Machine>(Rc<RefCell<Inner<M>>>);

impl<M: Machine> Clone for Driver<M> {
    fn clone(&self) -> Driver<M> {
        Driver(self.0.clone())
    }
}

struct Inner<M: Machine> {
    me: Weak<RefCell<Inner<M>>>,
    machine: M,
    dial: Dial,
    transport: Option<Box<dyn Transport>>,
    /// Set while the browser refuses to dial.
    blocked: Option<Blocked>,
    log: ConnectionLog,
    timer: Timer,
    /// What the timer is set to, never later than what the machine wants.
    timer_at: Option<Time>,
    /// Where a message's bytes are copied to.
    received: Vec<u8>,
    observer: Rc<dyn Observer<M>>,
}

impl<M: Machine> Driver<M> {
    /// A driver that does nothing before the first [`Driver::command`].
    pub fn new(machine: M, dial: Dial, timers: &Timers, observer: Rc<dyn Observer<M>>) -> Driver<M> {
        Driver(Rc::new_cyclic(|me: &Weak<RefCell<Inner<M>>>| {
            let fire = {
                let me = me.clone();
                move || {
                    if let Some(inner) = me.upgrade() {
                        inner.borrow_mut().handle_timer();
                    }
                }
            };
            RefCell::new(Inner {
                me: me.clone(),
                machine,
                dial,
                transport: None,
                blocked: None,
                log: ConnectionLog::default(),
                timer: timers.timer(fire),
                timer_at: None,
                received: Vec::new(),
                observer,
            })
        }))
    }

    /// Gives the machine a command, and carries out what follows from it.
    pub fn command(&self, command: impl FnOnce(&mut M, Time)) {
        let mut inner = self.0.borrow_mut();
        command(&mut inner.machine, now());
        inner.drive();
    }

    /// Forgets that the browser refused to dial: the next command may try again.
    pub fn unblock(&self) {
        self.0.borrow_mut().blocked = None;
    }

    /// Why the browser refuses to dial, while it does.
    pub fn blocked(&self) -> Option<Blocked> {
        self.0.borrow().blocked
    }

    /// Reads the machine and what happened to its transports.
    pub fn read<T>(&self, read: impl FnOnce(&M, &ConnectionLog) -> T) -> T {
        let inner = self.0.borrow();
        read(&inner.machine, &inner.log)
    }
}

impl<M: Machine> Inner<M> {
    fn handle_timer(&mut self) {
        self.timer_at = None;
        self.machine.handle_timeout(now());
        self.drive();
    }

    fn handle_event(&mut self, event: TransportEvent) {
        let bytes = if let TransportEvent::Bytes(bytes) = &event { bytes.length().into() } else { 0 };
        self.observer.before_event(bytes);
        let now = now();
        match event {
            TransportEvent::Open => {
                self.log.add(now, Step::Opened);
                self.machine.handle_open(now);
            }
            TransportEvent::Bytes(bytes) => {
                self.received.resize(bytes.length() as usize, 0);
                bytes.copy_to(&mut self.received);
                self.machine.handle_bytes(&self.received, now);
            }
            TransportEvent::Closed(closed) => {
                self.transport = None;
                self.log.add(now, Step::Closed(closed.code));
                self.machine.handle_closed(closed, now);
            }
        }
        self.drive();
    }

    /// Carries out what the machine wants of the transport and the timer.
    fn drive(&mut self) {
        let now = now();
        while let Some(transmit) = self.machine.poll_transmit() {
            match transmit {
                Transmit::Send(bytes) => {
                    if let Some(transport) = &self.transport {
                        transport.send(bytes);
                    }
                }
                Transmit::Close => {
                    if self.transport.take().is_some() {
                        self.log.add(now, Step::ClosedHere);
                    }
                }
                Transmit::Open => self.open(now),
            }
        }
        self.log.add_state(now, self.machine.link());
        // A deadline that moved to a later time is looked at when the timer fires: to set the timer with every message
        // of a burst would cost more than the message.
        let deadline = self.machine.poll_timeout();
        if let Some(at) = deadline.filter(|at| self.timer_at.is_none_or(|set| *at < set)) {
            self.timer_at = Some(at);
            self.timer.set(at.since(now));
        }
        self.observer.after_turn(&self.machine, self.blocked);
    }

    fn open(&mut self, now: Time) {
        self.log.add(now, Step::Dialled);
        let me = self.me.clone();
        let listener = move |event| {
            if let Some(inner) = me.upgrade() {
                inner.borrow_mut().handle_event(event);
            }
        };
        match (self.dial)(Rc::new(listener)) {
            Ok(transport) => self.transport = Some(transport),
            Err(blocked) => {
                // It would be refused each time: the visitor must act.
                self.blocked = Some(blocked);
                self.log.add(now, Step::Blocked);
                self.machine.handle_closed(Closed::default(), now);
                self.machine.disconnect(now);
            }
        }
    }
}
