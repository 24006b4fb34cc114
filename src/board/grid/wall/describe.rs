//! What a cell of the wall says, in words.

use fleet::{Device, Evidence};
use mqtt::Time;

use crate::board::grid::tile_data::Wording;
use crate::format::Formats;
use crate::i18n::{Locale, td_string};
use crate::wording::status_label;

/// What a cell says, in words: the status, since when, and how that is known.
pub fn describe(device: &Device<'_>, locale: Locale, formats: &Formats, now: Time) -> String {
    let (label, how) = (status_label(locale, device.status), Wording { locale, formats, now }.how(device));
    // A tile says it by its edge.
    if device.evidence == Evidence::Live && device.since.is_some() {
        format!("{label} {how} · {}", td_string!(locale, tile.seen_live))
    } else {
        format!("{label} {how}")
    }
}
