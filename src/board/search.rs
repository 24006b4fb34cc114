//! The search field, and the page's keys: `/` searches, `?` opens the help, the arrow down leads to what was found.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

use super::context::use_board;
use crate::components::focus_devices;
use crate::context::{Dialog, use_app};
use crate::i18n::{t_string, text, use_i18n};

/// The search field.
#[component]
pub fn Search() -> impl IntoView {
    let (i18n, app, board) = (use_i18n(), use_app(), use_board());
    handle_page_keys();
    let search = move |event| {
        let text = event_target_value(&event);
        app.view.update(|view| view.query.text = text);
    };
    let handle_key = move |event: KeyboardEvent| {
        if event.key() == "ArrowDown" && !has_modifier(&event) && focus_devices() {
            event.prevent_default();
        }
    };
    view! {
        <input
            node_ref=board.search
            class="field search"
            type="search"
            name="search"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            aria-keyshortcuts="/"
            aria-label=text!(i18n, board.search)
            placeholder=move || format!("{}   /", t_string!(i18n, board.search))
            prop:value=move || app.view.with(|view| view.query.text.clone())
            on:input=search
            on:keydown=handle_key
        />
    }
}

/// The keys that work wherever nothing is being typed.
fn handle_page_keys() {
    let (app, board) = (use_app(), use_board());
    let listener = window_event_listener_untyped("keydown", move |event| {
        // A browser that fills a form in sends events of this name without a key.
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        // What a dialog covers is not to be used by a key.
        let is_covered = app.dialog.with_untracked(|dialog| match dialog {
            Some(Dialog::Device(_)) => app.has_address_untracked(),
            dialog => dialog.is_some(),
        });
        if is_covered || has_modifier(event) || is_typing(event) {
            return;
        }
        match event.key().as_str() {
            "/" if board.was_connected.get_untracked() => {
                if let Some(field) = board.search.get_untracked() {
                    // A field that is shown takes the focus.
                    let _ = field.focus();
                }
            }
            "?" => app.dialog.set(Some(Dialog::Help)),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || listener.remove());
}

fn has_modifier(event: &KeyboardEvent) -> bool {
    event.ctrl_key() || event.meta_key() || event.alt_key()
}

/// Whether the key belongs to a field, or to a dialog.
fn is_typing(event: &Event) -> bool {
    const FIELDS: &str = "input:not([type=checkbox]), select, textarea, dialog";
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| target.closest(FIELDS).is_ok_and(|field| field.is_some()))
}
