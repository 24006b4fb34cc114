//! What hangs on a device: links to the panels of some, those in trouble first, and how many more there are.

use fleet::{Device, Fleet, Handle, Status};
use leptos::prelude::document;

use super::Page;
use super::device::{Line, device_link};
use super::element::{El, el, focus, svg};
use super::list::put_in_order;
use super::symbols::{self, icon_of};
use crate::say;
use crate::words::Locale;

/// How many are in the document.
const SHOWN: usize = 24;

/// Its part of the panel.
pub struct Children {
    page: Page,
    part: El,
    title: Line,
    list: El,
    more: Line,
    shown: Vec<Child>,
}

struct Child {
    handle: Handle,
    status: Option<Status>,
    el: El,
    shape: El,
    name: Line,
    word: Line,
}

impl Children {
    /// The part, not drawn yet.
    pub fn new(page: Page, into: &El) -> Children {
        let (title, list, more) = (el("h3", ""), el("ul", "changes children"), el("p", ""));
        let part = el("div", "").child(title.clone()).child(list.clone()).child(more.clone());
        into.append(&part);
        Children { page, part, title: Line::of(title), list, more: Line::of(more), shown: Vec::new() }
    }

    /// Brings it up to date.
    pub fn draw(&mut self, fleet: &Fleet, device: &Device<'_>, locale: Locale) {
        let page = self.page;
        let children = device.children();
        let count = children.len();
        self.part.set("hidden", (count == 0).then_some(""));
        if count == 0 && self.shown.is_empty() {
            return;
        }
        let number = |count| page.format(|formats| formats.count(count));
        self.title.tell(&say!(locale, device.children, n = number(count)));
        let more = count.saturating_sub(SHOWN);
        let more = (more > 0).then(|| say!(locale, note.more, n = number(more)));
        self.more.tell(&more.unwrap_or_default());
        let mut next: Vec<Child> = Vec::new();
        for in_trouble in [true, false] {
            let known = children.clone().filter_map(|child| fleet.device(child));
            let such = known
                .filter(|child| in_trouble == matches!(child.status, Status::Offline | Status::Degraded));
            for child in such.take(SHOWN - next.len()) {
                let old = self.shown.iter().position(|old| old.handle == child.handle);
                let mut shown = match old {
                    Some(place) => self.shown.swap_remove(place),
                    None => Child::new(page, child.handle),
                };
                shown.draw(&child, locale);
                next.push(shown);
            }
        }
        self.shown.drain(..).for_each(|gone| gone.el.remove());
        let had_focus = document().active_element();
        put_in_order(self.list.element(), next.iter().map(|child| &child.el));
        // An element that was moved has lost it.
        if let Some(element) = had_focus.filter(|element| self.list.element().contains(Some(element))) {
            focus(&element);
        }
        self.shown = next;
    }
}

impl Child {
    fn new(page: Page, handle: Handle) -> Child {
        let (shape, name, word) = (svg("use", ""), device_link(page, handle), el("span", ""));
        let line = el("p", "").child(name.clone()).text(" ").child(word.clone());
        let el = el("li", "").child(icon_of(shape.clone())).child(line);
        Child { handle, status: None, el, shape, name: Line::of(name), word: Line::of(word) }
    }

    fn draw(&mut self, device: &Device<'_>, locale: Locale) {
        let status = device.status;
        if self.status.replace(status) != Some(status) {
            self.el.set("class", Some(status.word()));
            symbols::show(&self.shape, status);
        }
        self.name.tell(device.display_name());
        self.word.tell(super::section::within(locale, status));
    }
}
