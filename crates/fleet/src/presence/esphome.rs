//! ESPHome: `online` and `offline` on `<topic prefix>/status`; the prefix may have several levels.
//!
//! The suffix is everybody's: anything but the two words is somebody else's message and means nothing.

use super::{Convention, Level, Pattern, Status, Vector, Vocabulary};

pub(super) static CONVENTION: Convention = Convention {
    slug: "esphome",
    label: "ESPHome",
    patterns: &[Pattern {
        levels: &[Level::IdPath, Level::Literal("status")],
        vocabulary: Vocabulary::Words(&[("online", Status::Online), ("offline", Status::Offline)]),
    }],
    announces: true,
    offline_is_will: true,
    parent: None,
    generic: true,
    source: "esphome/esphome esphome/components/mqtt/__init__.py, mqtt_client.cpp; esphome-docs components/mqtt",
    vectors: &[
        Vector { topic: "livingroom/status", payload: "online", means: Some(("livingroom", Status::Online)) },
        Vector {
            topic: "livingroom/status",
            payload: " online\n",
            means: Some(("livingroom", Status::Online)),
        },
        Vector { topic: "livingroom/status", payload: r#"{"temp":21}"#, means: None },
        Vector {
            topic: "garage/cam/status",
            payload: "offline",
            means: Some(("garage/cam", Status::Offline)),
        },
        Vector { topic: "a/b/c/status", payload: "online", means: Some(("a/b/c", Status::Online)) },
        Vector { topic: "a/b/c/d/status", payload: "online", means: None },
        Vector { topic: "status", payload: "online", means: None },
        Vector { topic: "homeassistant/status", payload: "online", means: None },
        Vector { topic: "evcc/status", payload: "offline", means: None },
        Vector { topic: "ring/home/alarm/status", payload: "online", means: None },
    ],
};
