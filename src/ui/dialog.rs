//! A modal sheet: opened and closed from outside, by its button, by Escape, or by a click beside it.

use leptos::ev::{MouseEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::form::focus_headline;
use super::grid::focus;
use super::{Page, on, part};
use crate::say;

/// A modal sheet.
#[component]
pub fn Dialog(
    /// Its class, for the style sheet.
    class: &'static str,
    /// The element inside it that names it.
    title: &'static str,
    /// Whether it is open.
    is_open: Signal<bool>,
    /// Closes it.
    close: fn(Page),
    /// What is in it while it is open; made anew when what this reads changes.
    sheet: fn(Page) -> AnyView,
) -> impl IntoView {
    let page = Page::here();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match is_open.get() {
            // It throws only when it is open already.
            true if !dialog.open() => drop(dialog.show_modal()),
            false => dialog.close(),
            true => {}
        }
    });
    // What is on the dialog itself is on its backdrop: its content fills it. A click counts only if it began
    // there too: a drag that marks a text may end anywhere.
    let is_on_backdrop = |event: &MouseEvent| {
        event.target().is_some_and(|on| on.dyn_ref::<web_sys::HtmlDialogElement>().is_some())
    };
    let has_begun = StoredValue::new(false);
    let on_press = move |event: PointerEvent| has_begun.set_value(is_on_backdrop(&event));
    let on_click = move |event: MouseEvent| {
        if is_on_backdrop(&event) && has_begun.get_value() {
            close(page);
        }
    };
    let on_close = move |_| {
        close(page);
        keep_focus(page);
    };
    let content = part(move || {
        is_open.get().then(|| {
            let label = page.phrase(|locale| say!(locale, form.close));
            view! {
                <div class="sheet">
                    {part(move || Some(sheet(page)))}
                    <button
                        class="switch close"
                        type="button"
                        name="close"
                        title=label
                        aria-label=label
                        on:click=on(move |_| close(page))
                    >
                        "✕"
                    </button>
                </div>
            }
            .into_any()
        })
    });
    view! {
        <dialog
            class=class
            node_ref=dialog
            aria-labelledby=title
            on:pointerdown=on(on_press)
            on:click=on(on_click)
            on:close=on(on_close)
        >
            {content}
        </dialog>
    }
}

/// What had the focus before may be gone by now: then the cursor's tile has it, or the headline.
fn keep_focus(page: Page) {
    request_animation_frame(move || {
        if document().active_element().is_some_and(|active| active.tag_name() != "BODY") {
            return;
        }
        let has_tile = page.cursor.get_untracked().is_some_and(|handle| focus(handle, true));
        if !has_tile {
            focus_headline();
        }
    });
}
