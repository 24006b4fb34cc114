//! One section of the board: its title, and those of its tiles, or cells of the wall, that are in sight.

use fleet::{Counts, Handle, Status};
use web_sys::Node;

use super::element::{El, button, el};
use super::list::put_in_order;
use super::measure::{style, style_length};
use super::symbols::icon;
use super::tile::{Drawing, Tile};
use crate::geometry::{Layout, Placed};
use crate::say;
use crate::sections::{Section, Title};
use crate::timeline::Timeline;
use crate::words::Locale;

/// A section in the document.
pub struct Part {
    /// Its title's name.
    pub name: String,
    /// Its element.
    pub el: El,
    head: Head,
    is_of_cells: bool,
    /// None while what shows cells is being loaded.
    rows: Option<Box<dyn Rows>>,
}

/// The devices of a section that are in sight, as tiles or as cells of the wall.
pub trait Rows {
    /// Their element.
    fn el(&self) -> &El;
    /// Shows these devices of a section that is so long. `first`: the place of the first of them, from 0.
    fn draw(
        &mut self,
        drawing: &Drawing<'_>,
        handles: &[Handle],
        first: usize,
        length: usize,
        layout: &Layout,
    );
}

/// A list of tiles.
struct Tiles {
    el: El,
    shown: Vec<Tile>,
}

/// The title of a section.
struct Head {
    /// Its words, and for a group the button that folds it.
    words: Node,
    fold: Option<El>,
    count: El,
    /// How many devices of a group are not well.
    told: El,
    legend: El,
    drawn: Option<Told>,
}

/// What a title says, compared as a whole.
#[derive(PartialEq)]
struct Told {
    title: Title,
    length: usize,
    has_bars: bool,
    wording: Wording,
    timeline: Timeline,
}

/// What the words of a title depend on, apart from its section.
#[derive(Copy, Clone, PartialEq)]
pub struct Wording {
    /// The language.
    pub locale: Locale,
    /// Nobody may say that what is not known at present is well.
    pub is_as_last_known: bool,
    /// Not the whole fleet is asked for.
    pub is_filtered: bool,
}

impl Part {
    /// A section that is not drawn yet, of tiles or of cells.
    pub fn new(name: String, title: &Title, page: super::Page, is_of_cells: bool) -> Part {
        // White space would part it into several identifiers.
        let id = format!("s-{}", name.replace(char::is_whitespace, "_"));
        let (told, legend) = (el("span", "all-told"), el("small", "legend"));
        let count = el("span", "");
        let h2 = el("h2", "").attr("id", &id);
        let (words, fold, h2) = match title {
            Title::Group { .. } => {
                let words = el("b", "").attr("dir", "auto");
                let key = name.clone();
                let on_click = move |_| page.fold(&key);
                let fold = button("fold", on_click).child(words.clone()).child(count.clone());
                (words.element().clone().into(), Some(fold.clone()), h2.child(fold))
            }
            _ => {
                let h2 = h2.text("");
                let words = h2.element().first_child().expect("the text was put there");
                (words, None, h2.text(" ").child(count.clone()))
            }
        };
        let title = el("div", "section-title").child(h2).child(told.clone()).child(legend.clone());
        let head = Head { words, fold, count, told, legend, drawn: None };
        let el_of_part = el("section", "part").child(title);
        let mut part = Part { name, el: el_of_part, head, is_of_cells, rows: None };
        if !is_of_cells {
            let el = el("ul", "rows").attr("role", "list").attr("aria-labelledby", &id);
            part.fill(Box::new(Tiles { el, shown: Vec::new() }));
        }
        part
    }

    /// Whether it is the one for this section as it is to be shown.
    pub fn is_for(&self, name: &str, is_of_cells: bool) -> bool {
        self.name == name && self.is_of_cells == is_of_cells
    }

    /// Whether it shows only its title.
    pub fn is_unfilled(&self) -> bool {
        self.rows.is_none()
    }

    /// Puts its rows below its title.
    pub fn fill(&mut self, rows: Box<dyn Rows>) {
        self.el.append(rows.el());
        self.rows = Some(rows);
    }

    /// Brings the section up to date.
    pub fn draw(
        &mut self,
        drawing: &Drawing<'_>,
        section: &Section,
        placed: &Placed,
        layout: &Layout,
        wording: Wording,
    ) {
        style_length(&self.el, "top", placed.top);
        style_length(&self.el, "height", placed.height);
        self.head.draw(drawing, section, placed.section == 0 && !self.is_of_cells, wording);
        let Some(rows) = &mut self.rows else { return };
        style_length(rows.el(), "top", layout.title + placed.first as f64 * layout.pitch);
        let first = placed.first * layout.columns;
        let end = (placed.last * layout.columns).min(section.handles.len());
        let handles = section.handles.get(first..end).unwrap_or_default();
        rows.draw(drawing, handles, first, section.length, layout);
    }
}

impl Rows for Tiles {
    fn el(&self) -> &El {
        &self.el
    }

    fn draw(
        &mut self,
        drawing: &Drawing<'_>,
        handles: &[Handle],
        first: usize,
        length: usize,
        layout: &Layout,
    ) {
        let columns = layout.columns;
        style(&self.el, "grid-template-columns", &format!("repeat({columns}, minmax(0, 1fr))"));
        let mut free = std::mem::take(&mut self.shown);
        let find =
            |handle: &Handle| {
                Some(free.remove(
                    free.iter().position(|tile| tile.device.is_some_and(|(known, _)| known == *handle))?,
                ))
            };
        let known: Vec<Option<Tile>> = handles.iter().map(find).collect();
        // Elements are made where there are too few: to make one takes longer than to change it, and in a flood of
        // changes, or while somebody scrolls, every tile is another one each time.
        let mut free = free.into_iter().filter(|tile| {
            !tile.el.is_in_use() || {
                tile.el.remove();
                false
            }
        });
        for ((&handle, place), known) in handles.iter().zip(first + 1..).zip(known) {
            // The sections are told of a device's end with the next frame; until then its tile keeps its face.
            self.shown.extend(match drawing.fleet.device(handle) {
                None => known,
                Some(device) => {
                    let mut tile = known.or_else(|| free.next()).unwrap_or_default();
                    tile.draw(drawing, handle, &device, (place, length));
                    Some(tile)
                }
            });
        }
        free.for_each(|gone| gone.el.remove());
        put_in_order(self.el.element(), self.shown.iter().map(|tile| &tile.el));
    }
}

impl Head {
    fn draw(&mut self, drawing: &Drawing<'_>, section: &Section, has_bars: bool, wording: Wording) {
        let (page, locale) = (drawing.page, wording.locale);
        let Section { title, length, .. } = section;
        let (length, timeline) = (*length, drawing.timeline);
        let told = Told { title: title.clone(), length, has_bars, wording, timeline };
        if self.drawn.as_ref() == Some(&told) {
            return;
        }
        let count = |count| page.format(|formats| formats.count(count));
        let mut whole = length;
        if let Title::Group { counts, is_folded, .. } = title {
            whole = counts.total as usize;
            if let Some(fold) = &self.fold {
                fold.set("aria-expanded", Some(if *is_folded { "false" } else { "true" }));
            }
            self.tell_counts(counts, locale, count);
        }
        self.words.set_text_content(Some(words_of(title, wording)));
        self.count.set_text(&match length == whole {
            true => count(length),
            false => say!(locale, group.some, n = count(length), total = count(whole)),
        });
        self.legend.set_text("");
        if has_bars {
            let Timeline { from, to } = timeline;
            let duration = page.format(|formats| formats.duration(to.0 - from.0));
            let legend = say!(locale, tile.history, duration = duration);
            self.legend.append(&el("i", ""));
            let _ = self.legend.element().append_with_str_1(&legend);
        }
        self.drawn = Some(told);
    }

    /// How many devices of a group are not well, each kind by shape, number and word.
    fn tell_counts(&self, counts: &Counts, locale: Locale, count: impl Fn(usize) -> String) {
        self.told.set_text("");
        for status in [Status::Offline, Status::Degraded, Status::Unknown] {
            let number = counts.of(status);
            if number > 0 {
                let words = format!("{} {}", count(number as usize), within(locale, status));
                let class = format!("told {}", status.word());
                self.told.append(&el("span", &class).child(icon(status)).text(&words));
            }
        }
    }
}

/// The words of a title.
pub fn words_of(title: &Title, wording: Wording) -> &str {
    let locale = wording.locale;
    match title {
        Title::Group { name, .. } if name.is_empty() => say!(locale, group.rest),
        Title::Group { name, .. } => name,
        Title::Attention => say!(locale, board.attention),
        Title::Well if wording.is_as_last_known => say!(locale, board.last_known_well),
        Title::Well => say!(locale, board.well),
        Title::All if wording.is_filtered => say!(locale, board.matching),
        Title::All => say!(locale, board.all),
    }
}

/// A status as a word within a sentence.
pub fn within(locale: Locale, status: Status) -> &'static str {
    match status {
        Status::Online => say!(locale, chip.online),
        Status::Offline => say!(locale, chip.offline),
        Status::Sleeping => say!(locale, chip.sleeping),
        Status::Degraded => say!(locale, chip.degraded),
        Status::Unknown => say!(locale, chip.unknown),
    }
}
