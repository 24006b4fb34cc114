//! Deleting retained messages, and restoring them.
//!
//! A state machine of three tasks over one list of topics, each started by the page: *look up* reads what the broker
//! retains, *delete* removes it with an empty retained PUBLISH, *undo* publishes it again. An acknowledgement is no
//! proof: everything published is looked up afterwards, and what the broker retains then is the outcome.
//!
//! **Only what was previewed is deleted.** Before deleting, each topic is looked up once more, and skipped if the
//! broker retains anything else than the preview showed. In the same way undo never overwrites a newer message. A
//! message that could not be restored is not deleted at all.
//!
//! Never starts a task by itself, not even after a lost link. The engine passes events to it and lets it use the
//! session; the page reads [`Deletion::items`].
//!
//! Reading order: this file (topics, outcomes, tasks), `batch` (the topics under way), `input` (events), `steps`
//! (what is sent next, and the outcomes).

mod batch;
mod input;
mod steps;

use std::collections::HashMap;
use std::time::Duration;

use mqtt::{PropertiesBuf, QoS, ReasonCode, Time, TopicFilter};

use self::batch::{Entry, Stage};
use crate::conventions::{Convention, ConventionId, Level};
use crate::fleet::{Fleet, Handle};

/// How many topics are looked up at most.
pub const MAX_TOPICS: usize = 10_000;
/// How many bytes of messages are kept for undo, in all. While others are looked up, as many again may be kept of the
/// messages that were deleted before.
pub const MAX_BYTES: usize = 8 << 20;
/// How many bytes of properties a message may have that is kept for undo.
pub const MAX_PROPERTIES: usize = 4_096;
/// How many topics one SUBSCRIBE has, and how many are published to at a time. mosquitto sends 20 messages of QoS 1
/// and 2 before it waits for an acknowledgement: with more, its PINGRESP would overtake the rest.
pub const BATCH: usize = 20;
/// How long after the PINGRESP, and after the message before it, a retained message may still come: aedes, RabbitMQ
/// and the crate `mqtt5` do not answer in order (docs/brokers.md).
pub const GRACE_PERIOD: Duration = Duration::from_millis(200);

/// What is done with the topics.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Task {
    /// Read what the broker retains.
    LookUp,
    /// Delete what was read.
    Delete,
    /// Restore what was deleted.
    Undo,
}

/// What is known of a topic.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was not looked up yet, or the look-up was stopped before.
    Waiting,
    /// The device never sent a status: an inventory lists it, and its topic is not the device's to delete.
    NeverSpoke,
    /// Many devices publish to this topic, and the broker retains the message of one of them. It is not deleted.
    Shared {
        /// How many devices were first seen on it, this one included.
        devices: u32,
    },
    /// The broker retains nothing.
    Nothing,
    /// The broker retains this message, and it can be deleted.
    Kept {
        /// The length of the payload.
        bytes: u32,
        /// The QoS it was published with, or the granted QoS if that is lower.
        qos: QoS,
    },
    /// The broker retains a message that is too large to be kept for undo. It is not deleted.
    TooLarge {
        /// The length of the payload.
        bytes: u32,
    },
    /// The look-up was refused, with this reason code of the SUBACK. `PacketTooLarge`: the server accepts no SUBSCRIBE
    /// with a topic this long.
    LookUpRefused(ReasonCode),
    /// The link ended, or the answer never came, before the look-up ended. Nothing was deleted.
    Unknown,
    /// The broker now retains another message than was read, or the device has just published. It was not deleted.
    Changed,
    /// It was deleted: the broker retains nothing any more.
    Gone,
    /// The deletion was refused, with this reason code of the PUBACK (5.0 only) or because of the limits of CONNACK,
    /// and the broker still retains the message.
    Refused(ReasonCode),
    /// The broker accepted the deletion, and retains a message nevertheless.
    StillThere {
        /// It is the message that was to be deleted. If nothing came live either, the broker refused without saying
        /// so, as mosquitto does in 3.1.1.
        same_bytes: bool,
        /// The device published meanwhile: it is alive.
        came_live: bool,
    },
    /// It was published to, and the link ended or the answer never came before the result was known.
    Unverified,
    /// It was restored: the broker retains it again.
    Restored,
    /// The device has published since. A newer message is not overwritten, so the old one was not restored.
    Superseded,
    /// It was published again, and the broker does not retain it; with the reason code of a refusing PUBACK or PUBREC.
    NotRestored(Option<ReasonCode>),
}

/// A device's topic.
#[derive(Debug)]
pub struct Item {
    /// The device at the time of the look-up. The handle finds nothing any more once the device is gone.
    pub handle: Handle,
    /// Its convention.
    pub convention: ConventionId,
    /// Its id.
    pub id: Box<str>,
    /// The topic it was first seen on. The fleet does not list other topics of the device.
    pub topic: Box<str>,
    /// What is known of the topic.
    pub outcome: Outcome,
    kept: Option<Kept>,
}

impl Item {
    /// The payload that was looked up, as long as it can be restored.
    pub fn payload(&self) -> Option<&[u8]> {
        self.kept.as_ref().map(|kept| &*kept.payload)
    }
}

/// A message as it can be restored: payload, QoS and, in 5.0, properties; of a Message Expiry Interval, the rest.
#[derive(Debug)]
struct Kept {
    payload: Box<[u8]>,
    qos: QoS,
    properties: PropertiesBuf,
}

/// The topics of some devices, what the broker retains on them, and what was done about it.
#[derive(Debug)]
pub struct Deletion {
    items: Vec<Item>,
    left_out: usize,
    /// The length of all messages that are kept for undo.
    bytes: usize,
    task: Task,
    /// The position of the first item that the task has not reached.
    next: usize,
    done: usize,
    total: usize,
    batch: Vec<Entry>,
    /// The batch was published to, and is looked up once more.
    is_check: bool,
    stage: Stage,
    deadline: Option<Time>,
    /// The topics whose messages were deleted before. That can be undone until others are deleted.
    former: Option<Box<Deletion>>,
}

/// # Reading
impl Deletion {
    /// The topics, in the order of the given devices.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// How many topics have such an outcome; counted at each call.
    pub fn count(&self, is_such: fn(Outcome) -> bool) -> usize {
        self.items.iter().filter(|item| is_such(item.outcome)).count()
    }

    /// How many devices were given beyond [`MAX_TOPICS`]. They are not among the items.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The task that is running, or ran last.
    pub fn task(&self) -> Task {
        self.task
    }

    /// Whether the task is still running. No other starts before it has ended.
    pub fn is_running(&self) -> bool {
        self.next < self.items.len() || !self.batch.is_empty()
    }

    /// How many topics the task has finished, and of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.done, self.total)
    }
}

/// # Commands
impl Deletion {
    /// Looks up the topics of these devices. `former`: what takes its place again if nothing is deleted.
    pub(crate) fn new(fleet: &Fleet, devices: &[Handle], former: Option<Deletion>) -> Deletion {
        let mut shared = HashMap::new();
        let mut items = Vec::new();
        for device in devices.iter().take(MAX_TOPICS).filter_map(|handle| fleet.device(*handle)) {
            let outcome = if device.said.is_none() {
                Outcome::NeverSpoke
            } else if filter(device.topic).is_none() {
                Outcome::LookUpRefused(ReasonCode::TopicFilterInvalid)
            } else if is_shared(device.convention, device.topic) {
                // Counted once for each such topic, and there are few.
                let devices = shared.entry(device.topic).or_insert_with(|| {
                    let others = fleet.handles().filter_map(|handle| fleet.device(handle));
                    others.filter(|other| other.topic == device.topic).count() as u32
                });
                Outcome::Shared { devices: *devices }
            } else {
                Outcome::Waiting
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
        let mut deletion = Deletion {
            next: items.len(),
            items,
            left_out: devices.len().saturating_sub(MAX_TOPICS),
            bytes: 0,
            task: Task::LookUp,
            done: 0,
            total: 0,
            batch: Vec::new(),
            is_check: false,
            stage: Stage::Idle,
            deadline: None,
            former: former.map(Box::new),
        };
        deletion.begin(Task::LookUp);
        deletion
    }

    /// Starts a task, unless one is running.
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

    /// Starts no further batch. The current one is finished, so that its outcomes are known.
    pub(crate) fn stop(&mut self) {
        self.next = self.items.len();
    }
}

/// Whether a task has anything to do for a topic.
fn concerns(task: Task, item: &Item) -> bool {
    match task {
        Task::LookUp => item.outcome == Outcome::Waiting,
        Task::Delete => matches!(item.outcome, Outcome::Kept { .. }),
        Task::Undo => {
            matches!(item.outcome, Outcome::Gone | Outcome::Unverified | Outcome::NotRestored(_))
        }
    }
}

/// The filter that matches only this topic. Every topic name is one, except `$share/…` (section 4.8.2).
fn filter(topic: &str) -> Option<TopicFilter<'_>> {
    let filter = TopicFilter::new(topic).ok()?;
    (!filter.has_wildcard() && filter.share().is_none()).then_some(filter)
}

/// Whether all devices of the convention publish to this one topic, and are named by the payload.
fn is_shared(convention: &Convention, topic: &str) -> bool {
    let is_literal = |(level, text): (&Level, &str)| matches!(level, Level::Literal(known) if known == text);
    let mut naming = convention.patterns.iter().filter(|pattern| pattern.vocabulary.names_device());
    naming.any(|pattern| {
        pattern.levels.len() == topic.split('/').count()
            && pattern.levels.iter().zip(topic.split('/')).all(is_literal)
    })
}
