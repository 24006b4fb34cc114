//! How the board is looked at: order, groups, evidence, convention, density; and the way to deleting what is found.

use std::borrow::Cow;

use fleet::Evidence;
use leptos::prelude::*;

use super::context::use_board;
use crate::client::Pace;
use crate::context::{AppContext, Dialog, use_app};
use crate::format::use_format;
use crate::i18n::{I18n, t_count, t_string, text, use_i18n};
use crate::view::{Density, GROUPINGS, ORDERS, View};

const EVIDENCE: [Evidence; 3] = [Evidence::Live, Evidence::Retained, Evidence::Stale];

/// The row of choices below the counters.
#[component]
pub fn Toolbar() -> impl IntoView {
    let (i18n, app, board) = (use_i18n(), use_app(), use_board());
    // Also while the dialog is open: the button that opened it must not go meanwhile. When every device was deleted,
    // this is the way back to undo.
    let is_deletion_begun = Memo::new(move |_| {
        app.read(Pace::Text, |active| active.engine.deletion().is_some()).unwrap_or_default()
    });
    // While the snapshot is loading its place is kept, so that the first device moves nothing.
    let has_devices = move || {
        app.status.with(|status| status.counts.total > 0)
            || board.was_connected.get() && board.loading.with(Option::is_some)
    };
    let slugs = app.conventions.with_value(|registry| {
        registry.iter().map(|(_, convention)| convention.slug.clone()).collect::<Vec<_>>()
    });
    view! {
        <div class="tools" hidden=move || !has_devices() && !is_deletion_begun.get()>
            <Choice
                label=text!(i18n, tools.sort)
                words=ORDERS.iter().map(|(_, word)| (*word).into()).collect()
                text=order_text
                chosen=|view| word_of(&ORDERS, &view.query.order).into()
                choose=|view, word| view.query.order = value_of(&ORDERS, word)
            />
            <Choice
                label=text!(i18n, tools.group)
                words=GROUPINGS.iter().map(|(_, word)| (*word).into()).collect()
                text=grouping_text
                chosen=|view| word_of(&GROUPINGS, &view.grouping).into()
                choose=|view, word| view.grouping = value_of(&GROUPINGS, word)
            />
            <Choice
                label=text!(i18n, tools.evidence)
                words=[""].into_iter().chain(EVIDENCE.map(Evidence::word)).map(Cow::from).collect()
                text=evidence_text
                chosen=|view| view.query.evidence.map_or("", Evidence::word).into()
                choose=|view, word| {
                    view.query.evidence = EVIDENCE.into_iter().find(|evidence| evidence.word() == word);
                }
            />
            <Choice
                label=text!(i18n, tools.convention)
                words=["".into()].into_iter().chain(slugs).collect()
                text=convention_text
                chosen=|view| view.query.convention.clone().unwrap_or_default()
                choose=|view, word| {
                    view.query.convention = (!word.is_empty()).then(|| word.to_owned().into());
                }
            />
            <Densities />
            <Deletion is_begun=is_deletion_begun />
        </div>
    }
}

/// One choice among words.
#[component]
fn Choice(
    /// What is chosen.
    label: impl IntoView + 'static,
    /// The words to choose from, as in the page's address.
    words: Vec<Cow<'static, str>>,
    /// A word in the visitor's language.
    text: fn(AppContext, I18n, &str) -> Cow<'static, str>,
    /// The word that a view has.
    chosen: fn(&View) -> Cow<'static, str>,
    /// Gives a view another word.
    choose: fn(&mut View, &str),
) -> impl IntoView {
    let (i18n, app) = (use_i18n(), use_app());
    let view = app.view;
    let options = words.into_iter().map(|word| {
        let value = word.clone();
        view! { <option value=value>{move || text(app, i18n, &word)}</option> }
    });
    view! {
        <label class="choice">
            <span>{label}</span>
            <select
                class="switch"
                prop:value=move || view.with(chosen).to_string()
                on:change=move |event| {
                    let word = event_target_value(&event);
                    view.update(|view| choose(view, &word));
                }
            >
                {options.collect_view()}
            </select>
        </label>
    }
}

/// How large devices are shown.
#[component]
fn Densities() -> impl IntoView {
    let (i18n, view) = (use_i18n(), use_app().view);
    let densities = Density::ALL.map(|density| {
        let label = move || match density {
            Density::Tiles => t_string!(i18n, tools.tiles),
            Density::Compact => t_string!(i18n, tools.compact),
            Density::Wall => t_string!(i18n, tools.wall),
        };
        view! {
            <button
                type="button"
                aria-pressed=move || view.with(|view| view.density == density).to_string()
                on:click=move |_| view.update(|view| view.resize(density))
            >
                {label}
            </button>
        }
    });
    view! {
        <div class="segments" role="group" aria-label=text!(i18n, tools.density)>
            {densities.into_iter().collect_view()}
        </div>
    }
}

/// Leads to deleting retained messages: of all that a search or a filter leaves, never of the whole fleet at once; or
/// back to what was begun.
#[component]
fn Deletion(
    /// Whether messages were looked up for it, or deleted.
    is_begun: Memo<bool>,
) -> impl IntoView {
    let (i18n, format, app) = (use_i18n(), use_format(), use_app());
    let found = use_board().found;
    let is_offered = move || app.view.with(View::is_filtered) && found.get() > 0;
    let is_left = move || is_begun.get() && app.dialog.with(|dialog| *dialog != Some(Dialog::Forget));
    let look_up = move |_| {
        let rows = app.view.with_untracked(|view| {
            app.read_untracked(|active| active.engine.fleet().rows(&view.query)).unwrap_or_default()
        });
        app.forget(&[rows.attention, rows.well].concat());
    };
    view! {
        <button type="button" class="button small" hidden=move || !is_offered() on:click=look_up>
            {move || {
                let count = found.get();
                t_count!(i18n, count, forget.found_ones, n = format.count(count))
            }}
        </button>
        <button
            type="button"
            class="button small"
            hidden=move || !is_left()
            on:click=move |_| app.dialog.set(Some(Dialog::Forget))
        >
            {text!(i18n, forget.again)}
        </button>
    }
}

fn order_text(_: AppContext, i18n: I18n, word: &str) -> Cow<'static, str> {
    match word {
        "name" => t_string!(i18n, tools.by_name),
        "change" => t_string!(i18n, tools.by_change),
        _ => t_string!(i18n, tools.by_trouble),
    }
    .into()
}

fn grouping_text(_: AppContext, i18n: I18n, word: &str) -> Cow<'static, str> {
    match word {
        "convention" => t_string!(i18n, tools.group_convention),
        "parent" => t_string!(i18n, tools.group_parent),
        "topic-1" => t_string!(i18n, tools.group_topic_1),
        "topic-2" => t_string!(i18n, tools.group_topic_2),
        "topic-3" => t_string!(i18n, tools.group_topic_3),
        _ => t_string!(i18n, tools.group_none),
    }
    .into()
}

fn evidence_text(_: AppContext, i18n: I18n, word: &str) -> Cow<'static, str> {
    match word {
        "live" => t_string!(i18n, tools.live),
        "retained" => t_string!(i18n, tools.retained),
        "stale" => t_string!(i18n, tools.stale),
        _ => t_string!(i18n, tools.any_evidence),
    }
    .into()
}

fn convention_text(app: AppContext, i18n: I18n, word: &str) -> Cow<'static, str> {
    let label = app.convention(word, |convention| convention.label.clone());
    label.unwrap_or_else(|| t_string!(i18n, tools.any_convention).into())
}

/// The word of a value.
fn word_of<T: PartialEq>(known: &[(T, &'static str)], value: &T) -> &'static str {
    known.iter().find(|(other, _)| other == value).map_or("", |(_, word)| word)
}

/// The value of a word; the first one for a word that is not known.
fn value_of<T: Copy>(known: &[(T, &'static str)], word: &str) -> T {
    known.iter().find(|(_, other)| *other == word).unwrap_or(&known[0]).0
}
