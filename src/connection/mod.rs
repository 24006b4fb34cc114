//! Connecting: the form, the saved connections, their export and import, and what is wrong when it fails.
//!
//! [`ConnectionDialog`] and [`ConnectionForm`] show the same, in a dialog and on the board before the first connection.
//! [`TroublePanel`] explains a failure, [`SupportReport`] copies a report. `app` places them.

mod diagnose;
mod diagnosis_text;
mod fields;
mod form;
mod report;
mod saved;
mod support_report;
mod transfer;
mod troubleshooting;
mod validation;

use leptos::html;
use leptos::prelude::*;

use crate::components::{ModalDialog, restore_focus_on_cleanup};
use crate::context::{Dialog, use_app};
use crate::i18n::{text, use_i18n};
use fields::FormFields;
use form::FormState;
use saved::SavedConnections;
use transfer::{Export, Import};

pub use support_report::SupportReport;
pub use troubleshooting::TroublePanel;

/// Where to connect, in a dialog.
#[component]
pub fn ConnectionDialog() -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    view! {
        <ModalDialog
            class="form"
            labelledby="connection-title"
            open=Signal::derive(move || app.dialog.with(|dialog| *dialog == Some(Dialog::Connection)))
            on_close=move || app.dialog.set(None)
        >
            <Connections title=text!(i18n, form.title) />
        </ModalDialog>
    }
}

/// Where to connect, on the board before the first connection. Its ids are those of the dialog: it must not be shown
/// while that is open.
#[component]
pub fn ConnectionForm() -> impl IntoView {
    let i18n = use_i18n();
    view! { <Connections title=text!(i18n, form.welcome) /> }
}

/// The saved connections, the form, and their export and import.
#[component]
fn Connections(
    /// The heading.
    title: Signal<&'static str>,
) -> impl IntoView {
    let i18n = use_i18n();
    let form = FormState::new(use_app());
    let root = NodeRef::<html::Div>::new();
    restore_focus_on_cleanup(root);
    view! {
        <div class="connections" node_ref=root>
            <h2 id="connection-title">{title}</h2>
            <SavedConnections form />
            <FormFields form />
            <details class="more">
                <summary>{text!(i18n, transfer.title)}</summary>
                <Export />
                <Import />
            </details>
        </div>
    }
}
