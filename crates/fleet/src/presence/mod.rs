//! What one topic and one payload say about one device.
//!
//! [`Owners`] finds the convention that owns a topic, [`Vocabulary::read`] reads a payload by
//! that convention's words. Nothing here remembers a message: the transitions live in [`crate::fleet`].
//! A convention is one [`Convention`] entry in one file, listed once in [`CONVENTIONS`].

mod esphome;
mod lwt;
mod openmqttgateway;
mod owners;
mod taichi_maker;
mod tasmota;
mod wled;

use std::borrow::Cow;
use std::fmt;

pub(crate) use owners::breadth;
pub use owners::{Id, Owner, Owners, default_filters};

/// Every convention the board knows, in the order of the contract's table: of two patterns with equally
/// many literal levels the earlier one owns the topic.
pub static CONVENTIONS: &[&Convention] = &[
    &taichi_maker::CONVENTION,
    &tasmota::CONVENTION,
    &openmqttgateway::CONVENTION,
    &wled::CONVENTION,
    &esphome::CONVENTION,
    &lwt::CONVENTION,
];

/// The longest plain word that is read at all, in bytes, white space included.
pub const LONGEST_WORD: usize = 32;
/// The longest JSON payload that is parsed at all, in bytes.
pub const LONGEST_JSON: usize = 64 * 1024;
/// The longest id and the longest name that a payload may give a device, in bytes.
pub const LONGEST_NAME: usize = 256;

/// What a device says about itself.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Status {
    /// Connected, by its own word.
    Online,
    /// Not connected, by its own word or its last will.
    Offline,
    /// Not connected, and meant not to be until it wakes up.
    Sleeping,
    /// Connected, but not fully working.
    Degraded,
    /// Known by name, but nothing was said about its status.
    Unknown,
}

impl Status {
    /// Every status, in the order of its number.
    pub const ALL: [Status; 5] =
        [Status::Online, Status::Offline, Status::Sleeping, Status::Degraded, Status::Unknown];

    /// The word of the page's `data-status` hook.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Online => "online",
            Status::Offline => "offline",
            Status::Sleeping => "sleeping",
            Status::Degraded => "degraded",
            Status::Unknown => "unknown",
        }
    }
}

/// One way devices announce themselves: which topics, which words, and what can be relied on.
#[derive(Debug)]
pub struct Convention {
    /// The second part of a device's key, and the page's `data-convention` hook.
    pub slug: &'static str,
    /// The name people know it by. A proper noun: it is not translated.
    pub label: &'static str,
    /// The topics it owns, in order of precedence among equally literal ones.
    pub patterns: &'static [Pattern],
    /// Whether the status is retained, so that a late subscriber hears of every device at once.
    pub announces: bool,
    /// Whether `offline` is a last will: then it comes late, by up to one and a half keep-alives.
    pub offline_is_will: bool,
    /// Whether it owns topics by a suffix alone. Such a convention never takes a reserved topic, and owns
    /// its suffix at any depth below a filter that the user gave.
    pub generic: bool,
    /// Where the rule was read.
    pub source: &'static str,
    /// Example messages and what they must mean; the tests run every one of them.
    pub vectors: &'static [Vector],
}

/// Which topics a convention owns, and which levels of them are the id.
#[derive(Debug)]
pub struct Pattern {
    /// The levels from left to right. The levels of the id stand side by side.
    pub levels: &'static [Level],
    /// How a payload on such a topic is read.
    pub vocabulary: Vocabulary,
}

/// One level of a [`Pattern`].
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Level {
    /// Exactly this text.
    Literal(&'static str),
    /// Any one level; part of the id.
    Id,
    /// One to three levels, or any number below a filter the user gave; the id. Only as the first level.
    IdPath,
    /// Any one level that ends in this text; the id is what stands before it.
    IdThen(&'static str),
}

impl Pattern {
    /// How many levels are literal: the measure of precedence.
    pub fn literal_levels(&self) -> usize {
        self.levels.iter().filter(|level| matches!(level, Level::Literal(_))).count()
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
                Level::Literal(text) => f.write_str(text)?,
                Level::Id => f.write_str("+")?,
                Level::IdPath => f.write_str("*")?,
                Level::IdThen(suffix) => write!(f, "<id>{suffix}")?,
            }
        }
        Ok(())
    }
}

/// How a payload is read.
#[derive(Copy, Clone, Debug)]
pub enum Vocabulary {
    /// One of these plain words, in any case.
    Words(&'static [(&'static str, Status)]),
    /// A JSON document that names its own device.
    Json(fn(&[u8]) -> Option<Said<'_>>),
}

/// What a payload said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said<'a> {
    /// The status.
    pub status: Status,
    /// The device's id, when the payload names it and not the topic.
    pub id: Option<Cow<'a, str>>,
    /// The name its people gave it, when the payload has one.
    pub name: Option<Cow<'a, str>>,
}

impl Vocabulary {
    /// Reads a payload; `None` when it is not in the vocabulary.
    ///
    /// Contract, section 1: white space and one trailing NUL are trimmed and the case is ignored. Plain
    /// words above [`LONGEST_WORD`] and documents above [`LONGEST_JSON`] are rejected unread.
    pub fn read<'a>(&self, payload: &'a [u8]) -> Option<Said<'a>> {
        match self {
            Vocabulary::Words(words) => {
                Some(Said { status: word_status(words, payload)?, id: None, name: None })
            }
            Vocabulary::Json(read) if payload.len() <= LONGEST_JSON => read(payload),
            Vocabulary::Json(_) => None,
        }
    }

    /// Whether the payload names the device, so that many devices share the topic.
    pub const fn names_device(&self) -> bool {
        matches!(self, Vocabulary::Json(_))
    }
}

/// The status a plain word stands for.
fn word_status(words: &[(&'static str, Status)], payload: &[u8]) -> Option<Status> {
    if payload.len() > LONGEST_WORD {
        return None;
    }
    let payload = payload.trim_ascii();
    let payload = payload.strip_suffix(b"\0").unwrap_or(payload).trim_ascii();
    words.iter().find(|(word, _)| payload.eq_ignore_ascii_case(word.as_bytes())).map(|(_, status)| *status)
}

/// An example message, and what it must mean.
#[derive(Debug)]
pub struct Vector {
    /// The topic it came on.
    pub topic: &'static str,
    /// Its payload.
    pub payload: &'static str,
    /// The device and its status, or `None` when no tile may appear.
    pub means: Option<(&'static str, Status)>,
}
