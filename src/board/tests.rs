//! The board in a document: the hooks that other programs rely on, and text that is only text.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlSelectElement};

use super::Board;
use crate::client::{Connection, ScriptedBroker};
use crate::context::use_app;
use crate::testing::{CONNACK, Stage, frames, profile, publish};
use crate::view::View;

/// A 3.1.1 SUBACK for the first packet identifier.
const SUBACK: &[u8] = &[0x90, 3, 0, 1, 0];
const PINGRESP: &[u8] = &[0xD0, 0];

/// The board over a connection, with a form of one field and neither trouble nor report.
fn board(connection: Connection) -> Stage {
    Stage::mount(connection, || {
        let form = || view! { <form></form> };
        view! { <Board connection_form=form trouble=|| () support_report=|| () /> }
    })
}

/// The class of the element that has the focus.
fn focused() -> Option<String> {
    document().active_element().map(|element| element.class_name())
}

#[wasm_bindgen_test]
async fn a_tile_carries_the_hooks_and_a_stranger_s_text_is_only_text() {
    let hostile = "<img src=x onerror=alert(1)>";
    let topic = format!("{hostile}/status");
    let received = [&publish(&topic, "online", true)[..], &publish("tele/pump/LWT", "Offline", false)];
    let (connection, broker) = ScriptedBroker::connected(profile(), &[CONNACK, &received.concat()]);
    let stage = board(connection);
    frames(3).await;

    assert_eq!(stage.count("[data-device]"), 2);
    let tile = stage.one("[data-convention=esphome]");
    let attribute = |name| tile.get_attribute(name).unwrap_or_default();
    assert_eq!(attribute("data-device"), hostile);
    assert_eq!((attribute("data-status"), attribute("data-evidence")), ("online".into(), "retained".into()));
    assert!(!tile.has_attribute("data-parent"));
    assert_eq!(stage.count("img"), 0);
    assert_eq!(stage.text("[data-convention=esphome] b"), hostile);

    let pump = stage.one("[data-device=pump][data-convention=tasmota]");
    assert_eq!(pump.get_attribute("data-status").as_deref(), Some("offline"));
    assert_eq!(pump.get_attribute("data-evidence").as_deref(), Some("live"));

    // The same element is updated.
    broker.send(&publish(&topic, "online", false));
    frames(3).await;
    assert_eq!(tile.get_attribute("data-evidence").as_deref(), Some("live"));
    assert!(tile.is_connected());
}

#[wasm_bindgen_test]
async fn the_counters_filter_the_tiles() {
    let devices =
        (0..6).map(|n| publish(&format!("d{n}/status"), if n < 3 { "offline" } else { "online" }, true));
    let received = devices.collect::<Vec<_>>().concat();
    let (connection, _broker) = ScriptedBroker::connected(profile(), &[CONNACK, &received]);
    let stage = board(connection);
    frames(3).await;
    assert_eq!(stage.count("[data-device]"), 6);
    stage.click(".chip.offline");
    frames(3).await;
    assert_eq!((stage.count("[data-device]"), stage.count("[data-status=offline]")), (3, 3));
}

#[wasm_bindgen_test]
async fn only_the_rows_in_sight_are_in_the_document() {
    let devices = (0..5_000).map(|n| publish(&format!("d{n}/status"), "online", true));
    let received = devices.collect::<Vec<_>>().concat();
    let (connection, _broker) = ScriptedBroker::connected(profile(), &[CONNACK, &received]);
    let stage = board(connection);
    frames(3).await;
    assert_eq!(stage.text("[data-count=total]"), "5000");
    let tiles = stage.count("[data-device]");
    assert!((1..300).contains(&tiles), "{tiles} tiles are in the document");
    let tile = stage.one("[aria-posinset='3']");
    assert_eq!(tile.get_attribute("aria-setsize").as_deref(), Some("5000"));
}

#[wasm_bindgen_test]
async fn before_the_first_connection_there_is_the_form_and_nothing_to_search() {
    let stage = board(Connection::new());
    frames(2).await;
    assert_eq!(stage.one("main").get_attribute("data-snapshot").as_deref(), Some("unknown"));
    assert_eq!((stage.count("form"), stage.count("input[type=search]"), stage.count("details")), (1, 1, 0));
    assert_eq!(stage.text("[data-count=total]"), "0");
    let is_hidden = |selector| stage.one(selector).get_bounding_client_rect().height() == 0.0;
    assert!(is_hidden(".search") && is_hidden("[data-count=total]"));
    assert!(is_hidden(".tools") && is_hidden(".rail"));
}

#[wasm_bindgen_test]
async fn from_the_first_connection_on_there_are_search_and_counters() {
    let (connection, broker) = ScriptedBroker::connected(profile(), &[]);
    let seen = connection.clone();
    let stage = board(connection);
    frames(2).await;
    let is_hidden = |selector| stage.one(selector).get_bounding_client_rect().height() == 0.0;
    assert_eq!(stage.count("form"), 0, "a connection was asked for");
    assert!(is_hidden(".search"), "and not accepted so far");

    broker.send(CONNACK);
    frames(3).await;
    assert!(!is_hidden(".search") && !is_hidden("[data-count=total]"));
    assert_eq!(stage.count("details.filters"), 1);

    seen.disconnect();
    frames(20).await;
    assert!(!is_hidden(".search"), "what is known can still be searched");
    assert_eq!((stage.count("form"), stage.count(".empty .button.primary")), (0, 1));
}

#[wasm_bindgen_test]
async fn the_headline_counts() {
    let received = [&publish("fan/status", "online", true)[..], &publish("tele/pump/LWT", "Offline", false)];
    let (connection, _broker) =
        ScriptedBroker::connected(profile(), &[CONNACK, &received.concat(), SUBACK, PINGRESP]);
    let stage = board(connection);
    frames(3).await;
    let words = |selector: &str| stage.text(selector).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(".headline"), "1 device is offline. 1 of 2 is online.");
    assert_eq!(stage.one(".headline em").class_name(), "offline");
    assert_eq!(words(".sub"), "1 status seen live. 1 only from a retained message.");
    frames(2).await;
    assert_eq!(document().title(), "(1) Willow");
}

#[wasm_bindgen_test]
async fn what_hides_every_device_can_be_taken_away() {
    let received = publish("fan/status", "online", true);
    let (connection, _broker) = ScriptedBroker::connected(profile(), &[CONNACK, &received]);
    let stage = board(connection);
    frames(3).await;
    stage.type_into(".search", "nothing of the kind");
    frames(3).await;
    assert!(stage.text(".empty").contains("hide the only device"), "{}", stage.text(".empty"));
    stage.focus(".empty .button");
    stage.click(".empty .button");
    frames(3).await;
    assert_eq!(stage.count(".empty"), 0);
    assert_eq!(focused().as_deref(), Some("field search"), "the button is gone");
}

#[wasm_bindgen_test]
async fn the_toolbar_shows_the_view_of_the_address() {
    let received = publish("fan/status", "online", true);
    let (connection, _broker) = ScriptedBroker::connected(profile(), &[CONNACK, &received]);
    let stage = Stage::mount(connection, || {
        use_app().view.set(View::of_fragment("#/?sort=change&group=topic-2"));
        view! { <Board connection_form=|| () trouble=|| () support_report=|| () /> }
    });
    frames(3).await;
    let chosen = || {
        let selects = stage.all(".tools select");
        let value = |select: Element| select.unchecked_into::<HtmlSelectElement>().value();
        selects.into_iter().map(value).collect::<Vec<_>>()
    };
    assert_eq!(chosen(), ["change", "topic-2", "", ""]);
    stage.app().view.set(View::of_fragment("#/?evidence=stale&convention=tasmota"));
    frames(2).await;
    assert_eq!(chosen(), ["trouble", "none", "stale", "tasmota"]);
}

#[wasm_bindgen_test]
async fn the_subscriptions_can_be_read_and_switched_when_they_are_opened() {
    let received = [
        &publish("pump/status", "online", false)[..],
        &publish("fan/status", "<b>purple</b>", false),
        &publish("fan/temperature", "21", false),
    ];
    let (connection, _broker) = ScriptedBroker::connected(profile(), &[CONNACK, &received.concat()]);
    let seen = connection.clone();
    let stage = board(connection);
    frames(3).await;
    assert_eq!(stage.count(".filters table"), 0, "closed, it costs nothing");

    stage.click(".filters summary");
    frames(3).await;
    let row = || stage.text(".filters tbody tr");
    assert!(row().contains('#') && row().contains("66%"), "{}", row());
    assert_eq!(stage.text(".filters li code"), "fan/status");
    assert_eq!(stage.text(".filters li q"), "<b>purple</b>");

    stage.click(".filters [type=checkbox]");
    // Drawing pauses for a while after it, and sentences are updated every 250 ms.
    frames(20).await;
    assert!(row().contains("switched off"), "{}", row());
    let is_on = || seen.read(|active| active.engine.snapshot().subscriptions()[0].is_on());
    assert_eq!(is_on(), Some(false));
    stage.click(".filters [type=checkbox]");
    frames(20).await;
    assert!(!row().contains("switched off"), "{}", row());
    assert_eq!(is_on(), Some(true));

    stage.click(".filters summary");
    frames(3).await;
    assert_eq!(stage.count(".filters table"), 0);
}

#[wasm_bindgen_test]
async fn a_paused_filter_can_be_resumed() {
    let noise = (0..60).map(|n| publish(&format!("n{n}"), "1", false)).collect::<Vec<_>>().concat();
    // The filter's snapshot is over before it is flooded.
    let (connection, _broker) = ScriptedBroker::connected(profile(), &[CONNACK, SUBACK, PINGRESP, &noise]);
    let seen = connection.clone();
    let stage = board(connection);
    frames(3).await;
    assert!(stage.text(".note").contains("paused"), "{}", stage.text(".note"));
    assert!(stage.text(".headline").contains("not everything"), "{}", stage.text(".headline"));
    stage.focus(".note button");
    stage.click(".note button");
    frames(4).await;
    assert_eq!(stage.count(".note"), 0);
    assert_eq!(focused().as_deref(), Some("headline"), "the button is gone");
    let is_on = seen.read(|active| active.engine.snapshot().subscriptions()[0].is_on());
    assert_eq!(is_on, Some(true));
}

#[wasm_bindgen_test]
async fn changes_are_listed_in_words() {
    let received = publish("fan/status", "online", true);
    let (connection, broker) = ScriptedBroker::connected(profile(), &[CONNACK, &received]);
    let stage = board(connection);
    frames(3).await;
    assert_eq!(stage.text(".rail p"), "No changes seen so far.");
    broker.send(&publish("fan/status", "offline", false));
    frames(20).await;
    assert_eq!((stage.count(".rail li"), stage.text(".rail > p")), (1, String::new()));
    assert_eq!(stage.text(".rail li p"), "fan went offline");
    assert!(stage.text(".rail time").ends_with(" · seen live"), "{}", stage.text(".rail time"));
}
