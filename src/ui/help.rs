//! What the shapes, the edges and the keys mean.

use fleet::Status;
use leptos::prelude::*;

use super::Page;
use super::dialog::dialog;
use super::element::{El, Phrase, el};
use super::later::{self, later};
use super::symbols::icon;
use crate::say;

/// What each status means; its shape and its word are those of the tiles.
const STATUSES: [(Status, Phrase, Phrase); 5] = [
    (Status::Online, |locale| say!(locale, status.online), |locale| say!(locale, help.online)),
    (Status::Offline, |locale| say!(locale, status.offline), |locale| say!(locale, help.offline)),
    (Status::Degraded, |locale| say!(locale, status.degraded), |locale| say!(locale, help.degraded)),
    (Status::Sleeping, |locale| say!(locale, status.sleeping), |locale| say!(locale, help.sleeping)),
    (Status::Unknown, |locale| say!(locale, status.unknown), |locale| say!(locale, help.unknown)),
];

/// What each edge means, by the class of its picture.
const EDGES: [(&str, Phrase, Phrase); 3] = [
    ("edge", |locale| say!(locale, tools.live), |locale| say!(locale, help.live)),
    ("edge retained", |locale| say!(locale, tools.retained), |locale| say!(locale, help.retained)),
    ("edge stale", |locale| say!(locale, tools.stale), |locale| say!(locale, help.stale)),
];

/// The keys, and what they do.
const KEYS: [(&str, Phrase); 7] = [
    ("← ↑ → ↓", |locale| say!(locale, help.arrows)),
    ("Home End", |locale| say!(locale, help.ends)),
    ("PgUp PgDn", |locale| say!(locale, help.pages)),
    ("Enter", |locale| say!(locale, help.enter)),
    ("Esc", |locale| say!(locale, help.escape)),
    ("/", |locale| say!(locale, help.slash)),
    ("?", |locale| say!(locale, help.question)),
];

/// The help in a dialog of its own, opened by its button or by `?`.
pub fn help_dialog(page: Page) -> El {
    dialog(
        page,
        "help",
        "help-title",
        |page| page.help_is_open.set(false),
        |page, into| {
            let fill = move |into| load_help(page, into);
            page.help_is_open.get().then(|| later::open(page, into, fill))
        },
    )
}

later! { help: fn load_help(page: Page, into: El) { help(page, into) } }

fn help(page: Page, sheet: El) -> El {
    let title = |phrase: Phrase| el("h3", "").says(page, phrase);
    let entry =
        |list: El, term: El, meaning: Phrase| list.child(term).child(el("dd", "").says(page, meaning));
    let statuses = STATUSES.into_iter().fold(el("dl", ""), |list, (status, word, meaning)| {
        let shape = el("span", status.word()).child(icon(status));
        entry(list, el("dt", "").child(shape).child(el("span", "").says(page, word)), meaning)
    });
    let edges = EDGES.into_iter().fold(el("dl", ""), |list, (class, word, meaning)| {
        entry(list, el("dt", "").child(el("span", class)).child(el("span", "").says(page, word)), meaning)
    });
    let keys = KEYS.into_iter().fold(el("dl", ""), |list, (keys, meaning)| {
        let keys = keys.split(' ').map(|key| el("kbd", "").text(key));
        entry(list, el("dt", "").children(keys), meaning)
    });
    sheet
        .child(
            el("h2", "")
                .attr("id", "help-title")
                .attr("tabindex", "-1")
                .says(page, |locale| say!(locale, help.title)),
        )
        .child(title(|locale| say!(locale, help.statuses)))
        .child(statuses)
        .child(title(|locale| say!(locale, help.edges)))
        .child(edges)
        .child(title(|locale| say!(locale, help.keys)))
        .child(keys)
}
