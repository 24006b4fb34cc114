//! The few things that the document has to be asked for, or told, in numbers.
//!
//! Called by whoever places elements itself: the grid and the wall.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::element::El;

/// What was measured.
#[derive(Copy, Clone, PartialEq, Default)]
pub struct Measured {
    /// The width of the sections.
    pub width: f64,
    /// The root's font size.
    pub rem: f64,
    /// Where the first section begins, from the upper edge of the view.
    pub top: f64,
    /// The same from the upper edge of the page, in whole pixels.
    pub offset: f64,
    /// The height of the view.
    pub view: f64,
    /// How many of the screen's own pixels make one.
    pub ratio: f64,
    /// Whether the page reads from right to left: then the tile before is on the right.
    pub is_rtl: bool,
}

impl Measured {
    /// Measures the element that holds the sections.
    pub fn of(spacer: &Element) -> Measured {
        let place = spacer.get_bounding_client_rect();
        let root = document().document_element();
        let root = |name| root.as_ref().map(|root| shown_style(root, name)).unwrap_or_default();
        // A visitor who wants larger text gets larger tiles.
        let rem = js_sys::parse_float(&root("font-size"));
        Measured {
            width: place.width(),
            rem: if rem > 0.0 { rem } else { 16.0 },
            top: place.top(),
            offset: (place.top() + window().scroll_y().unwrap_or_default()).round(),
            view: view_height(),
            ratio: window().device_pixel_ratio().max(0.5),
            is_rtl: root("direction") == "rtl",
        }
    }
}

/// When what was raised now has been drawn.
pub fn after_two_frames(then: impl FnOnce() + 'static) {
    request_animation_frame(move || request_animation_frame(then));
}

/// The height of the view in pixels.
pub fn view_height() -> f64 {
    window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0)
}

/// Sets a property of an element's style; the page's policy forbids the attribute.
pub fn style(el: &El, name: &str, value: &str) {
    if let Some(element) = el.element().dyn_ref::<HtmlElement>() {
        // A property and a value of the page's own are valid.
        let _ = element.style().set_property(name, value);
    }
}

/// Sets a property of an element's style to a length.
pub fn style_length(el: &El, name: &str, length: f64) {
    style(el, name, &pixels(length));
}

/// A length for the style sheet, in hundredths: writing out a float by Rust's own means weighs 10 KB.
pub fn pixels(length: f64) -> String {
    let hundredths = (length * 100.0) as u64;
    format!("{}.{:02}px", hundredths / 100, hundredths % 100)
}

/// A property of an element as it is shown; empty when it is not.
pub fn shown_style(element: &Element, name: &str) -> String {
    let style = window().get_computed_style(element).ok().flatten();
    style.and_then(|style| style.get_property_value(name).ok()).unwrap_or_default()
}

/// Whether an element is somewhere in another.
pub fn is_there(el: &El) -> bool {
    el.element().parent_node().is_some()
}
