//! What the grid asks of the document in numbers: its size, and how far it is scrolled.
//!
//! Measured once a frame at most, since it makes the browser lay the page out. Only the grid uses it.

use leptos::prelude::*;
use leptos::{ev, html};
use leptos_use::use_resize_observer;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

/// What was measured.
#[derive(Copy, Clone, PartialEq, Debug)]
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
    fn of(spacer: &Element) -> Measured {
        let place = spacer.get_bounding_client_rect();
        let root = document().document_element();
        let root = |name| root.as_ref().map(|root| computed_style(root, name)).unwrap_or_default();
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

/// Measures an element whenever it may have moved.
#[derive(Copy, Clone)]
pub struct Viewport {
    /// The element.
    pub element: NodeRef<html::Div>,
    /// What was measured last.
    pub measured: RwSignal<Measured>,
    /// Whether the next frame measures.
    is_due: StoredValue<bool>,
}

impl Viewport {
    /// Follows the window, and whatever moves the element in it.
    pub fn new(element: NodeRef<html::Div>) -> Viewport {
        // Without a height nothing is in sight until it was measured.
        let unknown =
            Measured { width: 0.0, rem: 16.0, top: 0.0, offset: 0.0, view: 0.0, ratio: 1.0, is_rtl: false };
        let viewport =
            Viewport { element, measured: RwSignal::new(unknown), is_due: StoredValue::new(false) };
        let scroll = window_event_listener(ev::scroll, move |_| viewport.measure_soon());
        let resize = window_event_listener(ev::resize, move |_| viewport.measure_soon());
        on_cleanup(move || {
            scroll.remove();
            resize.remove();
        });
        // A note, a longer headline, a turned phone: whatever else moves the grid changes the size of the body.
        if let Some(body) = document().body() {
            use_resize_observer(Element::from(body), move |_, _| viewport.measure_soon());
        }
        viewport
    }

    /// Measures with the next frame: scrolling and resizing come in floods.
    pub fn measure_soon(self) {
        // The page may be gone by now, also when the frame comes.
        if self.is_due.try_update_value(|is_due| std::mem::replace(is_due, true)) == Some(false) {
            request_animation_frame(move || {
                let _ = self.is_due.try_update_value(|is_due| *is_due = false);
                let Some(element) = self.element.try_get_untracked().flatten() else { return };
                let now = Measured::of(&element);
                if self.measured.get_untracked() != now {
                    self.measured.set(now);
                }
            });
        }
    }
}

/// The height of the view in pixels.
pub fn view_height() -> f64 {
    window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0)
}

/// A length for the style sheet.
pub fn pixels(length: f64) -> String {
    format!("{length}px")
}

/// A property of an element as the style sheets have it; empty for an element that is not in the document.
pub fn computed_style(element: &Element, name: &str) -> String {
    let style = window().get_computed_style(element).ok().flatten();
    style.and_then(|style| style.get_property_value(name).ok()).unwrap_or_default()
}

/// The element around the target of an event that fits a selector.
pub fn closest(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}
