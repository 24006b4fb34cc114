//! How a payload is read: plain words, JSON documents, and metadata about devices.
//!
//! Every reader is a plain function of the payload. What is longer than the bounds is rejected before it is parsed.

use std::borrow::Cow;

use crate::status::Status;

/// The longest plain word that is read, in bytes, white space included.
pub const MAX_WORD: usize = 32;
/// The longest JSON payload that is parsed, in bytes.
pub const MAX_JSON: usize = 64 * 1024;
/// The longest metadata document that is parsed, in bytes: the device list of a large Zigbee network is larger than any
/// status.
pub const MAX_METADATA: usize = 4 * 1024 * 1024;
/// The longest id and the longest name that a payload may give a device, in bytes.
pub const MAX_NAME: usize = 256;

/// How a payload is read.
#[derive(Clone, Debug)]
pub enum Vocabulary {
    /// One of these plain words, in any case.
    Words(Words),
    /// One of these plain words, in exactly this case.
    Exact(Words),
    /// One of these plain words, in any case, or else a JSON document.
    WordsOrJson(Words, ReadJson),
    /// A JSON document that names its own device, so that many devices share the topic.
    Naming(Words, ReadNaming),
    /// No status, but what else is known of devices.
    Metadata(Metadata),
}

/// Reads the status in a JSON document, by the words of its vocabulary.
pub type ReadJson = fn(&[u8], &Words) -> Option<Status>;

/// Reads a JSON document that names its own device, by the words of its vocabulary.
pub type ReadNaming = for<'a> fn(&'a [u8], &Words) -> Option<Said<'a>>;

/// Reads metadata: calls the closure with each device that the payload is about, and returns whether it was
/// understood. The first argument is the id that stands in the topic; like the ids that it gives, without the
/// base topic.
pub type ReadMetadata = fn(&str, &[u8], &mut dyn FnMut(About<'_>)) -> bool;

/// Plain words and what they mean.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Words(Vec<(Cow<'static, str>, Status)>);

impl Words {
    /// These words. Of two that are the same the first counts.
    pub fn new<W: Into<Cow<'static, str>>>(words: impl IntoIterator<Item = (W, Status)>) -> Words {
        Words(words.into_iter().map(|(word, status)| (word.into(), status)).collect())
    }

    /// The words and what they mean, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Status)> {
        self.0.iter().map(|(word, status)| (&**word, *status))
    }

    /// The status that a plain word stands for, in any case, with white space and one trailing NUL around it.
    pub fn status(&self, payload: &[u8]) -> Option<Status> {
        let payload = word(payload)?;
        self.iter().find(|(word, _)| payload.eq_ignore_ascii_case(word.as_bytes())).map(|(_, status)| status)
    }

    /// The same in exactly this case.
    fn exact_status(&self, payload: &[u8]) -> Option<Status> {
        let payload = word(payload)?;
        self.iter().find(|(word, _)| payload == word.as_bytes()).map(|(_, status)| status)
    }

    pub(super) fn online_offline() -> Words {
        Words::new([("online", Status::Online), ("offline", Status::Offline)])
    }

    pub(super) fn true_false() -> Words {
        Words::new([("true", Status::Online), ("false", Status::Offline)])
    }
}

/// How a payload with metadata is read.
#[derive(Copy, Clone, Debug)]
pub struct Metadata {
    /// The reader.
    pub read: ReadMetadata,
    /// Whether the payload lists all devices of its base topic: one that is not in it is not listed any more.
    /// Otherwise it is about the device whose id stands in the topic, or about those that it names.
    pub is_inventory: bool,
}

/// What metadata says about one device. What it does not mention is `None`, and stays as it was.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct About<'a> {
    /// The device's id, without the base topic.
    pub id: &'a str,
    /// The name that its owner gave it; an empty one takes the name away.
    pub name: Option<&'a str>,
    /// Whether an inventory names it: then it gets a tile, unknown until it speaks.
    pub is_listed: bool,
    /// Whether its owner disabled it: then nothing that it said counts, and it is unknown.
    pub is_disabled: Option<bool>,
    /// Whether it is meant to sleep: then its `offline` is shown as sleeping.
    pub sleeps: Option<bool>,
    /// The id of the device it depends on ([`ParentBy::Metadata`](super::ParentBy::Metadata)); an empty one takes the
    /// parent away.
    pub parent: Option<&'a str>,
    /// The one topic of its status, and the words for it.
    pub status_topic: Option<StatusTopic<'a>>,
}

/// The topic that metadata names for a device's status. The reader of the metadata checks it: a valid topic, and two
/// words that differ and are no longer than [`MAX_WORD`].
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct StatusTopic<'a> {
    /// The topic.
    pub topic: &'a str,
    /// A topic filter that matches it and others of its kind: what to subscribe to when no filter matches the topic
    /// yet.
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
    /// The name that its owner gave it, when the payload has one.
    pub name: Option<Cow<'a, str>>,
}

impl Vocabulary {
    /// Reads the status in a payload; `None` when it is not in the vocabulary.
    ///
    /// Contract, section 1: white space and one trailing NUL are trimmed and, but for [`Vocabulary::Exact`], the case
    /// is ignored. Plain words above [`MAX_WORD`] and documents above [`MAX_JSON`] are rejected unread.
    pub fn read<'a>(&self, payload: &'a [u8]) -> Option<Said<'a>> {
        let plain = |status| Said { status, id: None, name: None };
        match self {
            Vocabulary::Words(words) => words.status(payload).map(plain),
            Vocabulary::Exact(words) => words.exact_status(payload).map(plain),
            Vocabulary::WordsOrJson(words, read) => {
                let json = || if payload.len() <= MAX_JSON { read(payload, words) } else { None };
                words.status(payload).or_else(json).map(plain)
            }
            Vocabulary::Naming(words, read) if payload.len() <= MAX_JSON => read(payload, words),
            Vocabulary::Naming(..) | Vocabulary::Metadata(_) => None,
        }
    }

    /// Whether the payload names the device, so that many devices share the topic.
    pub const fn names_device(&self) -> bool {
        matches!(self, Vocabulary::Naming(..))
    }
}

/// A payload without white space and one trailing NUL.
pub(super) fn trim(payload: &[u8]) -> &[u8] {
    let payload = payload.trim_ascii();
    payload.strip_suffix(b"\0").unwrap_or(payload).trim_ascii()
}

/// A payload as a plain word: trimmed, or `None` when it is too long for one.
pub(crate) fn word(payload: &[u8]) -> Option<&[u8]> {
    (payload.len() <= MAX_WORD).then(|| trim(payload))
}
