//! ESPHome: `online` and `offline` on `<topic prefix>/status`; the prefix may have several levels.
//!
//! The suffix is in general use: anything but the two words is another system's message and means nothing.

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::{Convention, Level, Pattern, Vocabulary, Words};
use crate::status::Evidence;
use crate::status::Status::{Offline, Online};

pub(super) fn convention() -> Convention {
    Convention {
        slug: "esphome".into(),
        label: "ESPHome".into(),
        patterns: vec![Pattern {
            levels: vec![Level::IdPath, Level::literal("status")],
            vocabulary: Vocabulary::Words(Words::online_offline()),
        }],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: true,
    }
}

pub(super) static EXAMPLES: Examples = Examples {
    source: "esphome/esphome esphome/components/mqtt/__init__.py, mqtt_client.cpp; esphome-docs components/mqtt",
    vectors: &[
        shows("livingroom/status", "online", "livingroom", Online),
        shows("livingroom/status", " online\n", "livingroom", Online),
        shows("garage/cam/status", "offline", "garage/cam", Offline),
        shows("a/b/c/status", "online", "a/b/c", Online),
        ignores("a/b/c/d/status", "online"),
        ignores("livingroom/status", r#"{"temp":21}"#),
        ignores("status", "online"),
        ignores("homeassistant/status", "online"),
        ignores("evcc/status", "offline"),
        ignores("ring/home/alarm/status", "online"),
    ],
    sequences: &[
        Sequence {
            what: "online, offline, online at once: shown as it comes",
            steps: &[
                Step::Replay("x/status", "online"),
                Step::Live("x/status", "offline"),
                Step::Live("x/status", "online"),
            ],
            then: &[tile("esphome", "x", Online, Evidence::Live).changed(2)],
        },
        Sequence {
            what: "a will that is not retained, after the board connected again: the old `online` is believed as what it is",
            steps: &[
                Step::Replay("x/status", "online"),
                Step::Live("x/status", "offline"),
                Step::LinkEnds,
                Step::LinkReturns,
                Step::Replay("x/status", "online"),
            ],
            then: &[tile("esphome", "x", Online, Evidence::Retained).changed(2)],
        },
        Sequence {
            what: "the same, without a break of the link: the replay is no news",
            steps: &[
                Step::Replay("x/status", "online"),
                Step::Live("x/status", "offline"),
                Step::Replay("x/status", "online"),
            ],
            then: &[tile("esphome", "x", Offline, Evidence::Live).changed(1)],
        },
        Sequence {
            what: "two filters bring the same retained message",
            steps: &[Step::Replay("x/status", "online"), Step::Replay("x/status", "online")],
            then: &[tile("esphome", "x", Online, Evidence::Retained)],
        },
        Sequence {
            what: "the link ends: the last word stays, and is stale",
            steps: &[Step::Live("x/status", "online"), Step::LinkEnds],
            then: &[tile("esphome", "x", Online, Evidence::Stale)],
        },
        Sequence {
            what: "the broker forgot it: it is not announced again",
            steps: &[
                Step::Replay("x/status", "online"),
                Step::Replay("y/status", "online"),
                Step::LinkEnds,
                Step::LinkReturns,
                Step::Replay("y/status", "online"),
                Step::SnapshotEnds,
            ],
            then: &[
                tile("esphome", "x", Online, Evidence::Stale),
                tile("esphome", "y", Online, Evidence::Retained),
            ],
        },
    ],
};
