//! The owner of one topic, and where its device's id stands.

use std::borrow::Cow;
use std::ops::Range;

use crate::conventions::registry::ConventionId;

/// The owner of a topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The convention.
    pub convention: ConventionId,
    /// Where the device's id stands.
    pub id: Id,
    /// The place of the pattern that the topic matches, in its convention.
    pub(super) pattern: u16,
    /// The bytes of the base topic, if the pattern has one; at the beginning of the topic.
    pub(super) base_len: Option<usize>,
}

/// Where the device's id stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Id {
    /// In these bytes of the topic.
    Topic(Range<usize>),
    /// In these bytes of the topic, below a base topic that is not the default one: both are the id.
    Based {
        /// The base topic.
        base: Range<usize>,
        /// The device's own part; empty when the base topic is the id.
        own: Range<usize>,
    },
    /// In the payload: many devices share the topic.
    Payload,
}

impl Owner {
    /// The device's id: from the topic, or from the payload, which said this.
    pub fn id_in<'a>(&self, topic: &'a str, said: Option<&'a str>) -> Option<Cow<'a, str>> {
        match &self.id {
            Id::Topic(range) => Some(topic[range.clone()].into()),
            Id::Based { base, own } => Some(based_id(&topic[base.clone()], &topic[own.clone()])),
            Id::Payload => said.map(Cow::Borrowed),
        }
    }

    /// The id of another device below the same base topic.
    pub fn sibling<'a>(&self, topic: &'a str, own: &'a str) -> Cow<'a, str> {
        match &self.id {
            Id::Based { base, .. } => based_id(&topic[base.clone()], own),
            Id::Topic(_) | Id::Payload => own.into(),
        }
    }

    /// The base topic, if the pattern has one.
    pub fn base<'a>(&self, topic: &'a str) -> Option<&'a str> {
        self.base_len.map(|length| &topic[..length])
    }

    /// What stands in the topic for the id, without a base topic before it.
    pub fn own_id<'a>(&self, topic: &'a str) -> &'a str {
        match &self.id {
            Id::Topic(own) | Id::Based { own, .. } => &topic[own.clone()],
            Id::Payload => "",
        }
    }
}

/// Contract, section 1: a base topic other than the default is put before the id.
fn based_id<'a>(base: &'a str, own: &'a str) -> Cow<'a, str> {
    if own.is_empty() { base.into() } else { [base, ":", own].concat().into() }
}
