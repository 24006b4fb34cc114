//! Why a device's status is what it is: the decision, and its sentence.

use std::borrow::Cow;

use fleet::{Device, Evidence, StaleReason, Status};

use crate::i18n::{Locale, foreign, td_string};

/// Why a device's status is what it is.
#[derive(Clone, PartialEq, Debug)]
pub enum Explanation {
    /// Its gateway has it switched off; the label of its convention.
    Disabled(Cow<'static, str>),
    /// It is offline with the device that it depends on; that one's name.
    WithParent(String),
    /// It never spoke: the list on this topic names it.
    Listed(String),
    /// A message on this topic came while Willow was connected.
    Live(String),
    /// The broker had retained this topic's message, which says that it is offline.
    RetainedOffline(String),
    /// The broker had retained this topic's message.
    Retained(String),
    /// It cannot be known at present.
    Stale(StaleReason),
}

impl Explanation {
    /// Decides by the device, and by the name of what it depends on.
    pub fn of(device: &Device<'_>) -> Explanation {
        let topic = device.topic.to_owned();
        if device.is_disabled {
            return Explanation::Disabled(device.convention.label.clone());
        }
        match device.stale {
            Some(reason) => Explanation::Stale(reason),
            None if device.parent_offline => {
                Explanation::WithParent(device.parent_name().unwrap_or_default().to_owned())
            }
            None if device.said.is_none() => Explanation::Listed(topic),
            None if device.evidence == Evidence::Live => Explanation::Live(topic),
            None if device.status == Status::Offline => Explanation::RetainedOffline(topic),
            None => Explanation::Retained(topic),
        }
    }

    /// The sentence.
    pub fn text(&self, locale: Locale) -> String {
        match self {
            Explanation::Disabled(convention) => {
                td_string!(locale, device.how.disabled, convention = convention.clone())
            }
            Explanation::WithParent(parent) => {
                td_string!(locale, device.how.with_parent, parent = foreign(parent))
            }
            Explanation::Listed(topic) => td_string!(locale, device.how.listed, topic = foreign(topic)),
            Explanation::Live(topic) => td_string!(locale, device.how.live, topic = foreign(topic)),
            Explanation::RetainedOffline(topic) => {
                td_string!(locale, device.how.retained_offline, topic = foreign(topic))
            }
            Explanation::Retained(topic) => td_string!(locale, device.how.retained, topic = foreign(topic)),
            Explanation::Stale(reason) => match reason {
                StaleReason::LinkDown => td_string!(locale, device.how.link_down),
                StaleReason::Loading => td_string!(locale, device.how.loading),
                StaleReason::NotAnnouncedAgain => td_string!(locale, device.how.not_announced),
                StaleReason::SnapshotIncomplete => td_string!(locale, device.how.incomplete),
                StaleReason::WaitsForNextMessage => td_string!(locale, device.how.waits),
                StaleReason::NotSubscribed => td_string!(locale, device.how.not_subscribed),
                StaleReason::ParentOffline => td_string!(locale, device.how.parent_offline),
            }
            .to_owned(),
        }
    }
}
