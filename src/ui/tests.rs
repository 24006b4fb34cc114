//! The board as it stands in a document: the hooks that other programs rely on, and text that is only text.

use js_sys::Promise;
use leptos::prelude::*;
use mqtt::{Version, VersionChoice};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlElement};

use super::board::board;
use super::{Page, app, mount};
use crate::address::{Address, Request};
use crate::link::{self, Link, Profile};
use crate::store;

const CONNACK: &[u8] = &[0x20, 2, 0, 0];

/// A 3.1.1 PUBLISH at QoS 0.
fn publish(topic: &str, payload: &str, retain: bool) -> Vec<u8> {
    let remaining = 2 + topic.len() + payload.len();
    assert!(remaining < 128, "one byte must do for the length");
    let header = [0x30 | u8::from(retain), remaining as u8, 0, topic.len() as u8];
    [&header, topic.as_bytes(), payload.as_bytes()].concat()
}

/// Without its style the page would be so long that most of it is out of sight, and has no tiles.
const STYLE: &str = concat!(
    include_str!("../../style/tokens.css"),
    include_str!("../../style/base.css"),
    include_str!("../../style/header.css"),
    include_str!("../../style/board.css"),
    include_str!("../../style/tile.css"),
    include_str!("../../style/wall.css"),
    include_str!("../../style/notes.css"),
    include_str!("../../style/device.css"),
);

/// A place of its own for a test, removed with everything in it.
struct Place(HtmlElement);

impl Place {
    fn new() -> Place {
        store::write("willow.language", Some("en"));
        let place: HtmlElement =
            document().create_element("div").expect("a div can be made").unchecked_into();
        document().body().expect("a page has a body").append_child(&place).expect("a body takes a div");
        let style = document().create_element("style").expect("a style can be made");
        style.set_text_content(Some(STYLE));
        place.append_child(&style).expect("a div takes a style");
        // In sight, whatever the test runner writes above.
        place.set_attribute("style", "position: fixed; inset: 0").expect("an element takes a style");
        Place(place)
    }

    fn one(&self, selector: &str) -> Element {
        let found = self.0.query_selector(selector).expect("a selector is valid");
        found.unwrap_or_else(|| panic!("no {selector} in {}", self.0.inner_html()))
    }

    fn count(&self, selector: &str) -> u32 {
        self.0.query_selector_all(selector).expect("a selector is valid").length()
    }

    fn text(&self, selector: &str) -> String {
        self.one(selector).text_content().unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.remove();
    }
}

/// Until what was raised has been drawn.
async fn frames(count: u32) {
    for _ in 0..count {
        let frame = Promise::new(&mut |resolve, _| {
            window().request_animation_frame(&resolve).expect("a window has frames");
        });
        JsFuture::from(frame).await.expect("a frame is never rejected");
        leptos::task::tick().await;
    }
}

fn profile() -> Profile {
    Profile {
        address: Address::parse("ws://127.0.0.1:9/mqtt").expect("a test's address is valid"),
        user: None,
        password: None,
        keep_alive: link::KEEP_ALIVE,
        version: VersionChoice::Only(Version::V311),
        filters: vec!["#".to_owned()],
        client_id: None,
    }
}

#[wasm_bindgen_test]
async fn a_tile_carries_the_hooks_and_a_stranger_s_text_is_only_text() {
    let place = Place::new();
    let hostile = "<img src=x onerror=alert(1)>";
    let link = Link::scripted(
        profile(),
        &[
            CONNACK,
            &publish(&format!("{hostile}/status"), "online", true),
            &publish("tele/pump/LWT", "Offline", false),
        ],
    );
    let seen = link.clone();
    let _mounted = mount(place.0.clone(), move || vec![board(Page::new(seen, Request::parse("")))]);
    frames(3).await;

    assert_eq!(place.count("[data-device]"), 2);
    let tile = place.one("[data-convention=esphome]");
    let attribute = |name| tile.get_attribute(name).unwrap_or_default();
    assert_eq!(attribute("data-device"), hostile);
    assert_eq!((attribute("data-status"), attribute("data-evidence")), ("online".into(), "retained".into()));
    assert!(!tile.has_attribute("data-parent"));
    assert_eq!(place.count("img"), 0);
    assert_eq!(place.text("[data-convention=esphome] b"), hostile);

    let pump = place.one("[data-device=pump][data-convention=tasmota]");
    assert_eq!(pump.get_attribute("data-status").as_deref(), Some("offline"));
    assert_eq!(pump.get_attribute("data-evidence").as_deref(), Some("live"));
    assert_eq!(
        place.text(".headline").split_whitespace().collect::<Vec<_>>().join(" "),
        "1 device is offline. 1 of 2 is online."
    );

    // The same element is told anew.
    link.hear(&publish(&format!("{hostile}/status"), "online", false));
    frames(3).await;
    assert_eq!(tile.get_attribute("data-evidence").as_deref(), Some("live"));
    assert!(tile.is_connected());
}

#[wasm_bindgen_test]
async fn the_counters_filter_and_keep_the_whole_fleet_s_numbers() {
    let place = Place::new();
    let devices: Vec<_> = (0..12)
        .map(|n| publish(&format!("d{n}/status"), if n < 3 { "offline" } else { "online" }, true))
        .collect();
    let mut heard = vec![CONNACK];
    heard.extend(devices.iter().map(Vec::as_slice));
    let link = Link::scripted(profile(), &heard);
    let _mounted = mount(place.0.clone(), move || vec![board(Page::new(link, Request::parse("")))]);
    frames(3).await;
    let counts = || {
        ["total", "online", "offline", "sleeping", "degraded", "unknown"]
            .map(|word| place.text(&format!("[data-count={word}]")))
    };
    assert_eq!(counts(), ["12", "9", "3", "0", "0", "0"]);

    place.one(".chip.offline").unchecked_into::<HtmlElement>().click();
    frames(3).await;
    assert_eq!(place.count("[data-device]"), 3);
    assert_eq!(place.count("[data-status=offline]"), 3);
    assert_eq!(counts(), ["12", "9", "3", "0", "0", "0"]);
    assert_eq!(place.one(".chip.offline").get_attribute("aria-pressed").as_deref(), Some("true"));
}

#[wasm_bindgen_test]
async fn only_the_rows_in_sight_are_in_the_document() {
    let place = Place::new();
    let devices: Vec<_> = (0..5_000).map(|n| publish(&format!("d{n}/status"), "online", true)).collect();
    let link = Link::scripted(profile(), &[CONNACK, &devices.concat()]);
    let _mounted = mount(place.0.clone(), move || vec![board(Page::new(link, Request::parse("")))]);
    frames(3).await;
    assert_eq!(place.text("[data-count=total]"), "5000");
    let tiles = place.count("[data-device]");
    assert!((1..300).contains(&tiles), "{tiles} tiles are in the document");
    let tile = place.one(".rows li:nth-child(3)");
    let attribute = |name| tile.get_attribute(name).unwrap_or_default();
    assert_eq!((attribute("aria-posinset"), attribute("aria-setsize")), ("3".into(), "5000".into()));
}

#[wasm_bindgen_test]
async fn the_filters_can_be_read_and_switched_when_they_are_asked_for() {
    let place = Place::new();
    let link = Link::scripted(
        profile(),
        &[
            CONNACK,
            &publish("pump/status", "online", false),
            &publish("fan/status", "<b>purple</b>", false),
            &publish("fan/temperature", "21", false),
        ],
    );
    let seen = link.clone();
    let _mounted = mount(place.0.clone(), move || vec![board(Page::new(seen, Request::parse("")))]);
    frames(3).await;
    assert_eq!(place.count(".filters table"), 0, "closed, it costs nothing");

    place.one(".filters summary").unchecked_into::<HtmlElement>().click();
    frames(3).await;
    let row = || place.text(".filters tbody tr");
    assert!(row().contains('#') && row().contains("66%"), "{}", row());
    assert_eq!(place.text(".filters li code"), "fan/status");
    assert_eq!(place.text(".filters li q"), "<b>purple</b>");

    place.one(".filters [type=checkbox]").unchecked_into::<HtmlElement>().click();
    // Drawing rests for a while after it.
    frames(20).await;
    assert!(row().contains("switched off"), "{}", row());
    assert!(link.with(|call| !call.engine.snapshot().filters()[0].is_on()).unwrap_or_default());
    place.one(".filters [type=checkbox]").unchecked_into::<HtmlElement>().click();
    frames(20).await;
    assert!(!row().contains("switched off"), "{}", row());

    place.one(".filters summary").unchecked_into::<HtmlElement>().click();
    frames(3).await;
    assert_eq!(place.count(".filters table"), 0);
}

#[wasm_bindgen_test]
async fn a_paused_filter_can_be_watched_anyway() {
    let place = Place::new();
    let noise: Vec<_> = (0..60).map(|n| publish(&format!("n{n}"), "1", false)).collect();
    // The filter's snapshot is over (SUBACK, PINGRESP) before it is flooded.
    let link = Link::scripted(profile(), &[CONNACK, &[0x90, 3, 0, 1, 0], &[0xD0, 0], &noise.concat()]);
    let seen = link.clone();
    let _mounted = mount(place.0.clone(), move || vec![board(Page::new(seen, Request::parse("")))]);
    frames(3).await;
    assert!(place.text(".note").contains("paused"), "{}", place.text(".note"));
    assert!(place.text(".headline").contains("not everything"), "{}", place.text(".headline"));
    let resume: HtmlElement = place.one(".note button").unchecked_into();
    resume.focus().expect("a button takes the focus");
    resume.click();
    frames(4).await;
    assert_eq!(place.count(".note"), 0);
    let focused = document().active_element().map(|element| element.class_name());
    assert_eq!(focused.as_deref(), Some("headline"), "the button is gone");
    assert!(link.with(|call| call.engine.snapshot().filters()[0].is_on()).unwrap_or_default());
}

#[wasm_bindgen_test]
async fn a_first_visit_is_offered_a_connection() {
    let place = Place::new();
    let _mounted = mount(place.0.clone(), app);
    frames(2).await;
    assert_eq!(place.one(".badge").get_attribute("data-link").as_deref(), Some("idle"));
    assert_eq!(place.one("main").get_attribute("data-snapshot").as_deref(), Some("unknown"));
    assert_eq!(place.text("[data-count=total]"), "0");
    assert_eq!((place.count("form"), place.count("input[type=search]")), (1, 1));
    let field: web_sys::HtmlInputElement = place.one("input[name=broker]").unchecked_into();
    assert_eq!(field.value(), "ws://127.0.0.1:9001/mqtt");

    field.set_value("ws://me:secret@farm/mqtt");
    field
        .dispatch_event(&web_sys::Event::new("input").expect("an event can be made"))
        .expect("it can be dispatched");
    place.one("form button[type=submit]").unchecked_into::<HtmlElement>().click();
    frames(2).await;
    assert!(place.text(".error").contains("Never a password in a URL"));
    assert_eq!(field.get_attribute("aria-invalid").as_deref(), Some("true"));
    assert_eq!(place.one(".badge").get_attribute("data-link").as_deref(), Some("idle"));

    let type_into = |selector: &str, value: &str| {
        let field: web_sys::HtmlInputElement = place.one(selector).unchecked_into();
        field.set_value(value);
        let event = web_sys::Event::new("input").expect("an event can be made");
        field.dispatch_event(&event).expect("it can be dispatched");
    };
    let submit = || place.one("form button[type=submit]").unchecked_into::<HtmlElement>().click();
    type_into("input[name=broker]", "ws://127.0.0.1:9/mqtt");
    type_into("input[name=keep-alive]", "four");
    submit();
    frames(2).await;
    let is_wrong = |selector: &str| place.one(selector).get_attribute("aria-invalid") == Some("true".into());
    assert!(is_wrong("input[name=keep-alive]") && !is_wrong("input[name=broker]"));
    assert!(place.text("#connection-error").is_empty() && !place.text("#more-error").is_empty());

    // The password was given for this broker, and is not sent to another one.
    type_into("input[name=keep-alive]", "30");
    type_into("input[name=password]", "secret");
    submit();
    frames(4).await;
    assert_eq!(place.count("form"), 0);
    let focused = document().active_element().map(|element| element.class_name());
    assert_eq!(focused.as_deref(), Some("headline"));
    let password = || place.one("input[name=password]").unchecked_into::<web_sys::HtmlInputElement>().value();
    place.one(".badge").unchecked_into::<HtmlElement>().click();
    frames(3).await;
    assert_eq!(password(), "secret");
    type_into("input[name=broker]", "ws://127.0.0.1:9/other");
    submit();
    frames(3).await;
    assert_eq!(password(), "");
    assert!(place.text("#login-error").contains("ws://127.0.0.1:9/mqtt"));
    submit();
    frames(3).await;
    place.one(".badge").unchecked_into::<HtmlElement>().click();
    frames(3).await;
    assert_eq!(password(), "");
    place.one("dialog .close").unchecked_into::<HtmlElement>().click();
    frames(2).await;
    assert_eq!(place.count("form"), 0);
    place.one(".badge").unchecked_into::<HtmlElement>().click();
    frames(2).await;
    place.one("button[name=disconnect]").unchecked_into::<HtmlElement>().click();
    frames(3).await;
    assert_eq!(place.one(".badge").get_attribute("data-link").as_deref(), Some("idle"));
}
