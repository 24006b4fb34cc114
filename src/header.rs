//! The bar at the top: the name, the switches, and the connection's badge.

use leptos::prelude::*;
use mqtt::Link;

use crate::client;
use crate::components::Icon;
use crate::context::{Dialog, Theme, use_app};
use crate::i18n::{self, Locale, t_string, td_string, text, use_i18n};
use crate::storage;

/// The bar at the top.
#[component]
pub fn Header() -> impl IntoView {
    view! {
        <header class="header">
            <div class="brand">
                <Icon name="willow" />
                "Willow"
            </div>
            <LanguageSwitch />
            <ThemeSwitch />
            <HelpButton />
            <ConnectionBadge />
        </header>
    }
}

/// Lists each language under its own name, which its readers can read.
#[component]
fn LanguageSwitch() -> impl IntoView {
    let i18n = use_i18n();
    let choose = move |event| {
        if let Ok(locale) = event_target_value(&event).parse::<Locale>() {
            storage::write(storage::LANGUAGE, Some(i18n::tag(locale)));
            i18n.set_locale(locale);
        }
    };
    let options = i18n::locales().iter().copied().map(|locale| {
        let tag = i18n::tag(locale);
        view! {
            <option value=tag lang=tag>
                {td_string!(locale, page.own_name)}
            </option>
        }
    });
    view! {
        <select
            class="switch"
            name="language"
            aria-label=text!(i18n, page.language)
            prop:value=move || i18n::tag(i18n.get_locale())
            on:change=choose
        >
            {options.collect_view()}
        </select>
    }
}

/// Switches between the system's colours, light and dark. The page has the choice as an attribute of its root, and the
/// style sheet does the rest.
#[component]
fn ThemeSwitch() -> impl IntoView {
    let i18n = use_i18n();
    let theme = use_app().theme;
    let label = Signal::derive(move || match theme.get() {
        Theme::System => t_string!(i18n, page.theme_system),
        Theme::Light => t_string!(i18n, page.theme_light),
        Theme::Dark => t_string!(i18n, page.theme_dark),
    });
    let icon = Signal::derive(move || match theme.get() {
        Theme::System => "theme-system",
        Theme::Light => "theme-light",
        Theme::Dark => "theme-dark",
    });
    view! {
        <button
            type="button"
            class="switch theme"
            title=label
            aria-label=label
            on:click=move |_| {
                let chosen = theme.get_untracked().next();
                storage::write(storage::THEME, chosen.word());
                theme.set(chosen);
            }
        >
            <Icon name=icon />
        </button>
    }
}

#[component]
fn HelpButton() -> impl IntoView {
    let i18n = use_i18n();
    let dialog = use_app().dialog;
    let label = text!(i18n, help.title);
    view! {
        <button
            type="button"
            class="switch"
            name="help"
            aria-haspopup="dialog"
            aria-keyshortcuts="?"
            title=label
            aria-label=label
            on:click=move |_| dialog.set(Some(Dialog::Help))
        >
            "?"
        </button>
    }
}

/// Says where the connection stands, and opens its form.
#[component]
fn ConnectionBadge() -> impl IntoView {
    let i18n = use_i18n();
    let app = use_app();
    let link = Memo::new(move |_| app.status.with(|status| status.link));
    let state = move || match link.get() {
        Link::Idle => t_string!(i18n, link.idle),
        Link::Connecting => t_string!(i18n, link.connecting),
        Link::Connected => t_string!(i18n, link.connected),
        Link::Waiting { .. } => t_string!(i18n, link.waiting),
        Link::Refused => t_string!(i18n, link.refused),
    };
    let address = move || {
        let address = app.status.with(|status| status.address.clone());
        address.unwrap_or_else(|| t_string!(i18n, link.no_broker).to_owned())
    };
    let version = move || app.status.with(|status| status.version).map(|version| format!("MQTT {version}"));
    view! {
        <button
            type="button"
            class="badge"
            data-link=move || client::word(link.get())
            title=move || t_string!(i18n, link.change, state = state())
            aria-haspopup="dialog"
            on:click=move |_| app.dialog.set(Some(Dialog::Connection))
        >
            <span class="lamp"></span>
            <b>{state}</b>
            <span class="address" dir="auto">{address}</span>
            <span class="version">{version}</span>
        </button>
    }
}
