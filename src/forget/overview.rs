//! What the dialog shows of a deletion: where it stands, how many devices each outcome has, and what can be done next.
//!
//! Pure: read from `fleet::Deletion`, which decides everything. Only the rows are worded here.

use fleet::retained::{Item, Task};
use fleet::{Deletion, Fleet, Outcome, Status};

use super::outcome::OutcomeKind;
use crate::format::Formats;
use crate::i18n::{I18n, t_count};
use crate::wording::{reason_code, status_label};

/// How many devices of one kind are listed.
const MAX_LISTED: usize = 100;

/// Where a deletion stands.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Overview {
    /// The task that runs, or ran last.
    pub task: Task,
    /// Whether it runs.
    pub is_running: bool,
    /// How many retained messages can be deleted.
    pub kept: usize,
    /// How many of their devices are online.
    pub online: usize,
    /// How many were deleted.
    pub gone: usize,
    /// How many were put back.
    pub restored: usize,
    /// How many can be put back.
    pub undoable: usize,
    /// How many devices were beyond the bound.
    pub left_out: usize,
}

/// The devices with one kind of outcome.
#[derive(Clone, PartialEq, Debug)]
pub struct OutcomeGroup {
    /// The kind.
    pub kind: OutcomeKind,
    /// How many devices have it.
    pub count: usize,
    /// The first of them.
    pub rows: Vec<OutcomeRow>,
}

/// A device in the list.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OutcomeRow {
    /// Its name, or its id.
    pub name: String,
    /// The topic.
    pub topic: String,
    /// More about the outcome, worded; empty if there is none.
    pub detail: String,
}

/// What can be done next.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Stop what runs.
    Stop,
    /// Ask whether to delete so many.
    Ask(usize),
    /// Delete so many.
    Delete(usize),
    /// Back from the question to the list.
    Back,
    /// Put so many back.
    Undo(usize),
    /// Close, and delete nothing.
    Cancel,
    /// Close.
    Done,
}

impl Overview {
    /// Reads a deletion.
    pub fn of(fleet: &Fleet, deletion: &Deletion) -> Overview {
        let is_online = |item: &&Item| {
            matches!(item.outcome, Outcome::Kept { .. })
                && fleet.glance(item.handle).is_some_and(|(status, _)| status == Status::Online)
        };
        Overview {
            task: deletion.task(),
            is_running: deletion.is_running(),
            kept: deletion.count(|outcome| matches!(outcome, Outcome::Kept { .. })),
            online: deletion.items().iter().filter(is_online).count(),
            gone: deletion.count(|outcome| outcome == Outcome::Gone),
            restored: deletion.count(|outcome| outcome == Outcome::Restored),
            undoable: deletion.count(|outcome| {
                matches!(outcome, Outcome::Gone | Outcome::Unverified | Outcome::NotRestored(_))
            }),
            left_out: deletion.left_out(),
        }
    }

    /// What can be done next. `is_asked`: whether the visitor is asked to confirm the deletion.
    pub fn actions(self, is_asked: bool) -> Vec<Action> {
        let Overview { task, is_running, kept, undoable, .. } = self;
        match task {
            _ if is_running => vec![Action::Stop],
            Task::LookUp if kept == 0 => vec![Action::Done],
            Task::LookUp if is_asked => vec![Action::Delete(kept), Action::Back, Action::Cancel],
            Task::LookUp => vec![Action::Ask(kept), Action::Cancel],
            Task::Delete | Task::Undo if undoable > 0 => vec![Action::Undo(undoable), Action::Done],
            Task::Delete | Task::Undo => vec![Action::Done],
        }
    }
}

impl OutcomeGroup {
    /// The outcomes by kind; none while a task runs.
    pub fn all(fleet: &Fleet, deletion: &Deletion, i18n: I18n, formats: &Formats) -> Vec<OutcomeGroup> {
        let group = |kind| OutcomeGroup::of(kind, fleet, deletion, i18n, formats);
        match deletion.is_running() {
            true => Vec::new(),
            false => OutcomeKind::ALL.into_iter().filter_map(group).collect(),
        }
    }

    /// The group of a kind, unless it is empty.
    fn of(
        kind: OutcomeKind,
        fleet: &Fleet,
        deletion: &Deletion,
        i18n: I18n,
        formats: &Formats,
    ) -> Option<OutcomeGroup> {
        let is_of_kind = |item: &&Item| OutcomeKind::of(item.outcome, deletion.task()) == kind;
        let items = || deletion.items().iter().filter(is_of_kind);
        let rows: Vec<_> =
            items().take(MAX_LISTED).map(|item| OutcomeRow::of(item, fleet, i18n, formats)).collect();
        (!rows.is_empty()).then(|| OutcomeGroup { kind, count: items().count(), rows })
    }

    /// How many devices are not listed.
    pub fn more(&self) -> usize {
        self.count - self.rows.len()
    }
}

impl OutcomeRow {
    fn of(item: &Item, fleet: &Fleet, i18n: I18n, formats: &Formats) -> OutcomeRow {
        let device = fleet.device(item.handle);
        let size = |bytes: u32| formats.bytes(bytes as usize);
        let detail = match item.outcome {
            Outcome::Kept { bytes, qos } => {
                let status = device.as_ref().map_or(Status::Unknown, |device| device.status);
                let label = status_label(i18n.get_locale(), status);
                format!("{label} · {} · QoS {}", size(bytes), qos.byte())
            }
            Outcome::TooLarge { bytes } => size(bytes),
            Outcome::Shared { devices } => {
                t_count!(i18n, devices, forget.devices, n = formats.count(devices))
            }
            Outcome::LookUpRefused(code) | Outcome::Refused(code) | Outcome::NotRestored(Some(code)) => {
                reason_code(code)
            }
            _ => String::new(),
        };
        OutcomeRow {
            name: device.as_ref().map_or(&*item.id, |device| device.display_name()).to_owned(),
            topic: item.topic.clone().into(),
            detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    /// Checks counts of an overview → actions.
    #[track_caller]
    fn check(
        task: Task,
        is_running: bool,
        [kept, undoable]: [usize; 2],
        is_asked: bool,
        expected: &[Action],
    ) {
        let overview =
            Overview { task, is_running, kept, online: 0, gone: 0, restored: 0, undoable, left_out: 0 };
        assert_eq!(overview.actions(is_asked), expected);
    }

    #[wasm_bindgen_test]
    fn nothing_is_deleted_without_a_question() {
        use Action::*;
        check(Task::LookUp, true, [0, 0], false, &[Stop]);
        check(Task::LookUp, false, [0, 0], false, &[Done]);
        check(Task::LookUp, false, [2, 0], false, &[Ask(2), Cancel]);
        check(Task::LookUp, false, [2, 0], true, &[Delete(2), Back, Cancel]);
        check(Task::LookUp, false, [0, 0], true, &[Done]);
        check(Task::Delete, true, [2, 1], false, &[Stop]);
        check(Task::Delete, false, [0, 2], false, &[Undo(2), Done]);
        check(Task::Delete, false, [1, 0], false, &[Done]);
        check(Task::Undo, false, [0, 1], false, &[Undo(1), Done]);
        check(Task::Undo, false, [0, 0], false, &[Done]);
    }
}
