//! What the visitor looks at stays where it is while devices come, go and change places above it.
//!
//! The browser's own scroll anchoring cannot do this: most tiles above the view have no element.

use leptos::prelude::*;

use super::layout::Placed;
use super::sections::Section;
use super::state::{Anchor, GridState};

/// How many tiles of a line are remembered: a line of the wall has hundreds of cells.
const MAX_ANCHORS: usize = 8;

impl GridState {
    /// After an update: scrolls by as much as the lines moved that the visitor looks at. A device that moved to another
    /// section does not take the view along: the shift is the smallest that any of the anchors asks for.
    pub(super) fn hold_view(self) {
        let layout = self.layout.get_untracked();
        let line_of = |handle| {
            let (section, tile) = self.place(handle)?;
            Some(self.lengths.with_untracked(|lengths| layout.line_of(lengths, section, tile)))
        };
        let mut shift: Option<f64> = None;
        for Anchor { handle, line } in self.anchors.get_value() {
            let Some(moved) = line_of(handle).map(|now| now - line) else { continue };
            if moved.abs() < 1.0 {
                shift = None;
                break;
            }
            if shift.is_none_or(|shift| moved.abs() < shift.abs()) {
                shift = Some(moved);
            }
        }
        match shift {
            None => self.anchors.set_value(self.anchors_in_sight()),
            Some(shift) => {
                // Until it was measured what is in sight then.
                self.anchors.set_value(Vec::new());
                window().scroll_by_with_x_and_y(0.0, shift);
            }
        }
    }

    /// Tiles of the first line that is wholly in sight once the visitor has scrolled, and one of the line below.
    fn anchors_in_sight(self) -> Vec<Anchor> {
        let (top, layout) = (self.viewport.measured.get_untracked().top, self.layout.get_untracked());
        // At the top of the board the visitor wants to see what comes there.
        if top >= 0.0 {
            return Vec::new();
        }
        let of_section = |sections: &[Section], placed: &Placed| {
            let (line, distance) = layout.first_line(placed, top);
            let rest = sections.get(placed.section)?.handles.get(line * layout.columns..)?;
            let anchor = |below: f64| move |&handle| Anchor { handle, line: distance - top + below };
            let of_line = rest.iter().take(layout.columns.min(MAX_ANCHORS)).map(anchor(0.0));
            let below = rest.get(layout.columns).map(anchor(layout.pitch));
            Some(of_line.chain(below).collect::<Vec<_>>()).filter(|anchors| !anchors.is_empty())
        };
        self.sections.with_untracked(|sections| {
            self.in_sight.with_untracked(|in_sight| {
                in_sight.iter().find_map(|(_, placed)| of_section(sections, placed)).unwrap_or_default()
            })
        })
    }
}
