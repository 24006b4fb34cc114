//! What a board shows of a device: its status, and how good the knowledge of it is.
//!
//! Both words are shared by the conventions, which read statuses, and the fleet, which keeps them.

/// What a device says about itself.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Status {
    /// Connected, by its own word.
    Online,
    /// Not connected, by its own word or its last will.
    Offline,
    /// Not connected, and not meant to be until it wakes up.
    Sleeping,
    /// Connected, but not fully working.
    Degraded,
    /// Known by name, but nothing was said about its status.
    Unknown,
}

impl Status {
    /// Every status, in the order of its number.
    pub const ALL: [Status; 5] =
        [Status::Online, Status::Offline, Status::Sleeping, Status::Degraded, Status::Unknown];

    /// The value of the page's `data-status` hook.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Online => "online",
            Status::Offline => "offline",
            Status::Sleeping => "sleeping",
            Status::Degraded => "degraded",
            Status::Unknown => "unknown",
        }
    }
}

/// How good the board's knowledge of a status is.
///
/// In order: the better one is the smaller one.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Evidence {
    /// Seen as a change or a repetition while connected.
    Live,
    /// Learned from a replay of a retained message, whose age is unknown.
    Retained,
    /// It cannot be known at present.
    Stale,
}

impl Evidence {
    /// The value of the page's `data-evidence` hook.
    pub const fn word(self) -> &'static str {
        match self {
            Evidence::Live => "live",
            Evidence::Retained => "retained",
            Evidence::Stale => "stale",
        }
    }
}
