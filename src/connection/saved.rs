//! The list of saved connections, and what can be done with each: connect, edit, duplicate, delete and undo that.
//!
//! The list is read from the browser's storage whenever it may have changed. A button acts on what is saved under its
//! connection's name at that moment: another tab may have changed it.

use leptos::html;
use leptos::prelude::*;

use super::form::{FormState, focus_next_frame};
use super::validation::FormError;
use crate::components::focus;
use crate::context::use_app;
use crate::format::use_format;
use crate::i18n::{foreign, t_string, text, use_i18n};
use crate::storage::profiles::{self, ChangeError, SavedProfile};

/// How many connections are added to the list per frame. A thousand at once would block the page for most of a second.
const STEP: usize = 50;

/// The last deletion, which can be undone.
#[derive(Copy, Clone)]
struct Deletion {
    /// What was deleted, and its place in the list.
    deleted: RwSignal<Option<(usize, SavedProfile)>>,
    undo_button: NodeRef<html::Button>,
}

/// The saved connections.
#[component]
pub fn SavedConnections(
    /// The form that a connection is edited in.
    form: FormState,
) -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let saved = Memo::new(move |_| {
        app.saved_changed.track();
        profiles::load()
    });
    let listed = RwSignal::new(STEP);
    let is_listing = Memo::new(move |_| listed.get() < saved.with(Vec::len));
    Effect::new(move || {
        listed.track();
        if is_listing.get() {
            request_animation_frame(move || {
                // The list may be gone by then.
                let _ = listed.try_update(|listed| *listed += STEP);
            });
        }
    });
    let list = NodeRef::<html::Ul>::new();
    let deletion = Deletion { deleted: RwSignal::new(None), undo_button: NodeRef::new() };
    view! {
        <div class="kept">
            <ul node_ref=list aria-label=text!(i18n, saved.title)>
                <For
                    each=move || saved.with(|saved| saved.iter().take(listed.get()).cloned().collect::<Vec<_>>())
                    // All that an item shows: what is shown of a connection does not change.
                    key=|SavedProfile { name, profile }| {
                        let address = profile.address.as_str().to_owned();
                        (name.clone(), address, profile.user.clone(), profile.password.is_some())
                    }
                    let:saved
                >
                    <SavedConnection saved form deletion />
                </For>
            </ul>
            <ListingProgress listed=listed.into() count=Signal::derive(move || saved.with(Vec::len)) />
            <p class="undo" role="status">
                <Undo form deletion list />
            </p>
        </div>
    }
}

/// How much of the list is shown already.
#[component]
fn ListingProgress(
    /// How many connections are listed, if there are so many.
    listed: Signal<usize>,
    /// How many there are.
    count: Signal<usize>,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let thousandths = Memo::new(move |_| match (listed.get(), count.get()) {
        (listed, count) if listed < count => listed * 1_000 / count,
        _ => 1_000,
    });
    let text = move || t_string!(i18n, saved.listing, share = format.percent(thousandths.get() as u32));
    view! {
        <p class="listing" hidden=move || thousandths.get() == 1_000>
            <progress max="1000" aria-labelledby="listing" value=move || thousandths.get()></progress>
            " "
            <span id="listing">{text}</span>
        </p>
    }
}

/// One saved connection. What it shows does not change.
#[component]
fn SavedConnection(
    /// The connection.
    saved: SavedProfile,
    /// The form that it is edited in.
    form: FormState,
    /// The last deletion.
    deletion: Deletion,
) -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let SavedProfile { name, profile } = saved;
    let has_password = profile.password.is_some();
    let mut facts = vec![profile.address.as_str().to_owned()];
    facts.extend(profile.user);
    let facts = facts.join(" · ");
    let details = move || match has_password {
        true => format!("{facts} · {}", t_string!(i18n, saved.with_password)),
        false => facts.clone(),
    };
    let name = StoredValue::new(name);
    let current = move || {
        let saved = name.with_value(|name| profiles::load().into_iter().find(|saved| saved.name == *name));
        if saved.is_none() {
            // Another tab deleted it.
            app.saved_changed.notify();
        }
        saved
    };
    let connect = move |_| {
        let Some(saved) = current() else { return };
        // Without its password the broker would refuse: ask for it first.
        if saved.profile.user.is_some() && saved.profile.password.is_none() {
            form.edit(&saved);
            return focus_next_frame(form.fields.password);
        }
        form.mark_used(&saved.name);
        if let Err(error) = form.connect_to(saved.profile.clone()) {
            form.edit(&saved);
            form.show(Err(error));
            focus_next_frame(form.fields.filters);
        }
    };
    let edit = move |_| {
        if let Some(saved) = current() {
            form.edit(&saved);
            focus_next_frame(form.fields.broker);
        }
    };
    let duplicate = move |_| {
        let Some(mut saved) = current() else { return };
        let name = profiles::change(|profiles| {
            let original = profiles.iter().position(|other| other.name == saved.name);
            profiles::insert(profiles, original.map_or(0, |place| place + 1), saved.clone())
        });
        match name {
            Err(error) => form.show(Err(FormError::Change(error))),
            Ok(name) => {
                app.saved_changed.notify();
                saved.name = name;
                form.edit(&saved);
                focus_next_frame(form.fields.name);
            }
        }
    };
    let delete = move |_| {
        let removed: Result<_, ChangeError> =
            name.with_value(|name| profiles::change(|profiles| Ok(profiles::remove(profiles, name))));
        match removed {
            Err(error) => form.show(Err(FormError::Change(error))),
            Ok(removed) => {
                // If another tab deleted it, there is nothing to undo here.
                if removed.is_some() {
                    deletion.deleted.set(removed);
                    // The button that has the focus goes.
                    focus_next_frame(deletion.undo_button);
                }
                app.saved_changed.notify();
            }
        }
    };
    // With the connection's name, which a screen reader does not find beside the button.
    let label = move |action: &str| name.with_value(|name| format!("{action} – {name}"));
    view! {
        <li data-profile=name.get_value()>
            <b dir="auto">{name.get_value()}</b>
            <span class="details" dir="auto">
                {details}
            </span>
            <div class="actions">
                <button
                    class="button small"
                    type="button"
                    name="use"
                    aria-label=move || label(t_string!(i18n, form.connect))
                    on:click=connect
                >
                    {text!(i18n, form.connect)}
                </button>
                <button
                    class="button small"
                    type="button"
                    aria-label=move || label(t_string!(i18n, saved.edit))
                    on:click=edit
                >
                    {text!(i18n, saved.edit)}
                </button>
                <button
                    class="button small"
                    type="button"
                    aria-label=move || label(t_string!(i18n, saved.duplicate))
                    on:click=duplicate
                >
                    {text!(i18n, saved.duplicate)}
                </button>
                <button
                    class="button small"
                    type="button"
                    aria-label=move || label(t_string!(i18n, saved.delete))
                    on:click=delete
                >
                    {text!(i18n, saved.delete)}
                </button>
            </div>
        </li>
    }
}

/// Says what was deleted, and undoes it.
#[component]
fn Undo(
    /// Where an error is shown.
    form: FormState,
    /// The last deletion.
    deletion: Deletion,
    /// The list, which gets the focus afterwards.
    list: NodeRef<html::Ul>,
) -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let Deletion { deleted, undo_button } = deletion;
    let undo = move |_| {
        let Some((place, saved)) = deleted.get_untracked() else { return };
        let restored = profiles::change(|profiles| profiles::insert(profiles, place, saved));
        if let Err(error) = restored {
            // It can still be undone later.
            return form.show(Err(FormError::Change(error)));
        }
        deleted.set(None);
        app.saved_changed.notify();
        // The button that has the focus goes.
        request_animation_frame(move || {
            let list = list.try_get_untracked().flatten();
            if let Some(Ok(Some(button))) = list.map(|list| list.query_selector("[name=use]")) {
                focus(&button);
            }
        });
    };
    let text = move || {
        deleted.with(|deleted| {
            let (_, saved) = deleted.as_ref()?;
            Some(t_string!(i18n, saved.deleted, name = foreign(&saved.name)))
        })
    };
    view! {
        <Show when=move || deleted.with(Option::is_some)>
            <span>
                {text} " "
                <button
                    class="button small"
                    type="button"
                    name="undo"
                    node_ref=undo_button
                    on:click=undo
                >
                    {text!(i18n, saved.undo)}
                </button>
            </span>
        </Show>
    }
}
