//! What the shapes, the edges and the keys mean.

use fleet::Status;
use leptos::prelude::*;

use crate::components::{ModalDialog, StatusIcon};
use crate::context::{Dialog, use_app};
use crate::i18n::{text, use_i18n};

/// The help, opened by its button or by `?`.
#[component]
pub fn HelpDialog() -> impl IntoView {
    let app = use_app();
    view! {
        <ModalDialog
            class="help"
            labelledby="help-title"
            open=Signal::derive(move || app.dialog.with(|dialog| *dialog == Some(Dialog::Help)))
            on_close=move || app.dialog.set(None)
        >
            <Help />
        </ModalDialog>
    }
}

#[component]
fn Help() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <h2 id="help-title" tabindex="-1">{text!(i18n, help.title)}</h2>
        <h3>{text!(i18n, help.statuses)}</h3>
        <dl>
            <StatusEntry status=Status::Online word=text!(i18n, status.online) meaning=text!(i18n, help.online) />
            <StatusEntry status=Status::Offline word=text!(i18n, status.offline) meaning=text!(i18n, help.offline) />
            <StatusEntry status=Status::Degraded word=text!(i18n, status.degraded) meaning=text!(i18n, help.degraded) />
            <StatusEntry status=Status::Sleeping word=text!(i18n, status.sleeping) meaning=text!(i18n, help.sleeping) />
            <StatusEntry status=Status::Unknown word=text!(i18n, status.unknown) meaning=text!(i18n, help.unknown) />
        </dl>
        <h3>{text!(i18n, help.edges)}</h3>
        <dl>
            <EdgeEntry class="edge" word=text!(i18n, tools.live) meaning=text!(i18n, help.live) />
            <EdgeEntry class="edge retained" word=text!(i18n, tools.retained) meaning=text!(i18n, help.retained) />
            <EdgeEntry class="edge stale" word=text!(i18n, tools.stale) meaning=text!(i18n, help.stale) />
        </dl>
        <h3>{text!(i18n, help.keys)}</h3>
        <dl>
            <KeyEntry keys="← ↑ → ↓" meaning=text!(i18n, help.arrows) />
            <KeyEntry keys="Home End" meaning=text!(i18n, help.ends) />
            <KeyEntry keys="PgUp PgDn" meaning=text!(i18n, help.pages) />
            <KeyEntry keys="Enter" meaning=text!(i18n, help.enter) />
            <KeyEntry keys="Esc" meaning=text!(i18n, help.escape) />
            <KeyEntry keys="/" meaning=text!(i18n, help.slash) />
            <KeyEntry keys="↓" meaning=text!(i18n, help.down) />
            <KeyEntry keys="?" meaning=text!(i18n, help.question) />
        </dl>
    }
}

/// A status by its shape and word, as on the tiles.
#[component]
fn StatusEntry(
    /// The status.
    status: Status,
    /// Its word.
    word: impl IntoView + 'static,
    /// What it means.
    meaning: impl IntoView + 'static,
) -> impl IntoView {
    view! {
        <dt>
            <span class=status.word()><StatusIcon status /></span>
            <span>{word}</span>
        </dt>
        <dd>{meaning}</dd>
    }
}

/// An evidence by a tile's edge and its word.
#[component]
fn EdgeEntry(
    /// The class that draws the edge.
    class: &'static str,
    /// The evidence's word.
    word: impl IntoView + 'static,
    /// What it means.
    meaning: impl IntoView + 'static,
) -> impl IntoView {
    view! {
        <dt><span class=class></span><span>{word}</span></dt>
        <dd>{meaning}</dd>
    }
}

#[component]
fn KeyEntry(
    /// The keys, separated by spaces.
    keys: &'static str,
    /// What they do.
    meaning: impl IntoView + 'static,
) -> impl IntoView {
    view! {
        <dt>{keys.split(' ').map(|key| view! { <kbd>{key}</kbd> }).collect_view()}</dt>
        <dd>{meaning}</dd>
    }
}
