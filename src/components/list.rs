//! Lists whose items keep their elements while their content changes, beside Leptos' `<For>`.

use leptos::prelude::*;

/// An item of a `<For>` that is keyed by identity: its present content, or the last one once it has left the list.
///
/// `item` is what `<For>` gave; `is_same` compares two items by their key.
pub fn item_memo<T>(
    items: Memo<Vec<T>>,
    item: T,
    is_same: impl Fn(&T, &T) -> bool + Send + Sync + 'static,
) -> Memo<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    Memo::new(move |last: Option<&T>| {
        let last = last.unwrap_or(&item);
        items.with(|items| items.iter().find(|other| is_same(other, last)).unwrap_or(last).clone())
    })
}
