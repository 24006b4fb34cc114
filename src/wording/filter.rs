//! The states of topic filters as words.

use fleet::SubscriptionState;

use super::reason_name;
use crate::i18n::{Locale, td_string};

/// A filter's state.
pub fn filter_state(locale: Locale, state: SubscriptionState) -> String {
    match state {
        SubscriptionState::Waiting => td_string!(locale, filters.is.waiting).to_owned(),
        SubscriptionState::Loading => td_string!(locale, filters.is.loading).to_owned(),
        SubscriptionState::Complete => td_string!(locale, filters.is.complete).to_owned(),
        SubscriptionState::Cut => td_string!(locale, filters.is.cut).to_owned(),
        SubscriptionState::Refused { reason, .. } => {
            td_string!(locale, filters.is.refused, reason = reason_name(reason))
        }
        SubscriptionState::Unknown { .. } => td_string!(locale, filters.is.unknown).to_owned(),
        SubscriptionState::Paused => td_string!(locale, filters.is.paused).to_owned(),
        SubscriptionState::Off => td_string!(locale, filters.is.off).to_owned(),
    }
}
