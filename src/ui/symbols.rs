//! The shapes: one of the three carriers of each status. They are drawn in `index.html`, as symbols by the statuses'
//! words, with the few other icons.

use fleet::Status;

use super::element::{El, svg};

/// A status's shape. The word stands beside it, so it is silent.
pub fn icon(status: Status) -> El {
    let shape = svg("use", "");
    show(&shape, status);
    icon_of(shape)
}

/// The same of a shape that changes: see [`show`].
pub fn icon_of(shape: El) -> El {
    svg("svg", "icon").attr("aria-hidden", "true").child(shape)
}

/// Makes a `<use>` that of a status's shape.
pub fn show(shape: &El, status: Status) {
    shape.set("href", Some(&format!("#{}", status.word())));
}
