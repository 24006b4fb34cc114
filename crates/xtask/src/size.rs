//! `cargo xtask size`: what a first visit transfers, compressed as a web server would, and whether it is within the budget.
//!
//! Counts `dist/index.html` and every file of `dist/` that it names, directly or through a script. It knows nothing of what
//! the files are for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::root;
use crate::steps::Failure;

/// A first visit to the board transfers at most so many bytes after brotli.
const BUDGET: usize = 450_000;
/// What we aim at: what the dashboard of Zigbee2MQTT transfers.
const AIM: usize = 245_000;

/// Bytes after brotli at its highest quality, and before it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Size {
    brotli: usize,
    raw: usize,
}

/// Measures `dist/` and prints the table; an error if a first visit is above the budget.
pub fn run() -> Result<(), Failure> {
    let sizes = measure(&root().join("dist"))?;
    print!("{}", table(&sizes));
    check(total(&sizes).brotli)
}

fn check(total: usize) -> Result<(), Failure> {
    if total <= BUDGET {
        return Ok(());
    }
    Err(Failure::new(format!(
        "A first visit transfers {total} bytes after brotli, which is {} above the budget of {BUDGET}. Look for what was \
         added: a dependency, a feature of one, a large generic function.",
        total - BUDGET
    )))
}

/// The sizes by kind, their total, and how that stands to the budget and the aim.
fn table(sizes: &BTreeMap<String, Size>) -> String {
    let total = total(sizes);
    let mut table = format!("{:8} {:>9} {:>9}\n", "", "brotli", "raw");
    for (kind, size) in sizes.iter().map(|(kind, size)| (kind.as_str(), *size)).chain([("total", total)]) {
        table.push_str(&format!("{kind:8} {:9} {:9}\n", size.brotli, size.raw));
    }
    for (name, limit) in [("budget", BUDGET), ("aim", AIM)] {
        let percent = total.brotli * 100 / limit;
        table.push_str(&format!("{name:8} {limit:9} {:>9}\n", format!("{percent} %")));
    }
    table
}

fn total(sizes: &BTreeMap<String, Size>) -> Size {
    sizes.values().fold(Size::default(), |total, size| Size {
        brotli: total.brotli + size.brotli,
        raw: total.raw + size.raw,
    })
}

/// The sizes of all files that a first visit fetches, by the ending of their names.
fn measure(dist: &Path) -> Result<BTreeMap<String, Size>, Failure> {
    let unreadable =
        |error| Failure::new(format!("{} cannot be read: {error}. Run `cargo xtask build`.", dist.display()));
    let mut unseen: BTreeSet<String> = BTreeSet::new();
    for entry in fs::read_dir(dist).map_err(unreadable)? {
        unseen.insert(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
    }
    let mut sizes: BTreeMap<String, Size> = BTreeMap::new();
    let mut found = vec!["index.html".to_owned()];
    unseen.remove("index.html");
    while let Some(name) = found.pop() {
        let bytes = fs::read(dist.join(&name)).map_err(unreadable)?;
        let kind = name.rsplit('.').next().unwrap_or_default();
        if matches!(kind, "html" | "js") {
            let text = String::from_utf8_lossy(&bytes);
            let (named, rest) =
                std::mem::take(&mut unseen).into_iter().partition(|file| text.contains(&**file));
            unseen = rest;
            found.extend::<BTreeSet<String>>(named);
        }
        let size = sizes.entry(kind.to_owned()).or_default();
        size.brotli += compressed(&bytes);
        size.raw += bytes.len();
    }
    Ok(sizes)
}

/// How many bytes are left after brotli.
fn compressed(bytes: &[u8]) -> usize {
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: 11, size_hint: bytes.len(), ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)
        .expect("memory can be read and written");
    compressed.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_the_page_names_is_counted_and_no_other() {
        let dist = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [
            ("index.html", "<script type=module>import './a-1.js'</script><link href='./a.css'>"),
            ("a-1.js", "fetch('a-1_bg.wasm')"),
            ("a-1_bg.wasm", "\0asm"),
            ("a.css", "body{}"),
            ("unnamed.js", "nobody fetches this"),
        ] {
            fs::write(dist.path().join(name), text).expect("a temporary file");
        }
        let sizes = measure(dist.path()).expect("a built page");
        let raw: Vec<_> = sizes.iter().map(|(kind, size)| (kind.as_str(), size.raw)).collect();
        assert_eq!(raw, [("css", 6), ("html", 67), ("js", 20), ("wasm", 4)]);
        assert!(table(&sizes).contains("\ntotal "), "{}", table(&sizes));
    }

    #[test]
    fn a_first_visit_above_the_budget_fails() {
        assert!(check(BUDGET).is_ok());
        assert!(check(BUDGET + 1).is_err());
    }
}
