//! The history of a device: its changes, and the times in which nothing could be observed.

use fleet::{Change, Device, Gap};
use leptos::prelude::*;
use mqtt::Time;

use super::subject::Subject;
use crate::components::{StatusIcon, item_memo};
use crate::context::use_app;
use crate::format::use_format;
use crate::i18n::{t_string, text, use_i18n};
use crate::wording::{change_evidence, change_text};

/// An entry of the history.
#[derive(Copy, Clone, PartialEq, Debug)]
struct Entry {
    key: EntryKey,
    event: Event,
}

/// Identifies an entry within its device's history, while older ones are dropped and it is amended itself.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
enum EntryKey {
    /// The number of the change, counted from the device's first.
    Change(u32),
    /// When the gap began.
    Gap(Time),
}

#[derive(Copy, Clone, PartialEq, Debug)]
enum Event {
    Change(Change),
    Gap(Gap),
}

impl Entry {
    fn at(&self) -> Time {
        match &self.event {
            Event::Change(change) => change.at,
            Event::Gap(gap) => gap.from,
        }
    }
}

/// The entries, the latest first.
fn entries(device: &Device<'_>) -> Vec<Entry> {
    let changes = device.history().rev().zip(0..).map(|(change, place)| Entry {
        key: EntryKey::Change(device.changes.wrapping_sub(place)),
        event: Event::Change(change),
    });
    let mut entries: Vec<Entry> = changes.collect();
    for gap in device.gaps() {
        // Above the change that it begins with.
        let place = entries.partition_point(|entry| entry.at() > gap.from);
        entries.insert(place, Entry { key: EntryKey::Gap(gap.from), event: Event::Gap(gap) });
    }
    entries
}

/// The history, the latest first.
#[component]
pub fn History(
    /// The device.
    subject: Subject,
) -> impl IntoView {
    let i18n = use_i18n();
    let entries = subject.fact(|_, device| entries(device));
    view! {
        <h3>{text!(i18n, device.history)}</h3>
        <ol class="changes">
            <For each=move || entries.get() key=|entry| entry.key let:entry>
                <HistoryEntry entry=item_memo(entries, entry, |one, other| one.key == other.key) />
            </For>
        </ol>
    }
}

#[component]
fn HistoryEntry(
    /// The entry; a change may be found to be half of a flap, and a gap ends.
    entry: Memo<Entry>,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let app = use_app();
    let status = Memo::new(move |_| match entry.get().event {
        Event::Change(change) => Some(change.to),
        Event::Gap(_) => None,
    });
    let text = move || match entry.get().event {
        Event::Change(change) => {
            let locale = i18n.get_locale();
            format!("{} · {}", change_text(locale, &change), change_evidence(locale, &change))
        }
        Event::Gap(Gap { to: None, .. }) => t_string!(i18n, device.gap_open).to_owned(),
        Event::Gap(Gap { from, to: Some(to) }) => {
            let time = format.lasted(to.0.saturating_sub(from.0));
            t_string!(i18n, device.gap, time = time)
        }
    };
    let at = move || {
        let at = entry.get().at();
        format.moment(at, app.now.get().max(at))
    };
    view! {
        <li class=move || status.get().map_or("gap", |status| status.word())>
            {move || status.get().map(|status| view! { <StatusIcon status /> })}
            <p>{text}</p>
            <time>{at}</time>
        </li>
    }
}
