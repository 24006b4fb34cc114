//! What the tests of components share: a place in the document, the page's contexts, packets of a scripted broker.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use js_sys::Promise;
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use mqtt::{Version, VersionChoice};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement};

use crate::client::{Address, Connection, DEFAULT_KEEP_ALIVE, Origin, Profile};
use crate::context::AppContext;
use crate::format::provide_format;
use crate::i18n::{Locale, provide_i18n};
use crate::route::{Request, Route};

/// A 3.1.1 CONNACK that accepts.
pub const CONNACK: &[u8] = &[0x20, 2, 0, 0];

/// A 3.1.1 PUBLISH at QoS 0.
pub fn publish(topic: &str, payload: &str, retain: bool) -> Vec<u8> {
    let remaining = 2 + topic.len() + payload.len();
    assert!(remaining < 128, "one byte must do for the length");
    let header = [0x30 | u8::from(retain), remaining as u8, 0, topic.len() as u8];
    [&header, topic.as_bytes(), payload.as_bytes()].concat()
}

/// A profile with one subscription to everything, in 3.1.1.
pub fn profile() -> Profile {
    Profile {
        address: Address::parse("ws://127.0.0.1:9/mqtt").expect("a test's address is valid"),
        user: None,
        password: None,
        keep_alive: DEFAULT_KEEP_ALIVE,
        version: VersionChoice::Only(Version::V311),
        filters: vec!["#".to_owned()],
        client_id: None,
    }
}

/// Waits for so many frames, and for the effects of each.
pub async fn frames(count: u32) {
    for _ in 0..count {
        let frame = Promise::new(&mut |resolve, _| {
            window().request_animation_frame(&resolve).expect("a window has frames");
        });
        JsFuture::from(frame).await.expect("a frame is never rejected");
        leptos::task::tick().await;
    }
}

/// Without its style the page would be so long that most of it is out of sight, and has no tiles.
const STYLE: &str = concat!(
    include_str!("../style/tokens.css"),
    include_str!("../style/base.css"),
    include_str!("../style/header.css"),
    include_str!("../style/board.css"),
    include_str!("../style/tile.css"),
    include_str!("../style/wall.css"),
    include_str!("../style/notes.css"),
    include_str!("../style/device.css"),
);

/// A component in the document, in English, with the page's contexts above it. Dropped, it leaves nothing behind.
pub struct Stage {
    place: HtmlElement,
    app: AppContext,
    mounted: Option<Box<dyn Any>>,
}

impl Stage {
    /// Mounts a component over a connection.
    pub fn mount(connection: Connection, component: impl Into<ViewFn>) -> Stage {
        let place: HtmlElement =
            document().create_element("div").expect("a div can be made").unchecked_into();
        document().body().expect("a page has a body").append_child(&place).expect("a body takes a div");
        let style = document().create_element("style").expect("a style can be made");
        style.set_text_content(Some(STYLE));
        place.append_child(&style).expect("a div takes a style");
        // In sight, whatever the test runner writes above.
        place.set_attribute("style", "position: fixed; inset: 0").expect("an element takes a style");
        let (component, provided) = (component.into(), Rc::new(Cell::new(None)));
        let app = provided.clone();
        let mounted = mount_to(place.clone(), move || {
            let origin = Origin { secure: false, host: "127.0.0.1".to_owned() };
            let app = AppContext::new(connection, origin, Request::parse(""), Route::default());
            provided.set(Some(app));
            provide_context(app);
            provide_meta_context();
            provide_format(provide_i18n(Locale::en), vec!["en".to_owned()]);
            component.run()
        });
        let app = app.take().expect("mounted just now");
        Stage { place, app, mounted: Some(Box::new(mounted)) }
    }

    /// The context that the component shares.
    pub fn app(&self) -> AppContext {
        self.app
    }

    /// The first element that matches.
    pub fn one(&self, selector: &str) -> Element {
        let found = self.place.query_selector(selector).expect("a selector is valid");
        found.unwrap_or_else(|| panic!("no {selector} in {:?}", self.place.text_content()))
    }

    /// The elements that match.
    pub fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.place.query_selector_all(selector).expect("a selector is valid");
        (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect()
    }

    /// How many elements match.
    pub fn count(&self, selector: &str) -> usize {
        self.all(selector).len()
    }

    /// The text of the first element that matches.
    pub fn text(&self, selector: &str) -> String {
        self.one(selector).text_content().unwrap_or_default()
    }

    /// Gives the focus to the first element that matches.
    pub fn focus(&self, selector: &str) {
        self.one(selector).unchecked_into::<HtmlElement>().focus().expect("an element takes the focus");
    }

    /// Clicks on the first element that matches.
    pub fn click(&self, selector: &str) {
        self.one(selector).unchecked_into::<HtmlElement>().click();
    }

    /// Types a text into the first field that matches.
    pub fn type_into(&self, selector: &str, text: &str) {
        let field: HtmlInputElement = self.one(selector).unchecked_into();
        field.set_value(text);
        let event = Event::new("input").expect("an event can be made");
        field.dispatch_event(&event).expect("it can be dispatched");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.mounted.take());
        self.place.remove();
    }
}
