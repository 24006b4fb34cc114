//! The title and the icon of the browser's tab: how many devices are offline, for visitors who look elsewhere.
//!
//! Updated once a second at most, also while the tab is hidden.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::client::Pace;
use crate::context::use_app;
use crate::format::use_format;
use crate::i18n::{t_string, use_i18n};

/// Keeps the tab's title and icon.
#[component]
pub fn TabTitle() -> impl IntoView {
    let (i18n, format, app) = (use_i18n(), use_format(), use_app());
    let offline = Memo::new(move |_| {
        app.read(Pace::Tab, |active| active.engine.fleet().counts().offline).unwrap_or_default()
    });
    // The icon is a part of `index.html`, so that the tab has one from the start.
    if let Ok(Some(icon)) = document().query_selector("link[rel=icon]") {
        let plain = icon.get_attribute("href").unwrap_or_default();
        Effect::new(move || {
            // A `link` takes any `href`.
            let _ = icon.set_attribute("href", &icon_with_count(&plain, offline.get()));
        });
    }
    let title = move || match offline.get() {
        0 => t_string!(i18n, page.title).to_owned(),
        count => t_string!(i18n, page.title_offline, n = format.count(count)),
    };
    view! { <Title text=title /> }
}

/// The page's own icon, an SVG as a data URL, and over it how many devices are offline.
fn icon_with_count(plain: &str, offline: u32) -> String {
    const END: &str = "%3C/svg%3E";
    let Some(drawing) = plain.strip_suffix(END).filter(|_| offline > 0) else {
        return plain.to_owned();
    };
    // Three digits fit.
    let number = offline.min(999);
    format!(
        "{drawing}%3Crect y='8' width='24' height='16' rx='4' fill='%23b3261e'/%3E%3Ctext x='12' y='21' fill='white' \
         font-family='sans-serif' font-weight='bold' font-size='13' text-anchor='middle'%3E{number}%3C/text%3E{END}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn the_icon_counts_up_to_three_digits() {
        let plain = "data:image/svg+xml,%3Csvg%3E%3C/svg%3E";
        assert_eq!(icon_with_count(plain, 0), plain);
        assert!(icon_with_count(plain, 2).contains("%3E2%3C/text"));
        assert!(icon_with_count(plain, 100_000).contains("%3E999%3C/text"));
        assert_eq!(icon_with_count("icon.png", 2), "icon.png");
    }
}
