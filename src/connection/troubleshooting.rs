//! Why there is no connection, in words: what is known, what is likely, and what to try, each in a column of its own.
//!
//! The panel is shown while a connection should be there and is not.

use gloo_timers::callback::Interval;
use leptos::html;
use leptos::prelude::*;
use mqtt::Link;

use super::diagnose::{Diagnosis, Kind};
use super::diagnosis_text::{cause_text, fact_text, remedy_text};
use super::support_report::SupportReport;
use crate::client::{self, Pace};
use crate::components::restore_focus_on_cleanup;
use crate::context::{Dialog, use_app};
use crate::format::use_format;
use crate::i18n::{Locale, t_string, text, use_i18n};

/// The panel. It stays from one diagnosis to the next: a button in it may have the focus.
#[component]
pub fn TroublePanel() -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let panel = NodeRef::<html::Section>::new();
    restore_focus_on_cleanup(panel);
    let diagnosis = Memo::new(move |_| {
        let connection = app.connection();
        connection.track(Pace::Frame);
        app.origin.with_value(|origin| Diagnosis::of(&connection, origin.secure))
    });
    let title = move || {
        let kind = diagnosis.with(|diagnosis| diagnosis.as_ref().map(|found| found.kind));
        kind.map(|kind| match kind {
            Kind::Failed => t_string!(i18n, diagnosis.title.waiting),
            Kind::Lost => t_string!(i18n, diagnosis.title.lost),
            Kind::Refused => t_string!(i18n, diagnosis.title.refused),
            Kind::Blocked => t_string!(i18n, diagnosis.title.blocked),
        })
    };
    // The sentences of a part of the diagnosis.
    let sentences = move |read: fn(&Diagnosis, Locale) -> Vec<String>| {
        Memo::new(move |_| {
            let locale = i18n.get_locale();
            diagnosis.with(|found| found.as_ref().map(|found| read(found, locale)).unwrap_or_default())
        })
    };
    let facts = sentences(|found, locale| found.facts.iter().map(|fact| fact_text(locale, fact)).collect());
    let causes =
        sentences(|found, locale| found.causes.iter().map(|cause| cause_text(locale, cause)).collect());
    let remedies =
        sentences(|found, locale| found.remedies.iter().map(|remedy| remedy_text(locale, remedy)).collect());
    view! {
        <section class="note trouble" data-diagnosis="" node_ref=panel>
            <h2>{title}</h2>
            <div class="columns">
                <Column title=text!(i18n, diagnosis.facts) items=facts />
                <Column title=text!(i18n, diagnosis.causes) items=causes />
                <Column title=text!(i18n, diagnosis.remedies) items=remedies />
            </div>
            <div class="actions">
                <button
                    class="button primary"
                    type="button"
                    on:click=move |_| app.connection().retry_now()
                >
                    {text!(i18n, diagnosis.try_now)}
                </button>
                <button
                    class="button"
                    type="button"
                    on:click=move |_| app.dialog.set(Some(Dialog::Connection))
                >
                    {text!(i18n, diagnosis.change)}
                </button>
                <Countdown />
            </div>
            <SupportReport />
        </section>
    }
}

/// A title with a list; nothing while the list is empty.
#[component]
fn Column(
    /// The title.
    title: Signal<&'static str>,
    /// The list.
    items: Memo<Vec<String>>,
) -> impl IntoView {
    let lines =
        move || items.get().into_iter().map(|item| view! { <li dir="auto">{item}</li> }).collect_view();
    view! {
        <Show when=move || items.with(|items| !items.is_empty())>
            <div>
                <h3>{title}</h3>
                <ul>{lines}</ul>
            </div>
        </Show>
    }
}

/// When the next attempt is.
#[component]
fn Countdown() -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let format = use_format();
    let now = RwSignal::new(client::now());
    // Dropped, and so cancelled, with the owner.
    StoredValue::new_local(Interval::new(1_000, move || now.set(client::now())));
    let link = Memo::new(move |_| app.status.with(|status| status.link));
    let text = move || match link.get() {
        Link::Waiting { retry_at } => {
            // Rounded up: "0 sec" would claim that it is happening.
            let left = retry_at.since(now.get()).as_millis() as u64 + 999;
            Some(t_string!(i18n, diagnosis.next_try, duration = format.duration(left)))
        }
        Link::Connecting => Some(t_string!(i18n, diagnosis.trying).to_owned()),
        _ => None,
    };
    view! { <span class="countdown">{text}</span> }
}
