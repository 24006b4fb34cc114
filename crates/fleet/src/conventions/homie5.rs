//! Homie 5: `homie/5/<device>/$state`, and a `$description` with the device's name and its root.
//!
//! The words are exact, and `alert` is none of them any more. Only a root device has a will: when its state is
//! `lost`, so are all that name it as their root.

use serde::Deserialize;

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::json::{self, Text};
use super::vocabulary::trim;
use super::{About, Convention, Level, MAX_NAME, Metadata, Parent, ParentBy, Pattern, Vocabulary, Words};
use crate::status::Evidence;
use crate::status::Status::{Offline, Online, Sleeping};

const HOMIE: Level = Level::base("homie");
const FIVE: Level = Level::literal("5");

pub(super) fn convention() -> Convention {
    Convention {
        slug: "homie5".into(),
        label: "Homie 5".into(),
        patterns: vec![
            Pattern {
                levels: vec![HOMIE, FIVE, Level::Id, Level::literal("$state")],
                vocabulary: Vocabulary::Exact(Words::new([
                    ("ready", Online),
                    ("init", Online),
                    ("sleeping", Sleeping),
                    ("disconnected", Offline),
                    ("lost", Offline),
                ])),
            },
            Pattern {
                levels: vec![HOMIE, FIVE, Level::Id, Level::literal("$description")],
                vocabulary: Vocabulary::Metadata(Metadata { read: read_description, is_inventory: false }),
            },
        ],
        announces: true,
        offline_is_will: true,
        parent: Some(Parent { slug: "homie5".into(), by: ParentBy::Metadata, follows: true }),
        generic: false,
    }
}

fn read_description(id: &str, payload: &[u8], each: &mut dyn FnMut(About<'_>)) -> bool {
    let Some(description) = json::object::<Description<'_>>(trim(payload)) else {
        return false;
    };
    // The document is complete: what it leaves out is taken back, and so is what is too long.
    let [name, parent] = [description.name, description.root]
        .map(|text| text.filter(|text| text.0.len() <= MAX_NAME).unwrap_or_default());
    each(About { id, name: Some(&name.0), parent: Some(&parent.0), ..About::default() });
    true
}

/// What a `$description` says about the device itself.
#[derive(Deserialize)]
struct Description<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    root: Option<Text<'a>>,
}

pub(super) static EXAMPLES: Examples = Examples {
    source: "homieiot/convention v5 convention.md: Last Will, Auto-Discovery, Device hierarchy, Device Lifecycle",
    vectors: &[
        shows("homie/5/bridge/$state", "ready", "bridge", Online),
        shows("homie/5/bridge/$state", "init", "bridge", Online),
        shows("homie/5/bridge/$state", "sleeping", "bridge", Sleeping),
        shows("homie/5/bridge/$state", "disconnected", "bridge", Offline),
        shows("homie/5/bridge/$state", "lost", "bridge", Offline),
        ignores("homie/5/bridge/$state", "alert"),
        ignores("homie/5/bridge/$state", "LOST"),
        ignores("homie/5/bridge/$alert/battery", "Battery is low"),
        ignores("homie/5/bridge/$description", r#"{"homie":"5.0","version":1,"name":"Bridge"}"#),
    ],
    sequences: &[
        Sequence {
            what: "the root is lost, and the devices that depend on it are offline with it",
            steps: &[
                Step::Replay("homie/5/bridge/$state", "ready"),
                Step::Replay("homie/5/lamp/$state", "ready"),
                Step::Replay(
                    "homie/5/bridge/$description",
                    r#"{"homie":"5.0","version":1,"name":"Bridge","children":["lamp"]}"#,
                ),
                Step::Replay(
                    "homie/5/lamp/$description",
                    r#"{"homie":"5.0","version":1,"name":"Lamp","root":"bridge","parent":"bridge"}"#,
                ),
                Step::Live("homie/5/bridge/$state", "lost"),
            ],
            then: &[
                tile("homie5", "bridge", Offline, Evidence::Live).named("Bridge").changed(1),
                tile("homie5", "lamp", Offline, Evidence::Retained).named("Lamp").below_an_offline_parent(),
            ],
        },
        Sequence {
            what: "the root comes back, and the devices that depend on it are what they said themselves",
            steps: &[
                Step::Replay("homie/5/lamp/$description", r#"{"name":"Lamp","root":"bridge"}"#),
                Step::Replay("homie/5/lamp/$state", "sleeping"),
                Step::Replay("homie/5/bridge/$state", "lost"),
                Step::Live("homie/5/bridge/$state", "init"),
            ],
            then: &[
                tile("homie5", "bridge", Online, Evidence::Live).changed(1),
                tile("homie5", "lamp", Sleeping, Evidence::Retained).named("Lamp"),
            ],
        },
        Sequence {
            what: "the device is taken away: an empty message on `$state`",
            steps: &[
                Step::Replay("homie/5/lamp/$state", "ready"),
                Step::Replay("homie/5/lamp/$description", r#"{"name":"Lamp"}"#),
                Step::Live("homie/5/lamp/$state", ""),
                Step::Live("homie/5/lamp/$description", ""),
            ],
            then: &[],
        },
        Sequence {
            what: "a description without a root: the device depends on nothing any more",
            steps: &[
                Step::Replay("homie/5/bridge/$state", "lost"),
                Step::Replay("homie/5/lamp/$state", "ready"),
                Step::Replay("homie/5/lamp/$description", r#"{"name":"Lamp","root":"bridge"}"#),
                Step::Live("homie/5/lamp/$description", r#"{"name":"Lamp of its own"}"#),
            ],
            then: &[
                tile("homie5", "bridge", Offline, Evidence::Retained),
                tile("homie5", "lamp", Online, Evidence::Retained).named("Lamp of its own"),
            ],
        },
    ],
};
