//! The keyboard among the tiles and the cells: the arrow keys, and where the focus is.
//!
//! The focus is never lost to an update: it goes with its device, or stays in its place.

use fleet::Handle;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, FocusEvent, FocusOptions, HtmlElement, KeyboardEvent};

use super::layout::{self, Step};
use super::measure::{closest, view_height};
use super::sections::replacement;
use super::state::GridState;
use crate::components::is_focus_lost;

impl GridState {
    /// Moves the cursor by the keys that do.
    pub(super) fn handle_key(self, event: &KeyboardEvent) {
        let is_on_tile = closest(event, ".tile, .wall").is_some();
        if !is_on_tile || event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key() {
            return;
        }
        let layout = self.layout.get_untracked();
        let lines = ((view_height() / layout.pitch) as usize).max(2) - 1;
        let is_rtl = self.viewport.measured.get_untracked().is_rtl;
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
        let cursor = || self.app.cursor.get_untracked().and_then(|handle| self.place(handle));
        let cell = self.wall.option.get_untracked().map(|(_, place)| place);
        let from = cell.or_else(cursor).unwrap_or_default();
        let to = self.lengths.with_untracked(|lengths| layout::step(lengths, layout.columns, from, step));
        if let Some(to) = to {
            self.go(to);
        }
    }

    /// Moves the cursor, the view if need be, and the focus.
    fn go(self, (section, tile): (usize, usize)) {
        let layout = self.layout.get_untracked();
        let handle =
            self.sections.with_untracked(|sections| sections.get(section)?.handles.get(tile).copied());
        let (Some(handle), Some(spacer)) = (handle, self.viewport.element.get_untracked()) else { return };
        self.app.cursor.set(Some(handle));
        let line = self.lengths.with_untracked(|lengths| layout.line_of(lengths, section, tile));
        let top = spacer.get_bounding_client_rect().top() + line;
        // A title above the first line of a section comes into sight with it.
        let (above, below) = (top - layout.title, top + layout.pitch - view_height());
        let by = if above < 0.0 { above } else { below.max(0.0) };
        if by != 0.0 {
            window().scroll_by_with_x_and_y(0.0, by);
        }
        if self.is_wall.get_untracked() {
            self.wall.pointed.set(Some(handle));
        } else {
            focus_soon(handle);
        }
    }

    /// The cursor follows the focus.
    pub(super) fn handle_focus(self, event: &Event) {
        if let Some(handle) = self.handle_at(event) {
            self.last_place.set_value(self.place(handle));
            if self.app.cursor.get_untracked() != Some(handle) {
                self.app.cursor.set(Some(handle));
            }
        }
    }

    /// Distinguishes a visitor who leaves the tiles from a tile that is removed.
    pub(super) fn handle_blur(self, event: &FocusEvent) {
        if event.related_target().is_some() {
            self.last_place.set_value(None);
            return;
        }
        // A removed element reports its blur while it is still connected. If it is connected a frame later, the visitor
        // left it.
        let tile = closest(event, ".tile, .wall");
        request_animation_frame(move || {
            let has_focus = |tile: &Element| {
                document().active_element().is_some_and(|active| tile.contains(Some(&active)))
            };
            if tile.is_some_and(|tile| tile.is_connected() && !has_focus(&tile)) {
                // The page may be gone by now.
                let _ = self.last_place.try_set_value(None);
            }
        });
    }

    /// After an update: a device that moved to another section keeps the focus if its tile is in sight, and when the
    /// device is gone the one that stands in its place gets it. The view does not move.
    pub(super) fn keep_focus(self) {
        if self.last_place.get_value().is_none() {
            return;
        }
        after_two_frames(move || {
            // By now the page may be gone, and the visitor may have left the tiles or be at another one.
            let Some(Some(place)) = self.last_place.try_get_value() else { return };
            let (true, Some(handle)) = (is_focus_lost(), self.app.cursor.get_untracked()) else { return };
            if let Some(place) = self.place(handle) {
                self.last_place.set_value(Some(place));
                focus_device(handle, true);
            } else if let Some(replacement) =
                self.sections.with_untracked(|sections| replacement(sections, place))
            {
                focus_device(replacement, true);
            }
        });
    }
}

/// Gives a tile the focus as soon as it is in the document.
fn focus_soon(handle: Handle) {
    if !focus_device(handle, false) {
        after_two_frames(move || {
            focus_device(handle, false);
        });
    }
}

/// Gives a device's tile, or the wall, the focus, if it is in the document; `still` leaves the view where it is.
pub fn focus_device(handle: Handle, still: bool) -> bool {
    let face = document().query_selector(&format!("#d{} .face, .wall", handle.slot()));
    face.ok().flatten().is_some_and(|face| focus_element(&face, still))
}

/// Gives an element the focus; `still` leaves the view where it is.
pub(super) fn focus_element(element: &Element, still: bool) -> bool {
    let options = FocusOptions::new();
    options.set_prevent_scroll(still);
    element.dyn_ref::<HtmlElement>().is_some_and(|element| element.focus_with_options(&options).is_ok())
}

/// When what changes now has been drawn.
fn after_two_frames(then: impl FnOnce() + 'static) {
    request_animation_frame(move || request_animation_frame(then));
}
