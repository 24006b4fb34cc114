//! The button that copies a report for whoever helps.

use js_sys::{Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use super::Page;
use super::diagnosis::{say_cause, say_fact};
use super::element::{El, button, el};
use super::filters;
use super::later::{NotLoaded, later};
use crate::link;
use crate::report::{Subject, Words, report};
use crate::say;
use crate::words::Locale;

/// Copies the report, and says whether it did. Where the browser lets no page write to the clipboard (it does so only
/// for https and this machine), the text is shown, marked, to be copied by hand.
pub fn report_button(page: Page) -> El {
    let (told, by_hand) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let text = RwSignal::new(String::new());
    let settle_text = move || {
        // What the button stood in may have gone while the text was loaded.
        let Some(text) = text.try_get_untracked() else { return };
        let shown = text.clone();
        let settle = move |is_copied: bool| {
            if told.is_disposed() {
                return;
            }
            let locale = page.locale.get_untracked();
            by_hand.set(if is_copied { String::new() } else { shown.clone() });
            told.set(
                if is_copied { say!(locale, report.copied) } else { say!(locale, report.by_hand) }.to_owned(),
            );
        };
        write_to_clipboard(&text, Box::new(settle));
    };
    let copy = move |_| {
        leptos::task::spawn_local(async move {
            match load_text(page, text).await {
                Ok(()) => settle_text(),
                Err(NotLoaded) => told.set(say!(page.locale.get_untracked(), later.failed).to_owned()),
            }
        });
    };
    let shown = move || {
        let text = by_hand.get();
        (!text.is_empty()).then(|| {
            let field = el("textarea", "field")
                .attr("readonly", "")
                .attr("rows", "10")
                .attr("dir", "ltr")
                .attr_says(page, "aria-label", |locale| say!(locale, report.title))
                .text(&text);
            let marked = field.clone();
            request_animation_frame(move || {
                marked.focus();
                let _ = call(marked.element(), "select", &[]);
            });
            field
        })
    };
    el("div", "report")
        .child(
            button("button small", copy)
                .attr("name", "report")
                .says(page, |locale| say!(locale, report.copy)),
        )
        .child(el("span", "hint").says(page, |locale| say!(locale, report.hint)))
        .child(el("p", "").attr("role", "status").tells(move || told.get()))
        .part(shown)
}

later! { report: fn load_text(page: Page, into: RwSignal<String>) { into.set(text(page)) } }

fn text(page: Page) -> String {
    let words = Words {
        fact: |fact| say_fact(Locale::en, fact),
        cause: |cause| say_cause(Locale::en, cause),
        filter: |state| filters::words(Locale::en, state),
    };
    let browser = window().navigator().user_agent().unwrap_or_default();
    let page_is_secure = page.origin.with_value(|origin| origin.secure);
    page.state.with_untracked(|state| {
        let text = page.link(|link| {
            link.with(|call| {
                let about = Subject {
                    now: link::now(),
                    browser: &browser,
                    page_is_secure,
                    call,
                    standing: link::word(state.standing),
                    diagnosis: state.diagnosis.as_ref(),
                };
                report(&about, &words)
            })
        });
        text.unwrap_or_default()
    })
}

fn write_to_clipboard(text: &str, settle: Box<dyn Fn(bool)>) {
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
