//! Taichi-Maker (太极创客): the advice of its MQTT tutorial and the code that was copied from it.
//!
//! Three forms are met: the advice (`<client id>-will`), the ESP8266 example (`<prefix><MAC>-Will`) and a
//! derivative in which every device writes JSON to the one topic `mqtt-will`, where only the last
//! writer's message is retained.

use std::borrow::Cow;

use serde::Deserialize;

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::json::{self, Text};
use super::vocabulary::trim;
use super::{Convention, Level, MAX_NAME, Pattern, Said, Vocabulary, Words};
use crate::status::Evidence;
use crate::status::Status::{Offline, Online};

pub(super) fn convention() -> Convention {
    let words = Words::new([
        ("online", Online),
        ("offline", Offline),
        ("CLIENT-ONLINE", Online),
        ("CLIENT-OFFLINE", Offline),
    ]);
    Convention {
        slug: "taichi-maker".into(),
        label: "Taichi-Maker".into(),
        patterns: vec![
            Pattern { levels: vec![Level::id_then("-will")], vocabulary: Vocabulary::Words(words.clone()) },
            Pattern { levels: vec![Level::id_then("-Will")], vocabulary: Vocabulary::Words(words.clone()) },
            Pattern {
                levels: vec![Level::literal("mqtt-will")],
                vocabulary: Vocabulary::Naming(words, read_shared),
            },
        ],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: false,
    }
}

/// Reads the document on the shared topic, as the derivative code writes it.
fn read_shared<'a>(payload: &'a [u8], words: &Words) -> Option<Said<'a>> {
    let shared: Shared<'_> = json::object(trim(payload))?;
    let status = words.status(shared.message.as_bytes())?;
    let is_will = shared.types.is_none_or(|Text(types)| types == "will");
    let id = shared.product_key;
    // A name that is too long is left out: it is only a name, the id still says which device it is.
    let fits = |text: &str| !text.is_empty() && text.len() <= MAX_NAME;
    let name = shared.device_name.map(|Text(name)| name).filter(|name| fits(name));
    (is_will && fits(&id)).then_some(Said { status, id: Some(id), name })
}

/// The document on the shared topic.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shared<'a> {
    #[serde(borrow)]
    product_key: Cow<'a, str>,
    #[serde(borrow)]
    device_name: Option<Text<'a>>,
    #[serde(borrow)]
    types: Option<Text<'a>>,
    #[serde(borrow)]
    message: Cow<'a, str>,
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
