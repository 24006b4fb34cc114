//! Example messages of every convention, and the source of its rule.
//!
//! The tests run all of them, and `docs/presence.md` shows them. A [`Vector`] is one message to an empty board; a
//! [`Sequence`] is a story, and can be played to a [`crate::Fleet`] as well as to a page with a broker.

use crate::status::{Evidence, Status};

/// What shows that a convention is read correctly.
#[derive(Debug)]
pub struct Examples {
    /// The source of the rule: the project and the files in it.
    pub source: &'static str,
    /// Single messages.
    pub vectors: &'static [Vector],
    /// Several messages, where the order matters.
    pub sequences: &'static [Sequence],
}

/// One message to an empty board, and what it must mean.
#[derive(Debug)]
pub struct Vector {
    /// The topic it came on.
    pub topic: &'static str,
    /// Its payload.
    pub payload: &'static str,
    /// The id and the status of the tile, or `None` when no tile may appear.
    pub means: Option<(&'static str, Status)>,
}

/// Messages in an order, and the tiles that stand there afterwards.
#[derive(Debug)]
pub struct Sequence {
    /// What happens, in a few words.
    pub what: &'static str,
    /// What happens, one after the other. The board is connected when it begins.
    pub steps: &'static [Step],
    /// All the tiles that there are in the end.
    pub then: &'static [Tile],
}

/// One step of a [`Sequence`].
#[derive(Copy, Clone, Debug)]
pub enum Step {
    /// The broker replays a retained message: topic and payload.
    Replay(&'static str, &'static str),
    /// A message comes while the board listens: topic and payload.
    Live(&'static str, &'static str),
    /// The board's own link ends.
    LinkEnds,
    /// The board is connected again and asks for everything that is retained.
    LinkReturns,
    /// Everything that is retained was seen.
    SnapshotEnds,
}

/// A tile as it must look.
#[derive(Debug)]
pub struct Tile {
    /// The slug of its convention.
    pub slug: &'static str,
    /// Its id.
    pub id: &'static str,
    /// Its status.
    pub status: Status,
    /// How good the knowledge of the status is.
    pub evidence: Evidence,
    /// Its name, if it has another than its id.
    pub name: Option<&'static str>,
    /// Whether its parent is offline.
    pub is_parent_offline: bool,
    /// How often its status changed since it was first seen.
    pub changes: u32,
}

pub(super) const fn tile(slug: &'static str, id: &'static str, status: Status, evidence: Evidence) -> Tile {
    Tile { slug, id, status, evidence, name: None, is_parent_offline: false, changes: 0 }
}

impl Tile {
    pub(super) const fn named(self, name: &'static str) -> Tile {
        Tile { name: Some(name), ..self }
    }

    pub(super) const fn below_an_offline_parent(self) -> Tile {
        Tile { is_parent_offline: true, ..self }
    }

    pub(super) const fn changed(self, changes: u32) -> Tile {
        Tile { changes, ..self }
    }
}

/// A message that makes a tile.
pub(super) const fn shows(
    topic: &'static str,
    payload: &'static str,
    id: &'static str,
    status: Status,
) -> Vector {
    Vector { topic, payload, means: Some((id, status)) }
}

/// A message that makes none.
pub(super) const fn ignores(topic: &'static str, payload: &'static str) -> Vector {
    Vector { topic, payload, means: None }
}
