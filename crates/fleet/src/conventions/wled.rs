//! WLED: `wled/<last six digits of the MAC>/status`. `online` comes again with every push of its state.

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::{Convention, Level, Pattern, Vocabulary, Words};
use crate::status::Evidence;
use crate::status::Status::{Offline, Online};

pub(super) fn convention() -> Convention {
    Convention {
        slug: "wled".into(),
        label: "WLED".into(),
        patterns: vec![Pattern {
            levels: vec![Level::literal("wled"), Level::Id, Level::literal("status")],
            vocabulary: Vocabulary::Words(Words::online_offline()),
        }],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: false,
    }
}

pub(super) static EXAMPLES: Examples = Examples {
    source: "wled/WLED wled00/mqtt.cpp, wled.cpp",
    vectors: &[
        shows("wled/18b3c8/status", "offline", "18b3c8", Offline),
        shows("wled/18b3c8/status", "online", "18b3c8", Online),
        ignores("wled/18b3c8/status", "on"),
        ignores("wled/18b3c8/g", "128"),
        ignores("wled/18b3c8/v", "<?xml version=\"1.0\" ?><vs><ac>128</ac></vs>"),
    ],
    sequences: &[Sequence {
        what: "`online` with every push of the state is no change",
        steps: &[
            Step::Replay("wled/18b3c8/status", "online"),
            Step::Live("wled/18b3c8/status", "online"),
            Step::Live("wled/18b3c8/status", "online"),
        ],
        then: &[tile("wled", "18b3c8", Online, Evidence::Live)],
    }],
};
