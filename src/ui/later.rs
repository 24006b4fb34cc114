//! Parts of the page that are loaded when somebody opens them.
//!
//! A first visit waits for what shows the board, and for nothing else. `cargo xtask build` splits the functions that
//! [`later!`] declares off into files of their own, with what only they use; `trunk serve` leaves all in one piece, where
//! the same functions are simply called. What explains why there is no connection is one of them: the host was reachable a
//! moment before, when the page came from it, and most visits never need it. Where it cannot be loaded, that itself is
//! the finding, and the page says so in words that it has: neither the broker nor the host can be reached.

use std::pin::Pin;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use web_sys::Element;

use super::Page;
use super::element::{El, Phrase, button, el, focus};
use crate::phrase;

/// A part could not be loaded: the host of the page cannot be reached, or has another version by now.
pub struct NotLoaded;

#[cfg(split)]
impl From<wasm_split_helpers::SplitLoaderError> for NotLoaded {
    fn from(_: wasm_split_helpers::SplitLoaderError) -> NotLoaded {
        NotLoaded
    }
}

/// Declares functions that fill an element, and the file that they are split off into: `file: fn name(…) { … }`.
///
/// What is declared is `async` and fails with [`NotLoaded`]; [`open`] calls it.
macro_rules! later {
    ($file:ident: fn $name:ident($($argument:ident: $type:ty),*) $body:block) => {
        #[cfg(split)]
        #[wasm_split_helpers::wasm_split($file, fallible)]
        fn $name($($argument: $type),*) -> Result<(), $crate::ui::later::NotLoaded> {
            $body;
            Ok(())
        }

        #[cfg(not(split))]
        async fn $name($($argument: $type),*) -> Result<(), $crate::ui::later::NotLoaded> {
            $body;
            Ok(())
        }
    };
}
pub(crate) use later;

/// Fills an element by a function that [`later!`] declared, as soon as that is loaded.
///
/// What cannot be loaded says so in the element, with a button that tries again. What is made belongs to the reactive
/// owner that this was called under.
pub fn open<F>(page: Page, into: El, fill: impl Fn(El) -> F + 'static) -> El
where
    F: Future<Output = Result<(), NotLoaded>> + 'static,
{
    open_or_say(page, into, phrase!(later.failed), fill)
}

/// Like [`open`], with a sentence of its own for when it cannot be loaded.
pub fn open_or_say<F>(page: Page, into: El, failed: Phrase, fill: impl Fn(El) -> F + 'static) -> El
where
    F: Future<Output = Result<(), NotLoaded>> + 'static,
{
    fill_by(page, &into, failed, Rc::new(move |into| Box::pin(fill(into))));
    into
}

type Fill = Rc<dyn Fn(El) -> Pin<Box<dyn Future<Output = Result<(), NotLoaded>>>>>;

fn fill_by(page: Page, into: &El, sentence: Phrase, fill: Fill) {
    // Where the page is packed, the style sheet of the parts waits for the first of them.
    if let Ok(Some(styles)) = document().query_selector("link[disabled]") {
        // Only a name that is none is refused.
        let _ = styles.remove_attribute("disabled");
    }
    let (filled, into, owner) = (fill(into.clone()), into.clone(), Owner::current());
    leptos::task::spawn_local(ScopedFuture::new_untracked(async move {
        match filled.await {
            Ok(()) => to_first(&into),
            Err(NotLoaded) => failed(page, &into, owner, sentence, fill),
        }
    }));
}

fn failed(page: Page, into: &El, owner: Option<Owner>, sentence: Phrase, fill: Fill) {
    let note = el("div", "note");
    let (gone, place) = (note.clone(), into.clone());
    let try_again = button("button", move |_| {
        gone.remove();
        // A listener has no owner, and what is made under none ends at once.
        if let Some(owner) = &owner {
            owner.with(|| fill_by(page, &place, sentence, fill.clone()));
        }
    });
    into.append(
        &note
            .attr("role", "alert")
            .child(el("p", "").says(page, sentence))
            .child(try_again.says(page, phrase!(later.again))),
    );
}

/// In a dialog that was opened before it had anything but its close button: what the browser would have given the focus.
fn to_first(into: &El) {
    const FIRST: &str = ":is(h2[tabindex], input, select, textarea, button, summary):not(.close)";
    let dialog = into.element().closest("dialog[open]").ok().flatten();
    let first = into.element().query_selector(FIRST).ok().flatten();
    let (Some(dialog), Some(first)) = (dialog, first) else { return };
    let is_elsewhere = |active: &Element| active.tag_name() != "BODY" && !dialog.contains(Some(active));
    if !document().active_element().as_ref().is_some_and(is_elsewhere) {
        focus(&first);
    }
}
