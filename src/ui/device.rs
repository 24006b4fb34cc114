//! The panel of one device: what it said, how that is known, and what happened to it.

use fleet::{Change, ChangeKind, Device, Evidence, Gap, Handle, StaleReason, Status, Time, Uptime};
use leptos::prelude::*;

use super::Page;
use super::dialog::dialog;
use super::element::{El, Phrase, button, effect, el};
use super::symbols::{icon, shape};
use crate::link;
use crate::say;
use crate::words::Locale;

#[derive(Clone, PartialEq)]
enum Entry {
    Change(Change),
    Gap(Gap),
}

impl Entry {
    fn at(&self) -> Time {
        match self {
            Entry::Change(change) => change.at,
            Entry::Gap(gap) => gap.from,
        }
    }
}

/// The panel, closed until a device is opened.
pub fn device_panel(page: Page) -> El {
    dialog(
        page,
        "device",
        "device-title",
        |page| page.opened.set(None),
        |page, into| page.opened.get().map(|handle| sheet(page, handle, into)),
    )
}

fn sheet(page: Page, handle: Handle, into: El) -> El {
    // One effect reads the device, and what of it has changed is all that changes in the document.
    let [name, status, word, since, how, topic, convention, id, parent, uptime, changes] =
        [(); 11].map(|()| RwSignal::new(String::new()));
    let parent_handle = RwSignal::new(None);
    let history = RwSignal::new(Vec::new());
    let mut standing = (Status::Unknown, None);
    effect(move || {
        page.now.track();
        let locale = page.locale.get();
        let read = page.watch(|link| {
            link.with(|call| {
                let fleet = call.engine.fleet();
                let device = fleet.device(handle)?;
                let (parent_name, handle) = device.parent.map_or(("", None), |parent| {
                    let known = parent.handle.and_then(|handle| fleet.device(handle));
                    (known.map_or(parent.id, |parent| parent.display_name()), parent.handle)
                });
                let mut entries: Vec<Entry> = Vec::new();
                let gaps = device.gaps().into_iter().map(Entry::Gap);
                for entry in device.history().map(Entry::Change).chain(gaps) {
                    // The latest first.
                    let place = entries.partition_point(|other| other.at() >= entry.at());
                    entries.insert(place, entry);
                }
                standing = (device.status, device.since);
                name.set(device.display_name().to_owned());
                how.set(say_how(locale, &device, parent_name));
                topic.set(device.topic.to_owned());
                convention.set(device.convention.label.to_owned());
                id.set(device.id.to_owned());
                renew(parent, parent_name.to_owned());
                renew(parent_handle, handle);
                uptime.set(say_uptime(page, device.status, device.uptime(link::now())));
                changes.set(say_changes(page, &device));
                renew(history, entries);
                Some(())
            })
        });
        // A device that is removed while it is looked at keeps its panel.
        if read.flatten().is_none() {
            how.set(say!(locale, device.gone).to_owned());
        }
        status.set(standing.0.word().to_owned());
        word.set(super::tile::word(locale, standing.0).to_owned());
        since.set(standing.1.map(|time| say_since(page, time)).unwrap_or_default());
    });

    let of = |text: RwSignal<String>| move || text.get();
    let row = move |label: Phrase, value: El| {
        el("div", "").child(el("dt", "").says(page, label)).child(value.attr("dir", "auto"))
    };
    let fact = |label: Phrase, value: RwSignal<String>| row(label, el("dd", "").tells(of(value)));
    let parent_row = move || {
        let name = parent.get();
        let value = match parent_handle.get() {
            _ if name.is_empty() => return None,
            Some(handle) => {
                let open = button("link", move |_| page.opened.set(Some(handle)));
                el("dd", "").child(open.text(&name))
            }
            None => el("dd", "").text(&name),
        };
        Some(row(|locale| say!(locale, device.parent), value))
    };
    let standing = el("p", "")
        .attr_tells("class", move || format!("standing {}", status.get()))
        .child(shape(of(status)))
        .child(el("b", "").tells(of(word)))
        .text(" ")
        .tells(of(since));
    let facts = el("dl", "facts")
        .child(fact(|locale| say!(locale, device.topic), topic))
        .child(fact(|locale| say!(locale, device.convention), convention))
        .child(fact(|locale| say!(locale, device.id), id))
        .part(parent_row)
        .child(fact(|locale| say!(locale, device.uptime), uptime))
        .child(fact(|locale| say!(locale, device.changes), changes));
    let title = el("h2", "").attr("id", "device-title").attr("tabindex", "-1").attr("dir", "auto");
    into.child(title.tells(of(name)))
        .child(standing)
        .child(el("p", "").tells(of(how)))
        .child(facts)
        .child(el("h3", "").says(page, |locale| say!(locale, device.history)))
        .child(el("ol", "changes").parts(move || {
            history.with(|entries| entries.iter().map(|entry| entry_of(page, entry)).collect())
        }))
}

/// What is made anew whenever a signal is set would lose the focus.
fn renew<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|known| *known != value) {
        signal.set(value);
    }
}

fn say_since(page: Page, since: Time) -> String {
    let now = page.now.get();
    let moment = page.format(|formats| formats.moment(since, now.max(since)));
    let age = page.format(|formats| formats.duration(now.0.saturating_sub(since.0)));
    say!(page.locale.get(), tile.since_age, moment = moment, age = age)
}

/// Why the status is what it is.
fn say_how(locale: Locale, device: &Device, parent: &str) -> String {
    let topic = device.topic;
    match device.stale {
        _ if device.is_disabled => {
            say!(locale, device.how.disabled, convention = device.convention.label)
        }
        None if device.parent_offline => say!(locale, device.how.with_parent, parent = parent),
        None if device.said.is_none() => say!(locale, device.how.listed, topic = topic),
        None if device.evidence == Evidence::Live => say!(locale, device.how.live, topic = topic),
        None => say!(locale, device.how.retained, topic = topic),
        Some(reason) => match reason {
            StaleReason::LinkDown => say!(locale, device.how.link_down),
            StaleReason::Loading => say!(locale, device.how.loading),
            StaleReason::NotAnnouncedAgain => say!(locale, device.how.not_announced),
            StaleReason::SnapshotIncomplete => say!(locale, device.how.incomplete),
            StaleReason::WaitsForNextMessage => say!(locale, device.how.waits),
            StaleReason::NotSubscribed => say!(locale, device.how.not_subscribed),
            StaleReason::ParentOffline => say!(locale, device.how.parent_offline),
        }
        .to_owned(),
    }
}

fn say_uptime(page: Page, status: Status, Uptime { observed, online }: Uptime) -> String {
    let locale = page.locale.get();
    if observed == 0 {
        return match status {
            Status::Sleeping | Status::Unknown => say!(locale, device.nothing_to_count),
            _ => say!(locale, device.not_observed),
        }
        .to_owned();
    }
    // Rounded down: what was ever down is never shown as 100 %.
    let tenths = online.saturating_mul(1_000) / observed;
    let percent = format!("{}.{}", tenths / 10, tenths % 10);
    let time = page.format(|formats| formats.duration(observed));
    say!(locale, device.up, percent = percent, time = time)
}

fn say_changes(page: Page, device: &Device) -> String {
    let count = |count: u32| page.format(|formats| formats.count(count as usize));
    let now = page.now.get().max(device.first_seen);
    let first = page.format(|formats| formats.moment(device.first_seen, now));
    let (n, flaps) = (count(device.changes), count(device.flaps));
    say!(page.locale.get(), device.changed, n = n, flaps = flaps, first = first)
}

fn entry_of(page: Page, entry: &Entry) -> El {
    let locale = page.locale.get();
    let at = page.format(|formats| formats.moment(entry.at(), page.now.get_untracked().max(entry.at())));
    let (class, icon, words) = match entry {
        Entry::Gap(gap) => {
            let words = match gap.to {
                None => say!(locale, device.gap_open).to_owned(),
                Some(to) => {
                    let time = page.format(|formats| formats.duration(to.0.saturating_sub(gap.from.0)));
                    say!(locale, device.gap, time = time)
                }
            };
            ("gap", None, words)
        }
        Entry::Change(change) => {
            let Told { what, how } = told(page, change);
            (change.to.word(), Some(icon(change.to)), format!("{what} · {how}"))
        }
    };
    el("li", class).children(icon).child(el("p", "").text(&words)).child(el("time", "").text(&at))
}

/// A change in words.
pub struct Told {
    /// What happened.
    pub what: String,
    /// How it is known.
    pub how: String,
}

/// A change in words, and how it is known.
pub fn told(page: Page, change: &Change) -> Told {
    let locale = page.locale.get();
    let what = match (change.from, change.to) {
        (None, _) => say!(locale, change.first, status = super::section::within(locale, change.to)),
        (Some(Status::Degraded), Status::Online) => say!(locale, change.recovered).to_owned(),
        (Some(Status::Sleeping), Status::Online) => say!(locale, change.woke).to_owned(),
        (Some(Status::Unknown), Status::Online) => say!(locale, change.is_online).to_owned(),
        (_, Status::Online) => say!(locale, change.online).to_owned(),
        (_, Status::Offline) => say!(locale, change.offline).to_owned(),
        (_, Status::Sleeping) => say!(locale, change.sleeping).to_owned(),
        (_, Status::Degraded) => say!(locale, change.degraded).to_owned(),
        (_, Status::Unknown) => say!(locale, change.unknown).to_owned(),
    };
    let how = match (change.kind, change.evidence) {
        (ChangeKind::Missed, _) => say!(locale, change.missed),
        (ChangeKind::WhileAway, Evidence::Retained) => say!(locale, change.away),
        (_, Evidence::Live) => say!(locale, change.live),
        _ => say!(locale, change.retained),
    };
    let how = if change.flap { format!("{how} · {}", say!(locale, change.flap)) } else { how.to_owned() };
    Told { what, how }
}
