//! The bridge of Zigbee2MQTT: `<base topic>/bridge/state`, whose base topic is the id.
//!
//! Its will covers the bridge alone. While it is offline nobody updates what its devices last said.

use super::Status::{Offline, Online};
use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::zigbee2mqtt::{BASE, STATE};
use super::{Convention, Level, Pattern};
use crate::fleet::Evidence;

const BRIDGE: Level = Level::Literal("bridge");
const LAST: Level = Level::Literal("state");

pub(super) static CONVENTION: Convention = Convention {
    slug: "zigbee2mqtt-bridge",
    label: "Zigbee2MQTT bridge",
    patterns: &[
        Pattern { levels: &[BASE, BRIDGE, LAST], vocabulary: STATE },
        // Any other base topic of one level. The bridge tells which it is, so that its devices are asked for.
        Pattern { levels: &[Level::Id, BRIDGE, LAST], vocabulary: STATE },
    ],
    announces: true,
    offline_is_will: true,
    parent: None,
    generic: false,
};

pub(super) static EXAMPLES: Examples = Examples {
    source: "Koenkk/zigbee2mqtt lib/mqtt.ts, lib/util/settingsMigration.ts",
    vectors: &[
        shows("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#, "zigbee2mqtt", Online),
        shows("zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#, "zigbee2mqtt", Offline),
        shows("zigbee2mqtt/bridge/state", "offline", "zigbee2mqtt", Offline),
        shows("attic-z2m/bridge/state", r#"{"state":"online"}"#, "attic-z2m", Online),
        ignores("zigbee2mqtt/bridge/state", r#"{"state":"starting"}"#),
        ignores("zigbee2mqtt/bridge/state", r#"["online"]"#),
        ignores("zigbee2mqtt/bridge/info", r#"{"version":"2.1.0"}"#),
    ],
    sequences: &[Sequence {
        what: "stopped, and started with an older release that writes plain words",
        steps: &[
            Step::Replay("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#),
            Step::Live("zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#),
            Step::Live("zigbee2mqtt/bridge/state", "online"),
        ],
        then: &[tile("zigbee2mqtt-bridge", "zigbee2mqtt", Online, Evidence::Live).changed(2)],
    }],
};
