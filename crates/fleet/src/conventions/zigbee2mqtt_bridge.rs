//! The bridge of Zigbee2MQTT: `<base topic>/bridge/state`, whose base topic is the id.
//!
//! Its will covers the bridge alone. While it is offline the statuses of its devices are not updated.

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::zigbee2mqtt::{BASE, state};
use super::{Convention, Level, Pattern};
use crate::status::Evidence;
use crate::status::Status::{Offline, Online};

const BRIDGE: Level = Level::literal("bridge");
const LAST: Level = Level::literal("state");

pub(super) fn convention() -> Convention {
    Convention {
        slug: "zigbee2mqtt-bridge".into(),
        label: "Zigbee2MQTT bridge".into(),
        patterns: vec![
            Pattern { levels: vec![BASE, BRIDGE, LAST], vocabulary: state() },
            // Any other base topic of one level. The bridge's own topic names it, so that its devices are subscribed to.
            Pattern { levels: vec![Level::Id, BRIDGE, LAST], vocabulary: state() },
        ],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: false,
    }
}

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
