//! Connections into a file and out of one: never with a password, and nothing is taken unseen.

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlElement, Url};

use super::Page;
use super::element::{El, button, el};
use super::form::say_address;
use crate::profiles::{self, Found, MOST_BYTES, MOST_PROFILES, Problem, Saved, Why};
use crate::words::Locale;
use crate::{say, say_count, store};

/// How the file is proposed to be called.
const FILE: &str = "willow-connections.json";
/// How many lines of a preview are shown; the rest are counted.
const SHOWN: usize = 50;

/// Writes what is kept into a file of the visitor's.
pub fn export(page: Page) -> El {
    let download = move |_| {
        let text = Array::of1(&profiles::write(&store::profiles(), false).into());
        let url = Blob::new_with_str_sequence(&text).and_then(|blob| Url::create_object_url_with_blob(&blob));
        let Ok(url) = url else { return };
        let link = el("a", "").attr("href", &url).attr("download", FILE);
        if let Some(link) = link.element().dyn_ref::<HtmlElement>() {
            link.click();
        }
        // The browser holds on to what it saves.
        let _ = Url::revoke_object_url(&url);
    };
    let is_empty = move || {
        page.saved.track();
        store::profiles().is_empty()
    };
    el("div", "transfer")
        .child(
            button("button", download)
                .attr("name", "export")
                .attr_if("disabled", is_empty)
                .says(page, |locale| say!(locale, kept.export)),
        )
        .child(el("p", "hint").says(page, |locale| say!(locale, kept.export_hint)))
}

/// What is being done with a file.
#[derive(Clone, PartialEq)]
enum Import {
    None,
    Reading,
    TooLarge,
    Unreadable,
    /// How many connections it has been read as, and what is left out of it.
    Read,
    /// So many were added.
    Added(usize),
}

/// Reads a file, shows what is in it, and adds that when the visitor wants it.
pub fn import(page: Page) -> El {
    let stage = RwSignal::new(Import::None);
    let found: StoredValue<Vec<Saved>> = StoredValue::new(Vec::new());
    let problems: StoredValue<Vec<Problem>> = StoredValue::new(Vec::new());
    let read = move |text: Option<String>| {
        let Some(text) = text else { return stage.set(Import::Unreadable) };
        let read: Found = profiles::read(&text, false);
        // The list may be gone with its dialog by the time that the file is read.
        if found.try_update_value(|found| *found = read.saved).is_some() {
            problems.set_value(read.problems);
            stage.set(Import::Read);
        }
    };
    let input = el("input", "file")
        .attr("type", "file")
        .attr("name", "import")
        .attr("accept", ".json,application/json")
        .on("change", move |event| {
            let Some(input) = event.target() else { return };
            let files = Reflect::get(&input, &"files".into()).unwrap_or_default();
            let Ok(file) = Reflect::get_u32(&files, 0).unwrap_or_default().dyn_into::<Blob>() else { return };
            if file.size() > MOST_BYTES {
                return stage.set(Import::TooLarge);
            }
            stage.set(Import::Reading);
            text_of(&file, Box::new(read));
            // The same file may be chosen again, mended.
            let _ = Reflect::set(&input, &"value".into(), &"".into());
        });
    let add = move |_| {
        let mut outcomes = Vec::new();
        let is_kept =
            found.with_value(|found| store::change_profiles(|kept| outcomes = profiles::merge(kept, found)));
        page.saved.update(|changes| *changes += 1);
        let added = outcomes.iter().flatten().count();
        stage.set(if is_kept { Import::Added(added) } else { Import::Unreadable });
    };
    let shown = move || {
        let locale = page.locale.get();
        let line = |text: String| vec![el("p", "").text(&text)];
        let count = |count: usize| page.format(|formats| formats.count(count));
        match stage.get() {
            Import::None => Vec::new(),
            Import::Reading => line(say!(locale, import.reading).to_owned()),
            Import::TooLarge => line(say!(locale, import.too_large).to_owned()),
            Import::Unreadable => line(say!(locale, import.unreadable).to_owned()),
            Import::Added(added) => line(say_count!(locale, added, import.added, n = count(added))),
            Import::Read => {
                let (lines, fresh) = found.with_value(|found| preview(locale, found));
                let left_out = problems.with_value(|problems| {
                    problems.iter().map(|problem| say_problem(locale, problem)).collect::<Vec<_>>()
                });
                let mut parts = vec![
                    el("p", "").text(&say_count!(locale, fresh, import.new, n = count(fresh))),
                    lines_of(page, lines),
                ];
                if !left_out.is_empty() {
                    parts.push(el("p", "").text(say!(locale, import.left_out)));
                    parts.push(lines_of(page, left_out));
                }
                let mut actions = el("div", "actions");
                if fresh > 0 {
                    let add = button("button primary", add).attr("name", "add");
                    actions =
                        actions.child(add.text(&say_count!(locale, fresh, import.add, n = count(fresh))));
                }
                let cancel = button("button", move |_| stage.set(Import::None));
                parts.push(actions.child(cancel.text(say!(locale, import.cancel))));
                parts
            }
        }
    };
    el("div", "transfer")
        .child(el("label", "").says(page, |locale| say!(locale, kept.import)).child(input))
        .child(el("div", "preview").attr("role", "status").parts(shown))
}

/// The first lines of a list, and how many more there are.
fn lines_of(page: Page, lines: Vec<String>) -> El {
    let more = lines.len().saturating_sub(SHOWN);
    let items = lines.iter().take(SHOWN).map(|line| el("li", "").attr("dir", "auto").text(line));
    let rest = (more > 0).then(|| {
        let more = page.format(|formats| formats.count(more));
        el("li", "").text(&say!(page.locale.get_untracked(), note.more, n = more))
    });
    el("ul", "").children(items).children(rest)
}

/// What would become of each connection, and how many would be added.
fn preview(locale: Locale, found: &[Saved]) -> (Vec<String>, usize) {
    let mut kept = store::profiles();
    let outcomes = profiles::merge(&mut kept, found);
    let line = |(saved, outcome): (&Saved, &Option<String>)| {
        let address = saved.profile.address.as_str();
        match outcome {
            Some(name) if *name == saved.name => format!("{name}: {address}"),
            Some(name) => say!(locale, import.renamed, name = saved.name, new = name),
            None if kept.len() >= MOST_PROFILES => {
                say!(locale, import.no_room, name = saved.name, n = MOST_PROFILES.to_string())
            }
            None => say!(locale, import.is_here, name = saved.name),
        }
    };
    (found.iter().zip(&outcomes).map(line).collect(), outcomes.iter().flatten().count())
}

/// Where the problem is, and what it is.
fn say_problem(locale: Locale, Problem { at, why }: &Problem) -> String {
    let why = match why {
        Why::NotJson => say!(locale, import.why.not_json),
        Why::NotOurs => say!(locale, import.why.not_ours),
        Why::Newer => say!(locale, import.why.newer),
        Why::Missing => say!(locale, import.why.missing),
        Why::Address(error) => say_address(locale, *error),
        Why::KeepAlive => say!(locale, form.error.keep_alive),
        Why::MqttVersion => say!(locale, import.why.mqtt_version),
        Why::Filter => say!(locale, import.why.filter),
        Why::Password => say!(locale, import.why.password),
        Why::TooMany(most) => &say!(locale, import.why.too_many, n = most.to_string()),
        Why::Text(most) => &say!(locale, import.why.text, n = most.to_string()),
        Why::Kind(kind) => &say!(locale, import.why.kind, kind = kind),
    };
    if at.is_empty() { why.to_owned() } else { format!("{at}: {why}") }
}

/// Reads a file's text; nothing when it cannot be read.
fn text_of(file: &Blob, then: Box<dyn Fn(Option<String>)>) {
    let method = |of: &JsValue, name: &str| Reflect::get(of, &name.into())?.dyn_into::<Function>();
    // One of both outcomes calls it, and a failure is no text.
    let read = Closure::once_into_js(move |text: JsValue| then(text.as_string()));
    // `Blob.text` gives a promise, and neither throws.
    let text = method(file, "text").and_then(|text| text.call0(file));
    let _ = text.and_then(|text| method(&text, "then")?.call2(&text, &read, &read));
}
