//! The list of facts about a device: topics, convention, id, what it depends on, uptime, changes.

use fleet::{Status, Uptime};
use leptos::prelude::*;

use super::DeviceLink;
use super::subject::{Subject, key_of};
use super::summary::Summary;
use crate::client;
use crate::context::use_app;
use crate::format::use_format;
use crate::i18n::{t_string, text, use_i18n};
use crate::route::DeviceKey;

/// The list of facts.
#[component]
pub fn Facts(
    /// The device.
    subject: Subject,
) -> impl IntoView {
    let i18n = use_i18n();
    let topic = subject.fact(|_, device| device.topic.to_owned());
    let convention = subject.fact(|_, device| device.convention.label.to_string());
    let id = subject.fact(|_, device| device.id.to_owned());
    let name = subject.fact(|_, device| device.name.unwrap_or_default().to_owned());
    let summary = subject.fact(Summary::of);
    view! {
        <dl class="facts">
            <Fact label=text!(i18n, device.topic) value=topic />
            <OtherTopics summary />
            <Fact label=text!(i18n, device.convention) value=convention />
            <Fact label=text!(i18n, device.id) value=id />
            <Fact label=text!(i18n, device.name) value=name />
            <ParentFact subject />
            <Metadata summary />
            <UptimeFact subject />
            <Changes summary />
        </dl>
    }
}

/// A fact with its label, hidden while it is empty.
#[component]
pub fn Fact(
    /// The label.
    label: impl IntoView + 'static,
    /// The fact.
    #[prop(into)]
    value: Signal<String>,
) -> impl IntoView {
    view! {
        <div hidden=move || value.with(String::is_empty)>
            <dt>{label}</dt>
            <dd dir="auto">{value}</dd>
        </div>
    }
}

/// The other topics that set its status: some, and how many more there are.
#[component]
fn OtherTopics(
    /// The device in short.
    summary: Memo<Summary>,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let value = move || {
        let Summary { other_topics: mut parts, more_topics: more, .. } = summary.get();
        if more > 0 {
            parts.push(t_string!(i18n, note.more, n = format.count(more)));
        }
        parts.join(" · ")
    };
    view! { <Fact label=text!(i18n, device.other_topics) value=Signal::derive(value) /> }
}

/// What a device depends on.
#[derive(Clone, PartialEq)]
struct Parent {
    name: String,
    /// Its key, if it was ever seen.
    key: Option<DeviceKey>,
}

/// What it depends on, as a link to that device's panel.
#[component]
fn ParentFact(
    /// The device.
    subject: Subject,
) -> impl IntoView {
    let i18n = use_i18n();
    let parent = subject.fact(|fleet, device| {
        let known = device.parent?.handle.and_then(|handle| fleet.device(handle));
        Some(Parent { name: device.parent_name()?.to_owned(), key: known.as_ref().map(key_of) })
    });
    let value = move || {
        let Parent { name, key } = parent.get()?;
        Some(match key {
            Some(key) => view! { <DeviceLink key name /> }.into_any(),
            None => name.into_any(),
        })
    };
    view! {
        <div hidden=move || parent.with(Option::is_none)>
            <dt>{text!(i18n, device.parent)}</dt>
            <dd dir="auto">{value}</dd>
        </div>
    }
}

/// What inventories say of it.
#[component]
fn Metadata(
    /// The device in short.
    summary: Memo<Summary>,
) -> impl IntoView {
    let i18n = use_i18n();
    let value = move || {
        let Summary { is_listed, is_disabled, sleeps, .. } = summary.get();
        let all = [
            is_listed.then(|| t_string!(i18n, device.is_listed)),
            is_disabled.then(|| t_string!(i18n, device.is_disabled)),
            sleeps.then(|| t_string!(i18n, device.sleeps)),
        ];
        all.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    };
    view! { <Fact label=text!(i18n, device.metadata) value=Signal::derive(value) /> }
}

/// The share of the observed time in which it was up.
#[component]
fn UptimeFact(
    /// The device.
    subject: Subject,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let app = use_app();
    let uptime = Memo::new(move |last: Option<&Option<(Status, Uptime)>>| {
        // It grows while nothing happens.
        app.now.track();
        subject.read(|_, device| (device.status, device.uptime(client::now()))).or(last.copied().flatten())
    });
    let value = move || {
        let Some((status, Uptime { observed, online })) = uptime.get() else { return String::new() };
        // Rounded down: what was ever down is never shown as 100 %.
        match (online.saturating_mul(1_000).checked_div(observed), status) {
            (Some(thousandths), _) => {
                let thousandths = thousandths.min(1_000) as u32;
                let (percent, time) = (format.percent(thousandths), format.duration(observed));
                t_string!(i18n, device.up, percent = percent, time = time)
            }
            (None, Status::Sleeping | Status::Unknown) => t_string!(i18n, device.nothing_to_count).to_owned(),
            (None, _) => t_string!(i18n, device.not_observed).to_owned(),
        }
    };
    view! { <Fact label=text!(i18n, device.uptime) value=Signal::derive(value) /> }
}

/// How often its status changed, and since when that is counted.
#[component]
fn Changes(
    /// The device in short.
    summary: Memo<Summary>,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let app = use_app();
    let value = move || {
        let Summary { changes, flaps, first_seen, .. } = summary.get();
        let (n, flaps) = (format.count(changes), format.count(flaps));
        let first = format.moment(first_seen, app.now.get().max(first_seen));
        t_string!(i18n, device.changed, n = n, flaps = flaps, first = first)
    };
    view! { <Fact label=text!(i18n, device.changes) value=Signal::derive(value) /> }
}
