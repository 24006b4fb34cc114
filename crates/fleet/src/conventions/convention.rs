//! What a convention is: the topics that it owns, the words on them, and what can be relied on.
//!
//! Plain data that owns its texts, so that a user's rule is a convention like the built-in ones.

use std::borrow::Cow;
use std::fmt;

use super::vocabulary::Vocabulary;

/// One way in which devices announce themselves.
#[derive(Clone, Debug)]
pub struct Convention {
    /// The second part of a device's key, and the page's `data-convention` hook.
    pub slug: Cow<'static, str>,
    /// The name people know it by. A proper noun: it is not translated.
    pub label: Cow<'static, str>,
    /// The topics it owns, in order of precedence among equally literal ones.
    pub patterns: Vec<Pattern>,
    /// Whether the status is retained, so that a late subscriber receives the status of every device at once.
    pub announces: bool,
    /// Whether `offline` is a last will: then it comes late, by up to one and a half keep-alives.
    pub offline_is_will: bool,
    /// What its devices depend on, if they do.
    pub parent: Option<Parent>,
    /// Whether it owns topics by a suffix alone. Such a convention never takes a reserved topic, and owns
    /// its suffix at any depth below a filter that the user gave.
    pub generic: bool,
}

/// What the devices of a convention depend on.
#[derive(Clone, Debug)]
pub struct Parent {
    /// The convention of the parents.
    pub slug: Cow<'static, str>,
    /// How a device's parent is found.
    pub by: ParentBy,
    /// What becomes of the devices when the parent is offline. True: the standard says that they are offline
    /// with it. False: they keep their own status, and whether it still holds is unknown.
    pub follows: bool,
}

/// How a device's parent is found.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ParentBy {
    /// The parent's id is the base topic of the device's own topic.
    Base,
    /// Metadata names it ([`About::parent`](super::About::parent)).
    Metadata,
}

/// Which topics a convention owns, and which levels of them are the id.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The levels from left to right. The levels of the id stand side by side.
    pub levels: Vec<Level>,
    /// How a payload on such a topic is read.
    pub vocabulary: Vocabulary,
}

/// One level of a [`Pattern`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Level {
    /// Exactly this text.
    Literal(Cow<'static, str>),
    /// The base topic, of which this is the default. Another one is taken when a parent has it as its id
    /// ([`ParentBy::Base`]). Without such a parent it is taken below a filter that the user gave: one of one level, or
    /// of any number when the base topic is the id. It is then put before the id, with a colon. Only as the first
    /// level.
    Base(Cow<'static, str>),
    /// Any one level; part of the id.
    Id,
    /// One to three levels, or any number below a filter the user gave; the id. At most one in a pattern.
    IdPath,
    /// Any one level that ends in this text; the id is what stands before it.
    IdThen(Cow<'static, str>),
}

impl Level {
    /// A [`Level::Literal`].
    pub const fn literal(text: &'static str) -> Level {
        Level::Literal(Cow::Borrowed(text))
    }

    /// A [`Level::Base`].
    pub const fn base(default: &'static str) -> Level {
        Level::Base(Cow::Borrowed(default))
    }

    /// A [`Level::IdThen`].
    pub const fn id_then(suffix: &'static str) -> Level {
        Level::IdThen(Cow::Borrowed(suffix))
    }

    /// Whether the level is the id, or a part of it.
    pub const fn is_id(&self) -> bool {
        matches!(self, Level::Id | Level::IdPath | Level::IdThen(_))
    }
}

impl Pattern {
    /// How many levels are literal: the measure of precedence.
    pub fn literal_levels(&self) -> usize {
        self.levels.iter().filter(|level| matches!(level, Level::Literal(_) | Level::Base(_))).count()
    }

    /// Whether the topics of this pattern have this base topic by default.
    pub(crate) fn has_default_base(&self, base: &str) -> bool {
        matches!(self.levels.first(), Some(Level::Base(default)) if *default == *base)
    }

    /// Whether the levels can be matched: what the variants of [`Level`] ask for, and levels that a topic can have.
    pub(super) fn is_valid(&self) -> bool {
        let is_text = |text: &str| !text.is_empty() && !text.contains(['+', '#', '\0']);
        let is_level = |(position, level): (usize, &Level)| match level {
            Level::Literal(text) => is_text(text) && !text.contains('/'),
            Level::Base(text) => is_text(text) && position == 0 && self.levels.len() > 1,
            Level::IdThen(text) => is_text(text) && !text.contains('/'),
            Level::Id | Level::IdPath => true,
        };
        // Once the id ended, no further part of it may follow.
        let mut levels =
            self.levels.iter().skip_while(|level| !level.is_id()).skip_while(|level| level.is_id());
        let is_side_by_side = !levels.any(Level::is_id);
        let ids = self.levels.iter().filter(|level| level.is_id()).count();
        // A path and a suffix are the whole id.
        let is_whole = |level: &Level| matches!(level, Level::IdPath | Level::IdThen(_));
        let has_whole = self.levels.iter().any(is_whole);
        !self.levels.is_empty()
            && self.levels.iter().enumerate().all(is_level)
            && is_side_by_side
            && (!has_whole || ids == 1)
    }
}

/// Writes the pattern as the contract does: `+` for one level, `*` for one to three.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, level) in self.levels.iter().enumerate() {
            if position > 0 {
                f.write_str("/")?;
            }
            match level {
                Level::Literal(text) | Level::Base(text) => f.write_str(text)?,
                Level::Id => f.write_str("+")?,
                Level::IdPath => f.write_str("*")?,
                Level::IdThen(suffix) => write!(f, "<id>{suffix}")?,
            }
        }
        Ok(())
    }
}
