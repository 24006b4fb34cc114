//! What one topic and one payload say about one device.
//!
//! [`Owners`] finds the convention that owns a topic, [`Vocabulary::read`] reads a payload by
//! that convention's words. Nothing here remembers a message: the transitions live in [`crate::fleet`].
//! A convention is one file: its [`Convention`] and its [`examples::Examples`], both listed by one line below.

mod esphome;
pub mod examples;
mod homie;
mod homie5;
mod json;
mod lwt;
mod openmqttgateway;
mod owners;
mod shelly;
mod shelly_gen1;
mod taichi_maker;
mod tasmota;
mod wled;
mod zigbee2mqtt;
mod zigbee2mqtt_bridge;

use std::borrow::Cow;
use std::fmt;

use examples::Examples;

pub(crate) use owners::breadth;
pub use owners::{Id, MOST_BASES, Named, Owner, Owners, RESERVED_ROOTS, RESERVED_TOPICS, default_filters};

macro_rules! conventions {
    ($($file:ident),+ $(,)?) => {
        /// Every convention the board knows, in the order of the contract's table: of two patterns with equally
        /// many literal levels the earlier one owns the topic.
        pub static CONVENTIONS: &[&Convention] = &[$(&$file::CONVENTION),+];
        /// The examples of each, in the same order. The page never names them, so the linker leaves them out
        /// of it.
        pub static EXAMPLES: &[(&Convention, &Examples)] = &[$((&$file::CONVENTION, &$file::EXAMPLES)),+];
    };
}

conventions! {
    taichi_maker,
    tasmota,
    openmqttgateway,
    wled,
    shelly_gen1,
    shelly,
    zigbee2mqtt_bridge,
    zigbee2mqtt,
    homie,
    homie5,
    esphome,
    lwt,
}

/// The longest plain word that is read at all, in bytes, white space included.
pub const LONGEST_WORD: usize = 32;
/// The longest JSON payload that is parsed at all, in bytes.
pub const LONGEST_JSON: usize = 64 * 1024;
/// The longest metadata document that is parsed at all, in bytes: the device list of a large Zigbee network
/// is larger than any status.
pub const LONGEST_METADATA: usize = 4 * 1024 * 1024;
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
    /// What its devices hang on, if they do.
    pub parent: Option<Parent>,
    /// Whether it owns topics by a suffix alone. Such a convention never takes a reserved topic, and owns
    /// its suffix at any depth below a filter that the user gave.
    pub generic: bool,
}

/// What the devices of a convention hang on.
#[derive(Debug)]
pub struct Parent {
    /// The convention of the parents.
    pub slug: &'static str,
    /// How a device's parent is found.
    pub by: ParentBy,
    /// What becomes of the devices when the parent is offline. Set, the standard says that they are offline
    /// with it; not set, they keep their own status, and nobody knows whether it still holds.
    pub follows: bool,
}

/// How a device's parent is found.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ParentBy {
    /// The parent's id is the base topic of the device's own topic.
    Base,
    /// Metadata names it ([`About::parent`]).
    Metadata,
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
    /// The base topic, of which this is the default. Another one is taken when a parent has it as its id
    /// ([`ParentBy::Base`]). Without such a parent it is taken below a filter that the user gave: one of one level, or
    /// of any number when the base topic is the id. It is then put before the id, with a colon. Only as the first
    /// level.
    Base(&'static str),
    /// Any one level; part of the id.
    Id,
    /// One to three levels, or any number below a filter the user gave; the id. At most one in a pattern.
    IdPath,
    /// Any one level that ends in this text; the id is what stands before it.
    IdThen(&'static str),
}

impl Pattern {
    /// How many levels are literal: the measure of precedence.
    pub fn literal_levels(&self) -> usize {
        self.levels.iter().filter(|level| matches!(level, Level::Literal(_) | Level::Base(_))).count()
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

/// Plain words and what they say.
pub type Words = &'static [(&'static str, Status)];

const ONLINE_OFFLINE: Words = &[("online", Status::Online), ("offline", Status::Offline)];
const TRUE_FALSE: Words = &[("true", Status::Online), ("false", Status::Offline)];

/// How a payload is read.
#[derive(Copy, Clone, Debug)]
pub enum Vocabulary {
    /// One of these plain words, in any case.
    Words(Words),
    /// One of these plain words, in exactly this case.
    Exact(Words),
    /// One of these plain words, in any case, or else a JSON document.
    WordsOrJson(Words, fn(&[u8]) -> Option<Status>),
    /// A JSON document that names its own device, so that many devices share the topic.
    Naming(fn(&[u8]) -> Option<Said<'_>>),
    /// No status, but what else is known of devices.
    Metadata(Metadata),
}

/// Reads metadata: calls the closure with each device that the payload is about, and returns whether it was
/// understood. The first argument is the id that stands in the topic; like the ids that it gives, without the
/// base topic.
pub type ReadMetadata = fn(&str, &[u8], &mut dyn FnMut(About<'_>)) -> bool;

/// How a payload with metadata is read.
#[derive(Copy, Clone, Debug)]
pub struct Metadata {
    /// The reader.
    pub read: ReadMetadata,
    /// Whether the payload lists all devices of its base topic: one that is not in it is not listed any more.
    /// Otherwise it is about the device whose id stands in the topic, or about those that it names.
    pub is_inventory: bool,
}

/// What metadata says about one device. What it is silent about is `None`, and stays as it was.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct About<'a> {
    /// The device's id, without the base topic.
    pub id: &'a str,
    /// The name its people gave it; an empty one takes the name away.
    pub name: Option<&'a str>,
    /// An inventory names it: it gets a tile, unknown until it speaks.
    pub is_listed: bool,
    /// Whether its people switched it off: nothing that it said counts, it is unknown.
    pub is_disabled: Option<bool>,
    /// Whether it is meant to sleep: then its `offline` means that it does.
    pub sleeps: Option<bool>,
    /// The id of the device it hangs on ([`ParentBy::Metadata`]); an empty one takes the parent away.
    pub parent: Option<&'a str>,
    /// The one topic on which it tells its status, and the words for it.
    pub status_topic: Option<StatusTopic<'a>>,
}

/// The topic that metadata names for a device's status. Whoever reads it checks it: a sound topic, and two words that
/// differ and are no longer than [`LONGEST_WORD`].
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct StatusTopic<'a> {
    /// The topic.
    pub topic: &'a str,
    /// A topic filter that brings it and those of its kind: what to subscribe to when no filter brings the
    /// topic yet.
    pub filter: &'a str,
    /// The word that means online, without white space around it.
    pub online: &'a str,
    /// The word that means offline, without white space around it.
    pub offline: &'a str,
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
    /// Reads the status in a payload; `None` when it is not in the vocabulary.
    ///
    /// Contract, section 1: white space and one trailing NUL are trimmed and, but for [`Vocabulary::Exact`], the case is ignored. Plain
    /// words above [`LONGEST_WORD`] and documents above [`LONGEST_JSON`] are rejected unread.
    pub fn read<'a>(&self, payload: &'a [u8]) -> Option<Said<'a>> {
        let plain = |status| Said { status, id: None, name: None };
        match self {
            Vocabulary::Words(words) => word_status(words, payload).map(plain),
            Vocabulary::Exact(words) => {
                let word = word(payload)?;
                let known = words.iter().find(|(known, _)| known.as_bytes() == word);
                known.map(|(_, status)| plain(*status))
            }
            Vocabulary::WordsOrJson(words, read) => {
                let json = || if payload.len() <= LONGEST_JSON { read(payload) } else { None };
                word_status(words, payload).or_else(json).map(plain)
            }
            Vocabulary::Naming(read) if payload.len() <= LONGEST_JSON => read(payload),
            Vocabulary::Naming(_) | Vocabulary::Metadata(_) => None,
        }
    }

    /// Whether the payload names the device, so that many devices share the topic.
    pub const fn names_device(&self) -> bool {
        matches!(self, Vocabulary::Naming(_))
    }
}

/// A payload without white space and one trailing NUL.
fn trim(payload: &[u8]) -> &[u8] {
    let payload = payload.trim_ascii();
    payload.strip_suffix(b"\0").unwrap_or(payload).trim_ascii()
}

/// A payload as a plain word: trimmed, or `None` when it is too long for one.
fn word(payload: &[u8]) -> Option<&[u8]> {
    (payload.len() <= LONGEST_WORD).then(|| trim(payload))
}

/// The status a plain word stands for, in any case.
fn word_status(words: &[(&'static str, Status)], payload: &[u8]) -> Option<Status> {
    let payload = word(payload)?;
    words.iter().find(|(word, _)| payload.eq_ignore_ascii_case(word.as_bytes())).map(|(_, status)| *status)
}
