//! The bounds of a fleet, and what they kept out. What was there before stays.

/// The bounds of a fleet.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// How many devices there may be. Later ones are counted, not kept.
    pub devices: u32,
    /// How long the topic of a device may be, in bytes.
    pub topic: u16,
    /// How many bytes all topics, ids and names may take together.
    pub texts: usize,
    /// How many changes the histories may hold together.
    pub changes: usize,
    /// How many topics with unrecognized messages are listed.
    pub unrecognized: usize,
    /// How many further topics there may be of devices that have one already.
    pub aliases: usize,
    /// How many topics metadata may name, and of how many devices that do not exist yet it is kept.
    pub metadata: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            devices: 1_000_000,
            topic: 1_024,
            texts: 512 << 20,
            changes: 4_000_000,
            unrecognized: 256,
            aliases: 4_096,
            metadata: 100_000,
        }
    }
}

/// What the bounds kept out.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Refused {
    /// Messages of devices beyond the bound.
    pub devices: u64,
    /// Messages on topics that are too long.
    pub topics: u64,
    /// Metadata beyond its bound; and base topics and filters beyond theirs.
    pub metadata: u64,
    /// Changes that no history has room for.
    pub changes: u64,
}
