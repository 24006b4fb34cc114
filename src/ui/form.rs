//! The connection's form: on the board at the first visit, in a dialog from then on.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::*;
use mqtt::{Link, Version, VersionChoice};

use super::dialog::dialog;
use super::element::{self, El, Phrase, button, el};
use super::{Page, memo};
use crate::address::{Address, AddressError, RequestError};
use crate::link::{self, Profile};
use crate::say;
use crate::words::Locale;

/// The choices of a version: what the form calls it, and what the visitor reads.
const VERSIONS: [(VersionChoice, &str, Phrase); 3] = [
    (VersionChoice::Newest, "Newest", |locale| say!(locale, form.version_newest)),
    (VersionChoice::Only(Version::V5), "Only(V5)", |locale| say!(locale, form.version_5)),
    (VersionChoice::Only(Version::V311), "Only(V311)", |locale| say!(locale, form.version_311)),
];

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
pub fn connection_form(page: Page) -> El {
    let request = page.request.get_value();
    let current = page.link(|link| link.with(|call| call.profile.clone()));
    let is_first_visit = current.is_none();
    let error = RwSignal::new(request.error.filter(|_| is_first_visit).map(FormError::Request));
    let (keep_alive, choice, filters) = match &current {
        Some(profile) => (profile.keep_alive, profile.version, profile.filters.clone()),
        None => (link::KEEP_ALIVE, request.version, request.filters),
    };
    let broker = RwSignal::new(match &current {
        Some(profile) => profile.address.as_str().to_owned(),
        None => request.broker.unwrap_or_else(|| page.origin.with_value(|origin| origin.default_broker())),
    });
    let given = |value: Option<&String>| RwSignal::new(value.cloned().unwrap_or_default());
    let user = given(current.as_ref().and_then(|profile| profile.user.as_ref()));
    let password = given(current.as_ref().and_then(|profile| profile.password.as_ref()));
    let keep_alive = RwSignal::new(keep_alive.to_string());
    let version = VERSIONS.iter().find(|(known, ..)| *known == choice).map_or("", |(_, name, _)| name);
    let version = RwSignal::new(version.to_owned());
    let filters = Rc::new(filters);
    let keeps_filters = RwSignal::new(!filters.is_empty());

    // A password was given for one broker; another must not be sent it unasked.
    let is_for = Rc::new(RefCell::new(current.map(|profile| profile.address)));

    let (given_for, kept) = (is_for.clone(), filters.clone());
    let connect = move || -> Result<(), FormError> {
        let address = Address::parse(&broker.get_untracked())
            .map_err(|error| FormError::Request(RequestError::Broker(error)))?;
        let seconds = keep_alive.get_untracked().trim().parse().ok().filter(|seconds| *seconds >= 5);
        let seconds = seconds.ok_or(FormError::KeepAlive)?;
        if given_for.borrow().as_ref().is_some_and(|given| *given != address) {
            password.set(String::new());
        }
        let version = version.get_untracked();
        let profile = Profile {
            address,
            user: Some(user.get_untracked()).filter(|user| !user.is_empty()),
            password: Some(password.get_untracked()).filter(|password| !password.is_empty()),
            keep_alive: seconds,
            version: VERSIONS
                .iter()
                .find(|(_, name, _)| *name == version)
                .map_or(choice, |(known, ..)| *known),
            filters: if keeps_filters.get_untracked() { kept.to_vec() } else { Vec::new() },
        };
        page.link(|link| link.connect(profile)).map_err(|_| {
            keeps_filters.set(false);
            FormError::Request(RequestError::NoFilter)
        })?;
        page.dialog_is_open.set(false);
        page.forget_devices();
        // The form on the board goes, and the focus with it. A dialog gives it back by itself.
        if is_first_visit {
            request_animation_frame(focus_headline);
        }
        Ok(())
    };
    let is_linked = memo(move |_| page.watch(|link| link.standing() != Link::Idle));
    // Each error stands at the field that it is about.
    let error_of = |id: &str, is_here: fn(&FormError) -> bool| {
        el("p", "error").attr("id", id).attr("role", "alert").tells(move || {
            error.with(|error| match error {
                Some(error) if is_here(error) => error.say(page.locale.get()),
                _ => String::new(),
            })
        })
    };
    let is_wrong = |field: El, is_here: fn(&FormError) -> bool| {
        let is_wrong = move || error.with(|error| error.as_ref().is_some_and(is_here)).to_string();
        field.attr_tells("aria-invalid", is_wrong)
    };
    let label = |class, phrase: Phrase, field: El| el("label", class).says(page, phrase).child(field);

    let broker_field = field(
        "broker",
        &[
            ("type", "url"),
            ("autocomplete", "url"),
            ("autocapitalize", "off"),
            ("spellcheck", "false"),
            ("dir", "ltr"),
            ("aria-describedby", "connection-error"),
        ],
    );
    let broker_field = is_wrong(broker_field.bind(broker), |error| {
        matches!(error, FormError::Request(RequestError::Broker(_)))
    });
    let user_field =
        field("user", &[("autocomplete", "username"), ("autocapitalize", "off"), ("spellcheck", "false")]);
    let password_field = field("password", &[("type", "password"), ("autocomplete", "current-password")])
        .bind(password)
        .on("input", move |_| *is_for.borrow_mut() = None);
    let keep_alive_field = field(
        "keep-alive",
        &[("inputmode", "numeric"), ("autocomplete", "off"), ("aria-describedby", "keep-alive-error")],
    );
    let keep_alive_field =
        is_wrong(keep_alive_field.bind(keep_alive), |error| matches!(error, FormError::KeepAlive));
    let choices = VERSIONS.map(|(_, name, phrase)| el("option", "").attr("value", name).says(page, phrase));
    // Only a choice that is there can be chosen.
    let version_field = el("select", "field").attr("name", "version").children(choices).bind(version);

    let broker_part = el("div", "")
        .child(label("broker", |locale| say!(locale, form.broker), broker_field))
        .child(error_of("connection-error", |error| !matches!(error, FormError::KeepAlive)));
    let login = el("div", "pair")
        .child(label("", |locale| say!(locale, form.user), user_field.bind(user)))
        .child(label("", |locale| say!(locale, form.password), password_field))
        .child(el("p", "hint").says(page, |locale| say!(locale, form.optional)));
    let keep_alive_part = el("div", "")
        .child(label("", |locale| say!(locale, form.keep_alive), keep_alive_field))
        .child(error_of("keep-alive-error", |error| matches!(error, FormError::KeepAlive)));
    let session = el("div", "pair").child(keep_alive_part).child(label(
        "",
        |locale| say!(locale, form.version),
        version_field,
    ));
    let submit =
        el("button", "button primary").attr("type", "submit").says(page, |locale| say!(locale, form.connect));
    let actions = el("div", "actions").child(submit).part(move || {
        is_linked.get().then(|| {
            let disconnect = move |_| {
                page.link(|link| link.disconnect());
                page.dialog_is_open.set(false);
            };
            button("button", disconnect)
                .attr("name", "disconnect")
                .says(page, |locale| say!(locale, form.disconnect))
        })
    });
    let title = el("h2", "").attr("id", "connection-title").tells(move || {
        let locale = page.locale.get();
        if page.dialog_is_open.get() { say!(locale, form.title) } else { say!(locale, form.welcome) }
            .to_owned()
    });
    el("form", "connection")
        .attr("novalidate", "")
        .on("submit", move |event| {
            // A form that navigates would end the page, and the policy forbids it.
            event.prevent_default();
            error.set(connect().err());
        })
        .child(title)
        .child(broker_part)
        .child(login)
        .child(session)
        .part(move || {
            let filters = filters.clone();
            keeps_filters.get().then(|| {
                let only = move || say!(page.locale.get(), form.filters, filters = filters.join(", "));
                el("p", "hint").tells(only)
            })
        })
        .child(actions)
}

fn field(name: &str, attributes: &[(&str, &str)]) -> El {
    let field = el("input", "field").attr("name", name);
    for (name, value) in attributes {
        field.set(name, Some(value));
    }
    field
}

/// The headline gets the focus when what had it is gone.
pub fn focus_headline() {
    if let Ok(Some(headline)) = document().query_selector(".headline") {
        element::focus(&headline);
    }
}

/// The form in a dialog of its own, opened by the badge.
pub fn connection_dialog(page: Page) -> El {
    dialog(
        page,
        "form",
        "connection-title",
        |page| page.dialog_is_open.set(false),
        |page, sheet| page.dialog_is_open.get().then(|| sheet.child(connection_form(page))),
    )
}
