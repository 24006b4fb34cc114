//! Taichi-Maker (太极创客): the advice of its MQTT tutorial and the code that was copied from it.
//!
//! Three forms are met: the advice (`<client id>-will`), the ESP8266 example (`<prefix><MAC>-Will`) and a
//! derivative in which every device writes JSON to the one topic `mqtt-will`, where only the last
//! writer's message is retained.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Convention, LONGEST_NAME, Level, Pattern, Said, Status, Vector, Vocabulary, word_status};

const WORDS: &[(&str, Status)] = &[
    ("online", Status::Online),
    ("offline", Status::Offline),
    ("CLIENT-ONLINE", Status::Online),
    ("CLIENT-OFFLINE", Status::Offline),
];

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
    source: "Taichi-Maker MQTT tutorial, chapter on last wills, and the ESP8266 examples derived from it",
    vectors: &[
        Vector { topic: "client-1-will", payload: "online", means: Some(("client-1", Status::Online)) },
        Vector { topic: "client-1-will", payload: "offline", means: Some(("client-1", Status::Offline)) },
        Vector {
            topic: "lingSou-AA:BB:CC:DD:EE:FF-Will",
            payload: "CLIENT-ONLINE",
            means: Some(("lingSou-AA:BB:CC:DD:EE:FF", Status::Online)),
        },
        Vector {
            topic: "mqtt-will",
            payload: r#"{"productKey":"AA:BB:CC:DD:EE:FF","deviceName":"esp8266","types":"will","message":"offline"}"#,
            means: Some(("AA:BB:CC:DD:EE:FF", Status::Offline)),
        },
        Vector { topic: "mqtt-will", payload: "offline", means: None },
        Vector { topic: "house/client-1-will", payload: "online", means: None },
        Vector { topic: "-will", payload: "online", means: None },
    ],
};

/// The document on the shared topic, as the derivative code writes it.
#[derive(Deserialize)]
struct Shared<'a> {
    #[serde(borrow, rename = "productKey")]
    product_key: Cow<'a, str>,
    #[serde(borrow, rename = "deviceName")]
    device_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    types: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

fn read_shared(payload: &[u8]) -> Option<Said<'_>> {
    let payload = payload.strip_suffix(b"\0").unwrap_or(payload);
    let shared: Shared<'_> = serde_json::from_slice(payload).ok()?;
    let status = word_status(WORDS, shared.message.as_bytes())?;
    let is_will = shared.types.is_none_or(|types| types == "will");
    let fits = !shared.product_key.is_empty() && shared.product_key.len() <= LONGEST_NAME;
    // A name that is too long is left out: it is only a name, the id still says which device it is.
    let name = shared.device_name.filter(|name| !name.is_empty() && name.len() <= LONGEST_NAME);
    (is_will && fits).then_some(Said { status, id: Some(shared.product_key), name })
}
