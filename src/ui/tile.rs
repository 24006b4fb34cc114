//! One device.
//!
//! Its id and its names come from strangers: they are only ever text and attribute values, never markup. A tile has no
//! signal of its own: the grid draws those in sight, and [`Tile::draw`] touches only what changed.

use std::rc::Rc;

use fleet::fleet::Changed;
use fleet::{Device, Evidence, Fleet, Handle, Span, StaleReason, Status, Time};

use super::Page;
use super::cells::Stamps;
use super::element::{El, el, svg};
use super::symbols::{self, icon_of};
use crate::say;
use crate::timeline::{SLOTS, Timeline, runs};
use crate::words::Locale;

/// Younger than this, a change's time of day says it all; its age would be a number that jumps.
const FRESH: u64 = 60_000;

/// What all tiles of one drawing share.
pub struct Drawing<'a> {
    /// The page, whose reactive values are read by the drawing and not by the tiles.
    pub page: Page,
    /// The devices.
    pub fleet: &'a Fleet,
    /// What changed since the last drawing.
    pub changed: Changed<'a>,
    /// The language, the clock or the time axis changed: everything is worded anew.
    pub is_everything: bool,
    /// The language.
    pub locale: Locale,
    /// The coarse clock that ages are told by.
    pub now: Time,
    /// The time that every bar spans.
    pub timeline: Timeline,
    /// The tile that Tab reaches.
    pub tab_stop: Option<Handle>,
    /// The page reads from right to left.
    pub is_rtl: bool,
    /// How cells look, on the wall.
    pub stamps: Option<Rc<Stamps>>,
}

/// A device's tile in the document.
pub struct Tile {
    /// Which device, and whose convention's name it shows; none before it was drawn.
    pub device: Option<(Handle, &'static str)>,
    /// Its list item.
    pub el: El,
    face: El,
    shape: El,
    name: El,
    path: El,
    leaf: El,
    convention: El,
    state: El,
    word: El,
    how: El,
    history: El,
    /// The paths of the history, one for each status in it.
    paths: Vec<El>,
    place: (usize, usize),
    is_tab_stop: bool,
    runs: Vec<(Span, usize, usize)>,
}

impl Default for Tile {
    /// A tile that is not drawn yet.
    fn default() -> Tile {
        let shape = svg("use", "");
        let (name, path, leaf) = (el("b", "").attr("dir", "auto"), el("span", "path"), el("span", ""));
        let (state, word, how) = (el("span", "state"), el("span", "word"), el("span", ""));
        let convention = el("span", "convention");
        let history = svg("svg", "history")
            .attr("viewBox", &format!("0 0 {SLOTS} 1"))
            .attr("preserveAspectRatio", "none")
            .attr("aria-hidden", "true");
        let face = el("button", "face")
            .attr("type", "button")
            .attr("aria-haspopup", "dialog")
            .attr("tabindex", "-1")
            .child(
                el("span", "name")
                    .child(icon_of(shape.clone()))
                    .child(name.clone().child(path.clone()).child(leaf.clone()))
                    .child(convention.clone()),
            )
            .child(state.clone().child(word.clone()).text(" ").child(how.clone()))
            .child(history.clone());
        let el = el("li", "tile").child(face.clone());
        Tile {
            device: None,
            el,
            face,
            shape,
            name,
            path,
            leaf,
            convention,
            state,
            word,
            how,
            history,
            paths: Vec::new(),
            place: (0, 0),
            is_tab_stop: false,
            runs: Vec::new(),
        }
    }
}

impl Tile {
    /// Brings the tile up to date. `place`: its place in its list, from 1, and how long that is; most of the list is
    /// not in the document.
    pub fn draw(
        &mut self,
        drawing: &Drawing<'_>,
        handle: Handle,
        device: &Device<'_>,
        place: (usize, usize),
    ) {
        let before = std::mem::replace(&mut self.place, place);
        if before.0 != place.0 {
            self.el.set("aria-posinset", Some(&place.0.to_string()));
        }
        if before.1 != place.1 {
            self.el.set("aria-setsize", Some(&place.1.to_string()));
        }
        let is_tab_stop = drawing.tab_stop == Some(handle);
        if self.is_tab_stop != is_tab_stop {
            self.is_tab_stop = is_tab_stop;
            self.face.set("tabindex", Some(if is_tab_stop { "0" } else { "-1" }));
        }
        let convention = device.convention;
        let former = self.device.replace((handle, convention.label));
        let is_same = former.is_some_and(|(former, _)| former == handle);
        if is_same && !drawing.is_everything && !drawing.changed.has(handle) {
            return;
        }
        if !is_same {
            self.el.set("id", Some(&format!("d{}", handle.slot())));
            self.el.set("data-device", Some(device.id));
        }
        if former.is_none_or(|(_, label)| label != convention.label) {
            self.el.set("data-convention", Some(convention.slug));
            self.convention.set_text(convention.label);
        }
        let status = device.status;
        self.el.set("data-status", Some(status.word()));
        self.el.set("data-evidence", Some(device.evidence.word()));
        self.el.set("data-parent", device.parent_offline.then_some("offline"));
        symbols::show(&self.shape, status);
        let (path, leaf) = path_and_leaf(device.display_name());
        self.path.set_text(path);
        self.leaf.set_text(leaf);
        self.name.set("title", Some(&full_name(device)));
        let how = how(drawing, device);
        self.state.set("title", Some(&how));
        self.word.set_text(word(drawing.locale, status));
        self.how.set_text(&how);
        let Timeline { from, to } = drawing.timeline;
        let runs = runs(&device.spans(from, to, SLOTS));
        if runs != self.runs {
            self.runs = runs;
            let mut used = 0;
            for status in Status::ALL {
                let d = path_of(&self.runs, status);
                if !d.is_empty() {
                    if used == self.paths.len() {
                        self.paths.push(svg("path", ""));
                        self.history.append(&self.paths[used]);
                    }
                    self.paths[used].set("class", Some(status.word()));
                    self.paths[used].set("d", Some(&d));
                    used += 1;
                }
            }
            self.paths.drain(used..).for_each(|path| path.remove());
        }
    }
}

fn full_name(device: &Device<'_>) -> String {
    let (name, id, topic) = (device.display_name(), device.id, device.topic);
    if name == id { format!("{id}\n{topic}") } else { format!("{name}\n{id}\n{topic}") }
}

/// The name of what a device hangs on.
pub fn parent_name<'a>(fleet: &'a Fleet, device: &Device<'a>) -> Option<&'a str> {
    let parent = device.parent?;
    let known = parent.handle.and_then(|handle| fleet.device(handle));
    Some(known.map_or(parent.id, |parent| parent.display_name()))
}

/// A name that is a path is cut short at its path: its last level tells it from its neighbours.
fn path_and_leaf(name: &str) -> (&str, &str) {
    name.split_at(name.trim_end_matches('/').rfind('/').map_or(0, |slash| slash + 1))
}

/// A status as a word that begins a line.
pub fn word(locale: Locale, status: Status) -> &'static str {
    match status {
        Status::Online => say!(locale, status.online),
        Status::Offline => say!(locale, status.offline),
        Status::Sleeping => say!(locale, status.sleeping),
        Status::Degraded => say!(locale, status.degraded),
        Status::Unknown => say!(locale, status.unknown),
    }
}

/// How the board knows, in the words that follow the status.
pub fn how(drawing: &Drawing<'_>, device: &Device<'_>) -> String {
    let Drawing { page, locale, now, .. } = *drawing;
    let parent = parent_name(drawing.fleet, device).filter(|_| device.parent_offline);
    let reason = match (parent, device.stale) {
        _ if device.is_disabled => say!(locale, tile.disabled),
        (Some(parent), _) => return format!("· {}", say!(locale, tile.parent_offline, parent = parent)),
        (None, None) if device.said.is_none() => say!(locale, tile.untold),
        (None, Some(reason)) => match reason {
            StaleReason::LinkDown => say!(locale, tile.stale.link_down),
            StaleReason::Loading => say!(locale, tile.stale.loading),
            StaleReason::NotAnnouncedAgain => say!(locale, tile.stale.not_announced),
            StaleReason::SnapshotIncomplete => say!(locale, tile.stale.incomplete),
            StaleReason::WaitsForNextMessage => say!(locale, tile.stale.waits),
            StaleReason::NotSubscribed => say!(locale, tile.stale.not_subscribed),
            // Said above, with the parent's name.
            StaleReason::ParentOffline => "",
        },
        (None, None) => {
            let Some(since) = device.since else {
                let seen = match device.evidence {
                    Evidence::Live => say!(locale, tile.seen_live),
                    _ => say!(locale, tile.retained),
                };
                return format!("· {seen}");
            };
            let age = now.since(since).as_millis() as u64;
            let moment = page.format(|formats| formats.moment(since, now.max(since)));
            return if device.evidence == Evidence::Retained {
                say!(locale, tile.since_retained, moment = moment)
            } else if age < FRESH {
                say!(locale, tile.since, moment = moment)
            } else {
                let age = page.format(|formats| formats.duration(age));
                say!(locale, tile.since_age, moment = moment, age = age)
            };
        }
    };
    // It was seen when that began, however long ago anybody last looked.
    match device.since.filter(|_| device.stale.is_some()) {
        Some(since) => {
            let moment = page.format(|formats| formats.moment(since, now.max(since)));
            format!("{} · {reason}", say!(locale, tile.since, moment = moment))
        }
        None => format!("· {reason}"),
    }
}

/// The path of a status in the bar; what was not observed is the ground that shines through.
fn path_of(history: &[(Span, usize, usize)], status: Status) -> String {
    let mut d = String::new();
    for (span, start, length) in history {
        if *span == Span::Seen(status) {
            d.push_str(&format!("M{start} 0h{length}v1h-{length}z"));
        }
    }
    d
}
