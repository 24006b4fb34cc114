//! What the parts of the wall share: the cell that the keyboard is at, and how cells look and are laid out.

use std::sync::Arc;

use fleet::Handle;
use leptos::html;
use leptos::prelude::*;
use leptos_use::use_media_query;

use super::painter::Sprites;
use crate::board::grid::layout::{self, Layout};
use crate::board::grid::measure::Measured;
use crate::board::grid::sections::{Section, place_of, replacement};

/// The room below the wall in rem.
const BELOW: f64 = 1.5;
/// The smallest side of a cell in CSS pixels, for a mouse and for a finger. A tap opens whatever is below it, so that
/// only the neighbours of a cell are in its way.
const MIN_SIDE: f64 = 4.0;
const MIN_SIDE_FOR_FINGERS: f64 = 16.0;

/// A cell by its device, its section and its place in that.
pub type Place = (Handle, (usize, usize));

/// What the parts of the wall share.
#[derive(Copy, Clone)]
pub struct WallState {
    /// Takes the focus for all cells.
    pub list_box: NodeRef<html::Div>,
    /// Whether the list box has it.
    pub has_focus: RwSignal<bool>,
    /// The cell that the keyboard is at, or would be.
    pub option: Memo<Option<Place>>,
    /// The device that the tip is about: the one below the pointer, or the option's.
    pub pointed: RwSignal<Option<Handle>>,
    /// The colours of the statuses by their numbers, once the legend has read them.
    pub colours: RwSignal<Option<[String; 5]>>,
    /// How cells look.
    pub sprites: Memo<Option<Arc<Sprites>>>,
}

impl WallState {
    /// The wall of a board. `is_shown`: it is looked at, and not the tiles; `cursor` and `tab_stop` as the grid has them.
    pub fn new(
        is_shown: Memo<bool>,
        sections: Memo<Vec<Section>>,
        layout: Memo<Layout>,
        ratio: Memo<f64>,
        cursor: RwSignal<Option<Handle>>,
        tab_stop: Memo<Option<Handle>>,
    ) -> WallState {
        let has_focus = RwSignal::new(false);
        let option = Memo::new(move |before: Option<&Option<Place>>| {
            if !is_shown.get() {
                return None;
            }
            let placed = |handle| Some((handle, sections.with(|sections| place_of(sections, handle))?));
            if !has_focus.get() {
                return tab_stop.get().and_then(placed);
            }
            // When the cursor's device is gone or filtered away, the one that stands in its place.
            cursor.get().and_then(placed).or_else(|| {
                let (handle, place) = (*before?)?;
                placed(handle).or_else(|| placed(sections.with(|sections| replacement(sections, place))?))
            })
        });
        let colours = RwSignal::new(None::<[String; 5]>);
        let sprites = Memo::new(move |_| {
            let side = (layout.get().pitch * ratio.get()).round() as usize;
            colours.with(|colours| Sprites::new(side, ratio.get(), colours.as_ref()?).map(Arc::new))
        });
        WallState {
            list_box: NodeRef::new(),
            has_focus,
            option,
            pointed: RwSignal::new(None),
            colours,
            sprites,
        }
    }

    /// The tip is about the option, when the keyboard is there.
    pub fn point_at_option(self) {
        let list_box = self.list_box.get_untracked();
        let is_by_keyboard = list_box.is_some_and(|list_box| list_box.matches(":focus-visible") == Ok(true));
        let option = self.option.get_untracked().filter(|_| is_by_keyboard);
        self.pointed.set(option.map(|(handle, _)| handle));
    }
}

/// The layout of the cells: as large as lets all of them be in sight.
pub fn cells_layout(lengths: &[usize], title: f64, is_for_fingers: bool, measured: Measured) -> Layout {
    let Measured { width, rem, offset, view, ratio, .. } = measured;
    let min_side = if is_for_fingers { MIN_SIDE_FOR_FINGERS } else { MIN_SIDE };
    // Where the board begins far down, on a phone, it fills a view that is scrolled to it by half.
    let room = (view - offset - BELOW * rem).max(view / 2.0);
    let side = layout::side(lengths, title, (width, room), min_side, ratio);
    Layout::of_cells(side / ratio, width, title)
}

/// Whether the visitor points with a finger.
pub fn use_is_for_fingers() -> Signal<bool> {
    use_media_query("(pointer: coarse)")
}
