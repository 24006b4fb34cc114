//! The sections of the board, of which only the tiles in sight are in the document.
//!
//! A spacer is as high as everything; the sections in sight are placed inside it, and in each of them the lines in
//! sight. Only this module measures. What is outside the window has no element, no signal and no cost. The
//! keyboard moves a cursor through the tiles; the cursor's tile is the one that Tab reaches.

use fleet::Handle;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, FocusEvent, FocusOptions, HtmlElement, KeyboardEvent, ResizeObserver};

use super::list::{Item, Key, list};
use super::section::SectionView;
use super::{Page, derive, memo, on, text};
use crate::geometry::{self, Layout, Placed, Step};
use crate::sections::Section;
use crate::view::Density;

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
#[derive(Copy, Clone, PartialEq, Debug, Default)]
struct Measured {
    width: f64,
    rem: f64,
    /// Where the first section begins, from the upper edge of the view.
    top: f64,
    /// The height of the view.
    view: f64,
}

/// Which lines are in sight: it follows from what was measured and from the sections, so that it never
/// disagrees with them.
#[derive(Clone, PartialEq, Debug)]
pub struct Window {
    /// How tiles and sections are laid out.
    pub layout: Layout,
    /// The sections in sight.
    pub placed: Vec<Placed>,
}

/// The windowed sections.
#[component]
pub fn Grid(
    /// All sections of the board.
    sections: Memo<Vec<Section>>,
) -> impl IntoView {
    let page = Page::here();
    let spacer = NodeRef::<html::Div>::new();
    let measured = RwSignal::new(Measured { rem: 16.0, ..Measured::default() });
    let density = memo(move |_| page.view.with(|view| view.density));
    let window_of = memo(move |_| {
        let (Measured { width, rem, top, view }, sizes) = (measured.get(), Sizes::of(density.get()));
        let layout = Layout {
            columns: geometry::columns(width, sizes.narrowest * rem, sizes.gap * rem),
            pitch: (sizes.tile + sizes.gap) * rem,
            title: sizes.title * rem,
            gap: sizes.gap * rem,
        };
        let placed = sections.with(|sections| layout.window(lengths(sections), top, view));
        Window { layout, placed }
    });
    let cursor = Cursor {
        page,
        sections,
        window: window_of,
        measured,
        spacer,
        stood: StoredValue::new(None),
        anchor: StoredValue::new(None),
    };
    let measure = move || {
        let Some(element) = spacer.try_get_untracked().flatten() else {
            return;
        };
        let place = element.get_bounding_client_rect();
        let view = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
        let now = Measured { width: place.width(), rem: rem(), top: place.top(), view };
        if measured.get_untracked() != now {
            measured.set(now);
        }
        cursor.drop_anchor();
    };
    // Scrolling and resizing come in floods; what they lead to is looked at once per frame.
    let is_due = StoredValue::new(false);
    let measure_soon = move || {
        if !is_due.get_value() {
            is_due.set_value(true);
            request_animation_frame(move || {
                // The grid may be gone by now.
                let _ = is_due.try_set_value(false);
                measure();
            });
        }
    };
    let scroll = window_event_listener_untyped("scroll", move |_| measure_soon());
    on_cleanup(move || scroll.remove());
    Effect::new(move |_| {
        window_of.with(|_| ());
        sections.with(|_| ());
        cursor.hold_view();
        cursor.keep_focus();
        measure_soon();
    });
    // Whatever else moves the grid changes the body's size: a note, a longer headline, a turned phone.
    let observed = Closure::<dyn FnMut()>::new(measure_soon);
    if let (Ok(observer), Some(body)) =
        (ResizeObserver::new(observed.as_ref().unchecked_ref()), document().body())
    {
        observer.observe(&body);
        let observer = StoredValue::new_local((observer, observed));
        on_cleanup(move || {
            let _ = observer.try_with_value(|(observer, _)| observer.disconnect());
        });
    }
    spacer.on_load(move |_| measure());

    let height = text(move || {
        let layout = window_of.with(|window| window.layout);
        sections.with(|sections| pixels(layout.total(lengths(sections))))
    });
    // Tab reaches one tile: the cursor's, or the first in sight.
    let tab_stop = memo(move |_| {
        let cursor = page.cursor.get();
        window_of.with(|window| {
            sections.with(|sections| {
                let mut first = None;
                for placed in &window.placed {
                    let handles = sections.get(placed.section).map_or(&[][..], |section| &section.handles);
                    let columns = window.layout.columns;
                    let end = (placed.last * columns).min(handles.len());
                    for &handle in handles.get(placed.first * columns..end).unwrap_or_default() {
                        if Some(handle) == cursor {
                            return cursor;
                        }
                        first.get_or_insert(handle);
                    }
                }
                first
            })
        })
    });
    let in_sight = move || {
        window_of.with(|window| {
            let known = |placed: &Placed| {
                sections.with(|sections| sections.get(placed.section).map(|section| section.title.name()))
            };
            let item = |name: String| {
                Item::new(Key::Section(name.clone()), move |_| {
                    view! { <SectionView name sections window=window_of tab_stop /> }.into_any()
                })
            };
            window.placed.iter().filter_map(known).map(item).collect()
        })
    };
    view! {
        <div
            class="spacer"
            class:compact=derive(move || density.get() == Density::Compact)
            node_ref=spacer
            style:height=height
            on:keydown=on(move |event| cursor.on_key(&event))
            on:focusin=on(move |event| cursor.on_focus(&event))
            on:focusout=on(move |event| cursor.on_blur(&event))
        >
            {list(in_sight)}
        </div>
    }
}

fn lengths(sections: &[Section]) -> impl Iterator<Item = usize> {
    sections.iter().map(|section| section.handles.len())
}

/// Where the keyboard and the eye are among the tiles.
#[derive(Copy, Clone)]
struct Cursor {
    page: Page,
    sections: Memo<Vec<Section>>,
    window: Memo<Window>,
    measured: RwSignal<Measured>,
    spacer: NodeRef<html::Div>,
    /// Where the tile stands that has the focus, or had it when its element went: section and place.
    stood: StoredValue<Option<(usize, usize)>>,
    /// The first tile that is wholly in sight once the visitor has scrolled, and its distance from the view's
    /// upper edge.
    anchor: StoredValue<Option<(Handle, f64)>>,
}

impl Cursor {
    fn on_key(self, event: &KeyboardEvent) {
        let is_on_tile = tile_of(event.target()).is_some();
        if !is_on_tile || event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key() {
            return;
        }
        let layout = self.window.with_untracked(|window| window.layout);
        let view = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
        let lines = ((view / layout.pitch) as usize).max(2) - 1;
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
    fn place(self, handle: Handle) -> Option<(usize, usize)> {
        self.sections.with_untracked(|sections| {
            sections.iter().enumerate().find_map(|(number, section)| {
                let place = section.handles.iter().position(|other| *other == handle)?;
                Some((number, place))
            })
        })
    }

    /// Remembers what the visitor looks at.
    fn drop_anchor(self) {
        let Measured { top, .. } = self.measured.get_untracked();
        let found = self.window.with_untracked(|Window { layout, placed }| {
            self.sections.with_untracked(|sections| {
                placed.iter().find_map(|placed| {
                    let first_line = top + placed.top + layout.title;
                    let line = (-first_line / layout.pitch).ceil().max(0.0);
                    let tile = line as usize * layout.columns;
                    let handle = sections.get(placed.section)?.handles.get(tile)?;
                    Some((*handle, first_line + line * layout.pitch))
                })
            })
        });
        // At the top of the board the visitor wants to see what comes there.
        self.anchor.set_value(found.filter(|_| top < 0.0));
    }

    /// After an update: what the visitor looks at stays where it is.
    fn hold_view(self) {
        let Some((handle, before)) = self.anchor.get_value() else {
            return;
        };
        let Some((section, tile)) = self.place(handle) else {
            return;
        };
        let layout = self.window.with_untracked(|window| window.layout);
        let line = self.sections.with_untracked(|all| layout.line_of(lengths(all), section, tile));
        let now = self.measured.get_untracked().top + line;
        if (now - before).abs() >= 1.0 {
            self.anchor.set_value(None);
            window().scroll_by_with_x_and_y(0.0, now - before);
        }
    }

    /// Moves the cursor, the view if need be, and the focus.
    fn go(self, (section, tile): (usize, usize)) {
        let layout = self.window.with_untracked(|window| window.layout);
        let (handle, line) = self.sections.with_untracked(|sections| {
            let handle = sections.get(section).and_then(|section| section.handles.get(tile)).copied();
            (handle, layout.line_of(lengths(sections), section, tile))
        });
        let (Some(handle), Some(spacer)) = (handle, self.spacer.get_untracked()) else {
            return;
        };
        self.page.cursor.set(Some(handle));
        let top = spacer.get_bounding_client_rect().top() + line;
        let view = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
        // A title above the first line of a section comes into sight with it.
        let (above, below) = (top - layout.title, top + layout.pitch - view);
        let by = if above < 0.0 { above } else { below.max(0.0) };
        if by != 0.0 {
            window().scroll_by_with_x_and_y(0.0, by);
        }
        focus_soon(handle);
    }

    fn on_focus(self, event: &FocusEvent) {
        let slot = tile_of(event.target()).and_then(|tile| tile.id().strip_prefix('d')?.parse::<u32>().ok());
        let Some(slot) = slot else {
            return;
        };
        let handle = self.sections.with_untracked(|sections| {
            let mut handles = sections.iter().flat_map(|section| &section.handles);
            handles.find(|handle| handle.slot() == slot).copied()
        });
        if let Some(handle) = handle {
            self.stood.set_value(self.place(handle));
            if self.page.cursor.get_untracked() != Some(handle) {
                self.page.cursor.set(Some(handle));
            }
        }
    }

    fn on_blur(self, event: &FocusEvent) {
        if event.related_target().is_some() {
            self.stood.set_value(None);
            return;
        }
        // An element that goes takes the focus with it, and is still there when it says so. What is there one
        // frame later was left on purpose.
        let tile = tile_of(event.target());
        request_animation_frame(move || {
            let has_focus =
                |tile: &Element| document().active_element().is_some_and(|a| tile.contains(Some(&a)));
            if tile.is_some_and(|tile| tile.is_connected() && !has_focus(&tile)) {
                let _ = self.stood.try_set_value(None);
            }
        });
    }

    /// After an update: a device that moved to another section keeps the focus if its tile is in sight, and
    /// when the device is gone the one that stands in its place gets it. The view does not move.
    fn keep_focus(self) {
        let (Some(stood), Some(handle)) = (self.stood.get_value(), self.page.cursor.get_untracked()) else {
            return;
        };
        after_two_frames(move || {
            let active = document().active_element();
            if active.is_some_and(|active| active.tag_name() != "BODY") {
                return;
            }
            let is_there = self.sections.try_with_untracked(|_| ()).is_some();
            if !is_there {
                return;
            }
            if let Some(place) = self.place(handle) {
                self.stood.set_value(Some(place));
                focus(handle, true);
                return;
            }
            let heir = self.sections.with_untracked(|sections| {
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

/// The tile that an event came from.
fn tile_of(target: Option<web_sys::EventTarget>) -> Option<Element> {
    target?.dyn_into::<Element>().ok()?.closest(".tile").ok().flatten()
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
