//! The cells of a section on a canvas: a device a cell, of which only the lines that look different are drawn again.
//!
//! A line of cells is put together from sprites in memory and reaches the canvas in one call: a hundred thousand calls
//! would be too many for a frame.

use std::sync::Arc;

use fleet::fleet::Changed;
use fleet::{Fleet, Handle, Time};
use leptos::html;
use leptos::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement};

use super::painter::{Look, Sprites, context_of, put};
use crate::board::grid::layout::Placed;
use crate::board::grid::measure::pixels;
use crate::board::grid::state::GridState;
use crate::client::Pace;

/// The cells of a section that are in sight.
#[component]
pub fn Cells(
    /// What the parts of the grid share.
    grid: GridState,
    /// Where the section stands.
    placed: Memo<Option<Placed>>,
) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    let is_rtl = Memo::new(move |_| grid.viewport.measured.get().is_rtl);
    let mut drawing = Drawing::default();
    Effect::new(move || {
        let (Some(canvas), Some(placed), Some(sprites)) =
            (canvas.get(), placed.get(), grid.wall.sprites.get())
        else {
            return;
        };
        let (columns, is_rtl) = (grid.layout.get().columns, is_rtl.get());
        grid.sections.with(|sections| {
            let handles = sections.get(placed.section).map_or(&[][..], |section| &section.handles);
            let handles = &handles[placed.tiles(columns, handles.len())];
            let shape = Shape { columns, lines: handles.len().div_ceil(columns), is_rtl };
            drawing.resize(&canvas, shape, &sprites);
            grid.app.read(Pace::Frame, |active| drawing.draw(active.engine.fleet(), handles));
        });
    });
    let top = move || {
        let layout = grid.layout.get();
        placed.get().map(|placed| pixels(layout.title + placed.first as f64 * layout.pitch))
    };
    view! { <canvas node_ref=canvas class="cells" aria-hidden="true" style:top=top></canvas> }
}

/// How many cells there are, and from where.
#[derive(Copy, Clone, PartialEq, Default)]
struct Shape {
    /// Cells in a line.
    columns: usize,
    lines: usize,
    /// Lines begin on the right.
    is_rtl: bool,
}

/// What is on a canvas.
#[derive(Default)]
struct Drawing {
    context: Option<CanvasRenderingContext2d>,
    sprites: Option<Arc<Sprites>>,
    shape: Shape,
    /// The pixels of one line.
    line: Vec<u8>,
    /// The devices and how they look.
    cells: Vec<Option<(Handle, Look)>>,
    /// The fleet's epoch when they did, and since when it was observed.
    drawn: (u64, Option<Time>),
}

impl Drawing {
    /// Makes room for the cells, and empties the canvas, if it is not as it must be.
    fn resize(&mut self, canvas: &HtmlCanvasElement, shape: Shape, sprites: &Arc<Sprites>) {
        if self.shape == shape && self.sprites.as_ref().is_some_and(|known| Arc::ptr_eq(known, sprites)) {
            return;
        }
        let (width, height) = (shape.columns * sprites.side, shape.lines * sprites.side);
        self.context = context_of(canvas, width, height);
        for (name, length) in [("width", width), ("height", height)] {
            // A length is a valid value.
            let _ = HtmlElement::style(canvas).set_property(name, &pixels(length as f64 / sprites.ratio));
        }
        self.line = vec![0; shape.columns * sprites.row_length() * sprites.side];
        self.cells = vec![None; shape.columns * shape.lines];
        self.sprites = Some(sprites.clone());
        self.shape = shape;
    }

    /// Shows these devices, in lines from the leading edge.
    fn draw(&mut self, fleet: &Fleet, handles: &[Handle]) {
        let now = (fleet.epoch(), fleet.observed_since());
        let (epoch, since) = std::mem::replace(&mut self.drawn, now);
        // Another connection counts its epochs from the beginning.
        let is_same = now.1 == since && now.0 >= epoch;
        let changed = fleet.changed_since(if is_same { epoch } else { 0 });
        for (number, handles) in handles.chunks(self.shape.columns).enumerate() {
            let cells = &mut self.cells[number * self.shape.columns..][..self.shape.columns];
            if update(cells, handles, fleet, &changed) {
                self.put(number);
            }
        }
    }

    /// Puts a line on the canvas.
    fn put(&mut self, number: usize) {
        let Shape { columns, is_rtl, .. } = self.shape;
        let (Some(sprites), Some(context)) = (&self.sprites, &self.context) else { return };
        let row_length = sprites.row_length();
        self.line.fill(0);
        for (column, cell) in self.cells[number * columns..][..columns].iter().enumerate() {
            let Some((_, look)) = *cell else { continue };
            let left = if is_rtl { columns - 1 - column } else { column } * row_length;
            for (row, pixels) in sprites.rows(look).enumerate() {
                self.line[row * columns * row_length + left..][..row_length].copy_from_slice(pixels);
            }
        }
        put(context, &self.line, columns * sprites.side, number * sprites.side);
    }
}

/// Brings the cells of a line up to date. Returns whether any looks different.
fn update(
    cells: &mut [Option<(Handle, Look)>],
    handles: &[Handle],
    fleet: &Fleet,
    changed: &Changed<'_>,
) -> bool {
    let mut is_different = false;
    let (shown, empty) = cells.split_at_mut(handles.len());
    for (cell, &handle) in shown.iter_mut().zip(handles) {
        let before = *cell;
        if before.is_some_and(|(other, _)| other == handle) && !changed.has(handle) {
            continue;
        }
        let Some((status, evidence)) = fleet.glance(handle) else { continue };
        let look = Look::new(status, evidence);
        is_different |= before.is_none_or(|(_, before)| before != look);
        *cell = Some((handle, look));
    }
    for cell in empty {
        is_different |= cell.take().is_some();
    }
    is_different
}
