//! The connections that a visitor saves in this browser.
//!
//! Stored in localStorage as a versioned JSON document, the same that is exported and imported: see
//! `docs/profiles.schema.json`. It is small and needed before the first connection. Errors are typed; `connection` words
//! them.

mod document;
mod list;

use mqtt::{Version, VersionChoice};

use crate::bidi::is_bidi_control;
use crate::client::{AddressError, Profile};
use crate::storage;

pub use document::{Place, can_be_stored, parse, write};
pub use list::{Merged, for_address, free_name, insert, merge, move_to_front, put, remove};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: u32 = 1_048_576;
/// How many profiles there may be.
pub const MAX_PROFILES: usize = 1_000;
/// How many topic filters a profile may have.
pub const MAX_FILTERS: usize = 64;
/// How many characters a name may have.
pub const MAX_NAME: usize = 64;
/// How many characters an address, a user name, a password or a topic filter may have.
pub const MAX_TEXT: usize = 8_192;
/// How many characters a client id may have.
pub const MAX_CLIENT_ID: usize = 256;
/// The smallest keep-alive that is accepted, in seconds.
pub const MIN_KEEP_ALIVE: u16 = 5;

/// The choices of a version and their words in a document.
pub const VERSIONS: [(VersionChoice, &str); 3] = [
    (VersionChoice::Newest, "auto"),
    (VersionChoice::Only(Version::V5), "5"),
    (VersionChoice::Only(Version::V311), "3.1.1"),
];

/// The word of a choice.
pub fn version_word(version: VersionChoice) -> &'static str {
    VERSIONS.iter().find(|(known, _)| *known == version).map_or(VERSIONS[0].1, |(_, word)| word)
}

/// Where the saved connections are stored.
const PROFILES: &str = "willow.profiles";
/// Where a document that could not be read completely is put before it is overwritten, without its passwords: a newer
/// version of the page may understand it.
const ASIDE: &str = "willow.profiles.aside";

/// A profile that is saved, under a name that no other one has.
#[derive(Clone, PartialEq, Eq)]
pub struct SavedProfile {
    /// What the visitor calls it.
    pub name: String,
    /// What to connect to. With a password only if the visitor wanted it saved.
    pub profile: Profile,
}

/// What was read from a document.
#[derive(Clone, Default)]
pub struct Parsed {
    /// The profiles that can be used, in the document's order.
    pub profiles: Vec<SavedProfile>,
    /// What cannot be used, and why.
    pub problems: Vec<Problem>,
}

/// One part of a document that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where it stands: `profiles[2].address`. Empty: the document as a whole.
    pub path: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Why a part of a document cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The document is not JSON.
    NotJson,
    /// It is JSON, but not a document of saved connections.
    NotOurs,
    /// Its version is another than this page's.
    Newer,
    /// There are more than this many.
    TooMany(usize),
    /// It is required.
    Missing,
    /// A member is given twice.
    Repeated,
    /// It must be of this JSON type.
    Type(&'static str),
    /// It is empty, longer than this many characters, or contains a control character.
    Text(usize),
    /// It is not the address of a broker.
    Address(AddressError),
    /// It is not a number of seconds that can be a keep-alive.
    KeepAlive,
    /// It is not one of the words of [`VERSIONS`].
    MqttVersion,
    /// It is not a topic filter.
    Filter,
    /// A name with bidi control characters.
    BidiControl,
    /// A password in a file. The profile is used without it: what is in a file is no secret.
    Password,
}

/// Why the saved connections could not be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChangeError {
    /// Another connection has this name.
    NameTaken(String),
    /// There are [`MAX_PROFILES`] already.
    TooMany,
    /// The browser refused to store them.
    NotStored,
}

/// Whether a text is not empty, has at most `max` characters, and no control characters.
pub fn is_printable(text: &str, max: usize) -> bool {
    !text.is_empty() && text.chars().count() <= max && !text.contains(char::is_control)
}

/// Whether a text can be the name of a profile.
pub fn is_name(text: &str) -> bool {
    is_printable(text, MAX_NAME) && !text.contains(is_bidi_control)
}

/// The saved connections, the last used one first.
pub fn load() -> Vec<SavedProfile> {
    storage::read(PROFILES).map(|text| parse(&text, Place::Browser).profiles).unwrap_or_default()
}

/// Changes the saved connections as they are at this moment: another tab may have changed them since they were shown.
///
/// # Errors
/// When `change` fails or the browser does not store the result. Nothing is changed then.
pub fn change<T>(
    change: impl FnOnce(&mut Vec<SavedProfile>) -> Result<T, ChangeError>,
) -> Result<T, ChangeError> {
    let text = storage::read(PROFILES).unwrap_or_default();
    let Parsed { mut profiles, problems } = parse(&text, Place::Browser);
    let result = change(&mut profiles)?;
    let is_damaged = !text.is_empty() && !problems.is_empty();
    let is_stored = (!is_damaged || storage::write(ASIDE, Some(&document::without_passwords(&text))))
        && storage::write(PROFILES, Some(&write(&profiles, Place::Browser)));
    if is_stored { Ok(result) } else { Err(ChangeError::NotStored) }
}

#[cfg(test)]
mod tests {
    use mqtt::{Version, VersionChoice};

    use super::SavedProfile;
    use crate::client::{Address, Profile};

    /// A saved connection with every member.
    pub fn saved(name: &str) -> SavedProfile {
        SavedProfile {
            name: name.to_owned(),
            profile: Profile {
                address: Address::parse("wss://farm.example/mqtt").expect("a test's address is valid"),
                user: Some("board".to_owned()),
                password: Some("correct-horse".to_owned()),
                keep_alive: 20,
                version: VersionChoice::Only(Version::V311),
                filters: vec!["site/#".to_owned(), "温室/+/status".to_owned()],
                client_id: Some("wall-1".to_owned()),
            },
        }
    }

    /// A document with these profiles.
    pub fn document(profiles: &str) -> String {
        format!(r#"{{"format":"willow-connections","version":1,"profiles":{profiles}}}"#)
    }
}
