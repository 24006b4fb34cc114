//! What stands around the cells of the wall: the cell that the keyboard is at, the tip, and the legend. Loaded with the
//! wall but for the legend, whose height decides how large the cells are.
//!
//! A canvas tells nobody what is on it. So the wall is a list box with one option, the cell that the keyboard is at:
//! an element over that cell, whose text is what the cell says. Never lays anything out: the grid says where.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use fleet::{Device, Evidence, Handle, Status};
use leptos::prelude::*;
use leptos::reactive::signal::ArcTrigger;

use super::Page;
use super::cells::Stamps;
use super::element::{El, el, svg};
use super::measure::{Measured, is_there, pixels, shown_style, style, style_length};
use super::section::{Wording, words_of};
use super::symbols;
use super::tile::{self, Drawing};
use crate::geometry::Layout;
use crate::sections::{Section, lengths, place_of};
use crate::{phrase, say};

/// What the legend shows: each status, by its number, and each evidence.
const SAMPLES: [(Status, Option<Evidence>); 8] = [
    (Status::Online, None),
    (Status::Offline, None),
    (Status::Sleeping, None),
    (Status::Degraded, None),
    (Status::Unknown, None),
    (Status::Online, Some(Evidence::Live)),
    (Status::Online, Some(Evidence::Retained)),
    (Status::Online, Some(Evidence::Stale)),
];

/// What stands around the cells.
pub struct Wall {
    /// The list box, as large as all sections, and the option in it.
    pub el: El,
    option: El,
    spoken: El,
    /// The legend's, which have the colours of the style sheet.
    samples: RefCell<Vec<El>>,
    tip: Tip,
    colours: RefCell<[String; 5]>,
    stamps: RefCell<Option<Rc<Stamps>>>,
    /// The device of the option.
    pub at: Cell<Option<Handle>>,
    /// The device that the tip is about: the one below the pointer, or the option's.
    pointed: Cell<Option<Handle>>,
    /// Raised when it is about another one.
    moved: ArcTrigger,
}

/// What a cell says, beside it.
struct Tip {
    el: El,
    status: El,
    name: El,
    words: El,
    source: El,
}

/// The legend, and the canvases in it that samples are to be drawn on.
pub fn legend(page: Page) -> (El, Vec<El>) {
    let legend = el("ul", "wall-legend").attr_says(page, "aria-label", phrase!(wall.legend));
    let mut samples = Vec::new();
    for (status, evidence) in SAMPLES {
        let sample = el("canvas", &format!("sample {}", status.word())).attr("aria-hidden", "true");
        samples.push(sample.clone());
        legend.append(&el("li", "").child(sample).tells(move || {
            let locale = page.locale.get();
            match evidence {
                None => tile::word(locale, status),
                Some(Evidence::Live) => say!(locale, tools.live),
                Some(Evidence::Retained) => say!(locale, tools.retained),
                Some(Evidence::Stale) => say!(locale, tools.stale),
            }
            .to_owned()
        }));
    }
    (legend, samples)
}

impl Wall {
    /// What stands around no cells yet. `moved` is raised when it has to be drawn.
    pub fn new(moved: ArcTrigger) -> Wall {
        let spoken = el("span", "spoken");
        let option = el("div", "cell")
            .attr("role", "option")
            .attr("id", "wall-cell")
            .attr("aria-selected", "true")
            .child(spoken.clone());
        Wall {
            el: el("div", "wall").attr("role", "listbox").attr("tabindex", "0"),
            option,
            spoken,
            samples: RefCell::default(),
            tip: Tip::new(),
            colours: RefCell::default(),
            stamps: RefCell::default(),
            at: Cell::new(None),
            pointed: Cell::new(None),
            moved,
        }
    }

    /// Puts it into the document.
    pub fn put_into(&self, spacer: &El) {
        if !is_there(&self.el) {
            spacer.append(&self.el);
            spacer.append(&self.tip.el);
        }
    }

    /// Takes it out of the document.
    pub fn hide(&self) {
        self.el.remove();
        self.tip.el.remove();
        self.at.set(None);
    }

    /// Shows how cells look on these canvases, in the order of the legend.
    pub fn use_samples(&self, samples: Vec<El>) {
        *self.samples.borrow_mut() = samples;
        // What is empty is looked at anew.
        *self.colours.borrow_mut() = Default::default();
    }

    /// Looks at the colours of the style sheet; whether they are others than before.
    pub fn has_other_colours(&self) -> bool {
        let samples = self.samples.borrow();
        let colours = [0, 1, 2, 3, 4].map(|status: usize| shown_style(samples[status].element(), "color"));
        let is_other = *self.colours.borrow() != colours;
        if is_other {
            *self.colours.borrow_mut() = colours;
            *self.stamps.borrow_mut() = None;
        }
        is_other
    }

    /// The looks of cells with a side of so many of the screen's own pixels, of which `ratio` make a CSS pixel. `None`
    /// while the page is not in the document and has no colours.
    pub fn stamps(&self, side: usize, ratio: f64) -> Option<Rc<Stamps>> {
        let known = self.stamps.borrow().clone().filter(|known| (known.side, known.ratio) == (side, ratio));
        if known.is_some() {
            return known;
        }
        let colours = self.colours.borrow();
        let stamps =
            colours.iter().all(|colour| !colour.is_empty()).then(|| Stamps::new(side, ratio, &colours));
        let stamps = stamps.flatten().map(Rc::new)?;
        for (sample, (status, evidence)) in self.samples.borrow().iter().zip(SAMPLES) {
            stamps.show(sample, status, evidence.unwrap_or(Evidence::Live));
            style_length(sample, "width", side as f64 / ratio);
        }
        *self.stamps.borrow_mut() = Some(stamps.clone());
        Some(stamps)
    }

    /// Brings the option up to date.
    pub fn draw_option(
        &self,
        drawing: &Drawing<'_>,
        sections: &[Section],
        layout: &Layout,
        wording: Wording,
        option: Option<(Handle, (usize, usize))>,
    ) {
        let lengths = lengths(sections);
        self.el.set("data-cells", Some(&lengths.iter().sum::<usize>().to_string()));
        let label = if wording.is_filtered {
            say!(wording.locale, board.matching)
        } else {
            say!(wording.locale, board.all)
        };
        self.el.set("aria-label", Some(label));
        self.at.set(option.map(|(handle, _)| handle));
        let found = option.and_then(|(handle, place)| Some((drawing.fleet.device(handle)?, place)));
        let Some((device, (section, tile))) = found else {
            self.el.set("aria-activedescendant", None);
            self.option.remove();
            return;
        };
        let side = layout.pitch;
        for (name, length) in [
            ("top", layout.line_of(&lengths, section, tile)),
            ("inset-inline-start", (tile % layout.columns) as f64 * side),
            ("width", side),
            ("height", side),
        ] {
            style_length(&self.option, name, length);
        }
        let Section { title, length, .. } = &sections[section];
        let section = words_of(title, wording);
        let text = format!("{}, {}, {section}", device.display_name(), told(drawing, &device));
        if self.spoken.element().text_content().as_deref() != Some(&text) {
            self.spoken.set_text(&text);
        }
        for (name, value) in [
            ("data-device", Some(device.id)),
            ("data-convention", Some(device.convention.slug)),
            ("data-status", Some(device.status.word())),
            ("data-evidence", Some(device.evidence.word())),
            ("data-parent", device.parent_offline.then_some("offline")),
            ("aria-posinset", Some(&*(tile + 1).to_string())),
            ("aria-setsize", Some(&*length.to_string())),
        ] {
            self.option.set(name, value);
        }
        if !is_there(&self.option) {
            self.el.append(&self.option);
        }
        self.el.set("aria-activedescendant", Some("wall-cell"));
    }

    /// Brings the tip up to date: it stands beside the cell of the device that it is about, on the side where there is
    /// more room, so that all of it is in sight.
    pub fn draw_tip(
        &self,
        drawing: &Drawing<'_>,
        sections: &[Section],
        layout: &Layout,
        Measured { width, top, view, .. }: Measured,
    ) {
        let Tip { el, status, name, words, source } = &self.tip;
        let found = self.pointed.get().and_then(|handle| {
            let (section, tile) = place_of(sections, handle)?;
            Some((drawing.fleet.device(handle)?, section, tile))
        });
        el.set("hidden", found.is_none().then_some(""));
        let Some((device, section, tile)) = found else { return };
        el.set("class", Some(&format!("tip {}", device.status.word())));
        symbols::show(status, device.status);
        name.set_text(device.display_name());
        words.set_text(&told(drawing, &device));
        source.set_text(&format!("{} · {}", device.convention.label, device.topic));
        let lengths = lengths(sections);
        let line = layout.line_of(&lengths, section, tile);
        let column = (tile % layout.columns) as f64 * layout.pitch;
        let (is_above, is_first) = (top + line > view / 2.0, column < width / 2.0);
        for (name, is_there, length) in [
            ("top", !is_above, line + layout.pitch),
            ("bottom", is_above, layout.total(&lengths) - line),
            ("inset-inline-start", is_first, column + layout.pitch),
            ("inset-inline-end", !is_first, width - column),
        ] {
            style(el, name, &if is_there { pixels(length.max(0.0)) } else { "auto".to_owned() });
        }
    }

    /// The tip is about the option, when the keyboard is there.
    pub fn point_at_option(&self) {
        let is_by_keyboard = self.el.element().matches(":focus-visible").unwrap_or(false);
        self.point_at(self.at.get().filter(|_| is_by_keyboard));
    }

    /// The tip is about this device.
    pub fn point_at(&self, handle: Option<Handle>) {
        if self.pointed.replace(handle) != handle {
            // The page may be gone by now.
            self.moved.notify();
        }
    }
}

impl Tip {
    fn new() -> Tip {
        let (status, name, words, source) = (
            svg("use", ""),
            el("b", "").attr("dir", "auto"),
            el("span", ""),
            el("small", "").attr("dir", "auto"),
        );
        // What it says is the option's text already.
        let tip = el("div", "tip")
            .attr("aria-hidden", "true")
            .attr("hidden", "")
            .child(svg("svg", "icon").child(status.clone()))
            .child(name.clone())
            .child(words.clone())
            .child(source.clone());
        Tip { el: tip, status, name, words, source }
    }
}

/// What a cell says, in words: the status, since when, and how that is known.
fn told(drawing: &Drawing<'_>, device: &Device<'_>) -> String {
    let (word, how) = (tile::word(drawing.locale, device.status), tile::how(drawing, device));
    // A tile says it by its edge.
    let is_seen = device.evidence == Evidence::Live && device.since.is_some();
    let seen = if is_seen { say!(drawing.locale, tile.seen_live) } else { "" };
    format!("{word} {how}{}{seen}", if is_seen { " · " } else { "" })
}
