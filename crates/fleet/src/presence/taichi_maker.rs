//! Taichi-Maker (太极创客): the advice of its MQTT tutorial and the code that was copied from it.
//!
//! Three forms are met: the advice (`<client id>-will`), the ESP8266 example (`<prefix><MAC>-Will`) and a
//! derivative in which every device writes JSON to the one topic `mqtt-will`, where only the last
//! writer's message is retained.

use super::Status::{Offline, Online};
use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::json::Value;
use super::{Convention, LONGEST_NAME, Level, Pattern, Said, Vocabulary, Words, json, trim, word_status};
use crate::fleet::Evidence;

const WORDS: Words =
    &[("online", Online), ("offline", Offline), ("CLIENT-ONLINE", Online), ("CLIENT-OFFLINE", Offline)];

pub(super) static CONVENTION: Convention = Convention {
    slug: "taichi-maker",
    label: "Taichi-Maker",
    patterns: &[
        Pattern { levels: &[Level::IdThen("-will")], vocabulary: Vocabulary::Words(WORDS) },
        Pattern { levels: &[Level::IdThen("-Will")], vocabulary: Vocabulary::Words(WORDS) },
        Pattern { levels: &[Level::Literal("mqtt-will")], vocabulary: Vocabulary::Naming(read_shared) },
    ],
    announces: true,
    offline_is_will: true,
    parent: None,
    generic: false,
};

/// Reads the document on the shared topic, as the derivative code writes it.
fn read_shared(payload: &[u8]) -> Option<Said<'_>> {
    let members = json::object(trim(payload), ["productKey", "deviceName", "types", "message"])?;
    let [product_key, device_name, types, message] = members;
    let status = word_status(WORDS, message?.text()?.as_bytes())?;
    let is_will = json::optional(types, Value::text)?.is_none_or(|types| types == "will");
    let name = json::optional(device_name, Value::text)?;
    let id = product_key?.text()?;
    let fits = !id.is_empty() && id.len() <= LONGEST_NAME;
    // A name that is too long is left out: it is only a name, the id still says which device it is.
    let name = name.filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME);
    (is_will && fits).then_some(Said { status, id: Some(id), name })
}

pub(super) static EXAMPLES: Examples = Examples {
    source: "Taichi-Maker MQTT tutorial, chapter on last wills, and the ESP8266 examples derived from it",
    vectors: &[
        shows("client-1-will", "online", "client-1", Online),
        shows("client-1-will", "offline", "client-1", Offline),
        shows("lingSou-AA:BB:CC:DD:EE:FF-Will", "CLIENT-ONLINE", "lingSou-AA:BB:CC:DD:EE:FF", Online),
        shows(
            "mqtt-will",
            r#"{"productKey":"AA:BB:CC:DD:EE:FF","deviceName":"esp8266","types":"will","message":"offline"}"#,
            "AA:BB:CC:DD:EE:FF",
            Offline,
        ),
        ignores("mqtt-will", "offline"),
        ignores("house/client-1-will", "online"),
        ignores("-will", "online"),
    ],
    sequences: &[Sequence {
        what: "many devices on one topic: only the last writer is retained",
        steps: &[
            Step::Live("mqtt-will", r#"{"productKey":"A1","deviceName":"kitchen","message":"online"}"#),
            Step::Live("mqtt-will", r#"{"productKey":"B2","deviceName":"attic","message":"online"}"#),
            Step::LinkEnds,
            Step::LinkReturns,
            Step::Replay("mqtt-will", r#"{"productKey":"B2","deviceName":"attic","message":"online"}"#),
            Step::SnapshotEnds,
        ],
        then: &[
            tile("taichi-maker", "A1", Online, Evidence::Stale).named("kitchen"),
            tile("taichi-maker", "B2", Online, Evidence::Retained).named("attic"),
        ],
    }],
};
