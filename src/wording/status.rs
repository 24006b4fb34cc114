//! Statuses as words.

use fleet::Status;

use crate::i18n::{Locale, td_string};

/// A status as a word that begins a line.
pub fn status_label(locale: Locale, status: Status) -> &'static str {
    match status {
        Status::Online => td_string!(locale, status.online),
        Status::Offline => td_string!(locale, status.offline),
        Status::Sleeping => td_string!(locale, status.sleeping),
        Status::Degraded => td_string!(locale, status.degraded),
        Status::Unknown => td_string!(locale, status.unknown),
    }
}

/// A status as a word within a sentence.
pub fn status_word(locale: Locale, status: Status) -> &'static str {
    match status {
        Status::Online => td_string!(locale, chip.online),
        Status::Offline => td_string!(locale, chip.offline),
        Status::Sleeping => td_string!(locale, chip.sleeping),
        Status::Degraded => td_string!(locale, chip.degraded),
        Status::Unknown => td_string!(locale, chip.unknown),
    }
}
