//! Any other `…/LWT`: ESPEasy, Espurna and sketches of one's own.
//!
//! The topic already says that it is a last will, so any of the known plain words is believed.

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::{Convention, Level, Pattern, Vocabulary, Words};
use crate::status::Evidence;
use crate::status::Status::{Degraded, Offline, Online, Sleeping};

pub(super) fn convention() -> Convention {
    Convention {
        slug: "lwt".into(),
        label: "LWT".into(),
        patterns: vec![Pattern {
            levels: vec![Level::IdPath, Level::literal("LWT")],
            vocabulary: Vocabulary::Words(Words::new([
                ("online", Online),
                ("offline", Offline),
                ("connected", Online),
                ("connection lost", Offline),
                ("disconnected", Offline),
                ("lost", Offline),
                ("stopped", Offline),
                ("client-online", Online),
                ("client-offline", Offline),
                ("true", Online),
                ("false", Offline),
                ("1", Online),
                ("0", Offline),
                ("ready", Online),
                ("init", Online),
                ("sleeping", Sleeping),
                ("alert", Degraded),
            ])),
        }],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: true,
    }
}

pub(super) static EXAMPLES: Examples = Examples {
    source: "ESPEasy and Espurna sources: topic set by the user, `Connected`/`Connection Lost`, `1`/`0`",
    vectors: &[
        shows("espeasy1/LWT", "Connected", "espeasy1", Online),
        shows("espeasy1/LWT", "Connection Lost", "espeasy1", Offline),
        shows("attic/espurna/LWT", "1", "attic/espurna", Online),
        shows("attic/espurna/LWT", "0", "attic/espurna", Offline),
        ignores("attic/espurna/LWT", "2"),
        ignores("LWT", "online"),
        ignores("hasp/plate/LWT", "online"),
    ],
    sequences: &[Sequence {
        what: "the topic is cleared: the tile is removed",
        steps: &[
            Step::Replay("espeasy1/LWT", "Connection Lost"),
            Step::Replay("attic/espurna/LWT", "1"),
            Step::Live("espeasy1/LWT", ""),
        ],
        then: &[tile("lwt", "attic/espurna", Online, Evidence::Retained)],
    }],
};
