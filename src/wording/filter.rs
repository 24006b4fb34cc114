//! The states of topic filters as words.

use fleet::FilterState;

use super::reason_name;
use crate::i18n::{Locale, td_string};

/// A filter's state.
pub fn filter_state(locale: Locale, state: FilterState) -> String {
    match state {
        FilterState::Waiting => td_string!(locale, filters.is.waiting).to_owned(),
        FilterState::Loading => td_string!(locale, filters.is.loading).to_owned(),
        FilterState::Complete => td_string!(locale, filters.is.complete).to_owned(),
        FilterState::Cut => td_string!(locale, filters.is.cut).to_owned(),
        FilterState::Refused { reason, .. } => {
            td_string!(locale, filters.is.refused, reason = reason_name(reason))
        }
        FilterState::Unknown { .. } => td_string!(locale, filters.is.unknown).to_owned(),
        FilterState::Paused => td_string!(locale, filters.is.paused).to_owned(),
        FilterState::Off => td_string!(locale, filters.is.off).to_owned(),
    }
}
