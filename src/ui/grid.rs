//! A grid of which only the rows in sight are in the document.
//!
//! A spacer is as high as all rows; the rows in sight are placed inside it. Only this module measures. What is
//! outside the window has no element, no signal and no cost.

use fleet::{Handle, Rows};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::ResizeObserver;

use super::text;
use super::tile::Tile;
use crate::geometry;

/// A tile's height, the gap beside and below it, and the narrowest tile, in rem; the style sheet has the same.
const TILE: f64 = 5.25;
const GAP: f64 = 0.625;
const NARROWEST: f64 = 15.0;

/// What was measured, and which rows follow from it.
#[derive(Copy, Clone, PartialEq, Debug)]
struct Layout {
    rem: f64,
    columns: usize,
    first: usize,
    last: usize,
}

impl Layout {
    fn pitch(&self) -> f64 {
        (TILE + GAP) * self.rem
    }
}

/// The windowed grid of one group of devices.
#[component]
pub fn Grid(
    /// All rows of the board.
    rows: Memo<Rows>,
    /// Which of them are this grid's.
    pick: fn(&Rows) -> &[Handle],
) -> impl IntoView {
    let spacer = NodeRef::<html::Div>::new();
    let length = Memo::new(move |_| rows.with(|rows| pick(rows).len()));
    let layout = RwSignal::new(Layout { rem: 16.0, columns: 1, first: 0, last: 0 });
    let measure = move || {
        let Some(element) = spacer.try_get_untracked().flatten() else {
            return;
        };
        let place = element.get_bounding_client_rect();
        let rem = rem();
        let columns = geometry::columns(place.width(), NARROWEST * rem, GAP * rem);
        let view = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
        let lines = length.get_untracked().div_ceil(columns);
        let window = geometry::window(lines, (TILE + GAP) * rem, place.top(), view);
        let measured = Layout { rem, columns, first: window.start, last: window.end };
        if layout.get_untracked() != measured {
            layout.set(measured);
        }
    };
    // Scrolling and resizing come in floods; what they lead to is looked at once per frame.
    let is_due = StoredValue::new(false);
    let measure_soon = move || {
        if !is_due.get_value() {
            is_due.set_value(true);
            request_animation_frame(move || {
                // The grid may be gone by now.
                let _ = is_due.try_set_value(false);
                measure();
            });
        }
    };
    let scroll = window_event_listener_untyped("scroll", move |_| measure_soon());
    on_cleanup(move || scroll.remove());
    Effect::new(move |_| {
        // Rows that move from one grid to the other push the second one, though the body keeps its height.
        rows.with(|_| ());
        measure_soon();
    });
    // Whatever else moves a grid changes the body's size: a note, a longer headline, a turned phone.
    let observed = Closure::<dyn FnMut()>::new(measure_soon);
    if let (Ok(observer), Some(body)) =
        (ResizeObserver::new(observed.as_ref().unchecked_ref()), document().body())
    {
        observer.observe(&body);
        let observer = StoredValue::new_local((observer, observed));
        on_cleanup(move || {
            let _ = observer.try_with_value(|(observer, _)| observer.disconnect());
        });
    }
    spacer.on_load(move |_| measure());

    let height = text(move || {
        let layout = layout.get();
        let lines = length.get().div_ceil(layout.columns) as f64;
        pixels((lines * layout.pitch() - GAP * layout.rem).max(0.0))
    });
    let top = text(move || {
        let layout = layout.get();
        pixels(layout.first as f64 * layout.pitch())
    });
    let before = Memo::new(move |_| {
        let Layout { columns, first, .. } = layout.get();
        first * columns
    });
    let shown = move || {
        let Layout { columns, first, last, .. } = layout.get();
        rows.with(|rows| {
            let handles = pick(rows);
            let end = (last * columns).min(handles.len());
            handles.get(first * columns..end).unwrap_or_default().to_vec()
        })
    };
    view! {
        <div class="spacer" node_ref=spacer style:height=height>
            <ul
                class="rows"
                role="list"
                style:top=top
                style:grid-template-columns=text(move || format!("repeat({}, minmax(0, 1fr))", layout.get().columns))
            >
                <ForEnumerate each=shown key=|handle| *handle let(index, handle)>
                    <Tile handle place=Signal::derive(move || before.get() + index.get() + 1) of=length />
                </ForEnumerate>
            </ul>
        </div>
    }
}

/// The root's font size in pixels: a visitor who wants larger text gets larger tiles.
fn rem() -> f64 {
    let root = document().document_element();
    let style = root.and_then(|root| window().get_computed_style(&root).ok().flatten());
    let size = style.and_then(|style| style.get_property_value("font-size").ok());
    size.map(|size| js_sys::parse_float(&size)).filter(|size| *size > 0.0).unwrap_or(16.0)
}

/// A length for the style sheet, in hundredths: writing out a float by Rust's own means weighs 10 KB.
fn pixels(length: f64) -> String {
    let hundredths = (length * 100.0) as u64;
    format!("{}.{:02}px", hundredths / 100, hundredths % 100)
}
