//! The topics that are under way: what was found on each, and what was published.
//!
//! Plain data that `input` and `steps` change.

use mqtt::{BarrierId, PacketId, ReasonCode, Time};

/// A topic that is being looked up or published to.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its position among the items.
    pub(super) item: usize,
    pub(super) found: Found,
    pub(super) came_live: bool,
    pub(super) sending: Sending,
}

/// What the look-up has found so far.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    Nothing,
    /// The SUBSCRIBE was refused.
    Refused(ReasonCode),
    Kept {
        bytes: u32,
        same_bytes: bool,
    },
}

/// The state of the PUBLISH to a topic.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Sending {
    /// There is none.
    Not,
    /// It is to be queued.
    Due,
    /// It waits for its PUBACK or PUBCOMP.
    Sent(PacketId),
    /// It was acknowledged, or needs no acknowledgement at QoS 0; with the reason code of a refusal.
    Ended(Option<ReasonCode>),
}

/// What the batch waits for.
///
/// ```text
///                            look up
///            ┌─────────────────────────────────────────┐
/// Idle ──▶ Asking ──▶ Looking ── delete, undo ──▶ Publishing
///  ▲                    │  ▲                           │
///  │                    │  └────── Asking again ◀──────┘
///  └──── UNSUBACK ── Leaving
/// ```
#[derive(Copy, Clone, Debug)]
pub(super) enum Stage {
    /// There is no batch.
    Idle,
    /// SUBSCRIBE and PINGREQ are to be sent, in one WebSocket message.
    Asking,
    /// The retained messages are arriving.
    Looking {
        /// The SUBSCRIBE, until its SUBACK has come.
        subscribe: Option<PacketId>,
        /// The PINGREQ, until its PINGRESP has come.
        barrier: Option<BarrierId>,
        /// How many more PINGREQs must be answered before the grace period starts.
        rounds: u8,
    },
    /// The PUBLISHes wait for their acknowledgements.
    Publishing {
        /// When an acknowledgement is not waited for any longer.
        until: Time,
    },
    /// All outcomes are known, and the topics are unsubscribed; with the UNSUBSCRIBE, once it was sent. Its UNSUBACK
    /// comes after every PUBREL of the batch, so that the PUBCOMPs leave before the next SUBSCRIBE and the broker has
    /// room for the whole next batch.
    Leaving(Option<PacketId>),
}
