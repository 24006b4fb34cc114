//! The connection's form: on the board at the first visit, in a dialog from then on.

use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;
use mqtt::{Link, Version, VersionChoice};
use wasm_bindgen::JsCast;

use super::dialog::Dialog;
use super::{Page, derive, memo, on, part, text};
use crate::address::{Address, AddressError, RequestError};
use crate::link::{self, Profile};
use crate::say;
use crate::words::Locale;

#[derive(Clone, PartialEq)]
enum FormError {
    Request(RequestError),
    KeepAlive,
}

impl FormError {
    fn say(&self, locale: Locale) -> String {
        match self {
            FormError::Request(RequestError::Broker(error)) => match error {
                AddressError::Empty => say!(locale, form.error.empty),
                AddressError::Scheme => say!(locale, form.error.scheme),
                AddressError::Tcp => say!(locale, form.error.tcp),
                AddressError::Host => say!(locale, form.error.host),
                AddressError::Port => say!(locale, form.error.port),
                AddressError::Credentials => say!(locale, form.error.credentials),
                AddressError::Fragment => say!(locale, form.error.fragment),
            }
            .to_owned(),
            FormError::Request(RequestError::Filter(value)) => say!(locale, form.error.filter, value = value),
            FormError::Request(RequestError::Version(value)) => {
                say!(locale, form.error.version, value = value)
            }
            FormError::KeepAlive => say!(locale, form.error.keep_alive).to_owned(),
            FormError::Request(RequestError::NoFilter) => say!(locale, form.error.no_filter).to_owned(),
        }
    }
}

/// The form, filled with the connection there is, or with what the page's address says, or with the default.
#[component]
pub fn ConnectionForm() -> impl IntoView {
    let page = Page::here();
    let request = page.request.get_value();
    let current = page.link(|link| link.with(|call| call.profile.clone()));
    let filters = RwSignal::new(
        current.as_ref().map_or_else(|| request.filters.clone(), |profile| profile.filters.clone()),
    );
    let error = RwSignal::new(request.error.filter(|_| current.is_none()).map(FormError::Request));
    let broker = RwSignal::new(match &current {
        Some(profile) => profile.address.as_str().to_owned(),
        None => request.broker.unwrap_or_else(|| page.origin.with_value(|origin| origin.default_broker())),
    });
    let given = |value: Option<&String>| RwSignal::new(value.cloned().unwrap_or_default());
    let user = given(current.as_ref().and_then(|profile| profile.user.as_ref()));
    let password = given(current.as_ref().and_then(|profile| profile.password.as_ref()));
    let keep_alive =
        RwSignal::new(current.as_ref().map_or(link::KEEP_ALIVE, |profile| profile.keep_alive).to_string());
    let version = RwSignal::new(current.as_ref().map_or(request.version, |profile| profile.version));

    // A password was given for one broker; another must not be sent it unasked.
    let is_for = StoredValue::new(current.as_ref().map(|profile| profile.address.clone()));
    let is_first_visit = current.is_none();

    let connect = {
        move || -> Result<(), FormError> {
            let address = Address::parse(&broker.get_untracked())
                .map_err(|error| FormError::Request(RequestError::Broker(error)))?;
            let seconds = keep_alive.get_untracked().trim().parse().ok().filter(|seconds| *seconds >= 5);
            let seconds = seconds.ok_or(FormError::KeepAlive)?;
            if is_for.with_value(|given| given.as_ref().is_some_and(|given| *given != address)) {
                password.set(String::new());
            }
            let profile = Profile {
                address,
                user: Some(user.get_untracked()).filter(|user| !user.is_empty()),
                password: Some(password.get_untracked()).filter(|password| !password.is_empty()),
                keep_alive: seconds,
                version: version.get_untracked(),
                filters: filters.get_untracked(),
            };
            page.link(|link| link.connect(profile)).map_err(|_| {
                filters.set(Vec::new());
                FormError::Request(RequestError::NoFilter)
            })?;
            page.dialog_is_open.set(false);
            page.forget_devices();
            // The form on the board goes, and the focus with it. A dialog gives it back by itself.
            if is_first_visit {
                request_animation_frame(focus_headline);
            }
            Ok(())
        }
    };
    let on_submit = move |event: SubmitEvent| {
        // A form that navigates would end the page, and the policy forbids it.
        event.prevent_default();
        error.set(connect().err());
    };
    let is_linked = memo(move |_| page.watch(|link| link.standing() != Link::Idle));
    let on_disconnect = move |_: MouseEvent| {
        page.link(|link| link.disconnect());
        page.dialog_is_open.set(false);
    };
    let option = move |choice: VersionChoice, name: fn(Locale) -> &'static str| {
        let on_select = derive(move || version.get() == choice);
        view! {
            <option value=format!("{choice:?}") selected=on_select>{page.phrase(name)}</option>
        }
    };
    let on_version = move |event| {
        let value = event_target_value(&event);
        let choices = [VersionChoice::Only(Version::V5), VersionChoice::Only(Version::V311)];
        let chosen = choices.into_iter().find(|choice| format!("{choice:?}") == value);
        version.set(chosen.unwrap_or(VersionChoice::Newest));
    };
    let address_is_wrong = text(move || {
        let is_wrong = |error: &Option<_>| matches!(error, Some(FormError::Request(RequestError::Broker(_))));
        error.with(is_wrong).to_string()
    });
    let is_keep_alive = |error: &Option<FormError>| *error == Some(FormError::KeepAlive);
    let keep_alive_is_wrong = text(move || error.with(is_keep_alive).to_string());
    // Each error stands at the field that it is about.
    let error_text = move |is_here: bool| {
        text(move || {
            error.with(|error| match error {
                Some(error) if (*error == FormError::KeepAlive) == is_here => error.say(page.locale.get()),
                _ => String::new(),
            })
        })
    };
    let title = derive(move || {
        let locale = page.locale.get();
        if page.dialog_is_open.get() { say!(locale, form.title) } else { say!(locale, form.welcome) }
    });
    let only = part(move || {
        let filters = filters.with(|filters| filters.join(", "));
        (!filters.is_empty()).then(|| {
            let only = text(move || say!(page.locale.get(), form.filters, filters = filters));
            view! { <p class="hint">{only}</p> }.into_any()
        })
    });
    let end = part(move || {
        is_linked.get().then(|| {
            view! {
                <button class="button" type="button" name="disconnect" on:click=on(on_disconnect)>
                    {page.phrase(|locale| say!(locale, form.disconnect))}
                </button>
            }
            .into_any()
        })
    });

    view! {
        <form class="connection" novalidate on:submit=on(on_submit)>
            <h2 id="connection-title">{title}</h2>
            <div>
                <label class="broker">
                    {page.phrase(|locale| say!(locale, form.broker))}
                    <input
                        class="field"
                        type="url"
                        name="broker"
                        autocomplete="url"
                        autocapitalize="off"
                        spellcheck="false"
                        dir="ltr"
                        aria-describedby="connection-error"
                        aria-invalid=address_is_wrong
                        bind:value=broker
                    />
                </label>
                <p class="error" id="connection-error" role="alert">
                    {error_text(false)}
                </p>
            </div>
            <div class="pair">
                <label>
                    {page.phrase(|locale| say!(locale, form.user))}
                    <input class="field" name="user" autocomplete="username" autocapitalize="off" spellcheck="false" bind:value=user />
                </label>
                <label>
                    {page.phrase(|locale| say!(locale, form.password))}
                    <input class="field" type="password" name="password" autocomplete="current-password" bind:value=password on:input=on(move |_| is_for.set_value(None)) />
                </label>
                <p class="hint">{page.phrase(|locale| say!(locale, form.optional))}</p>
            </div>
            <div class="pair">
                <div>
                    <label>
                        {page.phrase(|locale| say!(locale, form.keep_alive))}
                        <input
                            class="field"
                            name="keep-alive"
                            inputmode="numeric"
                            autocomplete="off"
                            aria-describedby="keep-alive-error"
                            aria-invalid=keep_alive_is_wrong
                            bind:value=keep_alive
                        />
                    </label>
                    <p class="error" id="keep-alive-error" role="alert">
                        {error_text(true)}
                    </p>
                </div>
                <label>
                    {page.phrase(|locale| say!(locale, form.version))}
                    <select class="field" name="version" on:change=on(on_version)>
                        {option(VersionChoice::Newest, |locale| say!(locale, form.version_newest))}
                        {option(VersionChoice::Only(Version::V5), |locale| say!(locale, form.version_5))}
                        {option(VersionChoice::Only(Version::V311), |locale| say!(locale, form.version_311))}
                    </select>
                </label>
            </div>
            {only}
            <div class="actions">
                <button class="button primary" type="submit">
                    {page.phrase(|locale| say!(locale, form.connect))}
                </button>
                {end}
            </div>
        </form>
    }
}

/// The headline gets the focus when what had it is gone.
pub fn focus_headline() {
    let headline = document().query_selector(".headline").ok().flatten();
    if let Some(headline) = headline.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = headline.focus();
    }
}

/// The form in a dialog of its own, opened by the badge.
#[component]
pub fn ConnectionDialog() -> impl IntoView {
    let page = Page::here();
    view! {
        <Dialog
            class="form"
            title="connection-title"
            is_open=page.dialog_is_open.into()
            close=|page| page.dialog_is_open.set(false)
            sheet=|_| view! { <ConnectionForm /> }.into_any()
        />
    }
}
