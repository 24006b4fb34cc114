//! The board without a browser: an MQTT session, a fleet and a snapshot. Bytes in, changed devices out.
//!
//! The engine passes events from the session to the fleet and steps from the snapshot to the session. Never reads a
//! clock or opens a socket: its input and output are those of an [`mqtt::Session`], so that one driver can run both.
//! The page reads [`Engine::fleet`] and [`Engine::snapshot`] whenever [`Engine::epoch`] has changed.

use std::time::Duration;

use mqtt::{Closed, Event, Failure, Link, Options, Session, Subscription, Time, Transmit};

use crate::fleet::{Bounds, Effect, Fleet, Handle};
use crate::retained::{Deletion, Task};
use crate::snapshot::{RejectedFilter, Snapshot, SnapshotState, Step};

/// How often new devices are sorted into the order: about once in two frames, so that rows are cheap to read and a
/// burst is sorted in batches.
const SETTLE_INTERVAL: Duration = Duration::from_millis(30);

/// The configuration of an engine.
#[derive(Clone, Debug)]
pub struct Config {
    /// How the session connects.
    pub session: Options,
    /// The user's topic filters; they replace the default ones.
    pub filters: Option<Vec<String>>,
    /// How much the fleet keeps.
    pub bounds: Bounds,
}

impl Config {
    /// The default filters and bounds.
    pub fn new(session: Options) -> Config {
        Config { session, filters: None, bounds: Bounds::default() }
    }
}

/// Why a configuration makes no engine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConfigError {
    /// Filters were given, and none of them can be subscribed to.
    NoFilter(Vec<RejectedFilter>),
}

/// The board without a browser.
#[derive(Debug)]
pub struct Engine {
    session: Session,
    fleet: Fleet,
    snapshot: Snapshot,
    rejected: Vec<RejectedFilter>,
    deletion: Option<Deletion>,
    /// The filters are the user's: no others are added.
    has_own_filters: bool,
    epoch: u64,
    /// The state of the snapshot and of the link when they were last compared.
    state: SnapshotState,
    link: Link,
    /// When the fleet was last settled.
    settled_at: Time,
    /// When bytes last came. The link is known to have worked until then.
    received_at: Time,
}

/// # Commands
impl Engine {
    /// An engine that is not connected.
    ///
    /// # Errors
    /// [`ConfigError::NoFilter`] when filters were given and none can be subscribed to. Some that cannot,
    /// among others that can, are listed by [`Engine::rejected_filters`].
    pub fn new(config: Config) -> Result<Engine, ConfigError> {
        let has_own_filters = config.filters.is_some();
        let (snapshot, rejected) = match config.filters {
            Some(filters) => Snapshot::with_filters(filters),
            None => (Snapshot::with_defaults(), Vec::new()),
        };
        if snapshot.subscriptions().is_empty() {
            return Err(ConfigError::NoFilter(rejected));
        }
        let fleet = Fleet::new(config.bounds, has_own_filters, config.session.seed);
        let session = Session::new(config.session);
        let link = session.link();
        Ok(Engine {
            session,
            fleet,
            snapshot,
            rejected,
            deletion: None,
            has_own_filters,
            epoch: 0,
            state: SnapshotState::Unknown,
            link,
            settled_at: Time::default(),
            received_at: Time::default(),
        })
    }

    /// Connects, and dials again whenever the link ends, until [`Engine::disconnect`]. Drops what was looked up for
    /// deletion.
    pub fn connect(&mut self, now: Time) {
        while self.deletion.is_some() {
            self.close_deletion();
        }
        self.session.connect(now);
        self.advance(now);
    }

    /// Ends the connection and does not dial again.
    pub fn disconnect(&mut self, now: Time) {
        self.session.disconnect(now);
        self.advance(now);
    }

    /// Dials now instead of when the back-off ends.
    pub fn retry_now(&mut self, now: Time) {
        self.session.retry_now(now);
        self.advance(now);
    }

    /// Switches a subscription of [`Snapshot::subscriptions`] on or off, by its position.
    pub fn switch_subscription(&mut self, position: usize, is_on: bool, now: Time) {
        self.snapshot.switch(position, is_on, now);
        self.epoch += 1;
        self.advance(now);
    }
}

/// # Deleting retained messages
///
/// The user takes each step: it starts a task of [`Deletion`], and has no effect while another one is running.
impl Engine {
    /// Looks up what the broker retains of these devices, each given once. Replaces the last look-up. If this one is
    /// closed before anything is deleted, the last deletion can be undone again.
    pub fn look_up(&mut self, devices: &[Handle], now: Time) {
        let is_done = |deletion: &Deletion| deletion.task() != Task::LookUp && !deletion.is_running();
        if !self.deletion.as_ref().is_some_and(is_done) {
            self.close_deletion();
        }
        let former = self.deletion.take();
        self.deletion = Some(Deletion::new(&self.fleet, devices, former));
        self.advance(now);
    }

    /// Deletes the messages that were looked up ([`Outcome::Kept`](crate::retained::Outcome::Kept)), if they are still
    /// the same.
    pub fn delete_retained(&mut self, now: Time) {
        self.begin(Task::Delete, now);
    }

    /// Restores the messages that were deleted, or perhaps were, of devices that have not published since.
    pub fn undo(&mut self, now: Time) {
        self.begin(Task::Undo, now);
    }

    /// Ends the running task after the topics that are under way. What was done can be undone.
    pub fn stop_deletion(&mut self) {
        if let Some(deletion) = &mut self.deletion {
            deletion.stop();
            self.epoch += 1;
        }
    }

    /// Drops the last look-up with its outcomes, even while a task is running. The deletion before it takes its place,
    /// unless something was deleted since.
    pub fn close_deletion(&mut self) {
        if let Some(deletion) = self.deletion.take() {
            self.deletion = deletion.close(&mut self.session, &self.snapshot);
            self.epoch += 1;
        }
    }

    /// The topics that were looked up, and their outcomes.
    pub fn deletion(&self) -> Option<&Deletion> {
        self.deletion.as_ref()
    }

    fn begin(&mut self, task: Task, now: Time) {
        if let Some(deletion) = &mut self.deletion {
            deletion.begin(task);
            self.epoch += 1;
        }
        self.advance(now);
    }
}

/// # Input
impl Engine {
    /// The socket opened.
    pub fn handle_open(&mut self, now: Time) {
        self.session.handle_open(now);
        self.advance(now);
    }

    /// Bytes came from the socket: any part of any number of packets.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Time) {
        self.session.handle_bytes(bytes, now);
        self.advance(now);
        self.received_at = now;
    }

    /// The socket closed, or failed to open.
    pub fn handle_closed(&mut self, closed: Closed, now: Time) {
        self.session.handle_closed(closed, now);
        self.advance(now);
    }

    /// The timer for [`Engine::poll_timeout`] fired. Calling this early or late does no harm.
    pub fn handle_timeout(&mut self, now: Time) {
        self.session.handle_timeout(now);
        self.advance(now);
    }
}

/// # Output
impl Engine {
    /// What to do with the socket. Poll until `None` after every call of a command or a `handle_*`.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.session.poll_transmit()
    }

    /// When to call [`Engine::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Time> {
        let settle_at = (!self.fleet.is_settled()).then_some(self.settled_at + SETTLE_INTERVAL);
        let (step_at, deletion_at) = match &self.deletion {
            // The snapshot's next step waits until these topics are finished.
            Some(deletion) if deletion.is_asking() => (None, deletion.poll_timeout()),
            _ => (self.snapshot.poll_timeout(), None),
        };
        [self.session.poll_timeout(), step_at, deletion_at, settle_at].into_iter().flatten().min()
    }
}

/// # Reading
impl Engine {
    /// The devices.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The subscriptions, and what they brought.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The session: the state of the link, and the reason for it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The user's filters that cannot be subscribed to.
    pub fn rejected_filters(&self) -> &[RejectedFilter] {
        &self.rejected
    }

    /// A number that changes whenever something that the page shows may have changed.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }
}

impl Engine {
    /// Passes events up and steps down until nothing is left to do.
    fn advance(&mut self, now: Time) {
        self.handle_events(now);
        while let Some(filter) = self.fleet.poll_wanted_filter() {
            if self.has_own_filters {
                // Contract, section 4: the user's filters replace the default ones. They may have brought messages
                // of this filter before their owner was known.
                self.snapshot.ask_again(filter);
            } else {
                self.snapshot.add(filter);
            }
        }
        self.snapshot.handle_timeout(now);
        if self.snapshot.poll_coverage_changed() {
            let snapshot = &self.snapshot;
            let is_covered =
                |topic: &str| mqtt::TopicName::new(topic).is_ok_and(|topic| snapshot.covers(topic));
            self.fleet.cover(is_covered, now);
            self.epoch += 1;
        }
        self.send_steps(now);
        while let Some(deletion) = &mut self.deletion
            && deletion.advance(&mut self.session, &self.snapshot, &self.fleet, now)
        {
            self.epoch += 1;
            // Between two batches it is the snapshot's turn.
            self.send_steps(now);
        }

        let state = self.snapshot.state();
        match state {
            SnapshotState::Loading => self.fleet.snapshot_started(now),
            SnapshotState::Complete => self.fleet.snapshot_finished(now),
            SnapshotState::Cut | SnapshotState::Unknown => self.fleet.snapshot_incomplete(now),
        }
        if state != self.state {
            self.state = state;
            self.epoch += 1;
        }
        if !self.fleet.is_settled() && !(self.settled_at..self.settled_at + SETTLE_INTERVAL).contains(&now) {
            self.fleet.settle();
            self.settled_at = now;
        }
        let link = self.session.link();
        if link != self.link {
            self.link = link;
            self.epoch += 1;
        }
    }

    fn handle_events(&mut self, now: Time) {
        while let Some(event) = self.session.poll_event() {
            self.epoch += 1;
            let deletion = self.deletion.as_mut();
            let is_own_replay = deletion.is_some_and(|deletion| deletion.handle_event(&event, now));
            match event {
                Event::Publish(publish) => {
                    let retain = publish.retain || is_own_replay;
                    let applied = self.fleet.apply(publish.topic.as_str(), publish.payload, retain, now);
                    // A replay of a look-up counts for no subscription of the snapshot. Of a new device the snapshot must
                    // learn the source filter.
                    if !is_own_replay || applied.effect == Effect::FirstSight {
                        let retain = retain && !is_own_replay;
                        self.snapshot.handle_message(publish.topic, retain, &applied, now);
                    }
                }
                Event::Suback(suback) => {
                    let code = suback.reason_codes.iter().next();
                    self.snapshot.handle_suback(suback.packet_id, code, now);
                }
                Event::Barrier(barrier) => self.snapshot.handle_barrier(barrier, now),
                Event::BarrierLost(barrier) => self.snapshot.handle_barrier_lost(barrier, now),
                Event::Connected(connected) => {
                    self.fleet.link_up(now);
                    self.snapshot.link_up(!connected.wildcard_subscription_available, now);
                }
                Event::ClockJump { backwards, .. } => {
                    // Nothing is known of the time in between. If the link still works, everything is asked for
                    // again; if not, the session reports its end next.
                    let ended = if backwards { now } else { self.received_at.min(now) };
                    self.fleet.link_down(ended);
                    self.snapshot.link_down(now);
                    if self.session.link() == Link::Connected {
                        self.fleet.link_up(now);
                        let wildcards_refused = self.snapshot.wildcards_refused();
                        self.snapshot.link_up(wildcards_refused, now);
                    }
                }
                Event::Disconnected(failure) => {
                    // A dead link ended when the last bytes came, not when its end was noticed.
                    let was_dead = matches!(failure, Some(Failure::PingTimeout | Failure::ClockJump));
                    let ended = if was_dead { self.received_at.min(now) } else { now };
                    self.fleet.link_down(ended);
                    self.snapshot.link_down(now);
                }
                _ => {}
            }
        }
    }

    fn send_steps(&mut self, now: Time) {
        // One SUBSCRIBE is outstanding at a time.
        if self.deletion.as_ref().is_some_and(Deletion::is_asking) {
            return;
        }
        while let Some(step) = self.snapshot.poll_step(now) {
            self.epoch += 1;
            match step {
                Step::Subscribe(filter) => {
                    // Contract, section 3: QoS 0, Retain As Published 0, Retain Handling 0.
                    let subscribed = self.session.subscribe(&[Subscription::new(filter)]);
                    match subscribed.and_then(|packet_id| Ok((packet_id, self.session.barrier()?))) {
                        Ok((packet_id, barrier)) => self.snapshot.handle_subscribed(packet_id, barrier),
                        Err(_) => return self.snapshot.handle_not_sent(now),
                    }
                }
                Step::Barrier => match self.session.barrier() {
                    Ok(barrier) => self.snapshot.handle_barrier_sent(barrier),
                    Err(_) => return self.snapshot.handle_not_sent(now),
                },
                Step::Unsubscribe(filter) => {
                    // If it cannot be sent, unwanted messages keep coming, which does no harm.
                    let _ = self.session.unsubscribe(&[filter]);
                }
            }
        }
    }
}
