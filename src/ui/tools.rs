//! How the board is looked at: order, groups, evidence, convention, density.

use fleet::Evidence;
use fleet::presence::CONVENTIONS;
use leptos::prelude::*;

use super::{Page, derive, memo, on, text};
use crate::say;
use crate::view::{Density, GROUPINGS, ORDERS};
use crate::words::Locale;

/// The row of choices below the counters.
#[component]
pub fn Tools() -> impl IntoView {
    let page = Page::here();
    let is_shown = memo(move |_| page.state.with(|state| state.counts.total > 0));
    let order = choice(
        page,
        |locale| say!(locale, tools.sort),
        ORDERS.iter().map(|(_, word)| *word).collect(),
        |locale, word| match word {
            "name" => say!(locale, tools.by_name),
            "change" => say!(locale, tools.by_change),
            _ => say!(locale, tools.by_trouble),
        },
        move || page.view.with(|view| word_of(&ORDERS, &view.query.order)),
        move |word| page.view.update(|view| view.query.order = value_of(&ORDERS, word)),
    );
    let grouping = choice(
        page,
        |locale| say!(locale, tools.group),
        GROUPINGS.iter().map(|(_, word)| *word).collect(),
        |locale, word| match word {
            "convention" => say!(locale, tools.group_convention),
            "parent" => say!(locale, tools.group_parent),
            "topic-1" => say!(locale, tools.group_topic_1),
            "topic-2" => say!(locale, tools.group_topic_2),
            "topic-3" => say!(locale, tools.group_topic_3),
            _ => say!(locale, tools.group_none),
        },
        move || page.view.with(|view| word_of(&GROUPINGS, &view.grouping)),
        move |word| page.view.update(|view| view.grouping = value_of(&GROUPINGS, word)),
    );
    let evidence = choice(
        page,
        |locale| say!(locale, tools.evidence),
        ["", "live", "retained", "stale"].to_vec(),
        |locale, word| match word {
            "live" => say!(locale, tools.live),
            "retained" => say!(locale, tools.retained),
            "stale" => say!(locale, tools.stale),
            _ => say!(locale, tools.any_evidence),
        },
        move || page.view.with(|view| view.query.evidence.map_or("", Evidence::word)),
        move |word| {
            let all = [Evidence::Live, Evidence::Retained, Evidence::Stale];
            let chosen = all.into_iter().find(|evidence| evidence.word() == word);
            page.view.update(|view| view.query.evidence = chosen);
        },
    );
    let slugs = CONVENTIONS.iter().map(|convention| convention.slug);
    let convention = choice(
        page,
        |locale| say!(locale, tools.convention),
        [""].into_iter().chain(slugs).collect(),
        |locale, word| match CONVENTIONS.iter().find(|convention| convention.slug == word) {
            Some(convention) => convention.label,
            None => say!(locale, tools.any_convention),
        },
        move || page.view.with(|view| view.query.convention.unwrap_or_default()),
        move |word| {
            let mut slugs = CONVENTIONS.iter().map(|convention| convention.slug);
            let chosen = slugs.find(|slug| *slug == word);
            page.view.update(|view| view.query.convention = chosen);
        },
    );
    let density = Density::ALL.map(|density| {
        let label: fn(Locale) -> &'static str = match density {
            Density::Tiles => |locale| say!(locale, tools.tiles),
            Density::Compact => |locale| say!(locale, tools.compact),
        };
        view! {
            <button
                type="button"
                aria-pressed=text(move || page.view.with(|view| view.density == density).to_string())
                on:click=on(move |_| page.view.update(|view| view.density = density))
            >
                {page.phrase(label)}
            </button>
        }
    });
    let density = Vec::from(density);
    view! {
        <div class="tools" hidden=derive(move || !is_shown.get())>
            {order}
            {grouping}
            {evidence}
            {convention}
            <div class="segments" role="group" aria-label=page.phrase(|locale| say!(locale, tools.density))>
                {density}
            </div>
        </div>
    }
}

/// One choice among words.
fn choice(
    page: Page,
    label: fn(Locale) -> &'static str,
    words: Vec<&'static str>,
    say: fn(Locale, &'static str) -> &'static str,
    chosen: impl Fn() -> &'static str + Copy + Send + Sync + 'static,
    choose: impl Fn(&str) + Copy + 'static,
) -> AnyView {
    let options: Vec<AnyView> = words
        .into_iter()
        .map(|word| {
            view! {
                <option value=word prop:selected=derive(move || chosen() == word)>
                    {derive(move || say(page.locale.get(), word))}
                </option>
            }
            .into_any()
        })
        .collect();
    view! {
        <label class="choice">
            <span>{page.phrase(label)}</span>
            <select class="switch" on:change=on(move |event| choose(&event_target_value(&event)))>
                {options}
            </select>
        </label>
    }
    .into_any()
}

fn word_of<T: PartialEq>(known: &[(T, &'static str)], value: &T) -> &'static str {
    known.iter().find(|(other, _)| other == value).map_or("", |(_, word)| word)
}

fn value_of<T: Copy>(known: &[(T, &'static str)], word: &str) -> T {
    known.iter().find(|(_, other)| *other == word).unwrap_or(&known[0]).0
}
