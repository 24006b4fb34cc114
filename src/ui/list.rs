//! A list whose elements stay in the document while their items stay in the list.
//!
//! All lists of the page are of this one type: Leptos' own would bring a renderer of several KB for each.

use fleet::Handle;
use leptos::prelude::*;

/// What tells an item from the others of its list.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// The name of a section's title.
    Section(String),
    /// A device.
    Device(Handle),
    /// A change of a device: when, to which status, whether it is half a flap.
    Change(Handle, u64, u8, bool),
}

/// One item of a list.
pub struct Item {
    key: Key,
    show: Box<dyn FnOnce(ReadSignal<usize>) -> AnyView + Send>,
}

impl Item {
    /// An item, and how it is shown once it is in the list; told its place, from 0.
    pub fn new(key: Key, show: impl FnOnce(ReadSignal<usize>) -> AnyView + Send + 'static) -> Item {
        Item { key, show: Box::new(show) }
    }
}

/// A list.
pub fn list(items: impl Fn() -> Vec<Item> + Send + 'static) -> AnyView {
    let items: Box<dyn Fn() -> Vec<Item> + Send> = Box::new(items);
    let show = |place, item: Item| (item.show)(place);
    view! { <ForEnumerate each=items key=|item| item.key.clone() children=show /> }.into_any()
}
