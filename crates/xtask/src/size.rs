//! `cargo xtask size`: what a first visit transfers, compressed as a web server would, and whether it grew.
//!
//! Counts what `dist/index.html` leads to by name, directly or through a script. What is loaded when it is opened
//! (`later-…`, see `page.rs`) is told apart: a first visit does not wait for it, and a test in Chromium sees that it
//! does not fetch it. `docs/size.txt` holds what all was when somebody last decided that it may be so; `cargo xtask
//! test` fails when it is more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::root;
use crate::steps::Failure;

/// What begins the name of a file that is loaded when it is opened, and the kind it is counted as.
const LATER: &str = "later";
/// How much larger than recorded the page may be, in percent: the noise of a new compiler.
const TOLERANCE: usize = 2;

/// What to do with the measured sizes.
#[derive(clap::Args)]
pub struct Options {
    /// Record the measured sizes in docs/size.txt: the page grew on purpose, or shrank
    #[arg(long)]
    record: bool,
}

/// Bytes after brotli at its highest quality, by kind of file, and before it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Size {
    brotli: usize,
    raw: usize,
}

/// Measures `dist/`, prints the table, and records it if that was asked for.
pub fn run(options: &Options) -> Result<(), Failure> {
    let sizes = measure(&root().join("dist"))?;
    print!("{}", table(&sizes));
    if options.record {
        let record = root().join("docs/size.txt");
        return fs::write(&record, table(&sizes))
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}.", record.display())));
    }
    check()
}

/// Fails when a first visit to `dist/` transfers more than `docs/size.txt` allows.
pub fn check() -> Result<(), Failure> {
    let record = fs::read_to_string(root().join("docs/size.txt")).unwrap_or_default();
    compare(&measure(&root().join("dist"))?, &record)
}

fn compare(sizes: &BTreeMap<String, Size>, record: &str) -> Result<(), Failure> {
    let recorded = record.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("all")).then(|| words.next()?.parse::<usize>().ok())?
    });
    let recorded = recorded.ok_or_else(|| {
        Failure::new("docs/size.txt has no line `all` with a number: `cargo xtask size --record` writes it.")
    })?;
    let now = first_visit(sizes).brotli;
    if now * 100 > recorded * (100 + TOLERANCE) {
        return Err(Failure::new(format!(
            "A first visit transfers {now} bytes after brotli; docs/size.txt has {recorded}, and {TOLERANCE} % more \
             is allowed.\n{}If that is meant, record it by `cargo xtask size --record` and say in the commit what \
             it is for. If not, look for what was added: a dependency, a generic function or a sort of one more \
             type, a closure in a view.",
            table(sizes),
        )));
    }
    Ok(())
}

fn table(sizes: &BTreeMap<String, Size>) -> String {
    let mut table = format!("{:6} {:>9} {:>9}\n", "", "brotli", "raw");
    let kinds = || sizes.iter().map(|(kind, size)| (kind.as_str(), *size));
    let at_first = kinds().filter(|(kind, _)| *kind != LATER).chain([("all", first_visit(sizes))]);
    for (kind, size) in at_first.chain(kinds().filter(|(kind, _)| *kind == LATER)) {
        table.push_str(&format!("{kind:6} {:9} {:9}\n", size.brotli, size.raw));
    }
    table
}

fn first_visit(sizes: &BTreeMap<String, Size>) -> Size {
    let at_first = sizes.iter().filter(|(kind, _)| *kind != LATER);
    at_first.fold(Size::default(), |all, (_, size)| Size {
        brotli: all.brotli + size.brotli,
        raw: all.raw + size.raw,
    })
}

/// The sizes of everything that a first visit to a built page fetches, by kind.
fn measure(dist: &Path) -> Result<BTreeMap<String, Size>, Failure> {
    let unreadable =
        |error| Failure::new(format!("{} cannot be read: {error}. Run `cargo xtask build`.", dist.display()));
    let mut names: BTreeSet<String> = BTreeSet::new();
    for entry in fs::read_dir(dist).map_err(unreadable)? {
        names.insert(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
    }
    let mut sizes: BTreeMap<String, Size> = BTreeMap::new();
    let mut found = vec!["index.html".to_owned()];
    names.remove("index.html");
    while let Some(name) = found.pop() {
        let bytes = fs::read(dist.join(&name)).map_err(unreadable)?;
        let kind = if name.starts_with(LATER) { LATER } else { name.rsplit('.').next().unwrap_or_default() };
        if matches!(kind, "html" | "js") {
            let text = String::from_utf8_lossy(&bytes);
            let named = |other: &String| text.contains(&**other);
            let (more, rest) = std::mem::take(&mut names).into_iter().partition(named);
            names = rest;
            found.extend::<BTreeSet<String>>(more);
        }
        let parameters =
            brotli::enc::BrotliEncoderParams { quality: 11, size_hint: bytes.len(), ..Default::default() };
        let mut compressed = Vec::new();
        brotli::BrotliCompress(&mut bytes.as_slice(), &mut compressed, &parameters)
            .expect("memory can be read and written");
        let size = sizes.entry(kind.to_owned()).or_default();
        size.brotli += compressed.len();
        size.raw += bytes.len();
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_page_leads_to_is_counted_and_nothing_else() {
        let dist = std::env::temp_dir().join(format!("willow-size-{}", std::process::id()));
        fs::create_dir_all(&dist).expect("a folder for the test");
        for (name, text) in [
            ("index.html", "<script type=module>import './a-1.js'</script><link href='./a.css'>"),
            ("a-1.js", "fetch('a-1_bg.wasm');load('later-b-2.wasm')"),
            ("later-b-2.wasm", "\0asm1234"),
            ("a-1_bg.wasm", "\0asm"),
            ("a.css", "body{}"),
            ("later.js", "never named"),
        ] {
            fs::write(dist.join(name), text).expect("a file for the test");
        }
        let sizes = measure(&dist);
        fs::remove_dir_all(&dist).expect("the folder is ours");
        let raw: Vec<_> =
            sizes.expect("a built page").into_iter().map(|(kind, size)| (kind, size.raw)).collect();
        let expected = [("css", 6), ("html", 67), ("js", 43), ("later", 8), ("wasm", 4)];
        assert_eq!(raw, expected.map(|(kind, size)| (kind.to_owned(), size)));
    }

    #[test]
    fn growth_beyond_the_noise_fails() {
        let check = |brotli, record: &str| {
            let sizes = BTreeMap::from([("wasm".to_owned(), Size { brotli, raw: 9_999 })]);
            compare(&sizes, record).is_ok()
        };
        let record = table(&BTreeMap::from([("wasm".to_owned(), Size { brotli: 1_000, raw: 9_999 })]));
        assert!(check(900, &record));
        assert!(check(1_020, &record));
        assert!(!check(1_021, &record));
        assert!(!check(1, "nothing recorded"));
        let later = BTreeMap::from([("later".to_owned(), Size { brotli: 2_000, raw: 9_999 })]);
        assert!(compare(&later, &record).is_ok(), "what is loaded later is no part of a first visit");
    }
}
