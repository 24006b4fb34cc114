//! Where the keyboard and the eye are among the tiles and the cells: the arrows, the focus, and what stays in sight.
//!
//! The focus is never lost to an update: it goes with its device, or stays in its place.

use std::rc::Rc;

use fleet::Handle;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, FocusEvent, FocusOptions, HtmlElement, KeyboardEvent};

use super::Grid;
use crate::geometry::{self, Step};
use crate::sections::{Section, lengths, place_of};
use crate::ui::element::closest;
use crate::ui::measure::{after_two_frames, is_there, view_height};

/// How many tiles of a line are remembered: a line of the wall has hundreds of cells.
const ANCHORS: usize = 8;

impl Grid {
    pub(super) fn on_key(self: &Rc<Self>, event: &KeyboardEvent) {
        let is_on_tile = closest(event.target(), ".tile, .wall").is_some();
        if !is_on_tile || event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key() {
            return;
        }
        let layout = self.layout.get();
        let lines = ((view_height() / layout.pitch) as usize).max(2) - 1;
        let is_rtl = self.measured.get().is_rtl;
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
        let to = self
            .sections
            .with_untracked(|sections| geometry::step(&lengths(sections), layout.columns, from, step));
        if let Some(to) = to {
            self.go(to);
        }
    }

    /// The section of a device and its place in it.
    fn place(&self, handle: Handle) -> Option<(usize, usize)> {
        self.sections.with_untracked(|sections| place_of(sections, handle))
    }

    /// Remembers what the visitor looks at.
    pub(super) fn drop_anchor(&self) {
        let (top, layout) = (self.measured.get().top, self.layout.get());
        let mut anchors = self.anchors.borrow_mut();
        anchors.clear();
        // At the top of the board the visitor wants to see what comes there.
        if top >= 0.0 {
            return;
        }
        self.sections.with_untracked(|sections| {
            for placed in self.placed.borrow().iter() {
                let Some(section) = sections.get(placed.section) else { continue };
                let (line, distance) = layout.first_line(placed, top);
                let rest = section.handles.get(line * layout.columns..).unwrap_or_default();
                let of_line = rest.iter().take(layout.columns.min(ANCHORS));
                anchors.extend(of_line.map(|handle| (*handle, distance)));
                anchors.extend(rest.get(layout.columns).map(|handle| (*handle, distance + layout.pitch)));
                if !anchors.is_empty() {
                    return;
                }
            }
        });
    }

    /// After an update: what the visitor looks at stays where it is. A device that moved to another section does not
    /// take the view along: the shift is the smallest that any of the anchors asks for.
    pub(super) fn hold_view(&self) {
        let (top, layout) = (self.measured.get().top, self.layout.get());
        let mut by: Option<f64> = None;
        for &(handle, before) in self.anchors.borrow().iter() {
            let Some((section, tile)) = self.place(handle) else { continue };
            let line = self.sections.with_untracked(|all| layout.line_of(&lengths(all), section, tile));
            let shift = top + line - before;
            if shift.abs() < 1.0 {
                return;
            }
            if by.is_none_or(|by| shift.abs() < by.abs()) {
                by = Some(shift);
            }
        }
        if let Some(by) = by {
            self.anchors.borrow_mut().clear();
            window().scroll_by_with_x_and_y(0.0, by);
        }
    }

    /// Moves the cursor, the view if need be, and the focus.
    fn go(&self, (section, tile): (usize, usize)) {
        let layout = self.layout.get();
        let (handle, line) = self.sections.with_untracked(|sections| {
            let handle = sections.get(section).and_then(|section| section.handles.get(tile)).copied();
            (handle, layout.line_of(&lengths(sections), section, tile))
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
        match self.wall.get().filter(|wall| is_there(wall.el())) {
            Some(wall) => {
                self.stood.set(Some((section, tile)));
                wall.point_at(Some(handle));
            }
            None => focus_soon(handle),
        }
    }

    pub(super) fn on_focus(&self, event: &Event) {
        if let Some(handle) = self.handle_at(event) {
            self.stood.set(self.place(handle));
            if self.page.cursor.get_untracked() != Some(handle) {
                self.page.cursor.set(Some(handle));
            }
        }
    }

    /// The device on whose tile an event came.
    pub(super) fn handle_at(&self, event: &Event) -> Option<Handle> {
        if closest(event.target(), ".wall").is_some() {
            return self.wall.get()?.at();
        }
        let tile = closest(event.target(), ".tile")?;
        let slot = tile.id().strip_prefix('d')?.parse::<u32>().ok()?;
        self.sections.with_untracked(|sections| {
            let of = |section: &Section| section.handles.iter().find(|handle| handle.slot() == slot).copied();
            sections.iter().find_map(of)
        })
    }

    pub(super) fn on_blur(self: &Rc<Self>, event: &FocusEvent) {
        if event.related_target().is_some() {
            self.stood.set(None);
            return;
        }
        // An element that goes takes the focus with it, and is still there when it says so. What is there one
        // frame later was left on purpose.
        let (tile, grid) = (closest(event.target(), ".tile, .wall"), self.clone());
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
    pub(super) fn keep_focus(self: &Rc<Self>) {
        let is_active =
            |el: &Element| document().active_element().is_some_and(|active| active.is_same_node(Some(el)));
        // The wall's element keeps the focus that it has.
        let is_on_wall = self.wall.get().is_some_and(|wall| is_active(wall.el().element()));
        if self.stood.get().is_none() || is_on_wall {
            return;
        }
        let grid = self.clone();
        after_two_frames(move || {
            let active = document().active_element();
            if active.is_some_and(|active| active.tag_name() != "BODY") {
                return;
            }
            if grid.page.is_gone() {
                return;
            }
            // By now the visitor may have left the tiles, or be at another one.
            let (Some(stood), Some(handle)) = (grid.stood.get(), grid.page.cursor.get_untracked()) else {
                return;
            };
            if let Some(place) = grid.place(handle) {
                grid.stood.set(Some(place));
                focus(handle, true);
                return;
            }
            if let Some(heir) = grid.sections.with_untracked(|sections| heir(sections, stood)) {
                focus(heir, true);
            }
        });
    }
}

/// The device that stands where another one stood.
pub(super) fn heir(sections: &[Section], stood: (usize, usize)) -> Option<Handle> {
    let handles = &sections.get(stood.0).or(sections.last())?.handles;
    handles.get(stood.1).or(handles.last()).copied()
}

/// Gives a tile the focus as soon as it is in the document.
fn focus_soon(handle: Handle) {
    if !focus(handle, false) {
        after_two_frames(move || {
            focus(handle, false);
        });
    }
}

/// Gives a tile, or the wall, the focus, if it is in the document; `still` leaves the view where it is.
pub fn focus(handle: Handle, still: bool) -> bool {
    let face = document().query_selector(&format!("#d{} .face, .wall", handle.slot()));
    face.ok().flatten().is_some_and(|face| focus_element(&face, still))
}

pub(super) fn focus_element(element: &Element, still: bool) -> bool {
    let how = FocusOptions::new();
    how.set_prevent_scroll(still);
    element.dyn_ref::<HtmlElement>().is_some_and(|element| element.focus_with_options(&how).is_ok())
}
