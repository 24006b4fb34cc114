//! The cells of a section on a canvas: a device a cell, of which only the lines that look different are drawn anew.
//!
//! Every look that a cell can have is drawn once, as a stamp. A line of cells is put together from stamps in memory and
//! reaches the canvas in one call: a hundred thousand calls would be too many for a frame.

use std::rc::Rc;

use fleet::{Evidence, Handle, Status};
use js_sys::{Reflect, Uint8ClampedArray, Uint32Array};
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData, Path2d};

use super::element::{El, el};
use super::measure::style_length;
use super::section::Rows;
use super::tile::Drawing;
use crate::geometry::Layout;

/// From this side on, in CSS pixels, a cell has room for a shape; smaller ones are told apart by colour and size.
const SHAPES_FROM: f64 = 12.0;
/// A status and its evidence as a number: which stamp.
type Look = u8;
const LOOKS: usize = 15;

fn look(status: Status, evidence: Evidence) -> Look {
    status as u8 * 3 + evidence as u8
}

/// A picture in the screen's own pixels, that can be written to and put on a canvas.
struct Image {
    data: ImageData,
    /// Its memory: a pixel a number.
    memory: Uint32Array,
}

impl Image {
    fn new(width: usize, height: usize) -> Option<Image> {
        ImageData::new_with_sw(width as u32, height as u32).ok().and_then(Image::of)
    }

    fn of(data: ImageData) -> Option<Image> {
        let bytes: Uint8ClampedArray = Reflect::get(&data, &"data".into()).ok()?.unchecked_into();
        Some(Image { memory: Uint32Array::new(&bytes.buffer()), data })
    }

    fn put(&self, pixels: &[u32], context: &CanvasRenderingContext2d, top: usize) {
        self.memory.copy_from(pixels);
        // It throws for what is no number.
        let _ = context.put_image_data(&self.data, 0.0, top as f64);
    }
}

/// Every look of a cell of one size in one set of colours.
pub struct Stamps {
    /// How long a cell's side is in the screen's own pixels.
    pub side: usize,
    /// How many of these make a CSS pixel.
    pub ratio: f64,
    pixels: Vec<u32>,
}

impl Stamps {
    /// Draws them. `colours`: of each status, by its number, as the style sheet has them.
    pub fn new(side: usize, ratio: f64, colours: &[String; 5]) -> Option<Stamps> {
        let height = side * LOOKS;
        let context = context_of(&resized(&el("canvas", ""), side, height))?;
        let mut pen = Pen { context: &context, top: 0.0, room: 0.0, line: ratio.round().max(1.0) };
        // The gap between cells is on their far sides.
        pen.room = (side as f64 - pen.line).max(1.0);
        for status in Status::ALL {
            let colour = &colours[status as usize];
            context.set_fill_style_str(colour);
            context.set_stroke_style_str(colour);
            for evidence in [Evidence::Live, Evidence::Retained, Evidence::Stale] {
                pen.top = (look(status, evidence) as usize * side) as f64;
                if side as f64 >= SHAPES_FROM * ratio {
                    pen.shape(status, evidence);
                } else {
                    pen.square(status, evidence);
                }
            }
        }
        let image = context.get_image_data(0.0, 0.0, side as f64, height as f64).ok().and_then(Image::of)?;
        Some(Stamps { side, ratio, pixels: image.memory.to_vec() })
    }

    fn of(&self, look: Look) -> &[u32] {
        let length = self.side * self.side;
        &self.pixels[look as usize * length..][..length]
    }

    /// Draws one cell on a canvas of its own, for the legend.
    pub fn show(&self, canvas: &El, status: Status, evidence: Evidence) {
        let context = context_of(&resized(canvas, self.side, self.side));
        if let (Some(context), Some(image)) = (context, Image::new(self.side, self.side)) {
            image.put(self.of(look(status, evidence)), &context, 0);
        }
    }
}

/// A square of 16 units, filled or as an edge.
const SQUARE: &str = "M0 0h16v16H0z";
/// Lines across it.
const HATCHING: &str = "M0 4L4 0M0 8L8 0M0 12L12 0M0 16L16 0M4 16L16 4M8 16L16 8M12 16L16 12";

/// The path of a status's shape in a square of 16 units, and the thickness of its line in units, which is no number
/// where it is filled.
fn path_of(status: Status) -> (String, f64) {
    let shape = document().query_selector(&format!("#{} path", status.word())).ok().flatten();
    let attribute = |name| shape.as_ref().and_then(|shape| shape.get_attribute(name)).unwrap_or_default();
    (attribute("d"), js_sys::parse_float(&attribute("stroke-width")))
}

/// How a path is drawn.
#[derive(Copy, Clone, PartialEq)]
enum Ink {
    /// Filled.
    Fill,
    /// As a line, so many of the screen's own pixels thick.
    Line(f64),
    /// As a dashed line.
    Dashes(f64),
}

/// Draws looks.
struct Pen<'a> {
    context: &'a CanvasRenderingContext2d,
    /// Where the cell begins.
    top: f64,
    /// The side of what can be drawn on.
    room: f64,
    /// The thickness of thin lines.
    line: f64,
}

impl Pen<'_> {
    /// Draws a path in a square of 16 units, which takes so much in the middle of the room; opaque, less so, or, where
    /// `alpha` is negative, by taking away what is there.
    fn draw(&self, path: &str, size: f64, ink: Ink, alpha: f64) {
        let Pen { context, top, room, .. } = *self;
        let Ok(path) = Path2d::new_with_path_string(path) else { return };
        let (scale, at) = (size / 16.0, ((room - size) / 2.0).floor());
        // It is square: small ones have to be on whole pixels.
        let at = if ink == Ink::Fill { at } else { (room - size) / 2.0 };
        // None of these fails for numbers.
        let _ = context.set_transform(scale, 0.0, 0.0, scale, at, top + at);
        let how = if alpha < 0.0 { "destination-out" } else { "source-over" };
        let _ = context.set_global_composite_operation(how);
        context.set_global_alpha(alpha.abs());
        let dashes = js_sys::Array::new();
        match ink {
            Ink::Fill => return context.fill_with_path_2d(&path),
            Ink::Line(line) => context.set_line_width(line / scale),
            Ink::Dashes(line) => {
                dashes.push(&(2.0 * line / scale).into());
                context.set_line_width(line / scale);
            }
        }
        let _ = context.set_line_dash(&dashes);
        context.stroke_with_path(&path);
    }

    /// A cell with a shape: trouble is large, what is well is small. A dashed edge is a retained status, hatching a
    /// stale one, as with tiles.
    fn shape(&self, status: Status, evidence: Evidence) {
        let Pen { room, line, .. } = *self;
        // Inside of its edge or its hatching.
        let inner = if evidence == Evidence::Live { room } else { room - 4.0 * line };
        match evidence {
            Evidence::Live => {}
            Evidence::Retained => self.draw(SQUARE, room - line, Ink::Dashes(line), 0.55),
            Evidence::Stale => self.draw(HATCHING, room, Ink::Line(line), 0.3),
        }
        let mut alpha = if evidence == Evidence::Stale { 0.6 } else { 1.0 };
        let size = match status {
            Status::Offline => 0.8 * inner,
            Status::Degraded => inner,
            Status::Online => 0.5 * room,
            Status::Sleeping | Status::Unknown => 0.7 * room,
        };
        if status == Status::Offline && evidence != Evidence::Stale {
            // The cross is cut out of it.
            self.draw(SQUARE, inner, Ink::Fill, 1.0);
            alpha = -1.0;
        }
        let (path, thickness) = path_of(status);
        let ink = if thickness > 0.0 { Ink::Line(thickness * size / 16.0) } else { Ink::Fill };
        self.draw(&path, size, ink, alpha);
    }

    /// A cell without room for a shape: trouble fills it, what is well does not. Retained is paler within its edge,
    /// stale is paler as a whole.
    fn square(&self, status: Status, evidence: Evidence) {
        let Pen { room, line, .. } = *self;
        let part = match status {
            Status::Offline | Status::Degraded => 1.0,
            Status::Unknown => 0.75,
            Status::Online | Status::Sleeping => 0.5,
        };
        let size = (part * room).round().max(1.0);
        self.draw(SQUARE, size, Ink::Fill, if evidence == Evidence::Stale { 0.4 } else { 1.0 });
        let inner = size - 2.0 * line;
        if evidence == Evidence::Retained && inner > 0.0 {
            self.draw(SQUARE, inner, Ink::Fill, -0.4);
        }
    }
}

/// The cells of a section that are in sight.
pub struct Cells {
    /// The canvas.
    el: El,
    context: Option<CanvasRenderingContext2d>,
    stamps: Option<Rc<Stamps>>,
    /// How many cells there are in a line and how many lines, and whether lines begin on the right.
    shape: (usize, usize, bool),
    line: Vec<u32>,
    image: Option<Image>,
    /// What stands on the canvas.
    drawn: Vec<Option<(Handle, Look)>>,
}

impl Cells {
    /// No cells yet.
    pub fn new() -> Cells {
        let el = el("canvas", "cells").attr("aria-hidden", "true");
        Cells {
            el,
            context: None,
            stamps: None,
            shape: (0, 0, false),
            line: Vec::new(),
            image: None,
            drawn: Vec::new(),
        }
    }
}

impl Rows for Cells {
    fn el(&self) -> &El {
        &self.el
    }

    /// These devices, in lines from the layout's leading edge.
    fn draw(&mut self, drawing: &Drawing<'_>, handles: &[Handle], _: usize, _: usize, layout: &Layout) {
        let Some(stamps) = &drawing.stamps else { return };
        let columns = layout.columns;
        let shape = (columns, handles.len().div_ceil(columns), drawing.is_rtl);
        let has_stamps = self.stamps.as_ref().is_some_and(|known| Rc::ptr_eq(known, stamps));
        if self.shape != shape || !has_stamps {
            let (width, height) = (columns * stamps.side, shape.1 * stamps.side);
            // This also empties it.
            self.context = context_of(&resized(&self.el, width, height));
            style_length(&self.el, "width", width as f64 / stamps.ratio);
            style_length(&self.el, "height", height as f64 / stamps.ratio);
            self.image = Image::new(width, stamps.side);
            self.line = vec![0; width * stamps.side];
            self.drawn = vec![None; columns * shape.1];
            self.stamps = Some(stamps.clone());
            self.shape = shape;
        }
        for (number, handles) in handles.chunks(columns).enumerate() {
            let mut is_dirty = false;
            let line = &mut self.drawn[number * columns..][..columns];
            for (cell, &handle) in line.iter_mut().zip(handles) {
                let before = *cell;
                let is_same = before.is_some_and(|(other, _)| other == handle);
                if is_same && !drawing.is_everything && !drawing.changed.has(handle) {
                    continue;
                }
                // A device that is gone keeps its cell until the sections are told of its end.
                let Some((status, evidence)) = drawing.fleet.glance(handle) else { continue };
                let look = look(status, evidence);
                is_dirty |= before.is_none_or(|(_, before)| before != look);
                *cell = Some((handle, look));
            }
            for cell in &mut line[handles.len()..] {
                is_dirty |= cell.take().is_some();
            }
            if is_dirty {
                self.put(number, stamps);
            }
        }
    }
}

impl Cells {
    fn put(&mut self, number: usize, stamps: &Stamps) {
        let ((columns, _, is_rtl), side) = (self.shape, stamps.side);
        self.line.fill(0);
        for (column, cell) in self.drawn[number * columns..][..columns].iter().enumerate() {
            let Some((_, look)) = *cell else { continue };
            let left = if is_rtl { columns - 1 - column } else { column } * side;
            for (row, pixels) in stamps.of(look).chunks_exact(side).enumerate() {
                self.line[row * columns * side + left..][..side].copy_from_slice(pixels);
            }
        }
        if let (Some(image), Some(context)) = (&self.image, &self.context) {
            image.put(&self.line, context, number * side);
        }
    }
}

/// A canvas with so many of the screen's own pixels, all empty.
fn resized(canvas: &El, width: usize, height: usize) -> El {
    canvas.clone().attr("width", &width.to_string()).attr("height", &height.to_string())
}

/// What draws on a canvas. The canvas is kept in memory, not with the graphics card, which would have to be sent
/// every line by itself.
fn context_of(canvas: &El) -> Option<CanvasRenderingContext2d> {
    let options = js_sys::Object::new();
    let _ = Reflect::set(&options, &"willReadFrequently".into(), &JsValue::TRUE);
    let canvas: &HtmlCanvasElement = canvas.element().unchecked_ref();
    let context = canvas.get_context_with_context_options("2d", &options).ok().flatten()?;
    Some(context.unchecked_into())
}
