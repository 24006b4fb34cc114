//! The windowed grid: of all devices, only the tiles or the cells of the wall that are in sight are in the document.
//!
//! A spacer is as high as all sections together; the sections in sight are placed inside it, and in each of them the
//! lines in sight. [`state`] holds what the parts share; the pure arithmetic is in [`layout`].

mod anchor;
mod history;
mod keyboard;
mod layout;
mod measure;
mod section;
mod sections;
mod slots;
mod state;
mod tile;
mod tile_data;
mod timeline;
mod wall;

use leptos::html;
use leptos::prelude::*;

use self::measure::{closest, pixels};
use self::section::SectionView;
use self::state::GridState;
use self::wall::{Legend, Wall};
use crate::context::use_app;
use crate::view::Density;

pub use keyboard::focus_device;
pub use sections::{Section, sections};

/// The board's devices in their sections, as tiles or as a wall.
#[component]
pub fn Grid(
    /// The sections, in the order of the page.
    sections: Memo<Vec<Section>>,
) -> impl IntoView {
    let spacer = NodeRef::<html::Div>::new();
    let grid = GridState::new(use_app(), sections, spacer);
    Effect::new(move || {
        let Some(spacer) = spacer.get() else { return };
        let height = grid.lengths.with(|lengths| grid.layout.get().total(lengths));
        grid.in_sight.track();
        // The height before the scroll position, which it bounds.
        let _ = web_sys::HtmlElement::style(&spacer).set_property("height", &pixels(height));
        grid.hold_view();
        grid.keep_focus();
        grid.viewport.measure_soon();
    });
    let class = move || match grid.density.get() {
        Density::Compact => "spacer compact",
        Density::Tiles | Density::Wall => "spacer",
    };
    let names = Memo::new(move |_| {
        grid.in_sight.with(|in_sight| in_sight.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>())
    });
    let on_click = move |event: web_sys::MouseEvent| {
        let tile = || closest(&event, ".face").and_then(|_| grid.handle_at(&event));
        if let Some(handle) = tile().or_else(|| grid.handle_cell_click(&event)) {
            grid.app.open_device(handle);
        }
    };
    view! {
        <div>
            <Show when=move || grid.is_wall.get()>
                <Legend grid />
            </Show>
            <div
                node_ref=spacer
                class=class
                on:click=on_click
                on:mousemove=move |event| grid.handle_pointer(&event)
                on:mouseleave=move |_| grid.handle_pointer_left()
                on:keydown=move |event| grid.handle_key(&event)
                on:focusin=move |event| grid.handle_focus(&event)
                on:focusout=move |event| grid.handle_blur(&event)
            >
                <For each=move || names.get() key=String::clone let:name>
                    <SectionView grid name />
                </For>
                <Show when=move || grid.is_wall.get()>
                    <Wall grid />
                </Show>
            </div>
        </div>
    }
}
