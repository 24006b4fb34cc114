//! The bar at the top: the name, the two switches, and the connection's badge.

use leptos::prelude::*;
use mqtt::{Link, Version};

use super::{Page, derive, on, text};
use crate::words::Locale;
use crate::{link, say, store};

/// Under which name the visitor's choice of colours is kept.
const THEME: &str = "willow.theme";

/// A constant, for the macro writes an element whose attributes are all literals as `use_` into the page.
const BRAND: &str = "#willow";

/// The bar at the top.
#[component]
pub fn Header() -> impl IntoView {
    view! {
        <header class="header">
            <div class="brand">
                <svg aria-hidden="true">
                    <use_ href=BRAND />
                </svg>
                "Willow"
            </div>
            <LanguageSwitch />
            <ThemeSwitch />
            <Badge />
        </header>
    }
}

/// Each language under its own name: whoever looks for it can read that.
#[component]
fn LanguageSwitch() -> impl IntoView {
    let page = Page::here();
    let option = move |locale: Locale, name: &'static str| {
        view! {
            <option value=leptos_i18n::Locale::as_str(locale) selected=derive(move || page.locale.get() == locale)>
                {name}
            </option>
        }
    };
    let on_change = move |event| {
        let chosen = event_target_value(&event);
        page.speak(if chosen == "zh-CN" { Locale::zh_CN } else { Locale::en });
    };
    view! {
        <select class="switch" name="language" aria-label=page.phrase(|locale| say!(locale, page.language)) on:change=on(on_change)>
            {option(Locale::en, "English")}
            {option(Locale::zh_CN, "简体中文")}
        </select>
    }
}

/// The system's colours, light, dark.
const THEMES: [&str; 3] = ["system", "light", "dark"];

/// Goes through the system's colours, light and dark by one attribute on the root; the style sheet does
/// the rest.
#[component]
fn ThemeSwitch() -> impl IntoView {
    let page = Page::here();
    let kept = store::read(THEME);
    let theme =
        RwSignal::new(THEMES.into_iter().find(|theme| Some(*theme) == kept.as_deref()).unwrap_or(THEMES[0]));
    Effect::new(move |_| {
        let Some(root) = document().document_element() else { return };
        let theme = Some(theme.get()).filter(|theme| *theme != THEMES[0]);
        store::write(THEME, theme);
        let _ = match theme {
            None => root.remove_attribute("data-theme"),
            Some(theme) => root.set_attribute("data-theme", theme),
        };
    });
    let on_click = move |_| {
        let next = THEMES.into_iter().cycle().skip_while(|known| *known != theme.get_untracked()).nth(1);
        theme.set(next.unwrap_or(THEMES[0]));
    };
    let label = derive(move || {
        let locale = page.locale.get();
        match theme.get() {
            "light" => say!(locale, page.theme_light),
            "dark" => say!(locale, page.theme_dark),
            _ => say!(locale, page.theme_system),
        }
    });
    view! {
        <button type="button" class="switch theme" title=label aria-label=label on:click=on(on_click)>
            <svg aria-hidden="true">
                <use_ href=text(move || format!("#theme-{}", theme.get())) />
            </svg>
        </button>
    }
}

/// Where the connection stands; opens the form.
#[component]
fn Badge() -> impl IntoView {
    let page = Page::here();
    let standing = move || page.state.with(|state| state.standing);
    let word = derive(move || {
        let locale = page.locale.get();
        match standing() {
            Link::Idle => say!(locale, link.idle),
            Link::Connecting => say!(locale, link.connecting),
            Link::Connected => say!(locale, link.connected),
            Link::Waiting { .. } => say!(locale, link.waiting),
            Link::Refused => say!(locale, link.refused),
        }
    });
    let address = text(move || {
        let address = page.state.with(|state| state.address.clone());
        address.unwrap_or_else(|| say!(page.locale.get(), link.no_broker).to_owned())
    });
    let version = derive(move || match page.state.with(|state| state.version) {
        None => "",
        Some(Version::V311) => "MQTT 3.1.1",
        Some(Version::V5) => "MQTT 5",
    });
    view! {
        <button
            type="button"
            class="badge"
            data-link=derive(move || link::word(standing()))
            title=text(move || say!(page.locale.get(), link.change, state = word.get()))
            aria-haspopup="dialog"
            on:click=on(move |_| page.dialog_is_open.set(true))
        >
            <span class="lamp"></span>
            <b>{word}</b>
            <span class="address" dir="auto">{address}</span>
            <span class="version">{version}</span>
        </button>
    }
}
