//! The last changes of all devices, in words, beside the board.

use fleet::{Change, ChangeKind, Device, Fleet, Handle, Status};

use super::Page;
use super::device::told;
use super::element::{El, button, el};
use super::list::{Item, list};
use super::symbols::icon;
use crate::{phrase, say};

/// How many changes are in the document.
const SHOWN: usize = 40;

/// How long the status before a change lasted, if both its ends, and all between them, were seen.
fn lasted(device: &Device<'_>, change: &Change) -> Option<u64> {
    let before = device.history().rev().find(|before| before.at < change.at && before.to != change.to)?;
    let is_live = before.kind == ChangeKind::Live && change.kind == ChangeKind::Live;
    let overlaps = |gap: &fleet::Gap| gap.from < change.at && gap.to.is_none_or(|to| to > before.at);
    let is_whole = is_live && Some(before.to) == change.from && !device.gaps().iter().any(overlaps);
    is_whole.then(|| change.at.0 - before.at.0)
}

/// The rail.
pub fn rail(page: Page) -> El {
    let is_empty = move || read(page, |fleet| fleet.recent_changes().next().is_none()).unwrap_or(true);
    let none = move || match is_empty() {
        true => say!(page.locale.get(), rail.none).to_owned(),
        false => String::new(),
    };
    let listed = move || read(page, |fleet| items(page, fleet)).unwrap_or_default();
    let changes = el("ol", "changes").attr_if("hidden", is_empty);
    el("aside", "rail")
        .attr("aria-labelledby", "rail-title")
        .attr_if("hidden", move || page.state.with(|state| state.counts.total == 0))
        .child(el("h2", "").attr("id", "rail-title").says(page, phrase!(rail.title)))
        .child(el("p", "").tells(none))
        .child(list(changes, listed))
}

/// Reads the fleet, now and again when its changes are to be told.
fn read<T>(page: Page, read: impl FnOnce(&Fleet) -> T) -> Option<T> {
    page.link(|link| {
        link.track_calmly();
        link.with(|call| read(call.engine.fleet()))
    })
}

fn items(page: Page, fleet: &Fleet) -> Vec<Item> {
    let mut items = Vec::new();
    for (handle, change) in fleet.recent_changes().take(SHOWN) {
        let Some(device) = fleet.device(handle) else { continue };
        let (name, lasted) = (device.display_name().to_owned(), lasted(&device, &change));
        let Change { at, to, flap, .. } = change;
        let key = format!("{} {} {} {flap} {name}", handle.slot(), at.0, to.word());
        items.push(Item::new(key, move || item_of(page, handle, &name, change, lasted)));
    }
    items
}

/// `lasted`: how long the status before lasted, in milliseconds, if that was seen from its beginning to its end.
fn item_of(page: Page, handle: Handle, name: &str, change: Change, lasted: Option<u64>) -> El {
    let when = move || {
        let at = page.format(|formats| formats.moment(change.at, page.now.get().max(change.at)));
        let how = told(page, &change).how;
        let Some(lasted) = lasted.filter(|_| change.to == Status::Online) else {
            return format!("{at} · {how}");
        };
        let locale = page.locale.get();
        let time = page.format(|formats| formats.lasted(lasted));
        let status = super::section::within(locale, change.from.unwrap_or(Status::Offline));
        format!("{at} · {how} · {}", say!(locale, change.after, status = status, time = time))
    };
    let device = button("link", move |_| page.open_device(handle))
        .attr("aria-haspopup", "dialog")
        .attr("dir", "auto")
        .text(name);
    el("li", change.to.word())
        .child(icon(change.to))
        .child(el("p", "").child(device).text(" ").tells(move || told(page, &change).what))
        .child(el("time", "").tells(when))
}
