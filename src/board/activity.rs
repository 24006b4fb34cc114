//! The last changes of all devices, in words: beside the tiles, or below them on a narrow screen.
//!
//! A change that leaves the list passes its row on to a new one: to make rows takes several times as long as to change
//! them. Such a row moves to another place, and a browser takes the focus away from an element that is moved. So while a
//! row has the focus, rows are passed on only in a flood, when all other changes are new and every row stays in its place.

use fleet::{Change, ChangeKind, Device, Fleet, Gap, Handle, Status};
use leptos::prelude::*;

use crate::client::Pace;
use crate::components::StatusIcon;
use crate::context::use_app;
use crate::format::use_format;
use crate::i18n::{t_string, text, use_i18n};
use crate::wording::{change_evidence, change_text, status_word};

/// How many changes are in the document.
const MAX_SHOWN: usize = 40;
/// A status that lasted less than this, in milliseconds, is shown without its duration.
const MIN_LASTED: u64 = 1_000;

/// The list of changes.
#[component]
pub fn Activity() -> impl IntoView {
    let (i18n, app) = (use_i18n(), use_app());
    let focused = RwSignal::new(None::<EntryKey>);
    let entries = Memo::new(move |before: Option<&Entries>| {
        // Nobody reads forty changes in a quarter of a second.
        let is_flood = before.is_some_and(|before| before.is_flood);
        let pace = if is_flood { Pace::Tab } else { Pace::Text };
        let recent = app.read(pace, |active| recent_entries(active.engine.fleet()));
        focused.with(|focused| Entries::new(recent.unwrap_or_default(), focused.as_ref(), before))
    });
    let is_empty = Memo::new(move |_| entries.with(|entries| entries.rows.is_empty()));
    view! {
        <aside
            class="rail"
            aria-labelledby="rail-title"
            hidden=move || app.status.with(|status| status.counts.total == 0)
        >
            <h2 id="rail-title">{text!(i18n, rail.title)}</h2>
            <p>{move || if is_empty.get() { t_string!(i18n, rail.none) } else { "" }}</p>
            <ol class="changes" hidden=move || is_empty.get()>
                <For each=move || entries.get().rows key=|row| row.number let:row>
                    <ActivityEntry entry=entry_of(entries, row) focused />
                </For>
            </ol>
        </aside>
    }
}

/// What a row shows: its present entry, or the last one once the row has left the list.
fn entry_of(entries: Memo<Entries>, row: Row) -> Memo<Entry> {
    Memo::new(move |last: Option<&Entry>| {
        let last = last.unwrap_or(&row.entry);
        entries.with(|entries| {
            let row = entries.rows.iter().find(|other| other.number == row.number);
            row.map_or(last, |row| &row.entry).clone()
        })
    })
}

/// A change in words.
#[component]
fn ActivityEntry(
    /// The change; another one when this leaves the list.
    entry: Memo<Entry>,
    /// The entry that has the focus.
    focused: RwSignal<Option<EntryKey>>,
) -> impl IntoView {
    let (i18n, format, app) = (use_i18n(), use_format(), use_app());
    let change = move || entry.with(|entry| entry.change);
    let status = Signal::derive(move || change().to);
    let when = move || {
        let (locale, change, lasted) = (i18n.get_locale(), change(), entry.with(|entry| entry.lasted));
        let moment = format.moment(change.at, app.now.get().max(change.at));
        let mut parts = vec![moment, change_evidence(locale, &change)];
        if let Some(lasted) = lasted.filter(|lasted| change.to == Status::Online && *lasted >= MIN_LASTED) {
            let status = status_word(locale, change.from.unwrap_or(Status::Offline));
            let time = format.lasted(lasted);
            parts.push(t_string!(i18n, change.after, status = status, time = time));
        }
        parts.join(" · ")
    };
    view! {
        <li
            class=move || status.get().word()
            on:focusin=move |_| focused.set(Some(entry.get_untracked().key))
            on:focusout=move |_| focused.set(None)
        >
            <StatusIcon status />
            <p>
                <button
                    type="button"
                    class="link"
                    aria-haspopup="dialog"
                    dir="auto"
                    on:click=move |_| app.open_device(entry.with_untracked(|entry| entry.key.handle))
                >
                    {move || entry.with(|entry| entry.key.name.clone())}
                </button>
                " "
                <span>{move || change_text(i18n.get_locale(), &change())}</span>
            </p>
            <time>{when}</time>
        </li>
    }
}

/// What distinguishes an entry from the others.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct EntryKey {
    handle: Handle,
    /// The device's name.
    name: String,
    /// When it changed, and to what.
    at: u64,
    to: &'static str,
    flap: bool,
    /// How many older entries are the same apart from this.
    twin: usize,
}

/// A change of a device.
#[derive(Clone, PartialEq, Debug)]
struct Entry {
    key: EntryKey,
    change: Change,
    /// How long the status before lasted, in milliseconds, if that was seen from its beginning to its end.
    lasted: Option<u64>,
}

/// A row of the list.
#[derive(Clone, PartialEq, Debug)]
struct Row {
    /// Distinguishes it from the others.
    number: usize,
    entry: Entry,
}

/// What the list shows.
#[derive(Clone, PartialEq)]
struct Entries {
    rows: Vec<Row>,
    /// Whether all entries are others than before.
    is_flood: bool,
}

impl Entries {
    /// The recent changes, the latest first. An entry that has the focus stays, also when it is no longer recent.
    fn new(recent: Vec<Entry>, focused: Option<&EntryKey>, before: Option<&Entries>) -> Entries {
        let before = before.map_or(&[][..], |before| &before.rows);
        let row_of = |key: &EntryKey| before.iter().find(|row| row.entry.key == *key);
        let is_flood = recent.len() == MAX_SHOWN && !recent.iter().any(|entry| row_of(&entry.key).is_some());
        let mut list = recent;
        let kept = before.iter().position(|row| Some(&row.entry.key) == focused);
        if let Some(place) =
            kept.filter(|place| list.iter().all(|entry| entry.key != before[*place].entry.key))
        {
            // In a flood the rows around it stay where they are, and so does its own.
            let at = if is_flood { place.min(list.len()) } else { list.len() };
            list.insert(at, before[place].entry.clone());
        }
        // Rows whose entries leave, and then new ones.
        let next = before.iter().map(|row| row.number + 1).max().unwrap_or_default();
        let passes_on = is_flood || focused.is_none();
        let is_free = |row: &&Row| passes_on && list.iter().all(|entry| entry.key != row.entry.key);
        let free: Vec<usize> = before.iter().filter(is_free).map(|row| row.number).collect();
        let mut free = free.into_iter().chain(next..);
        let number = |entry: &Entry| row_of(&entry.key).map(|row| row.number).or_else(|| free.next());
        let numbers: Vec<usize> = list.iter().filter_map(number).collect();
        let rows = numbers.into_iter().zip(list).map(|(number, entry)| Row { number, entry }).collect();
        Entries { rows, is_flood }
    }
}

/// The last changes of a fleet, the latest first.
fn recent_entries(fleet: &Fleet) -> Vec<Entry> {
    let entry = |(handle, change): (Handle, Change)| {
        let device = fleet.device(handle)?;
        let Change { at, to, flap, .. } = change;
        let name = device.display_name().to_owned();
        let key = EntryKey { handle, name, at: at.0, to: to.word(), flap, twin: 0 };
        Some(Entry { key, change, lasted: lasted(&device, &change) })
    };
    let mut entries: Vec<Entry> = fleet.recent_changes().take(MAX_SHOWN).filter_map(entry).collect();
    // The oldest first: what is added later changes no key.
    for place in (0..entries.len()).rev() {
        let (newer, older) = entries.split_at_mut(place + 1);
        let key = &mut newer[place].key;
        key.twin = older.iter().filter(|entry| EntryKey { twin: 0, ..entry.key.clone() } == *key).count();
    }
    entries
}

/// How long the status before a change lasted, if both its ends, and all between them, were seen.
fn lasted(device: &Device<'_>, change: &Change) -> Option<u64> {
    let before = device.history().rev().find(|before| before.at < change.at && before.to != change.to)?;
    let is_live = before.kind == ChangeKind::Live && change.kind == ChangeKind::Live;
    let overlaps = |gap: &Gap| gap.from < change.at && gap.to.is_none_or(|to| to > before.at);
    let is_whole = is_live && Some(before.to) == change.from && !device.gaps().iter().any(overlaps);
    is_whole.then(|| change.at.0 - before.at.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet::Time;
    use fleet::fleet::Bounds;
    use std::collections::HashSet;
    use wasm_bindgen_test::wasm_bindgen_test;

    /// A fleet in which a device changed so many times at once, the first time to offline.
    fn flapping(changes: usize) -> Fleet {
        let mut fleet = Fleet::new(Bounds::default(), false, 0);
        fleet.link_up(Time(0));
        for change in 0..=changes {
            let word: &[u8] = if change % 2 == 0 { b"online" } else { b"offline" };
            fleet.apply("lamp/LWT", word, false, Time(1_000));
        }
        fleet
    }

    #[wasm_bindgen_test]
    fn changes_at_the_same_time_have_keys_of_their_own() {
        let before = recent_entries(&flapping(5));
        let after = recent_entries(&flapping(6));
        let keys: HashSet<_> = after.iter().map(|entry| &entry.key).collect();
        assert_eq!((before.len(), after.len(), keys.len()), (5, 6, 6));
        let kept = before.iter().filter(|entry| keys.contains(&entry.key)).count();
        assert!(kept >= 4, "the newest may have become a flap, the others keep their keys: {kept}");
    }

    #[wasm_bindgen_test]
    fn an_entry_with_the_focus_stays() {
        let recent = recent_entries(&flapping(3));
        let before = Entries::new(recent.clone(), None, None);
        let focused = recent[2].key.clone();
        let list = |focused| {
            let rows = Entries::new(recent[..2].to_vec(), focused, Some(&before)).rows;
            rows.into_iter().map(|row| row.entry).collect::<Vec<_>>()
        };
        assert_eq!(list(None).len(), 2);
        assert_eq!(list(Some(&focused)), recent);
        assert_eq!(list(Some(&recent[0].key)).len(), 2, "it is listed already");
    }

    #[wasm_bindgen_test]
    fn rows_are_passed_on_and_none_moves_while_one_has_the_focus() {
        let numbers = |entries: &Entries| entries.rows.iter().map(|row| row.number).collect::<Vec<_>>();
        let recent = recent_entries(&flapping(7));
        let first = Entries::new(recent[3..6].to_vec(), None, None);
        assert_eq!(numbers(&first), [0, 1, 2]);
        let second = Entries::new(recent[2..5].to_vec(), None, Some(&first));
        assert_eq!(numbers(&second), [2, 0, 1], "the oldest left");
        let focused = recent[4].key.clone();
        let second = Entries::new(recent[2..5].to_vec(), Some(&focused), Some(&first));
        assert_eq!(numbers(&second), [3, 0, 1], "a row has the focus");
        let more = Entries::new(recent[..5].to_vec(), None, Some(&second));
        assert_eq!(numbers(&more), [4, 5, 3, 0, 1], "none left");

        let full = Entries::new(recent_entries(&flapping(MAX_SHOWN)), None, None);
        let other = |mut entry: Entry| {
            entry.key.name = "other".to_owned();
            entry
        };
        let others: Vec<Entry> = full.rows.iter().map(|row| other(row.entry.clone())).collect();
        let flood = Entries::new(others.clone(), None, Some(&full));
        assert!(flood.is_flood);
        assert_eq!(numbers(&flood), numbers(&full));
        let focused = full.rows[5].entry.key.clone();
        let kept = Entries::new(others, Some(&focused), Some(&full));
        assert_eq!(kept.rows[5], full.rows[5], "the row with the focus stays as and where it is");
        let mut expected = numbers(&full);
        expected.push(MAX_SHOWN);
        assert_eq!(numbers(&kept), expected);
    }

    #[wasm_bindgen_test]
    fn a_flood_is_a_list_of_which_nothing_was_there() {
        let recent = recent_entries(&flapping(2 * MAX_SHOWN));
        let first = Entries::new(recent.clone(), None, None);
        assert!(first.is_flood && !Entries::new(recent, None, Some(&first)).is_flood);
        assert!(!Entries::new(recent_entries(&flapping(3)), None, None).is_flood);
    }
}
