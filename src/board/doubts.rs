//! What the board must admit about its snapshot.
//!
//! Pure: the filters' states in, typed notes out. `ui` words them.

use fleet::snapshot::RejectedFilter;
use fleet::{Engine, Filter, FilterState, Snapshot, SnapshotState};
use mqtt::ReasonCode;

/// One thing to admit, and the filters it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// What happened.
    pub kind: NoteKind,
    /// The filters.
    pub filters: Vec<Noted>,
}

/// A filter of a note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noted {
    /// Where it stands in the snapshot; a rejected one stands nowhere.
    pub position: Option<usize>,
    /// The filter.
    pub text: String,
    /// The retained messages that it brought.
    pub replays: u32,
    /// The code with which the broker refused it, if it did.
    pub reason: Option<ReasonCode>,
}

/// What happened to a filter.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum NoteKind {
    /// Its retained messages ended where brokers cut.
    Cut,
    /// Nobody knows whether all of them came; it is asked again.
    Unknown,
    /// Nobody knows, and it was asked often enough.
    UnknownForGood,
    /// The broker refused it, and is asked again.
    Refused,
    /// The broker refused it in a way that asking again would not change.
    RefusedForGood,
    /// It brought too much of no use.
    Paused,
    /// It was asked for and cannot be subscribed to.
    Rejected,
}

const ABOUT_FILTERS: [NoteKind; 6] = [
    NoteKind::Cut,
    NoteKind::Unknown,
    NoteKind::UnknownForGood,
    NoteKind::Refused,
    NoteKind::RefusedForGood,
    NoteKind::Paused,
];

/// What is to be said of a snapshot and of the filters that were left out of it; nothing while it is being
/// loaded for the first time.
pub fn notes(snapshot: &Snapshot, rejected: &[RejectedFilter]) -> Vec<Note> {
    if snapshot.state() == SnapshotState::Loading {
        return Vec::new();
    }
    let left_out = |rejected: &RejectedFilter| Noted {
        position: None,
        text: rejected.filter.clone(),
        replays: 0,
        reason: None,
    };
    let left_out = Note { kind: NoteKind::Rejected, filters: rejected.iter().map(left_out).collect() };
    ABOUT_FILTERS
        .into_iter()
        .map(|kind| {
            let about = snapshot.filters().iter().enumerate();
            let about = about.filter(|(_, filter)| note_kind(filter.state()) == Some(kind));
            let noted = |(position, filter): (usize, &Filter)| Noted {
                position: Some(position),
                text: filter.as_str().to_owned(),
                replays: filter.replays(),
                reason: match filter.state() {
                    FilterState::Refused { reason, .. } => Some(reason),
                    _ => None,
                },
            };
            Note { kind, filters: about.map(noted).collect() }
        })
        .chain([left_out])
        .filter(|note| !note.filters.is_empty())
        .collect()
}

/// Whether something is not watched that was to be watched: then nobody may say "all".
pub fn is_limited(engine: &Engine) -> bool {
    let is_left_out = |filter: &Filter| {
        matches!(filter.state(), FilterState::Paused | FilterState::Off | FilterState::Refused { .. })
    };
    let refused = engine.fleet().refused();
    refused.devices + refused.topics + refused.metadata > 0
        || !engine.rejected_filters().is_empty()
        || engine.snapshot().filters().iter().any(is_left_out)
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
        FilterState::Unknown { retry_at: Some(_) } => Some(NoteKind::Unknown),
        FilterState::Unknown { retry_at: None } => Some(NoteKind::UnknownForGood),
        FilterState::Refused { retry_at: Some(_), .. } => Some(NoteKind::Refused),
        FilterState::Refused { retry_at: None, .. } => Some(NoteKind::RefusedForGood),
        FilterState::Paused => Some(NoteKind::Paused),
        FilterState::Waiting | FilterState::Loading | FilterState::Complete | FilterState::Off => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::link::{KEEP_ALIVE, Link, Profile};
    use mqtt::{Version, VersionChoice};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_refused_filter_is_told_with_its_code() {
        let profile = Profile {
            address: Address::parse("ws://127.0.0.1:9/mqtt").expect("a test's address is valid"),
            user: None,
            password: None,
            keep_alive: KEEP_ALIVE,
            version: VersionChoice::Only(Version::V5),
            filters: vec!["site/#".to_owned()],
            client_id: None,
        };
        // CONNACK, and a SUBACK for the first packet id with "not authorized".
        let link = Link::scripted(profile, &[&[0x20, 3, 0, 0, 0], &[0x90, 4, 0, 1, 0, 0x87]]);
        let told = link.with(|call| notes(call.engine.snapshot(), &[])).expect("it was asked to connect");
        let reasons: Vec<_> = told.iter().flat_map(|note| &note.filters).map(|noted| noted.reason).collect();
        assert_eq!(reasons, [Some(ReasonCode::NotAuthorized)]);
    }
}
