//! The sections of the board, of which only the tiles in sight are in the document.
//!
//! A spacer is as high as everything; the sections in sight are placed inside it, and in each of them the lines in
//! sight. Only this module measures. What is outside the window has no element and no cost; what is inside is drawn
//! at most once per frame by one effect, [`Grid::draw`]. The keyboard moves a cursor through the tiles; the cursor's
//! tile is the one that Tab reaches.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use fleet::Handle;
use leptos::prelude::*;
use mqtt::Time;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, FocusEvent, FocusOptions, HtmlElement, KeyboardEvent, ResizeObserver};

use super::Page;
use super::element::{El, closest, effect, el};
use super::list::put_in_order;
use super::section::{Part, Wording};
use super::tile::Drawing;
use crate::geometry::{self, Layout, Placed, Step};
use crate::link;
use crate::sections::Section;
use crate::timeline::Timeline;
use crate::view::{Density, View};
use crate::words::Locale;

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
        }
    }
}

/// What was measured.
#[derive(Copy, Clone, PartialEq, Default)]
struct Measured {
    width: f64,
    rem: f64,
    /// Where the first section begins, from the upper edge of the view.
    top: f64,
    /// The height of the view.
    view: f64,
}

/// The windowed sections.
struct Grid {
    page: Page,
    /// All sections of the board.
    sections: Memo<Vec<Section>>,
    spacer: El,
    measured: Cell<Measured>,
    /// Raised when what was measured is not what it was.
    moved: RwSignal<u64>,
    /// Whether it will be measured with the next frame.
    is_due: Cell<bool>,
    /// How tiles and sections were laid out last, and which are in sight.
    layout: Cell<Layout>,
    placed: RefCell<Vec<Placed>>,
    parts: RefCell<Vec<Part>>,
    drawn: Cell<Option<Drawn>>,
    /// Where the tile stands that has the focus, or had it when its element went: section and place.
    stood: Cell<Option<(usize, usize)>>,
    /// The first tile that is wholly in sight once the visitor has scrolled, and its distance from the view's
    /// upper edge.
    anchor: Cell<Option<(Handle, f64)>>,
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
    let grid = Rc::new(Grid {
        page,
        sections,
        spacer: spacer.clone(),
        measured: Cell::new(Measured { rem: 16.0, ..Measured::default() }),
        moved: RwSignal::new(0),
        is_due: Cell::new(false),
        layout: Cell::new(Layout { columns: 1, pitch: 1.0, title: 0.0, gap: 0.0 }),
        placed: RefCell::default(),
        parts: RefCell::default(),
        drawn: Cell::new(None),
        stood: Cell::new(None),
        anchor: Cell::new(None),
    });
    // Scrolling and resizing come in floods; what they lead to is looked at once per frame.
    let seen = grid.clone();
    let scroll = window_event_listener_untyped("scroll", move |_| seen.measure_soon());
    on_cleanup(move || scroll.remove());
    // Whatever else moves the grid changes the body's size: a note, a longer headline, a turned phone.
    let seen = grid.clone();
    let observed = Closure::<dyn FnMut()>::new(move || seen.measure_soon());
    if let (Ok(observer), Some(body)) =
        (ResizeObserver::new(observed.as_ref().unchecked_ref()), document().body())
    {
        observer.observe(&body);
        let observer = StoredValue::new_local((observer, observed));
        on_cleanup(move || {
            let _ = observer.try_with_value(|(observer, _)| observer.disconnect());
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
    spacer
}

impl Grid {
    /// Brings the sections in sight up to date.
    fn draw(self: &Rc<Self>) {
        let Grid { page, sections, .. } = **self;
        self.moved.track();
        let (locale, now, cursor) = (page.locale.get(), page.now.get(), page.cursor.get());
        let (density, is_filtered) = page.view.with(|view| (view.density, View::is_filtered(view)));
        let sizes = Sizes::of(density);
        let Measured { width, rem, top, view } = self.measured.get();
        let layout = Layout {
            columns: geometry::columns(width, sizes.narrowest * rem, sizes.gap * rem),
            pitch: (sizes.tile + sizes.gap) * rem,
            title: sizes.title * rem,
            gap: sizes.gap * rem,
        };
        sections.with(|sections| {
            let placed = layout.window(lengths(sections), top, view);
            let tab_stop = tab_stop(sections, &placed, layout.columns, cursor);
            style(&self.spacer, "height", &pixels(layout.total(lengths(sections))));
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
                    };
                    let is_as_last_known = fleet.counts().stale > 0 || standing != mqtt::Link::Connected;
                    let wording = Wording { locale, is_as_last_known, is_filtered };
                    for placed in &placed {
                        let Some(section) = sections.get(placed.section) else { continue };
                        let name = section.title.name();
                        let mut part = match old.iter().position(|part| part.name == name) {
                            Some(known) => old.swap_remove(known),
                            None => Part::new(name, &section.title, page),
                        };
                        part.draw(&drawing, section, placed, &layout, wording);
                        parts.push(part);
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
        if self.sections.try_with_untracked(|_| ()).is_none() {
            return;
        }
        let place = self.spacer.element().get_bounding_client_rect();
        let now = Measured { width: place.width(), rem: rem(), top: place.top(), view: view_height() };
        if self.measured.replace(now) != now {
            self.moved.update(|moved| *moved += 1);
        }
        self.drop_anchor();
    }
}

/// Tab reaches one tile: the cursor's, or the first in sight.
fn tab_stop(
    sections: &[Section],
    placed: &[Placed],
    columns: usize,
    cursor: Option<Handle>,
) -> Option<Handle> {
    let mut first = None;
    for placed in placed {
        let handles = sections.get(placed.section).map_or(&[][..], |section| &section.handles);
        let end = (placed.last * columns).min(handles.len());
        for &handle in handles.get(placed.first * columns..end).unwrap_or_default() {
            if Some(handle) == cursor {
                return cursor;
            }
            first.get_or_insert(handle);
        }
    }
    first
}

fn lengths(sections: &[Section]) -> impl Iterator<Item = usize> {
    sections.iter().map(|section| section.handles.len())
}

/// # Where the keyboard and the eye are among the tiles
impl Grid {
    fn on_key(self: &Rc<Self>, event: &KeyboardEvent) {
        let is_on_tile = closest(event.target(), ".tile").is_some();
        if !is_on_tile || event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key() {
            return;
        }
        let layout = self.layout.get();
        let lines = ((view_height() / layout.pitch) as usize).max(2) - 1;
        // In a page that reads from right to left, the tile before is on the right.
        let is_rtl = document().document_element().is_some_and(|root| {
            window().get_computed_style(&root).ok().flatten().is_some_and(|style| {
                style.get_property_value("direction").is_ok_and(|direction| direction == "rtl")
            })
        });
        let step = match event.key().as_str() {
            "ArrowLeft" if is_rtl => Step::Right,
            "ArrowRight" if is_rtl => Step::Left,
            "ArrowLeft" => Step::Left,
            "ArrowRight" => Step::Right,
            "ArrowUp" => Step::Up,
            "ArrowDown" => Step::Down,
            "Home" => Step::First,
            "End" => Step::Last,
            "PageUp" => Step::PageUp(lines),
            "PageDown" => Step::PageDown(lines),
            _ => return,
        };
        event.prevent_default();
        let at = self.page.cursor.get_untracked();
        let from = at.and_then(|handle| self.place(handle)).unwrap_or_default();
        let to = self.sections.with_untracked(|sections| {
            let lengths: Vec<usize> = lengths(sections).collect();
            geometry::step(&lengths, layout.columns, from, step)
        });
        if let Some(to) = to {
            self.go(to);
        }
    }

    /// The section of a device and its place in it.
    fn place(&self, handle: Handle) -> Option<(usize, usize)> {
        self.sections.with_untracked(|sections| {
            sections.iter().enumerate().find_map(|(number, section)| {
                let place = section.handles.iter().position(|other| *other == handle)?;
                Some((number, place))
            })
        })
    }

    /// Remembers what the visitor looks at.
    fn drop_anchor(&self) {
        let (top, layout) = (self.measured.get().top, self.layout.get());
        let found = self.sections.with_untracked(|sections| {
            self.placed.borrow().iter().find_map(|placed| {
                let first_line = top + placed.top + layout.title;
                let line = (-first_line / layout.pitch).ceil().max(0.0);
                let tile = line as usize * layout.columns;
                let handle = sections.get(placed.section)?.handles.get(tile)?;
                Some((*handle, first_line + line * layout.pitch))
            })
        });
        // At the top of the board the visitor wants to see what comes there.
        self.anchor.set(found.filter(|_| top < 0.0));
    }

    /// After an update: what the visitor looks at stays where it is.
    fn hold_view(&self) {
        let Some((handle, before)) = self.anchor.get() else {
            return;
        };
        let Some((section, tile)) = self.place(handle) else {
            return;
        };
        let layout = self.layout.get();
        let line = self.sections.with_untracked(|all| layout.line_of(lengths(all), section, tile));
        let now = self.measured.get().top + line;
        if (now - before).abs() >= 1.0 {
            self.anchor.set(None);
            window().scroll_by_with_x_and_y(0.0, now - before);
        }
    }

    /// Moves the cursor, the view if need be, and the focus.
    fn go(&self, (section, tile): (usize, usize)) {
        let layout = self.layout.get();
        let (handle, line) = self.sections.with_untracked(|sections| {
            let handle = sections.get(section).and_then(|section| section.handles.get(tile)).copied();
            (handle, layout.line_of(lengths(sections), section, tile))
        });
        let Some(handle) = handle else { return };
        self.page.cursor.set(Some(handle));
        let top = self.spacer.element().get_bounding_client_rect().top() + line;
        // A title above the first line of a section comes into sight with it.
        let (above, below) = (top - layout.title, top + layout.pitch - view_height());
        let by = if above < 0.0 { above } else { below.max(0.0) };
        if by != 0.0 {
            window().scroll_by_with_x_and_y(0.0, by);
        }
        focus_soon(handle);
    }

    fn on_focus(&self, event: &Event) {
        if let Some(handle) = self.handle_at(event) {
            self.stood.set(self.place(handle));
            if self.page.cursor.get_untracked() != Some(handle) {
                self.page.cursor.set(Some(handle));
            }
        }
    }

    /// The device on whose tile an event came.
    fn handle_at(&self, event: &Event) -> Option<Handle> {
        let tile = closest(event.target(), ".tile")?;
        let slot = tile.id().strip_prefix('d')?.parse::<u32>().ok()?;
        self.sections.with_untracked(|sections| {
            let mut handles = sections.iter().flat_map(|section| &section.handles);
            handles.find(|handle| handle.slot() == slot).copied()
        })
    }

    fn on_blur(self: &Rc<Self>, event: &FocusEvent) {
        if event.related_target().is_some() {
            self.stood.set(None);
            return;
        }
        // An element that goes takes the focus with it, and is still there when it says so. What is there one
        // frame later was left on purpose.
        let (tile, grid) = (closest(event.target(), ".tile"), self.clone());
        request_animation_frame(move || {
            let has_focus =
                |tile: &Element| document().active_element().is_some_and(|a| tile.contains(Some(&a)));
            if tile.is_some_and(|tile| tile.is_connected() && !has_focus(&tile)) {
                grid.stood.set(None);
            }
        });
    }

    /// After an update: a device that moved to another section keeps the focus if its tile is in sight, and
    /// when the device is gone the one that stands in its place gets it. The view does not move.
    fn keep_focus(self: &Rc<Self>) {
        let (Some(stood), Some(handle)) = (self.stood.get(), self.page.cursor.get_untracked()) else {
            return;
        };
        let grid = self.clone();
        after_two_frames(move || {
            let active = document().active_element();
            if active.is_some_and(|active| active.tag_name() != "BODY") {
                return;
            }
            let is_there = grid.sections.try_with_untracked(|_| ()).is_some();
            if !is_there {
                return;
            }
            if let Some(place) = grid.place(handle) {
                grid.stood.set(Some(place));
                focus(handle, true);
                return;
            }
            let heir = grid.sections.with_untracked(|sections| {
                let handles = &sections.get(stood.0).or(sections.last())?.handles;
                handles.get(stood.1).or(handles.last()).copied()
            });
            if let Some(heir) = heir {
                focus(heir, true);
            }
        });
    }
}

/// When what was raised now has been drawn.
fn after_two_frames(then: impl FnOnce() + 'static) {
    request_animation_frame(move || request_animation_frame(then));
}

/// Gives a tile the focus as soon as it is in the document.
fn focus_soon(handle: Handle) {
    if !focus(handle, false) {
        after_two_frames(move || {
            focus(handle, false);
        });
    }
}

/// Gives a tile the focus, if it is in the document; `still` leaves the view where it is.
pub fn focus(handle: Handle, still: bool) -> bool {
    let tile = document().get_element_by_id(&format!("d{}", handle.slot()));
    let face = tile.and_then(|tile| tile.query_selector(".face").ok().flatten());
    let Some(face) = face.and_then(|face| face.dyn_into::<HtmlElement>().ok()) else {
        return false;
    };
    let how = FocusOptions::new();
    how.set_prevent_scroll(still);
    face.focus_with_options(&how).is_ok()
}

/// The height of the view in pixels.
fn view_height() -> f64 {
    window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0)
}

/// Sets a property of an element's style; the page's policy forbids the attribute.
pub fn style(el: &El, name: &str, value: &str) {
    if let Some(element) = el.element().dyn_ref::<HtmlElement>() {
        // A property and a value of the page's own are valid.
        let _ = element.style().set_property(name, value);
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
pub fn pixels(length: f64) -> String {
    let hundredths = (length * 100.0) as u64;
    format!("{}.{:02}px", hundredths / 100, hundredths % 100)
}
