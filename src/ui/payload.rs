//! The message that a device's status rests on, byte by byte; and what its topic carried that nobody knows.
//!
//! A stranger's bytes: whatever they are, they are shown as text, and nothing in them is hidden.

use fleet::fleet::{LONGEST_PAYLOAD, Stray};
use fleet::{Device, Fleet, Payload};

use super::Page;
use super::device::Line;
use super::element::{El, Phrase, el};
use crate::bytes::{Piece, hex, pieces};
use crate::words::Locale;
use crate::{phrase, say, say_count};

/// Its part of the panel.
pub struct Message {
    page: Page,
    /// How it came, and how long it is.
    about: Line,
    views: El,
    text: El,
    hex: El,
    legend: El,
    stray: Line,
    word: El,
    shown: Option<Box<[u8]>>,
    shown_word: Box<[u8]>,
}

impl Message {
    /// The part, not drawn yet.
    pub fn new(page: Page, into: &El) -> Message {
        let view = |label: Phrase| {
            // It scrolls, so the keyboard must reach it.
            let pre = el("pre", "bytes").attr("tabindex", "0").attr("role", "group");
            pre.attr_says(page, "aria-label", label)
        };
        let text = view(phrase!(device.payload.text)).attr("dir", "auto");
        let hex = view(phrase!(device.payload.hex)).attr("dir", "ltr");
        let legend = el("p", "hint").says(page, phrase!(device.payload.legend));
        let views = el("div", "views").child(text.clone()).child(legend.clone()).child(hex.clone());
        let (about, stray, word) = (el("p", ""), el("p", ""), el("pre", "bytes").attr("dir", "auto"));
        into.append(&el("h3", "").says(page, phrase!(device.payload.title)));
        [&about, &views, &stray, &word].into_iter().for_each(|part| into.append(part));
        let (about, stray) = (Line::of(about), Line::of(stray));
        Message { page, about, views, text, hex, legend, stray, word, shown: None, shown_word: [].into() }
    }

    /// Brings it up to date.
    pub fn draw(&mut self, fleet: &Fleet, device: &Device<'_>, locale: Locale) {
        let payload = device.payload();
        self.about.tell(&self.say_about(device, payload, locale));
        let bytes = payload.and_then(|payload| payload.bytes);
        if self.shown.as_deref() != bytes || bytes.is_none() {
            self.views.set("hidden", bytes.is_none().then_some(""));
            let bytes = bytes.unwrap_or_default();
            let has_stand_ins = show(&self.text, bytes);
            self.legend.set("hidden", (!has_stand_ins).then_some(""));
            self.hex.set_text(&hex(bytes));
            self.shown = payload.and_then(|payload| payload.bytes).map(Box::from);
        }
        // The topic of one that never spoke is a list's.
        let stray = device.said.and_then(|_| fleet.strays().of(device.topic));
        self.stray.tell(&stray.map(|stray| self.say_stray(stray, locale)).unwrap_or_default());
        let word = stray.map_or(&[][..], |stray| &stray.last);
        self.word.set("hidden", word.is_empty().then_some(""));
        if *self.shown_word != *word {
            show(&self.word, word);
            self.shown_word = word.into();
        }
    }

    /// How it came and how long it is, or why there is none.
    fn say_about(&self, device: &Device<'_>, payload: Option<Payload<'_>>, locale: Locale) -> String {
        let Some(Payload { bytes, length, retained }) = payload else {
            return match device.said {
                None => say!(locale, device.payload.none),
                Some(_) => say!(locale, device.payload.emptied),
            }
            .to_owned();
        };
        let size = |count| self.page.format(|formats| formats.bytes(count));
        let came = match retained {
            true => say!(locale, device.payload.retained, size = size(length)),
            false => say!(locale, device.payload.live, size = size(length)),
        };
        match bytes {
            Some(_) => came,
            None if length > LONGEST_PAYLOAD => {
                let why = say!(locale, device.payload.too_long, most = size(LONGEST_PAYLOAD));
                format!("{came} {why}")
            }
            None => format!("{came} {}", say!(locale, device.payload.no_room)),
        }
    }

    fn say_stray(&self, stray: &Stray, locale: Locale) -> String {
        let n = self.page.format(|formats| formats.count(stray.messages as usize));
        let size = self.page.format(|formats| formats.bytes(stray.length));
        let convention = stray.convention.label;
        let said =
            say_count!(locale, stray.messages, device.stray, n = n, convention = convention, size = size);
        match stray.length > stray.last.len() {
            true => format!("{said} {}", say!(locale, device.stray_begins)),
            false => said,
        }
    }
}

/// Fills an element with bytes as text. Whether something stands for what cannot be shown.
fn show(into: &El, bytes: &[u8]) -> bool {
    into.set_text("");
    let pieces = pieces(bytes);
    let has_stand_ins = pieces.iter().any(|piece| piece.is_stand_in);
    for Piece { text, is_stand_in } in pieces {
        into.append(&el("span", if is_stand_in { "stand-in" } else { "" }).text(&text));
    }
    has_stand_ins
}
