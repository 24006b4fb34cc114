//! What is kept in this browser. A password only where the visitor asked for it, and nothing that is relied on:
//! storage may be refused or full.

use web_sys::Storage;

use crate::profiles::{self, Saved};

/// Under which name the visitor's connections are kept.
pub const PROFILES: &str = "willow.profiles";
/// Where what cannot be read is put before it would be written over, passwords left out: a newer page may know what
/// it is.
const ASIDE: &str = "willow.profiles.aside";

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// The text kept under a name.
pub fn read(name: &str) -> Option<String> {
    storage()?.get_item(name).ok()?
}

/// Keeps a text under a name, or forgets it; says whether the browser did. When it refuses, the choice lasts until the
/// page goes.
pub fn write(name: &str, value: Option<&str>) -> bool {
    let written = storage().map(|storage| match value {
        Some(value) => storage.set_item(name, value),
        None => storage.remove_item(name),
    });
    written.is_some_and(|written| written.is_ok())
}

/// The connections that are kept, the last used one first.
pub fn profiles() -> Vec<Saved> {
    read(PROFILES).map(|text| profiles::read(&text, true).saved).unwrap_or_default()
}

/// Changes the connections that are kept, as they are at this moment: another tab may have added some. Says whether
/// the browser keeps the change.
pub fn change_profiles(change: impl FnOnce(&mut Vec<Saved>)) -> bool {
    let text = read(PROFILES).unwrap_or_default();
    let mut found = profiles::read(&text, true);
    if !text.is_empty()
        && !found.problems.is_empty()
        && !write(ASIDE, Some(&profiles::without_passwords(&text)))
    {
        return false;
    }
    change(&mut found.saved);
    write(PROFILES, Some(&profiles::write(&found.saved, true)))
}
