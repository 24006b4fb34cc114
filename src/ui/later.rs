//! Parts of the page that are built when somebody opens them.
//!
//! The page is one wasm file now, so the functions that [`later!`] declares are simply called and never fail. What calls
//! them is being rewritten without this module.

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

/// Declares functions that fill an element: `part: fn name(…) { … }`.
///
/// What is declared is `async` and fails with [`NotLoaded`]; [`open`] calls it.
macro_rules! later {
    ($part:ident: fn $name:ident($($argument:ident: $type:ty),*) $body:block) => {
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
