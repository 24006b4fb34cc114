//! What the board admits about its snapshot, in words.

use leptos::prelude::*;

use super::Page;
use crate::notes::{self, Note, NoteKind};
use crate::words::Locale;
use crate::{say, say_count};

/// How many filters a note names; the rest are counted.
const NAMED: usize = 5;

/// The notes, or nothing.
#[component]
pub fn Notes() -> impl IntoView {
    let page = Page::here();
    let notes = Memo::new(move |_| {
        page.watch(|link| link.with(|call| notes::notes(call.engine.snapshot())))
            .unwrap_or_default()
    });
    let rejected = Memo::new(move |_| {
        let rejected = page.watch(|link| {
            link.with(|call| {
                let rejected = call.engine.rejected_filters().iter();
                rejected
                    .map(|rejected| rejected.filter.clone())
                    .collect::<Vec<_>>()
            })
        });
        rejected.unwrap_or_default()
    });
    view! {
        {move || notes.get().into_iter().map(|note| view! { <NoteBox note /> }).collect_view()}
        <Show when=move || rejected.with(|rejected| !rejected.is_empty())>
            <section class="note caution">
                <h2>{move || say!(page.locale.get(), note.rejected.title)}</h2>
                <p>{move || say!(page.locale.get(), note.rejected.body)}</p>
                <p dir="auto">{move || rejected.with(|rejected| rejected.join(", "))}</p>
            </section>
        </Show>
    }
}

#[component]
fn NoteBox(note: Note) -> impl IntoView {
    let page = Page::here();
    let kind = note.kind;
    let item = move |(filter, replays): &(String, u32)| {
        let (filter, replays) = (filter.clone(), *replays);
        let text = move || {
            let n = page.format(|formats| formats.count(replays as usize));
            say_count!(page.locale.get(), replays, note.filter, filter = filter, n = n)
        };
        view! { <li dir="auto">{text}</li> }
    };
    let named: Vec<_> = note.filters.iter().take(NAMED).map(item).collect();
    let more = note.filters.len().saturating_sub(NAMED);
    view! {
        <section class="note caution">
            <h2>{move || title(page.locale.get(), kind)}</h2>
            <p>{move || body(page.locale.get(), kind)}</p>
            <ul>
                {named}
                {(more > 0)
                    .then(|| view! { <li>{move || say!(page.locale.get(), note.more, n = more.to_string())}</li> })}
            </ul>
        </section>
    }
}

fn title(locale: Locale, kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::Cut => say!(locale, note.cut.title),
        NoteKind::Unknown => say!(locale, note.unknown.title),
        NoteKind::Refused => say!(locale, note.refused.title),
        NoteKind::Paused => say!(locale, note.paused.title),
    }
}

fn body(locale: Locale, kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::Cut => say!(locale, note.cut.body),
        NoteKind::Unknown => say!(locale, note.unknown.body),
        NoteKind::Refused => say!(locale, note.refused.body),
        NoteKind::Paused => say!(locale, note.paused.body),
    }
}
