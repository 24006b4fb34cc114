//! Shelly, second generation and later: `true` and `false` on `<topic prefix>/online`; the prefix may have several
//! levels.
//!
//! The suffix is in general use: a UPS that says `ON` means its mains.

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::{Convention, Level, Pattern, Vocabulary, Words};
use crate::status::Evidence;
use crate::status::Status::{Offline, Online};

pub(super) fn convention() -> Convention {
    Convention {
        slug: "shelly".into(),
        label: "Shelly".into(),
        patterns: vec![Pattern {
            levels: vec![Level::IdPath, Level::literal("online")],
            vocabulary: Vocabulary::Words(Words::true_false()),
        }],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: true,
    }
}

pub(super) static EXAMPLES: Examples = Examples {
    source: "shelly-api-docs.shelly.cloud gen2/ComponentsAndServices/Mqtt, as cited by others; the words were not \
             read in a text of the vendor",
    vectors: &[
        shows("shellyplus1-a8032ab1c0de/online", "true", "shellyplus1-a8032ab1c0de", Online),
        shows("house/attic/shellyht/online", "false", "house/attic/shellyht", Offline),
        ignores("ups/online", "ON"),
        ignores("shellyplus1-a8032ab1c0de/status/switch:0", r#"{"id":0,"output":true}"#),
        ignores("shellyplus1-a8032ab1c0de/events/rpc", r#"{"method":"NotifyStatus"}"#),
        ignores("online", "true"),
        ignores("zwave/nodeID_7/online", "true"),
        ignores("homie/super-car/engine/online", "true"),
    ],
    sequences: &[Sequence {
        what: "a message after the prefix was changed is another device's",
        steps: &[
            Step::Live("shellyplus1-a8032ab1c0de/online", "true"),
            Step::Live("shellyplus1-a8032ab1c0de/online", "false"),
            Step::Live("attic/plug/online", "true"),
        ],
        then: &[
            tile("shelly", "shellyplus1-a8032ab1c0de", Offline, Evidence::Live).changed(1),
            tile("shelly", "attic/plug", Online, Evidence::Live),
        ],
    }],
};
