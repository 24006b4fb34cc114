//! The cells of a section on a canvas: a device a cell, of which only the lines that look different are drawn anew.
//!
//! Every look that a cell can have is drawn once, as a stamp. A line of cells is put together from stamps in memory and
//! reaches the canvas in one call: a hundred thousand calls would be too many for a frame.

use std::rc::Rc;

use fleet::{Evidence, Handle, Status};
use js_sys::{Reflect, Uint8ClampedArray, Uint32Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData, Path2d};

use super::element::{El, el};
use super::measure::{pixels, style};
use super::symbols;
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
        let data = ImageData::new_with_sw(width as u32, height as u32).ok()?;
        let bytes: Uint8ClampedArray = Reflect::get(&data, &"data".into()).ok()?.unchecked_into();
        Some(Image { memory: Uint32Array::new(&bytes.buffer()), data })
    }

    fn put(&self, pixels: &[u32], context: &CanvasRenderingContext2d, top: f64) {
        self.memory.copy_from(pixels);
        // It throws for what is no number.
        let _ = context.put_image_data(&self.data, 0.0, top);
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
        let canvas = document().create_element("canvas").ok()?.unchecked_into::<HtmlCanvasElement>();
        canvas.set_width(side as u32);
        canvas.set_height((side * LOOKS) as u32);
        let context = context_of(&canvas)?;
        let pen = Pen { context: &context, side: side as f64, ratio };
        for status in Status::ALL {
            let colour = &colours[status as usize];
            context.set_fill_style_str(colour);
            context.set_stroke_style_str(colour);
            for evidence in [Evidence::Live, Evidence::Retained, Evidence::Stale] {
                context.save();
                // Neither can fail for numbers, as none of what is drawn can.
                let _ = context.translate(0.0, look(status, evidence) as f64 * side as f64);
                if side as f64 >= SHAPES_FROM * ratio {
                    pen.shape(status, evidence);
                } else {
                    pen.square(status, evidence);
                }
                context.restore();
            }
        }
        let data = context.get_image_data(0.0, 0.0, side as f64, (side * LOOKS) as f64).ok()?.data();
        let pixels =
            data.chunks_exact(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        Some(Stamps { side, ratio, pixels: pixels.collect() })
    }

    fn of(&self, look: Look) -> &[u32] {
        let length = self.side * self.side;
        &self.pixels[look as usize * length..][..length]
    }

    /// Draws one cell on a canvas of its own, for the legend.
    pub fn show(&self, canvas: &El, status: Status, evidence: Evidence) {
        let canvas = canvas.element().unchecked_ref::<HtmlCanvasElement>();
        canvas.set_width(self.side as u32);
        canvas.set_height(self.side as u32);
        if let (Some(context), Some(image)) = (context_of(canvas), Image::new(self.side, self.side)) {
            image.put(self.of(look(status, evidence)), &context, 0.0);
        }
    }
}

/// Draws looks.
struct Pen<'a> {
    context: &'a CanvasRenderingContext2d,
    side: f64,
    ratio: f64,
}

impl Pen<'_> {
    /// A cell with a shape: trouble is large, what is well is small. A dashed edge is a retained status, hatching a
    /// stale one, as with tiles.
    fn shape(&self, status: Status, evidence: Evidence) {
        let Pen { context, side, ratio } = *self;
        let line = ratio.round().max(1.0);
        // The gap between cells is on their far sides.
        let room = side - line;
        if evidence == Evidence::Retained {
            let dash = js_sys::Array::of1(&(2.0 * line).into());
            let _ = context.set_line_dash(&dash);
            context.set_line_width(line);
            context.set_global_alpha(0.55);
            context.stroke_rect(line / 2.0, line / 2.0, room - line, room - line);
            context.set_global_alpha(1.0);
            let _ = context.set_line_dash(&js_sys::Array::new());
        }
        if evidence == Evidence::Stale {
            context.set_global_alpha(0.3);
            context.set_line_width(line);
            context.begin_path();
            let mut at = line;
            while at < 2.0 * room {
                // Those that begin beyond the one corner end beyond the other.
                let beyond = (at - room).max(0.0);
                context.move_to(beyond, at - beyond);
                context.line_to(at - beyond, beyond);
                at += 3.0 * line;
            }
            context.stroke();
            context.set_global_alpha(0.6);
        }
        // Inside of its edge or its hatching.
        let inner = if evidence == Evidence::Live { room } else { room - 4.0 * line };
        let is_block = status == Status::Offline && evidence != Evidence::Stale;
        if is_block {
            context.fill_rect((room - inner) / 2.0, (room - inner) / 2.0, inner, inner);
            // The cross is cut out of it.
            let _ = context.set_global_composite_operation("destination-out");
        }
        let size = match status {
            Status::Offline => 0.8 * inner,
            Status::Degraded => inner,
            Status::Online => 0.5 * room,
            Status::Sleeping | Status::Unknown => 0.7 * room,
        };
        let (path, thickness) = symbols::path(status);
        let _ = context.translate((room - size) / 2.0, (room - size) / 2.0);
        let _ = context.scale(size / 16.0, size / 16.0);
        let Ok(path) = Path2d::new_with_path_string(path) else { return };
        if thickness > 0.0 {
            context.set_line_width(thickness);
            context.stroke_with_path(&path);
        } else {
            context.fill_with_path_2d(&path);
        }
    }

    /// A cell without room for a shape: trouble fills it, what is well does not. Retained is paler within its edge,
    /// stale is paler as a whole.
    fn square(&self, status: Status, evidence: Evidence) {
        let Pen { context, side, ratio } = *self;
        let line = ratio.round().max(1.0);
        let room = (side - line).max(1.0);
        let part = match status {
            Status::Offline | Status::Degraded => 1.0,
            Status::Unknown => 0.75,
            Status::Online | Status::Sleeping => 0.5,
        };
        let size = (part * room).round().max(1.0);
        let at = ((room - size) / 2.0).floor();
        context.set_global_alpha(if evidence == Evidence::Stale { 0.4 } else { 1.0 });
        context.fill_rect(at, at, size, size);
        let inner = size - 2.0 * line;
        if evidence == Evidence::Retained && inner > 0.0 {
            let _ = context.set_global_composite_operation("destination-out");
            context.set_global_alpha(0.4);
            context.fill_rect(at + line, at + line, inner, inner);
        }
    }
}

/// The cells of a section that are in sight.
pub struct Cells {
    /// The canvas.
    pub el: El,
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
        Cells { el, stamps: None, shape: (0, 0, false), line: Vec::new(), image: None, drawn: Vec::new() }
    }

    /// Brings the canvas up to date: these devices, in lines from the layout's leading edge.
    pub fn draw(&mut self, drawing: &Drawing<'_>, handles: &[Handle], layout: &Layout, stamps: &Rc<Stamps>) {
        let columns = layout.columns;
        let shape = (columns, handles.len().div_ceil(columns), drawing.is_rtl);
        let canvas = self.el.element().unchecked_ref::<HtmlCanvasElement>();
        let has_stamps = self.stamps.as_ref().is_some_and(|known| Rc::ptr_eq(known, stamps));
        if self.shape != shape || !has_stamps {
            let (width, height) = (columns * stamps.side, shape.1 * stamps.side);
            // This also empties it.
            canvas.set_width(width as u32);
            canvas.set_height(height as u32);
            style(&self.el, "width", &pixels(width as f64 / stamps.ratio));
            style(&self.el, "height", &pixels(height as f64 / stamps.ratio));
            self.image = Image::new(width, stamps.side);
            self.line = vec![0; width * stamps.side];
            self.drawn = vec![None; columns * shape.1];
            self.stamps = Some(stamps.clone());
            self.shape = shape;
        }
        let Some(context) = context_of(canvas) else { return };
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
                self.put(number, stamps, &context);
            }
        }
    }

    fn put(&mut self, number: usize, stamps: &Stamps, context: &CanvasRenderingContext2d) {
        let ((columns, _, is_rtl), side) = (self.shape, stamps.side);
        self.line.fill(0);
        for (column, cell) in self.drawn[number * columns..][..columns].iter().enumerate() {
            let Some((_, look)) = *cell else { continue };
            let left = if is_rtl { columns - 1 - column } else { column } * side;
            for (row, pixels) in stamps.of(look).chunks_exact(side).enumerate() {
                self.line[row * columns * side + left..][..side].copy_from_slice(pixels);
            }
        }
        if let Some(image) = &self.image {
            image.put(&self.line, context, (number * side) as f64);
        }
    }
}

/// What draws on a canvas. The canvas is kept in memory, not with the graphics card, which would have to be sent
/// every line by itself.
fn context_of(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    let options = js_sys::Object::new();
    let _ = Reflect::set(&options, &"willReadFrequently".into(), &JsValue::TRUE);
    let context = canvas.get_context_with_context_options("2d", &options).ok().flatten()?;
    Some(context.unchecked_into())
}
