//! The dialog in a document: nothing is deleted without a question, and closing it drops what was only looked up.

use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{MouseEvent, MouseEventInit};

use super::ForgetDialog;
use crate::client::ScriptedBroker;
use crate::context::Dialog;
use crate::testing::{CONNACK, Stage, frames, profile, publish};

/// The end of the snapshot of the only subscription: SUBACK and PINGRESP.
const SNAPSHOT: [&[u8]; 2] = [&[0x90, 3, 0, 1, 0], &[0xD0, 0]];

/// The dialog, which looks up what the broker retains of one device.
async fn looking_up(topic: &str) -> (Stage, ScriptedBroker) {
    let (connection, broker) = ScriptedBroker::connected(profile(), &[CONNACK]);
    broker.send(&publish(topic, "offline", true));
    SNAPSHOT.iter().for_each(|bytes| broker.send(bytes));
    let stage = Stage::mount(connection, || view! { <ForgetDialog /> });
    frames(2).await;
    let app = stage.app();
    let device = app.read_untracked(|active| active.engine.fleet().handles().next()).flatten();
    app.forget(&[device.expect("the device was seen")]);
    until_says(&stage, "Asking the broker").await;
    frames(2).await;
    (stage, broker)
}

/// Waits until a text is there: the grace of a look-up is a timer's.
async fn until_says(stage: &Stage, part: &str) {
    for _ in 0..120 {
        if stage.text("dialog").contains(part) {
            return;
        }
        frames(1).await;
    }
    panic!("no {part:?} in {}", stage.text("dialog"));
}

fn is_looked_up(stage: &Stage) -> bool {
    stage.app().read_untracked(|active| active.engine.deletion().is_some()) == Some(true)
}

#[wasm_bindgen_test]
async fn nothing_is_deleted_without_a_question_and_closing_drops_a_look_up() {
    let (stage, broker) = looking_up("fan/status").await;
    assert!(stage.one("dialog").has_attribute("open"));
    assert_eq!(stage.text("[role=status]"), "Asking the broker for retained messages …");
    assert_eq!(stage.text(".actions"), "Stop");
    assert!(!stage.one("progress").has_attribute("hidden"));

    // SUBACK with QoS 2, the message, PINGRESP; and after the grace UNSUBACK.
    broker.send(&[0x90, 3, 0, 2, 2]);
    broker.send(&publish("fan/status", "offline", true));
    broker.send(&[0xD0, 0]);
    frames(30).await;
    broker.send(&[0xB0, 2, 0, 3]);
    until_says(&stage, "The broker has retained messages of 1 device that can be deleted.").await;
    assert!(stage.one("progress").has_attribute("hidden"));
    assert_eq!(stage.text(".outcomes h3"), "To be deleted 1");
    assert_eq!(stage.text(".outcomes li"), "fan fan/status Offline · 7 bytes · QoS 0");
    let focused = document().active_element().map(|element| element.id());
    assert_eq!(focused.as_deref(), Some("forget-title"), "the button with the focus may be gone");

    stage.click(".danger");
    frames(2).await;
    until_says(&stage, "Delete the retained messages of 1 device?").await;
    assert_eq!(stage.text(".actions .danger"), "Yes, delete 1");
    // The second click of a double one confirms nothing.
    let init = MouseEventInit::new();
    init.set_detail(2);
    let second = MouseEvent::new_with_mouse_event_init_dict("click", &init).expect("an event can be made");
    stage.one(".danger").dispatch_event(&second).expect("it can be dispatched");
    frames(2).await;
    assert_eq!(stage.text(".actions .danger"), "Yes, delete 1");

    stage.click(".actions :last-child");
    frames(3).await;
    assert_eq!(stage.app().dialog.get_untracked(), None);
    assert!(!stage.one("dialog").has_attribute("open"));
    assert!(!is_looked_up(&stage), "nothing is left of a look-up");
}

#[wasm_bindgen_test]
async fn another_dialog_in_its_place_drops_a_look_up_too() {
    let (stage, _broker) = looking_up("fan/status").await;
    assert!(is_looked_up(&stage));
    stage.app().dialog.set(Some(Dialog::Help));
    frames(2).await;
    assert!(!is_looked_up(&stage));
}
