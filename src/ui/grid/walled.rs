//! The grid as a wall: which cell the keyboard is at and which the pointer, and the wall's part of each drawing. Loaded
//! when a wall is shown for the first time; until then the grid shows the titles of its sections, and room for cells.

use std::rc::Rc;

use fleet::Handle;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent, MouseEvent};

use super::cursor::{focus_element, heir};
use super::{Grid, Walled};
use crate::geometry::Layout;
use crate::sections::{Section, lengths, place_of};
use crate::ui::cells::{Cells, Stamps};
use crate::ui::element::{El, closest, listen};
use crate::ui::section::{Rows, Wording};
use crate::ui::tile::Drawing;
use crate::ui::wall::Wall;

/// The wall is shown, with these samples in its legend.
pub(super) fn begin(grid: Rc<Grid>, samples: Vec<El>) {
    let wall = grid.wall.get_or_init(|| {
        let wall = Rc::new(Wall::new(grid.moved.clone()));
        hear(&grid, &wall);
        wall
    });
    wall.use_samples(samples);
    // Its colours are seen with the next frame.
    grid.measure_soon();
}

fn hear(grid: &Rc<Grid>, wall: &Rc<Wall>) {
    let on = |el: &El, event: &str, act: fn(&Grid, &Wall, &Event)| {
        let (grid, wall) = (grid.clone(), wall.clone());
        listen(el.element(), event, Box::new(move |event| act(&grid, &wall, &event)));
    };
    on(&grid.spacer, "click", |grid, wall, event| {
        if let Some(handle) = grid.cell_below(event) {
            // A canvas takes no focus, and the panel has to give it back to somebody.
            focus_element(wall.el.element(), true);
            grid.page.open_device(handle);
        }
    });
    on(&grid.spacer, "mousemove", |grid, wall, event| match grid.cell_below(event) {
        None if closest(event.target(), ".tip").is_some() => {}
        None => wall.point_at_option(),
        below => wall.point_at(below),
    });
    on(&grid.spacer, "mouseleave", |_, wall, _| wall.point_at_option());
    on(&wall.el, "focusin", |_, wall, _| wall.point_at_option());
    on(&wall.el, "focusout", |_, wall, _| wall.point_at(None));
    // A tile is a button, and does this by itself.
    on(&wall.el, "keydown", |grid, wall, event| {
        let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
        let has_modifier = key.ctrl_key() || key.meta_key() || key.alt_key() || key.shift_key();
        if let (false, "Enter" | " ", Some(handle)) = (has_modifier, &*key.key(), wall.at.get()) {
            event.prevent_default();
            grid.page.open_device(handle);
        }
    });
    // What the tip covers can be seen again without moving the pointer.
    let seen = wall.clone();
    let hide = move |event: Event| {
        if event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape") {
            seen.point_at(None);
        }
    };
    listen(&window(), "keydown", Box::new(hide));
    for query in ["(prefers-color-scheme: dark)", "(forced-colors: active)"] {
        if let Ok(Some(query)) = window().match_media(query) {
            let seen = grid.clone();
            listen(&query, "change", Box::new(move |_| seen.measure_soon()));
        }
    }
}

impl Walled for Wall {
    fn el(&self) -> &El {
        &self.el
    }

    fn at(&self) -> Option<Handle> {
        self.at.get()
    }

    fn point_at(&self, handle: Option<Handle>) {
        self.point_at(handle);
    }

    fn hide(&self) {
        self.hide();
    }

    fn use_samples(&self, samples: Vec<El>) {
        self.use_samples(samples);
    }

    fn has_other_colours(&self) -> bool {
        self.has_other_colours()
    }

    fn stamps(&self, side: usize, ratio: f64) -> Option<Rc<Stamps>> {
        self.stamps(side, ratio)
    }

    fn rows(&self) -> Box<dyn Rows> {
        Box::new(Cells::new())
    }

    fn draw(
        &self,
        grid: &Grid,
        drawing: &Drawing<'_>,
        sections: &[Section],
        layout: &Layout,
        wording: Wording,
    ) {
        let option = grid.option(sections, drawing.tab_stop);
        self.put_into(&grid.spacer);
        self.draw_option(drawing, sections, layout, wording, option);
        self.draw_tip(drawing, sections, layout, grid.measured.get());
    }
}

impl Grid {
    /// The cell that the keyboard is at, or would be: the cursor's, and when its device is gone or filtered away, the
    /// one that stands in its place.
    fn option(&self, sections: &[Section], tab_stop: Option<Handle>) -> Option<(Handle, (usize, usize))> {
        let placed = |handle| Some((handle, place_of(sections, handle)?));
        let Some(stood) = self.stood.get() else { return tab_stop.and_then(placed) };
        let still = self.page.cursor.get_untracked().and_then(placed);
        let option = still.or_else(|| {
            let handle = heir(sections, stood)?;
            self.page.cursor.set(Some(handle));
            placed(handle)
        });
        self.stood.set(option.map_or(Some(stood), |(_, place)| Some(place)));
        option
    }

    /// The device whose cell is below the pointer.
    fn cell_below(&self, event: &Event) -> Option<Handle> {
        closest(event.target(), ".cells")?;
        let event = event.dyn_ref::<MouseEvent>()?;
        let place = self.spacer.element().get_bounding_client_rect();
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()) - place.top());
        let x = if self.measured.get().is_rtl { place.right() - x } else { x - place.left() };
        self.sections.with_untracked(|sections| {
            let (section, tile) = self.layout.get().cell_at(&lengths(sections), (x, y))?;
            sections.get(section)?.handles.get(tile).copied()
        })
    }
}
