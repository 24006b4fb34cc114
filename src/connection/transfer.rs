//! Saved connections into a file and out of one. Never with a password, and a file's content is shown before it is added.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, Event, HtmlAnchorElement, HtmlInputElement, Url};

use super::form::focus_next_frame;
use super::validation::{address_error, change_error};
use crate::context::use_app;
use crate::format::use_format;
use crate::i18n::{I18n, Locale, foreign, t_count, t_string, td_string, text, use_i18n};
use crate::storage::profiles::{
    self, ChangeError, MAX_BYTES, MAX_PROFILES, Merged, Parsed, Place, Problem, Reason, SavedProfile,
};

/// The name that is proposed for the file.
const FILE: &str = "willow-connections.json";
/// How many lines of each list of a preview are shown; the rest are counted.
const MAX_SHOWN: usize = 50;

/// Writes the saved connections into a file of the visitor's.
#[component]
pub fn Export() -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let is_empty = move || {
        app.saved_changed.track();
        profiles::load().is_empty()
    };
    let export = move |_| {
        // A browser that refuses has said so itself.
        let _ = download(&profiles::write(&profiles::load(), Place::File));
    };
    view! {
        <div class="transfer">
            <button class="button" type="button" name="export" disabled=is_empty on:click=export>
                {text!(i18n, transfer.export)}
            </button>
            <p class="hint">{text!(i18n, transfer.export_hint)}</p>
        </div>
    }
}

/// Offers a text to the visitor as a file.
fn download(text: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type("application/json");
    let parts = js_sys::Array::of1(&text.into());
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(FILE);
    link.click();
    // The browser keeps what it is saving.
    Url::revoke_object_url(&url)
}

/// Where an import stands.
#[derive(Clone)]
enum ImportState {
    /// No file was chosen, or the visitor cancelled.
    None,
    /// The file is being read.
    Reading,
    /// It is larger than [`MAX_BYTES`].
    TooLarge,
    /// The browser could not read it.
    Unreadable,
    /// It was read, and its connections can be added.
    Preview(Arc<Parsed>),
    /// So many connections were added.
    Added(usize),
    /// They could not be added.
    Failed(ChangeError),
}

/// Reads a file, shows what is in it, and adds that when the visitor wants it.
#[component]
pub fn Import() -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let state = RwSignal::new(ImportState::None);
    let input = NodeRef::<html::Input>::new();
    let message = move || {
        state.with(|state| match state {
            ImportState::None | ImportState::Preview(_) => None,
            ImportState::Reading => Some(t_string!(i18n, transfer.reading).to_owned()),
            ImportState::TooLarge => Some(t_string!(i18n, transfer.too_large).to_owned()),
            ImportState::Unreadable => Some(t_string!(i18n, transfer.unreadable).to_owned()),
            ImportState::Added(count) => {
                Some(t_count!(i18n, *count, transfer.added, n = format.count(*count)))
            }
            ImportState::Failed(error) => Some(change_error(i18n.get_locale(), error)),
        })
    };
    let preview = move || {
        state.with(|current| match current {
            ImportState::Preview(parsed) => Some(view! { <Preview parsed=parsed.clone() state input /> }),
            _ => None,
        })
    };
    view! {
        <div class="transfer">
            <label>
                {text!(i18n, transfer.import)}
                <input
                    class="file"
                    type="file"
                    name="import"
                    accept=".json,application/json"
                    node_ref=input
                    on:change=move |event| read_file(&event, state)
                />
            </label>
            <div class="preview" role="status">
                <p>{message}</p>
                <div class="preview">{preview}</div>
            </div>
        </div>
    }
}

/// Reads the file that was chosen.
fn read_file(event: &Event, state: RwSignal<ImportState>) {
    let input: HtmlInputElement = event_target(event);
    let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
    // So that the same file can be chosen again, corrected.
    input.set_value("");
    if file.size() > MAX_BYTES.into() {
        return state.set(ImportState::TooLarge);
    }
    state.set(ImportState::Reading);
    spawn_local(async move {
        let text = file.text().await.ok().and_then(|text| text.as_string());
        // The dialog may be gone by the time that the file is read.
        state.try_set(match text {
            None => ImportState::Unreadable,
            Some(text) => ImportState::Preview(Arc::new(profiles::parse(&text, Place::File))),
        });
    });
}

/// What would become of each connection of a file, what is left out and why, and the button that adds them.
#[component]
fn Preview(
    /// What was read from the file.
    parsed: Arc<Parsed>,
    /// Where the import stands.
    state: RwSignal<ImportState>,
    /// Where a file is chosen. It gets the focus when the preview goes.
    input: NodeRef<html::Input>,
) -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let format = use_format();
    let found = StoredValue::new(parsed.clone());
    let outcomes = Memo::new(move |_| {
        app.saved_changed.track();
        found.with_value(|found| profiles::merge(&mut profiles::load(), &found.profiles))
    });
    let new_count = Memo::new(move |_| outcomes.with(|outcomes| count_added(outcomes)));
    let close = move |next| {
        state.set(next);
        focus_next_frame(input);
    };
    let add = move |_| {
        // Another tab may have added some since they were shown.
        let added = profiles::change(|profiles| {
            Ok(found.with_value(|found| count_added(&profiles::merge(profiles, &found.profiles))))
        });
        close(match added {
            Ok(count) => ImportState::Added(count),
            Err(error) => ImportState::Failed(error),
        });
        app.saved_changed.notify();
    };
    let has_profiles = !parsed.profiles.is_empty() || parsed.problems.is_empty();
    let has_problems = !parsed.problems.is_empty();
    let lines = move || {
        found.with_value(|found| {
            outcomes.with(|outcomes| {
                let lines = found.profiles.iter().zip(outcomes).take(MAX_SHOWN);
                let lines = lines.map(|(saved, outcome)| profile_line(i18n, saved, outcome));
                lines.collect_view()
            })
        })
    };
    let problems = move || {
        let locale = i18n.get_locale();
        let problems = parsed.problems.iter().take(MAX_SHOWN);
        let line = |problem| view! { <li dir="auto">{problem_text(locale, problem)}</li> };
        problems.map(line).collect_view()
    };
    let (profile_count, problem_count) =
        found.with_value(|found| (found.profiles.len(), found.problems.len()));
    let count_text =
        move || t_count!(i18n, new_count.get(), transfer.will_add, n = format.count(new_count.get()));
    let add_text = move || t_count!(i18n, new_count.get(), transfer.add, n = format.count(new_count.get()));
    view! {
        {has_profiles
            .then(|| {
                view! {
                    <p>{count_text}</p>
                    <ul>{lines} <MoreLines count=profile_count /></ul>
                }
            })}
        {has_problems
            .then(|| {
                view! {
                    <p>{text!(i18n, transfer.left_out)}</p>
                    <ul>{problems} <MoreLines count=problem_count /></ul>
                }
            })}
        <div class="actions">
            <Show when=move || { new_count.get() > 0 }>
                <button class="button primary" type="button" name="add" on:click=add>
                    {add_text}
                </button>
            </Show>
            <button
                class="button"
                type="button"
                name="cancel"
                on:click=move |_| close(ImportState::None)
            >
                {text!(i18n, transfer.cancel)}
            </button>
        </div>
    }
}

/// How many lines of a list are not shown.
#[component]
fn MoreLines(
    /// How many lines there are.
    count: usize,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let more = count.saturating_sub(MAX_SHOWN);
    let text = move || t_string!(i18n, transfer.more, n = format.count(more));
    (more > 0).then(|| view! { <li>{text}</li> })
}

/// A profile and what would become of it. What the file says stands in elements of its own, so that the direction of a
/// name does not change that of the address.
fn profile_line(i18n: I18n, saved: &SavedProfile, outcome: &Merged) -> impl IntoView + use<> {
    let name = foreign(&saved.name);
    let text = match outcome {
        Merged::Added(new) if *new == saved.name => saved.name.clone(),
        Merged::Added(new) => t_string!(i18n, transfer.renamed, name = name, new = foreign(new)),
        Merged::Present => t_string!(i18n, transfer.present, name = name),
        Merged::NoRoom => t_string!(i18n, transfer.no_room, name = name, n = MAX_PROFILES),
    };
    let address = saved.profile.address.as_str().to_owned();
    view! {
        <li>
            <bdi>{text}</bdi>
            " · "
            <code dir="auto">{address}</code>
        </li>
    }
}

fn count_added(outcomes: &[Merged]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Merged::Added(_))).count()
}

/// Where a problem is, and what it is.
fn problem_text(locale: Locale, Problem { path, reason }: &Problem) -> String {
    let text = match reason {
        Reason::NotJson => td_string!(locale, transfer.reason.not_json).to_owned(),
        Reason::NotOurs => td_string!(locale, transfer.reason.not_ours).to_owned(),
        Reason::Newer => td_string!(locale, transfer.reason.newer).to_owned(),
        Reason::TooMany(max) => td_string!(locale, transfer.reason.too_many, n = *max),
        Reason::Missing => td_string!(locale, transfer.reason.missing).to_owned(),
        Reason::Repeated => td_string!(locale, transfer.reason.repeated).to_owned(),
        Reason::Type(name) => td_string!(locale, transfer.reason.json_type, name = *name),
        Reason::Text(max) => td_string!(locale, transfer.reason.text, n = *max),
        Reason::Address(error) => address_error(locale, *error).to_owned(),
        Reason::KeepAlive => td_string!(locale, form.error.keep_alive).to_owned(),
        Reason::MqttVersion => td_string!(locale, transfer.reason.mqtt_version).to_owned(),
        Reason::Filter => td_string!(locale, transfer.reason.filter).to_owned(),
        Reason::BidiControl => td_string!(locale, transfer.reason.bidi_control).to_owned(),
        Reason::Password => td_string!(locale, transfer.reason.password).to_owned(),
    };
    if path.is_empty() { text } else { format!("{path}: {text}") }
}
