//! The wall: every device a cell on a canvas, for boards of thousands.
//!
//! A canvas tells nobody what is on it. So the wall is a list box with one option, the cell that the keyboard is at: an
//! element over that cell, whose text is what the cell says. The grid lays the cells out.

pub mod canvas;
mod describe;
mod legend;
mod painter;
pub mod state;
mod tip;

use std::borrow::Cow;

use fleet::{Evidence, Handle, Status};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{KeyboardEvent, MouseEvent};

use self::describe::describe;
pub use self::legend::Legend;
use self::state::WallState;
use self::tip::Tip;
use super::keyboard::focus_element;
use super::measure::{closest, pixels};
use super::section::title_text;
use super::sections::Section;
use super::state::GridState;
use crate::client::Pace;
use crate::format::use_format;
use crate::i18n::{t_string, use_i18n};

impl GridState {
    /// The pointer moves over the grid.
    pub(super) fn handle_pointer(self, event: &MouseEvent) {
        match self.cell_below(event) {
            // The tip is where the pointer can go without losing it.
            None if closest(event, ".tip").is_some() => {}
            None => self.handle_pointer_left(),
            below => self.wall.pointed.set(below),
        }
    }

    /// The pointer leaves the cells.
    pub(super) fn handle_pointer_left(self) {
        if self.is_wall.get_untracked() {
            self.wall.point_at_option();
        }
    }

    /// The device whose cell was clicked. The list box gets the focus: a canvas takes none, and the panel has to give it
    /// back to somebody.
    pub(super) fn handle_cell_click(self, event: &MouseEvent) -> Option<Handle> {
        let handle = self.cell_below(event)?;
        focus_element(&*self.wall.list_box.get_untracked()?, true);
        Some(handle)
    }

    /// The device whose cell is below the pointer.
    fn cell_below(self, event: &MouseEvent) -> Option<Handle> {
        closest(event, ".cells")?;
        let place = self.viewport.element.get_untracked()?.get_bounding_client_rect();
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()) - place.top());
        let is_rtl = self.viewport.measured.get_untracked().is_rtl;
        let x = if is_rtl { place.right() - x } else { x - place.left() };
        let layout = self.layout.get_untracked();
        let (section, tile) = self.lengths.with_untracked(|lengths| layout.cell_at(lengths, (x, y)))?;
        self.sections.with_untracked(|sections| sections.get(section)?.handles.get(tile).copied())
    }
}

/// What the option says.
#[derive(Clone, PartialEq)]
struct OptionData {
    id: String,
    slug: Cow<'static, str>,
    status: Status,
    evidence: Evidence,
    parent_offline: bool,
    text: String,
    position: usize,
    length: usize,
}

/// The list box over the canvases, the option in it, and the tip.
#[component]
pub fn Wall(
    /// What the parts of the grid share.
    grid: GridState,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let WallState { list_box, has_focus, option, pointed, .. } = grid.wall;
    let data = Memo::new(move |_| {
        let (handle, (section, tile)) = option.get()?;
        let (locale, formats, now) = (i18n.get_locale(), format.get(), grid.app.now.get());
        let wording = grid.wording.get();
        grid.sections.with(|sections| {
            let Section { title, length, .. } = sections.get(section)?;
            grid.app.read(Pace::Frame, |active| {
                let fleet = active.engine.fleet();
                let device = fleet.device(handle)?;
                let title = title_text(locale, title, wording);
                let words = describe(&device, locale, &formats, now);
                Some(OptionData {
                    id: device.id.to_owned(),
                    slug: device.convention.slug.clone(),
                    status: device.status,
                    evidence: device.evidence,
                    parent_offline: device.parent_offline,
                    text: format!("{}, {words}, {title}", device.display_name()),
                    position: tile + 1,
                    length: *length,
                })
            })?
        })
    });
    let has_option = Memo::new(move |_| data.with(Option::is_some));
    let cells = move || grid.lengths.with(|lengths| lengths.iter().sum::<usize>().to_string());
    let label = Signal::derive(move || match grid.wording.get().is_filtered {
        true => t_string!(i18n, board.matching),
        false => t_string!(i18n, board.all),
    });
    // What the tip covers can be seen again without moving the pointer.
    let escape = window_event_listener_untyped("keydown", move |event| {
        // A browser that fills in a form sends events of this name without a key.
        if event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape") {
            pointed.set(None);
        }
    });
    on_cleanup(move || {
        escape.remove();
        pointed.set(None);
        has_focus.set(false);
    });
    let on_keydown = move |event: KeyboardEvent| {
        // A tile is a button, and does this by itself.
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key();
        let option = option.get_untracked();
        if let (false, "Enter" | " ", Some((handle, _))) = (has_modifier, event.key().as_str(), option) {
            event.prevent_default();
            grid.app.open_device(handle);
        }
    };
    view! {
        <div
            node_ref=list_box
            class="wall"
            role="listbox"
            tabindex="0"
            data-cells=cells
            aria-label=label
            aria-activedescendant=move || has_option.get().then_some("wall-cell")
            on:keydown=on_keydown
            on:focusin=move |_| {
                has_focus.set(true);
                grid.wall.point_at_option();
            }
            on:focusout=move |_| {
                has_focus.set(false);
                pointed.set(None);
            }
        >
            <Show when=move || has_option.get()>
                <Cell grid data />
            </Show>
        </div>
        <Tip grid />
    }
}

/// The cell that the keyboard is at.
#[component]
fn Cell(
    /// What the parts of the grid share.
    grid: GridState,
    /// What it says.
    data: Memo<Option<OptionData>>,
) -> impl IntoView {
    let WallState { option, .. } = grid.wall;
    let side = move || pixels(grid.layout.get().pitch);
    let top = move || {
        let (_, (section, tile)) = option.get()?;
        Some(pixels(grid.lengths.with(|lengths| grid.layout.get().line_of(lengths, section, tile))))
    };
    let start = move || {
        let ((_, (_, tile)), layout) = (option.get()?, grid.layout.get());
        Some(pixels((tile % layout.columns) as f64 * layout.pitch))
    };
    let status = move || data.with(|data| data.as_ref().map(|data| data.status.word()));
    let evidence = move || data.with(|data| data.as_ref().map(|data| data.evidence.word()));
    let parent = move || data.with(|data| data.as_ref()?.parent_offline.then_some("offline"));
    view! {
        <div
            class="cell"
            role="option"
            id="wall-cell"
            aria-selected="true"
            data-device=move || data.with(|data| data.as_ref().map(|data| data.id.clone()))
            data-convention=move || data.with(|data| data.as_ref().map(|data| data.slug.to_string()))
            data-status=status
            data-evidence=evidence
            data-parent=parent
            aria-posinset=move || data.with(|data| data.as_ref().map(|data| data.position))
            aria-setsize=move || data.with(|data| data.as_ref().map(|data| data.length))
            style:top=top
            style:inset-inline-start=start
            style:width=side
            style:height=side
        >
            <span class="spoken">
                {move || data.with(|data| data.as_ref().map(|data| data.text.clone()))}
            </span>
        </div>
    }
}
