//! Tasmota: `Online` and `Offline` on `…/LWT`, below the telemetry prefix `tele`.
//!
//! The order of prefix and topic in Tasmota's FullTopic is the user's; the four orders met are listed.
//! Discovery, which names the exact topic, is not read yet.

use super::{Convention, Level, Pattern, Status, Vector, Vocabulary};

const WORDS: Vocabulary = Vocabulary::Words(&[("Online", Status::Online), ("Offline", Status::Offline)]);
const TELE: Level = Level::Literal("tele");
const LWT: Level = Level::Literal("LWT");

pub(super) static CONVENTION: Convention = Convention {
    slug: "tasmota",
    label: "Tasmota",
    patterns: &[
        Pattern { levels: &[TELE, Level::Id, LWT], vocabulary: WORDS },
        Pattern { levels: &[Level::Id, TELE, LWT], vocabulary: WORDS },
        Pattern { levels: &[Level::Id, Level::Id, TELE, LWT], vocabulary: WORDS },
        Pattern { levels: &[TELE, Level::Id, Level::Id, LWT], vocabulary: WORDS },
    ],
    announces: true,
    offline_is_will: true,
    parent: None,
    generic: false,
    source: "arendst/Tasmota xdrv_02_9_mqtt.ino (MqttReconnect, MqttConnected); tasmota/docs MQTT.md, Commands.md",
    vectors: &[
        Vector {
            topic: "tele/tasmota_49A3BC/LWT",
            payload: "Online",
            means: Some(("tasmota_49A3BC", Status::Online)),
        },
        Vector {
            topic: "tele/tasmota_49A3BC/LWT",
            payload: "Offline",
            means: Some(("tasmota_49A3BC", Status::Offline)),
        },
        Vector { topic: "lamp1/tele/LWT", payload: "Online", means: Some(("lamp1", Status::Online)) },
        Vector {
            topic: "bedroom/lamp1/tele/LWT",
            payload: "Online",
            means: Some(("bedroom/lamp1", Status::Online)),
        },
        Vector {
            topic: "tele/bedroom/lamp1/LWT",
            payload: "Offline",
            means: Some(("bedroom/lamp1", Status::Offline)),
        },
        Vector {
            topic: "tele/lamp1/STATE",
            payload: r#"{"Time":"2026-01-01T00:00:00","POWER":"ON"}"#,
            means: None,
        },
        // Only discovery can tell that `lamp1` is the topic of this one.
        Vector { topic: "tasmota/bedroom/lamp1/tele/LWT", payload: "Online", means: None },
    ],
};
