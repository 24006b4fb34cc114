//! The devices and groups of Zigbee2MQTT: `<base topic>/<friendly name>/availability`; a friendly name may have
//! slashes.
//!
//! Availability is Zigbee2MQTT's judgement, no will, and need not be switched on; `bridge/devices` lists what there is
//! all the same: `friendly_name` is the id, `disabled` makes it unknown, and the `type` Coordinator is left out.

use mqtt::TopicName;

use super::Status::{Offline, Online, Unknown};
use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::json::Value;
use super::{
    About, Convention, LONGEST_NAME, Level, Metadata, ONLINE_OFFLINE, Parent, ParentBy, Pattern, Status,
    Vocabulary, json, trim, word_status,
};
use crate::fleet::Evidence;

pub(super) const BASE: Level = Level::Base("zigbee2mqtt");
/// Old releases wrote plain words.
pub(super) const STATE: Vocabulary = Vocabulary::WordsOrJson(ONLINE_OFFLINE, read_state);

pub(super) static CONVENTION: Convention = Convention {
    slug: "zigbee2mqtt",
    label: "Zigbee2MQTT",
    patterns: &[
        Pattern { levels: &[BASE, Level::IdPath, Level::Literal("availability")], vocabulary: STATE },
        Pattern {
            levels: &[BASE, Level::Literal("bridge"), Level::Literal("devices")],
            vocabulary: Vocabulary::Metadata(Metadata { read: read_devices, is_inventory: true }),
        },
    ],
    announces: true,
    offline_is_will: false,
    parent: Some(Parent { slug: "zigbee2mqtt-bridge", by: ParentBy::Base, follows: false }),
    generic: false,
};

fn read_state(payload: &[u8]) -> Option<Status> {
    let [state] = json::object(trim(payload), ["state"])?;
    word_status(ONLINE_OFFLINE, state?.text()?.as_bytes())
}

fn read_devices(_: &str, payload: &[u8], tell: &mut dyn FnMut(About<'_>)) -> bool {
    // All of it before any is told: half an inventory would take the other half away. What else is said of each
    // device, which is by far the most of it, is skipped.
    let mut entries = Vec::new();
    let names = ["friendly_name", "disabled", "type"];
    let is_understood = json::objects(trim(payload), names, &mut |[name, disabled, kind]| {
        let is_disabled = json::optional(disabled, Value::bool)?.unwrap_or(false);
        // The coordinator is the bridge's own radio, and has no availability.
        let is_device = json::optional(kind, Value::text)?.is_none_or(|kind| kind != "Coordinator");
        let name = name?.text()?;
        if is_device && TopicName::new(&name).is_ok() && name.len() <= LONGEST_NAME {
            entries.push((name, is_disabled));
        }
        Some(())
    });
    if is_understood {
        for (id, is_disabled) in entries {
            tell(About { id: &id, is_listed: true, is_disabled: Some(is_disabled), ..About::default() });
        }
    }
    is_understood
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
            what: "the bridge goes: its devices keep their word, and nobody knows whether it holds",
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
            what: "another base topic, which the bridge tells",
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
