//! The counters: how many devices there are of each status, and buttons that show these only.
//!
//! The numbers are those of the whole fleet, whatever is filtered.

use fleet::{Status, Statuses};
use leptos::prelude::*;

use crate::components::StatusIcon;
use crate::context::use_app;
use crate::i18n::{text, use_i18n};

/// The counters, in the document from the start.
#[component]
pub fn Counters() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="chips" role="group" aria-label=text!(i18n, chip.group)>
            <Counter status=None label=text!(i18n, chip.total) />
            <Counter status=Some(Status::Offline) label=text!(i18n, chip.offline) />
            <Counter status=Some(Status::Degraded) label=text!(i18n, chip.degraded) />
            <Counter status=Some(Status::Online) label=text!(i18n, chip.online) />
            <Counter status=Some(Status::Sleeping) label=text!(i18n, chip.sleeping) />
            <Counter status=Some(Status::Unknown) label=text!(i18n, chip.unknown) />
        </div>
    }
}

/// How many devices have a status, and a press away only these. Pressed again, all are shown.
#[component]
fn Counter(
    /// The status; none for all devices.
    status: Option<Status>,
    /// Its word.
    label: impl IntoView + 'static,
) -> impl IntoView {
    let app = use_app();
    let word = status.map_or("total", Status::word);
    let wanted = Statuses::from(status);
    let count = Memo::new(move |_| {
        app.status.with(|facts| status.map_or(facts.counts.total, |status| facts.counts.of(status)))
    });
    let is_pressed = move || {
        let statuses = app.view.with(|view| view.query.statuses);
        let is_one_of = status.is_some_and(|status| statuses.has(status));
        statuses == wanted || statuses != Statuses::ALL && is_one_of
    };
    let toggle = move |_| {
        app.view.update(|view| {
            let statuses = &mut view.query.statuses;
            *statuses = if *statuses == wanted { Statuses::ALL } else { wanted };
        });
    };
    view! {
        <button
            type="button"
            class=format!("chip {word}")
            class:none=move || count.get() == 0
            aria-pressed=move || is_pressed().to_string()
            on:click=toggle
        >
            {status.map(|status| view! { <StatusIcon status /> })}
            // Other programs read it: an integer without separators, in every language.
            <b data-count=word>{count}</b>
            {label}
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ScriptedBroker;
    use crate::testing::{CONNACK, Stage, frames, profile, publish};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    async fn they_filter_and_keep_the_whole_fleet_s_numbers() {
        let devices = (0..1_200).map(|number| {
            publish(&format!("d{number}/status"), if number < 3 { "offline" } else { "online" }, true)
        });
        let received = devices.collect::<Vec<_>>().concat();
        let (connection, _broker) = ScriptedBroker::connected(profile(), &[CONNACK, &received]);
        let stage = Stage::mount(connection, Counters);
        frames(3).await;
        let counts = || {
            ["total", "online", "offline", "sleeping", "degraded", "unknown"]
                .map(|word| stage.text(&format!("[data-count={word}]")))
        };
        assert_eq!(counts(), ["1200", "1197", "3", "0", "0", "0"]);
        let pressed = |selector| stage.one(selector).get_attribute("aria-pressed").unwrap_or_default();
        assert_eq!((pressed(".chip.total"), pressed(".chip.offline")), ("true".into(), "false".into()));
        assert!(stage.one(".chip.degraded").class_list().contains("none"));

        stage.click(".chip.offline");
        frames(3).await;
        let shown = stage.app().view.with_untracked(|view| view.query.statuses);
        assert_eq!(shown, Statuses::from(Some(Status::Offline)));
        assert_eq!((pressed(".chip.total"), pressed(".chip.offline")), ("false".into(), "true".into()));
        assert_eq!(counts(), ["1200", "1197", "3", "0", "0", "0"]);
    }
}
