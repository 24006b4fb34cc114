//! The bar at the top: the name, the two switches, and the connection's badge.

use leptos::prelude::*;
use mqtt::{Link, Version};

use super::Page;
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
            <option value=leptos_i18n::Locale::as_str(locale) selected=move || page.locale.get() == locale>
                {name}
            </option>
        }
    };
    let on_change = move |event| {
        let chosen = event_target_value(&event);
        page.speak(if chosen == "zh-CN" {
            Locale::zh_CN
        } else {
            Locale::en
        });
    };
    view! {
        <select class="switch" name="language" aria-label=move || say!(page.locale.get(), page.language) on:change=on_change>
            {option(Locale::en, "English")}
            {option(Locale::zh_CN, "简体中文")}
        </select>
    }
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    fn word(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    fn next(self) -> Theme {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }
}

/// Goes through the system's colours, light and dark by one attribute on the root; the style sheet does
/// the rest.
#[component]
fn ThemeSwitch() -> impl IntoView {
    let page = Page::here();
    let theme = RwSignal::new(match store::read(THEME).as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    });
    Effect::new(move |_| {
        let Some(root) = document().document_element() else {
            return;
        };
        let _ = match theme.get() {
            Theme::System => root.remove_attribute("data-theme"),
            theme => root.set_attribute("data-theme", theme.word()),
        };
    });
    let on_click = move |_| {
        theme.update(|theme| *theme = theme.next());
        let chosen = theme.get_untracked();
        store::write(THEME, (chosen != Theme::System).then(|| chosen.word()));
    };
    let label = move || {
        let locale = page.locale.get();
        match theme.get() {
            Theme::System => say!(locale, page.theme_system),
            Theme::Light => say!(locale, page.theme_light),
            Theme::Dark => say!(locale, page.theme_dark),
        }
    };
    view! {
        <button type="button" class="switch theme" title=label aria-label=label on:click=on_click>
            <svg aria-hidden="true">
                <use_ href=move || format!("#theme-{}", theme.get().word()) />
            </svg>
        </button>
    }
}

#[derive(Clone, PartialEq)]
struct Connection {
    standing: Link,
    address: Option<String>,
    version: Option<Version>,
}

/// Where the connection stands; opens the form.
#[component]
fn Badge() -> impl IntoView {
    let page = Page::here();
    let connection = Memo::new(move |_| {
        page.watch(|link| {
            let standing = link.standing();
            let call = link.with(|call| {
                let version = call
                    .engine
                    .session()
                    .version()
                    .filter(|_| standing == Link::Connected);
                (call.profile.address.as_str().to_owned(), version)
            });
            let (address, version) = call.unzip();
            Connection {
                standing,
                address,
                version: version.flatten(),
            }
        })
    });
    let standing = Memo::new(move |_| connection.with(|connection| connection.standing));
    let word = move || {
        let locale = page.locale.get();
        match standing.get() {
            Link::Idle => say!(locale, link.idle),
            Link::Connecting => say!(locale, link.connecting),
            Link::Connected => say!(locale, link.connected),
            Link::Waiting { .. } => say!(locale, link.waiting),
            Link::Refused => say!(locale, link.refused),
        }
    };
    let address = move || {
        let address = connection.with(|connection| connection.address.clone());
        address.unwrap_or_else(|| say!(page.locale.get(), link.no_broker).to_owned())
    };
    let version = move || {
        let version = connection.with(|connection| connection.version)?;
        Some(match version {
            Version::V311 => "MQTT 3.1.1",
            Version::V5 => "MQTT 5",
        })
    };
    view! {
        <button
            type="button"
            class="badge"
            data-link=move || link::word(standing.get())
            title=move || say!(page.locale.get(), link.change, state = word())
            aria-haspopup="dialog"
            on:click=move |_| page.dialog_is_open.set(true)
        >
            <span class="lamp"></span>
            <b>{word}</b>
            <span class="address" dir="auto">{address}</span>
            {move || version().map(|version| view! { <span class="version">{version}</span> })}
        </button>
    }
}
