//! Topic filters that metadata asks for.

use fleet::{SnapshotState, SubscriptionState};
use mqtt::Version;

use crate::fixtures::FILTERS;
use crate::pair::Pair;

const DISCOVERY: &str = "tasmota/discovery/DC4F2249A3B1/config";

/// Tasmota's discovery document of a device with its own FullTopic; its MAC ends like its topic.
fn discovery(topic: &str, full_topic: &str) -> String {
    let end = &topic[topic.len() - 1..];
    format!(
        r#"{{"ip":"10.0.0.9","dn":"Bedside","fn":["Lamp"],"hn":"lamp1-9148","mac":"DC4F2249A3B{end}","ofln":"Offline","onln":"Online","t":"{topic}","ft":"{full_topic}","tp":["cmnd","stat","tele"],"ver":1}}"#
    )
}

#[test]
fn a_topic_that_metadata_names_is_subscribed_to() {
    let config = discovery("lamp1", "tasmota/bedroom/%topic%/%prefix%/");
    let lwt = "tasmota/bedroom/lamp1/tele/LWT";
    let mut pair = Pair::with_retained(Version::V5, &[(DISCOVERY, &config), (lwt, "Online")]);
    pair.connect();
    let own = FILTERS.len();
    assert_eq!(pair.broker.transcript.len(), 1 + own + 1);
    let last = pair.broker.transcript.last().unwrap();
    assert_eq!(last, "SUBSCRIBE tasmota/bedroom/+/tele/LWT, PINGREQ");
    assert_eq!(pair.engine.snapshot().state(), SnapshotState::Complete);
    pair.check("tasmota", "lamp1", "online retained");

    // The next device of this kind needs no other filter, and one that matches a default filter needs none.
    let lamp_2 = discovery("lamp2", "tasmota/bedroom/%topic%/%prefix%/");
    pair.publish("tasmota/discovery/DC4F2249A3B2/config", &lamp_2, true);
    pair.publish("tasmota/discovery/DC4F2249A3B3/config", &discovery("lamp3", "%prefix%/%topic%/"), true);
    assert_eq!(pair.engine.fleet().counts().total, 3);
    assert_eq!(pair.engine.snapshot().subscriptions().len(), own + 1);

    // The filter stays after the link is lost.
    pair.lose_link();
    pair.wait(5_000);
    assert_eq!(pair.state("tasmota/bedroom/+/tele/LWT"), SubscriptionState::Complete);
    pair.publish(lwt, "Offline", true);
    pair.check("tasmota", "lamp1", "offline live");
}

#[test]
fn another_base_topic_is_found_by_its_bridge() {
    let mut pair = Pair::with_retained(
        Version::V311,
        &[
            ("attic-z2m/bridge/state", r#"{"state":"online"}"#),
            ("attic-z2m/kitchen/lamp/availability", r#"{"state":"offline"}"#),
            (
                "attic-z2m/bridge/devices",
                r#"[{"friendly_name":"kitchen/lamp","type":"Router"},{"friendly_name":"door","type":"EndDevice"}]"#,
            ),
        ],
    );
    pair.connect();
    pair.check("zigbee2mqtt-bridge", "attic-z2m", "online retained");
    pair.check("zigbee2mqtt", "attic-z2m:kitchen/lamp", "offline retained");
    pair.check("zigbee2mqtt", "attic-z2m:door", "unknown retained");
    assert_eq!(pair.engine.fleet().counts().total, 3);
    pair.publish("attic-z2m/bridge/state", r#"{"state":"offline"}"#, true);
    pair.check("zigbee2mqtt", "attic-z2m:kitchen/lamp", "offline stale");
    let lamp = pair.engine.fleet().find("zigbee2mqtt", "attic-z2m:kitchen/lamp").unwrap();
    assert!(pair.engine.fleet().device(lamp).unwrap().parent_offline);
}

#[test]
fn the_users_filters_are_asked_for_again_when_a_bridge_names_the_owner() {
    let mut pair = Pair::new(Version::V5, Some(&["home/#", "hall/#"]));
    for (topic, payload) in [
        ("home/z2m/attic/availability", "online"),
        ("home/z2m/bridge/state", "online"),
        ("home/z2m/noise", "21.5"),
        ("home/rtl_433/attic/availability", "online"),
    ] {
        pair.broker.retain(topic, payload);
    }
    pair.connect();
    pair.check("zigbee2mqtt-bridge", "home/z2m", "online retained");
    pair.check("zigbee2mqtt", "home/z2m:attic", "online retained");
    assert_eq!(pair.engine.fleet().counts().total, 2);
    assert_eq!(
        pair.broker.transcript,
        ["CONNECT", "SUBSCRIBE home/#, PINGREQ", "SUBSCRIBE home/#, PINGREQ", "SUBSCRIBE hall/#, PINGREQ"]
    );
    assert_eq!((pair.engine.snapshot().topics(), pair.engine.snapshot().state().word()), (4, "complete"));
}

#[test]
fn the_users_filters_are_not_added_to() {
    let mut pair = Pair::new(Version::V5, Some(&["tasmota/discovery/#"]));
    let config = discovery("lamp1", "tasmota/bedroom/%topic%/%prefix%/");
    pair.broker.retain(DISCOVERY, &config);
    pair.connect();
    assert_eq!(pair.engine.snapshot().subscriptions().len(), 1);
    pair.check("tasmota", "lamp1", "unknown retained");
}
