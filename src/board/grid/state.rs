//! What the parts of the grid share: what was measured, and what follows from it.
//!
//! Everything here is a memo over the sections, the view and the viewport. The components below `grid` read it.

use fleet::Handle;
use leptos::html;
use leptos::prelude::*;
use mqtt::Link;
use web_sys::Event;

use super::layout::{self, Layout, Placed};
use super::measure::{Measured, Viewport, closest};
use super::sections::{Section, lengths, place_of};
use super::timeline::Timeline;
use super::wall::state::{WallState, cells_layout, use_is_for_fingers};
use crate::client::{self, Pace};
use crate::context::AppContext;
use crate::view::{Density, View};

/// Heights and widths in rem; the style sheet has the same.
#[derive(Copy, Clone)]
struct Sizes {
    tile: f64,
    gap: f64,
    min_width: f64,
    title: f64,
}

impl Sizes {
    fn of(density: Density) -> Sizes {
        match density {
            Density::Tiles => Sizes { tile: 5.25, gap: 0.625, min_width: 15.0, title: 3.0 },
            Density::Compact => Sizes { tile: 2.25, gap: 0.25, min_width: 18.0, title: 3.0 },
            // Its cells are as large as there is room.
            Density::Wall => Sizes { tile: 0.0, gap: 0.0, min_width: 0.0, title: 3.0 },
        }
    }
}

/// What the parts of the grid share.
#[derive(Copy, Clone)]
pub struct GridState {
    /// The page's context.
    pub app: AppContext,
    /// All sections of the board.
    pub sections: Memo<Vec<Section>>,
    /// How many devices each section shows.
    pub lengths: Memo<Vec<usize>>,
    /// How large devices are shown.
    pub density: Memo<Density>,
    /// Whether they are cells of the wall.
    pub is_wall: Memo<bool>,
    /// What the parts of the wall share.
    pub wall: WallState,
    /// What was measured.
    pub viewport: Viewport,
    /// How tiles or cells are laid out.
    pub layout: Memo<Layout>,
    /// The sections in sight by their names, and which of their lines.
    pub in_sight: Memo<Vec<(String, Placed)>>,
    /// The tile that Tab reaches: the cursor's, or the first that is wholly in sight.
    pub tab_stop: Memo<Option<Handle>>,
    /// The time that every history bar spans.
    pub timeline: Memo<Timeline>,
    /// What the titles of sections depend on.
    pub wording: Memo<TitleWording>,
    /// Where the tile stands that has the focus, or had it when its element went: section and place.
    pub last_place: StoredValue<Option<(usize, usize)>>,
    /// Tiles that the visitor looks at, whose lines stay where they are.
    pub anchors: StoredValue<Vec<Anchor>>,
}

/// A device that the visitor looks at, and where its line begins from the upper edge of the first section.
#[derive(Copy, Clone)]
pub struct Anchor {
    /// The device.
    pub handle: Handle,
    /// Where its line begins, in pixels.
    pub line: f64,
}

/// What the titles of sections depend on, apart from their devices.
#[derive(Copy, Clone, PartialEq)]
pub struct TitleWording {
    /// What is not known at present cannot be called well.
    pub is_as_last_known: bool,
    /// The visitor asked for a part of the fleet.
    pub is_filtered: bool,
}

impl GridState {
    /// The grid of a board, whose spacer is this element.
    pub fn new(app: AppContext, sections: Memo<Vec<Section>>, spacer: NodeRef<html::Div>) -> GridState {
        let viewport = Viewport::new(spacer);
        let lengths = Memo::new(move |_| sections.with(|sections| lengths(sections)));
        let density = Memo::new(move |_| app.view.with(|view| view.density));
        let is_wall = Memo::new(move |_| density.get() == Density::Wall);
        let is_for_fingers = use_is_for_fingers();
        let layout = Memo::new(move |_| {
            let (density, measured) = (density.get(), viewport.measured.get());
            let sizes = Sizes::of(density);
            match density {
                Density::Tiles | Density::Compact => tiles_layout(sizes, measured),
                Density::Wall => lengths.with(|lengths| {
                    cells_layout(lengths, sizes.title * measured.rem, is_for_fingers.get(), measured)
                }),
            }
        });
        let in_sight = Memo::new(move |_| {
            let Measured { top, view, .. } = viewport.measured.get();
            let placed = lengths.with(|lengths| layout.get().window(lengths, top, view));
            sections.with(|sections| {
                let name = |placed: &Placed| sections.get(placed.section).map(|section| section.title.name());
                placed.into_iter().filter_map(|placed| Some((name(&placed)?, placed))).collect::<Vec<_>>()
            })
        });
        let tab_stop = Memo::new(move |_| {
            let (cursor, top) = (app.cursor.get(), viewport.measured.get().top);
            sections.with(|sections| {
                in_sight.with(|in_sight| tab_stop(sections, in_sight, &layout.get(), top, cursor))
            })
        });
        let ratio = Memo::new(move |_| viewport.measured.get().ratio);
        let wall = WallState::new(is_wall, sections, layout, ratio, app.cursor, tab_stop);
        let timeline = Memo::new(move |_| {
            app.now.track();
            let since = app.read(Pace::Frame, |active| active.engine.fleet().observed_since());
            Timeline::of(since.flatten(), client::now())
        });
        let wording = Memo::new(move |_| TitleWording {
            is_as_last_known: app
                .status
                .with(|status| status.counts.stale > 0 || status.link != Link::Connected),
            is_filtered: app.view.with(View::is_filtered),
        });
        GridState {
            app,
            sections,
            lengths,
            density,
            is_wall,
            wall,
            viewport,
            layout,
            in_sight,
            tab_stop,
            timeline,
            wording,
            last_place: StoredValue::new(None),
            anchors: StoredValue::new(Vec::new()),
        }
    }

    /// Where a section stands while it is in sight.
    pub fn placed(self, name: String) -> Memo<Option<Placed>> {
        Memo::new(move |_| {
            self.in_sight
                .with(|in_sight| in_sight.iter().find(|(known, _)| *known == name).map(|(_, placed)| *placed))
        })
    }

    /// The section of a device and its place in it.
    pub fn place(self, handle: Handle) -> Option<(usize, usize)> {
        self.sections.with_untracked(|sections| place_of(sections, handle))
    }

    /// The device on whose tile, or on whose cell by keyboard, an event happened.
    pub fn handle_at(self, event: &Event) -> Option<Handle> {
        if closest(event, ".wall").is_some() {
            return self.wall.option.get_untracked().map(|(handle, _)| handle);
        }
        let tile = closest(event, ".tile")?;
        let slot = tile.id().strip_prefix('d')?.parse::<u32>().ok()?;
        self.sections.with_untracked(|sections| {
            let of = |section: &Section| section.handles.iter().find(|handle| handle.slot() == slot).copied();
            sections.iter().find_map(of)
        })
    }
}

/// The layout of tiles.
fn tiles_layout(sizes: Sizes, Measured { width, rem, .. }: Measured) -> Layout {
    Layout {
        columns: layout::columns(width, sizes.min_width * rem, sizes.gap * rem),
        pitch: (sizes.tile + sizes.gap) * rem,
        title: sizes.title * rem,
        gap: sizes.gap * rem,
    }
}

/// The tile that Tab reaches. `top` is where the first section begins, from the upper edge of the view.
fn tab_stop(
    sections: &[Section],
    in_sight: &[(String, Placed)],
    layout: &Layout,
    top: f64,
    cursor: Option<Handle>,
) -> Option<Handle> {
    let (mut first, mut first_in_sight) = (None, None);
    for (_, placed) in in_sight {
        let handles = sections.get(placed.section).map_or(&[][..], |section| &section.handles);
        let range = placed.tiles(layout.columns, handles.len());
        let begin = layout.first_line(placed, top).0 * layout.columns;
        for (tile, &handle) in handles.iter().enumerate().take(range.end).skip(range.start) {
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
