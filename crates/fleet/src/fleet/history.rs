//! What happened to a device: its last changes, and the times in which it was not observed.
//!
//! A device that never changed has no record: its first sight is read from the device itself.

use mqtt::Time;

use crate::status::{Evidence, Status};

/// How many changes of one device are kept.
pub const MAX_HISTORY: usize = 64;
/// How many gaps of the link are kept.
pub(super) const MAX_GAPS: usize = 64;
/// How many gaps of one device's own are kept.
const MAX_OWN_GAPS: usize = 8;
/// Two changes there and back within this time, in milliseconds, are one flap.
const FLAP: u64 = 1_000;

/// One entry of a device's history.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// When the board learned of it.
    pub at: Time,
    /// The status before, or `None` at first sight.
    pub from: Option<Status>,
    /// The status after.
    pub to: Status,
    /// Seen live, or learned from a replay.
    pub evidence: Evidence,
    /// How the board learned of it.
    pub kind: ChangeKind,
    /// Whether it is one half of a change there and back within a second.
    pub flap: bool,
}

/// How the board learned of a change.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ChangeKind {
    /// The device was seen for the first time in this visit.
    FirstSight,
    /// It happened while the board looked.
    Live,
    /// A replay brought it although the link was never broken: the live message was lost.
    Missed,
    /// It happened while the board was not connected, or did not subscribe.
    WhileAway,
}

/// A time in which nothing could be observed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// When observation ended.
    pub from: Time,
    /// When it began again; `None` while it has not.
    pub to: Option<Time>,
}

/// What a slot of the little history bar shows.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Span {
    /// Nothing could be observed in that time.
    NotObserved,
    /// The worst status seen in that time.
    Seen(Status),
}

/// The record of a device that changed, or that went unobserved on its own.
#[derive(Default, Debug)]
pub(super) struct Record {
    pub(super) changes: Vec<Change>,
    /// Older changes were dropped.
    pub(super) is_cut: bool,
    /// The device's own gaps, beyond those of the link.
    pub(super) gaps: Vec<Gap>,
    /// When the newest dropped gap ended.
    pub(super) forgotten: Option<Time>,
    pub(super) tally: Tally,
}

impl Record {
    /// Adds a change and drops the oldest if there are too many. Returns whether it closes a flap.
    pub(super) fn push(&mut self, mut change: Change) -> bool {
        if let Some(last) = self.changes.last_mut() {
            // Contract, section 2: there and back within a second is two changes, marked as one flap.
            let both_live = last.kind == ChangeKind::Live && change.kind == ChangeKind::Live;
            let back = last.from == Some(change.to);
            if both_live && back && !last.flap && change.at.0.saturating_sub(last.at.0) <= FLAP {
                last.flap = true;
                change.flap = true;
            }
        }
        if self.changes.len() >= MAX_HISTORY {
            self.changes.remove(0);
            self.is_cut = true;
        }
        self.changes.push(change);
        change.flap
    }

    /// From now on the device is observed, or not, for another reason than the link.
    pub(super) fn observe(&mut self, is_observed: bool, now: Time) {
        let open = self.gaps.last_mut().filter(|gap| gap.to.is_none());
        match (open, is_observed) {
            (Some(gap), true) => gap.to = Some(now),
            (None, false) => self.push_gap(Gap { from: now, to: None }),
            _ => {}
        }
    }

    pub(super) fn push_gap(&mut self, gap: Gap) {
        if self.gaps.len() >= MAX_OWN_GAPS {
            self.forgotten = self.gaps.remove(0).to;
        }
        self.gaps.push(gap);
    }
}

/// The sums of the statuses that ended, in milliseconds of the device's clock.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Tally {
    /// What the clock showed when the last status ended.
    pub(super) at: u64,
    /// Online or degraded.
    pub(super) up: u64,
    /// Sleeping or unknown.
    pub(super) excluded: u64,
    /// Where the clock stands still, unless it runs or the link alone has stopped it.
    pub(super) stopped: Option<u64>,
}

impl Tally {
    /// A status ended when the clock showed this.
    pub(super) fn end(&mut self, status: Status, clock: u64) {
        let clock = clock.max(self.at);
        let held = clock - self.at;
        self.at = clock;
        match status {
            Status::Online | Status::Degraded => self.up += held,
            Status::Sleeping | Status::Unknown => self.excluded += held,
            Status::Offline => {}
        }
    }
}

/// The records, by slot.
#[derive(Default, Debug)]
pub(super) struct Histories(Vec<Option<Box<Record>>>);

impl Histories {
    pub(super) fn get(&self, number: u32) -> Option<&Record> {
        self.0.get(number as usize)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Record> {
        self.0.get_mut(number as usize)?.as_deref_mut()
    }

    /// The record of a device, begun if there is none.
    pub(super) fn of(&mut self, number: u32) -> &mut Record {
        let place = number as usize;
        if self.0.len() <= place {
            self.0.resize_with(place + 1, || None);
        }
        self.0[place].get_or_insert_default()
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<Box<Record>> {
        self.0.get_mut(number as usize)?.take()
    }
}

/// How bad a status is in a bar that shows only one: offline wins.
fn severity(span: Span) -> u8 {
    match span {
        Span::NotObserved => 0,
        Span::Seen(Status::Online) => 1,
        Span::Seen(Status::Sleeping) => 2,
        Span::Seen(Status::Unknown) => 3,
        Span::Seen(Status::Degraded) => 4,
        Span::Seen(Status::Offline) => 5,
    }
}

/// Cuts the time `from..to` into slots and finds the worst status seen in each.
///
/// `known` are the statuses with the time from which each held, in order. `gaps` are the times that do not
/// count, in order and apart from each other.
pub(super) fn spans(known: &[(Time, Status)], gaps: &[Gap], from: Time, to: Time, slots: usize) -> Vec<Span> {
    let mut bar = vec![Span::NotObserved; slots];
    let (from, to) = (from.0, to.0);
    if from >= to || slots == 0 {
        return bar;
    }
    // In milliseconds there is room for any number of slots that a bar may have.
    let slot_of = |at: u64| ((at - from).saturating_mul(slots as u64) / (to - from)) as usize;
    let mut mark = |a: u64, b: u64, status: Status| {
        let (a, b) = (a.max(from), b.min(to));
        if a > b || a >= to {
            return;
        }
        // A status that held for no time at all, as in a flap, still shows in its slot.
        for slot in &mut bar[slot_of(a)..=slot_of(b.saturating_sub(1).max(a))] {
            if severity(Span::Seen(status)) > severity(*slot) {
                *slot = Span::Seen(status);
            }
        }
    };
    for (position, &(start, status)) in known.iter().enumerate() {
        let (start, end) = (start.0, known.get(position + 1).map_or(to, |next| next.0.0));
        let mut seen = start;
        for gap in gaps {
            let (gap_from, gap_to) = (gap.from.0, gap.to.map_or(u64::MAX, |to| to.0));
            if gap_from >= end {
                break;
            }
            if gap_to <= seen {
                continue;
            }
            if seen < gap_from {
                mark(seen, gap_from, status);
            }
            seen = gap_to;
        }
        if seen < end || seen == start {
            mark(seen, end, status);
        }
    }
    bar
}
