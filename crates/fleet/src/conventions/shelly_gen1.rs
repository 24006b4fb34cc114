//! Shelly, first generation: `shellies/<model>-<id>/online`.
//!
//! `shellies/announce`, which is not retained and names nothing but model, address and firmware, is not asked
//! for: no tile would look different.

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::{Convention, Level, Pattern, Vocabulary, Words};
use crate::status::Evidence;
use crate::status::Status::{Offline, Online};

pub(super) fn convention() -> Convention {
    Convention {
        slug: "shelly-gen1".into(),
        label: "Shelly Gen1".into(),
        patterns: vec![Pattern {
            levels: vec![Level::literal("shellies"), Level::Id, Level::literal("online")],
            vocabulary: Vocabulary::Words(Words::true_false()),
        }],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: false,
    }
}

pub(super) static EXAMPLES: Examples = Examples {
    source: "bieniu/ha-shellies-discovery data/shelly1.txt; not confirmed by a text of the vendor",
    vectors: &[
        shows("shellies/shelly1-328900/online", "true", "shelly1-328900", Online),
        shows("shellies/shelly1-328900/online", "false", "shelly1-328900", Offline),
        ignores("shellies/shelly1-328900/online", "1"),
        ignores("shellies/shelly1-328900/relay/0", "on"),
        ignores(
            "shellies/announce",
            r#"{"id":"shelly1-328900","mac":"84F3EB328900","ip":"10.0.0.9","new_fw":false,"fw_ver":"20190821-094851/v1.5.2@4148d2b7"}"#,
        ),
        ignores("shellies/command", "announce"),
    ],
    sequences: &[Sequence {
        what: "the will, and the return",
        steps: &[
            Step::Replay("shellies/shelly1-328900/online", "true"),
            Step::Live("shellies/shelly1-328900/online", "false"),
            Step::Live("shellies/shelly1-328900/online", "true"),
        ],
        then: &[tile("shelly-gen1", "shelly1-328900", Online, Evidence::Live).changed(2)],
    }],
};
