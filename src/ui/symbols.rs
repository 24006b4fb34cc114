//! The shapes: one of the three carriers of each status, and the few icons beside them.

use fleet::Status;

use super::element::{El, svg};

/// A shape's tag and attributes.
type Shape = (&'static str, &'static [(&'static str, &'static str)]);

/// The symbols: their name, the square that they are drawn in, and their shapes.
const SYMBOLS: [(&str, &str, &[Shape]); 9] = [
    ("online", "0 0 16 16", &[("circle", &[("cx", "8"), ("cy", "8"), ("r", "6"), ("fill", "currentColor")])]),
    (
        "offline",
        "0 0 16 16",
        &[(
            "path",
            &[
                ("d", "M3 3l10 10M13 3L3 13"),
                ("stroke", "currentColor"),
                ("stroke-width", "3.2"),
                ("stroke-linecap", "round"),
            ],
        )],
    ),
    (
        "sleeping",
        "0 0 16 16",
        &[("path", &[("d", "M13 10.2A6 6 0 1 1 6.6 2.4 4.8 4.8 0 0 0 13 10.2z"), ("fill", "currentColor")])],
    ),
    ("degraded", "0 0 16 16", &[("path", &[("d", "M8 1.6L15 14H1z"), ("fill", "currentColor")])]),
    (
        "unknown",
        "0 0 16 16",
        &[(
            "circle",
            &[
                ("cx", "8"),
                ("cy", "8"),
                ("r", "5.6"),
                ("stroke", "currentColor"),
                ("stroke-width", "2"),
                ("stroke-dasharray", "3 2.4"),
            ],
        )],
    ),
    (
        "willow",
        "0 0 24 24",
        &[(
            "path",
            &[
                (
                    "d",
                    "M12 21V5M12 6c-5 1-7 5-7 11M12 6c5 1 7 5 7 11M12 5c-2.4 2-3.4 6-3.4 11M12 5c2.4 2 3.4 6 3.4 11",
                ),
                ("stroke", "currentColor"),
                ("stroke-width", "2"),
                ("stroke-linecap", "round"),
            ],
        )],
    ),
    (
        "theme-system",
        "0 0 16 16",
        &[
            (
                "circle",
                &[
                    ("cx", "8"),
                    ("cy", "8"),
                    ("r", "5.5"),
                    ("stroke", "currentColor"),
                    ("stroke-width", "1.5"),
                ],
            ),
            ("path", &[("d", "M8 2.5a5.5 5.5 0 0 1 0 11z"), ("fill", "currentColor")]),
        ],
    ),
    (
        "theme-light",
        "0 0 16 16",
        &[
            (
                "circle",
                &[
                    ("cx", "8"),
                    ("cy", "8"),
                    ("r", "2.75"),
                    ("stroke", "currentColor"),
                    ("stroke-width", "1.5"),
                ],
            ),
            (
                "path",
                &[
                    (
                        "d",
                        "M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3.05 3.05l1.1 1.1M11.85 11.85l1.1 1.1M12.95 3.05l-1.1 1.1M4.15 11.85l-1.1 1.1",
                    ),
                    ("stroke", "currentColor"),
                    ("stroke-width", "1.5"),
                    ("stroke-linecap", "round"),
                ],
            ),
        ],
    ),
    (
        "theme-dark",
        "0 0 16 16",
        &[(
            "path",
            &[
                ("d", "M13.2 9.9A5.7 5.7 0 0 1 6.1 2.8 5.7 5.7 0 1 0 13.2 9.9z"),
                ("stroke", "currentColor"),
                ("stroke-width", "1.5"),
                ("stroke-linejoin", "round"),
            ],
        )],
    ),
];

/// The symbols' definitions, once per document.
pub fn symbols() -> El {
    svg("svg", "symbols").attr("aria-hidden", "true").children(SYMBOLS.iter().map(
        |(name, square, shapes)| {
            // What is to be filled says so itself.
            let symbol = svg("symbol", "").attr("id", name).attr("viewBox", square).attr("fill", "none");
            symbol.children(shapes.iter().map(|(tag, attributes)| {
                attributes.iter().fold(svg(tag, ""), |shape, (name, value)| shape.attr(name, value))
            }))
        },
    ))
}

/// A status's shape. The word stands beside it, so it is silent.
pub fn icon(status: Status) -> El {
    icon_of(svg("use", "").attr("href", &format!("#{}", status.word())))
}

/// The same of a shape that changes: its `href` is that of a symbol.
pub fn icon_of(shape: El) -> El {
    svg("svg", "icon").attr("aria-hidden", "true").child(shape)
}
