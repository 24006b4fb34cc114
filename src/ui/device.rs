//! The panel of one device: what it said, how that is known, and what happened to it.

use fleet::{Change, ChangeKind, Evidence, Gap, Handle, StaleReason, Status, Time, Uptime};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::dialog::Dialog;
use super::symbols::icon;
use super::{Page, derive, memo, on, part, text};
use crate::link;
use crate::say;
use crate::words::Locale;

/// What the panel shows of a device, compared as a whole.
#[derive(Clone, PartialEq)]
struct Panel {
    name: String,
    id: String,
    topic: String,
    convention: &'static str,
    status: Status,
    since: Option<Time>,
    how: How,
    parent: Option<Parent>,
    first_seen: Time,
    changes: u32,
    flaps: u32,
    uptime: Uptime,
    /// The latest first.
    history: Vec<Entry>,
}

/// Why the status is what it is.
#[derive(Clone, PartialEq)]
enum How {
    Disabled,
    Listed,
    WithParent(String),
    Stale(StaleReason),
    Known(Evidence),
}

#[derive(Clone, PartialEq)]
struct Parent {
    name: String,
    handle: Option<Handle>,
    is_offline: bool,
}

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

fn read(page: Page, handle: Handle) -> Option<Panel> {
    page.now.track();
    let read = page.watch(|link| {
        link.with(|call| {
            let fleet = call.engine.fleet();
            let device = fleet.device(handle)?;
            let parent = device.parent.map(|parent| Parent {
                name: parent
                    .handle
                    .and_then(|handle| fleet.device(handle))
                    .map_or(parent.id, |parent| parent.display_name())
                    .to_owned(),
                handle: parent.handle,
                is_offline: device.parent_offline,
            });
            let how = match (&parent, device.stale) {
                _ if device.is_disabled => How::Disabled,
                (Some(parent), None) if parent.is_offline => How::WithParent(parent.name.clone()),
                (_, Some(reason)) => How::Stale(reason),
                _ if device.said.is_none() => How::Listed,
                _ => How::Known(device.evidence),
            };
            let mut history: Vec<Entry> = Vec::new();
            let gaps = device.gaps().into_iter().map(Entry::Gap);
            for entry in device.history().map(Entry::Change).chain(gaps) {
                let place = history.partition_point(|other| other.at() >= entry.at());
                history.insert(place, entry);
            }
            Some(Panel {
                name: device.display_name().to_owned(),
                id: device.id.to_owned(),
                topic: device.topic.to_owned(),
                convention: device.convention.label,
                status: device.status,
                since: device.since,
                how,
                parent,
                first_seen: device.first_seen,
                changes: device.changes,
                flaps: device.flaps,
                uptime: device.uptime(link::now()),
                history,
            })
        })
    });
    read.flatten()
}

/// The panel, closed until a device is opened.
#[component]
pub fn DevicePanel() -> impl IntoView {
    let page = Page::here();
    Effect::new(move |before: Option<bool>| {
        let is_open = page.opened.get().is_some();
        // Another device in the panel that is open: its name is read, as that of a new page.
        if is_open && before == Some(true) {
            request_animation_frame(|| {
                let title = document().get_element_by_id("device-title");
                if let Some(title) = title.and_then(|title| title.dyn_into::<HtmlElement>().ok()) {
                    let _ = title.focus();
                }
            });
        }
        is_open
    });
    view! {
        <Dialog
            class="device"
            title="device-title"
            is_open=derive(move || page.opened.get().is_some())
            close=|page| page.opened.set(None)
            sheet=|page| page.opened.get().map(|handle| sheet(page, handle)).into_any()
        />
    }
}

fn sheet(page: Page, handle: Handle) -> AnyView {
    let panel = memo(move |before: Option<&Option<Panel>>| {
        // A device that is removed while it is looked at keeps its panel.
        read(page, handle).or_else(|| before.cloned().flatten())
    });
    let of = move |read: fn(&Panel) -> String| {
        text(move || panel.with(|panel| panel.as_ref().map(read).unwrap_or_default()))
    };
    let worded = move |word: fn(Page, &Panel) -> String| {
        text(move || panel.with(|panel| panel.as_ref().map(|panel| word(page, panel)).unwrap_or_default()))
    };
    let status = memo(move |_| panel.with(|panel| panel.as_ref().map_or(Status::Unknown, |p| p.status)));
    let row = move |label: fn(Locale) -> &'static str, value: Signal<String>| {
        view! {
            <div>
                <dt>{page.phrase(label)}</dt>
                <dd dir="auto">{value}</dd>
            </div>
        }
        .into_any()
    };
    // Apart from what counts the time, so that they are not made anew with every message.
    let parent = memo(move |_| panel.with(|panel| panel.as_ref().and_then(|panel| panel.parent.clone())));
    let entries = memo(move |_| panel.with(|panel| panel.as_ref().map(|panel| panel.history.clone())));
    let is_gone = memo(move |_| {
        let is_there = page.watch(|link| link.with(|call| call.engine.fleet().device(handle).is_some()));
        is_there != Some(true)
    });
    let gone = part(move || {
        is_gone.get().then(|| view! { <p>{page.phrase(|locale| say!(locale, device.gone))}</p> }.into_any())
    });
    let parent = part(move || {
        let parent = parent.get()?;
        let Parent { name, handle, .. } = parent;
        let value = match handle {
            Some(handle) => view! {
                <button type="button" class="link" on:click=on(move |_| page.opened.set(Some(handle)))>
                    {name}
                </button>
            }
            .into_any(),
            None => name.into_any(),
        };
        Some(
            view! {
                <div>
                    <dt>{page.phrase(|locale| say!(locale, device.parent))}</dt>
                    <dd dir="auto">{value}</dd>
                </div>
            }
            .into_any(),
        )
    });
    let history = part(move || {
        let entries = entries.get()?;
        Some(entries.into_iter().map(|entry| entry_of(page, entry)).collect_view().into_any())
    });
    let sentence = part(move || (!is_gone.get()).then(|| view! { <p>{worded(how)}</p> }.into_any()));
    view! {
        <h2 id="device-title" tabindex="-1" dir="auto">{of(|panel| panel.name.clone())}</h2>
        <p class=text(move || format!("standing {}", status.get().word()))>
            {part(move || Some(icon(status.get()).into_any()))}
            <b>{derive(move || super::tile::word(page.locale.get(), status.get()))}</b>
            " "
            {worded(since)}
        </p>
        {gone}
        {sentence}
        <dl class="facts">
            {row(|locale| say!(locale, device.topic), of(|panel| panel.topic.clone()))}
            {row(|locale| say!(locale, device.convention), of(|panel| panel.convention.to_owned()))}
            {row(|locale| say!(locale, device.id), of(|panel| panel.id.clone()))}
            {parent}
            {row(|locale| say!(locale, device.uptime), worded(uptime))}
            {row(|locale| say!(locale, device.changes), worded(changes))}
        </dl>
        <h3>{page.phrase(|locale| say!(locale, device.history))}</h3>
        <ol class="changes">{history}</ol>
    }
    .into_any()
}

fn since(page: Page, panel: &Panel) -> String {
    let now = page.now.get();
    panel.since.map_or_else(String::new, |since| {
        let moment = page.format(|formats| formats.moment(since, now.max(since)));
        let age = page.format(|formats| formats.duration(now.0.saturating_sub(since.0)));
        say!(page.locale.get(), tile.since_age, moment = moment, age = age)
    })
}

fn how(page: Page, panel: &Panel) -> String {
    let locale = page.locale.get();
    let topic = &panel.topic;
    match &panel.how {
        How::Disabled => say!(locale, device.how.disabled, convention = panel.convention),
        How::Listed => say!(locale, device.how.listed, topic = topic),
        How::WithParent(parent) => say!(locale, device.how.with_parent, parent = parent),
        How::Known(Evidence::Live) => say!(locale, device.how.live, topic = topic),
        How::Known(_) => say!(locale, device.how.retained, topic = topic),
        How::Stale(reason) => match reason {
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

fn uptime(page: Page, panel: &Panel) -> String {
    let locale = page.locale.get();
    let Uptime { observed, online } = panel.uptime;
    if observed == 0 {
        return match panel.status {
            Status::Sleeping | Status::Unknown => say!(locale, device.nothing_to_count),
            _ => say!(locale, device.not_observed),
        }
        .to_owned();
    }
    // Rounded down: what was ever down is never shown as 100 %.
    let tenths = (u128::from(online) * 1_000 / u128::from(observed)) as u64;
    let percent = format!("{}.{}", tenths / 10, tenths % 10);
    let time = page.format(|formats| formats.duration(observed));
    say!(locale, device.up, percent = percent, time = time)
}

fn changes(page: Page, panel: &Panel) -> String {
    let count = |count: u32| page.format(|formats| formats.count(count as usize));
    let first = page.format(|formats| formats.moment(panel.first_seen, page.now.get().max(panel.first_seen)));
    let (n, flaps) = (count(panel.changes), count(panel.flaps));
    say!(page.locale.get(), device.changed, n = n, flaps = flaps, first = first)
}

fn entry_of(page: Page, entry: Entry) -> AnyView {
    let locale = page.locale.get();
    let at = page.format(|formats| formats.moment(entry.at(), page.now.get_untracked().max(entry.at())));
    let class = match &entry {
        Entry::Gap(_) => "gap",
        Entry::Change(change) => change.to.word(),
    };
    let (icon, words) = match entry {
        Entry::Gap(gap) => {
            let words = match gap.to {
                None => say!(locale, device.gap_open).to_owned(),
                Some(to) => {
                    let time = page.format(|formats| formats.duration(to.0.saturating_sub(gap.from.0)));
                    say!(locale, device.gap, time = time)
                }
            };
            (None, words)
        }
        Entry::Change(change) => {
            let Told { what, how } = told(page, &change);
            (Some(icon(change.to)), format!("{what} · {how}"))
        }
    };
    view! {
        <li class=class>
            {icon}
            <p>{words}</p>
            <time>{at}</time>
        </li>
    }
    .into_any()
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
