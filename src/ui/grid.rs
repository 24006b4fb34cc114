//! The sections of the board, of which only the tiles in sight are in the document.
//!
//! A spacer is as high as everything; the sections in sight are placed inside it, and in each of them the lines in
//! sight. Only this module measures. What is outside the window has no element and no cost; what is inside is drawn
//! at most once per frame by one effect, [`Grid::draw`]. The keyboard moves a cursor through the tiles; the cursor's
//! tile is the one that Tab reaches.

mod cursor;
mod walled;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use fleet::Handle;
use leptos::prelude::*;
use leptos::reactive::signal::ArcTrigger;
use mqtt::Time;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, ResizeObserver};

use super::cells::Stamps;
use super::element::{El, closest, effect, el};
use super::later::{self, later};
use super::list::put_in_order;
use super::measure::{Measured, style_length};
use super::section::{Part, Rows, Wording};
use super::signal::Memo;
use super::tile::Drawing;
use super::wall::legend;
use super::{Page, finally, on_window};
use crate::geometry::{self, Layout, Placed};
use crate::link;
use crate::sections::{Section, lengths};
use crate::timeline::Timeline;
use crate::view::{Density, View};
use crate::words::Locale;
pub use cursor::focus;

/// The room below the wall in rem.
const BELOW: f64 = 1.5;
/// The smallest side of a cell in CSS pixels, for a mouse and for a finger. A tap opens whatever is below it, so that
/// only the neighbours of a cell are in its way.
const SMALLEST: (f64, f64) = (4.0, 16.0);

/// Heights and widths in rem; the style sheet has the same.
#[derive(Copy, Clone)]
struct Sizes {
    tile: f64,
    gap: f64,
    narrowest: f64,
    title: f64,
}

impl Sizes {
    fn of(density: Density) -> Sizes {
        match density {
            Density::Tiles => Sizes { tile: 5.25, gap: 0.625, narrowest: 15.0, title: 3.0 },
            Density::Compact => Sizes { tile: 2.25, gap: 0.25, narrowest: 18.0, title: 3.0 },
            // Its cells are as large as there is room.
            Density::Wall => Sizes { tile: 0.0, gap: 0.0, narrowest: 0.0, title: 3.0 },
        }
    }
}

/// What a grid needs of its wall, which is loaded when it is shown for the first time (see `walled.rs`).
trait Walled {
    /// The list box.
    fn el(&self) -> &El;
    /// The device of the cell that the keyboard is at.
    fn at(&self) -> Option<Handle>;
    /// The tip is about this device.
    fn point_at(&self, handle: Option<Handle>);
    /// Takes everything out of the document.
    fn hide(&self);
    /// Another legend shows how cells look.
    fn use_samples(&self, samples: Vec<El>);
    /// Looks at the colours of the style sheet; whether they are others than before.
    fn has_other_colours(&self) -> bool;
    /// How cells with a side of so many of the screen's own pixels look, of which `ratio` make a CSS pixel.
    fn stamps(&self, side: usize, ratio: f64) -> Option<Rc<Stamps>>;
    /// The cells of a section, none of them drawn yet.
    fn rows(&self) -> Box<dyn Rows>;
    /// Brings up to date what stands around the cells.
    fn draw(
        &self,
        grid: &Grid,
        drawing: &Drawing<'_>,
        sections: &[Section],
        layout: &Layout,
        wording: Wording,
    );
}

/// The windowed sections.
struct Grid {
    page: Page,
    /// All sections of the board.
    sections: Memo<Vec<Section>>,
    spacer: El,
    /// The wall, once it was loaded.
    wall: OnceCell<Rc<dyn Walled>>,
    /// The smallest side of its cells.
    smallest: f64,
    measured: Cell<Measured>,
    /// Raised when what was measured is not what it was.
    moved: ArcTrigger,
    /// Whether it will be measured with the next frame.
    is_due: Cell<bool>,
    /// How tiles and sections were laid out last, and which are in sight.
    layout: Cell<Layout>,
    placed: RefCell<Vec<Placed>>,
    parts: RefCell<Vec<Part>>,
    drawn: Cell<Option<Drawn>>,
    /// Where the tile stands that has the focus, or had it when its element went: section and place.
    stood: Cell<Option<(usize, usize)>>,
    /// Tiles of the first line that is wholly in sight once the visitor has scrolled, and one of the line below, each
    /// with its distance from the view's upper edge.
    anchors: RefCell<Vec<(Handle, f64)>>,
}

/// What the last drawing was made of.
#[derive(Copy, Clone, PartialEq)]
struct Drawn {
    /// The fleet's epoch.
    epoch: u64,
    locale: Locale,
    now: Time,
    timeline: Timeline,
}

/// The windowed sections.
pub fn grid(page: Page, sections: Memo<Vec<Section>>) -> El {
    let spacer = el("div", "spacer");
    let is_coarse = window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|q| q.matches());
    let grid = Rc::new(Grid {
        page,
        sections,
        spacer: spacer.clone(),
        wall: OnceCell::new(),
        smallest: if is_coarse { SMALLEST.1 } else { SMALLEST.0 },
        measured: Cell::new(Measured { rem: 16.0, ratio: 1.0, ..Measured::default() }),
        moved: ArcTrigger::new(),
        is_due: Cell::new(false),
        layout: Cell::new(Layout { columns: 1, pitch: 1.0, title: 0.0, gap: 0.0 }),
        placed: RefCell::default(),
        parts: RefCell::default(),
        drawn: Cell::new(None),
        stood: Cell::new(None),
        anchors: RefCell::default(),
    });
    // Scrolling and resizing come in floods; what they lead to is looked at once per frame.
    for event in ["scroll", "resize"] {
        let seen = grid.clone();
        on_window(event, move |_| seen.measure_soon());
    }
    // Whatever else moves the grid changes the body's size: a note, a longer headline, a turned phone.
    let seen = grid.clone();
    let observed = Closure::<dyn FnMut()>::new(move || seen.measure_soon());
    if let (Ok(observer), Some(body)) =
        (ResizeObserver::new(observed.as_ref().unchecked_ref()), document().body())
    {
        observer.observe(&body);
        finally(move || {
            observer.disconnect();
            drop(observed);
        });
    }
    let seen = grid.clone();
    effect(move || seen.draw());
    let listen = |event: &'static str, act: fn(&Rc<Grid>, &Event)| {
        let seen = grid.clone();
        let _ = spacer.clone().on(event, move |event| act(&seen, &event));
    };
    listen("keydown", |grid, event| {
        if let Some(event) = event.dyn_ref() {
            grid.on_key(event);
        }
    });
    listen("focusin", |grid, event| grid.on_focus(event));
    listen("focusout", |grid, event| {
        if let Some(event) = event.dyn_ref() {
            grid.on_blur(event);
        }
    });
    listen("click", |grid, event| {
        if let Some(handle) = closest(event.target(), ".face").and_then(|_| grid.handle_at(event)) {
            grid.page.open_device(handle);
        }
    });
    let is_wall = move || page.view.with(|view| view.density == Density::Wall);
    let around = move || {
        let (legend, samples) = legend(page);
        let grid = grid.clone();
        let load = move |_| load_wall(grid.clone(), samples.clone());
        later::open(page, el("div", "").child(legend), load)
    };
    el("div", "").part_while(is_wall, around).child(spacer)
}

later! { wall: fn load_wall(grid: Rc<Grid>, samples: Vec<El>) { walled::begin(grid, samples) } }

impl Grid {
    /// Brings the sections in sight up to date.
    fn draw(self: &Rc<Self>) {
        let Grid { page, sections, .. } = &**self;
        let page = *page;
        self.moved.track();
        page.theme.track();
        let (locale, now, cursor) = (page.locale.get(), page.now.get(), page.cursor.get());
        let (density, is_filtered) = page.view.with(|view| (view.density, View::is_filtered(view)));
        let is_wall = density == Density::Wall;
        let measured = self.measured.get();
        let Measured { top, view, is_rtl, .. } = measured;
        let wall = self.wall.get().filter(|_| is_wall);
        if let (None, Some(wall)) = (wall, self.wall.get()) {
            wall.hide();
        }
        sections.with(|sections| {
            let lengths = lengths(sections);
            let layout = if is_wall { self.cells(&lengths, measured) } else { tiles(density, measured) };
            let placed = layout.window(&lengths, top, view);
            let tab_stop = tab_stop(sections, &placed, &layout, top, cursor);
            style_length(&self.spacer, "height", layout.total(&lengths));
            self.spacer
                .set("class", Some(if density == Density::Compact { "spacer compact" } else { "spacer" }));
            let mut parts = Vec::new();
            let mut old = self.parts.take();
            page.watch(|link| {
                let standing = link.standing();
                link.with(|call| {
                    let fleet = call.engine.fleet();
                    let timeline = Timeline::of(fleet.observed_since(), link::now());
                    let drawn = Drawn { epoch: fleet.epoch(), locale, now, timeline };
                    let before = self.drawn.replace(Some(drawn));
                    let since = before.map_or(0, |before| before.epoch);
                    let drawing = Drawing {
                        page,
                        fleet,
                        changed: fleet.changed_since(since),
                        // Another connection counts its epochs from the beginning.
                        is_everything: before != Some(Drawn { epoch: since, ..drawn })
                            || fleet.epoch() < since,
                        locale,
                        now,
                        timeline,
                        tab_stop,
                        is_rtl,
                        stamps: wall.and_then(|wall| {
                            wall.stamps((layout.pitch * measured.ratio).round() as usize, measured.ratio)
                        }),
                    };
                    let is_as_last_known = fleet.counts().stale > 0 || standing != mqtt::Link::Connected;
                    let wording = Wording { locale, is_as_last_known, is_filtered };
                    for placed in &placed {
                        let Some(section) = sections.get(placed.section) else { continue };
                        let name = section.title.name();
                        let mut part = match old.iter().position(|part| part.is_for(&name, is_wall)) {
                            Some(known) => old.swap_remove(known),
                            None => Part::new(name, &section.title, page, is_wall),
                        };
                        if let Some(wall) = wall.filter(|_| part.is_unfilled()) {
                            part.fill(wall.rows());
                        }
                        part.draw(&drawing, section, placed, &layout, wording);
                        parts.push(part);
                    }
                    if let Some(wall) = wall {
                        wall.draw(self, &drawing, sections, &layout, wording);
                    }
                })
            });
            old.into_iter().for_each(|gone| gone.el.remove());
            put_in_order(self.spacer.element(), parts.iter().map(|part| &part.el));
            *self.parts.borrow_mut() = parts;
            *self.placed.borrow_mut() = placed;
            self.layout.set(layout);
        });
        self.hold_view();
        self.keep_focus();
        self.measure_soon();
    }

    fn measure_soon(self: &Rc<Self>) {
        if !self.is_due.replace(true) {
            let grid = self.clone();
            request_animation_frame(move || {
                grid.is_due.set(false);
                grid.measure();
            });
        }
    }

    fn measure(&self) {
        // The page may be gone by now.
        if self.page.is_gone() {
            return;
        }
        let now = Measured::of(self.spacer.element());
        let is_wall = self.page.view.with_untracked(|view| view.density == Density::Wall);
        let has_other_colours = is_wall && self.wall.get().is_some_and(|wall| wall.has_other_colours());
        if self.measured.replace(now) != now || has_other_colours {
            self.moved.notify();
        }
        self.drop_anchor();
    }

    /// The layout of the wall's cells.
    fn cells(&self, lengths: &[usize], measured: Measured) -> Layout {
        let Measured { width, rem, offset, view, ratio, .. } = measured;
        let title = Sizes::of(Density::Wall).title * rem;
        // Where the board begins far down, on a phone, it fills a view that is scrolled to it by half.
        let room = (view - offset - BELOW * rem).max(view / 2.0);
        let side = geometry::side(lengths, title, (width, room), self.smallest, ratio);
        Layout::of_cells(side / ratio, width, title)
    }
}

/// The layout of tiles.
fn tiles(density: Density, Measured { width, rem, .. }: Measured) -> Layout {
    let sizes = Sizes::of(density);
    Layout {
        columns: geometry::columns(width, sizes.narrowest * rem, sizes.gap * rem),
        pitch: (sizes.tile + sizes.gap) * rem,
        title: sizes.title * rem,
        gap: sizes.gap * rem,
    }
}

/// Tab reaches one tile: the cursor's, or the first that is wholly in sight. `top` is where the first section begins,
/// from the upper edge of the view.
fn tab_stop(
    sections: &[Section],
    placed: &[Placed],
    layout: &Layout,
    top: f64,
    cursor: Option<Handle>,
) -> Option<Handle> {
    let (mut first, mut first_in_sight) = (None, None);
    for placed in placed {
        let handles = sections.get(placed.section).map_or(&[][..], |section| &section.handles);
        let columns = layout.columns;
        let end = (placed.last * columns).min(handles.len());
        let begin = layout.first_line(placed, top).0 * columns;
        for (tile, &handle) in handles.iter().enumerate().take(end).skip(placed.first * columns) {
            if Some(handle) == cursor {
                return cursor;
            }
            first.get_or_insert(handle);
            if tile >= begin {
                first_in_sight.get_or_insert(handle);
            }
        }
    }
    first_in_sight.or(first)
}
