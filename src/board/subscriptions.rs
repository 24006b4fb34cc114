//! The subscriptions one by one: what each topic filter brings, where it stands, and its switch; and the messages on
//! status topics that no convention understands.
//!
//! What is in the panel is in the document, and reactive, only while it is open.

use std::time::Duration;

use fleet::{Engine, SubscriptionState};
use gloo_timers::callback::Interval;
use leptos::html;
use leptos::prelude::*;

use super::context::use_board;
use crate::client::{self, Pace};
use crate::context::use_app;
use crate::format::use_format;
use crate::i18n::{foreign, t_count, t_string, text, use_i18n};
use crate::wording::filter_state;

/// How often rates are recomputed.
const TICK: Duration = Duration::from_secs(1);
/// How many topics with an unrecognized message are listed; the rest are counted.
const MAX_LISTED: usize = 50;

/// The panel, closed until the visitor opens it.
#[component]
pub fn Subscriptions(
    /// Offers the support report.
    support_report: ViewFn,
) -> impl IntoView {
    let (i18n, board) = (use_i18n(), use_board());
    let panel = NodeRef::<html::Details>::new();
    let is_open = RwSignal::new(false);
    // With no device to show, what each filter brought is the answer: the panel opens by itself. It closes for the first
    // device, but not while the focus is in it, and not if the visitor opened it.
    let opened_itself = StoredValue::new(false);
    Effect::new(move |was_wanted: Option<bool>| {
        let Some(panel) = panel.get() else { return false };
        let is_wanted = board.has_nobody();
        if is_wanted == was_wanted.unwrap_or_default() {
            return is_wanted;
        }
        let active = document().active_element();
        let has_focus = active.is_some() && panel.contains(active.as_deref());
        if is_wanted && !panel.open() {
            opened_itself.set_value(true);
            panel.set_open(true);
        } else if !is_wanted && opened_itself.get_value() && !has_focus {
            panel.set_open(false);
        }
        is_wanted
    });
    let on_toggle = move |_| {
        let open = panel.get_untracked().is_some_and(|panel| panel.open());
        is_open.set(open);
        if !open {
            // Who opens it again is the visitor.
            opened_itself.set_value(false);
        }
    };
    view! {
        <details
            node_ref=panel
            class="filters"
            on:toggle=on_toggle
        >
            <summary>{text!(i18n, filters.title)}</summary>
            <Show when=move || is_open.get()>
                <div>
                    <div class="wide">
                        <FilterTable />
                    </div>
                    {support_report.run()}
                </div>
                <UnrecognizedMessages />
            </Show>
        </details>
    }
}

#[component]
fn FilterTable() -> impl IntoView {
    let (i18n, app) = (use_i18n(), use_app());
    let tick = Trigger::new();
    // Dropped, and so cancelled, with the owner.
    StoredValue::new_local(Interval::new(TICK.as_millis() as u32, move || tick.notify()));
    // Another connection may have other filters, and metadata may add to those of this one.
    let filters = Memo::new(move |_| {
        let filters = app.read(Pace::Text, |active| {
            let filters = active.engine.snapshot().subscriptions().iter().enumerate();
            filters.map(|(position, filter)| (position, filter.as_str().to_owned())).collect::<Vec<_>>()
        });
        filters.unwrap_or_default()
    });
    view! {
        <table>
            <thead>
                <tr>
                    <th scope="col">{text!(i18n, filters.watch)}</th>
                    <th scope="col">{text!(i18n, filters.filter)}</th>
                    <th scope="col">{text!(i18n, filters.state)}</th>
                    <th scope="col">{text!(i18n, filters.messages)}</th>
                    <th scope="col">{text!(i18n, filters.topics)}</th>
                    <th scope="col">{text!(i18n, filters.unmatched)}</th>
                    <th scope="col">{text!(i18n, filters.rate)}</th>
                </tr>
            </thead>
            <tbody>
                <For each=move || filters.get() key=|filter| filter.clone() let((position, filter))>
                    <FilterRow position filter tick />
                </For>
            </tbody>
        </table>
    }
}

/// What a filter brought, as far as its row shows it.
#[derive(Copy, Clone, PartialEq)]
struct Facts {
    state: SubscriptionState,
    messages: u64,
    topics: u32,
    /// In percent of the messages; none without any.
    unmatched: Option<u64>,
    /// Messages a second.
    rate: u32,
}

impl Facts {
    fn of(engine: &Engine, position: usize) -> Option<Facts> {
        let filter = engine.snapshot().subscriptions().get(position)?;
        let messages = filter.messages();
        Some(Facts {
            state: filter.state(),
            messages,
            topics: filter.topics(),
            unmatched: (filter.unmatched() * 100).checked_div(messages),
            rate: filter.rate(client::now()),
        })
    }

    fn is_watched(&self) -> bool {
        !matches!(self.state, SubscriptionState::Off | SubscriptionState::Paused)
    }
}

/// A filter, and its switch.
#[component]
fn FilterRow(
    /// Its position in the snapshot.
    position: usize,
    /// The topic filter.
    filter: String,
    /// Notified when rates are recomputed.
    tick: Trigger,
) -> impl IntoView {
    let (i18n, format, app) = (use_i18n(), use_format(), use_app());
    let facts = Memo::new(move |_| {
        tick.track();
        app.read(Pace::Text, |active| Facts::of(active.engine, position)).flatten()
    });
    let cell = move |text: fn(&Facts) -> u64| {
        move || facts.with(|facts| facts.as_ref().map(|facts| format.count(text(facts))))
    };
    let state = move || facts.with(|facts| facts.map(|facts| filter_state(i18n.get_locale(), facts.state)));
    let unmatched = move || {
        let unmatched = facts.with(|facts| facts.and_then(|facts| facts.unmatched));
        unmatched.map_or("–".to_owned(), |percent| format!("{percent}%"))
    };
    let label = {
        let filter = filter.clone();
        move || t_string!(i18n, filters.watch_one, filter = foreign(&filter))
    };
    view! {
        <tr>
            <td>
                <input
                    type="checkbox"
                    aria-label=label
                    prop:checked=move || facts.with(|facts| facts.is_some_and(|facts| facts.is_watched()))
                    on:change=move |event| {
                        app.connection().switch_filter(position, event_target_checked(&event));
                    }
                />
            </td>
            <th scope="row">
                <code dir="ltr">{filter}</code>
            </th>
            <td>{state}</td>
            <td class="number">{cell(|facts| facts.messages)}</td>
            <td class="number">{cell(|facts| facts.topics.into())}</td>
            <td class="number">{unmatched}</td>
            <td class="number">{cell(|facts| facts.rate.into())}</td>
        </tr>
    }
}

/// A topic of a known convention, and the last of its messages that the convention does not understand.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Unrecognized {
    topic: String,
    last: String,
    /// How many such messages came.
    messages: u64,
}

impl Unrecognized {
    fn list(engine: &Engine) -> Vec<Unrecognized> {
        let topics = engine.fleet().unrecognized().topics().take(MAX_LISTED);
        let unrecognized = topics.map(|(topic, message)| {
            let cut = if message.length > message.last.len() { " …" } else { "" };
            let last = format!("{}{cut}", String::from_utf8_lossy(&message.last));
            Unrecognized { topic: topic.to_owned(), last, messages: message.messages }
        });
        unrecognized.collect()
    }
}

/// Messages on topics of known conventions outside of their vocabulary. They are shown, and change no device.
#[component]
fn UnrecognizedMessages() -> impl IntoView {
    let (i18n, format, app) = (use_i18n(), use_format(), use_app());
    let listed = Memo::new(move |_| {
        app.read(Pace::Text, |active| Unrecognized::list(active.engine)).unwrap_or_default()
    });
    let unlisted = Memo::new(move |_| {
        let all = app.read(Pace::Text, |active| active.engine.fleet().unrecognized().messages());
        let listed = listed.with(|listed| listed.iter().map(|topic| topic.messages).sum::<u64>());
        all.unwrap_or_default().saturating_sub(listed)
    });
    let more = move || match unlisted.get() {
        0 => String::new(),
        count => t_count!(i18n, count, filters.unknown.more, n = format.count(count)),
    };
    let item = move |Unrecognized { topic, last, messages }| {
        view! {
            <li>
                <code dir="ltr">{topic}</code>
                " "
                <q dir="auto">{last}</q>
                " "
                {move || t_string!(i18n, filters.unknown.times, n = format.count(messages))}
            </li>
        }
    };
    // Without keys: nothing in an item can have the focus.
    let items = move || listed.get().into_iter().map(item).collect_view();
    view! {
        <Show when=move || listed.with(|listed| !listed.is_empty())>
            <h2>{text!(i18n, filters.unknown.title)}</h2>
            <p>{text!(i18n, filters.unknown.body)}</p>
            <ul>{items}</ul>
            <p>{more}</p>
        </Show>
    }
}
