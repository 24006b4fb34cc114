//! The filters one by one: what each brings, where it stands, and its switch; and the words nobody knows.
//!
//! In the document and reactive only while it is open.

use std::rc::Rc;
use std::time::Duration;

use fleet::{Engine, FilterState};
use leptos::prelude::*;
use mqtt::Time;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::diagnosis::term;
use super::element::{El, Phrase, closest, effect, el};
use super::later::{self, later};
use super::list::{Item, list};
use super::report::report_button;
use super::signal::Signal;
use super::{Page, memo};
use crate::headline::Headline;
use crate::link;
use crate::words::Locale;
use crate::{phrase, say, say_count};

/// How often rates are told anew.
const TICK: Duration = Duration::from_secs(1);
/// How many topics with an unknown word are listed; the rest are counted.
const LISTED: usize = 50;
/// The titles of the columns.
const COLUMNS: [Phrase; 7] = [
    phrase!(filters.watch),
    phrase!(filters.filter),
    phrase!(filters.state),
    phrase!(filters.messages),
    phrase!(filters.topics),
    phrase!(filters.useless),
    phrase!(filters.rate),
];

/// The panel, closed until the visitor asks.
pub fn filter_panel(page: Page, into: El) -> El {
    into.part_while(move || page.state.with(|state| state.address.is_some()), move || panel(page))
}

fn panel(page: Page) -> El {
    let panel = el("details", "filters");
    // With nothing to show, what each filter brought is the answer. It makes room for the first device, but not while
    // somebody is in it.
    let opened = panel.clone();
    let (mut was_wanted, mut is_ours) = (false, false);
    effect(move || {
        let is_wanted =
            page.state.with(|state| matches!(state.headline, Headline::Nobody | Headline::NoneSeen));
        if std::mem::replace(&mut was_wanted, is_wanted) == is_wanted {
            return;
        }
        let has_focus = || document().active_element().is_some_and(|at| opened.element().contains(Some(&at)));
        if is_wanted {
            is_ours = !opened.element().has_attribute("open");
            opened.set("open", Some(""));
        } else if std::mem::take(&mut is_ours) && !has_focus() {
            opened.set("open", None);
        }
    });
    let is_open = Rc::new(Signal::new(false));
    let toggled = is_open.clone();
    panel
        .on("toggle", move |event| {
            toggled.set(closest(event.target(), "details[open]").is_some());
        })
        .child(el("summary", "").says(page, phrase!(filters.title)))
        .part(move || {
            let place = || el("div", "");
            is_open.get().then(|| later::open(page, place(), move |into| load_table(page, into)))
        })
}

later! { connection: fn load_table(page: Page, into: El) { fill(page, into) } }

fn fill(page: Page, into: El) {
    let has_unknown = memo(move || read(page, |engine| engine.fleet().strays().topics().next().is_some()));
    let _ = into
        .child(table(page).child(report_button(page)))
        .parts(move || if has_unknown.get() { unknown_words(page) } else { Vec::new() });
}

fn table(page: Page) -> El {
    let tick = RwSignal::new(link::now());
    if let Ok(ticks) = set_interval_with_handle(move || tick.set(link::now()), TICK) {
        on_cleanup(move || ticks.clear());
    }
    let titles = COLUMNS.map(|title| el("th", "").attr("scope", "col").says(page, title));
    // Another connection may have other filters, and metadata may add to those of this one.
    let rows = list(el("tbody", ""), move || {
        read(page, |engine| {
            let filters = engine.snapshot().filters().iter().enumerate();
            let row = |(position, name): (usize, String)| {
                Item::new(format!("{position} {name}"), move || row_of(page, tick, position, name))
            };
            filters.map(|(position, filter)| (position, filter.as_str().to_owned())).map(row).collect()
        })
    });
    let table = el("table", "").child(el("thead", "").child(el("tr", "").children(titles))).child(rows);
    el("div", "").child(el("div", "wide").child(table))
}

fn row_of(page: Page, tick: RwSignal<Time>, position: usize, name: String) -> El {
    let is_watched = RwSignal::new(false);
    let [state, messages, topics, useless, rate] = [(); 5].map(|()| RwSignal::new(String::new()));
    effect(move || {
        tick.track();
        read(page, |engine| {
            let Some(filter) = engine.snapshot().filters().get(position) else { return };
            let count = |count: u64| page.format(|formats| formats.count(count));
            is_watched.set(!matches!(filter.state(), FilterState::Off | FilterState::Paused));
            state.set(words(page.locale.get(), filter.state()));
            messages.set(count(filter.messages()));
            topics.set(count(filter.topics().into()));
            useless.set(match filter.messages() {
                0 => "–".to_owned(),
                messages => format!("{}%", filter.useless() * 100 / messages),
            });
            rate.set(count(filter.rate(link::now()).into()));
        });
    });
    let cell = |class, text: RwSignal<String>| el("td", class).tells(move || text.get());
    let filter = el("th", "").attr("scope", "row").child(el("code", "").attr("dir", "ltr").text(&name));
    let switch = el("input", "")
        .attr("type", "checkbox")
        .attr_tells("aria-label", move || say!(page.locale.get(), filters.watch_one, filter = name))
        .prop("checked", move || is_watched.get().into())
        .on("change", move |event| {
            if let Some(field) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
            {
                page.link(|link| link.switch_filter(position, field.checked()));
            }
        });
    el("tr", "")
        .child(el("td", "").child(switch))
        .child(filter)
        .child(cell("", state))
        .child(cell("number", messages))
        .child(cell("number", topics))
        .child(cell("number", useless))
        .child(cell("number", rate))
}

/// Topics of known conventions that carried a word outside of their vocabulary: shown, and no device.
fn unknown_words(page: Page) -> Vec<El> {
    let words = list(el("ul", ""), move || {
        read(page, |engine| {
            let strays = engine.fleet().strays().topics().take(LISTED);
            strays
                .map(|(topic, stray)| {
                    let cut = if stray.length > stray.last.len() { " …" } else { "" };
                    let last = format!("{}{cut}", String::from_utf8_lossy(&stray.last));
                    let (topic, messages) = (topic.to_owned(), stray.messages);
                    Item::new(format!("{topic} {messages} {last}"), move || {
                        el("li", "")
                            .child(el("code", "").attr("dir", "ltr").text(&topic))
                            .text(" ")
                            .child(el("q", "").attr("dir", "auto").text(&last))
                            .text(" ")
                            .tells(move || {
                                let n = page.format(|formats| formats.count(messages));
                                say!(page.locale.get(), filters.unknown.times, n = n)
                            })
                    })
                })
                .collect()
        })
    });
    let more = move || {
        let more = read(page, |engine| {
            let strays = engine.fleet().strays();
            let listed: u64 = strays.topics().take(LISTED).map(|(_, stray)| stray.messages).sum();
            strays.messages() - listed
        });
        if more == 0 {
            return String::new();
        }
        let n = page.format(|formats| formats.count(more));
        say_count!(page.locale.get(), more, filters.unknown.more, n = n)
    };
    vec![
        el("h2", "").says(page, phrase!(filters.unknown.title)),
        el("p", "").says(page, phrase!(filters.unknown.body)),
        words,
        el("p", "").tells(more),
    ]
}

fn read<T: Default>(page: Page, read: impl FnOnce(&Engine) -> T) -> T {
    page.watch(|link| link.with(|call| read(&call.engine))).unwrap_or_default()
}

/// A filter's state in words.
pub fn words(locale: Locale, state: FilterState) -> String {
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
