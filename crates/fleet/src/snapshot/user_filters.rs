//! The topic filters that a user gave: which of them can be subscribed to, and why the others cannot.
//!
//! Holds no text for a user: the page words each [`Rejection`].

use mqtt::{TopicFilter, Violation};

use super::MAX_SUBSCRIPTIONS;

/// A filter of the user's that was rejected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RejectedFilter {
    /// The filter as given.
    pub filter: String,
    /// Why.
    pub reason: Rejection,
}

/// Why a filter of the user's was rejected.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Rejection {
    /// It is not a topic filter.
    Invalid(Violation),
    /// A shared subscription brings each subscriber only a part of the messages, and no retained ones.
    Shared,
    /// It was given twice.
    Repeated,
    /// There are more than [`MAX_SUBSCRIPTIONS`].
    TooMany,
}

/// Separates the filters that can be subscribed to from the others.
pub(super) fn check(given: Vec<String>) -> (Vec<String>, Vec<RejectedFilter>) {
    let (mut accepted, mut rejected) = (Vec::<String>::new(), Vec::new());
    for filter in given {
        let reason = match TopicFilter::new(&filter) {
            Err(violation) => Some(Rejection::Invalid(violation)),
            Ok(checked) if checked.share().is_some() => Some(Rejection::Shared),
            Ok(_) if accepted.contains(&filter) => Some(Rejection::Repeated),
            Ok(_) if accepted.len() >= MAX_SUBSCRIPTIONS => Some(Rejection::TooMany),
            Ok(_) => None,
        };
        match reason {
            Some(reason) => rejected.push(RejectedFilter { filter, reason }),
            None => accepted.push(filter),
        }
    }
    (accepted, rejected)
}
