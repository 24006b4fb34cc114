//! The devices in groups: by convention, by the first levels of their topic, or by their parent.
//!
//! Every device is in exactly one group of a grouping. Nothing is kept: groups are read off the slots in the
//! order in which they lie, and the rows are dealt out to them as [`Fleet::rows`] gives them.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::slot::{ALIVE, Slot};
use super::{Counts, Fleet, Handle, Query, order};
use crate::conventions::ConventionId;

/// What makes devices a group.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Grouping {
    /// The same convention.
    Convention,
    /// The same first levels of the topic, this many; never the last level, which every topic has of its own.
    Topic {
        /// How many levels, from 1.
        levels: u8,
    },
    /// The same parent. The parent is in the group as well.
    Parent,
}

/// Which group: stays the same while the devices come and go.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GroupKey {
    /// What its devices have in common.
    pub by: Grouping,
    /// The slug of the convention, or of the parent's.
    pub convention: Option<Cow<'static, str>>,
    /// The levels of the topic, or the parent's id. Empty where a topic has but one level, and for devices
    /// without a parent.
    pub text: String,
}

/// The devices of one group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Which group.
    pub key: GroupKey,
    /// The convention's label, the levels of the topic, or the parent's name. Empty as `key.text` may be.
    pub name: String,
    /// How many devices it has of each kind, whatever is asked for.
    pub counts: Counts,
    /// Those of them that answer the query, in its order. By trouble, those that need attention come first.
    pub rows: Vec<Handle>,
}

/// What the devices of a group have in common: a convention, a text, or both.
type Common<'a> = (Option<ConventionId>, &'a str);

impl Fleet {
    /// All groups by name, the nameless one last, with those of their devices that answer a query.
    pub fn groups(&self, query: &Query, by: Grouping) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut numbers: HashMap<Common<'_>, u32, _> = HashMap::with_hasher(self.seeded.clone());
        // In the order of the slots, which is that of the memory.
        let mut group_of = vec![u32::MAX; self.slot_count as usize];
        for number in 0..self.slot_count {
            let slot = self.slot(number);
            if !slot.is(ALIVE) {
                continue;
            }
            let key = self.common(number, slot, by);
            let group = *numbers.entry(key).or_insert_with(|| {
                groups.push(self.empty_group(key, by));
                groups.len() as u32 - 1
            });
            group_of[number as usize] = group;
            let counts = &mut groups[group as usize].counts;
            counts.total += 1;
            *counts.status_mut(slot.shown()) += 1;
            *counts.evidence_mut(self.evidence(slot)) += 1;
        }
        let rows = self.rows(query);
        for handle in rows.attention.into_iter().chain(rows.well) {
            groups[group_of[handle.slot as usize] as usize].rows.push(handle);
        }
        groups.sort_unstable_by(|a, b| {
            let nameless = a.name.is_empty().cmp(&b.name.is_empty());
            let names = nameless.then_with(|| order::natural(&a.name, &b.name));
            names
                .then_with(|| a.key.text.cmp(&b.key.text))
                .then_with(|| a.key.convention.cmp(&b.key.convention))
        });
        groups
    }

    pub(super) fn is_in_group(&self, number: u32, slot: &Slot, group: &GroupKey) -> bool {
        let (convention, text) = self.common(number, slot, group.by);
        *text == group.text
            && convention.map(|convention| &*self.conventions()[convention].slug)
                == group.convention.as_deref()
    }

    /// What a device has in common with its group.
    fn common(&self, number: u32, slot: &Slot, by: Grouping) -> Common<'_> {
        match by {
            Grouping::Convention => (Some(slot.convention), ""),
            Grouping::Topic { levels } => {
                let topic = self.topic(slot);
                let slashes = topic.bytes().enumerate().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
                (None, &topic[..slashes.take(levels.into()).last().unwrap_or(0)])
            }
            Grouping::Parent => match self.families.parent(number) {
                Some((parent, _)) => (Some(parent.convention), parent.id),
                None if self.families.is_parent(number) => (Some(slot.convention), self.id(slot)),
                None => (None, ""),
            },
        }
    }

    fn empty_group(&self, (convention, text): Common<'_>, by: Grouping) -> Group {
        let known = convention.map(|convention| &self.conventions()[convention]);
        let name = match (by, convention) {
            (Grouping::Convention, _) => known.map_or("", |convention| &convention.label),
            (Grouping::Parent, Some(convention)) => {
                // A parent that was never heard of has no name but its id.
                self.position(convention, text).map_or(text, |parent| self.display_name(parent))
            }
            (Grouping::Parent | Grouping::Topic { .. }, _) => text,
        };
        let slug = known.map(|convention| convention.slug.clone());
        let key = GroupKey { by, convention: slug, text: text.to_owned() };
        Group { key, name: name.to_owned(), counts: Counts::default(), rows: Vec::new() }
    }
}
