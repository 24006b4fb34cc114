//! Generates the module of translations from `locales/`, as `leptos_i18n::load_locales!` does, with sentences that can
//! also be formatted as a `String` for attributes.
//!
//! `leptos_i18n_build` would do the same, but it compiles all of ICU's data exporter first: three CPU-minutes for
//! plurals and numbers, which the browser's `Intl` has.

use std::path::{Path, PathBuf};
use std::{env, fs};

use leptos_i18n_codegen::gen_code;
use leptos_i18n_parser::parse_locales::options::{Config, ParseOptions};
use leptos_i18n_parser::parse_locales::parse_locales;

/// Every language of the page by its tag, the default one first. Each has a file in `locales/`.
const LOCALES: [&str; 2] = ["en", "zh-CN"];

fn main() {
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=build.rs");
    let config = Config::new(LOCALES[0])
        .and_then(|config| config.add_locales(&LOCALES[1..]))
        .unwrap_or_else(|error| panic!("the languages of build.rs: {error}"))
        .parse_options(ParseOptions::new().interpolate_display(true));
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let locales = parse_locales(Some(root), config).unwrap_or_else(|error| panic!("locales/: {error}"));
    for warning in locales.diag.warnings().iter() {
        println!("cargo::warning={warning}");
    }
    for error in locales.diag.errors().iter() {
        println!("cargo::error={error}");
    }
    let code =
        gen_code(&locales, None, false, None, false).unwrap_or_else(|error| panic!("locales/: {error}"));
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("i18n.rs"), code.to_string()).expect("OUT_DIR can be written to");
}
