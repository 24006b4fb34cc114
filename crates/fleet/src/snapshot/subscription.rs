//! One subscription of the board: its topic filter, state and counts.
//!
//! Plain data that the other files of `snapshot` change. Never decides when it is asked for: `loading`
//! does. The page shows it in the subscriptions panel.

use std::time::Duration;

use mqtt::{ReasonCode, Time, TopicFilter, TopicName};

use super::counts::Window;
use super::matching::{Shape, is_within};
use crate::conventions;

/// The back-off after a refusal: the first wait and the longest one.
const MIN_BACK_OFF: Duration = Duration::from_secs(1);
const MAX_BACK_OFF: Duration = Duration::from_secs(30);

/// The state of a subscription.
///
/// ```text
/// Waiting ──SUBSCRIBE, PINGREQ──▶ Loading ──PINGRESP──▶ Complete | Cut
///    ▲                              ├──refusing SUBACK──▶ Refused ──back-off──▶ (Loading again)
///    │                              └──no PINGRESP──────▶ Cut, or Unknown ──back-off──▶ (Loading again)
///    ├── from Complete or Cut when more retained messages come late: another PINGREQ, no SUBSCRIBE
///    ├── from Loading, Complete or Cut when the owner of its topics becomes known: another SUBSCRIBE
///    └── from any state when the link comes up.   Off and Paused: not subscribed to.
/// ```
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum SubscriptionState {
    /// It was not asked for yet, or the board is not connected.
    Waiting,
    /// It is subscribed to, and its retained messages are arriving.
    Loading,
    /// All its retained messages were received.
    Complete,
    /// The burst of retained messages ended at a length at which brokers cut bursts.
    Cut,
    /// The broker refused it.
    Refused {
        /// The reason code. A 3.1.1 broker can only say `UnspecifiedError`.
        reason: ReasonCode,
        /// When it is asked for again, if at all.
        retry_at: Option<Time>,
    },
    /// The answer to its barrier never came: the broker dropped it, and probably messages before it.
    Unknown {
        /// When it is asked for again, if at all.
        retry_at: Option<Time>,
    },
    /// Not subscribed to any more, because it brought too many unmatched messages.
    Paused,
    /// Not subscribed to, because the visitor switched it off.
    Off,
}

/// One subscription of the board, as the panel shows it.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub(super) text: Box<str>,
    pub(super) breadth: usize,
    shape: Shape,
    pub(super) state: SubscriptionState,
    /// How often in a row it was refused or not answered.
    pub(super) failures: u32,
    /// The visitor switched it on by hand, so it is not paused again.
    pub(super) is_forced_on: bool,
    /// Its snapshot had ended on this link before it was paused.
    pub(super) was_finished: bool,
    /// It waits for a barrier only: more retained messages came after the answer to the last one.
    pub(super) is_late: bool,
    /// It will be asked for again, because what it brought had no owner then.
    pub(super) needs_repeat: bool,
    /// It is being asked for again on this link.
    pub(super) is_repeated: bool,
    pub(super) messages: u64,
    pub(super) unmatched: u64,
    pub(super) replays: u32,
    pub(super) topics: u32,
    pub(super) window: Window,
}

/// # Reading
impl Subscription {
    /// The topic filter.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its state.
    pub fn state(&self) -> SubscriptionState {
        self.state
    }

    /// Whether it is switched on.
    pub fn is_on(&self) -> bool {
        !matches!(self.state, SubscriptionState::Off)
    }

    /// Whether it begins with a wildcard. Such a filter may bring anything, and is paused if it brings too much.
    pub fn is_broad(&self) -> bool {
        self.breadth > 0
    }

    /// How many messages it has brought. A message that matches several filters counts for the first one.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// How many of them no convention owns or understands.
    pub fn unmatched(&self) -> u64 {
        self.unmatched
    }

    /// The retained messages of its last snapshot.
    pub fn replays(&self) -> u32 {
        self.replays
    }

    /// The distinct topics among them that no filter before it had brought.
    pub fn topics(&self) -> u32 {
        self.topics
    }

    /// Messages a second, over the last whole second.
    pub fn rate(&self, now: Time) -> u32 {
        self.window.rate(now)
    }
}

impl Subscription {
    /// `text` must be a valid topic filter.
    pub(super) fn new(text: String) -> Subscription {
        Subscription {
            breadth: conventions::breadth(&text),
            shape: Shape::of_filter(&text),
            text: text.into(),
            state: SubscriptionState::Waiting,
            failures: 0,
            is_forced_on: false,
            was_finished: false,
            is_late: false,
            needs_repeat: false,
            is_repeated: false,
            messages: 0,
            unmatched: 0,
            replays: 0,
            topics: 0,
            window: Window::default(),
        }
    }

    pub(super) fn filter(&self) -> TopicFilter<'_> {
        TopicFilter::new(&self.text).expect("checked when the filter was added")
    }

    /// Whether it matches a topic. Most topics are excluded by their shape alone.
    pub(super) fn matches(&self, topic: TopicName<'_>, shape: Shape) -> bool {
        self.shape.may_match(shape) && self.filter().matches(topic)
    }

    /// Whether some topic matches both filters.
    pub(super) fn meets(&self, other: &str) -> bool {
        is_within(other, &self.text, true)
    }

    /// Whether every topic that matches the other filter matches this one.
    pub(super) fn covers(&self, other: &str) -> bool {
        // [MQTT-4.7.2-1]: a leading wildcard matches no topic that begins with `$`.
        let is_special = self.text.starts_with(['+', '#']) && other.starts_with('$');
        !is_special && is_within(other, &self.text, false)
    }

    /// Whether the board is subscribed to it, or soon will be.
    pub(super) fn is_active(&self) -> bool {
        !matches!(
            self.state,
            SubscriptionState::Paused | SubscriptionState::Off | SubscriptionState::Refused { .. }
        )
    }

    pub(super) fn retry_at(&self) -> Option<Time> {
        match self.state {
            SubscriptionState::Refused { retry_at, .. } | SubscriptionState::Unknown { retry_at } => retry_at,
            _ => None,
        }
    }

    /// Counts a failure. Returns when to try again.
    pub(super) fn back_off(&mut self, now: Time) -> Time {
        let wait = (MIN_BACK_OFF * (1 << self.failures.min(10))).min(MAX_BACK_OFF);
        self.failures = self.failures.saturating_add(1);
        now + wait
    }
}
