//! Which rows of a grid are in sight.
//!
//! Pure arithmetic over pixels; never measures anything itself. The grid asks, so that a hundred thousand
//! devices cost no more elements than a screen can show.

use std::ops::Range;

/// Rows kept in the document above and below what is in sight, so that a flick of the wheel meets tiles.
const SPARE_ROWS: usize = 3;

/// How many columns of at least `min_width` fit side by side.
pub fn columns(width: f64, min_width: f64, gap: f64) -> usize {
    (((width + gap) / (min_width + gap)) as usize).max(1)
}

/// How a page of sections is laid out, in pixels.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Layout {
    /// Tiles side by side.
    pub columns: usize,
    /// From one line of tiles to the next.
    pub pitch: f64,
    /// The height of a section's title, with the room around it.
    pub title: f64,
    /// The room below the last line of a section's tiles that no next line takes.
    pub gap: f64,
}

/// A section that is in sight, or nearly.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Placed {
    /// Its number.
    pub section: usize,
    /// Where it begins, from the upper edge of the first section.
    pub top: f64,
    /// How high it is.
    pub height: f64,
    /// The lines of tiles to keep in the document: the first, and the one behind the last.
    pub first: usize,
    /// See `first`.
    pub last: usize,
}

impl Placed {
    /// The tiles to keep in the document, of a section with this many.
    pub fn tiles(&self, columns: usize, length: usize) -> Range<usize> {
        (self.first * columns).min(length)..(self.last * columns).min(length)
    }
}

impl Layout {
    /// The height of a section with this many tiles.
    fn height(&self, tiles: usize) -> f64 {
        let lines = tiles.div_ceil(self.columns) as f64;
        self.title + (lines * self.pitch - self.gap).max(0.0)
    }

    /// The height of all sections, which have this many tiles.
    pub fn total(&self, lengths: &[usize]) -> f64 {
        lengths.iter().map(|tiles| self.height(*tiles)).sum()
    }

    /// The sections to keep in the document, and the lines of each.
    ///
    /// `top` is where the first section begins, measured from the upper edge of the view; it is negative once
    /// the visitor has scrolled past it.
    pub fn window(&self, lengths: &[usize], top: f64, view: f64) -> Vec<Placed> {
        let spare = SPARE_ROWS as f64 * self.pitch;
        let mut placed = Vec::new();
        let mut begin = 0.0;
        for (section, &tiles) in lengths.iter().enumerate() {
            let height = self.height(tiles);
            let in_view = top + begin;
            if in_view > view + spare {
                break;
            }
            if in_view + height > -spare {
                let lines = tiles.div_ceil(self.columns);
                let window = window(lines, self.pitch, in_view + self.title, view);
                placed.push(Placed { section, top: begin, height, first: window.start, last: window.end });
            }
            begin += height;
        }
        placed
    }

    /// The first line of a section that the upper edge of the view cuts nothing off, and where it begins, from that
    /// edge. `top` is as for [`Layout::window`]. The section may have fewer lines.
    pub fn first_line(&self, placed: &Placed, top: f64) -> (usize, f64) {
        let begin = top + placed.top + self.title;
        let line = (-begin / self.pitch).ceil().max(0.0);
        (line as usize, begin + line * self.pitch)
    }

    /// Where the line of a tile begins, from the upper edge of the first section.
    pub fn line_of(&self, lengths: &[usize], section: usize, tile: usize) -> f64 {
        let before = lengths.get(..section).unwrap_or(lengths);
        self.total(before) + self.title + (tile / self.columns) as f64 * self.pitch
    }
}

/// The sides that a cell of the wall may have, in CSS pixels, the largest first. They are steps, so that a new device rarely
/// changes the size of all cells.
const SIDES: [f64; 11] = [28.0, 24.0, 20.0, 16.0, 14.0, 12.0, 10.0, 8.0, 6.0, 5.0, 4.0];

/// The side of the largest cell with which sections of these lengths fit into a place, in the screen's own pixels, of
/// which `ratio` make a CSS pixel: cells on whole ones are sharp. Where none is small enough it is `min_side`, and the
/// page scrolls.
pub fn side(lengths: &[usize], title: f64, (width, height): (f64, f64), min_side: f64, ratio: f64) -> f64 {
    let fits = |side: &f64| Layout::of_cells(side / ratio, width, title).total(lengths) <= height;
    let mut sides = SIDES.iter().filter(|side| **side >= min_side).map(|side| (side * ratio).round());
    sides.find(fits).unwrap_or((min_side * ratio).round()).max(1.0)
}

impl Layout {
    /// The layout of square cells without gaps between them.
    pub fn of_cells(side: f64, width: f64, title: f64) -> Layout {
        Layout { columns: columns(width, side, 0.0), pitch: side, title, gap: 0.0 }
    }

    /// The section and the tile at a point, which is measured from where the first section begins; of cells only.
    /// Just beside the last tile it is that.
    pub fn cell_at(&self, lengths: &[usize], (x, y): (f64, f64)) -> Option<(usize, usize)> {
        let mut begin = 0.0;
        for (section, &tiles) in lengths.iter().enumerate() {
            let height = self.height(tiles);
            if y < begin + height {
                let (line, column) = ((y - begin - self.title) / self.pitch, x / self.pitch);
                if line < 0.0 || column < 0.0 {
                    return None;
                }
                let tile = line as usize * self.columns + (column as usize).min(self.columns - 1);
                return (tile <= tiles).then_some((section, tile.min(tiles.checked_sub(1)?)));
            }
            begin += height;
        }
        None
    }
}

/// A step of a visitor who moves through the tiles by keyboard.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// To the tile before.
    Left,
    /// To the tile behind.
    Right,
    /// To the line above, and from the first line of a section into the one before.
    Up,
    /// To the line below, and from the last line of a section into the next.
    Down,
    /// To the first tile of all.
    First,
    /// To the last tile of all.
    Last,
    /// Up by so many lines.
    PageUp(usize),
    /// Down by so many lines.
    PageDown(usize),
}

/// Where a step leads to from the tile of a section; it stays within what there is.
pub fn step(lengths: &[usize], columns: usize, from: (usize, usize), step: Step) -> Option<(usize, usize)> {
    let is_there = |section: &usize| lengths[*section] > 0;
    let before = |section: usize| (0..section).rev().find(is_there);
    let behind = |section: usize| (section + 1..lengths.len()).find(is_there);
    let first = (0..lengths.len()).find(is_there)?;
    let last = (0..lengths.len()).rev().find(is_there)?;
    let (section, tile) = if from.0 < lengths.len() && is_there(&from.0) { from } else { (first, 0) };
    let tile = tile.min(lengths[section] - 1);
    let here = (section, tile);
    let up = |(section, tile): (usize, usize)| match tile.checked_sub(columns) {
        Some(tile) => (section, tile),
        None => before(section).map_or((section, tile), |section| {
            let lines = lengths[section].div_ceil(columns);
            (section, ((lines - 1) * columns + tile % columns).min(lengths[section] - 1))
        }),
    };
    let down = |(section, tile): (usize, usize)| {
        let lines = lengths[section].div_ceil(columns);
        if tile / columns + 1 < lines {
            (section, (tile + columns).min(lengths[section] - 1))
        } else {
            behind(section)
                .map_or((section, tile), |section| (section, (tile % columns).min(lengths[section] - 1)))
        }
    };
    Some(match step {
        Step::Left if tile > 0 => (section, tile - 1),
        Step::Left => before(section).map_or(here, |section| (section, lengths[section] - 1)),
        Step::Right if tile + 1 < lengths[section] => (section, tile + 1),
        Step::Right => behind(section).map_or(here, |section| (section, 0)),
        Step::Up => up(here),
        Step::Down => down(here),
        Step::First => (first, 0),
        Step::Last => (last, lengths[last] - 1),
        Step::PageUp(lines) => (0..lines).fold(here, |at, _| up(at)),
        Step::PageDown(lines) => (0..lines).fold(here, |at, _| down(at)),
    })
}

/// The rows to keep in the document, of `rows` rows that are `pitch` apart.
///
/// `top` is where they begin, measured from the upper edge of the view. The window moves by whole steps of
/// [`SPARE_ROWS`], so that most scroll events change nothing.
fn window(rows: usize, pitch: f64, top: f64, view: f64) -> Range<usize> {
    // `as` saturates: rows far below the view start at row 0 with nothing in it.
    let first_in_sight = (-top / pitch) as usize;
    let after_sight = ((view - top) / pitch).ceil() as usize;
    if top > view + SPARE_ROWS as f64 * pitch || first_in_sight > rows + SPARE_ROWS {
        return 0..0;
    }
    let first = first_in_sight.saturating_sub(SPARE_ROWS) / SPARE_ROWS * SPARE_ROWS;
    let last = (after_sight + SPARE_ROWS).div_ceil(SPARE_ROWS) * SPARE_ROWS;
    first.min(rows)..last.min(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn columns_fill_the_width_and_are_never_none() {
        let check = |width, expected| assert_eq!(columns(width, 204.0, 10.0), expected, "{width}");
        check(0.0, 1);
        check(362.0, 1);
        check(417.0, 1);
        check(418.0, 2);
        check(1392.0, 6);
    }

    #[wasm_bindgen_test]
    fn the_window_covers_what_is_in_sight_and_little_more() {
        for top in (-9_500_000..2_000).step_by(3_333) {
            let (rows, pitch, view) = (100_000, 94.0, 844.0);
            let shown = window(rows, pitch, f64::from(top), view);
            assert!(shown.len() <= 9 + 4 * SPARE_ROWS, "{shown:?} at {top}");
            for row in 0..rows {
                let upper = f64::from(top) + row as f64 * pitch;
                if upper < view && upper + pitch > 0.0 {
                    assert!(shown.contains(&row), "row {row} is in sight, not in {shown:?} at {top}");
                } else if upper > view {
                    break;
                }
            }
        }
    }

    #[wasm_bindgen_test]
    fn nothing_of_a_grid_that_is_out_of_reach() {
        assert_eq!(window(10, 94.0, 5_000.0, 844.0), 0..0);
        assert_eq!(window(10, 94.0, -50_000.0, 844.0), 0..0);
        assert_eq!(window(0, 94.0, 300.0, 844.0), 0..0);
        assert_eq!(window(2, 94.0, 300.0, 844.0), 0..2);
    }

    const LAYOUT: Layout = Layout { columns: 4, pitch: 94.0, title: 40.0, gap: 10.0 };

    #[wasm_bindgen_test]
    fn sections_stand_below_each_other() {
        let lengths = [5, 0, 100_000, 3];
        let total = LAYOUT.total(&lengths);
        assert_eq!(total, (40.0 + 178.0) + 40.0 + (40.0 + 25_000.0 * 94.0 - 10.0) + (40.0 + 84.0));
        let placed = LAYOUT.window(&lengths, 0.0, 844.0);
        let tops: Vec<_> = placed.iter().map(|placed| (placed.section, placed.top, placed.first)).collect();
        assert_eq!(tops, [(0, 0.0, 0), (1, 218.0, 0), (2, 258.0, 0)]);
        assert!(placed[2].last < 20 && placed[0].last == 2 && placed[1].last == 0);
        // Scrolled to the end: the last two.
        let placed = LAYOUT.window(&lengths, 844.0 - total, 844.0);
        let sections: Vec<_> = placed.iter().map(|placed| placed.section).collect();
        assert_eq!(sections, [2, 3]);
        assert_eq!((placed[0].last, placed[1].last), (25_000, 1));
        assert_eq!(LAYOUT.line_of(&lengths, 3, 2), total - 84.0);
    }

    #[wasm_bindgen_test]
    fn the_first_line_is_wholly_in_sight() {
        let placed = Placed { section: 1, top: 218.0, height: 1_000.0, first: 0, last: 9 };
        let check = |top, expected| assert_eq!(LAYOUT.first_line(&placed, top), expected, "{top}");
        check(0.0, (0, 258.0));
        check(-258.0, (0, 0.0));
        check(-259.0, (1, 93.0));
        check(-352.0, (1, 0.0));
    }

    #[wasm_bindgen_test]
    fn cells_are_as_large_as_lets_all_of_them_be_in_sight() {
        let check = |lengths: &[usize], ratio, expected| {
            assert_eq!(side(lengths, 48.0, (1_000.0, 600.0), 4.0, ratio), expected);
        };
        check(&[40], 1.0, 28.0);
        check(&[], 1.0, 28.0);
        // 35 columns in 19 lines; one device more would need a twentieth.
        check(&[665], 1.0, 28.0);
        check(&[666], 1.0, 24.0);
        check(&[300, 366], 1.0, 24.0);
        check(&[10_000], 1.0, 6.0);
        check(&[100_000], 1.0, 4.0);
        check(&[100_000], 2.0, 8.0);
        check(&[100_000], 1.25, 5.0);
        // A finger needs more room than there is.
        assert_eq!(side(&[10_000], 48.0, (362.0, 400.0), 16.0, 3.0), 48.0);
        assert_eq!(side(&[5], 48.0, (0.0, 0.0), 4.0, 1.0), 4.0);
    }

    #[wasm_bindgen_test]
    fn a_point_is_in_a_cell_or_in_none() {
        let layout = Layout::of_cells(10.0, 45.0, 40.0);
        let check = |x, y, expected| {
            assert_eq!(layout.cell_at(&[5, 0, 3], (x, y)), expected, "{x} {y}");
        };
        check(0.0, 39.0, None);
        check(0.0, 40.0, Some((0, 0)));
        check(39.9, 49.9, Some((0, 3)));
        // Right of the last column, and just behind the last cell: the nearest.
        check(44.0, 41.0, Some((0, 3)));
        check(9.0, 59.0, Some((0, 4)));
        check(11.0, 59.0, Some((0, 4)));
        check(21.0, 59.0, None);
        check(-1.0, 41.0, None);
        // The empty section has no cells, only a title.
        check(1.0, 99.0, None);
        check(1.0, 140.0, Some((2, 0)));
        check(1.0, 150.0, None);
        assert_eq!(layout.cell_at(&[], (1.0, 1.0)), None);
    }

    #[wasm_bindgen_test]
    fn steps_go_through_all_sections_and_no_further() {
        let check = |from, how, expected| {
            assert_eq!(step(&[5, 0, 9], 4, from, how), Some(expected), "{from:?} {how:?}")
        };
        check((0, 0), Step::Left, (0, 0));
        check((0, 4), Step::Right, (2, 0));
        check((2, 0), Step::Left, (0, 4));
        check((2, 8), Step::Right, (2, 8));
        check((0, 2), Step::Down, (0, 4));
        check((0, 4), Step::Down, (2, 0));
        check((2, 3), Step::Up, (0, 4));
        check((2, 6), Step::Up, (2, 2));
        check((2, 8), Step::Down, (2, 8));
        check((0, 1), Step::Up, (0, 1));
        check((2, 6), Step::First, (0, 0));
        check((0, 0), Step::Last, (2, 8));
        check((0, 0), Step::PageDown(3), (2, 4));
        check((2, 8), Step::PageUp(9), (0, 0));
        // What was there is gone.
        check((2, 30), Step::Left, (2, 7));
        check((7, 0), Step::Right, (0, 1));
        assert_eq!(step(&[0, 0], 4, (0, 0), Step::Down), None);
        assert_eq!(step(&[], 4, (0, 0), Step::Down), None);
    }
}
