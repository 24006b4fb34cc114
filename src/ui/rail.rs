//! The last changes of all devices, in words, beside the board.
//!
//! In a flood of changes all that are shown are others each time, so their elements are used again: one effect draws
//! them, and touches what is new.

use std::cell::Cell;
use std::mem::take;
use std::rc::Rc;

use fleet::{Change, ChangeKind, Device, Fleet, Handle, Status};

use super::Page;
use super::device::told;
use super::element::{El, button, effect, el, svg};
use super::list::put_in_order;
use super::symbols::{self, icon_of};
use crate::link::Link;
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

/// A change to be told.
struct News {
    /// Tells it from the others.
    key: String,
    handle: Handle,
    name: String,
    change: Change,
    /// How long the status before lasted, in milliseconds, if that was seen from its beginning to its end.
    lasted: Option<u64>,
}

fn news(fleet: &Fleet) -> Vec<News> {
    let told = |(handle, change): (Handle, Change)| {
        let device = fleet.device(handle)?;
        let (name, lasted) = (device.display_name().to_owned(), lasted(&device, &change));
        let Change { at, to, flap, .. } = change;
        let key = format!("{} {} {} {flap} {name}", handle.slot(), at.0, to.word());
        Some(News { key, handle, name, change, lasted })
    };
    fleet.recent_changes().take(SHOWN).filter_map(told).collect()
}

/// The rail.
pub fn rail(page: Page) -> El {
    let (changes, none) = (el("ol", "changes"), el("p", ""));
    let rail = el("aside", "rail")
        .attr("aria-labelledby", "rail-title")
        .attr_if("hidden", move || page.state.with(|state| state.counts.total == 0))
        .child(el("h2", "").attr("id", "rail-title").says(page, phrase!(rail.title)))
        .child(none.clone())
        .child(changes.clone());
    let mut shown: Vec<Shown> = Vec::new();
    let (mut drawn, mut is_flood) = (None, false);
    effect(move || {
        // Nobody reads forty changes in a quarter of a second.
        page.link(if is_flood { Link::track_slowly } else { Link::track_calmly });
        let news = page.link(|link| link.with(|call| news(call.engine.fleet()))).unwrap_or_default();
        let words = Some((page.locale.get(), page.now.get()));
        let is_anew = std::mem::replace(&mut drawn, words) != words;
        changes.set("hidden", news.is_empty().then_some(""));
        none.set_text(if news.is_empty() { say!(page.locale.get(), rail.none) } else { "" });
        let mut free = take(&mut shown);
        let mut find = |news: &News| Some(free.remove(free.iter().position(|old| old.key == news.key)?));
        let known: Vec<Option<Shown>> = news.iter().map(&mut find).collect();
        is_flood = known.len() == SHOWN && known.iter().all(Option::is_none);
        // Who is at a change that is not listed any more stays there, and is not taken to another.
        let (in_use, free): (Vec<Shown>, Vec<Shown>) = free.into_iter().partition(|old| old.el.is_in_use());
        let mut free = free.into_iter();
        for (news, known) in news.into_iter().zip(known) {
            let is_new = known.is_none();
            let mut change = known.or_else(|| free.next()).unwrap_or_else(|| Shown::new(page, news.handle));
            if is_new || is_anew {
                change.draw(page, news);
            }
            shown.push(change);
        }
        free.for_each(|gone| gone.el.remove());
        shown.extend(in_use);
        put_in_order(changes.element(), shown.iter().map(|shown| &shown.el));
    });
    rail
}

/// A change in the document.
struct Shown {
    key: String,
    /// Whose panel its name opens.
    handle: Rc<Cell<Handle>>,
    el: El,
    shape: El,
    name: El,
    what: El,
    when: El,
}

impl Shown {
    fn new(page: Page, handle: Handle) -> Shown {
        let handle = Rc::new(Cell::new(handle));
        let opens = handle.clone();
        let name = button("link", move |_| page.open_device(opens.get()))
            .attr("aria-haspopup", "dialog")
            .attr("dir", "auto");
        let (shape, what, when) = (svg("use", ""), el("span", ""), el("time", ""));
        let el = el("li", "")
            .child(icon_of(shape.clone()))
            .child(el("p", "").child(name.clone()).text(" ").child(what.clone()))
            .child(when.clone());
        Shown { key: String::new(), handle, el, shape, name, what, when }
    }

    fn draw(&mut self, page: Page, News { key, handle, name, change, lasted }: News) {
        let locale = page.locale.get();
        let moment = page.format(|formats| formats.moment(change.at, page.now.get().max(change.at)));
        let told = told(page, &change);
        let mut when = format!("{moment} · {}", told.how);
        if let Some(lasted) = lasted.filter(|lasted| change.to == Status::Online && *lasted >= 1_000) {
            let time = page.format(|formats| formats.lasted(lasted));
            let status = super::section::within(locale, change.from.unwrap_or(Status::Offline));
            when = format!("{when} · {}", say!(locale, change.after, status = status, time = time));
        }
        self.key = key;
        self.handle.set(handle);
        self.el.set("class", Some(change.to.word()));
        symbols::show(&self.shape, change.to);
        self.name.set_text(&name);
        self.what.set_text(&told.what);
        self.when.set_text(&when);
    }
}
