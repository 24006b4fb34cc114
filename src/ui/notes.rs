//! What the board admits about its snapshot, in words.

use leptos::prelude::*;

use super::{Page, Part, part, text};
use crate::notes::{Note, NoteKind};
use crate::words::Locale;
use crate::{say, say_count};

/// How many filters a note names; the rest are counted.
const NAMED: usize = 5;

/// The notes, or nothing.
pub fn notes(page: Page) -> Part {
    part(move || {
        let notes = page.state.with(|state| state.notes.clone());
        (!notes.is_empty())
            .then(|| notes.into_iter().map(|note| box_of(page, note)).collect_view().into_any())
    })
}

fn box_of(page: Page, note: Note) -> impl IntoView {
    let Note { kind, filters } = note;
    let more = filters.len().saturating_sub(NAMED);
    let mut items: Vec<_> = filters
        .into_iter()
        .take(NAMED)
        .map(|(filter, replays)| {
            text(move || match kind {
                NoteKind::Rejected => filter.clone(),
                _ => {
                    let n = page.format(|formats| formats.count(replays as usize));
                    say_count!(page.locale.get(), replays, note.filter, filter = filter, n = n)
                }
            })
        })
        .collect();
    if more > 0 {
        items.push(text(move || say!(page.locale.get(), note.more, n = more.to_string())));
    }
    let title = Signal::derive(move || words(page.locale.get(), kind).0);
    let body = Signal::derive(move || words(page.locale.get(), kind).1);
    view! {
        <section class="note caution">
            <h2>{title}</h2>
            <p>{body}</p>
            <ul>{items.into_iter().map(|item| view! { <li dir="auto">{item}</li> }).collect_view()}</ul>
        </section>
    }
}

/// Title and explanation.
fn words(locale: Locale, kind: NoteKind) -> (&'static str, &'static str) {
    match kind {
        NoteKind::Cut => (say!(locale, note.cut.title), say!(locale, note.cut.body)),
        NoteKind::Unknown => (say!(locale, note.unknown.title), say!(locale, note.unknown.body)),
        NoteKind::Refused => (say!(locale, note.refused.title), say!(locale, note.refused.body)),
        NoteKind::Paused => (say!(locale, note.paused.title), say!(locale, note.paused.body)),
        NoteKind::Rejected => (say!(locale, note.rejected.title), say!(locale, note.rejected.body)),
    }
}
