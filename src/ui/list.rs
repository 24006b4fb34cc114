//! A list whose elements stay in the document while their items stay in the list: what had the focus keeps it.

use leptos::prelude::*;
use web_sys::Node;

use super::element::{El, effect};

/// One item of a list.
pub struct Item {
    key: String,
    show: Box<dyn FnOnce() -> El>,
}

impl Item {
    /// An item, told from the others by its key, and how it is shown once it is in the list.
    pub fn new(key: String, show: impl FnOnce() -> El + 'static) -> Item {
        Item { key, show: Box::new(show) }
    }
}

/// An item that is in the document, and whatever keeps it up to date.
struct Shown {
    key: String,
    el: El,
    owner: Owner,
}

/// Makes the items the content of an element, now and whenever what `items` reads has changed.
pub fn list(of: El, items: impl Fn() -> Vec<Item> + 'static) -> El {
    fill(of.clone(), Box::new(items));
    of
}

fn fill(of: El, items: Box<dyn Fn() -> Vec<Item>>) {
    // The items outlive the run of the effect that made them.
    let owner = Owner::current().unwrap_or_default();
    let mut shown: Vec<Shown> = Vec::new();
    effect(move || {
        let mut next: Vec<Shown> = Vec::new();
        for Item { key, show } in items() {
            next.push(match shown.iter().position(|old| old.key == key) {
                Some(place) => shown.swap_remove(place),
                None => {
                    let owner = owner.child();
                    let el = owner.with(|| untrack(show));
                    Shown { key, el, owner }
                }
            });
        }
        for Shown { el, owner, .. } in shown.drain(..) {
            // Before it goes: what is done at its end may ask whether it has the focus. A list within it holds its
            // owner as well.
            owner.cleanup();
            el.remove();
        }
        put_in_order(of.element(), next.iter().map(|shown| &shown.el));
        shown = std::mem::take(&mut next);
    });
}

/// Makes the elements the content of a parent, and moves none that stands in its place already: an element that is
/// moved loses the focus.
pub fn put_in_order<'a>(parent: &Node, elements: impl Iterator<Item = &'a El>) {
    let mut place = parent.first_child();
    for el in elements {
        if place.as_ref().is_some_and(|place| place.is_same_node(Some(el.element()))) {
            place = place.and_then(|place| place.next_sibling());
        } else {
            // An element of the page's own goes wherever one is wanted.
            let _ = parent.insert_before(el.element(), place.as_ref());
        }
    }
}
