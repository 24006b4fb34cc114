//! The panel in a document: what it shows of a device that is not there, is there, changes, and is removed.

use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::DeviceDialog;
use crate::client::ScriptedBroker;
use crate::context::Dialog;
use crate::route::DeviceKey;
use crate::testing::{CONNACK, Stage, frames, profile, publish};

/// A broker that retains these messages, and the dialog, open for a device.
async fn opened(retained: &[(&str, &str)], convention: &str, id: &str) -> (Stage, ScriptedBroker) {
    let (connection, broker) = ScriptedBroker::connected(profile(), &[CONNACK]);
    for (topic, payload) in retained {
        broker.send(&publish(topic, payload, true));
    }
    let stage = Stage::mount(connection, || view! { <DeviceDialog /> });
    frames(2).await;
    let key = DeviceKey { convention: convention.to_owned(), id: id.to_owned() };
    stage.app().dialog.set(Some(Dialog::Device(key)));
    until("the dialog is open", || stage.one("dialog").has_attribute("open")).await;
    frames(2).await;
    (stage, broker)
}

/// The id of the element that has the focus.
fn focused() -> String {
    document().active_element().map(|element| element.id()).unwrap_or_default()
}

fn says(stage: &Stage, part: &str) -> bool {
    stage.text("dialog").contains(part)
}

/// Waits until something is so: an update may be followed by a pause.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..120 {
        if is_so() {
            return;
        }
        frames(1).await;
    }
    panic!("never: {what}");
}

fn panel_of(stage: &Stage) -> Option<String> {
    stage.one("dialog").get_attribute("data-device-panel")
}

#[wasm_bindgen_test]
async fn a_device_that_was_not_seen_is_waited_for() {
    let (stage, broker) = opened(&[], "tasmota", "lamp").await;
    assert!(stage.one("dialog").has_attribute("open"));
    assert!(says(&stage, "has not been seen so far"), "{}", stage.text("dialog"));
    assert!(says(&stage, "Tasmota"));
    assert_eq!(stage.text("#device-title"), "lamp");
    assert_eq!(stage.count("[data-device-panel]"), 0);
    assert_eq!(focused(), "device-title");

    broker.send(&publish("tele/lamp/LWT", "Online", false));
    until("its panel", || panel_of(&stage).as_deref() == Some("lamp")).await;
    assert!(!says(&stage, "has not been seen so far"));
    assert!(says(&stage, "tele/lamp/LWT"));
    assert_eq!(focused(), "device-title", "the title stays");

    stage.click("[name=close]");
    frames(2).await;
    assert_eq!(stage.count("[data-device-panel], h2"), 0);
    assert_eq!(stage.app().dialog.get_untracked(), None);
}

#[wasm_bindgen_test]
async fn an_id_from_an_address_is_only_text() {
    let hostile = "<img src=x onerror=alert(1)>";
    let (stage, _broker) = opened(&[], hostile, hostile).await;
    assert_eq!(stage.text("#device-title"), hostile);
    assert_eq!(stage.count("img"), 0);
}

#[wasm_bindgen_test]
async fn without_any_connection_nothing_covers_the_page() {
    let stage = Stage::mount(crate::client::Connection::new(), || view! { <DeviceDialog /> });
    let key = DeviceKey { convention: "tasmota".to_owned(), id: "lamp".to_owned() };
    stage.app().dialog.set(Some(Dialog::Device(key)));
    frames(2).await;
    assert!(!stage.one("dialog").has_attribute("open"));
}

#[wasm_bindgen_test]
async fn a_device_that_is_removed_keeps_its_panel() {
    let (stage, broker) = opened(&[("tele/lamp/LWT", "Online")], "tasmota", "lamp").await;
    assert!(says(&stage, "The broker had retained this on tele/lamp/LWT"));
    assert!(!stage.one(".actions").has_attribute("hidden"));

    broker.send(&publish("tele/lamp/LWT", "", false));
    until("it is gone", || says(&stage, "Its retained message was deleted at the broker.")).await;
    assert!(says(&stage, "6 bytes"), "what was known stays");
    assert!(stage.one(".standing").class_list().contains("online"));
    assert!(stage.one(".actions").has_attribute("hidden"), "there is nothing to delete");
    assert_eq!(panel_of(&stage).as_deref(), Some("lamp"));

    broker.send(&publish("tele/lamp/LWT", "Offline", false));
    until("it is back", || !says(&stage, "Its retained message was deleted at the broker.")).await;
    assert!(stage.one(".standing").class_list().contains("offline"));
    assert!(!stage.one(".actions").has_attribute("hidden"));
}

#[wasm_bindgen_test]
async fn a_change_leaves_the_other_elements_alone() {
    let (stage, broker) = opened(&[("tele/lamp/LWT", "Online")], "tasmota", "lamp").await;
    let (title, fact, first) =
        (stage.one("#device-title"), stage.one(".facts dd"), stage.one(".changes li:last-child"));
    assert_eq!(stage.count(".changes li"), 1);

    broker.send(&publish("tele/lamp/LWT", "Offline", false));
    until("a change", || stage.count(".changes li") == 2).await;
    assert!(stage.text(".changes li").contains("went offline"));
    assert!(stage.one(".changes li").class_list().contains("offline"));
    assert!([&title, &fact, &first].iter().all(|element| element.is_connected()));
    assert_eq!(stage.one(".changes li:last-child"), first);

    // Back within a second: both halves are marked, the one that was there already too.
    let second = stage.one(".changes li");
    broker.send(&publish("tele/lamp/LWT", "Online", false));
    until("a change back", || stage.count(".changes li") == 3).await;
    let text = second.text_content().unwrap_or_default();
    assert!(second.is_connected() && text.contains("changed back"), "{text}");
}

#[wasm_bindgen_test]
async fn every_byte_of_a_payload_is_shown() {
    let (stage, broker) = opened(&[("tele/lamp/LWT", " Online\r\n")], "tasmota", "lamp").await;
    assert_eq!(stage.text(".bytes"), " Online␍ ␊\n");
    assert_eq!(stage.text(".views .bytes:last-child"), "0000  20 4f 6e 6c 69 6e 65 0d 0a");
    assert_eq!(stage.text(".stand-in"), "␍ ␊\n");
    assert!(!stage.one(".hint").has_attribute("hidden"));
    let text = stage.one(".bytes");
    assert_eq!(text.get_attribute("tabindex").as_deref(), Some("0"), "the keyboard reaches what scrolls");
    assert_eq!(text.get_attribute("aria-label").as_deref(), Some("The payload as text"));

    broker.send(&publish("tele/lamp/LWT", "Offline", false));
    until("the other payload", || stage.text(".bytes") == "Offline").await;
    assert!(stage.one(".hint").has_attribute("hidden"));
    assert!(text.is_connected());

    broker.send(&publish("tele/lamp/LWT", "per\u{202E}haps<b>", false));
    let unknown = "1 message on its topic had a payload that Tasmota does not define";
    until(unknown, || says(&stage, unknown)).await;
    assert_eq!(stage.text(".sheet > pre"), "perU+202Ehaps<b>");
    assert_eq!(stage.count("b"), 1, "the status");
}

#[wasm_bindgen_test]
async fn a_child_keeps_its_element_and_the_focus_and_leads_to_its_panel() {
    let online = r#"{"state":"online"}"#;
    let retained = [
        ("zigbee2mqtt/bridge/state", online),
        ("zigbee2mqtt/door/availability", online),
        ("zigbee2mqtt/lamp/availability", r#"{"state":"offline"}"#),
    ];
    let (stage, broker) = opened(&retained, "zigbee2mqtt-bridge", "zigbee2mqtt").await;
    assert!(says(&stage, "Devices behind it: 2"));
    assert!(stage.text(".children li").contains("lamp"), "the one in trouble first");
    let door = stage.one(".children li:nth-child(2)");
    stage.focus(".children li:nth-child(2) .link");

    broker.send(&publish("zigbee2mqtt/door/availability", r#"{"state":"offline"}"#, false));
    // It was heard of first.
    until("the door moves up", || stage.one(".children li") == door).await;
    assert!(door.class_list().contains("offline"));
    let active = document().active_element().and_then(|element| element.text_content());
    assert_eq!(active.as_deref(), Some("door"));

    stage.click(".children .link");
    frames(2).await;
    assert_eq!(panel_of(&stage).as_deref(), Some("door"));
    assert_eq!((stage.text("#device-title").as_str(), focused().as_str()), ("door", "device-title"));
    stage.click(".facts .link");
    frames(2).await;
    assert_eq!(stage.text("#device-title"), "zigbee2mqtt");
}
