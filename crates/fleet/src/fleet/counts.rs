//! How many devices there are of each status and evidence.

use crate::status::{Evidence, Status};

/// How many devices there are of each kind. Updated with every change, never counted again.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// All devices.
    pub total: u32,
    /// By status.
    pub online: u32,
    /// By status.
    pub offline: u32,
    /// By status.
    pub sleeping: u32,
    /// By status.
    pub degraded: u32,
    /// By status.
    pub unknown: u32,
    /// By evidence.
    pub live: u32,
    /// By evidence.
    pub retained: u32,
    /// By evidence.
    pub stale: u32,
}

impl Counts {
    /// The number of devices of a status.
    pub fn of(&self, status: Status) -> u32 {
        let mut counts = *self;
        *counts.status_mut(status)
    }

    pub(super) fn status_mut(&mut self, status: Status) -> &mut u32 {
        match status {
            Status::Online => &mut self.online,
            Status::Offline => &mut self.offline,
            Status::Sleeping => &mut self.sleeping,
            Status::Degraded => &mut self.degraded,
            Status::Unknown => &mut self.unknown,
        }
    }

    pub(super) fn evidence_mut(&mut self, evidence: Evidence) -> &mut u32 {
        match evidence {
            Evidence::Live => &mut self.live,
            Evidence::Retained => &mut self.retained,
            Evidence::Stale => &mut self.stale,
        }
    }
}
