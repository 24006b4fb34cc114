//! Loading the retained messages of one subscription after the other.
//!
//! At most one is outstanding: SUBSCRIBE and a barrier leave together, and the barrier's answer ends its
//! snapshot. Never sends anything itself: the engine carries out each [`Step`] and reports the results by
//! `handle_*`.

use std::time::Duration;

use mqtt::{BarrierId, PacketId, ReasonCode, Time, TopicFilter};

use super::Snapshot;
use super::subscription::{Subscription, SubscriptionState};

/// How long a SUBACK may be missing after its barrier was answered. An unanswered barrier is noticed by the
/// session, which knows which PINGRESP answers which PINGREQ.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a snapshot whose end was lost is asked for again.
const MAX_RETRIES: u32 = 3;
/// The lengths at which brokers in their stock configuration cut a burst of retained messages at QoS 0:
/// mosquitto 999 and, depending on the version, 1,000 or 1,020, rumqttd 200, mqtt5 10,000. A burst of exactly this
/// length counts as cut. A fleet that really has so many devices gets a wrong warning, which is better than a gap
/// without one.
const CUT_LENGTHS: [u32; 5] = [200, 999, 1_000, 1_020, 10_000];

/// What the engine must send next.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Step<'a> {
    /// SUBSCRIBE to this filter, and a barrier after it in the same WebSocket message.
    Subscribe(TopicFilter<'a>),
    /// A barrier: the SUBACK or more retained messages came after the answer to the last one.
    Barrier,
    /// UNSUBSCRIBE from this filter.
    Unsubscribe(TopicFilter<'a>),
}

/// The subscription that is being loaded.
#[derive(Copy, Clone, Debug)]
pub(super) struct Outstanding {
    pub(super) position: usize,
    packet_id: Option<PacketId>,
    barrier: Option<BarrierId>,
    /// The SUBACK came and granted the subscription.
    is_granted: bool,
    /// The barrier was answered too early, so another one is needed.
    needs_barrier: bool,
    /// When the SUBACK counts as lost. Set once the barrier was answered.
    deadline: Option<Time>,
}

/// # Input
impl Snapshot {
    /// The SUBSCRIBE of the last [`Step::Subscribe`] was queued, and the barrier after it.
    pub fn handle_subscribed(&mut self, packet_id: PacketId, barrier: BarrierId) {
        if let Some(outstanding) = &mut self.outstanding {
            outstanding.packet_id = Some(packet_id);
            outstanding.barrier = Some(barrier);
        }
    }

    /// The barrier of the last [`Step::Barrier`] was queued.
    pub fn handle_barrier_sent(&mut self, barrier: BarrierId) {
        if let Some(outstanding) = &mut self.outstanding {
            outstanding.barrier = Some(barrier);
            outstanding.needs_barrier = false;
        }
    }

    /// The last step could not be carried out. It is tried again later.
    pub fn handle_not_sent(&mut self, now: Time) {
        self.give_up(now);
    }

    /// A SUBSCRIBE was answered. `code` is the outcome for its only filter.
    pub fn handle_suback(&mut self, packet_id: PacketId, code: Option<ReasonCode>, now: Time) {
        let Some(outstanding) = self.outstanding.as_mut().filter(|o| o.packet_id == Some(packet_id)) else {
            return;
        };
        outstanding.deadline = None;
        let subscription = &mut self.subscriptions[outstanding.position];
        match code {
            // [MQTT-3.9.3-2] and section 3.9.3
            Some(reason) if reason.is_error() => {
                // A server that supports no wildcards, or not this filter, will refuse it again.
                let is_final = reason == ReasonCode::WildcardSubscriptionsNotSupported
                    || reason == ReasonCode::TopicFilterInvalid;
                let retry_at = (!is_final).then(|| subscription.back_off(now));
                subscription.state = SubscriptionState::Refused { reason, retry_at };
                self.outstanding = None;
                self.add_skipped();
            }
            _ => outstanding.is_granted = true,
        }
    }

    /// A barrier was answered: everything that the broker sent before has come.
    pub fn handle_barrier(&mut self, barrier: BarrierId, now: Time) {
        let Some(outstanding) = self.outstanding.as_mut().filter(|o| o.barrier == Some(barrier)) else {
            return;
        };
        if !outstanding.is_granted {
            // The broker answers PINGREQ before it has finished SUBSCRIBE.
            outstanding.needs_barrier = true;
            outstanding.deadline = Some(now + ANSWER_TIMEOUT);
            return;
        }
        let subscription = &mut self.subscriptions[outstanding.position];
        let is_cut = CUT_LENGTHS.contains(&subscription.replays);
        subscription.state = match (subscription.needs_repeat, is_cut) {
            (true, _) => SubscriptionState::Waiting,
            (false, true) => SubscriptionState::Cut,
            (false, false) => SubscriptionState::Complete,
        };
        subscription.failures = 0;
        self.outstanding = None;
    }

    /// A barrier's answer was dropped by the broker: its queue was full, so it also dropped messages before it.
    /// A burst that ended at a cut length would end there again (mosquitto since 2.0.16 and Debian's 2.0.11, at
    /// 999).
    pub fn handle_barrier_lost(&mut self, barrier: BarrierId, now: Time) {
        let Some(outstanding) = self.outstanding.filter(|o| o.barrier == Some(barrier)) else {
            return;
        };
        let subscription = &mut self.subscriptions[outstanding.position];
        if CUT_LENGTHS.contains(&subscription.replays) {
            subscription.state = SubscriptionState::Cut;
            subscription.failures = 0;
            self.outstanding = None;
        } else {
            self.give_up(now);
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Time) {
        let deadline = self.outstanding.and_then(|outstanding| outstanding.deadline);
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.give_up(now);
        }
    }

    /// The end of the outstanding snapshot will not be known.
    fn give_up(&mut self, now: Time) {
        if let Some(outstanding) = self.outstanding.take() {
            let subscription = &mut self.subscriptions[outstanding.position];
            let retry_at = subscription.back_off(now);
            let is_over = subscription.failures > MAX_RETRIES;
            subscription.state = match subscription.replays {
                // Messages came each time, but never the end.
                1.. if is_over => SubscriptionState::Cut,
                _ => SubscriptionState::Unknown { retry_at: (!is_over).then_some(retry_at) },
            };
        }
    }
}

/// # Output
impl Snapshot {
    /// What must be sent next, if anything. The result of each step must be reported.
    pub fn poll_step(&mut self, now: Time) -> Option<Step<'_>> {
        if !self.is_up {
            return None;
        }
        if let Some(position) = self.leaving.pop() {
            return Some(Step::Unsubscribe(self.subscriptions[position].filter()));
        }
        if let Some(outstanding) = &self.outstanding {
            return (outstanding.is_granted && outstanding.needs_barrier).then_some(Step::Barrier);
        }
        let wildcards_refused = self.wildcards_refused;
        let position = self.subscriptions.iter_mut().position(|subscription| {
            let is_waiting = matches!(subscription.state, SubscriptionState::Waiting);
            if is_waiting && wildcards_refused && subscription.filter().has_wildcard() {
                let reason = ReasonCode::WildcardSubscriptionsNotSupported;
                subscription.state = SubscriptionState::Refused { reason, retry_at: None };
            }
            matches!(subscription.state, SubscriptionState::Waiting)
                || subscription.retry_at().is_some_and(|at| at <= now)
        })?;
        let subscription = &mut self.subscriptions[position];
        let is_late = std::mem::take(&mut subscription.is_late);
        subscription.state = SubscriptionState::Loading;
        self.outstanding = Some(Outstanding {
            position,
            packet_id: None,
            barrier: None,
            is_granted: is_late,
            needs_barrier: is_late,
            deadline: None,
        });
        if is_late {
            return Some(Step::Barrier);
        }
        subscription.is_repeated = std::mem::take(&mut subscription.needs_repeat);
        subscription.replays = 0;
        subscription.topics = 0;
        Some(Step::Subscribe(self.subscriptions[position].filter()))
    }

    /// When to call [`Snapshot::handle_timeout`] and then [`Snapshot::poll_step`].
    pub fn poll_timeout(&self) -> Option<Time> {
        if !self.is_up {
            return None;
        }
        match &self.outstanding {
            Some(outstanding) => outstanding.deadline,
            None => self.subscriptions.iter().filter_map(Subscription::retry_at).min(),
        }
    }
}
