//! Whether one pattern matches one topic, and where the id stands in it. Nothing here allocates per topic.

use std::cmp::Reverse;
use std::ops::Range;

use super::bases::Bases;
use super::levels::{first_level, last_level};
use super::owner::{Id, Owner};
use super::reserved::{is_reserved, may_be_base};
use crate::conventions::convention::{Level, ParentBy, Pattern};
use crate::conventions::registry::{ConventionId, Precedence, Registry};

/// A pattern that may own a topic, with what matching has to know of its convention.
#[derive(Debug)]
pub(super) struct Candidate {
    convention: ConventionId,
    pattern: u16,
    precedence: (Precedence, Reverse<usize>, ConventionId),
    /// The default base topic, if the pattern begins with one.
    base: Option<Box<str>>,
    /// The other levels.
    levels: Vec<Level>,
    has_id: bool,
    names_device: bool,
    is_generic: bool,
    /// Its devices depend on the one that has the base topic as its id.
    is_below_parent: bool,
}

impl Candidate {
    /// The patterns of a convention.
    pub(super) fn all_of(registry: &Registry, convention: ConventionId) -> Vec<Candidate> {
        let is_generic = registry[convention].generic;
        let parent = registry[convention].parent.as_ref();
        let is_below_parent = parent.is_some_and(|parent| parent.by == ParentBy::Base);
        let candidate = |(pattern, place): (&Pattern, u16)| {
            let Pattern { levels, vocabulary } = pattern;
            let (base, levels) = match &levels[..] {
                [Level::Base(default), levels @ ..] => (Some(Box::from(&**default)), levels),
                levels => (None, levels),
            };
            Candidate {
                convention,
                pattern: place,
                precedence: (registry.precedence(convention), Reverse(pattern.literal_levels()), convention),
                base,
                levels: levels.to_vec(),
                has_id: levels.iter().any(Level::is_id),
                names_device: vocabulary.names_device(),
                is_generic,
                is_below_parent,
            }
        };
        registry[convention].patterns.iter().zip(0..).map(candidate).collect()
    }

    /// Of two candidates that match, the one with the smaller precedence owns the topic.
    pub(super) fn precedence(&self) -> (Precedence, Reverse<usize>, ConventionId) {
        self.precedence
    }

    /// The last level, if it is literal.
    pub(super) fn last_literal(&self) -> Option<&str> {
        match self.levels.last() {
            Some(Level::Literal(last)) => Some(last),
            _ => None,
        }
    }

    /// The owner of the topic by this pattern, if it matches.
    pub(super) fn owner(&self, topic: &str, any_depth: bool, bases: &Bases) -> Option<Owner> {
        let (id, base_len) = match &self.base {
            Some(default) => {
                let (id, base_len) = self.below_base(topic, default, any_depth, bases)?;
                (id, Some(base_len))
            }
            None => {
                let id = self.own_id(topic, any_depth && self.is_generic)?;
                (Id::Topic(id), None)
            }
        };
        if self.is_generic && is_reserved(topic) {
            return None;
        }
        let id = if self.names_device { Id::Payload } else { id };
        Some(Owner { convention: self.convention, id, pattern: self.pattern, base_len })
    }

    /// Where the id stands, and the length of the base topic, if the pattern matches below any base topic.
    fn below_base(&self, topic: &str, default: &str, any_depth: bool, bases: &Bases) -> Option<(Id, usize)> {
        let below = |base: &str| {
            let own = self.own_id(topic.strip_prefix(base)?.strip_prefix('/')?, any_depth)?;
            let start = base.len() + 1;
            Some((0..base.len(), start + own.start..start + own.end))
        };
        // A pattern without a wildcard takes its base topic as id.
        if let Some((base, own)) = below(default) {
            let base_len = base.end;
            return Some((Id::Topic(if self.has_id { own } else { base }), base_len));
        }
        if !may_be_base(first_level(topic)) {
            return None;
        }
        let (base, own) = if self.is_below_parent {
            // Only the parent shows that these are its own. One base topic may lie below another.
            let known = bases.used_by(self.convention);
            known.filter_map(below).max_by_key(|(base, _)| base.end)?
        } else if !any_depth {
            return None;
        } else if self.has_id {
            below(first_level(topic))?
        } else {
            let (place, _) = topic.rmatch_indices('/').nth(self.levels.len().checked_sub(1)?)?;
            below(&topic[..place])?
        };
        let base_len = base.end;
        Some((Id::Based { base, own }, base_len))
    }

    /// The bytes of the text that are the id, if the levels match; empty when they have none.
    fn own_id(&self, text: &str, any_depth: bool) -> Option<Range<usize>> {
        let id = match self.levels.iter().position(|level| *level == Level::IdPath) {
            Some(path) => path_range(&self.levels[..path], &self.levels[path + 1..], text, any_depth)?,
            None => level_range(&self.levels, text)?,
        };
        (self.has_id != id.is_empty()).then_some(id)
    }
}

/// The bytes between literal levels: one to three levels, unless there may be any number.
fn path_range(before: &[Level], after: &[Level], text: &str, any_depth: bool) -> Option<Range<usize>> {
    let mut path = text;
    for level in after.iter().rev() {
        path = path.strip_suffix(literal(level)?)?.strip_suffix('/')?;
    }
    let end = path.len();
    for level in before {
        path = path.strip_prefix(literal(level)?)?.strip_prefix('/')?;
    }
    let is_too_deep = path.bytes().filter(|byte| *byte == b'/').count() > 2;
    (any_depth || !is_too_deep).then(|| end - path.len()..end)
}

fn literal(level: &Level) -> Option<&str> {
    match level {
        Level::Literal(text) => Some(text),
        Level::Base(_) | Level::Id | Level::IdPath | Level::IdThen(_) => None,
    }
}

/// The bytes of the id, if the text has exactly these levels; from the right.
fn level_range(levels: &[Level], text: &str) -> Option<Range<usize>> {
    let mut rest = Some(text);
    let mut id: Option<Range<usize>> = None;
    for level in levels.iter().rev() {
        let text = rest?;
        let start = last_level(text);
        rest = start.checked_sub(1).map(|slash| &text[..slash]);
        match level {
            Level::Literal(literal) if text[start..] == **literal => {}
            Level::Literal(_) | Level::Base(_) | Level::IdPath => return None,
            Level::Id => id = Some(start..id.map_or(text.len(), |id| id.end)),
            Level::IdThen(suffix) => id = Some(start..start + text[start..].strip_suffix(&**suffix)?.len()),
        }
    }
    // A level is left over: the topic is deeper than the pattern.
    rest.is_none().then(|| id.unwrap_or(0..0))
}
