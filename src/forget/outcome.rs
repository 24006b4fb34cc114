//! The kinds of outcome of deleting a retained message, in the order in which they are listed, and their words.

use fleet::Outcome;
use fleet::retained::Task;

use crate::i18n::{Locale, td_string};

/// A kind of outcome: what has one title in the list.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum OutcomeKind {
    /// Will be deleted.
    Kept,
    /// Deleted.
    Gone,
    /// Put back.
    Restored,
    /// The broker accepted the deletion and did not delete.
    StillSilent,
    /// The device published meanwhile.
    StillAlive,
    /// The broker retains another message by now.
    StillOther,
    /// The broker refused to delete.
    Refused,
    /// Not deleted: another message than was shown.
    Changed,
    /// Nobody knows whether it was deleted.
    Unverified,
    /// Not put back: there is a newer message.
    Superseded,
    /// Not put back: the broker did not retain it.
    NotRestored,
    /// The broker retains nothing.
    Nothing,
    /// Many devices share the topic.
    Shared,
    /// Only a list names the device.
    NeverSpoke,
    /// Too large to be put back.
    TooLarge,
    /// The broker refused to tell what it retains.
    LookUpRefused,
    /// The connection ended before the broker told.
    Unknown,
    /// Not looked up: stopped before.
    Waiting,
    /// Not deleted: stopped before.
    Left,
}

impl OutcomeKind {
    /// Every kind, in the order of the list.
    pub const ALL: [OutcomeKind; 19] = [
        OutcomeKind::Kept,
        OutcomeKind::Gone,
        OutcomeKind::Restored,
        OutcomeKind::StillSilent,
        OutcomeKind::StillAlive,
        OutcomeKind::StillOther,
        OutcomeKind::Refused,
        OutcomeKind::Changed,
        OutcomeKind::Unverified,
        OutcomeKind::Superseded,
        OutcomeKind::NotRestored,
        OutcomeKind::Nothing,
        OutcomeKind::Shared,
        OutcomeKind::NeverSpoke,
        OutcomeKind::TooLarge,
        OutcomeKind::LookUpRefused,
        OutcomeKind::Unknown,
        OutcomeKind::Waiting,
        OutcomeKind::Left,
    ];

    /// The kind of an outcome after a task.
    pub fn of(outcome: Outcome, task: Task) -> OutcomeKind {
        match outcome {
            Outcome::Kept { .. } if task == Task::LookUp => OutcomeKind::Kept,
            Outcome::Kept { .. } => OutcomeKind::Left,
            Outcome::Gone => OutcomeKind::Gone,
            Outcome::Restored => OutcomeKind::Restored,
            Outcome::StillThere { came_live: true, .. } => OutcomeKind::StillAlive,
            Outcome::StillThere { same_bytes: true, .. } => OutcomeKind::StillSilent,
            Outcome::StillThere { .. } => OutcomeKind::StillOther,
            Outcome::Refused(_) => OutcomeKind::Refused,
            Outcome::Changed => OutcomeKind::Changed,
            Outcome::Unverified => OutcomeKind::Unverified,
            Outcome::Superseded => OutcomeKind::Superseded,
            Outcome::NotRestored(_) => OutcomeKind::NotRestored,
            Outcome::Nothing => OutcomeKind::Nothing,
            Outcome::Shared { .. } => OutcomeKind::Shared,
            Outcome::NeverSpoke => OutcomeKind::NeverSpoke,
            Outcome::TooLarge { .. } => OutcomeKind::TooLarge,
            Outcome::LookUpRefused(_) => OutcomeKind::LookUpRefused,
            Outcome::Unknown => OutcomeKind::Unknown,
            Outcome::Waiting => OutcomeKind::Waiting,
        }
    }

    /// Its title in the list.
    pub fn title(self, locale: Locale) -> &'static str {
        match self {
            OutcomeKind::Kept => td_string!(locale, forget.is.kept),
            OutcomeKind::Gone => td_string!(locale, forget.is.gone),
            OutcomeKind::Restored => td_string!(locale, forget.is.restored),
            OutcomeKind::StillSilent => td_string!(locale, forget.is.still_silent),
            OutcomeKind::StillAlive => td_string!(locale, forget.is.still_alive),
            OutcomeKind::StillOther => td_string!(locale, forget.is.still_other),
            OutcomeKind::Refused => td_string!(locale, forget.is.refused),
            OutcomeKind::Changed => td_string!(locale, forget.is.changed),
            OutcomeKind::Unverified => td_string!(locale, forget.is.unverified),
            OutcomeKind::Superseded => td_string!(locale, forget.is.superseded),
            OutcomeKind::NotRestored => td_string!(locale, forget.is.not_restored),
            OutcomeKind::Nothing => td_string!(locale, forget.is.nothing),
            OutcomeKind::Shared => td_string!(locale, forget.is.shared),
            OutcomeKind::NeverSpoke => td_string!(locale, forget.is.never_spoke),
            OutcomeKind::TooLarge => td_string!(locale, forget.is.too_large),
            OutcomeKind::LookUpRefused => td_string!(locale, forget.is.look_up_refused),
            OutcomeKind::Unknown => td_string!(locale, forget.is.unknown),
            OutcomeKind::Waiting => td_string!(locale, forget.is.waiting),
            OutcomeKind::Left => td_string!(locale, forget.is.left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::locales;
    use mqtt::{QoS, ReasonCode};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn every_outcome_is_of_its_own_kind_and_every_kind_has_words() {
        let still = |same_bytes, came_live| Outcome::StillThere { same_bytes, came_live };
        let outcomes = [
            Outcome::Kept { bytes: 1, qos: QoS::AtMostOnce },
            Outcome::Gone,
            Outcome::Restored,
            still(true, false),
            still(false, true),
            still(false, false),
            Outcome::Refused(ReasonCode::NotAuthorized),
            Outcome::Changed,
            Outcome::Unverified,
            Outcome::Superseded,
            Outcome::NotRestored(None),
            Outcome::Nothing,
            Outcome::Shared { devices: 2 },
            Outcome::NeverSpoke,
            Outcome::TooLarge { bytes: 1 },
            Outcome::LookUpRefused(ReasonCode::NotAuthorized),
            Outcome::Unknown,
            Outcome::Waiting,
        ];
        let mut kinds: Vec<_> =
            outcomes.into_iter().map(|outcome| OutcomeKind::of(outcome, Task::LookUp)).collect();
        // What is still kept after the deletion will not be deleted any more.
        kinds.push(OutcomeKind::of(outcomes[0], Task::Delete));
        assert_eq!(kinds, OutcomeKind::ALL);
        assert_eq!(OutcomeKind::of(outcomes[0], Task::Undo), OutcomeKind::of(outcomes[0], Task::Delete));
        // What came live is news of the device, whatever its bytes are.
        let kind = |outcome| OutcomeKind::of(outcome, Task::Delete);
        assert_eq!(kind(still(true, true)), kind(still(false, true)));
        for locale in locales() {
            let titles = OutcomeKind::ALL.map(|kind| kind.title(*locale));
            let is_new = |place: usize| !titles[..place].contains(&titles[place]);
            assert!((0..titles.len()).all(is_new), "two kinds have one title: {titles:?}");
        }
    }
}
