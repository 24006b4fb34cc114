//! A modal dialog: opened and closed by a signal, by its button, by Escape, or by a click beside it.

use leptos::html;
use leptos::prelude::*;
use web_sys::{Event, PointerEvent};

use super::focus::{focus, focus_headline, is_focus_lost};
use crate::i18n::{text, use_i18n};

/// A modal dialog. What is in it exists while it is open.
#[component]
pub fn ModalDialog(
    /// The class for the style sheet.
    class: &'static str,
    /// The id of the element inside that names the dialog.
    labelledby: &'static str,
    /// Whether it is open.
    #[prop(into)]
    open: Signal<bool>,
    /// The visitor closes it.
    #[prop(into)]
    on_close: Callback<()>,
    /// It was closed and the focus has nowhere to return to. Without this, the headline gets it.
    #[prop(optional, into)]
    on_focus_lost: Option<Callback<()>>,
    /// What is in it.
    children: ChildrenFn,
) -> impl IntoView {
    let i18n = use_i18n();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            // It throws only when it is open already.
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    // Content fills the dialog, so an event on the dialog itself is on its backdrop. A click counts only if it began
    // there too: a drag that selects text may end anywhere.
    let is_on_backdrop = |event: &Event| event.target() == event.current_target();
    let began_on_backdrop = StoredValue::new(false);
    let close_label = text!(i18n, form.close);
    let on_closed = move |_| {
        // The event comes late: by then it may be open again.
        if dialog.get_untracked().is_some_and(|dialog| dialog.open()) {
            return;
        }
        if open.get_untracked() {
            on_close.run(());
        }
        request_animation_frame(move || {
            if is_focus_lost() {
                match on_focus_lost {
                    Some(on_focus_lost) => on_focus_lost.run(()),
                    None => focus_headline(),
                }
            }
        });
    };
    view! {
        <dialog
            node_ref=dialog
            class=class
            aria-labelledby=labelledby
            on:pointerdown=move |event: PointerEvent| {
                began_on_backdrop.set_value(is_on_backdrop(&event));
            }
            on:click=move |event| {
                if is_on_backdrop(&event) && began_on_backdrop.get_value() {
                    on_close.run(());
                }
            }
            on:close=on_closed
        >
            <Show when=move || open.get()>
                <div class="sheet">
                    {children()}
                    <button
                        type="button"
                        class="switch close"
                        name="close"
                        title=close_label
                        aria-label=close_label
                        on:click=move |_| on_close.run(())
                    >
                        "✕"
                    </button>
                </div>
            </Show>
        </dialog>
    }
}

/// Reads a dialog's title to a screen reader, as that of a new page: its content was replaced while it was open.
pub fn announce_title(id: &str) {
    if let Some(title) = document().get_element_by_id(id) {
        focus(&title);
    }
}
