//! The sprite sheet of the wall: every look that a cell can have, painted once for a size and a set of colours.
//!
//! Trouble is large, what is well is small, so that it is seen without its colour. A dashed edge is a retained status,
//! hatching a stale one, as with tiles. Cells and legend copy from the sheet.

use fleet::{Evidence, Status};
use leptos::prelude::document;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, ContextAttributes2d, HtmlCanvasElement, ImageData, Path2d};

/// From this side on, in CSS pixels, a cell has room for a shape; smaller ones are told apart by colour and size.
const MIN_SHAPE: f64 = 12.0;
/// The bytes of a pixel: red, green, blue, alpha.
const PIXEL: usize = 4;
const LOOKS: usize = 15;

/// How a cell looks: its number in the sprite sheet.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Look(u8);

impl Look {
    /// The look of a status and its evidence.
    pub fn new(status: Status, evidence: Evidence) -> Look {
        Look(status as u8 * 3 + evidence as u8)
    }
}

/// Every look of a cell of one size in one set of colours.
#[derive(Clone, PartialEq)]
pub struct Sprites {
    /// How long a cell's side is in the screen's own pixels.
    pub side: usize,
    /// How many of these make a CSS pixel.
    pub ratio: f64,
    pixels: Vec<u8>,
}

impl Sprites {
    /// Paints them. `colours`: of each status, by its number, as the style sheet has them. None when the browser has no
    /// memory for a canvas.
    pub fn new(side: usize, ratio: f64, colours: &[String; 5]) -> Option<Sprites> {
        let height = side * LOOKS;
        let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
        let context = context_of(&canvas, side, height)?;
        let line = ratio.round().max(1.0);
        // The gap between cells is on their far sides.
        let room = (side as f64 - line).max(1.0);
        for status in Status::ALL {
            let colour = &colours[status as usize];
            context.set_fill_style_str(colour);
            context.set_stroke_style_str(colour);
            for evidence in [Evidence::Live, Evidence::Retained, Evidence::Stale] {
                let top = (Look::new(status, evidence).0 as usize * side) as f64;
                let painter = Painter { context: &context, top, room, line };
                if side as f64 >= MIN_SHAPE * ratio {
                    painter.shape(status, evidence);
                } else {
                    painter.square(status, evidence);
                }
            }
        }
        let image = context.get_image_data(0.0, 0.0, side as f64, height as f64).ok()?;
        Some(Sprites { side, ratio, pixels: image.data().0 })
    }

    /// The rows of a cell's pixels, each as long as a cell is wide.
    pub fn rows(&self, look: Look) -> impl Iterator<Item = &[u8]> {
        let length = self.side * self.side * PIXEL;
        self.pixels[look.0 as usize * length..][..length].chunks_exact(self.side * PIXEL)
    }

    /// The bytes of a row of a cell.
    pub fn row_length(&self) -> usize {
        self.side * PIXEL
    }

    /// Paints one cell on a canvas of its own, for the legend.
    pub fn show(&self, canvas: &HtmlCanvasElement, look: Look) {
        let pixels: Vec<u8> = self.rows(look).flatten().copied().collect();
        if let Some(context) = context_of(canvas, self.side, self.side) {
            put(&context, &pixels, self.side, 0);
        }
    }
}

/// Puts pixels on a canvas, as many in a row as it is wide.
pub fn put(context: &CanvasRenderingContext2d, pixels: &[u8], width: usize, top: usize) {
    let height = pixels.len() / PIXEL / width.max(1);
    let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(pixels), width as u32, height as u32);
    if let Ok(image) = image {
        // It throws for what is no number.
        let _ = context.put_image_data(&image, 0.0, top as f64);
    }
}

/// Makes a canvas so large in the screen's own pixels, and empty. It is kept in memory, not with the graphics card, which
/// would have to be sent every line by itself.
pub fn context_of(
    canvas: &HtmlCanvasElement,
    width: usize,
    height: usize,
) -> Option<CanvasRenderingContext2d> {
    canvas.set_width(width as u32);
    canvas.set_height(height as u32);
    let attributes = ContextAttributes2d::new();
    attributes.set_will_read_frequently(true);
    let context = canvas.get_context_with_context_options("2d", &attributes).ok().flatten()?;
    context.dyn_into().ok()
}

/// A square of 16 units, filled or as an edge.
const SQUARE: &str = "M0 0h16v16H0z";
/// Lines across it.
const HATCHING: &str = "M0 4L4 0M0 8L8 0M0 12L12 0M0 16L16 0M4 16L16 4M8 16L16 8M12 16L16 12";

/// The path of a status's shape in a square of 16 units, as the page's symbols have it, and the thickness of its line in
/// units, which is not a number where it is filled.
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
    /// Filled, by taking away what is there.
    Erase,
    /// As a line, by taking away what is there.
    EraseLine(f64),
}

/// Paints one cell.
struct Painter<'a> {
    context: &'a CanvasRenderingContext2d,
    /// Where the cell begins.
    top: f64,
    /// The side of what can be painted on.
    room: f64,
    /// The thickness of thin lines.
    line: f64,
}

impl Painter<'_> {
    /// Draws a path in a square of 16 units, which takes so much in the middle of the room.
    fn draw(&self, path: &str, size: f64, ink: Ink, alpha: f64) {
        let Painter { context, top, room, .. } = *self;
        let Ok(path) = Path2d::new_with_path_string(path) else { return };
        let (scale, at) = (size / 16.0, (room - size) / 2.0);
        // It is square: small ones have to be on whole pixels.
        let at = if matches!(ink, Ink::Fill | Ink::Erase) { at.floor() } else { at };
        // None of these fails for numbers.
        let _ = context.set_transform(scale, 0.0, 0.0, scale, at, top + at);
        let is_erasing = matches!(ink, Ink::Erase | Ink::EraseLine(_));
        let _ = context.set_global_composite_operation(if is_erasing {
            "destination-out"
        } else {
            "source-over"
        });
        context.set_global_alpha(alpha);
        let dashes = js_sys::Array::new();
        match ink {
            Ink::Fill | Ink::Erase => return context.fill_with_path_2d(&path),
            Ink::Line(line) | Ink::EraseLine(line) => context.set_line_width(line / scale),
            Ink::Dashes(line) => {
                dashes.push(&(2.0 * line / scale).into());
                context.set_line_width(line / scale);
            }
        }
        let _ = context.set_line_dash(&dashes);
        context.stroke_with_path(&path);
    }

    /// A cell with a shape.
    fn shape(&self, status: Status, evidence: Evidence) {
        let Painter { room, line, .. } = *self;
        // Inside of its edge or its hatching.
        let inner = if evidence == Evidence::Live { room } else { room - 4.0 * line };
        match evidence {
            Evidence::Live => {}
            Evidence::Retained => self.draw(SQUARE, room - line, Ink::Dashes(line), 0.55),
            Evidence::Stale => self.draw(HATCHING, room, Ink::Line(line), 0.3),
        }
        let size = match status {
            Status::Offline => 0.8 * inner,
            Status::Degraded => inner,
            Status::Online => 0.5 * room,
            Status::Sleeping | Status::Unknown => 0.7 * room,
        };
        let alpha = if evidence == Evidence::Stale { 0.6 } else { 1.0 };
        let (path, thickness) = path_of(status);
        let thickness = (thickness > 0.0).then_some(thickness * size / 16.0);
        if status == Status::Offline && evidence != Evidence::Stale {
            // The cross is cut out of a square.
            self.draw(SQUARE, inner, Ink::Fill, 1.0);
            self.draw(&path, size, thickness.map_or(Ink::Erase, Ink::EraseLine), alpha);
        } else {
            self.draw(&path, size, thickness.map_or(Ink::Fill, Ink::Line), alpha);
        }
    }

    /// A cell without room for a shape: trouble fills it, what is well does not. Retained is paler within its edge,
    /// stale is paler as a whole.
    fn square(&self, status: Status, evidence: Evidence) {
        let Painter { room, line, .. } = *self;
        let part = match status {
            Status::Offline | Status::Degraded => 1.0,
            Status::Unknown => 0.75,
            Status::Online | Status::Sleeping => 0.5,
        };
        let size = (part * room).round().max(1.0);
        self.draw(SQUARE, size, Ink::Fill, if evidence == Evidence::Stale { 0.4 } else { 1.0 });
        let inner = size - 2.0 * line;
        if evidence == Evidence::Retained && inner > 0.0 {
            self.draw(SQUARE, inner, Ink::Erase, 0.4);
        }
    }
}
