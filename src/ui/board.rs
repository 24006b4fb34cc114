//! The board: the answer, the counters that filter, the search, what must be admitted, and the tiles.

use fleet::{Status, Statuses};
use leptos::prelude::*;
use mqtt::Link;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::announce::voice;
use super::connections;
use super::diagnosis::diagnosis_panel;
use super::element::{El, Phrase, button, closest, effect, el, focus, value_of};
use super::empty::{Empty, empty};
use super::filters::filter_panel;
use super::grid::grid;
use super::headline::headline;
use super::notes::notes;
use super::rail::rail;
use super::signal::memo;
use super::symbols::icon;
use super::tools::tools;
use super::{Page, on_window};
use crate::headline::Headline;
use crate::sections::sections;
use crate::{phrase, say};

/// The board.
pub fn board(page: Page) -> El {
    // The order is walked only when it may have changed, not with every change of a device.
    let order = memo(move || {
        let epoch = page
            .view
            .with(|view| page.watch(|link| link.with(|call| call.engine.fleet().rows_epoch(&view.query))));
        epoch.unwrap_or_default() as usize
    });
    let sections = memo(move || {
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
    let all = sections.clone();
    let found = memo(move || all.with(|all| all.iter().map(|section| section.length).sum::<usize>()));
    // Each stays as it is while it is shown: a form that was made anew would lose what was typed.
    // A broker in the page's own address is connected to at once, or as soon as it is known as whom.
    let is_given = page.request.broker.is_some() && page.request.error.is_none();
    let is_first_visit =
        move || !is_given && page.state.with(|state| state.address.is_none()) && !page.dialog_is_open.get();
    let has_ended = move || page.state.with(|state| state.standing == Link::Idle && state.address.is_some());
    let has_nobody =
        move || page.state.with(|state| matches!(state.headline, Headline::Nobody | Headline::NoneSeen));
    let all = sections.clone();
    let has_none_found = move || all.with(Vec::is_empty) && page.state.with(|state| state.counts.total > 0);

    let board = el("main", "board")
        .attr_tells("data-snapshot", move || page.state.with(|state| state.snapshot.word()).to_owned());
    let board = headline(page, board)
        .child(voice(page, found.clone()))
        .part_while(is_first_visit, move || connections::fill(page, el("div", "first-visit")))
        .child(el("div", "bar").child(search(page)).child(chips(page)))
        .child(tools(page, found))
        .part_while(has_ended, move || ended(page));
    let board = notes(page, diagnosis_panel(page, board));
    let tiles = el("div", "")
        .part_while(has_nobody, move || empty(page, Empty::Nobody))
        .part_while(has_none_found, move || empty(page, Empty::NoneFound))
        .child(grid(page, sections));
    filter_panel(page, board).child(el("div", "beside").child(tiles).child(rail(page)))
}

/// The counters. Each shows its part of the fleet when it is pressed; the numbers stay those of the whole.
fn chips(page: Page) -> El {
    let chip = |status: Option<Status>, label: Phrase| {
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
        let is_pressed = move || {
            let statuses = page.view.with(|view| view.query.statuses);
            let is_one_of = status.is_some_and(|status| statuses.has(status));
            (statuses == wanted || statuses != Statuses::ALL && is_one_of).to_string()
        };
        button(&format!("chip {word}"), on_click)
            .class_if("none", move || count() == 0)
            .attr_tells("aria-pressed", is_pressed)
            .children(status.map(icon))
            .child(el("b", "").attr("data-count", word).tells(move || count().to_string()))
            .says(page, label)
    };
    el("div", "chips")
        .attr("role", "group")
        .attr_says(page, "aria-label", phrase!(chip.group))
        .child(chip(None, phrase!(chip.total)))
        .child(chip(Some(Status::Offline), phrase!(chip.offline)))
        .child(chip(Some(Status::Degraded), phrase!(chip.degraded)))
        .child(chip(Some(Status::Online), phrase!(chip.online)))
        .child(chip(Some(Status::Sleeping), phrase!(chip.sleeping)))
        .child(chip(Some(Status::Unknown), phrase!(chip.unknown)))
}

/// The search field; `/` goes there from anywhere outside a field, and `?` to the help.
fn search(page: Page) -> El {
    let search = el("input", "field search")
        .attr("type", "search")
        .attr("name", "search")
        .attr("autocomplete", "off")
        .attr("autocapitalize", "off")
        .attr("spellcheck", "false")
        .attr("aria-keyshortcuts", "/")
        .prop("value", move || page.view.with(|view| view.query.text.as_str().into()))
        .on("input", move |event| page.view.update(|view| view.query.text = value_of(&event)));
    let field = search.clone();
    effect(move || {
        let label = say!(page.locale.get(), board.search);
        field.set("aria-label", Some(label));
        field.set("placeholder", Some(&format!("{label}   /")));
    });
    let field = search.clone();
    on_window("keydown", move |event| {
        // A browser that fills a form in sends events of this name without a key.
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        let is_typing =
            closest(event.target(), "input:not([type=checkbox]), select, textarea, dialog").is_some();
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        // What a dialog covers is not to be used by a key.
        let is_covered = matches!(document().query_selector("dialog[open]"), Ok(Some(_)));
        if event.key() == "ArrowDown" && !has_modifier && closest(event.target(), ".search").is_some() {
            // From what is looked for to what was found.
            if let Ok(Some(found)) = document().query_selector(".face[tabindex='0'], .wall") {
                focus(&found);
                event.prevent_default();
            }
        }
        if is_typing || has_modifier || is_covered {
            return;
        }
        match event.key().as_str() {
            "/" => field.focus(),
            "?" => page.help_is_open.set(true),
            _ => return,
        }
        event.prevent_default();
    });
    search
}

fn ended(page: Page) -> El {
    let connect = button("button primary", move |_| page.dialog_is_open.set(true));
    el("div", "empty").child(connect.says(page, phrase!(form.connect)))
}
