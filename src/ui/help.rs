//! What the shapes, the edges and the keys mean.

use fleet::Status;

use super::Page;
use super::dialog::dialog;
use super::element::{El, Phrase, el};
use super::later::{self, later};
use super::symbols::icon;
use crate::phrase;

/// What each status means; its shape and its word are those of the tiles.
const STATUSES: [(Status, Phrase, Phrase); 5] = [
    (Status::Online, phrase!(status.online), phrase!(help.online)),
    (Status::Offline, phrase!(status.offline), phrase!(help.offline)),
    (Status::Degraded, phrase!(status.degraded), phrase!(help.degraded)),
    (Status::Sleeping, phrase!(status.sleeping), phrase!(help.sleeping)),
    (Status::Unknown, phrase!(status.unknown), phrase!(help.unknown)),
];

/// What each edge means, by the class of its picture.
const EDGES: [(&str, Phrase, Phrase); 3] = [
    ("edge", phrase!(tools.live), phrase!(help.live)),
    ("edge retained", phrase!(tools.retained), phrase!(help.retained)),
    ("edge stale", phrase!(tools.stale), phrase!(help.stale)),
];

/// The keys, and what they do.
const KEYS: [(&str, Phrase); 8] = [
    ("← ↑ → ↓", phrase!(help.arrows)),
    ("Home End", phrase!(help.ends)),
    ("PgUp PgDn", phrase!(help.pages)),
    ("Enter", phrase!(help.enter)),
    ("Esc", phrase!(help.escape)),
    ("/", phrase!(help.slash)),
    ("↓", phrase!(help.down)),
    ("?", phrase!(help.question)),
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
        .child(el("h2", "").attr("id", "help-title").attr("tabindex", "-1").says(page, phrase!(help.title)))
        .child(title(phrase!(help.statuses)))
        .child(statuses)
        .child(title(phrase!(help.edges)))
        .child(edges)
        .child(title(phrase!(help.keys)))
        .child(keys)
}
