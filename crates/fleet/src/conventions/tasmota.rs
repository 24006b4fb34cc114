//! Tasmota: `Online` and `Offline` on `…/LWT`, below the telemetry prefix `tele`.
//!
//! The order of prefix and topic in Tasmota's FullTopic is the user's; the four orders met are listed. Discovery
//! (`SetOption19 0`, as it comes) is asked for before them: `t` is the id, `dn` or else the first of `fn` the name,
//! `ft` with `tp`, `hn` and `mac` filled in the topic, `onln` and `ofln` the words, and `dslp` 1 says that it sleeps.

use std::borrow::Cow;

use mqtt::{TopicFilter, TopicName};
use serde::Deserialize;

use super::examples::{Examples, Sequence, Step, ignores, shows, tile};
use super::json::{self, Text};
use super::vocabulary::trim;
use super::{
    About, Convention, Level, MAX_JSON, MAX_NAME, MAX_WORD, Metadata, Pattern, StatusTopic, Vocabulary, Words,
};
use crate::status::Evidence;
use crate::status::Status::{Offline, Online, Sleeping, Unknown};

const TELE: Level = Level::literal("tele");
const LWT: Level = Level::literal("LWT");

pub(super) fn convention() -> Convention {
    let words = || Vocabulary::Words(Words::new([("Online", Online), ("Offline", Offline)]));
    Convention {
        slug: "tasmota".into(),
        label: "Tasmota".into(),
        patterns: vec![
            Pattern {
                levels: vec![
                    Level::literal("tasmota"),
                    Level::literal("discovery"),
                    Level::Id,
                    Level::literal("config"),
                ],
                vocabulary: Vocabulary::Metadata(Metadata { read: read_discovery, is_inventory: false }),
            },
            Pattern { levels: vec![TELE, Level::Id, LWT], vocabulary: words() },
            Pattern { levels: vec![Level::Id, TELE, LWT], vocabulary: words() },
            Pattern { levels: vec![Level::Id, Level::Id, TELE, LWT], vocabulary: words() },
            Pattern { levels: vec![TELE, Level::Id, Level::Id, LWT], vocabulary: words() },
        ],
        announces: true,
        offline_is_will: true,
        parent: None,
        generic: false,
    }
}

fn read_discovery(mac: &str, payload: &[u8], each: &mut dyn FnMut(About<'_>)) -> bool {
    payload.len() <= MAX_JSON && each_discovered(mac, payload, each).is_some()
}

fn each_discovered(topic_mac: &str, payload: &[u8], each: &mut dyn FnMut(About<'_>)) -> Option<()> {
    let Discovery { id, full_topic, mac, online, offline, host_name, device_name, prefixes, names, sleeps } =
        &json::object(trim(payload))?;
    let [_, _, prefix] = prefixes.each_ref().map(text);
    let is_long = [id, full_topic, mac, host_name, prefix].iter().any(|text| text.len() > MAX_NAME);
    // Payloads are trimmed before they are compared with them.
    let (online, offline) = (online.trim_ascii(), offline.trim_ascii());
    let is_word = |word: &str| !word.is_empty() && word.len() <= MAX_WORD;
    let are_words = is_word(online) && is_word(offline) && !online.eq_ignore_ascii_case(offline);
    // No device speaks for another one: the topic names the MAC as well.
    if is_long || !are_words || *mac != topic_mac || TopicName::new(id).is_err() {
        return None;
    }
    let tokens = [
        ("%prefix%", prefix, false),
        ("%topic%", id, true),
        ("%hostname%", host_name, true),
        ("%id%", mac.get(mac.len().checked_sub(6)?..)?, true),
    ];
    let (topic, filter) = will_topic(full_topic, tokens)?;
    // Its own name, or else the first of the others.
    let mut names = [&**device_name, names.first().map_or("", text)].into_iter();
    let name = names.find(|name| !name.is_empty() && name.len() <= MAX_NAME);
    each(About {
        id,
        name: Some(name.unwrap_or_default()),
        is_listed: true,
        sleeps: sleeps.map(|sleeps| sleeps != 0),
        status_topic: Some(StatusTopic { topic: &topic, filter: &filter, online, offline }),
        ..About::default()
    });
    Some(())
}

/// The members of a discovery message that are read. In its lists `null` is an empty text.
#[derive(Deserialize)]
struct Discovery<'a> {
    #[serde(rename = "t", borrow)]
    id: Cow<'a, str>,
    #[serde(rename = "ft", borrow)]
    full_topic: Cow<'a, str>,
    #[serde(borrow)]
    mac: Cow<'a, str>,
    #[serde(rename = "onln", borrow)]
    online: Cow<'a, str>,
    #[serde(rename = "ofln", borrow)]
    offline: Cow<'a, str>,
    #[serde(rename = "hn", borrow, default)]
    host_name: Cow<'a, str>,
    #[serde(rename = "dn", borrow, default)]
    device_name: Cow<'a, str>,
    #[serde(rename = "tp", borrow)]
    prefixes: [Option<Text<'a>>; 3],
    #[serde(rename = "fn", borrow, default)]
    names: Vec<Option<Text<'a>>>,
    #[serde(rename = "dslp")]
    sleeps: Option<u8>,
}

fn text<'a>(item: &'a Option<Text<'_>>) -> &'a str {
    item.as_ref().map_or("", |text| &text.0)
}

/// The topic of the will, which ends in `LWT` below the telemetry prefix, and the filter for every device
/// with the same FullTopic. As Tasmota's `GetTopic_P` does it: `#` is dropped, `//` is one slash, and the
/// FullTopic may or may not end with one. What is filled in is not filled in again.
///
/// Each token is filled in with a text, and is the device's own or not.
fn will_topic(full_topic: &str, tokens: [(&str, &str, bool); 4]) -> Option<(String, String)> {
    let mut is_after_slash = false;
    let is_first_slash = |letter: &char| {
        is_after_slash = *letter == '/' && !is_after_slash;
        *letter != '/' || is_after_slash
    };
    let full_topic: String =
        full_topic.chars().filter(|letter| *letter != '#').filter(is_first_slash).collect();
    let (mut topic, mut filter) = (String::new(), String::new());
    for level in full_topic.strip_suffix('/').unwrap_or(&full_topic).split('/') {
        let (mut filled, mut is_its_own, mut rest) = (String::new(), false, level);
        while let Some(first) = rest.chars().next() {
            let token = tokens.iter().find(|(token, ..)| rest.starts_with(token));
            let (taken, text, is_own) = match token {
                Some((token, value, is_own)) => (token.len(), *value, *is_own),
                None => (first.len_utf8(), &rest[..first.len_utf8()], false),
            };
            filled += text;
            is_its_own |= is_own;
            rest = &rest[taken..];
            // The texts are bounded one by one, which does not bound how often they are filled in.
            if topic.len() + filled.len() > MAX_NAME {
                return None;
            }
        }
        for part in filled.split('/') {
            topic += part;
            filter += if is_its_own { "+" } else { part };
            topic.push('/');
            filter.push('/');
        }
    }
    topic += "LWT";
    filter += "LWT";
    let (name, pattern) = (TopicName::new(&topic).ok()?, TopicFilter::new(&filter).ok()?);
    // Without a level of the device's own, all of them would write to one topic. And [MQTT-4.7.2-1]: the filter does
    // not take a topic that begins with `$`.
    let is_sound = pattern.has_wildcard() && pattern.matches(name);
    (is_sound && topic.len() <= MAX_NAME).then_some((topic, filter))
}

/// A discovery message, nearly in full.
const PLUG: &str = r#"{"ip":"10.0.0.17","dn":"Plug","fn":["Lamp",null,null,null,null,null,null,null],"hn":"tasmota-49A3BC-1980","mac":"DC4F2249A3BC","md":"Sonoff Basic","ty":0,"if":0,"ofln":"Offline","onln":"Online","state":["OFF","ON","TOGGLE","HOLD"],"sw":"13.1.0","t":"tasmota_49A3BC","ft":"%prefix%/%topic%/","tp":["cmnd","stat","tele"],"rl":[1,0,0,0,0,0,0,0],"so":{"4":0,"11":0},"lk":0,"lt_st":0,"bat":0,"dslp":0,"sho":[],"sht":[],"ver":1}"#;
const SENSOR: &str = r#"{"dn":"Garden","fn":["Garden",null],"hn":"garden","mac":"DC4F2249A3BC","ofln":"Offline","onln":"Online","t":"garden","ft":"%prefix%/%topic%","tp":["cmnd","stat","tele"],"dslp":1,"ver":1}"#;
const LAMP: &str = r#"{"dn":"","fn":["Bedside",null],"hn":"lamp1","mac":"DC4F2249A3BC","ofln":"Aus","onln":"Ein","t":"lamp1","ft":"tasmota/bedroom/%topic%/%prefix%/","tp":["cmnd","stat","tele"],"ver":1}"#;
/// Two FullTopics that a pattern reads otherwise than discovery does.
const HOUSE: &str = r#"{"dn":"Lamp","mac":"DC4F2249A3BC","ofln":"Offline","onln":"Online","t":"lamp","ft":"%prefix%/house/%topic%/","tp":["cmnd","stat","tele"],"ver":1}"#;
const ANYBODY: &str = r#"{"dn":"Lamp","mac":"DC4F2249A3BC","ofln":"Offline","onln":"Online","t":"lamp","ft":"house/%topic%/","tp":["cmnd","stat","tele"],"ver":1}"#;
const DISCOVERY: &str = "tasmota/discovery/DC4F2249A3BC/config";

pub(super) static EXAMPLES: Examples = Examples {
    source: "arendst/Tasmota tasmota_xdrv_driver/xdrv_02_9_mqtt.ino (MqttReconnect, MqttConnected), xdrv_12_discovery.ino, \
             support.ino (GetTopic_P); tasmota/docs MQTT.md, Commands.md, DeepSleep.md; emontnemery/hatasmota utils.py, entity.py",
    vectors: &[
        shows("tele/tasmota_49A3BC/LWT", "Online", "tasmota_49A3BC", Online),
        shows("tele/tasmota_49A3BC/LWT", "Offline", "tasmota_49A3BC", Offline),
        shows("lamp1/tele/LWT", "Online", "lamp1", Online),
        shows("bedroom/lamp1/tele/LWT", "Online", "bedroom/lamp1", Online),
        shows("tele/bedroom/lamp1/LWT", "Offline", "bedroom/lamp1", Offline),
        shows(DISCOVERY, PLUG, "tasmota_49A3BC", Unknown),
        ignores("tasmota/discovery/000000000000/config", PLUG),
        ignores("tasmota/discovery/DC4F2249A3BC/sensors", r#"{"sn":{"Time":"2026-01-01T00:00:00"},"ver":1}"#),
        ignores("tele/lamp1/STATE", r#"{"Time":"2026-01-01T00:00:00","POWER":"ON"}"#),
        // Only discovery shows that `lamp1` is the topic of this one.
        ignores("tasmota/bedroom/lamp1/tele/LWT", "Online"),
    ],
    sequences: &[
        Sequence {
            what: "discovery before the will's topic",
            steps: &[Step::Replay(DISCOVERY, PLUG), Step::Replay("tele/tasmota_49A3BC/LWT", "Online")],
            then: &[tile("tasmota", "tasmota_49A3BC", Online, Evidence::Retained).named("Plug")],
        },
        Sequence {
            what: "discovery after it",
            steps: &[
                Step::Replay("tele/tasmota_49A3BC/LWT", "Online"),
                Step::Replay(DISCOVERY, PLUG),
                Step::Live("tele/tasmota_49A3BC/LWT", "Offline"),
            ],
            then: &[tile("tasmota", "tasmota_49A3BC", Offline, Evidence::Live).named("Plug").changed(1)],
        },
        Sequence {
            what: "a FullTopic, and words, that only discovery can know",
            steps: &[Step::Replay(DISCOVERY, LAMP), Step::Replay("tasmota/bedroom/lamp1/tele/LWT", "Ein")],
            then: &[tile("tasmota", "lamp1", Online, Evidence::Retained).named("Bedside")],
        },
        Sequence {
            what: "a FullTopic with a level that is no device's: the same tile gets the right id",
            steps: &[
                Step::Replay("tele/house/lamp/LWT", "Online"),
                Step::Replay(DISCOVERY, HOUSE),
                Step::Live("tele/house/lamp/LWT", "Offline"),
            ],
            then: &[tile("tasmota", "lamp", Offline, Evidence::Live).named("Lamp").changed(1)],
        },
        Sequence {
            what: "a FullTopic that looks like anybody's: the same tile gets the right convention",
            steps: &[Step::Replay("house/lamp/LWT", "Online"), Step::Replay(DISCOVERY, ANYBODY)],
            then: &[tile("tasmota", "lamp", Online, Evidence::Retained).named("Lamp")],
        },
        Sequence {
            what: "a device that sleeps says `Offline` and means it",
            steps: &[Step::Replay(DISCOVERY, SENSOR), Step::Live("tele/garden/LWT", "Offline")],
            then: &[tile("tasmota", "garden", Sleeping, Evidence::Live).named("Garden")],
        },
        Sequence {
            what: "the same, when discovery comes last",
            steps: &[Step::Replay("tele/garden/LWT", "Offline"), Step::Replay(DISCOVERY, SENSOR)],
            then: &[tile("tasmota", "garden", Sleeping, Evidence::Retained).named("Garden")],
        },
        Sequence {
            what: "discovery is switched off: a device that spoke stays, without its name",
            steps: &[
                Step::Replay(DISCOVERY, PLUG),
                Step::Replay("tele/tasmota_49A3BC/LWT", "Online"),
                Step::Live(DISCOVERY, ""),
            ],
            then: &[tile("tasmota", "tasmota_49A3BC", Online, Evidence::Retained)],
        },
        Sequence {
            what: "another topic by `Topic`: the old will is emptied, discovery follows",
            steps: &[
                Step::Replay("tele/garden/LWT", "Online"),
                Step::Live("tele/garden/LWT", ""),
                Step::Live("tele/tasmota_49A3BC/LWT", "Online"),
                Step::Live(DISCOVERY, PLUG),
            ],
            then: &[tile("tasmota", "tasmota_49A3BC", Online, Evidence::Live).named("Plug")],
        },
        Sequence {
            what: "another topic, which only discovery names: what never spoke on the old one is removed",
            steps: &[Step::Replay(DISCOVERY, SENSOR), Step::Live(DISCOVERY, PLUG)],
            then: &[tile("tasmota", "tasmota_49A3BC", Unknown, Evidence::Live).named("Plug")],
        },
        Sequence {
            what: "discovery is switched off, and another convention owns the topic",
            steps: &[
                Step::Replay(DISCOVERY, ANYBODY),
                Step::Replay("house/lamp/LWT", "Online"),
                Step::Live(DISCOVERY, ""),
                Step::Live("house/lamp/LWT", "Offline"),
            ],
            then: &[tile("lwt", "house/lamp", Offline, Evidence::Live).changed(1)],
        },
    ],
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_filter_takes_the_topic(
            full_topic in "(%topic%|%hostname%|%id%|%prefix%|[a-c+#$/ é]){0,8}",
            topic in "[a-c/+$é]{0,4}",
            host_name in "[a-c/é]{0,3}",
            mac in "[0-9A-Fé]{0,12}",
        ) {
            let text = |text: &str| serde_json::to_string(text).expect("any text is JSON");
            let payload = format!(
                r#"{{"t":{},"ft":{},"hn":{},"mac":{},"tp":["cmnd","stat","tele"],"onln":"1","ofln":"0"}}"#,
                text(&topic), text(&full_topic), text(&host_name), text(&mac),
            );
            read_discovery(&mac, payload.as_bytes(), &mut |about| {
                let status_topic = about.status_topic.expect("discovery names a topic");
                let topic = TopicName::new(status_topic.topic).expect("a topic");
                let filter = TopicFilter::new(status_topic.filter).expect("a filter");
                assert!(filter.matches(topic), "{filter:?} takes {topic:?}");
                assert!(status_topic.topic.ends_with("/LWT") && filter.has_wildcard());
            });
        }
    }
}
