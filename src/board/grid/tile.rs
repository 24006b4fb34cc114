//! The tiles of a section that are in sight, and one tile.

use std::cell::OnceCell;

use fleet::{Fleet, Handle, Time};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::history::HistoryBar;
use super::keyboard::focus_device;
use super::layout::Placed;
use super::measure::pixels;
use super::sections::Section;
use super::slots::{Devices, Slot, Slots};
use super::state::GridState;
use super::tile_data::{TileData, Wording};
use super::timeline::Timeline;
use crate::client::Pace;
use crate::components::{StatusIcon, is_focus_lost};
use crate::format::use_format;
use crate::i18n::{Locale, use_i18n};
use crate::wording::status_label;

/// What the tiles were last brought up to date with.
#[derive(Copy, Clone, PartialEq)]
struct Drawn {
    /// The fleet's epoch.
    epoch: u64,
    /// Distinguishes one connection from the next, whose epochs start again at zero.
    observed_since: Option<Time>,
    locale: Locale,
    now: Time,
    timeline: Timeline,
}

/// The tiles of a section that are in sight.
#[component]
pub fn Tiles(
    /// What the parts of the grid share.
    grid: GridState,
    /// Where the section stands.
    placed: Memo<Option<Placed>>,
    /// How many devices the section has, of which most are not in the document.
    length: Memo<usize>,
    /// The id of the section's title.
    labelledby: String,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let GridState { app, sections, layout, .. } = grid;
    let list = NodeRef::<html::Ul>::new();
    let tiles = Memo::new(move |_| {
        let Some(placed) = placed.get() else { return 0..0 };
        sections.with(|sections| {
            let length = sections.get(placed.section).map_or(0, |section| section.handles.len());
            placed.tiles(layout.get().columns, length)
        })
    });
    let first = Memo::new(move |_| tiles.get().start);
    let slots = RwSignal::new(Vec::<Slot<TileData>>::new());
    let (mut assigned, mut drawn) = (Slots::default(), None);
    Effect::new(move || {
        let (tiles, Some(placed), Some(list)) = (tiles.get(), placed.get(), list.get()) else { return };
        let (locale, formats) = (i18n.get_locale(), format.get());
        let (now, timeline) = (app.now.get(), grid.timeline.get());
        let mut draw = |handles: &[Handle], fleet: &Fleet| {
            let wording = Wording { locale, formats: &formats, now };
            let next =
                Drawn { epoch: fleet.epoch(), observed_since: fleet.observed_since(), locale, now, timeline };
            let before: Option<Drawn> = drawn.replace(next);
            let epoch = before.map_or(0, |before| before.epoch);
            let is_everything = before != Some(Drawn { epoch, ..next }) || next.epoch < epoch;
            let changed = fleet.changed_since(epoch);
            let in_use = InUse::new(&list);
            let devices = Devices {
                is_in_use: &|handle| in_use.is(handle),
                is_changed: &|handle| is_everything || changed.has(handle),
                tile: &|handle| Some(TileData::of(&fleet.device(handle)?, &wording, timeline)),
            };
            if let Some(others) = assigned.assign(handles, &devices) {
                slots.set(others);
                in_use.keep_focus(handles);
            }
        };
        sections.with(|sections| {
            let handles =
                sections.get(placed.section).and_then(|section: &Section| section.handles.get(tiles));
            app.read(Pace::Frame, |active| draw(handles.unwrap_or_default(), active.engine.fleet()));
        });
    });
    let top = move || {
        let layout = layout.get();
        placed.get().map(|placed| pixels(layout.title + placed.first as f64 * layout.pitch))
    };
    let columns = Memo::new(move |_| layout.get().columns);
    view! {
        <ul
            node_ref=list
            class="rows"
            role="list"
            aria-labelledby=labelledby
            style:top=top
            style:grid-template-columns=move || format!("repeat({}, minmax(0, 1fr))", columns.get())
        >
            <ForEnumerate
                each=move || slots.get()
                key=|slot| slot.number
                children=move |index, Slot { tile, .. }| {
                    let position = Signal::derive(move || first.get() + index.get() + 1);
                    view! { <Tile grid tile=tile.into() position length /> }
                }
            />
        </ul>
    }
}

/// The tiles of a list that have the focus or the pointer, looked up when it is first asked for.
struct InUse<'a> {
    list: &'a Element,
    ids: OnceCell<Vec<String>>,
}

impl InUse<'_> {
    fn new(list: &Element) -> InUse<'_> {
        InUse { list, ids: OnceCell::new() }
    }

    fn is(&self, handle: Handle) -> bool {
        let ids = self.ids.get_or_init(|| {
            let Ok(found) = self.list.query_selector_all(".tile:is(:hover, :focus-within)") else {
                return Vec::new();
            };
            let nodes = (0..found.length()).filter_map(|place| found.item(place));
            nodes.filter_map(|node| Some(node.dyn_into::<Element>().ok()?.id())).collect()
        });
        !ids.is_empty() && ids.contains(&tile_id(handle))
    }

    /// A device whose tile leaves the document with the focus keeps it in its new tile, if that is among these.
    fn keep_focus(&self, handles: &[Handle]) {
        let active = document().active_element();
        let focused = active.and_then(|active| active.closest(".tile").ok().flatten());
        let Some(id) = focused.filter(|tile| self.list.contains(Some(tile))).map(|tile| tile.id()) else {
            return;
        };
        let Some(&handle) = handles.iter().find(|handle| tile_id(**handle) == id) else { return };
        leptos::task::spawn_local(async move {
            leptos::task::tick().await;
            if is_focus_lost() {
                focus_device(handle, true);
            }
        });
    }
}

fn tile_id(handle: Handle) -> String {
    format!("d{}", handle.slot())
}

/// A device. All of it is one button.
#[component]
fn Tile(
    /// What the parts of the grid share.
    grid: GridState,
    /// What it shows.
    tile: RwSignal<TileData>,
    /// The device's place in its section, from 1.
    #[prop(into)]
    position: Signal<usize>,
    /// How many devices the section has.
    length: Memo<usize>,
) -> impl IntoView {
    let i18n = use_i18n();
    let status = Memo::new(move |_| tile.with(|tile| tile.status));
    let handle = Memo::new(move |_| tile.with(|tile| tile.handle));
    let bar = Memo::new(move |_| tile.with(|tile| tile.bar.clone()));
    let tabindex = move || if grid.tab_stop.get() == Some(handle.get()) { "0" } else { "-1" };
    view! {
        <li
            class="tile"
            id=move || tile_id(handle.get())
            data-device=move || tile.with(|tile| tile.id.clone())
            data-convention=move || tile.with(|tile| tile.slug.to_string())
            data-status=move || status.get().word()
            data-evidence=move || tile.with(|tile| tile.evidence.word())
            data-parent=move || tile.with(|tile| tile.parent_offline.then_some("offline"))
            aria-posinset=position
            aria-setsize=length
        >
            <button type="button" class="face" aria-haspopup="dialog" tabindex=tabindex>
                <span class="name">
                    <StatusIcon status />
                    <b dir="auto" title=move || tile.with(|tile| tile.title.clone())>
                        <span class="path">{move || tile.with(|tile| tile.path.clone())}</span>
                        <span>{move || tile.with(|tile| tile.leaf.clone())}</span>
                    </b>
                    <span class="convention">{move || tile.with(|tile| tile.label.clone())}</span>
                </span>
                <span class="state" title=move || tile.with(|tile| tile.how.clone())>
                    <span class="word">{move || status_label(i18n.get_locale(), status.get())}</span>
                    " "
                    <span>{move || tile.with(|tile| tile.how.clone())}</span>
                </span>
                <HistoryBar bar />
            </button>
        </li>
    }
}
