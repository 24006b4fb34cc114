//! What the status messages of a fleet of MQTT devices mean, and what a board may honestly show of it.
//!
//! The crate is pure data: bytes and the time go in, devices with a status, its evidence and its history
//! come out. It never reads a clock, opens a socket or words anything for a visitor; refusals and doubts
//! are typed reasons. The page calls [`Engine`]; a test may call any layer alone. In reading order:
//!
//! - [`status`]: what a board shows of a device;
//! - [`conventions`]: what *one* topic and payload say, a file per convention and a registry of all;
//! - [`fleet`]: the devices, one transition table from message to status and evidence;
//! - [`snapshot`]: how the board subscribes, and whether it has seen everything that is retained;
//! - [`retained`]: deleting retained messages, and restoring them;
//! - [`engine`]: an MQTT session, a fleet and a snapshot joined, bytes in, deltas out.
#![forbid(unsafe_code)]

pub mod conventions;
pub mod engine;
pub mod fleet;
pub mod retained;
pub mod snapshot;
pub mod status;

pub use conventions::{Convention, ConventionId, Registry};
pub use engine::{Config, ConfigError, Engine};
pub use fleet::{
    Applied, Change, ChangeKind, Changed, Counts, Device, Fleet, Gap, Group, GroupKey, Grouping, Handle,
    OrderBy, Payload, Query, Rows, Span, StaleReason, Statuses, Uptime,
};
pub use mqtt::Time;
pub use retained::{Deletion, Outcome};
pub use snapshot::{Snapshot, SnapshotState, Subscription, SubscriptionState};
pub use status::{Evidence, Status};
