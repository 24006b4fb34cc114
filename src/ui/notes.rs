//! What the board admits about its snapshot, in words.

use super::Page;
use super::diagnosis::code;
use super::element::{El, Phrase, button, el};
use super::headline::leave_focus;
use super::later::{self, later};
use super::list::{Item, list};
use crate::notes::{Note, NoteKind, Noted};
use crate::{phrase, say, say_count};

/// How many filters a note names; the rest are counted.
const NAMED: usize = 5;

/// The notes, or nothing. Their words are loaded when there is something to admit; that there is can always be said.
pub fn notes(page: Page, into: El) -> El {
    let is_any = move || page.state.with(|state| !state.notes.is_empty()) || left_out(page) > 0;
    into.part_while(is_any, move || {
        later::open_or_say(page, el("div", "notes"), phrase!(note.not_loaded), move |into| {
            load_notes(page, into)
        })
    })
}

later! { notes: fn load_notes(page: Page, into: El) { fill(page, into) } }

/// What says the same stays as it is: a button in it may have the focus.
fn fill(page: Page, into: El) -> El {
    let boxes = list(el("div", ""), move || {
        let item = |Note { kind, .. }: &Note| {
            let kind = *kind;
            Item::new((kind as usize).to_string(), move || box_of(page, kind))
        };
        page.state.with(|state| state.notes.iter().map(item).collect())
    });
    into.child(boxes).part_while(move || left_out(page) > 0, move || box_of_bounds(page))
}

fn box_of(page: Page, kind: NoteKind) -> El {
    let items = list(el("ul", ""), move || {
        let filters = page
            .state
            .with(|state| state.notes.iter().find(|note| note.kind == kind).map(|note| note.filters.clone()));
        let filters = filters.unwrap_or_default();
        let more = filters.len().saturating_sub(NAMED);
        let mut items = Vec::new();
        for noted in filters.into_iter().take(NAMED) {
            let Noted { position, text, replays, reason } = &noted;
            let [position, reason] = [position.map(|position| position + 1), reason.map(|r| r.byte().into())]
                .map(Option::unwrap_or_default);
            let key = format!("{position} {reason} {replays} {text}");
            items.push(Item::new(key, move || item_of(page, kind, noted)));
        }
        if more > 0 {
            let words = move || say!(page.locale.get(), note.more, n = more.to_string());
            items.push(Item::new(more.to_string(), move || el("li", "").tells(words)));
        }
        items
    });
    let (title, body) = words(kind);
    el("section", "note caution")
        .child(el("h2", "").says(page, title))
        .child(el("p", "").says(page, body))
        .child(items)
}

fn item_of(page: Page, kind: NoteKind, Noted { position, text, replays, reason }: Noted) -> El {
    let sentence = move || match (kind, reason) {
        (NoteKind::Rejected, _) => text.clone(),
        (_, Some(reason)) => say!(page.locale.get(), note.refused.filter, filter = text, code = code(reason)),
        _ => {
            let n = page.format(|formats| formats.count(replays));
            say_count!(page.locale.get(), replays, note.filter, filter = text, n = n)
        }
    };
    let resume = position.filter(|_| kind == NoteKind::Paused).map(|position| {
        button("button small", move |_| page.link(|link| link.switch_filter(position, true)))
            .says(page, phrase!(note.paused.resume))
    });
    let item =
        el("li", "").attr("dir", "auto").child(el("span", "").tells(sentence)).text(" ").children(resume);
    leave_focus(&item);
    item
}

/// How much the fleet's bounds kept out.
fn left_out(page: Page) -> u64 {
    page.state.with(|state| state.refused.devices + state.refused.topics + state.refused.metadata)
}

/// What the fleet's bounds kept out.
fn box_of_bounds(page: Page) -> El {
    let body = move || {
        let left_out = left_out(page);
        let n = page.format(|formats| formats.count(left_out));
        say_count!(page.locale.get(), left_out, note.bounded.body, n = n)
    };
    el("section", "note caution")
        .child(el("h2", "").says(page, phrase!(note.bounded.title)))
        .child(el("p", "").tells(body))
}

/// Title and explanation.
fn words(kind: NoteKind) -> (Phrase, Phrase) {
    match kind {
        NoteKind::Cut => (phrase!(note.cut.title), phrase!(note.cut.body)),
        NoteKind::Unknown => (phrase!(note.unknown.title), phrase!(note.unknown.body)),
        NoteKind::UnknownForGood => (phrase!(note.unknown.title), phrase!(note.unknown.body_for_good)),
        NoteKind::Refused => (phrase!(note.refused.title), phrase!(note.refused.body)),
        NoteKind::RefusedForGood => (phrase!(note.refused.title), phrase!(note.refused.body_for_good)),
        NoteKind::Paused => (phrase!(note.paused.title), phrase!(note.paused.body)),
        NoteKind::Rejected => (phrase!(note.rejected.title), phrase!(note.rejected.body)),
    }
}
