//! What the board admits about its snapshot, in words.

use leptos::prelude::*;

use super::{Page, Part, derive, memo, on, part, text};
use crate::notes::{Note, NoteKind, Noted};
use crate::words::Locale;
use crate::{say, say_count};

/// How many filters a note names; the rest are counted.
const NAMED: usize = 5;

/// The notes, or nothing. They stay as they are while they say the same: a button in one has the focus.
pub fn notes(page: Page) -> impl IntoView {
    let notes = memo(move |_| page.state.with(|state| state.notes.clone()));
    let is_bounded = memo(move |_| {
        page.state.with(|state| state.refused.devices + state.refused.topics + state.refused.metadata > 0)
    });
    let snapshot: Part = part(move || {
        let notes = notes.get();
        (!notes.is_empty())
            .then(|| notes.into_iter().map(|note| box_of(page, note)).collect_view().into_any())
    });
    let bounded: Part = part(move || is_bounded.get().then(|| box_of_bounds(page).into_any()));
    (snapshot, bounded)
}

fn box_of(page: Page, note: Note) -> impl IntoView {
    let Note { kind, filters } = note;
    let more = filters.len().saturating_sub(NAMED);
    let items: Vec<_> =
        filters.into_iter().take(NAMED).map(|noted| item_of(page, kind, noted).into_any()).collect();
    let more = (more > 0).then(|| {
        view! { <li>{text(move || say!(page.locale.get(), note.more, n = more.to_string()))}</li> }
    });
    let title = derive(move || words(page.locale.get(), kind).0);
    let body = derive(move || words(page.locale.get(), kind).1);
    view! {
        <section class="note caution">
            <h2>{title}</h2>
            <p>{body}</p>
            <ul>{items} {more}</ul>
        </section>
    }
}

fn item_of(page: Page, kind: NoteKind, noted: Noted) -> impl IntoView {
    let Noted { position, text: filter, replays } = noted;
    let sentence = text(move || match kind {
        NoteKind::Rejected => filter.clone(),
        _ => {
            let n = page.format(|formats| formats.count(replays as usize));
            say_count!(page.locale.get(), replays, note.filter, filter = filter, n = n)
        }
    });
    let resume = position.filter(|_| kind == NoteKind::Paused).map(|position| {
        let on_click = move |_| page.link(|link| link.switch_filter(position, true));
        view! {
            <button type="button" class="button small" on:click=on(on_click)>
                {page.phrase(|locale| say!(locale, note.paused.resume))}
            </button>
        }
    });
    view! { <li dir="auto"><span>{sentence}</span> " " {resume}</li> }
}

/// What the fleet's bounds kept out.
fn box_of_bounds(page: Page) -> impl IntoView {
    let body = text(move || {
        let left_out =
            page.state.with(|state| state.refused.devices + state.refused.topics + state.refused.metadata);
        let n = page.format(|formats| formats.count(left_out as usize));
        say!(page.locale.get(), note.bounded.body, n = n)
    });
    view! {
        <section class="note caution">
            <h2>{page.phrase(|locale| say!(locale, note.bounded.title))}</h2>
            <p>{body}</p>
        </section>
    }
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
