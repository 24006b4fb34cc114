//! The panel of one device: what it said, how that is known, what depends on it, and its history.
//!
//! The device that is open stands in the page's address. An address may name a device that was not seen yet: the panel
//! says so and fills when it arrives. Decides nothing about a status; the crate `fleet` does.

mod children;
mod explanation;
mod facts;
mod history;
mod message;
mod subject;
mod summary;
#[cfg(test)]
mod tests;

use leptos::prelude::*;

use crate::client::Pace;
use crate::components::{ModalDialog, StatusIcon, announce_title};
use crate::context::{Dialog, use_app};
use crate::format::use_format;
use crate::i18n::{t_string, text, use_i18n};
use crate::route::DeviceKey;
use crate::wording::status_label;
use children::ChildDevices;
use explanation::Explanation;
use facts::{Fact, Facts};
use history::History;
use message::LastMessage;
use subject::Subject;
use summary::Summary;

const TITLE: &str = "device-title";

/// The dialog, open while a device is. `data-device-panel` is the device's id, once the device was seen.
#[component]
pub fn DeviceDialog(
    /// It was closed and the focus has nowhere to return to. Without this, the headline gets it.
    #[prop(optional, into)]
    on_focus_lost: Option<Callback<()>>,
) -> impl IntoView {
    let app = use_app();
    // Before there is any connection, the form that makes one is not covered.
    let has_connection = Memo::new(move |_| app.status.with(|status| status.address.is_some()));
    let key = Memo::new(move |_| {
        app.dialog.with(|dialog| match dialog {
            Some(Dialog::Device(key)) if has_connection.get() => Some(key.clone()),
            _ => None,
        })
    });
    // The key, once its device was seen. A device that is removed keeps its panel.
    let seen = Memo::new(move |last: Option<&Option<DeviceKey>>| {
        let key = key.get()?;
        let was_seen = last.is_some_and(|last| last.as_ref() == Some(&key));
        let is_seen = was_seen
            || app
                .read(Pace::Frame, |active| active.engine.fleet().find(&key.convention, &key.id).is_some())?;
        is_seen.then_some(key)
    });
    view! {
        <ModalDialog
            class="device"
            labelledby=TITLE
            open=Signal::derive(move || key.with(Option::is_some))
            on_close=move || app.dialog.set(None)
            nostrip:on_focus_lost=on_focus_lost
            attr:data-device-panel=move || seen.get().map(|key| key.id)
        >
            {move || {
                let is_seen = Signal::derive(move || seen.with(Option::is_some));
                key.get().map(|key| view! { <DevicePanel key is_seen /> })
            }}
        </ModalDialog>
    }
}

/// What the dialog shows of a device.
#[component]
fn DevicePanel(
    /// The device.
    key: DeviceKey,
    /// Whether it was ever seen.
    is_seen: Signal<bool>,
) -> impl IntoView {
    let subject = Subject::new(key.clone());
    let name = subject.fact(|_, device| device.display_name().to_owned());
    let id = key.id.clone();
    let title = move || if is_seen.get() { name.get() } else { id.clone() };
    // Also when this device takes the place of another one in the open dialog.
    Effect::new(|| announce_title(TITLE));
    view! {
        <h2 id=TITLE tabindex="-1" dir="auto">{title}</h2>
        <Show when=move || is_seen.get() fallback=move || view! { <NotSeen key=key.clone() /> }>
            <Standing subject />
            <Facts subject />
            <LastMessage subject />
            <ChildDevices subject />
            <History subject />
            <ForgetButton subject />
        </Show>
    }
}

/// A device that the address names and that was not seen so far.
#[component]
fn NotSeen(
    /// The device.
    key: DeviceKey,
) -> impl IntoView {
    let i18n = use_i18n();
    let DeviceKey { convention, id } = key;
    let label = use_app().convention(&convention, |convention| convention.label.to_string());
    view! {
        <p>{text!(i18n, device.not_seen)}</p>
        <dl class="facts">
            <Fact label=text!(i18n, device.convention) value=label.unwrap_or(convention) />
            <Fact label=text!(i18n, device.id) value=id />
        </dl>
    }
}

/// The status, since when, and how that is known.
#[component]
fn Standing(
    /// The device.
    subject: Subject,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let app = use_app();
    let summary = subject.fact(Summary::of);
    let status = Signal::derive(move || summary.with(|summary| summary.status));
    let since = move || {
        let since = summary.with(|summary| summary.since)?;
        let now = app.now.get();
        let moment = format.moment(since, now.max(since));
        let age = format.duration(now.0.saturating_sub(since.0));
        Some(t_string!(i18n, tile.since_age, moment = moment, age = age))
    };
    let handle = subject.handle();
    let explanation = subject.fact(|_, device| Some(Explanation::of(device)));
    let explanation = move || match handle.get() {
        None => t_string!(i18n, device.gone).to_owned(),
        Some(_) => explanation
            .with(|explanation| explanation.as_ref().map(|explanation| explanation.text(i18n.get_locale())))
            .unwrap_or_default(),
    };
    view! {
        <p class=move || format!("standing {}", status.get().word())>
            <StatusIcon status />
            <b>{move || status_label(i18n.get_locale(), status.get())}</b>
            " "
            <span>{since}</span>
        </p>
        <p>{explanation}</p>
    }
}

/// Leads to deleting what the broker retains of the device, while it exists.
#[component]
fn ForgetButton(
    /// The device.
    subject: Subject,
) -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let handle = subject.handle();
    let forget = move |_| {
        if let Some(handle) = handle.get_untracked() {
            app.forget(&[handle]);
        }
    };
    view! {
        <p class="actions" hidden=move || handle.get().is_none()>
            <button type="button" class="button small" on:click=forget>
                {text!(i18n, forget.this)}
            </button>
        </p>
    }
}

/// Opens another device's panel in place of this one.
#[component]
fn DeviceLink(
    /// The other device.
    key: DeviceKey,
    /// Its name.
    #[prop(into)]
    name: Signal<String>,
) -> impl IntoView {
    let app = use_app();
    view! {
        <button
            type="button"
            class="link"
            dir="auto"
            on:click=move |_| app.dialog.set(Some(Dialog::Device(key.clone())))
        >
            {name}
        </button>
    }
}
