//! WLED: `wled/<last six digits of the MAC>/status`. `online` comes again with every push of its state.

use super::{Convention, Level, Pattern, Status, Vector, Vocabulary};

pub(super) static CONVENTION: Convention = Convention {
    slug: "wled",
    label: "WLED",
    patterns: &[Pattern {
        levels: &[Level::Literal("wled"), Level::Id, Level::Literal("status")],
        vocabulary: Vocabulary::Words(&[("online", Status::Online), ("offline", Status::Offline)]),
    }],
    announces: true,
    offline_is_will: true,
    parent: None,
    generic: false,
    source: "wled/WLED wled00/mqtt.cpp, wled.cpp",
    vectors: &[
        Vector { topic: "wled/18b3c8/status", payload: "offline", means: Some(("18b3c8", Status::Offline)) },
        Vector { topic: "wled/18b3c8/status", payload: "online", means: Some(("18b3c8", Status::Online)) },
    ],
};
