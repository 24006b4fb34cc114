//! What the panel says about a device in a sentence each, as values.

use fleet::{Device, Fleet, Status};
use mqtt::Time;

/// How many of its other topics are named.
const MAX_NAMED_TOPICS: usize = 8;

/// A device in short.
#[derive(Clone, PartialEq)]
pub struct Summary {
    /// Its status.
    pub status: Status,
    /// Since when it has this status, if that is known.
    pub since: Option<Time>,
    /// The first of the other topics that set its status.
    pub other_topics: Vec<String>,
    /// How many more such topics there are.
    pub more_topics: usize,
    /// Whether an inventory lists it.
    pub is_listed: bool,
    /// Whether its gateway has it switched off.
    pub is_disabled: bool,
    /// Whether it sleeps between its messages.
    pub sleeps: bool,
    /// How often its status changed.
    pub changes: u32,
    /// How many of these changes were half of a flap.
    pub flaps: u32,
    /// When it was first seen.
    pub first_seen: Time,
}

impl Summary {
    /// Reads a device.
    pub fn of(_: &Fleet, device: &Device<'_>) -> Summary {
        let mut topics = device.other_topics();
        Summary {
            status: device.status,
            since: device.since,
            other_topics: topics.by_ref().take(MAX_NAMED_TOPICS).map(str::to_owned).collect(),
            more_topics: topics.count(),
            is_listed: device.is_listed(),
            is_disabled: device.is_disabled,
            sleeps: device.sleeps(),
            changes: device.changes,
            flaps: device.flaps,
            first_seen: device.first_seen,
        }
    }
}

impl Default for Summary {
    /// Of a device that does not exist.
    fn default() -> Summary {
        Summary {
            status: Status::Unknown,
            since: None,
            other_topics: Vec::new(),
            more_topics: 0,
            is_listed: false,
            is_disabled: false,
            sleeps: false,
            changes: 0,
            flaps: 0,
            first_seen: Time(0),
        }
    }
}
