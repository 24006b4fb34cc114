//! The arrows between the modules of the page: read from the imports, not from a picture.
//!
//! A module is a file. An arrow goes from a file to the file that defines what it names, through the re-exports of a
//! `mod.rs`. Tests in the files are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// The features of the page. Each is a folder or a file of this name in `src/`.
const FEATURES: [&str; 6] = ["board", "connection", "device", "forget", "header", "help"];
/// Who knows the features.
const ABOVE_FEATURES: [&str; 2] = ["app", "main"];
/// What features share, and what knows all that lies below it.
const CONTEXT: &str = "context";

/// A module by its path below `crate`.
type Module = Vec<String>;

/// The modules of a crate and what they name of each other.
#[derive(Default)]
struct Tree {
    files: BTreeMap<Module, Names>,
}

/// What a file names, apart from its tests.
#[derive(Default)]
struct Names {
    /// Paths below `crate`, as they are written in the code, made absolute.
    paths: BTreeSet<Vec<String>>,
    /// What `pub use` gives on: its name and its path.
    exports: BTreeMap<String, Vec<String>>,
}

impl Tree {
    /// Reads all files of a folder.
    fn read(src: &Path) -> Tree {
        let mut tree = Tree::default();
        let mut folders = vec![src.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder of the sources can be read") {
                let path = entry.expect("an entry can be read").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") && !is_of_tests(&path) {
                    let code = fs::read_to_string(&path).expect("a source can be read");
                    tree.add(&module_of(src, &path), &code);
                }
            }
        }
        tree
    }

    fn add(&mut self, module: &[String], code: &str) {
        let file = syn::parse_file(code).expect("a source that compiles can be parsed");
        let mut names = Names::default();
        Reader { module, names: &mut names }.visit_file(&file);
        self.files.insert(module.to_vec(), names);
    }

    /// The file that defines what a path names.
    fn definition(&self, path: &[String]) -> Option<&Module> {
        let length = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
        let (module, names) = self.files.get_key_value(&path[..length])?;
        let exported = path.get(length).and_then(|name| names.exports.get(name));
        match exported {
            Some(target) if target.as_slice() != path => self.definition(target).or(Some(module)),
            _ => Some(module),
        }
    }

    /// Every arrow: from a file to those whose definitions it names.
    fn arrows(&self) -> BTreeMap<&Module, BTreeSet<&Module>> {
        let targets = |module: &Module, names: &Names| {
            let defined = names.paths.iter().filter_map(|path| self.definition(path));
            defined.filter(|target| *target != module && !target.is_empty()).collect()
        };
        self.files.iter().map(|(module, names)| (module, targets(module, names))).collect()
    }

    /// Files that reach themselves, each with one way round.
    fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let mut circles = Vec::new();
        let mut seen: BTreeSet<&Module> = BTreeSet::new();
        for &start in arrows.keys() {
            let mut came_from: BTreeMap<&Module, &Module> = BTreeMap::new();
            let mut open = vec![start];
            while let Some(module) = open.pop() {
                for &next in &arrows[module] {
                    // Where a file was first reached from stays: the way back must come to an end.
                    came_from.entry(next).or_insert_with(|| {
                        open.push(next);
                        module
                    });
                }
            }
            if came_from.contains_key(start) && !seen.contains(start) {
                let mut way = vec![start];
                let mut at = came_from[start];
                while at != start {
                    way.push(at);
                    at = came_from[at];
                }
                way.push(start);
                way.reverse();
                seen.extend(&way);
                circles.push(way.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" → "));
            }
        }
        circles
    }
}

/// Collects the paths of a file that begin at `crate`, `super` or `self`.
struct Reader<'a> {
    module: &'a [String],
    names: &'a mut Names,
}

impl Reader<'_> {
    /// The path below `crate`, or none for a path into another crate or a local one.
    fn absolute(&self, segments: &[String]) -> Option<Vec<String>> {
        let (first, rest) = segments.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.module.to_vec(),
            "super" => self.module.split_last()?.1.to_vec(),
            _ => return None,
        };
        for segment in rest {
            if segment == "super" {
                base.pop();
            } else {
                base.push(segment.clone());
            }
        }
        Some(base)
    }

    fn use_tree(&mut self, tree: &syn::UseTree, before: &mut Vec<String>, is_export: bool) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.use_tree(&path.tree, before, is_export);
                before.pop();
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.use_tree(tree, before, is_export));
            }
            syn::UseTree::Name(name) => self.used(before, &name.ident, &name.ident, is_export),
            syn::UseTree::Rename(rename) => self.used(before, &rename.ident, &rename.rename, is_export),
            syn::UseTree::Glob(_) => {
                if let Some(path) = self.absolute(before) {
                    self.names.paths.insert(path);
                }
            }
        }
    }

    fn used(&mut self, before: &[String], name: &syn::Ident, as_name: &syn::Ident, is_export: bool) {
        let mut segments = before.to_vec();
        if name != "self" {
            segments.push(name.to_string());
        }
        if is_export {
            // `pub use child::Name` needs no `self::`.
            let path = self.absolute(&segments).unwrap_or_else(|| [self.module, &segments].concat());
            self.names.exports.insert(as_name.to_string(), path);
        } else if let Some(path) = self.absolute(&segments) {
            self.names.paths.insert(path);
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // A module within a file has its own `super`; there are only tests and what a build script generates.
        let _ = item;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test(&item.attrs) {
            let is_export = !matches!(item.vis, syn::Visibility::Inherited);
            self.use_tree(&item.tree, &mut Vec::new(), is_export);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !is_test(&item.attrs) {
            syn::visit::visit_item_impl(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let Some(path) = self.absolute(&segments).filter(|_| segments.len() > 1) {
            self.names.paths.insert(path);
        }
        syn::visit::visit_path(self, path);
    }
}

/// Files that only tests have: `testing.rs` and `tests.rs`.
fn is_of_tests(file: &Path) -> bool {
    file.file_stem().is_some_and(|stem| stem == "testing" || stem == "tests")
}

/// `src/client/mod.rs` is `client`, `src/client/log.rs` is `client::log`.
fn module_of(src: &Path, file: &Path) -> Module {
    let below = file.strip_prefix(src).expect("a file of the folder").with_extension("");
    let mut module: Module =
        below.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    module
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

/// Where an arrow goes that the layout does not allow: none of these is there.
fn forbidden(tree: &Tree) -> Vec<String> {
    let mut forbidden = Vec::new();
    for (from, targets) in tree.arrows() {
        let Some(area) = from.first().map(String::as_str) else { continue };
        for target in targets {
            let to = target[0].as_str();
            let is_allowed = match (area, to) {
                _ if area == to || ABOVE_FEATURES.contains(&area) => true,
                (_, "app") => false,
                _ if FEATURES.contains(&to) => false,
                (_, CONTEXT) => FEATURES.contains(&area),
                _ => true,
            };
            if !is_allowed {
                forbidden.push(format!("{} → {}", from.join("::"), target.join("::")));
            }
        }
    }
    forbidden
}

#[test]
fn the_page_has_no_circle_between_files() {
    let circles = Tree::read(&root().join("src")).circles();
    assert!(circles.is_empty(), "files that need each other:\n{}", circles.join("\n"));
}

/// Building blocks know no feature, features do not know each other, and only `app` knows all of them.
#[test]
fn no_module_of_the_page_imports_a_higher_layer() {
    let tree = Tree::read(&root().join("src"));
    for feature in FEATURES {
        assert!(tree.files.contains_key([feature.to_owned()].as_slice()), "there is no feature {feature}");
    }
    let forbidden = forbidden(&tree);
    assert!(forbidden.is_empty(), "arrows that point upwards:\n{}", forbidden.join("\n"));
}

/// Conventions say what one message means; they know nothing of the devices that the fleet keeps.
#[test]
fn conventions_know_nothing_of_the_fleet_s_state() {
    let tree = Tree::read(&root().join("crates/fleet/src"));
    let is_below =
        |module: &Module| module.first().is_some_and(|area| area == "conventions" || area == "status");
    assert!(tree.files.keys().any(is_below), "there are no conventions");
    for (from, targets) in tree.arrows().into_iter().filter(|(from, _)| is_below(from)) {
        let above: Vec<_> = targets.into_iter().filter(|target| !is_below(target)).collect();
        assert!(above.is_empty(), "{from:?} names {above:?}");
    }
}

/// A socket is opened, and the time of day is read, in `client` only.
#[test]
fn only_the_client_opens_a_socket_or_reads_a_clock() {
    let src = root().join("src");
    let mut found = Vec::new();
    for module in Tree::read(&src).files.keys().filter(|module| module.first().is_some_and(|m| m != "client"))
    {
        let path = src.join(module.join("/"));
        let path = if path.is_dir() { path.join("mod.rs") } else { path.with_extension("rs") };
        let code = fs::read_to_string(&path).expect("a source can be read");
        for forbidden in
            ["Date::now", "Date::new_0", "WebSocket::new", "performance()", "Instant::now", "SystemTime"]
        {
            if code.contains(forbidden) {
                found.push(format!("{}: {forbidden}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The reader itself: a test that could not fail would hold nothing.
#[test]
fn circles_and_upward_arrows_are_found() {
    let module = |path: &str| -> Module { path.split("::").map(str::to_owned).collect() };
    let tree = |files: &[(&str, &str)]| {
        let mut tree = Tree::default();
        files.iter().for_each(|(path, code)| tree.add(&module(path), code));
        tree
    };
    let circle = tree(&[
        ("client", "mod log; pub use log::Log; pub fn now() {}"),
        ("client::log", "use super::now; use crate::storage; pub struct Log;"),
        ("storage", "use crate::client::Log; #[cfg(test)] mod tests { use crate::app; }"),
        ("app", "fn a() { crate::client::now(); }"),
    ]);
    assert_eq!(circle.circles(), ["client::log → storage → client::log"]);
    assert!(forbidden(&circle).is_empty());
    let upwards = tree(&[
        ("board", "use crate::device::{self, Panel as P}; use crate::context::use_app;"),
        ("device", "pub struct Panel; fn f() { let _ = crate::app::App; }"),
        ("components::dialog", "use crate::context;"),
        ("context", ""),
        ("app", "use crate::board; use crate::device;"),
    ]);
    let expected = ["board → device", "components::dialog → context", "device → app"];
    assert_eq!(forbidden(&upwards), expected);
    assert_eq!(upwards.circles(), ["app → device → app", "board → device → app → board"]);
}
