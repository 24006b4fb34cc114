//! What the board must admit about its snapshot.
//!
//! Pure: the filters' states in, typed notices out. `notices` words them.

use fleet::snapshot::RejectedFilter;
use fleet::{Snapshot, SnapshotState, Subscription, SubscriptionState};
use mqtt::ReasonCode;

/// One thing to admit, and the filters it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// What happened.
    pub kind: NoticeKind,
    /// The filters.
    pub filters: Vec<NoticeFilter>,
}

/// A filter that a notice names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoticeFilter {
    /// Its position in the snapshot; a rejected one has none.
    pub position: Option<usize>,
    /// The filter.
    pub text: String,
    /// The retained messages that it brought.
    pub replays: u32,
    /// The reason code with which the broker refused it, if it did.
    pub reason: Option<ReasonCode>,
}

/// What happened to a filter.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum NoticeKind {
    /// Its retained messages ended where brokers cut.
    Cut,
    /// Nobody knows whether all of them came. It is subscribed to again.
    Unknown,
    /// Nobody knows, and it was subscribed to often enough.
    UnknownForGood,
    /// The broker refused it. It is subscribed to again.
    Refused,
    /// The broker refused it in a way that another SUBSCRIBE would not change.
    RefusedForGood,
    /// It brought too many messages that are no statuses.
    Paused,
    /// It was asked for and cannot be subscribed to.
    Rejected,
}

impl NoticeKind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [NoticeKind; 7] = [
        NoticeKind::Cut,
        NoticeKind::Unknown,
        NoticeKind::UnknownForGood,
        NoticeKind::Refused,
        NoticeKind::RefusedForGood,
        NoticeKind::Paused,
        NoticeKind::Rejected,
    ];
}

/// The notices about a snapshot, and about the filters that were left out of it. None while it is loading.
pub fn notices(snapshot: &Snapshot, rejected: &[RejectedFilter]) -> Vec<Notice> {
    if snapshot.state() == SnapshotState::Loading {
        return Vec::new();
    }
    let left_out = |rejected: &RejectedFilter| NoticeFilter {
        position: None,
        text: rejected.filter.clone(),
        replays: 0,
        reason: None,
    };
    let left_out = Notice { kind: NoticeKind::Rejected, filters: rejected.iter().map(left_out).collect() };
    NoticeKind::ALL
        .into_iter()
        .map(|kind| {
            let about = snapshot.subscriptions().iter().enumerate();
            let about = about.filter(|(_, filter)| notice_kind(filter.state()) == Some(kind));
            let named = |(position, filter): (usize, &Subscription)| NoticeFilter {
                position: Some(position),
                text: filter.as_str().to_owned(),
                replays: filter.replays(),
                reason: match filter.state() {
                    SubscriptionState::Refused { reason, .. } => Some(reason),
                    _ => None,
                },
            };
            Notice { kind, filters: about.map(named).collect() }
        })
        .chain([left_out])
        .filter(|notice| !notice.filters.is_empty())
        .collect()
}

fn notice_kind(state: SubscriptionState) -> Option<NoticeKind> {
    match state {
        SubscriptionState::Cut => Some(NoticeKind::Cut),
        SubscriptionState::Unknown { retry_at: Some(_) } => Some(NoticeKind::Unknown),
        SubscriptionState::Unknown { retry_at: None } => Some(NoticeKind::UnknownForGood),
        SubscriptionState::Refused { retry_at: Some(_), .. } => Some(NoticeKind::Refused),
        SubscriptionState::Refused { retry_at: None, .. } => Some(NoticeKind::RefusedForGood),
        SubscriptionState::Paused => Some(NoticeKind::Paused),
        SubscriptionState::Waiting
        | SubscriptionState::Loading
        | SubscriptionState::Complete
        | SubscriptionState::Off => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Profile, ScriptedBroker};
    use crate::testing;
    use mqtt::{Version, VersionChoice};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_refused_filter_has_its_reason_code() {
        let profile = Profile {
            version: VersionChoice::Only(Version::V5),
            filters: vec!["site/#".to_owned()],
            ..testing::profile()
        };
        // CONNACK, and a SUBACK for the first packet identifier with "not authorized".
        let received: [&[u8]; 2] = [&[0x20, 3, 0, 0, 0], &[0x90, 4, 0, 1, 0, 0x87]];
        let (connection, _broker) = ScriptedBroker::connected(profile, &received);
        let notices = connection.read(|active| notices(active.engine.snapshot(), &[]));
        let notices = notices.expect("it was asked to connect");
        let filters = notices.iter().flat_map(|notice| &notice.filters);
        let reasons: Vec<_> = filters.map(|filter| filter.reason).collect();
        assert_eq!(reasons, [Some(ReasonCode::NotAuthorized)]);
    }
}
