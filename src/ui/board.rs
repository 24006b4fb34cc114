//! The board: the answer, the counters that filter, the search, what must be admitted, and the tiles.

use fleet::{Counts, Rows, SnapshotState, Status};
use leptos::prelude::*;
use leptos::{ev, html};
use mqtt::Link;
use wasm_bindgen::JsCast;

use super::Page;
use super::diagnosis::DiagnosisPanel;
use super::form::ConnectionForm;
use super::grid::Grid;
use super::headline::HeadlineText;
use super::notes::Notes;
use super::symbols::StatusIcon;
use crate::say;
use crate::timeline::Timeline;
use crate::words::Locale;

/// What stands where the tiles would, when there are none.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Emptiness {
    /// There are tiles, or the headline says all that there is to say.
    None,
    /// No connection was ever asked for.
    FirstVisit,
    /// The visitor ended the connection.
    Ended,
    /// Connected, everything read, nobody there.
    Nobody,
    /// Everything is filtered away.
    NoneFound,
}

/// The board.
#[component]
pub fn Board() -> impl IntoView {
    let page = Page::here();
    let snapshot = Memo::new(move |_| {
        let state = page.watch(|link| link.with(|call| call.engine.snapshot().state()));
        state.unwrap_or(SnapshotState::Unknown)
    });
    let counts = Memo::new(move |_| {
        page.watch(|link| link.with(|call| *call.engine.fleet().counts()))
            .unwrap_or_default()
    });
    // The order is walked only when it may have changed, not with every change of a device.
    let order = Memo::new(move |_| page.watch(|link| link.with(|call| call.engine.fleet().order_epoch())));
    let rows = Memo::new(move |_| {
        // Read, not just tracked: a memo that nobody reads never runs.
        order.get();
        let rows = page
            .query
            .with(|query| page.link(|link| link.with(|call| call.engine.fleet().rows(query))));
        rows.unwrap_or_default()
    });
    let standing = Memo::new(move |_| page.watch(|link| link.standing()));
    let is_first_visit = Memo::new(move |_| page.watch(|link| link.with(|_| ()).is_none()));
    let emptiness = Memo::new(move |_| {
        let total = counts.with(|counts| counts.total);
        let shown = rows.with(|rows| rows.attention.len() + rows.well.len());
        match standing.get() {
            _ if is_first_visit.get() => Emptiness::FirstVisit,
            _ if total > 0 && shown == 0 => Emptiness::NoneFound,
            Link::Connected if total == 0 && snapshot.get() != SnapshotState::Loading => Emptiness::Nobody,
            Link::Idle => Emptiness::Ended,
            _ => Emptiness::None,
        }
    });

    view! {
        <main class="board" data-snapshot=move || snapshot.get().word()>
            <HeadlineText />
            <Show when=move || emptiness.get() == Emptiness::FirstVisit && !page.dialog_is_open.get()>
                <div class="first-visit">
                    <ConnectionForm />
                </div>
            </Show>
            <div class="bar">
                <Chips counts />
                <Search />
            </div>
            <DiagnosisPanel />
            <Notes />
            <Section rows pick=attention title=|locale| say!(locale, board.attention) />
            <Section rows pick=well title=|locale| say!(locale, board.well) />
            {move || match emptiness.get() {
                Emptiness::None | Emptiness::FirstVisit => None,
                Emptiness::Ended => Some(view! { <Ended /> }.into_any()),
                Emptiness::Nobody => Some(view! { <Nobody /> }.into_any()),
                Emptiness::NoneFound => Some(view! { <NoneFound counts /> }.into_any()),
            }}
        </main>
    }
}

fn attention(rows: &Rows) -> &[fleet::Handle] {
    &rows.attention
}

fn well(rows: &Rows) -> &[fleet::Handle] {
    &rows.well
}

/// One of the two groups of tiles, with what its bars span.
#[component]
fn Section(
    rows: Memo<Rows>,
    pick: fn(&Rows) -> &[fleet::Handle],
    title: fn(Locale) -> &'static str,
) -> impl IntoView {
    let page = Page::here();
    let length = Memo::new(move |_| rows.with(|rows| pick(rows).len()));
    let count = move || page.format(|formats| formats.count(length.get()));
    let span = move || {
        let since = page.watch(|link| link.with(|call| call.engine.fleet().observed_since()).flatten());
        let Timeline { from, to } = Timeline::of(since, page.now.get());
        page.format(|formats| formats.duration(to.0 - from.0))
    };
    view! {
        <Show when=move || length.get() != 0>
            <section>
                <h2 class="section-title">
                    {move || title(page.locale.get())}
                    <span>{count}</span>
                    <small class="legend">
                        <i></i>
                        {move || say!(page.locale.get(), tile.history, duration = span())}
                    </small>
                </h2>
                <Grid rows pick />
            </section>
        </Show>
    }
}

/// The counters. Each shows its part of the fleet when it is pressed; the numbers stay those of the whole.
#[component]
fn Chips(counts: Memo<Counts>) -> impl IntoView {
    let page = Page::here();
    let chip = move |status: Option<Status>, label: fn(Locale) -> &'static str| {
        let word = status.map_or("total", Status::word);
        let count = Memo::new(move |_| counts.with(|counts| status.map_or(counts.total, |s| counts.of(s))));
        let is_pressed = Memo::new(move |_| page.query.with(|query| query.status == status));
        let on_click = move |_| {
            page.query
                .update(|query| query.status = status.filter(|_| query.status != status));
        };
        view! {
            <button
                type="button"
                class=format!("chip {word}")
                class:none=move || count.get() == 0
                aria-pressed=move || is_pressed.get().to_string()
                on:click=on_click
            >
                {status.map(|status| view! { <StatusIcon status /> })}
                <b data-count=word>{move || count.get().to_string()}</b>
                {move || label(page.locale.get())}
            </button>
        }
    };
    view! {
        <div class="chips" role="group" aria-label=move || say!(page.locale.get(), chip.group)>
            {chip(None, |locale| say!(locale, chip.total))}
            {chip(Some(Status::Offline), |locale| say!(locale, chip.offline))}
            {chip(Some(Status::Degraded), |locale| say!(locale, chip.degraded))}
            {chip(Some(Status::Online), |locale| say!(locale, chip.online))}
            {chip(Some(Status::Sleeping), |locale| say!(locale, chip.sleeping))}
            {chip(Some(Status::Unknown), |locale| say!(locale, chip.unknown))}
        </div>
    }
}

/// The search field; `/` goes there from anywhere outside a field.
#[component]
fn Search() -> impl IntoView {
    let page = Page::here();
    let field = NodeRef::<html::Input>::new();
    let shortcut = window_event_listener(ev::keydown, move |event| {
        let is_typing = event.target().is_some_and(|target| {
            target.dyn_ref::<web_sys::Element>().is_some_and(|element| {
                element
                    .closest("input, select, textarea, dialog")
                    .is_ok_and(|found| found.is_some())
            })
        });
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        if event.key() != "/" || is_typing || has_modifier || page.dialog_is_open.get_untracked() {
            return;
        }
        if let Some(field) = field.get_untracked() {
            event.prevent_default();
            let _ = field.focus();
        }
    });
    on_cleanup(move || shortcut.remove());
    let label = move || say!(page.locale.get(), board.search);
    view! {
        <input
            class="field search"
            type="search"
            name="search"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            aria-keyshortcuts="/"
            aria-label=label
            placeholder=move || format!("{}   /", label())
            node_ref=field
            prop:value=move || page.query.with(|query| query.text.clone())
            on:input=move |event| {
                let text = event_target_value(&event);
                page.query.update(|query| query.text = text);
            }
        />
    }
}

#[component]
fn Ended() -> impl IntoView {
    let page = Page::here();
    view! {
        <div class="empty">
            <button type="button" class="button primary" on:click=move |_| page.dialog_is_open.set(true)>
                {move || say!(page.locale.get(), form.connect)}
            </button>
        </div>
    }
}

/// Connected, and nobody there: what to do about it.
#[component]
fn Nobody() -> impl IntoView {
    let page = Page::here();
    let has_own_filters = page.link(|link| link.with(|call| !call.profile.filters.is_empty())) == Some(true);
    let example = "mosquitto_sub -h HOST -t x --will-topic lamp/status --will-payload offline --will-retain\n\
                   mosquitto_pub -h HOST -t lamp/status -m online -r";
    let host = page.origin.with_value(|origin| origin.host.clone());
    view! {
        <div class="empty">
            <h2>{move || say!(page.locale.get(), board.nobody.title)}</h2>
            <p>{move || say!(page.locale.get(), board.nobody.body)}</p>
            // It would not be seen through filters that the visitor chose.
            {(!has_own_filters).then(|| view! { <pre>{example.replace("HOST", &host)}</pre> })}
        </div>
    }
}

/// Everything is filtered away.
#[component]
fn NoneFound(counts: Memo<Counts>) -> impl IntoView {
    let page = Page::here();
    let total = move || page.format(|formats| formats.count(counts.with(|counts| counts.total) as usize));
    view! {
        <div class="empty">
            <h2>{move || say!(page.locale.get(), board.none_found.title)}</h2>
            <p>{move || say!(page.locale.get(), board.none_found.body, n = total())}</p>
            <button type="button" class="button" on:click=move |_| page.query.set(Default::default())>
                {move || say!(page.locale.get(), board.show_all)}
            </button>
        </div>
    }
}
