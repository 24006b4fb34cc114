//! What this browser keeps for the page: a typed layer over `localStorage`.
//!
//! Nothing that is kept is relied on: storage may be refused, full, or changed by another tab. A password is kept only
//! where the visitor asked for it.

pub mod profiles;

use web_sys::Storage;

/// The visitor's choice of language, a tag.
pub const LANGUAGE: &str = "willow.language";
/// The visitor's choice of colours.
pub const THEME: &str = "willow.theme";

/// The text kept under a key.
pub fn read(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Keeps a text under a key, or removes it. Returns whether the browser did; when it refuses, a choice lasts until the
/// page goes.
pub fn write(key: &str, value: Option<&str>) -> bool {
    let written = storage().map(|storage| match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    });
    written.is_some_and(|written| written.is_ok())
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}
