//! Homie 3 and 4 (`homie/<device>/$state`), and 1 and 2 (`homie/<device>/$online`).
//!
//! The words of `$state` are exact. A device must write `disconnected` before it leaves; `lost` is its will. `$name` is
//! its name.

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::vocabulary::trim;
use super::{About, Convention, Level, MAX_NAME, Metadata, Pattern, Vocabulary, Words};
use crate::status::Evidence;
use crate::status::Status::{Degraded, Offline, Online, Sleeping};

const HOMIE: Level = Level::base("homie");

pub(super) fn convention() -> Convention {
    Convention {
        slug: "homie".into(),
        label: "Homie".into(),
        patterns: vec![
            Pattern {
                levels: vec![HOMIE, Level::Id, Level::literal("$state")],
                vocabulary: Vocabulary::Exact(Words::new([
                    ("ready", Online),
                    ("init", Online),
                    ("alert", Degraded),
                    ("sleeping", Sleeping),
                    ("disconnected", Offline),
                    ("lost", Offline),
                ])),
            },
            Pattern {
                levels: vec![HOMIE, Level::Id, Level::literal("$online")],
                vocabulary: Vocabulary::Words(Words::true_false()),
            },
            Pattern {
                levels: vec![HOMIE, Level::Id, Level::literal("$name")],
                vocabulary: Vocabulary::Metadata(Metadata { read: read_name, is_inventory: false }),
            },
        ],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: false,
    }
}

fn read_name(id: &str, payload: &[u8], each: &mut dyn FnMut(About<'_>)) -> bool {
    let Ok(name) = str::from_utf8(trim(payload)) else {
        return false;
    };
    let fits = name.len() <= MAX_NAME;
    if fits {
        each(About { id, name: Some(name), ..About::default() });
    }
    fits
}

pub(super) static EXAMPLES: Examples = Examples {
    source: "homieiot/convention: v4.0.0 convention.md, v3.0.1, v2.0.1 and v1.5.0 README.md",
    vectors: &[
        shows("homie/super-car/$state", "ready", "super-car", Online),
        shows("homie/super-car/$state", "init", "super-car", Online),
        shows("homie/super-car/$state", "alert", "super-car", Degraded),
        shows("homie/super-car/$state", "sleeping", "super-car", Sleeping),
        shows("homie/super-car/$state", "disconnected", "super-car", Offline),
        shows("homie/super-car/$state", "lost", "super-car", Offline),
        shows("homie/686f6d6965/$online", "true", "686f6d6965", Online),
        shows("homie/686f6d6965/$online", "false", "686f6d6965", Offline),
        ignores("homie/super-car/$state", "Ready"),
        ignores("homie/super-car/$state", "online"),
        ignores("homie/super-car/$name", "Super car"),
        ignores("homie/super-car/engine/$state", "ready"),
        ignores("homie/super-car/engine/status", "online"),
    ],
    sequences: &[
        Sequence {
            what: "the name comes after the state",
            steps: &[
                Step::Replay("homie/super-car/$state", "ready"),
                Step::Replay("homie/super-car/$name", "Super car"),
            ],
            then: &[tile("homie", "super-car", Online, Evidence::Retained).named("Super car")],
        },
        Sequence {
            what: "the name comes before the state",
            steps: &[
                Step::Replay("homie/super-car/$name", "Super car"),
                Step::Replay("homie/super-car/$state", "ready"),
            ],
            then: &[tile("homie", "super-car", Online, Evidence::Retained).named("Super car")],
        },
        Sequence {
            what: "the device is taken away: an empty message on `$state`",
            steps: &[
                Step::Replay("homie/super-car/$name", "Super car"),
                Step::Replay("homie/super-car/$state", "lost"),
                Step::Live("homie/super-car/$state", ""),
                Step::Live("homie/super-car/$name", ""),
            ],
            then: &[],
        },
        Sequence {
            what: "asleep, and awake with a fault",
            steps: &[
                Step::Replay("homie/super-car/$state", "sleeping"),
                Step::Live("homie/super-car/$state", "ready"),
                Step::Live("homie/super-car/$state", "alert"),
            ],
            then: &[tile("homie", "super-car", Degraded, Evidence::Live).changed(2)],
        },
    ],
};
