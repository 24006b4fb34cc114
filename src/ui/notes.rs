//! What the board admits about its snapshot, in words.

use leptos::prelude::*;

use super::diagnosis::code;
use super::element::{El, button, el};
use super::{Page, memo};
use crate::notes::{Note, NoteKind, Noted};
use crate::words::Locale;
use crate::{say, say_count};

/// How many filters a note names; the rest are counted.
const NAMED: usize = 5;

/// The notes, or nothing. They stay as they are while they say the same: a button in one has the focus.
pub fn notes(page: Page, into: El) -> El {
    let notes = memo(move |_| page.state.with(|state| state.notes.clone()));
    let is_bounded = memo(move |_| left_out(page) > 0);
    into.parts(move || notes.get().into_iter().map(|note| box_of(page, note)).collect())
        .part(move || is_bounded.get().then(|| box_of_bounds(page)))
}

fn box_of(page: Page, Note { kind, filters }: Note) -> El {
    let more = filters.len().saturating_sub(NAMED);
    let items = filters.into_iter().take(NAMED).map(|noted| item_of(page, kind, noted));
    let items = el("ul", "").children(items).children(
        (more > 0)
            .then(|| el("li", "").tells(move || say!(page.locale.get(), note.more, n = more.to_string()))),
    );
    el("section", "note caution")
        .child(el("h2", "").tells(move || words(page.locale.get(), kind).0.to_owned()))
        .child(el("p", "").tells(move || words(page.locale.get(), kind).1.to_owned()))
        .child(items)
}

fn item_of(page: Page, kind: NoteKind, Noted { position, text, replays, reason }: Noted) -> El {
    let sentence = move || match (kind, reason) {
        (NoteKind::Rejected, _) => text.clone(),
        (_, Some(reason)) => say!(page.locale.get(), note.refused.filter, filter = text, code = code(reason)),
        _ => {
            let n = page.format(|formats| formats.count(replays as usize));
            say_count!(page.locale.get(), replays, note.filter, filter = text, n = n)
        }
    };
    let resume = position.filter(|_| kind == NoteKind::Paused).map(|position| {
        button("button small", move |_| page.link(|link| link.switch_filter(position, true)))
            .says(page, |locale| say!(locale, note.paused.resume))
    });
    el("li", "").attr("dir", "auto").child(el("span", "").tells(sentence)).text(" ").children(resume)
}

/// How much the fleet's bounds kept out.
fn left_out(page: Page) -> u64 {
    page.state.with(|state| state.refused.devices + state.refused.topics + state.refused.metadata)
}

/// What the fleet's bounds kept out.
fn box_of_bounds(page: Page) -> El {
    let body = move || {
        let n = page.format(|formats| formats.count(left_out(page) as usize));
        say!(page.locale.get(), note.bounded.body, n = n)
    };
    el("section", "note caution")
        .child(el("h2", "").says(page, |locale| say!(locale, note.bounded.title)))
        .child(el("p", "").tells(body))
}

/// Title and explanation.
fn words(locale: Locale, kind: NoteKind) -> (&'static str, &'static str) {
    match kind {
        NoteKind::Cut => (say!(locale, note.cut.title), say!(locale, note.cut.body)),
        NoteKind::Unknown => (say!(locale, note.unknown.title), say!(locale, note.unknown.body)),
        NoteKind::UnknownForGood => {
            (say!(locale, note.unknown.title), say!(locale, note.unknown.body_for_good))
        }
        NoteKind::Refused => (say!(locale, note.refused.title), say!(locale, note.refused.body)),
        NoteKind::RefusedForGood => {
            (say!(locale, note.refused.title), say!(locale, note.refused.body_for_good))
        }
        NoteKind::Paused => (say!(locale, note.paused.title), say!(locale, note.paused.body)),
        NoteKind::Rejected => (say!(locale, note.rejected.title), say!(locale, note.rejected.body)),
    }
}
