//! What stands in the place of the tiles where there are none. Few see it: it is loaded when it is shown.

use leptos::prelude::*;

use super::Page;
use super::element::{El, button, el, focus};
use super::later::{self, later};
use crate::view::View;
use crate::{phrase, say, say_count};

/// A device made of two commands. The first one stays, in the background.
const EXAMPLE: &str = "\
mosquitto_sub -h HOST -t x --will-topic lamp/status --will-payload offline --will-retain &
mosquitto_pub -h HOST -t lamp/status -m online -r";

/// Why there are no tiles.
#[derive(Copy, Clone)]
pub enum Empty {
    /// Connected, and nobody there.
    Nobody,
    /// Everything is filtered away.
    NoneFound,
}

/// What explains it.
pub fn empty(page: Page, why: Empty) -> El {
    later::open(page, el("div", "empty"), move |into| load_empty(page, why, into))
}

later! { empty: fn load_empty(page: Page, why: Empty, into: El) { fill(page, why, into) } }

fn fill(page: Page, why: Empty, into: El) -> El {
    match why {
        Empty::Nobody => nobody(page, into),
        Empty::NoneFound => none_found(page, into),
    }
}

/// Connected, and nobody there: what is watched, or what to try.
fn nobody(page: Page, into: El) -> El {
    let filters = page.link(|link| link.with(|call| call.profile.filters.join(", "))).unwrap_or_default();
    let looked_at = move || {
        let read = page.watch(|link| {
            link.with(|call| {
                let snapshot = call.engine.snapshot();
                (snapshot.filters().iter().map(|filter| filter.messages()).sum::<u64>(), snapshot.topics())
            })
        });
        let (messages, topics) = read.unwrap_or_default();
        let [messages, topics] = [messages, topics].map(|count| page.format(|formats| formats.count(count)));
        say!(page.locale.get(), board.nobody.looked_at, messages = messages, topics = topics)
    };
    let nobody = into
        .child(el("h2", "").says(page, phrase!(board.nobody.title)))
        .child(el("p", "").says(page, phrase!(board.nobody.body)))
        .child(el("p", "").tells(looked_at));
    // The example would not be seen through filters that the visitor chose.
    if !filters.is_empty() {
        let watched = move || say!(page.locale.get(), form.filters, filters = filters);
        return nobody.child(el("p", "").tells(watched));
    }
    let host = page.link(|link| link.with(|call| call.profile.address.host().to_owned())).unwrap_or_default();
    // A host from a link somebody sent must not become a command in the visitor's shell.
    let is_plain = host.chars().all(|c| c.is_alphanumeric() || ".-:_".contains(c));
    let host = if is_plain { host.as_str() } else { "HOST" };
    nobody
        .child(el("p", "").says(page, phrase!(board.nobody.example)))
        .child(el("pre", "").text(&EXAMPLE.replace("HOST", host)))
}

/// Everything is filtered away.
fn none_found(page: Page, into: El) -> El {
    let body = move || {
        let total = page.state.with(|state| state.counts.total);
        let n = page.format(|formats| formats.count(total));
        say_count!(page.locale.get(), total, board.none_found.body, n = n)
    };
    let show_all = button("button", move |_| {
        page.view.update(View::show_all);
        // The button goes, and takes the focus with it.
        if let Ok(Some(field)) = document().query_selector("input[type=search]") {
            focus(&field);
        }
    });
    into.child(el("h2", "").says(page, phrase!(board.none_found.title)))
        .child(el("p", "").tells(body))
        .child(show_all.says(page, phrase!(board.show_all)))
}
