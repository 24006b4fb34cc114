//! The keyboard's focus: where it goes when the element that had it is gone.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Gives an element the focus.
pub fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        // Only an element that cannot have the focus refuses.
        let _ = element.focus();
    }
}

/// Whether nothing has the focus: a browser then says that the body has it.
pub fn is_focus_lost() -> bool {
    document().active_element().is_none_or(|active| active.tag_name() == "BODY")
}

/// Gives the page's headline the focus.
pub fn focus_headline() {
    if let Ok(Some(headline)) = document().query_selector(".headline") {
        focus(&headline);
    }
}

/// Gives the headline the focus with the next frame, if nothing has it then.
pub fn focus_headline_if_lost() {
    request_animation_frame(|| {
        if is_focus_lost() {
            focus_headline();
        }
    });
}

/// Gives the devices the focus: the tile that Tab reaches, or the wall. Returns whether there are any.
pub fn focus_devices() -> bool {
    let devices = document().query_selector(".face[tabindex='0'], .wall").ok().flatten();
    devices.as_ref().inspect(|devices| focus(devices)).is_some()
}

/// When the running component is removed while the focus is in this element, the headline gets it.
pub fn restore_focus_on_cleanup<E>(element: NodeRef<E>)
where
    E: leptos::html::ElementType + 'static,
    E::Output: JsCast + Clone + AsRef<web_sys::Node> + 'static,
{
    on_cleanup(move || {
        let Some(element) = element.try_get_untracked().flatten() else { return };
        let active = document().active_element();
        let element: &web_sys::Node = element.as_ref();
        if active.is_some() && element.contains(active.as_deref()) {
            focus_headline_if_lost();
        }
    });
}

/// Called before the items of a list are put in order: when the focus is in the list and is lost by that, it is given
/// back. A browser takes it away from an element that is moved.
pub fn keep_focus_within<E>(list: NodeRef<E>)
where
    E: leptos::html::ElementType + 'static,
    E::Output: JsCast + Clone + AsRef<web_sys::Node> + 'static,
{
    let Some(list) = list.get_untracked() else { return };
    let list: &web_sys::Node = list.as_ref();
    let Some(active) = document().active_element().filter(|active| list.contains(Some(active))) else {
        return;
    };
    queue_microtask(move || {
        if is_focus_lost() && active.is_connected() {
            focus(&active);
        }
    });
}
