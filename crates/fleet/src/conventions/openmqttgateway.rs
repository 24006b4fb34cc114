//! OpenMQTTGateway and Theengs Gateway: `home/<gateway>/LWT`; old releases wrote `Online` and `Offline`, a fork
//! writes JSON.

use serde::Deserialize;

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::vocabulary::trim;
use super::{Convention, Level, Pattern, Vocabulary, Words, json};
use crate::status::Evidence;
use crate::status::Status::{self, Offline, Online};

pub(super) fn convention() -> Convention {
    Convention {
        slug: "openmqttgateway".into(),
        label: "OpenMQTTGateway".into(),
        patterns: vec![Pattern {
            levels: vec![Level::literal("home"), Level::Id, Level::literal("LWT")],
            vocabulary: Vocabulary::WordsOrJson(Words::online_offline(), read_fork),
        }],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: false,
    }
}

fn read_fork(payload: &[u8], _: &Words) -> Option<Status> {
    let Fork { online } = json::object(trim(payload))?;
    Some(if online { Online } else { Offline })
}

/// The fork's document.
#[derive(Deserialize)]
struct Fork {
    online: bool,
}

pub(super) static EXAMPLES: Examples = Examples {
    source: "1technophile/OpenMQTTGateway main/User_config.h; theengs/gateway TheengsGateway/ble_gateway.py, config.py",
    vectors: &[
        shows("home/OMG_ESP32/LWT", "Offline", "OMG_ESP32", Offline),
        shows("home/OMG_ESP32/LWT", "online", "OMG_ESP32", Online),
        shows("home/OMG_ESP32/LWT", r#"{"online":true}"#, "OMG_ESP32", Online),
        shows("home/OMG_ESP32/LWT", r#"{"online":false}"#, "OMG_ESP32", Offline),
        ignores("home/OMG_ESP32/LWT", r#"{"online":"true"}"#),
        ignores("home/OMG_ESP32/LWT", "[true]"),
        ignores("home/OMG_ESP32/BTtoMQTT/1C34F1BC8D2E", r#"{"id":"1C:34:F1:BC:8D:2E","rssi":-61}"#),
    ],
    sequences: &[Sequence {
        what: "an update of the firmware changes the words, not the device",
        steps: &[
            Step::Replay("home/OMG_ESP32/LWT", "Online"),
            Step::Live("home/OMG_ESP32/LWT", "Offline"),
            Step::Live("home/OMG_ESP32/LWT", "online"),
        ],
        then: &[tile("openmqttgateway", "OMG_ESP32", Online, Evidence::Live).changed(2)],
    }],
};
