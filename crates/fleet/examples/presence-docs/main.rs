//! Writes `docs/presence.md`: the text of `template.md` with what the conventions say filled in.
//!
//! `cargo run -p fleet --example presence-docs` renews the file, and the test below fails when that was forgotten.
//! The words before each convention's tables are the `//!` of its source file.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use fleet::Status;
use fleet::conventions::examples::{Examples, Sequence, Step, Tile, Vector};
use fleet::conventions::{
    Convention, MAX_BASES, MAX_JSON, MAX_METADATA, MAX_NAME, MAX_WORD, ParentBy, RESERVED_ROOTS,
    RESERVED_TOPICS, Registry, Vocabulary, Words, examples,
};
use fleet::fleet::{Bounds, MAX_HISTORY, MAX_WANTED_FILTERS};
use fleet::snapshot::MAX_UNMATCHED;

/// A payload in the tables is cut after so many characters.
const MAX_SHOWN: usize = 90;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::write(root.join("docs/presence.md"), render()?)
}

/// The whole document.
fn render() -> io::Result<String> {
    let mut conventions = String::new();
    for (convention, examples) in examples() {
        conventions += &section(&convention, examples)?;
    }
    let list = |texts: &[&str]| texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ");
    let roots: Vec<String> = RESERVED_ROOTS.iter().map(|root| format!("{root}/")).collect();
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    let registry = Registry::built_in();
    let filters = registry.default_filters();
    let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
    let mut text = include_str!("template.md").to_owned();
    for (name, value) in [
        ("overview", overview(&registry)),
        ("conventions", conventions),
        ("roots", list(&roots)),
        ("topics", list(RESERVED_TOPICS)),
        ("filters", list(&filters)),
        ("bounds", bounds()),
        ("max_unmatched", MAX_UNMATCHED.to_string()),
        ("max_word", MAX_WORD.to_string()),
        ("max_json", grouped(MAX_JSON)),
        ("max_name", MAX_NAME.to_string()),
    ] {
        let place = format!("{{{{{name}}}}}");
        assert!(text.contains(&place), "the template has no place for {name}");
        text = text.replace(&place, value.trim_end_matches('\n'));
    }
    assert!(!text.contains("{{"), "the template has a place that nothing fills");
    Ok(text)
}

/// The rows of the table of all conventions.
fn overview(registry: &Registry) -> String {
    let mut rows = String::new();
    for (_, convention) in registry.iter() {
        let statuses = convention
            .patterns
            .iter()
            .filter(|pattern| !matches!(pattern.vocabulary, Vocabulary::Metadata(_)));
        let patterns: Vec<String> = statuses.map(|pattern| format!("`{pattern}`")).collect();
        let yes_no = |yes| if yes { "yes" } else { "no" };
        let parent = convention.parent.as_ref().map_or_else(
            || "–".to_owned(),
            |parent| {
                let by = match parent.by {
                    ParentBy::Base => "its base topic",
                    ParentBy::Metadata => "the device that metadata names",
                };
                let follows = if parent.follows { "and follows it" } else { "and is stale without it" };
                format!("`{}`: {by}, {follows}", parent.slug)
            },
        );
        writeln!(
            rows,
            "| [{}](#{}) | `{}` | {} | {} | {} | {parent} |",
            convention.label,
            anchor(&convention.label),
            convention.slug,
            patterns.join(", "),
            yes_no(convention.announces),
            yes_no(convention.offline_is_will),
        )
        .expect("writing to a String cannot fail");
    }
    rows
}

/// What GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

/// One convention: its words, its topics, its examples.
fn section(convention: &Convention, examples: &Examples) -> io::Result<String> {
    let file = format!("src/conventions/{}.rs", convention.slug.replace('-', "_"));
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file))?;
    let prose = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_start);

    let mut lines = vec![format!("### {}", convention.label)];
    lines.extend(prose.map(str::to_owned));
    lines.push("\n| Topic | Says |\n|---|---|".to_owned());
    for pattern in &convention.patterns {
        lines.push(format!("| `{pattern}` | {} |", vocabulary(&pattern.vocabulary)));
    }
    lines.push("\n| Message | Tile |\n|---|---|".to_owned());
    lines.extend(examples.vectors.iter().map(vector));
    lines.push("\n| What happens | Tiles then |\n|---|---|".to_owned());
    lines.extend(examples.sequences.iter().map(sequence));
    lines.push(format!("\nRead in: {}.\n\n", examples.source));
    Ok(lines.join("\n"))
}

fn vocabulary(vocabulary: &Vocabulary) -> String {
    match vocabulary {
        Vocabulary::Words(known) => words(known),
        Vocabulary::Exact(known) => format!("{}; exact", words(known)),
        Vocabulary::WordsOrJson(known, _) => format!("{}; or the same in JSON", words(known)),
        Vocabulary::Naming(..) => "JSON that names its own device: many share the topic".to_owned(),
        Vocabulary::Metadata(metadata) if metadata.is_inventory => "which devices there are".to_owned(),
        Vocabulary::Metadata(_) => "what else is known of the device".to_owned(),
    }
}

/// Words by the status they stand for.
fn words(words: &Words) -> String {
    let of = |status: Status| {
        let known: Vec<String> =
            words.iter().filter(|(_, means)| *means == status).map(|(word, _)| format!("`{word}`")).collect();
        (!known.is_empty()).then(|| format!("{}: {}", status.word(), known.join(", ")))
    };
    Status::ALL.into_iter().filter_map(of).collect::<Vec<String>>().join("; ")
}

fn vector(vector: &Vector) -> String {
    let tile = match vector.means {
        Some((id, status)) => format!("`{id}` {}", status.word()),
        None => "none".to_owned(),
    };
    format!("| {} | {tile} |", message(vector.topic, vector.payload))
}

fn sequence(sequence: &Sequence) -> String {
    let steps = sequence.steps.iter().map(|step| match step {
        Step::Replay(topic, payload) => format!("replay: {}", message(topic, payload)),
        Step::Live(topic, payload) => format!("live: {}", message(topic, payload)),
        Step::LinkEnds => "our link ends".to_owned(),
        Step::LinkReturns => "our link is back".to_owned(),
        Step::SnapshotEnds => "all that is retained was seen".to_owned(),
    });
    let what = std::iter::once(format!("**{}**", sequence.what)).chain(steps).collect::<Vec<_>>();
    let tiles: Vec<String> = sequence.then.iter().map(tile).collect();
    let tiles = if tiles.is_empty() { "none".to_owned() } else { tiles.join("<br>") };
    format!("| {} | {tiles} |", what.join("<br>"))
}

fn tile(tile: &Tile) -> String {
    let mut text = format!("`{}`", tile.id);
    if let Some(name) = tile.name {
        text += &format!(" \u{201c}{name}\u{201d}");
    }
    text += &format!(" {}, {}", tile.status.word(), tile.evidence.word());
    if tile.is_parent_offline {
        text += ", parent offline";
    }
    match tile.changes {
        0 => {}
        1 => text += ", 1 change",
        changes => text += &format!(", {changes} changes"),
    }
    text
}

/// A topic and a payload in a cell of a table.
fn message(topic: &str, payload: &str) -> String {
    if payload.is_empty() {
        return format!("`{topic}` (empty)");
    }
    // Line breaks in a document are the source's; elsewhere white space is part of the example.
    let shown = if payload.starts_with(['{', '[']) {
        payload.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        payload.escape_debug().to_string().replace("\\\"", "\"")
    };
    let cut = shown.char_indices().nth(MAX_SHOWN).map(|(at, _)| &shown[..at]);
    match cut {
        Some(cut) => format!("`{topic}` `{cut}…`"),
        None => format!("`{topic}` `{shown}`"),
    }
}

/// The rows of the table of bounds.
fn bounds() -> String {
    let Bounds { devices, topic, texts, changes, unrecognized, aliases, metadata } = Bounds::default();
    let rows = [
        ("devices", grouped(devices as usize)),
        ("the topic of a device", format!("{} bytes", grouped(topic.into()))),
        ("an id or a name that a payload gives", format!("{MAX_NAME} bytes")),
        ("a plain word", format!("{MAX_WORD} bytes")),
        ("a JSON status", format!("{} bytes", grouped(MAX_JSON))),
        ("a document of metadata", format!("{} bytes", grouped(MAX_METADATA))),
        ("all topics, ids and names together", format!("{} bytes", grouped(texts))),
        ("changes in one history", MAX_HISTORY.to_string()),
        ("changes in all histories together", grouped(changes)),
        ("topics with unrecognized messages that are listed", grouped(unrecognized)),
        ("further topics of devices that have one", grouped(aliases)),
        ("base topics other than the default ones", grouped(MAX_BASES)),
        ("filters that metadata wants", grouped(MAX_WANTED_FILTERS)),
        ("topics that metadata names, and devices that it waits for, each", grouped(metadata)),
    ];
    rows.map(|(what, bound)| format!("| {what} | {bound} |\n")).concat()
}

/// A number with a comma at every third digit.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.char_indices() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[test]
fn the_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/presence.md");
    let written = fs::read_to_string(path).expect("docs/presence.md is there");
    let rendered = render().expect("the sources are there");
    let differs = written.lines().zip(rendered.lines()).find(|(written, rendered)| written != rendered);
    assert!(
        written == rendered,
        "docs/presence.md is out of date; cargo run -p fleet --example presence-docs. First: {differs:?}"
    );
}
