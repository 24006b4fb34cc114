//! The button that copies a report for whoever helps.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use super::Page;
use super::diagnosis::{say_cause, say_fact};
use super::element::{El, Phrase, button, el};
use super::filters;
use super::later::{NotLoaded, later};
use super::signal::Signal;
use crate::diagnosis::Diagnosis;
use crate::link;
use crate::phrase;
use crate::report::{Subject, Words, report};
use crate::words::Locale;

/// Copies the report, and says whether it did. Where the browser lets no page write to the clipboard (it does so only
/// for https and this machine), the text is shown, marked, to be copied by hand.
pub fn report_button(page: Page) -> El {
    let outcome = Rc::new(Outcome::default());
    let (copying, hand, status) = (outcome.clone(), outcome.clone(), outcome);
    let copy = move |_| {
        let outcome = copying.clone();
        leptos::task::spawn_local(async move {
            match load_text(page, outcome.clone()).await {
                Ok(()) => write_to_clipboard(&outcome.text.take(), outcome),
                Err(NotLoaded) => outcome.told.set(Some(phrase!(later.failed))),
            }
        });
    };
    let by_hand = move || {
        let text = hand.by_hand.get();
        (!text.is_empty()).then(|| {
            let field = el("textarea", "field")
                .attr("readonly", "")
                .attr("rows", "10")
                .attr("dir", "ltr")
                .attr_says(page, "aria-label", phrase!(report.title))
                .text(&text);
            let marked = field.clone();
            request_animation_frame(move || {
                marked.focus();
                let _ = call(marked.element(), "select", &[]);
            });
            field
        })
    };
    let told =
        move || status.told.get().map(|phrase| phrase.to(page.locale.get()).to_owned()).unwrap_or_default();
    el("div", "report")
        .child(button("button small", copy).attr("name", "report").says(page, phrase!(report.copy)))
        .child(el("span", "hint").says(page, phrase!(report.hint)))
        .child(el("p", "").attr("role", "status").tells(told))
        .part(by_hand)
}

/// What became of copying. Nobody may look at it any more when it comes.
#[derive(Default)]
struct Outcome {
    text: RefCell<String>,
    told: Signal<Option<Phrase>>,
    by_hand: Signal<String>,
}

later! { diagnosis: fn load_text(page: Page, into: Rc<Outcome>) { into.text.replace(text(page)) } }

fn text(page: Page) -> String {
    let words = Words {
        fact: |fact| say_fact(Locale::en, fact),
        cause: |cause| say_cause(Locale::en, cause),
        filter: |state| filters::words(Locale::en, state),
    };
    let browser = window().navigator().user_agent().unwrap_or_default();
    let page_is_secure = page.origin.secure;
    page.state.with_untracked(|state| {
        let text = page.link(|link| {
            let diagnosis = Diagnosis::of(link, page_is_secure);
            link.with(|call| {
                let about = Subject {
                    now: link::now(),
                    browser: &browser,
                    page_is_secure,
                    call,
                    standing: link::word(state.standing),
                    diagnosis: diagnosis.as_ref(),
                };
                report(&about, &words)
            })
        });
        text.unwrap_or_default()
    })
}

fn write_to_clipboard(text: &str, outcome: Rc<Outcome>) {
    let by_hand = text.to_owned();
    let settle = move |is_copied: bool| {
        outcome.told.set(Some(if is_copied { phrase!(report.copied) } else { phrase!(report.by_hand) }));
        outcome.by_hand.set(if is_copied { String::new() } else { by_hand });
    };
    // Absent for a page that came by http from another machine.
    let clipboard = Reflect::get(&window().navigator(), &"clipboard".into()).unwrap_or_default();
    if clipboard.is_undefined() {
        return settle(false);
    }
    // Kept by nobody once one of both was called. A promise without a value has succeeded.
    let settled = Closure::once_into_js(move |error: JsValue| settle(error.is_undefined()));
    let _ = call(&clipboard, "writeText", &[text.into()])
        .and_then(|promise| call(&promise, "then", &[settled.clone(), settled]));
}

fn call(of: &JsValue, name: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = Reflect::get(of, &name.into())?.dyn_into()?;
    method.apply(of, &arguments.iter().collect())
}
