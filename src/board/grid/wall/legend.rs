//! The legend of the wall: how cells look, in the size that they have.

use fleet::{Evidence, Status};
use leptos::html;
use leptos::prelude::*;
use leptos_use::use_media_query;
use web_sys::HtmlElement;

use super::painter::Look;
use crate::board::grid::measure::{computed_style, pixels};
use crate::board::grid::state::GridState;
use crate::i18n::{t_string, text, use_i18n};
use crate::wording::status_label;

/// Each status, by its number, and each evidence.
const SAMPLES: [(Status, Option<Evidence>); 8] = [
    (Status::Online, None),
    (Status::Offline, None),
    (Status::Sleeping, None),
    (Status::Degraded, None),
    (Status::Unknown, None),
    (Status::Online, Some(Evidence::Live)),
    (Status::Online, Some(Evidence::Retained)),
    (Status::Online, Some(Evidence::Stale)),
];

/// What the cells mean. Its samples also bring the colours of the style sheet to the wall.
#[component]
pub fn Legend(
    /// What the parts of the grid share.
    grid: GridState,
) -> impl IntoView {
    let i18n = use_i18n();
    let canvases = SAMPLES.map(|_| NodeRef::<html::Canvas>::new());
    let is_dark = use_media_query("(prefers-color-scheme: dark)");
    let is_forced = use_media_query("(forced-colors: active)");
    Effect::new(move || {
        let _ = (grid.app.theme.get(), is_dark.get(), is_forced.get());
        // When the style sheet has followed.
        request_animation_frame(move || {
            let colour_of = |canvas: NodeRef<html::Canvas>| {
                let canvas = canvas.try_get_untracked().flatten()?;
                Some(computed_style(&canvas, "color")).filter(|colour| !colour.is_empty())
            };
            let [online, offline, sleeping, degraded, unknown, ..] = canvases.map(colour_of);
            let colours = (online, offline, sleeping, degraded, unknown);
            if let (Some(online), Some(offline), Some(sleeping), Some(degraded), Some(unknown)) = colours {
                grid.wall.colours.set(Some([online, offline, sleeping, degraded, unknown]));
            }
        });
    });
    Effect::new(move || {
        let Some(sprites) = grid.wall.sprites.get() else { return };
        for (canvas, (status, evidence)) in canvases.into_iter().zip(SAMPLES) {
            let Some(canvas) = canvas.get() else { continue };
            sprites.show(&canvas, Look::new(status, evidence.unwrap_or(Evidence::Live)));
            // A length is a valid value.
            let width = pixels(sprites.side as f64 / sprites.ratio);
            let _ = HtmlElement::style(&canvas).set_property("width", &width);
        }
    });
    let samples = canvases.into_iter().zip(SAMPLES).map(|(canvas, (status, evidence))| {
        let label = move || match evidence {
            None => status_label(i18n.get_locale(), status),
            Some(Evidence::Live) => t_string!(i18n, tools.live),
            Some(Evidence::Retained) => t_string!(i18n, tools.retained),
            Some(Evidence::Stale) => t_string!(i18n, tools.stale),
        };
        let class = format!("sample {}", status.word());
        view! {
            <li>
                <canvas node_ref=canvas class=class aria-hidden="true"></canvas>
                {label}
            </li>
        }
    });
    let samples = samples.collect_view();
    view! {
        <ul class="wall-legend" aria-label=text!(i18n, wall.legend)>
            {samples}
        </ul>
    }
}
