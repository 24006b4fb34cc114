//! How the board subscribes, and whether it has received everything that is retained.
//!
//! A pure state machine over a list of subscriptions. Brokers cut a large burst of retained messages without
//! saying so. Small bursts in a known order, each ended by a barrier, are the only way to notice that (contract,
//! section 3). Never sends anything itself: the engine does.
//!
//! Reading order: this file (the list), `subscription` (one of them), `loading` (SUBSCRIBE, SUBACK,
//! barriers), `counts` (messages and their source filter), `matching`, `user_filters`.

mod counts;
mod loading;
mod matching;
mod subscription;
#[cfg(test)]
mod tests;
mod user_filters;

use mqtt::{Time, TopicFilter, TopicName};

use self::counts::Sources;
use self::loading::Outstanding;
use self::matching::Shape;
use crate::conventions::Registry;

pub use self::loading::{ANSWER_TIMEOUT, Step};
pub use self::subscription::{Subscription, SubscriptionState};
pub use self::user_filters::{RejectedFilter, Rejection};

/// How many subscriptions there may be.
pub const MAX_SUBSCRIPTIONS: usize = 200;
/// A broad subscription that brings more unmatched messages than this in a second is paused.
pub const MAX_UNMATCHED: u32 = 50;

/// Whether everything that is retained was received.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum SnapshotState {
    /// It is being received.
    Loading,
    /// All of it was received.
    Complete,
    /// The broker very probably left out a part of it.
    Cut,
    /// It cannot be known: not connected, or a subscription was refused or never answered.
    Unknown,
}

impl SnapshotState {
    /// The value of the page's `data-snapshot` attribute.
    pub const fn word(self) -> &'static str {
        match self {
            SnapshotState::Loading => "loading",
            SnapshotState::Complete => "complete",
            SnapshotState::Cut => "cut",
            SnapshotState::Unknown => "unknown",
        }
    }
}

/// The board's subscriptions, and the loading of their retained messages.
#[derive(Debug)]
pub struct Snapshot {
    subscriptions: Vec<Subscription>,
    /// Filters that were not added, because another one brings all their topics.
    skipped: Vec<String>,
    is_up: bool,
    /// The server supports no wildcards.
    wildcards_refused: bool,
    outstanding: Option<Outstanding>,
    /// The positions of subscriptions to end.
    leaving: Vec<usize>,
    sources: Sources,
    coverage_changed: bool,
}

/// # Making
impl Snapshot {
    /// The default filters of all conventions.
    pub fn with_defaults() -> Snapshot {
        Snapshot::of(Registry::built_in().default_filters())
    }

    /// The filters of a user, in the order in which they are asked for: those with a literal first level come
    /// first. Filters that cannot be subscribed to are returned with the reason.
    pub fn with_filters(given: Vec<String>) -> (Snapshot, Vec<RejectedFilter>) {
        let (accepted, rejected) = user_filters::check(given);
        (Snapshot::of(accepted), rejected)
    }

    fn of(names: Vec<String>) -> Snapshot {
        let mut snapshot = Snapshot {
            subscriptions: names.into_iter().map(Subscription::new).collect(),
            skipped: Vec::new(),
            is_up: false,
            wildcards_refused: false,
            outstanding: None,
            leaving: Vec::new(),
            sources: Sources::default(),
            coverage_changed: false,
        };
        snapshot.sort();
        snapshot
    }

    /// Narrow subscriptions are asked for first, equal ones in the order in which they were added.
    fn sort(&mut self) {
        self.subscriptions.sort_by_key(|subscription| subscription.breadth);
    }
}

/// # Reading
impl Snapshot {
    /// The subscriptions, in the order in which they are asked for.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Whether everything that is retained was received.
    pub fn state(&self) -> SnapshotState {
        let mut on = self.subscriptions.iter().filter(|subscription| subscription.is_on()).peekable();
        if !self.is_up || on.peek().is_none() {
            return SnapshotState::Unknown;
        }
        let state = |subscription: &Subscription| match subscription.state {
            // While a subscription is tried again, its retained messages are as unknown as before.
            SubscriptionState::Waiting | SubscriptionState::Loading if subscription.failures > 0 => {
                SnapshotState::Unknown
            }
            SubscriptionState::Waiting | SubscriptionState::Loading => SnapshotState::Loading,
            SubscriptionState::Complete => SnapshotState::Complete,
            SubscriptionState::Cut => SnapshotState::Cut,
            SubscriptionState::Refused { .. } | SubscriptionState::Unknown { .. } => SnapshotState::Unknown,
            SubscriptionState::Paused if subscription.was_finished => SnapshotState::Complete,
            SubscriptionState::Paused | SubscriptionState::Off => SnapshotState::Unknown,
        };
        let weight = |state: &SnapshotState| match state {
            SnapshotState::Complete => 0,
            SnapshotState::Cut => 1,
            SnapshotState::Unknown => 2,
            SnapshotState::Loading => 3,
        };
        on.map(state).max_by_key(weight).unwrap_or(SnapshotState::Complete)
    }

    /// Whether the server said that it supports no wildcards.
    pub fn wildcards_refused(&self) -> bool {
        self.wildcards_refused
    }

    /// The distinct topics with a retained message since the link came up.
    pub fn topics(&self) -> u64 {
        self.subscriptions.iter().map(|subscription| u64::from(subscription.topics)).sum()
    }

    /// Whether a SUBSCRIBE of the board is outstanding.
    pub(crate) fn is_asking(&self) -> bool {
        self.outstanding.is_some()
    }

    /// Whether the board subscribes, or soon will, to a filter that is exactly this topic.
    pub(crate) fn subscribes_to(&self, topic: &str) -> bool {
        self.subscriptions.iter().any(|subscription| *subscription.text == *topic && subscription.is_active())
    }

    /// Whether this topic matches a filter that the board subscribes to.
    pub fn covers(&self, topic: TopicName<'_>) -> bool {
        self.first_match(topic).is_some()
    }

    /// The first active subscription that matches this topic.
    fn first_match(&self, topic: TopicName<'_>) -> Option<usize> {
        let shape = Shape::of_topic(topic);
        self.subscriptions
            .iter()
            .position(|subscription| subscription.is_active() && subscription.matches(topic, shape))
    }
}

/// # The link
impl Snapshot {
    /// The link came up: every subscription is asked for again.
    pub fn link_up(&mut self, wildcards_refused: bool, _now: Time) {
        self.is_up = true;
        self.wildcards_refused = wildcards_refused;
        self.start_over();
    }

    /// The link ended.
    pub fn link_down(&mut self, _now: Time) {
        self.is_up = false;
        self.start_over();
    }

    fn start_over(&mut self) {
        self.outstanding = None;
        self.leaving.clear();
        // Subscriptions that were added while the link was up move to their places, which changes all positions.
        self.sort();
        self.sources.clear();
        for subscription in &mut self.subscriptions {
            subscription.failures = 0;
            subscription.was_finished = false;
            subscription.is_late = false;
            (subscription.needs_repeat, subscription.is_repeated) = (false, false);
            // Subscriptions that were paused or switched off stay so.
            if !matches!(subscription.state, SubscriptionState::Paused | SubscriptionState::Off) {
                subscription.state = SubscriptionState::Waiting;
            }
        }
    }
}

/// # Changing the list
impl Snapshot {
    /// Metadata named topics that match this filter. On this link it is asked for after the others, but not if
    /// another one brings all its topics, as long as that one is not refused, paused or switched off. Has no
    /// effect if the list is full.
    pub fn add(&mut self, filter: &str) {
        let is_full = self.subscriptions.len() + self.skipped.len() >= MAX_SUBSCRIPTIONS;
        let is_valid = TopicFilter::new(filter).is_ok_and(|checked| checked.share().is_none());
        let is_known = self.subscriptions.iter().any(|known| known.as_str() == filter)
            || self.skipped.iter().any(|known| *known == filter);
        if is_full || !is_valid || is_known {
            return;
        }
        if self.subscriptions.iter().any(|known| known.is_active() && known.covers(filter)) {
            self.skipped.push(filter.to_owned());
        } else {
            self.subscriptions.push(Subscription::new(filter.to_owned()));
            self.coverage_changed = true;
        }
    }

    /// Metadata named the owner of this filter's topics: the filters that may have brought some of them are asked
    /// for again.
    pub fn ask_again(&mut self, filter: &str) {
        for known in self.subscriptions.iter_mut().filter(|known| known.meets(filter)) {
            match known.state {
                SubscriptionState::Complete | SubscriptionState::Cut => {
                    known.state = SubscriptionState::Waiting
                }
                SubscriptionState::Waiting if known.is_late => {}
                SubscriptionState::Loading => {}
                _ => continue,
            }
            known.is_late = false;
            known.needs_repeat = true;
        }
    }

    /// A subscription brings nothing any more, so that skipped filters may be needed.
    fn add_skipped(&mut self) {
        for filter in std::mem::take(&mut self.skipped) {
            self.add(&filter);
        }
    }

    /// Switches a subscription on or off. One that was switched on by hand is not paused any more.
    pub fn switch(&mut self, position: usize, is_on: bool, _now: Time) {
        let Some(subscription) = self.subscriptions.get_mut(position) else {
            return;
        };
        let is_subscribed = !matches!(subscription.state, SubscriptionState::Off | SubscriptionState::Paused);
        match (is_on, is_subscribed) {
            (true, false) => {
                subscription.state = SubscriptionState::Waiting;
                subscription.is_forced_on = true;
                subscription.failures = 0;
                self.leaving.retain(|leaving| *leaving != position);
                self.coverage_changed = true;
            }
            (true, true) => {}
            (false, true) => self.leave(position, SubscriptionState::Off),
            (false, false) => subscription.state = SubscriptionState::Off,
        }
    }

    /// Ends a subscription.
    fn leave(&mut self, position: usize, state: SubscriptionState) {
        let subscription = &mut self.subscriptions[position];
        subscription.was_finished =
            matches!(subscription.state, SubscriptionState::Complete | SubscriptionState::Cut);
        let is_subscribed = !matches!(subscription.state, SubscriptionState::Waiting)
            || subscription.is_late
            || subscription.needs_repeat;
        (subscription.is_late, subscription.needs_repeat) = (false, false);
        if is_subscribed && self.is_up {
            self.leaving.push(position);
        }
        subscription.state = state;
        if self.outstanding.is_some_and(|outstanding| outstanding.position == position) {
            self.outstanding = None;
        }
        self.sources.remove(position);
        self.coverage_changed = true;
        self.add_skipped();
    }

    /// Whether a subscription was added, paused, or switched off or on, since the last call.
    pub fn poll_coverage_changed(&mut self) -> bool {
        std::mem::take(&mut self.coverage_changed)
    }
}
