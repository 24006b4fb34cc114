//! Icons, by the symbols of `index.html`.

use fleet::Status;
use leptos::prelude::*;

/// A symbol of `index.html`. A word stands beside it, so it is silent to a screen reader.
#[component]
pub fn Icon(
    /// The symbol's id.
    #[prop(into)]
    name: Signal<&'static str>,
    /// The class for the style sheet.
    #[prop(optional)]
    class: &'static str,
) -> impl IntoView {
    view! {
        <svg class=class aria-hidden="true">
            <use href=move || format!("#{}", name.get())></use>
        </svg>
    }
}

/// A status's shape.
#[component]
pub fn StatusIcon(
    /// The status.
    #[prop(into)]
    status: Signal<Status>,
) -> impl IntoView {
    view! { <Icon class="icon" name=Signal::derive(move || status.get().word()) /> }
}
