//! What the board must admit about its snapshot.
//!
//! Pure: the filters' states in, typed notes out. `ui` words them.

use fleet::snapshot::RejectedFilter;
use fleet::{FilterState, Snapshot, SnapshotState};

/// One thing to admit, and the filters it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// What happened.
    pub kind: NoteKind,
    /// The filters, each with the retained messages that it brought.
    pub filters: Vec<(String, u32)>,
}

/// What happened to a filter.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum NoteKind {
    /// Its retained messages ended where brokers cut.
    Cut,
    /// Nobody knows whether all of them came.
    Unknown,
    /// The broker refused it.
    Refused,
    /// It brought too much of no use.
    Paused,
    /// It was asked for and cannot be subscribed to.
    Rejected,
}

/// What is to be said of a snapshot and of the filters that were left out of it; nothing while it is being
/// loaded for the first time.
pub fn notes(snapshot: &Snapshot, rejected: &[RejectedFilter]) -> Vec<Note> {
    if snapshot.state() == SnapshotState::Loading {
        return Vec::new();
    }
    let left_out = rejected.iter().map(|rejected| (rejected.filter.clone(), 0)).collect();
    let left_out = Note { kind: NoteKind::Rejected, filters: left_out };
    [NoteKind::Cut, NoteKind::Unknown, NoteKind::Refused, NoteKind::Paused]
        .into_iter()
        .map(|kind| {
            let about = snapshot.filters().iter().filter(|filter| note_kind(filter.state()) == Some(kind));
            Note {
                kind,
                filters: about.map(|filter| (filter.as_str().to_owned(), filter.replays())).collect(),
            }
        })
        .chain([left_out])
        .filter(|note| !note.filters.is_empty())
        .collect()
}

/// How many filters are read, of how many that are wanted.
pub fn progress(snapshot: &Snapshot) -> (usize, usize) {
    let wanted = snapshot.filters().iter().filter(|filter| filter.is_on());
    let open = |state| matches!(state, FilterState::Waiting | FilterState::Loading);
    let done = wanted.clone().filter(|filter| !open(filter.state())).count();
    (done, wanted.count())
}

fn note_kind(state: FilterState) -> Option<NoteKind> {
    match state {
        FilterState::Cut => Some(NoteKind::Cut),
        FilterState::Unknown { .. } => Some(NoteKind::Unknown),
        FilterState::Refused { .. } => Some(NoteKind::Refused),
        FilterState::Paused => Some(NoteKind::Paused),
        FilterState::Waiting | FilterState::Loading | FilterState::Complete | FilterState::Off => None,
    }
}
