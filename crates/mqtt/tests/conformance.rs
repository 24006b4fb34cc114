//! Checks CONFORMANCE.md, and tests the few statements that no other test is about.
//!
//! The list is useful only while the tests that it names exist and no statement is missing
//! or listed twice. Never decides whether a test proves its statement: a reader must.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mqtt::{Packet, Property, Version, Violation, decode};

const LIST: &str = include_str!("../CONFORMANCE.md");

/// A row without a test must have one of these.
const REASONS: [&str; 4] = ["*Construction*", "*Server*", "*Not applicable*", "*Page*"];

/// Every source file of this crate, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![crate_dir.join("src"), crate_dir.join("tests")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
                sources.push((path, text));
            }
        }
    }
    sources
}

/// `module::test` for every test of this crate. The module is the file; its folder if the file is `main.rs` or
/// `mod.rs`; and the module under test for all files of a folder `src/…/tests`.
fn tests() -> BTreeSet<String> {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    for (path, text) in sources() {
        let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
        let folder = path.parent().expect("a folder");
        let module = match name(&path).as_str() {
            _ if folder.ends_with("tests") && folder.parent() != Some(crate_dir) => {
                name(folder.parent().expect("a folder"))
            }
            "main" | "mod" => name(folder),
            module => module.to_owned(),
        };
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.next() {
            if line != "#[test]" {
                continue;
            }
            let function = lines.by_ref().find_map(|line| line.strip_prefix("fn ")).expect("a function");
            let end = function.find('(').expect("arguments");
            let test = format!("{module}::{}", &function[..end]);
            assert!(tests.insert(test.clone()), "two tests are named {test}");
        }
    }
    tests
}

/// The statements that a text quotes, without brackets and MQTT-.
fn statements(text: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    for (at, prefix) in text.match_indices("MQTT-") {
        let rest = &text[at + prefix.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(rest.len());
        let number = rest[..end].trim_end_matches(['.', '-']);
        // Three numbers of a section and one of its own; the standard misspells one of them.
        if number.split(['.', '-']).filter(|part| !part.is_empty()).count() == 4 {
            statements.push(number);
        }
    }
    statements
}

/// The test names between back-quotes.
fn named(row: &str) -> impl Iterator<Item = &str> {
    let is_name = |text: &&str| {
        text.split_once("::").is_some_and(|(module, function)| {
            let is_word = |word: &str| {
                word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            is_word(module) && is_word(function)
        })
    };
    // The legend shows the form.
    row.split('`').filter(is_name).filter(|name| *name != "module::test")
}

#[test]
fn the_list_names_real_tests_and_every_statement_once() {
    let tests = tests();
    assert!(tests.contains("conformance::the_list_names_real_tests_and_every_statement_once"), "{tests:#?}");
    let mut wrong = Vec::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut version = None;
    for line in LIST.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            version = Some(title);
        }
        for name in named(line).filter(|name| !tests.contains(*name)) {
            wrong.push(format!("there is no test {name}"));
        }
        let row = line.strip_prefix("| MQTT-").map(|_| line);
        if row
            .is_some_and(|row| named(row).count() == 0 && !REASONS.iter().any(|reason| row.contains(reason)))
        {
            wrong.push(format!("neither test nor reason: {line}"));
        }
        for statement in statements(line) {
            let seen = versions.entry(version.expect("a version comes first")).or_default();
            if !seen.insert(statement) {
                wrong.push(format!("{statement} is listed twice"));
            }
        }
    }
    let listed = versions.values().flatten().copied().collect::<BTreeSet<_>>();
    for (path, text) in sources() {
        for statement in statements(&text).into_iter().filter(|statement| !listed.contains(statement)) {
            wrong.push(format!("{} quotes {statement}, which is not listed", path.display()));
        }
    }
    assert!(wrong.is_empty(), "CONFORMANCE.md:\n{}", wrong.join("\n"));
    assert_eq!(versions.keys().copied().collect::<Vec<_>>(), ["MQTT 3.1.1", "MQTT 5.0"]);
}

#[test]
fn mqtt_1_5_4_3_a_byte_order_mark_stays() {
    for (version, bytes) in [
        (Version::V311, &b"\x30\x06\0\x04\xEF\xBB\xBFa"[..]),
        (Version::V5, &b"\x30\x07\0\x04\xEF\xBB\xBFa\0"[..]),
    ] {
        let Ok(Packet::Publish(publish)) = decode::decode(bytes, version) else { panic!("{bytes:?}") };
        assert_eq!(publish.topic.as_str(), "\u{FEFF}a");
    }
}

#[test]
fn mqtt_1_5_7_1_both_strings_of_a_pair_are_checked() {
    let check = |pair: &[u8], violation| {
        let properties = [&[0x26], pair].concat();
        let head = [0x30, 4 + properties.len() as u8, 0, 1, b't', properties.len() as u8];
        let bytes = [&head[..], &properties].concat();
        match (decode::decode(&bytes, Version::V5), violation) {
            (Ok(Packet::Publish(publish)), None) => {
                assert_eq!(publish.properties.find(Some), Some(Property::UserProperty("k", "v")));
            }
            (Err(error), Some(violation)) => assert_eq!(error.violation, violation, "{bytes:02x?}"),
            (other, _) => panic!("{bytes:02x?}: {other:?}"),
        }
    };
    check(b"\0\x01k\0\x01v", None);
    check(b"\0\x01\xFF\0\x01v", Some(Violation::Utf8));
    check(b"\0\x01k\0\x01\xFF", Some(Violation::Utf8));
    check(b"\0\x01k\0\x01\0", Some(Violation::NulCharacter));
    check(b"\0\x01k\0\x02v", Some(Violation::Truncated));
}
