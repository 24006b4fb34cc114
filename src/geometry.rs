//! Which rows of a grid are in sight.
//!
//! Pure arithmetic over pixels; never measures anything itself. The grid asks, so that a hundred thousand
//! devices cost no more elements than a screen can show.

use std::ops::Range;

/// Rows kept in the document above and below what is in sight, so that a flick of the wheel meets tiles.
const SPARE_ROWS: usize = 3;

/// How many columns of at least `narrowest` fit side by side.
pub fn columns(width: f64, narrowest: f64, gap: f64) -> usize {
    (((width + gap) / (narrowest + gap)) as usize).max(1)
}

/// The rows to keep in the document, of `rows` rows that are `pitch` apart.
///
/// `top` is where the grid begins, measured from the upper edge of the view; it is negative once the
/// visitor has scrolled past it. The window moves by whole steps of [`SPARE_ROWS`], so that most scroll
/// events change nothing.
pub fn window(rows: usize, pitch: f64, top: f64, view: f64) -> Range<usize> {
    // `as` saturates: a grid far below the view starts at row 0 with nothing in it.
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
}
