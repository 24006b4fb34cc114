//! What a cell of the wall says, beside it: of the one below the pointer, or of the one that the keyboard is at.

use fleet::Status;
use leptos::prelude::*;

use super::describe::describe;
use crate::board::grid::measure::{Measured, pixels};
use crate::board::grid::sections::place_of;
use crate::board::grid::state::GridState;
use crate::client::Pace;
use crate::components::StatusIcon;
use crate::format::use_format;
use crate::i18n::use_i18n;

/// The texts of the tip.
#[derive(Clone, PartialEq)]
struct TipData {
    status: Status,
    name: String,
    words: String,
    source: String,
}

/// Where the tip stands: on the side of the cell where there is more room, so that all of it is in sight. Lengths in
/// pixels from the edges of the sections.
#[derive(Copy, Clone)]
struct TipPlace {
    top: Option<f64>,
    bottom: Option<f64>,
    start: Option<f64>,
    end: Option<f64>,
}

/// What a cell says, beside it. A screen reader hears the same from the list box.
#[component]
pub fn Tip(
    /// What the parts of the grid share.
    grid: GridState,
) -> impl IntoView {
    let i18n = use_i18n();
    let format = use_format();
    let at = Memo::new(move |_| {
        let handle = grid.wall.pointed.get()?;
        Some((handle, grid.sections.with(|sections| place_of(sections, handle))?))
    });
    let tip = Memo::new(move |_| {
        let (handle, _) = at.get()?;
        let (locale, formats, now) = (i18n.get_locale(), format.get(), grid.app.now.get());
        grid.app.read(Pace::Frame, |active| {
            let fleet = active.engine.fleet();
            let device = fleet.device(handle)?;
            Some(TipData {
                status: device.status,
                name: device.display_name().to_owned(),
                words: describe(&device, locale, &formats, now),
                source: format!("{} · {}", device.convention.label, device.topic),
            })
        })?
    });
    let place = move || {
        let (_, (section, tile)) = at.get()?;
        let (layout, Measured { width, top, view, .. }) = (grid.layout.get(), grid.viewport.measured.get());
        let (line, total) =
            grid.lengths.with(|lengths| (layout.line_of(lengths, section, tile), layout.total(lengths)));
        let column = (tile % layout.columns) as f64 * layout.pitch;
        let (is_above, is_first) = (top + line > view / 2.0, column < width / 2.0);
        Some(TipPlace {
            top: (!is_above).then_some(line + layout.pitch),
            bottom: is_above.then_some(total - line),
            start: is_first.then_some(column + layout.pitch),
            end: (!is_first).then_some(width - column),
        })
    };
    let length = move |of: fn(TipPlace) -> Option<f64>| {
        move || place().and_then(of).map_or("auto".to_owned(), |length| pixels(length.max(0.0)))
    };
    let text =
        move |of: fn(&TipData) -> &str| move || tip.with(|tip| tip.as_ref().map(|tip| of(tip).to_owned()));
    let status = Memo::new(move |_| tip.with(|tip| tip.as_ref().map_or(Status::Unknown, |tip| tip.status)));
    view! {
        <div
            class=move || format!("tip {}", status.get().word())
            aria-hidden="true"
            hidden=move || tip.with(Option::is_none)
            style:top=length(|place| place.top)
            style:bottom=length(|place| place.bottom)
            style:inset-inline-start=length(|place| place.start)
            style:inset-inline-end=length(|place| place.end)
        >
            <StatusIcon status />
            <b dir="auto">{text(|tip| &tip.name)}</b>
            <span>{text(|tip| &tip.words)}</span>
            <small dir="auto">{text(|tip| &tip.source)}</small>
        </div>
    }
}
