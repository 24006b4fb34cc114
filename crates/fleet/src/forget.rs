//! Deleting what the broker keeps of devices, and putting it back.
//!
//! A state machine of three tasks over one list of topics, each of which the page asks for: *look up* reads what is
//! kept, *forget* deletes it with an empty retained PUBLISH, *undo* publishes it again. Nobody believes an
//! acknowledgement here: whatever is published is looked up afterwards, and what the broker keeps then is the outcome.
//!
//! **Only what was previewed is deleted.** Forgetting looks each topic up once more, and passes over it when the broker
//! keeps anything else than what the look-up showed. For the same reason undoing never overwrites a newer message.
//! A topic whose message could not be put back is not deleted at all.
//!
//! It never begins a task by itself, not even after a link that was lost. The engine carries events to it and lets it
//! talk to the session; the page reads [`Forgetting::items`].

use std::fmt;
use std::time::Duration;

use mqtt::property::Place;
use mqtt::{
    BarrierId, CommandError, Delivery, Event, Link, PacketId, PacketType, Properties, PropertiesBuf,
    Property, Publish, QoS, ReasonCode, Session, Subscription, Time, TopicFilter, TopicName,
};

use crate::conventions::{Convention, ConventionId, Level};
use crate::fleet::{Fleet, Handle};
use crate::snapshot::{PATIENCE, Snapshot};
use crate::status::Evidence;

/// How many topics are looked up at most.
pub const MOST_TOPICS: usize = 10_000;
/// How many bytes of messages are kept to be put back, in all; as many again of what was forgotten before, while others are
/// looked up.
pub const MOST_BYTES: usize = 8 << 20;
/// How many bytes of properties a message may have that is to be put back.
pub const MOST_PROPERTIES: usize = 4_096;
/// How many topics are asked for in one SUBSCRIBE, and are published to at a time. mosquitto sends 20 messages of
/// QoS 1 and 2 before it waits for an answer: with more, its PINGRESP would overtake the rest.
pub const BATCH: usize = 20;
/// How long a retained message may come behind the PINGRESP, and behind the message before it: aedes, RabbitMQ and
/// the crate `mqtt5` do not answer in order (docs/brokers.md).
pub const GRACE: Duration = Duration::from_millis(200);

/// What is done with the topics.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Task {
    /// Read what the broker keeps.
    LookUp,
    /// Delete what was read.
    Forget,
    /// Put back what was deleted.
    Undo,
}

/// What is known of a topic.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was not looked up yet, or the look-up was stopped before.
    Waiting,
    /// The device never spoke: an inventory lists it, whose topic is not the device's to delete.
    NeverSpoke,
    /// Many devices write to this topic, and the broker keeps the message of one of them. It is not deleted.
    Shared {
        /// How many devices were first heard on it, this one included.
        devices: u32,
    },
    /// The broker keeps nothing.
    Nothing,
    /// The broker keeps this, and forgetting would delete it.
    Kept {
        /// The length of the payload.
        bytes: u32,
        /// The QoS it was published with, unless the server grants less; then the one granted.
        qos: QoS,
    },
    /// The broker keeps a message that could not be put back, for there is no room for it. It is not deleted.
    TooLarge {
        /// The length of the payload.
        bytes: u32,
    },
    /// The broker refused to tell what it keeps, with this code of its SUBACK. `PacketTooLarge`: it takes no
    /// SUBSCRIBE with a topic this long.
    Untold(ReasonCode),
    /// The link ended, or the answer never came, before the broker told what it keeps. Nothing was deleted.
    Unknown,
    /// The broker keeps another message by now than was read, or the device speaks at this moment. It was not deleted.
    Changed,
    /// It was deleted: the broker keeps nothing any more.
    Gone,
    /// The broker refused to delete it, with this code of its PUBACK (5.0 only), and still keeps it; or it says of
    /// itself that it takes no such message.
    Refused(ReasonCode),
    /// The broker said yes, and keeps a message nevertheless.
    StillThere {
        /// It is the one that was to be deleted. If nothing came live either, the broker refused in silence, as
        /// mosquitto does in 3.1.1.
        same_bytes: bool,
        /// The device published meanwhile: it lives.
        came_live: bool,
    },
    /// It was published, empty or to be put back, and the link ended, or the answer never came, before anybody knew
    /// what became of it.
    Unverified,
    /// It was put back: the broker keeps it again.
    Restored,
    /// The device has spoken since: an old message must not stand in for a newer one, and was not put back.
    Superseded,
    /// It was published again, and the broker does not keep it; with the code of its PUBACK or PUBREC, if that refused.
    NotRestored(Option<ReasonCode>),
}

/// A device's topic.
#[derive(Debug)]
pub struct Item {
    /// The device at the time of the look-up. Its handle reads nothing any more when the device is gone.
    pub handle: Handle,
    /// Its convention.
    pub convention: ConventionId,
    /// Its id.
    pub id: Box<str>,
    /// The topic it was first heard on. Of other topics that speak for it as well, the fleet tells none.
    pub topic: Box<str>,
    /// What is known of it.
    pub outcome: Outcome,
    kept: Option<Kept>,
}

impl Item {
    /// The payload that was looked up, as long as it can be put back.
    pub fn payload(&self) -> Option<&[u8]> {
        self.kept.as_ref().map(|kept| &*kept.payload)
    }
}

/// The filter that brings just this topic. Every topic name is one, but for `$share/…` (section 4.8.2).
fn filter(topic: &str) -> Option<TopicFilter<'_>> {
    let filter = TopicFilter::new(topic).ok()?;
    (!filter.has_wildcard() && filter.share().is_none()).then_some(filter)
}

/// A message as it can be put back: bytes, QoS and, in 5.0, properties; of a Message Expiry Interval, what was left.
#[derive(Debug)]
struct Kept {
    payload: Box<[u8]>,
    qos: QoS,
    properties: PropertiesBuf,
}

/// A topic that is asked for, or published to, at present.
#[derive(Debug)]
struct Entry {
    /// Its place among the items.
    item: usize,
    found: Found,
    came_live: bool,
    sending: Sending,
}

/// What the look-up has brought so far.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Found {
    Nothing,
    Untold(ReasonCode),
    Kept { bytes: u32, same_bytes: bool },
}

/// Where the PUBLISH stands.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Sending {
    /// There is none.
    Not,
    /// The session had no room for it yet.
    Due,
    /// It waits for its PUBACK or PUBCOMP.
    Sent(PacketId),
    /// It was answered, or is not, at QoS 0; with what refused it.
    Ended(Option<ReasonCode>),
}

/// What the batch waits for.
///
/// ```text
///                            look up
///            ┌─────────────────────────────────────────┐
/// Idle ──▶ Asking ──▶ Looking ── forget, undo ──▶ Publishing
///  ▲                    │  ▲                           │
///  │                    │  └────── Asking again ◀──────┘
///  └──── UNSUBACK ── Leaving
/// ```
#[derive(Copy, Clone, Debug)]
enum Stage {
    /// There is no batch.
    Idle,
    /// SUBSCRIBE and PINGREQ are to be sent, in one WebSocket message.
    Asking,
    /// The replays are coming.
    Looking {
        /// The SUBSCRIBE, until its SUBACK has come.
        subscribe: Option<PacketId>,
        /// The PINGREQ, until its PINGRESP has come.
        barrier: Option<BarrierId>,
        /// How many more PINGREQs are to be answered before the grace begins.
        rounds: u8,
    },
    /// The PUBLISHes are under way.
    Publishing {
        /// When no answer is waited for any longer.
        until: Time,
    },
    /// All is known. The UNSUBSCRIBE, once it was sent. Its UNSUBACK comes behind every PUBREL of the batch, so that
    /// the PUBCOMPs go before the next SUBSCRIBE and the broker has room for all of the next batch.
    Leaving(Option<PacketId>),
}

/// The topics of some devices, what the broker keeps on them, and what was done about it.
#[derive(Debug)]
pub struct Forgetting {
    items: Vec<Item>,
    left_out: usize,
    /// Of the messages that are kept here.
    bytes: usize,
    task: Task,
    /// The place of the first item that the task has not come to.
    next: usize,
    done: usize,
    total: usize,
    batch: Vec<Entry>,
    /// The batch was published to already, and is looked up once more.
    is_check: bool,
    stage: Stage,
    deadline: Option<Time>,
    /// What was forgotten before: it can be undone until something else is.
    former: Option<Box<dyn Turns>>,
}

/// # Reading
impl Forgetting {
    /// The topics, in the order of the devices that were given.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// How many topics have such an outcome; counted anew at each call.
    pub fn count(&self, is_such: fn(Outcome) -> bool) -> usize {
        self.items.iter().filter(|item| is_such(item.outcome)).count()
    }

    /// How many devices were given beyond [`MOST_TOPICS`]; they are not among the items.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The task that runs, or ran last.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Whether it still runs. No other begins before it has ended.
    pub fn is_running(&self) -> bool {
        self.next < self.items.len() || !self.batch.is_empty()
    }

    /// How many topics the task is through with, and of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.done, self.total)
    }
}

/// # Commands
impl Forgetting {
    /// Looks up the topics of these devices. `former`: what is undone in its place when nothing comes of it.
    pub(crate) fn new(fleet: &Fleet, devices: &[Handle], former: Option<Box<dyn Turns>>) -> Forgetting {
        let mut shared: Vec<(&str, u32)> = Vec::new();
        let mut items = Vec::new();
        for device in devices.iter().take(MOST_TOPICS).filter_map(|handle| fleet.device(*handle)) {
            let outcome = if device.said.is_none() {
                Outcome::NeverSpoke
            } else if filter(device.topic).is_none() {
                Outcome::Untold(ReasonCode::TopicFilterInvalid)
            } else if !is_shared(device.convention, device.topic) {
                Outcome::Waiting
            } else if let Some(&(_, devices)) = shared.iter().find(|(topic, _)| *topic == device.topic) {
                Outcome::Shared { devices }
            } else {
                // Once for each such topic, and there are few.
                let others = fleet.handles().filter_map(|handle| fleet.device(handle));
                let devices = others.filter(|other| other.topic == device.topic).count() as u32;
                shared.push((device.topic, devices));
                Outcome::Shared { devices }
            };
            items.push(Item {
                handle: device.handle,
                convention: device.convention_id,
                id: device.id.into(),
                topic: device.topic.into(),
                outcome,
                kept: None,
            });
        }
        let mut forgetting = Forgetting {
            next: items.len(),
            items,
            left_out: devices.len().saturating_sub(MOST_TOPICS),
            bytes: 0,
            task: Task::LookUp,
            done: 0,
            total: 0,
            batch: Vec::new(),
            is_check: false,
            stage: Stage::Idle,
            deadline: None,
            former,
        };
        forgetting.begin(Task::LookUp);
        forgetting
    }

    /// Begins a task, unless one runs.
    pub(crate) fn begin(&mut self, task: Task) {
        if !self.is_running() {
            if task != Task::LookUp {
                self.former = None;
            }
            self.task = task;
            self.next = 0;
            self.done = 0;
            self.total = self.items.iter().filter(|item| concerns(task, item)).count();
        }
    }

    /// Begins no further batch. The one under way is seen through, so that nothing is left half known.
    pub(crate) fn stop(&mut self) {
        self.next = self.items.len();
    }
}

/// What an engine does with it. Behind a trait, the engine names nothing of what happens in a turn: only who begins a
/// look-up does, so that a page can load all of it with that.
pub(crate) trait Turns {
    fn get(&self) -> &Forgetting;

    fn get_mut(&mut self) -> &mut Forgetting;

    /// Something happened. Of a message: whether it came for no other reason than this look-up, or says again what we
    /// have just put back. Then it is as old as what the broker keeps, whatever its RETAIN flag says.
    fn handle_event(&mut self, event: &Event<'_>, now: Time) -> bool;

    /// Does the next thing that can be done, if any. Whether it did, so that there may be more.
    fn advance(&mut self, session: &mut Session, snapshot: &Snapshot, fleet: &Fleet, now: Time) -> bool;

    /// Unsubscribes from what the batch has subscribed to, before everything is dropped. Gives what was forgotten before,
    /// if nothing was since.
    fn close(self: Box<Self>, session: &mut Session, snapshot: &Snapshot) -> Option<Box<dyn Turns>>;
}

/// Whether a task has anything to do with a topic.
fn concerns(task: Task, item: &Item) -> bool {
    match task {
        Task::LookUp => item.outcome == Outcome::Waiting,
        Task::Forget => matches!(item.outcome, Outcome::Kept { .. }),
        Task::Undo => {
            matches!(item.outcome, Outcome::Gone | Outcome::Unverified | Outcome::NotRestored(_))
        }
    }
}

/// Whether devices tell in their payload who they are, for all of them write to this one topic.
fn is_shared(convention: &Convention, topic: &str) -> bool {
    let is_literal = |(level, text): (&Level, &str)| matches!(level, Level::Literal(known) if known == text);
    let mut naming = convention.patterns.iter().filter(|pattern| pattern.vocabulary.names_device());
    naming.any(|pattern| {
        pattern.levels.len() == topic.split('/').count()
            && pattern.levels.iter().zip(topic.split('/')).all(is_literal)
    })
}

impl Forgetting {
    /// Whether topics are subscribed to, or about to be: then nobody else subscribes.
    pub(crate) fn is_asking(&self) -> bool {
        !self.batch.is_empty()
    }

    /// When to call `advance` again.
    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        self.deadline
    }
}

/// # Input
impl Forgetting {
    fn handle_message(&mut self, publish: &Publish<'_>) -> bool {
        let Forgetting { items, batch, stage, .. } = self;
        let topic = publish.topic.as_str();
        let Some(entry) = batch.iter_mut().find(|entry| *items[entry.item].topic == *topic) else {
            return false;
        };
        let item = &mut items[entry.item];
        let same_bytes = item.payload() == Some(publish.payload);
        if !publish.retain {
            let is_ours = self.task == Task::Undo && entry.sending != Sending::Not && same_bytes;
            entry.came_live |= !is_ours && !publish.payload.is_empty();
            return is_ours;
        }
        let Stage::Looking { subscribe, rounds, .. } = stage else {
            return true;
        };
        let qos = match publish.delivery {
            Delivery::AtMostOnce => QoS::AtMostOnce,
            Delivery::AtLeastOnce { .. } => QoS::AtLeastOnce,
            Delivery::ExactlyOnce { .. } => QoS::ExactlyOnce,
        };
        // ejabberd sends one message of QoS 1 or 2 after the other, each when the one before is acknowledged: the next
        // stands before the next PINGRESP, or at QoS 2 before the one after that.
        *rounds = if qos == QoS::ExactlyOnce { 2 } else { 1 };
        if subscribe.is_none() {
            self.deadline = None;
        }
        if entry.found != Found::Nothing || publish.payload.is_empty() {
            return true;
        }
        let bytes = publish.payload.len().try_into().unwrap_or(u32::MAX);
        entry.found = Found::Kept { bytes, same_bytes };
        let size = publish.payload.len() + publish.properties.as_bytes().len();
        let has_room = size <= MOST_BYTES - self.bytes;
        if self.task == Task::LookUp && has_room && publish.properties.as_bytes().len() <= MOST_PROPERTIES {
            let mut properties = PropertiesBuf::new(Place::Packet(PacketType::Publish));
            for property in publish.properties {
                // These belong to the way that the message came, not to the message.
                if !matches!(property, Property::TopicAlias(_) | Property::SubscriptionIdentifier(_)) {
                    properties.push(property).expect("a PUBLISH had it");
                }
            }
            self.bytes += size;
            item.kept = Some(Kept { payload: publish.payload.into(), qos, properties });
        }
        true
    }

    /// A SUBSCRIBE was answered, with a code for each topic.
    fn handle_suback(&mut self, packet_id: PacketId, codes: impl Iterator<Item = ReasonCode>) {
        if let Stage::Looking { subscribe, .. } = &mut self.stage
            && *subscribe == Some(packet_id)
        {
            *subscribe = None;
            self.deadline = None;
            for (entry, code) in self.batch.iter_mut().zip(codes) {
                // [MQTT-3.9.3-2] and section 3.9.3: codes from 0x80 on are failures.
                if code as u8 >= 0x80 {
                    entry.found = Found::Untold(code);
                }
            }
        }
    }

    /// An UNSUBSCRIBE was answered.
    fn handle_unsuback(&mut self, packet_id: PacketId) {
        if let Stage::Leaving(Some(unsubscribe)) = self.stage
            && unsubscribe == packet_id
        {
            self.rest();
        }
    }

    /// A barrier was answered.
    fn handle_barrier(&mut self, answered: BarrierId, now: Time) {
        if let Stage::Looking { subscribe, barrier, rounds } = &mut self.stage
            && *barrier == Some(answered)
        {
            *barrier = None;
            if subscribe.is_some() {
                // The broker answers PINGREQ before it is done with SUBSCRIBE: another barrier behind the SUBACK.
                *rounds = (*rounds).max(1);
                self.deadline = Some(now + PATIENCE);
            }
        }
    }

    /// A barrier's answer was dropped by the broker, and perhaps messages before it.
    fn handle_barrier_lost(&mut self, lost: BarrierId) {
        if let Stage::Looking { barrier, .. } = self.stage
            && barrier == Some(lost)
        {
            self.conclude(true);
        }
    }

    /// A message was acknowledged, or refused.
    fn handle_ack(&mut self, packet_id: PacketId, reason: ReasonCode, now: Time) {
        let sent = Sending::Sent(packet_id);
        if let Some(entry) = self.batch.iter_mut().find(|entry| entry.sending == sent) {
            entry.sending = Sending::Ended((reason as u8 >= 0x80).then_some(reason));
            if let Stage::Publishing { until } = &mut self.stage {
                *until = now + PATIENCE;
            }
        }
    }

    /// The link ended, or nobody knows what became of it: the task ends, and what was under way is unknown.
    fn handle_link_lost(&mut self) {
        if !self.is_running() {
            return;
        }
        self.stop();
        if !matches!(self.stage, Stage::Idle | Stage::Leaving(_)) {
            self.conclude(true);
        }
        if self.task == Task::LookUp {
            for item in self.items.iter_mut().filter(|item| item.outcome == Outcome::Waiting) {
                item.outcome = Outcome::Unknown;
            }
        }
    }
}

impl fmt::Debug for dyn Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl Turns for Forgetting {
    fn get(&self) -> &Forgetting {
        self
    }

    fn get_mut(&mut self) -> &mut Forgetting {
        self
    }

    fn handle_event(&mut self, event: &Event<'_>, now: Time) -> bool {
        match event {
            Event::Publish(publish) => return self.handle_message(publish),
            Event::Suback(suback) => self.handle_suback(suback.packet_id, suback.reason_codes.iter()),
            Event::Unsuback(unsuback) => self.handle_unsuback(unsuback.packet_id),
            // PUBREC tells all there is to know: what the broker keeps is looked up behind it.
            Event::Puback(ack) | Event::Pubrec(ack) | Event::Pubcomp(ack) => {
                self.handle_ack(ack.packet_id, ack.reason_code, now);
            }
            Event::Barrier(barrier) => self.handle_barrier(*barrier, now),
            Event::BarrierLost(barrier) => self.handle_barrier_lost(*barrier),
            Event::ClockJump { .. } => self.handle_link_lost(),
            _ => {}
        }
        false
    }

    fn close(self: Box<Self>, session: &mut Session, snapshot: &Snapshot) -> Option<Box<dyn Turns>> {
        // If it cannot be sent, messages that a wider filter brings anyhow come twice: no harm.
        let _ = self.unsubscribe(session, snapshot);
        self.former
    }

    fn advance(&mut self, session: &mut Session, snapshot: &Snapshot, fleet: &Fleet, now: Time) -> bool {
        if !self.is_running() {
            return false;
        }
        if session.link() != Link::Connected {
            self.handle_link_lost();
            // With the link went its subscriptions.
            self.rest();
            return true;
        }
        let is_due = self.deadline.is_some_and(|deadline| deadline <= now);
        match self.stage {
            // One SUBSCRIBE is outstanding at a time, the board's own or one of these.
            Stage::Idle => !snapshot.is_asking() && self.take(),
            Stage::Asking if self.deadline.is_none() || is_due => self.ask(session, now),
            Stage::Looking { subscribe, barrier, rounds } => {
                let is_complete = self.batch.iter().all(|entry| entry.found != Found::Nothing);
                if subscribe.is_none() && is_complete {
                    self.decide(fleet, now);
                } else if barrier.is_some() {
                    return false;
                } else if subscribe.is_some() {
                    // The SUBACK will not come any more.
                    if is_due {
                        self.conclude(true);
                    }
                    return is_due;
                } else if rounds > 0 && (self.deadline.is_none() || is_due) {
                    let Ok(barrier) = session.barrier() else {
                        self.deadline = Some(now + GRACE);
                        return false;
                    };
                    self.deadline = None;
                    self.stage =
                        Stage::Looking { subscribe: None, barrier: Some(barrier), rounds: rounds - 1 };
                } else if is_due {
                    self.decide(fleet, now);
                } else {
                    self.deadline.get_or_insert(now + GRACE);
                    return false;
                }
                true
            }
            Stage::Publishing { until } => self.publish(session, until, now),
            Stage::Leaving(None) if self.deadline.is_none() || is_due => {
                match self.unsubscribe(session, snapshot) {
                    Ok(Some(packet_id)) => {
                        self.stage = Stage::Leaving(Some(packet_id));
                        self.deadline = Some(now + PATIENCE);
                    }
                    Err(CommandError::QueueFull | CommandError::TooManyOutstanding) => {
                        self.deadline = Some(now + GRACE);
                        return false;
                    }
                    // If it cannot be sent, messages that a wider filter brings anyhow come twice: no harm.
                    Ok(None) | Err(_) => self.rest(),
                }
                true
            }
            Stage::Leaving(Some(_)) if is_due => {
                self.rest();
                true
            }
            Stage::Asking | Stage::Leaving(_) => false,
        }
    }
}

impl Forgetting {
    /// There is no batch any more.
    fn rest(&mut self) {
        self.batch.clear();
        self.stage = Stage::Idle;
        self.deadline = None;
    }

    /// Takes the next batch. Whether there is one.
    fn take(&mut self) -> bool {
        while self.batch.len() < BATCH
            && let Some(item) = self.items.get(self.next)
        {
            if concerns(self.task, item) {
                let (found, sending) = (Found::Nothing, Sending::Not);
                self.batch.push(Entry { item: self.next, found, came_live: false, sending });
            }
            self.next += 1;
        }
        self.is_check = false;
        self.stage = if self.batch.is_empty() { Stage::Idle } else { Stage::Asking };
        // Also when nothing was left: then the task has ended.
        true
    }

    /// Sends SUBSCRIBE and the barrier behind it. Whether something changed.
    fn ask(&mut self, session: &mut Session, now: Time) -> bool {
        let filters = self.batch.iter().filter_map(|entry| filter(&self.items[entry.item].topic));
        // The QoS of what is kept is the one it comes with, if none lower is asked for.
        let subscription = |filter| Subscription { qos: QoS::ExactlyOnce, ..Subscription::new(filter) };
        match session.subscribe(&filters.map(subscription).collect::<Vec<_>>()) {
            Ok(packet_id) => {
                let barrier = session.barrier().ok();
                let rounds = u8::from(barrier.is_none());
                self.stage = Stage::Looking { subscribe: Some(packet_id), barrier, rounds };
                self.deadline = barrier.is_none().then_some(now + PATIENCE);
            }
            Err(CommandError::QueueFull | CommandError::TooManyOutstanding) => {
                self.deadline = Some(now + GRACE);
                return false;
            }
            Err(_) if self.batch.len() > 1 => {
                // The server takes no packet this large (Maximum Packet Size): half of the topics at a time.
                let most = self.batch.len() / 2;
                self.next = self.batch[most].item;
                self.batch.truncate(most);
            }
            Err(_) => {
                self.batch[0].found = Found::Untold(ReasonCode::PacketTooLarge);
                self.conclude(false);
                self.rest();
            }
        }
        true
    }

    /// The look-up has ended: what it found decides what is published, or is the outcome.
    fn decide(&mut self, fleet: &Fleet, now: Time) {
        if self.task == Task::LookUp || self.is_check {
            return self.conclude(false);
        }
        let mut is_any_due = false;
        for entry in &mut self.batch {
            let item = &mut self.items[entry.item];
            item.outcome = match (self.task, entry.found) {
                (_, Found::Untold(_)) => item.outcome,
                (Task::Undo, Found::Kept { same_bytes: true, .. }) => Outcome::Restored,
                (Task::Undo, _) if entry.came_live || has_spoken(fleet, item) => Outcome::Superseded,
                (Task::Undo, Found::Kept { .. }) => Outcome::Superseded,
                (_, Found::Kept { same_bytes: false, .. }) => Outcome::Changed,
                (Task::Forget, _) if entry.came_live => Outcome::Changed,
                (Task::Forget, Found::Nothing) => Outcome::Nothing,
                (_, Found::Kept { .. } | Found::Nothing) => {
                    entry.sending = Sending::Due;
                    // What is found from here on is what is kept behind the PUBLISH.
                    entry.found = Found::Nothing;
                    is_any_due = true;
                    continue;
                }
            };
        }
        self.deadline = None;
        if is_any_due {
            self.stage = Stage::Publishing { until: now + PATIENCE };
        } else {
            self.conclude(false);
        }
    }

    /// Publishes what is due, as far as the session takes it. Whether that has ended.
    fn publish(&mut self, session: &mut Session, until: Time, now: Time) -> bool {
        for entry in self.batch.iter_mut().filter(|entry| entry.sending == Sending::Due) {
            let item = &self.items[entry.item];
            let topic = TopicName::new(&item.topic).expect("a message came on it");
            let kept = item.kept.as_ref().filter(|_| self.task == Task::Undo);
            // Emptied at QoS 1: at QoS 0 nobody would say that it was refused.
            let (payload, qos, properties) = match kept {
                Some(kept) => (&*kept.payload, kept.qos, kept.properties.as_properties()),
                None => (&[][..], QoS::AtLeastOnce, Properties::EMPTY),
            };
            let publish =
                |session: &mut Session, qos| session.publish_with(topic, payload, qos, true, properties);
            let mut queued = publish(session, qos);
            if queued == Err(CommandError::QoSNotSupported) {
                queued = publish(session, QoS::AtMostOnce);
            }
            entry.sending = match queued {
                Ok(Some(packet_id)) => Sending::Sent(packet_id),
                Ok(None) => Sending::Ended(None),
                Err(CommandError::QueueFull | CommandError::TooManyOutstanding) if now < until => break,
                // Nothing was answered for so long: it is left as it is, and so are all that come after it.
                Err(CommandError::QueueFull | CommandError::TooManyOutstanding) => Sending::Not,
                Err(CommandError::RetainNotSupported) => Sending::Ended(Some(ReasonCode::RetainNotSupported)),
                Err(CommandError::PacketTooLarge) => Sending::Ended(Some(ReasonCode::PacketTooLarge)),
                Err(_) => Sending::Ended(Some(ReasonCode::ImplementationSpecificError)),
            };
            if entry.sending == Sending::Not {
                self.next = self.items.len();
            }
        }
        let waits = |entry: &Entry| matches!(entry.sending, Sending::Due | Sending::Sent(_));
        if now < until && self.batch.iter().any(waits) {
            let is_any_due = self.batch.iter().any(|entry| entry.sending == Sending::Due);
            self.deadline = Some(if is_any_due { until.min(now + GRACE) } else { until });
            return false;
        }
        self.is_check = true;
        self.stage = Stage::Asking;
        self.deadline = None;
        true
    }

    /// Writes down what is known of the batch; `is_lost`: what has not come may be there nevertheless.
    fn conclude(&mut self, is_lost: bool) {
        for entry in &self.batch {
            let item = &mut self.items[entry.item];
            let refusal = match entry.sending {
                Sending::Sent(_) => None,
                Sending::Ended(refusal) => refusal,
                // What was not published to is as it was, and what `decide` found of it stands already.
                Sending::Not | Sending::Due if self.task != Task::LookUp => continue,
                Sending::Not | Sending::Due => None,
            };
            item.outcome = match (self.task, entry.found, refusal) {
                (Task::LookUp, Found::Untold(code), _) => Outcome::Untold(code),
                (Task::LookUp, Found::Nothing, _) if is_lost => Outcome::Unknown,
                (Task::LookUp, Found::Nothing, _) => Outcome::Nothing,
                (Task::LookUp, Found::Kept { bytes, .. }, _) => match &item.kept {
                    Some(kept) => Outcome::Kept { bytes, qos: kept.qos },
                    None => Outcome::TooLarge { bytes },
                },
                (Task::Forget, Found::Kept { same_bytes, .. }, None) => {
                    Outcome::StillThere { same_bytes, came_live: entry.came_live }
                }
                (Task::Forget, Found::Nothing, _) if !is_lost => Outcome::Gone,
                (Task::Forget, _, Some(code)) => Outcome::Refused(code),
                (Task::Undo, Found::Kept { same_bytes: true, .. }, _) => Outcome::Restored,
                (Task::Undo, Found::Kept { .. }, _) => Outcome::Superseded,
                (Task::Undo, Found::Nothing, _) if !is_lost => Outcome::NotRestored(refusal),
                (Task::Undo, _, Some(_)) => Outcome::NotRestored(refusal),
                (Task::Forget | Task::Undo, _, None) => Outcome::Unverified,
            };
        }
        self.done += self.batch.len();
        self.stage = Stage::Leaving(None);
        self.deadline = None;
    }

    /// Unsubscribes from the batch, but for what the board itself subscribes to.
    fn unsubscribe(
        &self,
        session: &mut Session,
        snapshot: &Snapshot,
    ) -> Result<Option<PacketId>, CommandError> {
        let items = self.batch.iter().map(|entry| &self.items[entry.item]);
        let ours = items.filter(|item| !snapshot.subscribes_to(&item.topic));
        let filters: Vec<_> = ours.filter_map(|item| filter(&item.topic)).collect();
        if filters.is_empty() { Ok(None) } else { session.unsubscribe(&filters).map(Some) }
    }
}

/// Whether the device was heard live on this topic after its message was deleted, and itself with it.
fn has_spoken(fleet: &Fleet, item: &Item) -> bool {
    let device = fleet.find_by_id(item.convention, &item.id).and_then(|handle| fleet.device(handle));
    device.is_some_and(|device| *device.topic == *item.topic && device.evidence == Evidence::Live)
}
