//! The board: the answer, the counters that filter, the search, what must be admitted, and the tiles.

use fleet::{Status, Statuses};
use leptos::prelude::*;
use leptos::{ev, html};
use mqtt::Link;
use wasm_bindgen::JsCast;

use super::diagnosis::diagnosis_panel;
use super::filters::FilterPanel;
use super::form::ConnectionForm;
use super::grid::Grid;
use super::headline::HeadlineText;
use super::notes::notes;
use super::rail::Rail;
use super::symbols::icon;
use super::tools::Tools;
use super::{Page, derive, memo, on, part, text};
use crate::headline::Headline;
use crate::say;
use crate::sections::sections;
use crate::view::View;
use crate::words::Locale;

/// A device made of two commands. The first one stays, in the background.
const EXAMPLE: &str = "\
mosquitto_sub -h HOST -t x --will-topic lamp/status --will-payload offline --will-retain &
mosquitto_pub -h HOST -t lamp/status -m online -r";

/// The board.
#[component]
pub fn Board() -> impl IntoView {
    let page = Page::here();
    // The order is walked only when it may have changed, not with every change of a device.
    let order = memo(move |_| {
        let epoch = page
            .view
            .with(|view| page.watch(|link| link.with(|call| call.engine.fleet().rows_epoch(&view.query))));
        epoch.unwrap_or_default() as usize
    });
    let sections = memo(move |_| {
        // Read, not just tracked: a memo that nobody reads never runs.
        order.get();
        page.view.with(|view| {
            page.folded.with(|folded| {
                let sections =
                    page.link(|link| link.with(|call| sections(call.engine.fleet(), view, folded)));
                sections.unwrap_or_default()
            })
        })
    });
    let is_showing_none = memo(move |_| sections.with(|sections| sections.is_empty()));
    // Each stays as it is while it is shown: a form that was made anew would lose what was typed.
    let is_first_visit = memo(move |_| page.state.with(|state| state.address.is_none()));
    let has_ended =
        memo(move |_| page.state.with(|state| state.standing == Link::Idle && state.address.is_some()));
    let has_nobody = memo(move |_| {
        page.state.with(|state| matches!(state.headline, Headline::Nobody | Headline::NoneSeen))
    });
    let has_none_found =
        memo(move |_| is_showing_none.get() && page.state.with(|state| state.counts.total > 0));
    let first_visit = part(move || {
        let is_shown = is_first_visit.get() && !page.dialog_is_open.get();
        is_shown.then(|| view! { <div class="first-visit"><ConnectionForm /></div> }.into_any())
    });
    let ended = part(move || has_ended.get().then(|| view! { <Ended /> }.into_any()));
    let nobody = part(move || has_nobody.get().then(|| view! { <Nobody /> }.into_any()));
    let none_found = part(move || has_none_found.get().then(|| view! { <NoneFound /> }.into_any()));

    view! {
        <main class="board" data-snapshot=derive(move || page.state.with(|state| state.snapshot.word()))>
            <HeadlineText />
            {first_visit}
            <div class="bar">
                <Search />
                <Chips />
            </div>
            <Tools />
            {ended}
            {diagnosis_panel(page)}
            {notes(page)}
            <FilterPanel />
            <div class="beside">
                <div>
                    {none_found}
                    <Grid sections />
                </div>
                <Rail />
            </div>
            {nobody}
        </main>
    }
}

/// The counters. Each shows its part of the fleet when it is pressed; the numbers stay those of the whole.
#[component]
fn Chips() -> impl IntoView {
    let page = Page::here();
    let chip = move |status: Option<Status>, label: fn(Locale) -> &'static str| {
        let (word, wanted) = (status.map_or("total", Status::word), Statuses::from(status));
        let count = move || {
            page.state.with(|state| status.map_or(state.counts.total, |status| state.counts.of(status)))
        };
        let on_click = move |_| {
            page.view.update(|view| {
                let statuses = &mut view.query.statuses;
                *statuses = if *statuses == wanted { Statuses::ALL } else { wanted };
            });
        };
        view! {
            <button
                type="button"
                class=format!("chip {word}")
                class:none=derive(move || count() == 0)
                aria-pressed=text(move || {
                    let statuses = page.view.with(|view| view.query.statuses);
                    let is_one_of = status.is_some_and(|status| statuses.has(status));
                    (statuses == wanted || statuses != Statuses::ALL && is_one_of).to_string()
                })
                on:click=on(on_click)
            >
                {status.map(icon)}
                <b data-count=word>{text(move || count().to_string())}</b>
                {page.phrase(label)}
            </button>
        }
    };
    view! {
        <div class="chips" role="group" aria-label=page.phrase(|locale| say!(locale, chip.group))>
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
                element.closest("input, select, textarea, dialog").is_ok_and(|found| found.is_some())
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
    let label = page.phrase(|locale| say!(locale, board.search));
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
            placeholder=text(move || format!("{}   /", label.get()))
            node_ref=field
            prop:value=text(move || page.view.with(|view| view.query.text.clone()))
            on:input=move |event| {
                let text = event_target_value(&event);
                page.view.update(|view| view.query.text = text);
            }
        />
    }
}

#[component]
fn Ended() -> impl IntoView {
    let page = Page::here();
    view! {
        <div class="empty">
            <button type="button" class="button primary" on:click=on(move |_| page.dialog_is_open.set(true))>
                {page.phrase(|locale| say!(locale, form.connect))}
            </button>
        </div>
    }
}

/// Connected, and nobody there: what is watched, or what to try.
#[component]
fn Nobody() -> impl IntoView {
    let page = Page::here();
    let filters = page.link(|link| link.with(|call| call.profile.filters.join(", "))).unwrap_or_default();
    let host = page.link(|link| link.with(|call| call.profile.address.host().to_owned())).unwrap_or_default();
    // A host from a link somebody sent must not become a command in the visitor's shell.
    let is_plain = host.chars().all(|c| c.is_alphanumeric() || ".-:_".contains(c));
    let host = if is_plain { host.as_str() } else { "HOST" };
    // The example would not be seen through filters that the visitor chose.
    let more = if filters.is_empty() {
        let example = EXAMPLE.replace("HOST", host);
        view! {
            <p>{page.phrase(|locale| say!(locale, board.nobody.example))}</p>
            <pre>{example}</pre>
        }
        .into_any()
    } else {
        view! { <p>{text(move || say!(page.locale.get(), form.filters, filters = filters))}</p> }.into_any()
    };
    view! {
        <div class="empty">
            <h2>{page.phrase(|locale| say!(locale, board.nobody.title))}</h2>
            <p>{page.phrase(|locale| say!(locale, board.nobody.body))}</p>
            {more}
        </div>
    }
}

/// Everything is filtered away.
#[component]
fn NoneFound() -> impl IntoView {
    let page = Page::here();
    let body = text(move || {
        let total =
            page.format(|formats| formats.count(page.state.with(|state| state.counts.total) as usize));
        say!(page.locale.get(), board.none_found.body, n = total)
    });
    view! {
        <div class="empty">
            <h2>{page.phrase(|locale| say!(locale, board.none_found.title))}</h2>
            <p>{body}</p>
            <button type="button" class="button" on:click=move |_| {
                page.view.update(View::show_all);
                // The button goes, and takes the focus with it.
                let field = document().query_selector("input[type=search]").ok().flatten();
                if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
                    let _ = field.focus();
                }
            }>
                {page.phrase(|locale| say!(locale, board.show_all))}
            </button>
        </div>
    }
}
