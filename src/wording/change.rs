//! Changes of a device's status as words.

use fleet::{Change, ChangeKind, Evidence, Status};

use super::status_word;
use crate::i18n::{Locale, td_string};

/// What a change was.
pub fn change_text(locale: Locale, change: &Change) -> String {
    match (change.from, change.to) {
        (None, _) => td_string!(locale, change.first, status = status_word(locale, change.to)),
        (Some(Status::Degraded), Status::Online) => td_string!(locale, change.recovered).to_owned(),
        (Some(Status::Sleeping), Status::Online) => td_string!(locale, change.woke).to_owned(),
        (Some(Status::Unknown), Status::Online) => td_string!(locale, change.is_online).to_owned(),
        (_, Status::Online) => td_string!(locale, change.online).to_owned(),
        (_, Status::Offline) => td_string!(locale, change.offline).to_owned(),
        (_, Status::Sleeping) => td_string!(locale, change.sleeping).to_owned(),
        (_, Status::Degraded) => td_string!(locale, change.degraded).to_owned(),
        (_, Status::Unknown) => td_string!(locale, change.unknown).to_owned(),
    }
}

/// How a change is known.
pub fn change_evidence(locale: Locale, change: &Change) -> String {
    let evidence = match (change.kind, change.evidence) {
        (ChangeKind::Missed, _) => td_string!(locale, change.missed),
        (ChangeKind::WhileAway, Evidence::Retained) => td_string!(locale, change.away),
        (_, Evidence::Live) => td_string!(locale, change.live),
        _ => td_string!(locale, change.retained),
    };
    match change.flap {
        true => format!("{evidence} · {}", td_string!(locale, change.flap)),
        false => evidence.to_owned(),
    }
}
