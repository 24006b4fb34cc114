//! The bar at the top: the name, the two switches, and the connection's badge.

use leptos::prelude::*;
use mqtt::{Link, Version};

use super::Page;
use super::element::{El, Phrase, button, effect, el, svg, value_of};
use crate::words::{self, Locale};
use crate::{link, phrase, say, store};

/// Under which name the visitor's choice of colours is kept.
const THEME: &str = "willow.theme";

/// The bar at the top.
pub fn header(page: Page) -> El {
    let willow = svg("svg", "").attr("aria-hidden", "true").child(svg("use", "").attr("href", "#willow"));
    el("header", "header")
        .child(el("div", "brand").child(willow).text("Willow"))
        .child(language_switch(page))
        .child(theme_switch(page))
        .child(help(page))
        .child(badge(page))
}

/// Each language under its own name: whoever looks for it can read that.
fn language_switch(page: Page) -> El {
    let option = |locale: Locale| {
        let tag = words::tag(locale);
        el("option", "").attr("value", tag).attr("lang", tag).text(say!(locale, page.own_name))
    };
    el("select", "switch")
        .attr("name", "language")
        .attr_says(page, "aria-label", phrase!(page.language))
        .children(words::LOCALES.into_iter().map(option))
        .prop("value", move || words::tag(page.locale.get()).into())
        .on("change", move |event| {
            let chosen = value_of(&event);
            if let Some(locale) = words::LOCALES.into_iter().find(|locale| words::tag(*locale) == chosen) {
                page.speak(locale);
            }
        })
}

/// The system's colours, light, dark.
const THEMES: [&str; 3] = ["system", "light", "dark"];

/// Goes through the system's colours, light and dark by one attribute on the root; the style sheet does
/// the rest.
fn theme_switch(page: Page) -> El {
    let kept = store::read(THEME).unwrap_or_default();
    page.theme.set(THEMES.iter().position(|theme| *theme == kept).unwrap_or_default());
    let shape = svg("use", "");
    let switch =
        button("switch theme", move |_| page.theme.update(|theme| *theme = (*theme + 1) % THEMES.len()))
            .child(svg("svg", "").attr("aria-hidden", "true").child(shape.clone()));
    let shown = switch.clone();
    effect(move || {
        let (locale, theme) = (page.locale.get(), THEMES[page.theme.get()]);
        let label = match theme {
            "light" => phrase!(page.theme_light),
            "dark" => phrase!(page.theme_dark),
            _ => phrase!(page.theme_system),
        };
        let label = label.to(locale);
        shown.set("title", Some(label));
        shown.set("aria-label", Some(label));
        shape.set("href", Some(&format!("#theme-{theme}")));
        let chosen = Some(theme).filter(|theme| *theme != THEMES[0]);
        store::write(THEME, chosen);
        let Some(root) = document().document_element() else { return };
        let _ = match chosen {
            None => root.remove_attribute("data-theme"),
            Some(theme) => root.set_attribute("data-theme", theme),
        };
    });
    switch
}

/// Opens the help.
fn help(page: Page) -> El {
    let label: Phrase = phrase!(help.title);
    button("switch", move |_| page.help_is_open.set(true))
        .attr("name", "help")
        .attr("aria-haspopup", "dialog")
        .attr("aria-keyshortcuts", "?")
        .attr_says(page, "title", label)
        .attr_says(page, "aria-label", label)
        .text("?")
}

/// Where the connection stands; opens the form.
fn badge(page: Page) -> El {
    let standing = move || page.state.with(|state| state.standing);
    let word = move || {
        let phrase = match standing() {
            Link::Idle => phrase!(link.idle),
            Link::Connecting => phrase!(link.connecting),
            Link::Connected => phrase!(link.connected),
            Link::Waiting { .. } => phrase!(link.waiting),
            Link::Refused => phrase!(link.refused),
        };
        phrase.to(page.locale.get())
    };
    let address = move || {
        let address = page.state.with(|state| state.address.clone());
        address.unwrap_or_else(|| say!(page.locale.get(), link.no_broker).to_owned())
    };
    let version = move || {
        let version = match page.state.with(|state| state.version) {
            None => "",
            Some(Version::V311) => "MQTT 3.1.1",
            Some(Version::V5) => "MQTT 5",
        };
        version.to_owned()
    };
    button("badge", move |_| page.dialog_is_open.set(true))
        .attr_tells("data-link", move || link::word(standing()).to_owned())
        .attr_tells("title", move || say!(page.locale.get(), link.change, state = word()))
        .attr("aria-haspopup", "dialog")
        .child(el("span", "lamp"))
        .child(el("b", "").tells(move || word().to_owned()))
        .child(el("span", "address").attr("dir", "auto").tells(address))
        .child(el("span", "version").tells(version))
}
