//! The last changes of all devices, in words, beside the board.

use fleet::{Change, ChangeKind, Device, Handle, Status};
use leptos::prelude::*;

use super::device::told;
use super::list::{Item, Key, list};
use super::symbols::icon;
use super::{Page, derive, memo, on, text};
use crate::say;

/// How many changes are in the document.
const SHOWN: usize = 40;

#[derive(Clone, PartialEq)]
struct Entry {
    handle: Handle,
    name: String,
    change: Change,
    /// How long the status before lasted, in milliseconds, if that was seen from its beginning to its end.
    lasted: Option<u64>,
}

/// How long the status before a change lasted, if both its ends, and all between them, were seen.
fn lasted(device: &Device<'_>, change: &Change) -> Option<u64> {
    let before = device.history().rev().find(|before| before.at < change.at && before.to != change.to)?;
    let is_live = before.kind == ChangeKind::Live && change.kind == ChangeKind::Live;
    let overlaps = |gap: &fleet::Gap| gap.from < change.at && gap.to.is_none_or(|to| to > before.at);
    let is_whole = is_live && Some(before.to) == change.from && !device.gaps().iter().any(overlaps);
    is_whole.then(|| change.at.0 - before.at.0)
}

/// The rail.
#[component]
pub fn Rail() -> impl IntoView {
    let page = Page::here();
    let items = memo(move |_| {
        let read = page.watch(|link| {
            link.with(|call| {
                let fleet = call.engine.fleet();
                let item = |(handle, change): (Handle, Change)| {
                    let device = fleet.device(handle)?;
                    let (name, lasted) = (device.display_name().to_owned(), lasted(&device, &change));
                    Some(Entry { handle, name, change, lasted })
                };
                fleet.recent_changes().take(SHOWN).filter_map(item).collect::<Vec<Entry>>()
            })
        });
        read.unwrap_or_default()
    });
    let is_shown = memo(move |_| page.state.with(|state| state.counts.total > 0));
    let none = text(move || match items.with(Vec::is_empty) {
        true => say!(page.locale.get(), rail.none).to_owned(),
        false => String::new(),
    });
    let listed = move || {
        let item = |entry: Entry| {
            let Entry { handle, change, .. } = entry;
            let key = Key::Change(handle, change.at.0, change.to as u8, change.flap);
            Item::new(key, move |_| item_of(page, entry))
        };
        items.get().into_iter().map(item).collect()
    };
    view! {
        <aside class="rail" aria-labelledby="rail-title" hidden=derive(move || !is_shown.get())>
            <h2 id="rail-title">{page.phrase(|locale| say!(locale, rail.title))}</h2>
            <p>{none}</p>
            <ol class="changes" hidden=derive(move || items.with(Vec::is_empty))>
                {list(listed)}
            </ol>
        </aside>
    }
}

fn item_of(page: Page, Entry { handle, name, change, lasted }: Entry) -> AnyView {
    let what = text(move || told(page, &change).what);
    let when = text(move || {
        let at = page.format(|formats| formats.moment(change.at, page.now.get().max(change.at)));
        let how = told(page, &change).how;
        let Some(lasted) = lasted.filter(|_| change.to == Status::Online) else {
            return format!("{at} · {how}");
        };
        let locale = page.locale.get();
        let time = page.format(|formats| formats.duration(lasted));
        let status = super::section::within(locale, change.from.unwrap_or(Status::Offline));
        format!("{at} · {how} · {}", say!(locale, change.after, status = status, time = time))
    });
    view! {
        <li class=change.to.word()>
            {icon(change.to)}
            <p>
                <button
                    type="button"
                    class="link"
                    aria-haspopup="dialog"
                    dir="auto"
                    on:click=on(move |_| page.open_device(handle))
                >
                    {name}
                </button>
                " "
                {what}
            </p>
            <time>{when}</time>
        </li>
    }
    .into_any()
}
