//! What stands in the place of the tiles where there are none.

use leptos::prelude::*;

use super::context::use_board;
use crate::client::Pace;
use crate::context::{Dialog, use_app};
use crate::format::use_format;
use crate::i18n::{foreign, t_count, t_string, text, use_i18n};
use crate::view::View;

/// A device made of two commands. The first one stays, in the background.
const EXAMPLE: &str = "\
mosquitto_sub -h HOST -t x --will-topic lamp/status --will-payload offline --will-retain &
mosquitto_pub -h HOST -t lamp/status -m online -r";

/// Connected, and no device: what is watched, or what to try.
#[component]
pub fn NoDevice() -> impl IntoView {
    let (i18n, format, app) = (use_i18n(), use_format(), use_app());
    let seen = Memo::new(move |_| {
        let seen = app.read(Pace::Text, |active| {
            let snapshot = active.engine.snapshot();
            let messages: u64 = snapshot.subscriptions().iter().map(|filter| filter.messages()).sum();
            (messages, snapshot.topics())
        });
        seen.unwrap_or_default()
    });
    let looked_at = move || {
        let (messages, topics) = seen.get();
        let (messages, topics) = (format.count(messages), format.count(topics));
        t_string!(i18n, board.nobody.looked_at, messages = messages, topics = topics)
    };
    let profile = app.read_untracked(|active| {
        (active.profile.filters.join(", "), active.profile.address.host().to_owned())
    });
    let (filters, host) = profile.unwrap_or_default();
    // The example would not be seen through filters that the visitor chose.
    let advice = if filters.is_empty() {
        view! {
            <p>{text!(i18n, board.nobody.example)}</p>
            <pre>{example(&host)}</pre>
        }
        .into_any()
    } else {
        let watched = move || t_string!(i18n, form.filters, filters = foreign(&filters));
        view! { <p>{watched}</p> }.into_any()
    };
    view! {
        <div class="empty">
            <h2>{text!(i18n, board.nobody.title)}</h2>
            <p>{text!(i18n, board.nobody.body)}</p>
            <p>{looked_at}</p>
            {advice}
        </div>
    }
}

/// The example for a broker's host. A host from a link that somebody sent must not become a command in the visitor's
/// shell.
fn example(host: &str) -> String {
    let is_plain = host.chars().all(|c| c.is_alphanumeric() || ".-:_".contains(c));
    if is_plain { EXAMPLE.replace("HOST", host) } else { EXAMPLE.to_owned() }
}

/// Everything is filtered away.
#[component]
pub fn NoMatch() -> impl IntoView {
    let (i18n, format, app) = (use_i18n(), use_format(), use_app());
    let search = use_board().search;
    let body = move || {
        let total = app.status.with(|status| status.counts.total);
        t_count!(i18n, total, board.none_found.body, n = format.count(total))
    };
    let show_all = move |_| {
        app.view.update(View::show_all);
        // The button goes, and takes the focus with it.
        if let Some(field) = search.get_untracked() {
            // A field that is shown takes the focus.
            let _ = field.focus();
        }
    };
    view! {
        <div class="empty">
            <h2>{text!(i18n, board.none_found.title)}</h2>
            <p>{body}</p>
            <button type="button" class="button" on:click=show_all>
                {text!(i18n, board.show_all)}
            </button>
        </div>
    }
}

/// The visitor ended the connection: leads to another one.
#[component]
pub fn Disconnected() -> impl IntoView {
    let (i18n, app) = (use_i18n(), use_app());
    view! {
        <div class="empty">
            <button
                type="button"
                class="button primary"
                on:click=move |_| app.dialog.set(Some(Dialog::Connection))
            >
                {text!(i18n, form.connect)}
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_host_that_a_shell_would_run_is_left_out() {
        assert!(example("broker-1.local").contains("mosquitto_pub -h broker-1.local -t"));
        for host in ["x;reboot", "$(reboot)", "a b", "a`b`"] {
            assert_eq!(example(host), EXAMPLE, "{host}");
        }
    }
}
