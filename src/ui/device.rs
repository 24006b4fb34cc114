//! The panel of one device: what it said, how that is known, and what happened to it.

use fleet::{Change, ChangeKind, Device, Evidence, Fleet, Gap, Handle, StaleReason, Status, Time, Uptime};
use leptos::prelude::*;

use super::Page;
use super::children::Children;
use super::dialog::dialog;
use super::element::{El, Phrase, button, effect, el, svg};
use super::later::{self, later};
use super::payload::Message;
use super::symbols::{icon, icon_of};
use crate::link;
use crate::words::Locale;
use crate::{phrase, say};

/// How many of its other topics are named.
const NAMED: usize = 8;

/// What the facts are called, above what it hangs on.
const LABELS: [Phrase; 5] = [
    phrase!(device.topic),
    phrase!(device.other_topics),
    phrase!(device.convention),
    phrase!(device.id),
    phrase!(device.name),
];
/// And below it.
const FURTHER_LABELS: [Phrase; 3] =
    [phrase!(device.metadata), phrase!(device.uptime), phrase!(device.changes)];

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
        |page, into| {
            let handle = page.opened.get()?;
            Some(later::open(page, into, move |into| load_sheet(page, handle, into)))
        },
    )
}

later! { device: fn load_sheet(page: Page, handle: Handle, into: El) { sheet(page, handle, into) } }

fn sheet(page: Page, handle: Handle, into: El) -> El {
    let mut panel = Panel::new(page, handle, &into);
    effect(move || panel.draw());
    into
}

/// A text in the document that changes, and whatever is hidden while there is none.
pub struct Line {
    row: El,
    value: El,
    told: Option<String>,
}

impl Line {
    /// A line that is its own row.
    pub fn of(el: El) -> Line {
        Line { row: el.clone(), value: el, told: None }
    }

    /// Touches the document only if the text is another.
    pub fn tell(&mut self, text: &str) {
        if self.told.as_deref() != Some(text) {
            self.value.set_text(text);
            self.row.set("hidden", text.is_empty().then_some(""));
            self.told = Some(text.to_owned());
        }
    }
}

/// The filled panel. One effect draws it, and touches only what of the device has changed.
struct Panel {
    page: Page,
    handle: Handle,
    /// Its convention's slug and its id, by which it is found when it comes back.
    key: Option<(&'static str, String)>,
    /// The handle while the device is there: it can be forgotten.
    current: RwSignal<Option<Handle>>,
    standing: (Status, Option<Time>),
    lamp: El,
    shape: El,
    title: Line,
    word: Line,
    since: Line,
    how: Line,
    /// Topic, other topics, convention, id, name, metadata, uptime, changes.
    facts: [Line; 8],
    parent_row: El,
    parent: El,
    parent_shown: Option<(Option<Handle>, String)>,
    message: Message,
    children: Children,
    actions: El,
    history: El,
    history_shown: (Option<Locale>, Vec<Entry>),
}

impl Panel {
    fn new(page: Page, handle: Handle, into: &El) -> Panel {
        let title = el("h2", "").attr("id", "device-title").attr("tabindex", "-1").attr("dir", "auto");
        let (lamp, shape) = (el("p", ""), svg("use", ""));
        let (word, since, how) = (el("b", ""), el("span", ""), el("p", ""));
        into.append(&title);
        into.append(
            &lamp.clone().child(icon_of(shape.clone())).child(word.clone()).text(" ").child(since.clone()),
        );
        into.append(&how);
        let list = el("dl", "facts");
        let row = |label: Phrase| {
            let value = el("dd", "").attr("dir", "auto");
            let row = el("div", "").child(el("dt", "").says(page, label)).child(value.clone());
            list.append(&row);
            (row, value)
        };
        let fact = |label: Phrase| {
            let (row, value) = row(label);
            Line { row, value, told: None }
        };
        let [topic, others, convention, id, name] = LABELS.map(fact);
        let (parent_row, parent) = row(phrase!(device.parent));
        let [metadata, uptime, changes] = FURTHER_LABELS.map(fact);
        into.append(&list);
        let message = Message::new(page, into);
        let children = Children::new(page, into);
        let history = el("ol", "changes");
        into.append(&el("h3", "").says(page, phrase!(device.history)));
        into.append(&history);
        let current = RwSignal::new(Some(handle));
        let forget = button("button small", move |_| {
            if let Some(handle) = current.get_untracked() {
                page.forget(&[handle]);
            }
        });
        let forget = forget.says(page, phrase!(forget.this));
        let actions = el("p", "actions").child(forget);
        into.append(&actions);
        let [title, word, since, how] = [title, word, since, how].map(Line::of);
        Panel {
            page,
            handle,
            key: None,
            current,
            standing: (Status::Unknown, None),
            lamp,
            shape,
            title,
            word,
            since,
            how,
            facts: [topic, others, convention, id, name, metadata, uptime, changes],
            parent_row,
            parent,
            parent_shown: None,
            message,
            children,
            actions,
            history,
            history_shown: (None, Vec::new()),
        }
    }

    fn draw(&mut self) {
        let page = self.page;
        page.now.track();
        let locale = page.locale.get();
        let read = page.watch(|link| {
            link.with(|call| {
                let fleet = call.engine.fleet();
                // One that was taken away may come back, and is another device to the fleet.
                let back = || {
                    let (slug, id) = self.key.as_ref()?;
                    fleet.device(fleet.find(slug, id)?)
                };
                let device = fleet.device(self.handle).or_else(back)?;
                self.read(fleet, &device, locale);
                Some(())
            })
        });
        // A device that is removed while it is looked at keeps its panel.
        let is_there = read.flatten().is_some();
        if !is_there {
            self.how.tell(say!(locale, device.gone));
        }
        self.current.set(is_there.then_some(self.handle));
        self.actions.set("hidden", (!is_there).then_some(""));
        let (status, since) = self.standing;
        self.lamp.set("class", Some(&format!("standing {}", status.word())));
        self.shape.set("href", Some(&format!("#{}", status.word())));
        self.word.tell(super::tile::word(locale, status));
        self.since.tell(&since.map(|time| say_since(page, time)).unwrap_or_default());
    }

    fn read(&mut self, fleet: &Fleet, device: &Device<'_>, locale: Locale) {
        let page = self.page;
        self.handle = device.handle;
        if self.key.as_ref().is_none_or(|(slug, id)| (*slug, &**id) != (device.convention.slug, device.id)) {
            self.key = Some((device.convention.slug, device.id.to_owned()));
        }
        self.standing = (device.status, device.since);
        let parent = super::tile::parent_name(fleet, device).unwrap_or_default();
        self.title.tell(device.display_name());
        self.how.tell(&say_how(locale, device, parent));
        let others: Vec<&str> = device.other_topics().collect();
        let texts = [
            device.topic,
            &listed(locale, &others),
            device.convention.label,
            device.id,
            device.name.unwrap_or_default(),
            &say_metadata(locale, device),
            &say_uptime(page, device.status, device.uptime(link::now())),
            &say_changes(page, device),
        ];
        self.facts.iter_mut().zip(texts).for_each(|(fact, text)| fact.tell(text));
        let parent = (device.parent.and_then(|parent| parent.handle), parent.to_owned());
        if self.parent_shown.as_ref() != Some(&parent) {
            self.parent_row.set("hidden", parent.1.is_empty().then_some(""));
            self.parent.set_text("");
            match parent.0 {
                Some(handle) => self.parent.append(&device_link(page, handle).text(&parent.1)),
                None => self.parent.set_text(&parent.1),
            }
            self.parent_shown = Some(parent);
        }
        self.message.draw(fleet, device, locale);
        self.children.draw(fleet, device, locale);
        let mut entries: Vec<Entry> = Vec::new();
        let gaps = device.gaps().into_iter().map(Entry::Gap);
        for entry in device.history().map(Entry::Change).chain(gaps) {
            // The latest first.
            let place = entries.partition_point(|other| other.at() >= entry.at());
            entries.insert(place, entry);
        }
        if self.history_shown.0 != Some(locale) || self.history_shown.1 != entries {
            self.history.set_text("");
            entries.iter().for_each(|entry| self.history.append(&entry_of(page, entry)));
            self.history_shown = (Some(locale), entries);
        }
    }
}

/// What opens another device's panel in place of this one.
pub fn device_link(page: Page, handle: Handle) -> El {
    button("link", move |_| page.opened.set(Some(handle))).attr("dir", "auto")
}

/// Some of the texts, and how many more there are.
fn listed(locale: Locale, texts: &[&str]) -> String {
    let mut listed = texts[..texts.len().min(NAMED)].join(" · ");
    if texts.len() > NAMED {
        listed.push_str(" · ");
        listed.push_str(&say!(locale, note.more, n = (texts.len() - NAMED).to_string()));
    }
    listed
}

/// What the lists of others say of it.
fn say_metadata(locale: Locale, device: &Device<'_>) -> String {
    let all = [
        (device.is_listed(), say!(locale, device.is_listed)),
        (device.is_disabled, say!(locale, device.is_disabled)),
        (device.sleeps(), say!(locale, device.sleeps)),
    ];
    let said: Vec<&str> = all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words).collect();
    said.join(" · ")
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
        None if device.status == Status::Offline => say!(locale, device.how.retained_offline, topic = topic),
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
    let thousandths = online.saturating_mul(1_000) / observed;
    let percent = page.format(|formats| formats.percent(thousandths.min(1_000) as u32));
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
                    let time = page.format(|formats| formats.lasted(to.0.saturating_sub(gap.from.0)));
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
