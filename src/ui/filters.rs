//! The filters one by one: what each brings, where it stands, and its switch; and the words nobody knows.
//!
//! In the document and reactive only while it is open.

use std::time::Duration;

use fleet::{Engine, Filter, FilterState};
use leptos::ev::Event;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::diagnosis::term;
use super::{Page, derive, memo, on, part, text};
use crate::link;
use crate::say;
use crate::words::Locale;

/// How often rates are told anew.
const TICK: Duration = Duration::from_secs(1);
/// How many topics with an unknown word are listed; the rest are counted.
const LISTED: usize = 50;

/// What a row shows.
#[derive(Clone, PartialEq)]
struct Row {
    state: FilterState,
    messages: u64,
    topics: u32,
    useless: u64,
    rate: u32,
}

impl Row {
    fn of(filter: &Filter) -> Row {
        Row {
            state: filter.state(),
            messages: filter.messages(),
            topics: filter.topics(),
            useless: filter.useless(),
            rate: filter.rate(link::now()),
        }
    }

    fn is_watched(&self) -> bool {
        !matches!(self.state, FilterState::Off | FilterState::Paused)
    }
}

/// A topic that carried a word nobody knows.
#[derive(Clone, PartialEq)]
struct Unknown {
    topic: String,
    messages: u64,
    last: String,
}

/// The panel, closed until the visitor asks.
#[component]
pub fn FilterPanel() -> impl IntoView {
    let page = Page::here();
    let is_open = RwSignal::new(false);
    let has_filters = memo(move |_| page.state.with(|state| state.address.is_some()));
    let on_toggle = move |event: Event| {
        let details = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        is_open.set(details.is_some_and(|details| details.has_attribute("open")));
    };
    part(move || {
        is_open.set(false);
        has_filters.get().then(|| {
            view! {
                <details class="filters" on:toggle=on(on_toggle)>
                    <summary>{page.phrase(|locale| say!(locale, filters.title))}</summary>
                    {part(move || is_open.get().then(|| view! { <Filters /> }.into_any()))}
                </details>
            }
            .into_any()
        })
    })
}

#[component]
fn Filters() -> impl IntoView {
    let page = Page::here();
    let tick = RwSignal::new(());
    if let Ok(ticks) = set_interval_with_handle(move || tick.set(()), TICK) {
        on_cleanup(move || ticks.clear());
    }
    // Another connection may have other filters, and metadata may add to those of this one.
    let names = memo(move |_| {
        read(page, |engine| {
            engine.snapshot().filters().iter().map(|filter| filter.as_str().to_owned()).collect::<Vec<_>>()
        })
    });
    let rows = part(move || {
        let rows = names.get().into_iter().enumerate();
        Some(rows.map(|(position, name)| row_of(page, tick, position, name)).collect_view().into_any())
    });
    let head = move |say: fn(Locale) -> &'static str| view! { <th scope="col">{page.phrase(say)}</th> };
    view! {
        <div class="wide">
            <table>
                <thead>
                    <tr>
                        {head(|locale| say!(locale, filters.watch))}
                        {head(|locale| say!(locale, filters.filter))}
                        {head(|locale| say!(locale, filters.state))}
                        {head(|locale| say!(locale, filters.messages))}
                        {head(|locale| say!(locale, filters.topics))}
                        {head(|locale| say!(locale, filters.useless))}
                        {head(|locale| say!(locale, filters.rate))}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {unknown_words(page)}
    }
}

fn row_of(page: Page, tick: RwSignal<()>, position: usize, name: String) -> impl IntoView {
    let row = memo(move |_| {
        tick.track();
        read(page, |engine| engine.snapshot().filters().get(position).map(Row::of))
    });
    let number = move |of: fn(&Row) -> u64| {
        text(move || {
            let number = row.with(|row| row.as_ref().map_or(0, of));
            page.format(|formats| formats.count(number as usize))
        })
    };
    let useless = text(move || {
        row.with(|row| match row {
            Some(row) if row.messages > 0 => format!("{}%", row.useless * 100 / row.messages),
            _ => "–".to_owned(),
        })
    });
    let state = text(move || {
        row.with(|row| row.as_ref().map(|row| words(page.locale.get(), row.state)).unwrap_or_default())
    });
    let is_watched = derive(move || row.with(|row| row.as_ref().is_some_and(Row::is_watched)));
    let on_change = move |event: Event| {
        if let Some(field) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) {
            page.link(|link| link.switch_filter(position, field.checked()));
        }
    };
    let label = {
        let name = name.clone();
        text(move || say!(page.locale.get(), filters.watch_one, filter = name))
    };
    view! {
        <tr>
            <td>
                <input type="checkbox" aria-label=label prop:checked=is_watched on:change=on(on_change) />
            </td>
            <th scope="row"><code dir="ltr">{name}</code></th>
            <td>{state}</td>
            <td class="number">{number(|row| row.messages)}</td>
            <td class="number">{number(|row| row.topics.into())}</td>
            <td class="number">{useless}</td>
            <td class="number">{number(|row| row.rate.into())}</td>
        </tr>
    }
}

/// Topics of known conventions that carried a word outside of their vocabulary: shown, and no device.
fn unknown_words(page: Page) -> impl IntoView {
    let words = memo(move |_| {
        read(page, |engine| {
            let strays = engine.fleet().strays().topics().take(LISTED);
            strays
                .map(|(topic, stray)| {
                    let cut = if stray.length > stray.last.len() { " …" } else { "" };
                    let last = format!("{}{cut}", String::from_utf8_lossy(&stray.last));
                    Unknown { topic: topic.to_owned(), messages: stray.messages, last }
                })
                .collect::<Vec<_>>()
        })
    });
    let more = memo(move |_| {
        read(page, |engine| {
            let strays = engine.fleet().strays();
            let listed: u64 = strays.topics().take(LISTED).map(|(_, stray)| stray.messages).sum();
            strays.messages() - listed
        })
    });
    let is_shown = memo(move |_| words.with(|words| !words.is_empty()));
    let item = move |Unknown { topic, messages, last }| {
        let count = text(move || {
            let n = page.format(|formats| formats.count(messages as usize));
            say!(page.locale.get(), filters.unknown.times, n = n)
        });
        view! {
            <li>
                <code dir="ltr">{topic}</code>
                " "
                <q dir="auto">{last}</q>
                " "
                {count}
            </li>
        }
    };
    let more_text = text(move || match more.get() {
        0 => String::new(),
        more => {
            let n = page.format(|formats| formats.count(more as usize));
            say!(page.locale.get(), filters.unknown.more, n = n)
        }
    });
    part(move || {
        is_shown.get().then(|| {
            view! {
                <h2>{page.phrase(|locale| say!(locale, filters.unknown.title))}</h2>
                <p>{page.phrase(|locale| say!(locale, filters.unknown.body))}</p>
                <ul>{part(move || Some(words.get().into_iter().map(item).collect_view().into_any()))}</ul>
                <p>{more_text}</p>
            }
            .into_any()
        })
    })
}

fn read<T: Default>(page: Page, read: impl FnOnce(&Engine) -> T) -> T {
    page.watch(|link| link.with(|call| read(&call.engine))).unwrap_or_default()
}

/// A filter's state in words.
fn words(locale: Locale, state: FilterState) -> String {
    match state {
        FilterState::Waiting => say!(locale, filters.is.waiting),
        FilterState::Loading => say!(locale, filters.is.loading),
        FilterState::Complete => say!(locale, filters.is.complete),
        FilterState::Cut => say!(locale, filters.is.cut),
        FilterState::Refused { reason, .. } => {
            return say!(locale, filters.is.refused, reason = term(reason));
        }
        FilterState::Unknown { .. } => say!(locale, filters.is.unknown),
        FilterState::Paused => say!(locale, filters.is.paused),
        FilterState::Off => say!(locale, filters.is.off),
    }
    .to_owned()
}
