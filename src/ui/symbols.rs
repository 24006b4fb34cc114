//! The shapes: one of the three carriers of each status, and the few icons beside them.

use fleet::Status;

use super::element::{El, svg};

/// A path, and the thickness of its line in tenths of a unit; without one it is filled.
type Shape = (&'static str, u8);

/// The symbols: their name, the side of the square that they are drawn in, and their shapes. The statuses come first,
/// by their numbers. How lines end says the style sheet.
const SYMBOLS: [(&str, u8, &[Shape]); 9] = [
    ("online", 16, &[("M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2z", 0)]),
    ("offline", 16, &[("M3 3l10 10M13 3L3 13", 32)]),
    ("sleeping", 16, &[("M13 10.2A6 6 0 1 1 6.6 2.4 4.8 4.8 0 0 0 13 10.2z", 0)]),
    ("degraded", 16, &[("M8 1.6L15 14H1z", 0)]),
    ("unknown", 16, &[("M8 2.4a5.6 5.6 0 1 0 0 11.2A5.6 5.6 0 1 0 8 2.4z", 20)]),
    (
        "willow",
        24,
        &[(
            "M12 21V5M12 6c-5 1-7 5-7 11M12 6c5 1 7 5 7 11M12 5c-2.4 2-3.4 6-3.4 11M12 5c2.4 2 3.4 6 3.4 11",
            20,
        )],
    ),
    (
        "theme-system",
        16,
        &[("M8 2.5a5.5 5.5 0 1 0 0 11A5.5 5.5 0 1 0 8 2.5z", 15), ("M8 2.5a5.5 5.5 0 0 1 0 11z", 0)],
    ),
    (
        "theme-light",
        16,
        &[
            ("M8 5.25a2.75 2.75 0 1 0 0 5.5A2.75 2.75 0 1 0 8 5.25z", 15),
            (
                "M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3.05 3.05l1.1 1.1M11.85 11.85l1.1 1.1M12.95 3.05l-1.1 1.1M4.15 11.85l-1.1 1.1",
                15,
            ),
        ],
    ),
    ("theme-dark", 16, &[("M13.2 9.9A5.7 5.7 0 0 1 6.1 2.8 5.7 5.7 0 1 0 13.2 9.9z", 15)]),
];

/// The symbols' definitions, once per document.
pub fn symbols() -> El {
    svg("svg", "symbols").attr("aria-hidden", "true").children(SYMBOLS.iter().map(|(name, side, shapes)| {
        let symbol = svg("symbol", "").attr("id", name).attr("viewBox", &format!("0 0 {side} {side}"));
        symbol.children(shapes.iter().map(|(path, line)| {
            let shape = svg("path", "").attr("d", path);
            match line {
                0 => shape.attr("fill", "currentColor"),
                line => shape
                    .attr("fill", "none")
                    .attr("stroke", "currentColor")
                    .attr("stroke-width", &format!("{}.{}", line / 10, line % 10)),
            }
        }))
    }))
}

/// The path of a status's shape in a square of 16 units, and the thickness of its line in units; 0 where it is
/// filled.
pub fn path(status: Status) -> (&'static str, f64) {
    let (_, _, shapes) = SYMBOLS[status as usize];
    (shapes[0].0, f64::from(shapes[0].1) / 10.0)
}

/// A status's shape. The word stands beside it, so it is silent.
pub fn icon(status: Status) -> El {
    icon_of(svg("use", "").attr("href", &format!("#{}", status.word())))
}

/// The same of a shape that changes: its `href` is that of a symbol.
pub fn icon_of(shape: El) -> El {
    svg("svg", "icon").attr("aria-hidden", "true").child(shape)
}
