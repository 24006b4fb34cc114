//! A modal sheet: opened and closed from outside, by its button, by Escape, or by a click beside it.

use std::cell::Cell;
use std::rc::Rc;

use fleet::Handle;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDialogElement};

use super::Page;
use super::element::{self, El, Phrase, button, effect, el};
use super::form::focus_headline;
use super::grid::focus;
use crate::phrase;

/// A modal sheet with a class for the style sheet, named by the element inside it that has the id `title`.
///
/// It is open while `sheet` returns what it was given, filled; that is made anew when what `sheet` reads changes.
pub fn dialog(
    page: Page,
    class: &str,
    title: &'static str,
    close: fn(Page),
    sheet: fn(Page, El) -> Option<El>,
) -> El {
    // What is on the dialog itself is on its backdrop: its content fills it. A click counts only if it began
    // there too: a drag that marks a text may end anywhere.
    let is_on_backdrop = |event: &Event| event.target() == event.current_target();
    let has_begun = Rc::new(Cell::new(false));
    let begins = has_begun.clone();
    let dialog = el("dialog", class)
        .attr("aria-labelledby", title)
        .on("pointerdown", move |event| begins.set(is_on_backdrop(&event)))
        .on("click", move |event| {
            if is_on_backdrop(&event) && has_begun.get() {
                close(page);
            }
        })
        .on("close", move |event| {
            // The event comes late: by then it may be open again, for something else.
            if element::closest(event.target(), "dialog[open]").is_none() {
                close(page);
                keep_focus(page);
            }
        });
    let place = dialog.clone();
    let mut shown: Option<El> = None;
    effect(move || {
        let modal: &HtmlDialogElement = place.element().unchecked_ref();
        if let Some(old) = shown.take() {
            old.remove();
        }
        let Some(filled) = sheet(page, el("div", "sheet")) else {
            modal.close();
            return;
        };
        let label: Phrase = phrase!(form.close);
        let end = button("switch close", move |_| close(page))
            .attr("name", "close")
            .attr_says(page, "title", label)
            .attr_says(page, "aria-label", label)
            .text("✕");
        shown = Some(filled.clone());
        place.clone().child(filled.child(end));
        if modal.open() {
            // Something else in the dialog that is open: its name is read, as that of a new page.
            if let Some(title) = document().get_element_by_id(title) {
                element::focus(&title);
            }
        } else {
            // It throws only when it is open already.
            let _ = modal.show_modal();
        }
    });
    dialog
}

/// What had the focus before may be gone by now: then the cursor's tile has it, or the headline.
fn keep_focus(page: Page) {
    request_animation_frame(move || {
        if document().active_element().is_some_and(|active| active.tag_name() != "BODY") {
            return;
        }
        // In the slot of a device that is gone there may be another one by now.
        let is_known = |handle: &Handle| {
            page.link(|link| link.with(|call| call.engine.fleet().device(*handle).is_some())) == Some(true)
        };
        let cursor = page.cursor.get_untracked().filter(is_known);
        let has_tile = cursor.is_some_and(|handle| focus(handle, true));
        if !has_tile {
            focus_headline();
        }
    });
}
