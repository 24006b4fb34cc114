//! Everybody else's `…/LWT`: ESPEasy, Espurna and whatever a sketch of one's own writes there.
//!
//! The topic already says that it is a last will, so any of the known plain words is believed.

use super::{Convention, Level, Pattern, Status, Vector, Vocabulary};

pub(super) static CONVENTION: Convention = Convention {
    slug: "lwt",
    label: "LWT",
    patterns: &[Pattern {
        levels: &[Level::IdPath, Level::Literal("LWT")],
        vocabulary: Vocabulary::Words(&[
            ("online", Status::Online),
            ("offline", Status::Offline),
            ("connected", Status::Online),
            ("connection lost", Status::Offline),
            ("disconnected", Status::Offline),
            ("lost", Status::Offline),
            ("stopped", Status::Offline),
            ("client-online", Status::Online),
            ("client-offline", Status::Offline),
            ("true", Status::Online),
            ("false", Status::Offline),
            ("1", Status::Online),
            ("0", Status::Offline),
            ("ready", Status::Online),
            ("init", Status::Online),
            ("sleeping", Status::Sleeping),
            ("alert", Status::Degraded),
        ]),
    }],
    announces: true,
    offline_is_will: true,
    parent: None,
    generic: true,
    source: "ESPEasy and Espurna sources: topic set by the user, `Connected`/`Connection Lost`, `1`/`0`",
    vectors: &[
        Vector { topic: "espeasy1/LWT", payload: "Connected", means: Some(("espeasy1", Status::Online)) },
        Vector {
            topic: "espeasy1/LWT",
            payload: "Connection Lost",
            means: Some(("espeasy1", Status::Offline)),
        },
        Vector { topic: "attic/espurna/LWT", payload: "1", means: Some(("attic/espurna", Status::Online)) },
        Vector { topic: "attic/espurna/LWT", payload: "0", means: Some(("attic/espurna", Status::Offline)) },
        Vector { topic: "attic/espurna/LWT", payload: "2", means: None },
        Vector { topic: "hasp/plate/LWT", payload: "online", means: None },
    ],
};
