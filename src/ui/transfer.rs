//! Connections into a file and out of one: never with a password, and nothing is taken unseen.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, Event, HtmlElement, Url};

use super::Page;
use super::connections::find;
use super::element::{El, button, el};
use super::form::say_address;
use crate::profiles::{self, Found, MOST_BYTES, MOST_PROFILES, Problem, Saved, Why};
use crate::words::Locale;
use crate::{phrase, say, say_count, store};

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
                .says(page, phrase!(kept.export)),
        )
        .child(el("p", "hint").says(page, phrase!(kept.export_hint)))
}

/// Reads a file, shows what is in it, and adds that when the visitor wants it.
pub fn import(page: Page) -> El {
    let (told, is_shown) = (RwSignal::new(String::new()), RwSignal::new(false));
    let found = Rc::new(RefCell::new(Found::default()));
    let tell = move |text: &str| {
        is_shown.set(false);
        told.set(text.to_owned());
    };
    let into = found.clone();
    let choose = move |event: Event| {
        let locale = page.locale.get_untracked();
        let Some(input) = event.target() else { return };
        let files = Reflect::get(&input, &"files".into()).unwrap_or_default();
        let Ok(file) = Reflect::get_u32(&files, 0).unwrap_or_default().dyn_into::<Blob>() else { return };
        if file.size() > MOST_BYTES {
            return tell(say!(locale, import.too_large));
        }
        tell(say!(locale, import.reading));
        let into = into.clone();
        let read = move |text: Option<String>| {
            // The dialog may be gone by the time that the file is read.
            if told.is_disposed() {
                return;
            }
            match text {
                None => tell(say!(locale, import.unreadable)),
                Some(text) => {
                    *into.borrow_mut() = profiles::read(&text, false);
                    told.set(String::new());
                    is_shown.set(true);
                }
            }
        };
        text_of(&file, Box::new(read));
        // The same file may be chosen again, mended.
        let _ = Reflect::set(&input, &"value".into(), &"".into());
    };
    let input = el("input", "file")
        .attr("type", "file")
        .attr("name", "import")
        .attr("accept", ".json,application/json")
        .on("change", choose);
    let preview = move || {
        told.track();
        if is_shown.get() { preview(page, &found, tell) } else { Vec::new() }
    };
    el("div", "transfer").child(el("label", "").says(page, phrase!(kept.import)).child(input)).child(
        el("div", "preview")
            .attr("role", "status")
            .child(el("p", "").tells(move || told.get()))
            .child(el("div", "preview").parts(preview)),
    )
}

/// What would become of each connection, what is left out and why, and the button that adds them.
fn preview(page: Page, found: &Rc<RefCell<Found>>, tell: impl Fn(&str) + Copy + 'static) -> Vec<El> {
    let locale = page.locale.get();
    let Found { saved, problems } = &*found.borrow();
    let mut kept = store::profiles();
    let outcomes = profiles::merge(&mut kept, saved);
    // What a file says stands in elements of its own: no name reads on into the address, or turns it.
    let line = |(Saved { name, profile }, outcome): (&Saved, &Option<String>)| {
        let what = match outcome {
            Some(new) if new == name => el("bdi", "").text(name),
            Some(new) => el("bdi", "").text(&say!(locale, import.renamed, name = name, new = new)),
            None if kept.len() >= MOST_PROFILES => {
                el("bdi", "").text(&say!(locale, import.no_room, name = name, n = MOST_PROFILES.to_string()))
            }
            None => el("bdi", "").text(&say!(locale, import.is_here, name = name)),
        };
        let address = el("code", "").attr("dir", "auto").text(profile.address.as_str());
        el("li", "").child(what).text(" · ").child(address)
    };
    let lines = saved.iter().zip(&outcomes).take(SHOWN).map(line);
    let left_out = problems.iter().take(SHOWN);
    let left_out =
        left_out.map(|problem| el("li", "").attr("dir", "auto").text(&say_problem(locale, problem)));
    let fresh = outcomes.iter().flatten().count();
    let n = page.format(|formats| formats.count(fresh));
    let mut parts = Vec::new();
    if !saved.is_empty() || problems.is_empty() {
        parts.push(el("p", "").text(&say_count!(locale, fresh, import.new, n = n)));
        parts.push(list_of(page, lines, saved.len()));
    }
    if !problems.is_empty() {
        parts.push(el("p", "").text(say!(locale, import.left_out)));
        parts.push(list_of(page, left_out, problems.len()));
    }
    let mut actions = el("div", "actions");
    if fresh > 0 {
        let found = found.clone();
        let add = move |_| {
            // Another tab may have added some since they were shown.
            let mut added = 0;
            let is_kept = store::change_profiles(|kept| {
                added = profiles::merge(kept, &found.borrow().saved).iter().flatten().count();
            });
            page.saved.update(|changes| *changes += 1);
            back();
            let n = page.format(|formats| formats.count(added));
            tell(&if is_kept {
                say_count!(locale, added, import.added, n = n)
            } else {
                say!(locale, form.error.not_kept).to_owned()
            });
        };
        let label = say_count!(locale, fresh, import.add, n = n);
        actions = actions.child(button("button primary", add).attr("name", "add").text(&label));
    }
    let cancel = button("button", move |_| {
        back();
        tell("");
    });
    parts.push(actions.child(cancel.attr("name", "cancel").text(say!(locale, import.cancel))));
    parts
}

/// The button that was pressed goes with the preview: the focus stays where the next file is chosen.
fn back() {
    find("[name=import]");
}

/// The first lines of a list, and how many more there are of so many.
fn list_of(page: Page, items: impl Iterator<Item = El>, count: usize) -> El {
    let more = count.saturating_sub(SHOWN);
    let rest = (more > 0).then(|| {
        let more = page.format(|formats| formats.count(more));
        el("li", "").text(&say!(page.locale.get_untracked(), note.more, n = more))
    });
    el("ul", "").children(items).children(rest)
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
        Why::Turned => say!(locale, import.why.turned),
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
