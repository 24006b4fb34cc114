//! The form's fields and buttons.

use leptos::html;
use leptos::prelude::*;
use mqtt::Link;

use super::form::FormState;
use super::validation::{FormError, Section};
use crate::client;
use crate::context::use_app;
use crate::i18n::{foreign, t_string, text, use_i18n};
use crate::storage::profiles::{MAX_NAME, VERSIONS};

/// The form.
#[component]
pub fn FormFields(
    /// What is typed.
    form: FormState,
) -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    view! {
        <form
            class="connection"
            novalidate
            on:submit=move |event| {
                // The policy of the page forbids a form to navigate.
                event.prevent_default();
                form.show(form.connect());
            }
        >
            <BrokerField form />
            <LoginFields form />
            <AdvancedFields form />
            <div class="actions">
                <button class="button primary" type="submit">
                    {text!(i18n, form.connect)}
                </button>
                <Show when=move || app.status.with(|status| status.link != Link::Idle)>
                    <button
                        class="button"
                        type="button"
                        name="disconnect"
                        on:click=move |_| form.disconnect()
                    >
                        {text!(i18n, form.disconnect)}
                    </button>
                </Show>
            </div>
            <SaveFields form />
        </form>
    }
}

#[component]
fn BrokerField(
    /// What is typed.
    form: FormState,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div>
            <label class="broker">
                {text!(i18n, form.broker)}
                <input
                    class="field"
                    type="url"
                    name="broker"
                    autocomplete="url"
                    autocapitalize="off"
                    spellcheck="false"
                    dir="ltr"
                    aria-describedby="connection-error"
                    aria-invalid=is_invalid(form, |error| error.section() == Section::Broker)
                    node_ref=form.fields.broker
                    bind:value=form.broker
                />
            </label>
            <ErrorText form section=Section::Broker id="connection-error" />
        </div>
    }
}

#[component]
fn LoginFields(
    /// What is typed.
    form: FormState,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="pair">
            <label>
                {text!(i18n, form.user)}
                <input
                    class="field"
                    name="user"
                    autocomplete="username"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby="login-hint login-error"
                    node_ref=form.fields.user
                    bind:value=form.user
                />
            </label>
            <label>
                {text!(i18n, form.password)}
                <input
                    class="field"
                    type="password"
                    name="password"
                    autocomplete="current-password"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby="login-hint login-error"
                    node_ref=form.fields.password
                    bind:value=form.password
                    on:input=move |_| form.handle_password_input()
                />
            </label>
            <p class="hint" id="login-hint">
                {text!(i18n, form.login_hint)}
            </p>
            <ErrorText form section=Section::Login id="login-error" />
        </div>
    }
}

/// What most visitors never change.
#[component]
fn AdvancedFields(
    /// What is typed.
    form: FormState,
) -> impl IntoView {
    let i18n = use_i18n();
    let details = NodeRef::<html::Details>::new();
    let is_open = form.is_advanced_open;
    let handle_toggle = move |_| {
        if let Some(details) = details.get_untracked() {
            is_open.set(details.open());
        }
    };
    let versions = VERSIONS.map(|(_, word)| {
        let label = move || match word {
            "5" => t_string!(i18n, form.version_5),
            "3.1.1" => t_string!(i18n, form.version_311),
            _ => t_string!(i18n, form.version_newest),
        };
        view! { <option value=word>{label}</option> }
    });
    let generate = text!(i18n, form.client_id_generate);
    view! {
        <details
            class="more"
            node_ref=details
            prop:open=move || is_open.get()
            on:toggle=handle_toggle
        >
            <summary>{text!(i18n, form.advanced)}</summary>
            <div class="pair">
                <label>
                    {text!(i18n, form.keep_alive)}
                    <input
                        class="field"
                        name="keep-alive"
                        inputmode="numeric"
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        aria-describedby="more-error"
                        aria-invalid=is_invalid(form, |error| *error == FormError::KeepAlive)
                        bind:value=form.keep_alive
                    />
                </label>
                <label>
                    {text!(i18n, form.version)}
                    <select class="field" name="version" bind:value=form.version>
                        {versions}
                    </select>
                </label>
            </div>
            <div class="pair with-button">
                <label>
                    {text!(i18n, form.client_id)}
                    <input
                        class="field"
                        name="client-id"
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        dir="ltr"
                        aria-describedby="client-id-hint more-error"
                        aria-invalid=is_invalid(form, |error| *error == FormError::ClientId)
                        placeholder=text!(i18n, form.client_id_placeholder)
                        bind:value=form.client_id
                    />
                </label>
                <button
                    class="button renew"
                    type="button"
                    name="renew"
                    title=generate
                    aria-label=generate
                    on:click=move |_| form.client_id.set(client::new_client_id())
                >
                    "↻"
                </button>
                <p class="hint" id="client-id-hint">
                    {text!(i18n, form.client_id_hint)}
                </p>
            </div>
            <label>
                {text!(i18n, form.subscriptions)}
                <textarea
                    class="field"
                    name="filters"
                    rows="3"
                    dir="ltr"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby="filters-hint more-error"
                    aria-invalid=is_invalid(
                        form,
                        |error| matches!(error, FormError::FilterLine(_) | FormError::NoFilterLine),
                    )
                    node_ref=form.fields.filters
                    bind:value=form.filters
                ></textarea>
            </label>
            <p class="hint" id="filters-hint">
                {text!(i18n, form.subscriptions_hint)}
            </p>
            <ErrorText form section=Section::Advanced id="more-error" />
        </details>
    }
}

/// What of it is saved in this browser, and what that means.
#[component]
fn SaveFields(
    /// What is typed.
    form: FormState,
) -> impl IntoView {
    let i18n = use_i18n();
    // The scripts of this address can read what is saved, so it is named.
    let origin = window().location().host().unwrap_or_default();
    let risk = move || t_string!(i18n, form.save_password_risk, origin = origin.as_str());
    let saved = move || form.saved_as.get().map(|name| t_string!(i18n, form.saved, name = foreign(&name)));
    view! {
        <fieldset class="keeping">
            <legend>{text!(i18n, form.save_title)}</legend>
            <label>
                {text!(i18n, form.name)}
                <input
                    class="field"
                    name="name"
                    maxlength=MAX_NAME
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby="name-error"
                    aria-invalid=is_invalid(form, |error| error.section() == Section::Save)
                    placeholder=text!(i18n, form.name_placeholder)
                    node_ref=form.fields.name
                    bind:value=form.name
                />
            </label>
            <ErrorText form section=Section::Save id="name-error" />
            <label class="tick">
                <input
                    type="checkbox"
                    name="keep-password"
                    aria-describedby="keep-password-hint"
                    bind:checked=form.saves_password
                />
                <span>{text!(i18n, form.save_password)}</span>
            </label>
            <p class="hint" id="keep-password-hint">
                {risk}
            </p>
            <div class="actions">
                <button
                    class="button"
                    type="button"
                    name="save"
                    on:click=move |_| form.show(form.save())
                >
                    {text!(i18n, form.save)}
                </button>
                <span class="saved-as" role="status">
                    {saved}
                </span>
            </div>
        </fieldset>
    }
}

/// The error of a section, below its fields.
#[component]
fn ErrorText(
    /// What is typed.
    form: FormState,
    /// The section.
    section: Section,
    /// The id by which the fields refer to it.
    id: &'static str,
) -> impl IntoView {
    let i18n = use_i18n();
    let text = move || {
        form.error.with(|error| {
            let error = error.as_ref().filter(|error| error.section() == section)?;
            Some(error.text(i18n.get_locale()))
        })
    };
    view! { <p class="error" id=id role="alert">{text}</p> }
}

/// The value of `aria-invalid` of a field.
fn is_invalid(form: FormState, is_here: fn(&FormError) -> bool) -> impl Fn() -> &'static str + Copy {
    move || match form.error.with(|error| error.as_ref().is_some_and(is_here)) {
        true => "true",
        false => "false",
    }
}
