//! How the board is looked at: order, groups, evidence, convention, density.

use fleet::Evidence;
use fleet::presence::CONVENTIONS;

use super::Page;
use super::element::{self, El, Phrase, button, el};
use super::signal::Memo;
use crate::view::{Density, GROUPINGS, ORDERS, View};
use crate::words::Locale;
use crate::{phrase, say, say_count};

/// The row of choices below the counters. `found`: how many devices the search and the filters leave.
pub fn tools(page: Page, found: Memo<usize>) -> El {
    let order = choice(
        page,
        phrase!(tools.sort),
        ORDERS.iter().map(|(_, word)| *word).collect(),
        |locale, word| match word {
            "name" => say!(locale, tools.by_name),
            "change" => say!(locale, tools.by_change),
            _ => say!(locale, tools.by_trouble),
        },
        |view| word_of(&ORDERS, &view.query.order),
        |view, word| view.query.order = value_of(&ORDERS, word),
    );
    let grouping = choice(
        page,
        phrase!(tools.group),
        GROUPINGS.iter().map(|(_, word)| *word).collect(),
        |locale, word| match word {
            "convention" => say!(locale, tools.group_convention),
            "parent" => say!(locale, tools.group_parent),
            "topic-1" => say!(locale, tools.group_topic_1),
            "topic-2" => say!(locale, tools.group_topic_2),
            "topic-3" => say!(locale, tools.group_topic_3),
            _ => say!(locale, tools.group_none),
        },
        |view| word_of(&GROUPINGS, &view.grouping),
        |view, word| view.grouping = value_of(&GROUPINGS, word),
    );
    let evidence = choice(
        page,
        phrase!(tools.evidence),
        ["", "live", "retained", "stale"].to_vec(),
        |locale, word| match word {
            "live" => say!(locale, tools.live),
            "retained" => say!(locale, tools.retained),
            "stale" => say!(locale, tools.stale),
            _ => say!(locale, tools.any_evidence),
        },
        |view| view.query.evidence.map_or("", Evidence::word),
        |view, word| {
            let all = [Evidence::Live, Evidence::Retained, Evidence::Stale];
            view.query.evidence = all.into_iter().find(|evidence| evidence.word() == word);
        },
    );
    let slugs = CONVENTIONS.iter().map(|convention| convention.slug);
    let convention = choice(
        page,
        phrase!(tools.convention),
        [""].into_iter().chain(slugs).collect(),
        |locale, word| match CONVENTIONS.iter().find(|convention| convention.slug == word) {
            Some(convention) => convention.label,
            None => say!(locale, tools.any_convention),
        },
        |view| view.query.convention.unwrap_or_default(),
        |view, word| {
            let mut slugs = CONVENTIONS.iter().map(|convention| convention.slug);
            view.query.convention = slugs.find(|slug| *slug == word);
        },
    );
    let density = Density::ALL.into_iter().map(|density| {
        let label: Phrase = match density {
            Density::Tiles => phrase!(tools.tiles),
            Density::Compact => phrase!(tools.compact),
            Density::Wall => phrase!(tools.wall),
        };
        button("", move |_| page.view.update(|view| view.resize(density)))
            .attr_tells("aria-pressed", move || page.view.with(|view| view.density == density).to_string())
            .says(page, label)
    });
    // Also while the dialog is open: what it was opened from must not go meanwhile.
    let has_begun = move || {
        let begun = page.link(|link| {
            link.track_calmly();
            link.with(|call| call.engine.forgetting().is_some())
        });
        begun.unwrap_or_default()
    };
    let segments = el("div", "segments").attr("role", "group").children(density);
    el("div", "tools")
        // When every device was forgotten, this is the way back to undo.
        .attr_if("hidden", move || page.state.with(|state| state.counts.total == 0) && !has_begun())
        .child(order)
        .child(grouping)
        .child(evidence)
        .child(convention)
        .child(segments.attr_says(page, "aria-label", phrase!(tools.density)))
        .children(forgetting(page, found, has_begun))
}

/// What leads to forgetting: all that a search or a filter leaves, or what was begun. Never the whole fleet at once.
fn forgetting(page: Page, found: Memo<usize>, has_begun: impl Fn() -> bool + 'static) -> [El; 2] {
    let all = found.clone();
    let can_forget = move || page.view.with(View::is_filtered) && all.get() > 0;
    let forget = button("button small", move |_| {
        let rows = page
            .view
            .with_untracked(|view| page.link(|link| link.with(|call| call.engine.fleet().rows(&view.query))));
        let mut rows = rows.unwrap_or_default();
        rows.attention.append(&mut rows.well);
        page.forget(&rows.attention);
    });
    let words = move || {
        let n = page.format(|formats| formats.count(found.get()));
        say_count!(page.locale.get(), found.get(), forget.found_ones, n = n)
    };
    let is_left = move || has_begun() && !page.forget_is_open.get();
    let again = button("button small", move |_| page.forget_is_open.set(true));
    [
        forget.tells(words).attr_if("hidden", move || !can_forget()),
        again.says(page, phrase!(forget.again)).attr_if("hidden", move || !is_left()),
    ]
}

/// One choice among words.
fn choice(
    page: Page,
    label: Phrase,
    words: Vec<&'static str>,
    say: fn(Locale, &'static str) -> &'static str,
    chosen: fn(&View) -> &'static str,
    choose: fn(&mut View, &str),
) -> El {
    let option =
        |word| el("option", "").attr("value", word).tells(move || say(page.locale.get(), word).to_owned());
    // The options come first: a choice has only the values that it offers.
    let select = el("select", "switch")
        .children(words.into_iter().map(option))
        .prop("value", move || page.view.with(chosen).into())
        .on("change", move |event| page.view.update(|view| choose(view, &element::value_of(&event))));
    el("label", "choice").child(el("span", "").says(page, label)).child(select)
}

fn word_of<T: PartialEq>(known: &[(T, &'static str)], value: &T) -> &'static str {
    known.iter().find(|(other, _)| other == value).map_or("", |(_, word)| word)
}

fn value_of<T: Copy>(known: &[(T, &'static str)], word: &str) -> T {
    known.iter().find(|(_, other)| *other == word).unwrap_or(&known[0]).0
}
