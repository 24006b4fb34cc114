//! The button that copies the support report.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::diagnose::Diagnosis;
use super::diagnosis_text::{cause_text, fact_text};
use super::report::{Subject, Wording, report};
use crate::client;
use crate::context::{AppContext, use_app};
use crate::i18n::{Locale, t_string, text, use_i18n};
use crate::wording::filter_state;

/// What became of copying.
#[derive(Clone)]
enum Outcome {
    /// The report is in the clipboard.
    Copied,
    /// The page may not write to the clipboard: the visitor copies this text.
    ByHand(String),
}

/// Copies the support report. Where a page may not write to the clipboard (it may only on https and localhost), the text
/// is shown and selected, to be copied by hand.
#[component]
pub fn SupportReport() -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let outcome = RwSignal::new(None::<Outcome>);
    let field = NodeRef::<html::Textarea>::new();
    let copy = move |_| {
        let text = report_text(app);
        spawn_local(async move {
            let is_copied = copy_to_clipboard(&text).await;
            // The panel may be gone by then.
            outcome.try_set(Some(if is_copied { Outcome::Copied } else { Outcome::ByHand(text) }));
            if !is_copied {
                request_animation_frame(move || {
                    if let Some(field) = field.try_get_untracked().flatten() {
                        // Only an element that cannot have the focus refuses.
                        let _ = field.focus();
                        field.select();
                    }
                });
            }
        });
    };
    let message = move || {
        outcome.with(|outcome| match outcome {
            None => None,
            Some(Outcome::Copied) => Some(t_string!(i18n, report.copied)),
            Some(Outcome::ByHand(_)) => Some(t_string!(i18n, report.by_hand)),
        })
    };
    let by_hand = move || {
        outcome.with(|outcome| match outcome {
            Some(Outcome::ByHand(text)) => Some(text.clone()),
            _ => None,
        })
    };
    view! {
        <div class="report">
            <button class="button small" type="button" name="report" on:click=copy>
                {text!(i18n, report.copy)}
            </button>
            <span class="hint">{text!(i18n, report.hint)}</span>
            <p role="status">{message}</p>
            <Show when=move || by_hand().is_some()>
                <textarea
                    class="field"
                    readonly
                    rows="10"
                    dir="ltr"
                    aria-label=text!(i18n, report.title)
                    node_ref=field
                    prop:value=by_hand
                ></textarea>
            </Show>
        </div>
    }
}

/// Writes a text to the clipboard, and returns whether the browser did.
async fn copy_to_clipboard(text: &str) -> bool {
    let navigator = window().navigator();
    // It is missing on a page that came by http from another machine, whatever its type says.
    let clipboard = navigator.clipboard();
    !clipboard.is_undefined() && clipboard.write_text(text).await.is_ok()
}

/// The report of the connection as it is now.
fn report_text(app: AppContext) -> String {
    let connection = app.connection();
    let page_is_secure = app.origin.with_value(|origin| origin.secure);
    let diagnosis = Diagnosis::of(&connection, page_is_secure);
    let wording = Wording {
        fact: |fact| fact_text(Locale::en, fact),
        cause: |cause| cause_text(Locale::en, cause),
        filter: |state| filter_state(Locale::en, state),
    };
    let text = connection.read(|active| {
        let subject = Subject {
            now: client::now(),
            browser: &window().navigator().user_agent().unwrap_or_default(),
            page_is_secure,
            active,
            link: client::word(connection.link()),
            diagnosis: diagnosis.as_ref(),
        };
        report(&subject, &wording)
    });
    text.unwrap_or_default()
}
