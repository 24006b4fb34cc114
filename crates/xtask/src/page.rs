//! The page as it is shipped: what `trunk build --release` makes, and then made smaller.
//!
//! Trunk minifies the style sheets and index.html and knows what belongs together; `trunk serve` and `trunk build` work
//! by themselves. What a visitor waits for is mostly wasm, and for that there is more to be had than Trunk offers:
//!
//! * the standard library is compiled with the page, for size, and a panic ends the page without formatting its
//!   message ([`FLAGS`]). Cargo calls both unstable; the compiler is the stable one all the same.
//! * what is seen only when it is opened is split off into files of its own, by the crate that Leptos splits with. Our
//!   macro `later!` marks it.
//! * the script between wasm and browser is minified without what nobody imports, and the wasm without what that
//!   script does not use.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha384};

use crate::steps::{self, Failure, output_of};
use crate::tools::Toolbox;
use crate::{csp, root};

/// How the page and the standard library are compiled. `split` is what `later!` asks; relocations are what the splitter
/// reads.
const FLAGS: &str = "--cfg split -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none \
                     -Clink-args=--emit-relocs";
/// What the compiler and Trunk rely on in the browser, as for wasm-opt.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];
/// The order of functions by name puts like beside like, which compresses better.
const OPTIMISE: [&str; 11] = [
    "-Oz",
    "--flatten",
    "--rereloop",
    "--low-memory-unused",
    "--reorder-functions-by-name",
    "-Oz",
    "--gufa",
    "--merge-similar-functions",
    "-Oz",
    "--strip-producers",
    "--strip-target-features",
];

/// Builds the page into `dist/`, as it is shipped.
pub fn build(toolbox: &Toolbox) -> Result<(), Failure> {
    let target = target_folder()?;
    let stage = target.join("page");
    renew(&stage)?;
    let config = stage.join("Trunk.toml");
    write(&config, trunk_config(toolbox, &stage)?.as_bytes())?;
    let mut trunk = toolbox.command("trunk");
    trunk.args(["build", "--release", "--config"]).arg(&config);
    trunk.env("RUSTC_BOOTSTRAP", "1");
    trunk.env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort");
    trunk.env("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size");
    trunk.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", FLAGS);
    steps::run(&mut trunk)?;
    let dist = root().join("dist");
    let compiled = target.join("wasm32-unknown-unknown/release/willow.wasm");
    let packed = pack(toolbox, &compiled, &stage)?;
    put(&packed, &dist)?;
    join_styles(&dist)?;
    csp::secure(&dist.join("index.html"))
}

/// Where cargo builds.
fn target_folder() -> Result<PathBuf, Failure> {
    let mut metadata = crate::cargo();
    let said =
        output_of(metadata.args(["metadata", "--format-version", "1", "--no-deps"])).unwrap_or_default();
    let folder = said.split_once("\"target_directory\":\"").and_then(|(_, rest)| rest.split_once('"'));
    let (folder, _) =
        folder.ok_or_else(|| Failure::new("`cargo metadata` does not say where cargo builds."))?;
    Ok(PathBuf::from(folder.replace("\\\\", "\\")))
}

/// Trunk.toml without its hook, which would compile xtask by the page's flags; what it does is done here.
fn trunk_config(toolbox: &Toolbox, stage: &Path) -> Result<String, Failure> {
    let to_root = stage.strip_prefix(root()).map(|below| "../".repeat(below.components().count()));
    let to_root = to_root.unwrap_or_else(|_| format!("{}/", root().display()));
    Ok(format!(
        "[build]\ntarget = '{to_root}index.html'\ndist = '{to_root}dist'\npublic_url = './'\nminify = 'on_release'\n\
         [tools]\nwasm_bindgen = '{}'\nwasm_opt = 'version_{}'\n",
        toolbox.wasm_bindgen(),
        crate::tools::BINARYEN,
    ))
}

/// The page's code, ready for a visitor.
struct Packed {
    /// The script's and the main module's name without its ending.
    stem: String,
    script: Vec<u8>,
    main: Vec<u8>,
    /// What is loaded later, by file name.
    later: BTreeMap<String, Vec<u8>>,
}

/// Splits what was compiled, binds it to the browser, and leaves out what nobody uses.
fn pack(toolbox: &Toolbox, compiled: &Path, stage: &Path) -> Result<Packed, Failure> {
    let (split, bound) = (stage.join("split"), stage.join("bound"));
    let whole = read(compiled)?;
    let main = split.join("willow.wasm");
    let mut options = wasm_split_cli_support::Options::new(&whole);
    options.output_dir = &split;
    options.main_out_path = &main;
    options.main_module = "./willow.js";
    options.target.web();
    let parts = wasm_split_cli_support::transform(options)
        .map_err(|error| Failure::new(format!("{} cannot be split: {error:#}.", compiled.display())))?;
    let mut bindgen = toolbox.command("wasm-bindgen");
    bindgen.args([
        "--target",
        "web",
        "--no-typescript",
        "--keep-lld-exports",
        "--out-name",
        "willow",
        "--out-dir",
    ]);
    steps::run(bindgen.arg(&bound).arg(&main))?;

    let glue = shakable(&text(&bound.join("willow.js"))?);
    let loader = text(&split.join("__wasm_split.js"))?;
    let script = bundled(toolbox, &bound, &glue, &loader)?;

    let whole = bound.join("willow_bg.wasm");
    let used = stage.join("used.wasm");
    let graph = stage.join("used.json");
    let exports = exports(&read(&whole)?)?;
    write(&graph, graph_of(exports.iter().filter(|name| has_word(&script, name))).as_bytes())?;
    let mut metadce = toolbox.command("wasm-metadce");
    metadce.args(FEATURES).arg(&whole).arg("--graph-file").arg(&graph);
    quietly(metadce.arg("-g").arg("-o").arg(&used))?;
    let main = stage.join("main.wasm");
    let mut optimise = toolbox.command("wasm-opt");
    optimise.args(OPTIMISE).arg("--minify-imports-and-exports-and-modules").args(FEATURES);
    let short = ShortNames::of(&quietly(optimise.arg(&used).arg("-o").arg(&main))?);
    let mut script = bundled(toolbox, &bound, &short.in_glue(&glue), &short.in_loader(&loader))?;

    let mut parts_by_name = BTreeMap::new();
    for part in parts.split_modules {
        let name = part.file_name().unwrap_or_default().to_string_lossy().into_owned();
        parts_by_name.insert(name, optimised(toolbox, &part)?);
    }
    // One hash for all of them: the script names each, and a hash does not compress.
    let version = hash(&parts_by_name.values().map(Vec::as_slice).collect::<Vec<_>>());
    let mut later = BTreeMap::new();
    for (name, small) in parts_by_name {
        let kind = name.trim_end_matches(".wasm").trim_start_matches("split_").replace('_', "-");
        let new = format!("later-{kind}-{version}.wasm");
        script = script.replace(&format!("./{name}"), &format!("./{new}"));
        later.insert(new, small);
    }
    let main = read(&main)?;
    let stem = format!("willow-{}", hash(&[&main, script.as_bytes()]));
    let script = script.replace("willow_bg.wasm", &format!("{stem}_bg.wasm")).into_bytes();
    Ok(Packed { stem, script, main, later })
}

/// The script between wasm and browser and the loader of the parts as one, without what is not used. Neither writes to
/// the console: a part that cannot be loaded is told on the page.
fn bundled(toolbox: &Toolbox, folder: &Path, glue: &str, loader: &str) -> Result<String, Failure> {
    let (entry, script) = (folder.join("entry.js"), folder.join("bundled.js"));
    write(&entry, b"export { default } from './willow.js';")?;
    write(&folder.join("willow.js"), glue.as_bytes())?;
    write(&folder.join("__wasm_split.js"), loader.as_bytes())?;
    let mut esbuild = toolbox.command("esbuild");
    esbuild.arg(&entry).args(["--bundle", "--minify", "--format=esm", "--log-level=error", "--drop:console"]);
    steps::run(esbuild.arg(format!("--outfile={}", script.display())))?;
    text(&script)
}

/// What the main module calls its imports and exports after wasm-opt has shortened them: half of their names is a hash
/// each, which does not compress.
struct ShortNames {
    imports: Vec<[String; 2]>,
    exports: Vec<[String; 2]>,
}

impl ShortNames {
    /// Reads what wasm-opt prints: a line of quoted names each, of an import its module, name and new name, of an
    /// export its name and new name. All imports are of one module then, called `a`.
    fn of(printed: &str) -> ShortNames {
        let mut names = ShortNames { imports: Vec::new(), exports: Vec::new() };
        for line in printed.lines() {
            let quoted: Vec<_> = line.split('"').skip(1).step_by(2).map(str::to_owned).collect();
            match <[String; 3]>::try_from(quoted) {
                Ok([_, old, new]) => names.imports.push([old, new]),
                Err(quoted) => names.exports.extend(<[String; 2]>::try_from(quoted)),
            }
        }
        names
    }

    /// What wasm-bindgen wrote, by the short names, and without functions that are not imported.
    fn in_glue(&self, glue: &str) -> String {
        let (mut out, mut is_left_out) = (String::new(), false);
        for line in glue.lines() {
            // An import: a property of the object of imports, which ends as it began.
            let import = line.strip_prefix("        ").and_then(|line| line.split_once(": function("));
            if let Some((old, rest)) = import.filter(|(old, _)| !old.contains(' ')) {
                let new = self.imports.iter().find(|[known, _]| known == old);
                is_left_out = new.is_none();
                if let Some([_, new]) = new {
                    out += &format!("        {new}: function({rest}\n");
                }
            } else if line.starts_with("        \"./willow_bg.js\": ") {
                out += "        a: { ...import0, ...import1 },\n";
            } else if !is_left_out && !line.starts_with("        \"./__wasm_split.js\": ") {
                let renamed = self.exports.iter().fold(line.to_owned(), |line, [old, new]| {
                    with_word_replaced(&line, &format!("wasm.{old}"), &format!("wasm.{new}"))
                });
                out += &(renamed + "\n");
            }
            is_left_out &= line != "        },";
        }
        out
    }

    /// What loads the parts, by the short names: it hands the main module's exports on, to parts that know the long
    /// ones.
    fn in_loader(&self, loader: &str) -> String {
        let loader = self
            .imports
            .iter()
            .fold(loader.to_owned(), |text, [old, new]| with_word_replaced(&text, old, new));
        let loader = with_one_fetch(&loader);
        let (Some(start), Some(end)) = (loader.find("const { "), loader.find(" } = initSync(")) else {
            return loader;
        };
        let start = start + "const { ".len();
        let named = loader[start..end].split(',').map(str::trim).filter(|name| !name.is_empty()).map(|old| {
            let new = self.exports.iter().find(|[known, _]| known == old);
            new.map_or_else(|| old.to_owned(), |[_, new]| format!("{new}: {old}"))
        });
        let named: Vec<_> = named.collect();
        format!("{}{}{}", &loader[..start], named.join(", "), &loader[end..])
    }
}

/// The loader with one function that fetches a file, where the splitter writes one for each of them.
fn with_one_fetch(loader: &str) -> String {
    const BEFORE: &str = "makeLoad(() => {\n    const src = fetch(new URL(";
    const AFTER: &str = ", import.meta.url));\n    src.catch(() => {});\n    \
                         return async (imports) => (WebAssembly.instantiateStreaming(src, imports));\n}\n";
    const ONE: &str = "\nfunction fetchAndLoad(file, deps) {\n    return makeLoad(() => {\n        \
                       const src = fetch(new URL(file, import.meta.url));\n        src.catch(() => {});\n        \
                       return (imports) => WebAssembly.instantiateStreaming(src, imports);\n    }, deps);\n}\n";
    loader.replace(BEFORE, "fetchAndLoad(").replace(AFTER, "") + ONE
}

/// The script with nothing that keeps a class which nobody imports: neither the registry that would free its instances,
/// nor what the end of a block would do to them.
fn shakable(script: &str) -> String {
    let lines = script.lines().filter(|line| !line.starts_with("if (Symbol.dispose) "));
    let pure = |line: &str| {
        line.replace("new FinalizationRegistry(", "/* @__PURE__ */ new FinalizationRegistry(") + "\n"
    };
    lines.map(pure).collect()
}

fn optimised(toolbox: &Toolbox, wasm: &Path) -> Result<Vec<u8>, Failure> {
    let small = wasm.with_extension("small.wasm");
    let mut optimise = toolbox.command("wasm-opt");
    steps::run(optimise.args(OPTIMISE).args(FEATURES).arg(wasm).arg("-o").arg(&small))?;
    read(&small)
}

/// What is exported by a wasm module. Only the export section is looked for.
fn exports(wasm: &[u8]) -> Result<Vec<String>, Failure> {
    let broken = || Failure::new("What wasm-bindgen wrote is no wasm module.");
    let number = |at: &mut usize| {
        let mut value = 0_usize;
        for shift in (0..35).step_by(7) {
            let byte = *wasm.get(*at)?;
            *at += 1;
            value |= usize::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    };
    let mut names = Vec::new();
    let mut at = 8;
    while let Some(&section) = wasm.get(at) {
        at += 1;
        let length = number(&mut at).ok_or_else(broken)?;
        let end = at + length;
        if section == 7 {
            for _ in 0..number(&mut at).ok_or_else(broken)? {
                let length = number(&mut at).ok_or_else(broken)?;
                let name = wasm.get(at..at + length).ok_or_else(broken)?;
                names.push(String::from_utf8_lossy(name).into_owned());
                at += length + 1;
                number(&mut at).ok_or_else(broken)?;
            }
        }
        at = end;
    }
    Ok(names)
}

/// The graph for wasm-metadce: the script is the root of all that stays.
fn graph_of<'a>(used: impl Iterator<Item = &'a String> + Clone) -> String {
    let quoted: Vec<_> = used.clone().map(|name| format!("\"{name}\"")).collect();
    let nodes = used.map(|name| format!(",\n{{\"name\":\"{name}\",\"export\":\"{name}\"}}"));
    format!(
        "[{{\"name\":\"script\",\"root\":true,\"reaches\":[{}]}}{}]",
        quoted.join(","),
        nodes.collect::<String>()
    )
}

/// Whether a script says a name, as a word of its own.
fn has_word(script: &str, name: &str) -> bool {
    words(script, name).next().is_some()
}

fn with_word_replaced(script: &str, old: &str, new: &str) -> String {
    let (mut out, mut from) = (String::new(), 0);
    for at in words(script, old) {
        out += &script[from..at];
        out += new;
        from = at + old.len();
    }
    out + &script[from..]
}

/// Where a script says a name, as a word of its own.
fn words<'a>(script: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$');
    let is_word = move |at: &usize| {
        !is_part(script[..*at].chars().next_back()) && !is_part(script[at + name.len()..].chars().next())
    };
    script.match_indices(name).map(|(at, _)| at).filter(is_word)
}

/// Runs a program whose output says nothing to anybody, unless it fails: what it printed.
fn quietly(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output =
        command.output().map_err(|error| Failure::new(format!("{program} cannot be started: {error}.")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("{program} ended with {}: {}", output.status, said.trim())))
}

/// Puts the code in the place of Trunk's, and its names and hashes into index.html.
fn put(packed: &Packed, dist: &Path) -> Result<(), Failure> {
    let page = dist.join("index.html");
    let html = String::from_utf8_lossy(&read(&page)?).into_owned();
    let (old, html) = renamed(&html, packed)?;
    for ending in [".js", "_bg.wasm"] {
        let file = dist.join(format!("{old}{ending}"));
        fs::remove_file(&file).map_err(|error| failure(&file, "removed", &error))?;
    }
    write(&dist.join(format!("{}.js", packed.stem)), &packed.script)?;
    write(&dist.join(format!("{}_bg.wasm", packed.stem)), &packed.main)?;
    for (name, bytes) in &packed.later {
        write(&dist.join(name), bytes)?;
    }
    write(&page, html.as_bytes())
}

/// Makes one style sheet of all that a first visit needs, and one of the rest: together they compress better, and each of
/// their hashes in index.html does not at all. The second is not fetched before `src/ui/later.rs` enables it.
fn join_styles(dist: &Path) -> Result<(), Failure> {
    let page = dist.join("index.html");
    let (names, html) = without_styles(&text(&page)?)?;
    let is_later = |name: &String| LATER_STYLES.iter().any(|later| name.starts_with(&format!("{later}-")));
    let (later, first): (Vec<_>, Vec<_>) = names.into_iter().partition(is_later);
    let mut links = String::new();
    for (stem, names, disabled) in [("willow", first, ""), ("later", later, " disabled")] {
        let mut all = Vec::new();
        for name in names {
            let file = dist.join(name);
            all.extend(read(&file)?);
            fs::remove_file(&file).map_err(|error| failure(&file, "removed", &error))?;
        }
        let name = format!("{stem}-{}.css", hash(&[&all]));
        write(&dist.join(&name), &all)?;
        let integrity = STANDARD.encode(Sha384::digest(&all));
        links += &format!("<link href=./{name} integrity=sha384-{integrity} rel=stylesheet{disabled}>");
    }
    write(&page, html.replace(STYLES, &links).as_bytes())
}

/// The style sheets of what is loaded when it is opened.
const LATER_STYLES: [&str; 3] = ["form", "device", "forget"];

/// Where the joined style sheets go.
const STYLES: &str = "<link styles>";

/// The names of the page's style sheets in their order, and the page with [`STYLES`] in the place of the first.
fn without_styles(html: &str) -> Result<(Vec<String>, String), Failure> {
    let (mut names, mut out) = (Vec::new(), String::new());
    for (index, piece) in html.split("<link ").enumerate() {
        let (link, rest) = piece.split_once('>').unwrap_or((piece, ""));
        let name = link.strip_prefix("href=./").and_then(|link| link.split(' ').next());
        match name.filter(|name| index > 0 && name.ends_with(".css") && link.ends_with("rel=stylesheet")) {
            Some(name) => {
                out += if names.is_empty() { STYLES } else { "" };
                out += rest;
                names.push(name.to_owned());
            }
            None => {
                out += if index > 0 { "<link " } else { "" };
                out += piece;
            }
        }
    }
    match names.is_empty() {
        true => Err(Failure::new("index.html is not what Trunk 0.21 writes: it names no style sheet.")),
        false => Ok((names, out)),
    }
}

/// The name that Trunk had given, and the page with the new one and the new hashes.
fn renamed(html: &str, packed: &Packed) -> Result<(String, String), Failure> {
    let other = || Failure::new("index.html is not what Trunk 0.21 writes: it names no script of the page.");
    let end = html.find("_bg.wasm").ok_or_else(other)?;
    let start = html[..end].rfind('/').ok_or_else(other)? + 1;
    let old = html[start..end].to_owned();
    let mut html = html.replace(&old, &packed.stem);
    for (name, bytes) in [(".js", &packed.script), ("_bg.wasm", &packed.main)] {
        let name = format!("href=./{}{name}", packed.stem);
        const BEGIN: &str = "integrity=sha384-";
        let link = html.find(&name).ok_or_else(other)?;
        let value = link + html[link..].find(BEGIN).ok_or_else(other)? + BEGIN.len();
        let end = value + html[value..].find([' ', '>']).ok_or_else(other)?;
        html.replace_range(value..end, &STANDARD.encode(Sha384::digest(bytes)));
    }
    Ok((old, html))
}

fn hash(parts: &[&[u8]]) -> String {
    let digest = parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part)).finalize();
    digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn renew(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| failure(folder, "removed", &error))?;
    }
    fs::create_dir_all(folder).map_err(|error| failure(folder, "made", &error))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| failure(file, "read", &error))
}

fn text(file: &Path) -> Result<String, Failure> {
    Ok(String::from_utf8_lossy(&read(file)?).into_owned())
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(file, bytes).map_err(|error| failure(file, "written", &error))
}

fn failure(file: &Path, what: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} cannot be {what}: {error}.", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exports_of_a_module_are_read() {
        // (module (memory (export "memory") 1) (func (export "go")))
        let wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\
                     \x07\x0f\x02\x06memory\x02\0\x02go\0\0\x0a\x04\x01\x02\0\x0b";
        assert_eq!(exports(wasm).expect("a module"), ["memory", "go"]);
        assert!(exports(&wasm[..30]).is_err());
    }

    #[test]
    fn nothing_keeps_a_class_that_nobody_imports() {
        let script = "class A {}\nif (Symbol.dispose) A.prototype[Symbol.dispose] = A.prototype.free;\n\
                      const F = no ? {} : new FinalizationRegistry(f);\n";
        let expected = "class A {}\nconst F = no ? {} : /* @__PURE__ */ new FinalizationRegistry(f);\n";
        assert_eq!(shakable(script), expected);
    }

    #[test]
    fn one_place_is_left_for_all_styles() {
        let html = "<title>W</title><link href=data:, rel=icon><link href=./a-1.css integrity=sha384-A rel=stylesheet>\
                    <link href=./b-2.css integrity=sha384-B rel=stylesheet></head>";
        let (names, html) = without_styles(html).expect("styles");
        assert_eq!(names, ["a-1.css", "b-2.css"]);
        assert_eq!(html, "<title>W</title><link href=data:, rel=icon><link styles></head>");
        assert!(without_styles("<p>").is_err());
    }

    #[test]
    fn names_are_shortened_on_both_sides() {
        let printed = "{\n \"imports\": [\n  [\"./willow_bg.js\", \"__wbg_of_12\", \"x\"],\n  \
                       [\"./__wasm_split.js\", \"load_help\", \"y\"]\n ],\n \"exports\": [\n  [\"memory\", \"z\"]\n ]\n}";
        let short = ShortNames::of(printed);
        let glue = "        __wbg_of_12: function(a) {\n            return wasm.memory.buffer;\n        },\n\
                    \x20       __wbg_off_3: function() {\n            no();\n        },\n    };\n\
                    \x20       \"./willow_bg.js\": import0,\n        \"./__wasm_split.js\": import1,\n";
        let expected = "        x: function(a) {\n            return wasm.z.buffer;\n        },\n    };\n\
                        \x20       a: { ...import0, ...import1 },\n";
        assert_eq!(short.in_glue(glue), expected);
        let loader = "const { memory, table,  } = initSync(1);\nexport const load_help = makeLoad(() => {\n    \
                      const src = fetch(new URL(\"./a.wasm\", import.meta.url));\n    src.catch(() => {});\n    \
                      return async (imports) => (WebAssembly.instantiateStreaming(src, imports));\n}\n, []);\n";
        let expected =
            "const { z: memory, table } = initSync(1);\nexport const y = fetchAndLoad(\"./a.wasm\", []);\n";
        let (head, one) = (short.in_loader(loader), "\nfunction fetchAndLoad(file, deps)");
        assert!(head.starts_with(&format!("{expected}{one}")), "{head}");
    }

    #[test]
    fn a_name_counts_only_as_a_word() {
        assert!(has_word("a.free(1)", "free"));
        assert!(has_word("{free,memory:m}", "memory"));
        assert!(!has_word("a.__free(1);freed()", "free"));
    }

    #[test]
    fn names_and_hashes_of_the_page_follow_its_code() {
        let html = "<script type=module>import init from './willow-12.js';init('./willow-12_bg.wasm')</script>\
                    <link href=./a.css integrity=sha384-AA rel=stylesheet>\
                    <link href=./willow-12.js integrity=sha384-BB rel=modulepreload>\
                    <link href=./willow-12_bg.wasm integrity=sha384-CC>";
        let packed = Packed {
            stem: "willow-34".into(),
            script: b"alert(1)".to_vec(),
            main: b"".to_vec(),
            later: BTreeMap::new(),
        };
        let (old, html) = renamed(html, &packed).expect("a page of Trunk's");
        assert_eq!(old, "willow-12");
        // From `printf 'alert(1)' | openssl dgst -sha384 -binary | base64`, and the same of nothing.
        let expected =
            "<script type=module>import init from './willow-34.js';init('./willow-34_bg.wasm')</script>\
                    <link href=./a.css integrity=sha384-AA rel=stylesheet>\
                    <link href=./willow-34.js integrity=sha384-SCRIPT rel=modulepreload>\
                    <link href=./willow-34_bg.wasm integrity=sha384-NOTHING>"
                .replace("SCRIPT", "HT2E9NfWiuQ/w1PRai+hTyqW16NIoCGA/m8VQDUopfAtcz6YQjtsMmQd5uRbVDpW")
                .replace("NOTHING", "OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb");
        assert_eq!(html, expected);
        assert!(renamed("<p>", &packed).is_err());
    }
}
