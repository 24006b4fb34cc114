//! The devices and groups of Zigbee2MQTT: `<base topic>/<friendly name>/availability`; a friendly name may have
//! slashes.
//!
//! Availability is Zigbee2MQTT's judgement, no will, and need not be switched on; `bridge/devices` lists what there is
//! all the same: `friendly_name` is the id, `disabled` makes it unknown, and the `type` Coordinator is left out.

use std::borrow::Cow;

use mqtt::TopicName;
use serde::Deserialize;

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::json::{self, Text};
use super::vocabulary::trim;
use super::{About, Convention, Level, MAX_NAME, Metadata, Parent, ParentBy, Pattern, Vocabulary, Words};
use crate::status::Evidence;
use crate::status::Status::{self, Offline, Online, Unknown};

pub(super) const BASE: Level = Level::base("zigbee2mqtt");

/// A state as a document, or as the plain word that old releases wrote.
pub(super) fn state() -> Vocabulary {
    Vocabulary::WordsOrJson(Words::online_offline(), read_state)
}

pub(super) fn convention() -> Convention {
    Convention {
        slug: "zigbee2mqtt".into(),
        label: "Zigbee2MQTT".into(),
        patterns: vec![
            Pattern {
                levels: vec![BASE, Level::IdPath, Level::literal("availability")],
                vocabulary: state(),
            },
            Pattern {
                levels: vec![BASE, Level::literal("bridge"), Level::literal("devices")],
                vocabulary: Vocabulary::Metadata(Metadata { read: read_devices, is_inventory: true }),
            },
        ],
        announces: true,
        offline_is_will: false,
        parent: Some(Parent { slug: "zigbee2mqtt-bridge".into(), by: ParentBy::Base, follows: false }),
        generic: false,
    }
}

fn read_state(payload: &[u8], words: &Words) -> Option<Status> {
    let document: State<'_> = json::object(trim(payload))?;
    words.status(document.state.as_bytes())
}

/// The document on a topic with a status.
#[derive(Deserialize)]
struct State<'a> {
    #[serde(borrow)]
    state: Cow<'a, str>,
}

fn read_devices(_: &str, payload: &[u8], each: &mut dyn FnMut(About<'_>)) -> bool {
    // The whole list is read before any of it counts: half an inventory would take the other half away.
    let mut entries = Vec::new();
    let read = json::objects(trim(payload), |entry: Entry<'_>| {
        // The coordinator is the bridge's own radio, and has no availability.
        let is_device = entry.kind.is_none_or(|Text(kind)| kind != "Coordinator");
        let id = entry.friendly_name;
        if is_device && TopicName::new(&id).is_ok() && id.len() <= MAX_NAME {
            entries.push((id, entry.disabled.unwrap_or(false)));
        }
    });
    if read.is_none() {
        return false;
    }
    for (id, is_disabled) in entries {
        each(About { id: &id, is_listed: true, is_disabled: Some(is_disabled), ..About::default() });
    }
    true
}

/// One device in the list. Its other members, by far the most of it, are skipped.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    friendly_name: Cow<'a, str>,
    disabled: Option<bool>,
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
}

pub(super) static EXAMPLES: Examples = Examples {
    source: "Koenkk/zigbee2mqtt lib/extension/availability.ts, lib/extension/bridge.ts, lib/types/api.ts, lib/util/utils.ts",
    vectors: &[
        shows("zigbee2mqtt/lamp/availability", r#"{"state":"online"}"#, "lamp", Online),
        shows("zigbee2mqtt/lamp/availability", r#"{"state":"offline"}"#, "lamp", Offline),
        shows("zigbee2mqtt/lamp/availability", "online", "lamp", Online),
        shows("zigbee2mqtt/kitchen/lamp/availability", r#"{"state":"online"}"#, "kitchen/lamp", Online),
        shows("zigbee2mqtt/0x00158d00018255df/availability", "offline", "0x00158d00018255df", Offline),
        ignores("zigbee2mqtt/lamp", r#"{"state":"OFF"}"#),
        ignores("zigbee2mqtt/lamp/availability", r#"{"state":"OFF"}"#),
        ignores("zigbee2mqtt/a/b/c/d/availability", "online"),
        ignores("rtl_433/attic/availability", "online"),
        ignores(
            "zigbee2mqtt/bridge/devices",
            r#"[{"friendly_name":"Coordinator","type":"Coordinator","disabled":false}]"#,
        ),
    ],
    sequences: &[
        Sequence {
            what: "a device gets another name: the old topic is emptied, the new one speaks",
            steps: &[
                Step::Replay("zigbee2mqtt/lamp/availability", r#"{"state":"online"}"#),
                Step::Live("zigbee2mqtt/lamp/availability", ""),
                Step::Live("zigbee2mqtt/kitchen/lamp/availability", r#"{"state":"online"}"#),
            ],
            then: &[tile("zigbee2mqtt", "kitchen/lamp", Online, Evidence::Live)],
        },
        Sequence {
            what: "the same with a list, which follows",
            steps: &[
                Step::Replay("zigbee2mqtt/bridge/devices", r#"[{"friendly_name":"lamp","type":"Router"}]"#),
                Step::Replay("zigbee2mqtt/lamp/availability", r#"{"state":"offline"}"#),
                Step::Live("zigbee2mqtt/lamp/availability", ""),
                Step::Live("zigbee2mqtt/hall/availability", r#"{"state":"online"}"#),
                Step::Live("zigbee2mqtt/bridge/devices", r#"[{"friendly_name":"hall","type":"Router"}]"#),
            ],
            then: &[tile("zigbee2mqtt", "hall", Online, Evidence::Live)],
        },
        Sequence {
            what: "the bridge goes offline: its devices keep their word, and whether it still counts is unknown",
            steps: &[
                Step::Replay("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#),
                Step::Replay("zigbee2mqtt/lamp/availability", r#"{"state":"online"}"#),
                Step::Live("zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#),
            ],
            then: &[
                tile("zigbee2mqtt-bridge", "zigbee2mqtt", Offline, Evidence::Live).changed(1),
                tile("zigbee2mqtt", "lamp", Online, Evidence::Stale).below_an_offline_parent(),
            ],
        },
        Sequence {
            what: "listed and never heard of: unknown; disabled: unknown, whatever it said",
            steps: &[
                Step::Replay("zigbee2mqtt/lamp/availability", r#"{"state":"offline"}"#),
                Step::Replay(
                    "zigbee2mqtt/bridge/devices",
                    r#"[{"friendly_name":"Coordinator","type":"Coordinator","disabled":false},
                        {"friendly_name":"lamp","type":"Router","disabled":true,"definition":{"model":"LED1545G12"}},
                        {"friendly_name":"hall/door","type":"EndDevice","disabled":false}]"#,
                ),
            ],
            then: &[
                tile("zigbee2mqtt", "lamp", Unknown, Evidence::Retained),
                tile("zigbee2mqtt", "hall/door", Unknown, Evidence::Retained),
            ],
        },
        Sequence {
            what: "enabled again: what it last said counts",
            steps: &[
                Step::Replay(
                    "zigbee2mqtt/bridge/devices",
                    r#"[{"friendly_name":"lamp","type":"Router","disabled":true}]"#,
                ),
                Step::Replay("zigbee2mqtt/lamp/availability", "online"),
                Step::Live(
                    "zigbee2mqtt/bridge/devices",
                    r#"[{"friendly_name":"lamp","type":"Router","disabled":false}]"#,
                ),
            ],
            then: &[tile("zigbee2mqtt", "lamp", Online, Evidence::Retained)],
        },
        Sequence {
            what: "taken out of the network: the list leaves it out, its topic is emptied",
            steps: &[
                Step::Replay(
                    "zigbee2mqtt/bridge/devices",
                    r#"[{"friendly_name":"lamp","type":"Router"},{"friendly_name":"door","type":"EndDevice"}]"#,
                ),
                Step::Replay("zigbee2mqtt/lamp/availability", "online"),
                Step::Live("zigbee2mqtt/bridge/devices", "[]"),
                Step::Live("zigbee2mqtt/lamp/availability", ""),
            ],
            then: &[],
        },
        Sequence {
            what: "another base topic, which the bridge names",
            steps: &[
                Step::Replay("attic-z2m/bridge/state", r#"{"state":"online"}"#),
                Step::Replay("attic-z2m/kitchen/lamp/availability", r#"{"state":"online"}"#),
                Step::Replay(
                    "attic-z2m/bridge/devices",
                    r#"[{"friendly_name":"kitchen/lamp","type":"Router"},{"friendly_name":"door","type":"EndDevice"}]"#,
                ),
            ],
            then: &[
                tile("zigbee2mqtt-bridge", "attic-z2m", Online, Evidence::Retained),
                tile("zigbee2mqtt", "attic-z2m:kitchen/lamp", Online, Evidence::Retained),
                tile("zigbee2mqtt", "attic-z2m:door", Unknown, Evidence::Retained),
            ],
        },
    ],
};
