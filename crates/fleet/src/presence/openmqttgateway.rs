//! OpenMQTTGateway and Theengs Gateway: `home/<gateway>/LWT`; old releases wrote `Online` and `Offline`.

use super::{Convention, Level, Pattern, Status, Vector, Vocabulary};

pub(super) static CONVENTION: Convention = Convention {
    slug: "openmqttgateway",
    label: "OpenMQTTGateway",
    patterns: &[Pattern {
        levels: &[Level::Literal("home"), Level::Id, Level::Literal("LWT")],
        vocabulary: Vocabulary::Words(&[("online", Status::Online), ("offline", Status::Offline)]),
    }],
    announces: true,
    offline_is_will: true,
    parent: None,
    generic: false,
    source: "1technophile/OpenMQTTGateway main/User_config.h; theengs/gateway ble_gateway.py",
    vectors: &[
        Vector {
            topic: "home/OMG_ESP32/LWT",
            payload: "Offline",
            means: Some(("OMG_ESP32", Status::Offline)),
        },
        Vector { topic: "home/OMG_ESP32/LWT", payload: "online", means: Some(("OMG_ESP32", Status::Online)) },
        Vector { topic: "home/OMG_ESP32/LWT", payload: r#"{"online":true}"#, means: None },
    ],
};
