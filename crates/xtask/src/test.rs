//! `cargo xtask test`: everything that CI runs, and what a developer runs before a commit.

use crate::steps::{self, Failure, Steps};
use crate::toolbox::Toolbox;
use crate::tools::FOR_TESTS;
use crate::{BUILD_PAGE, build_page, root, size};

/// Which part to run; everything without options.
#[derive(clap::Args)]
pub struct Options {
    /// Only the tests of the page in Chromium whose name contains this (the page is built first)
    #[arg(long, value_name = "NAME")]
    page: Option<String>,
    /// Use dist/ as it is instead of building the page again
    #[arg(long)]
    no_build: bool,
}

/// The page, and the package that tests it in Chromium: they are not among the native tests.
const NOT_NATIVE: [&str; 4] = ["--exclude", "willow", "--exclude", "page-tests"];

/// Runs the steps; an error if one of them did not pass.
pub fn run(options: &Options) -> Result<(), Failure> {
    let mut steps = Steps::new("test");
    let mut toolbox = Toolbox::new()?;
    toolbox.install(&mut steps, FOR_TESTS);
    if !steps.ok() {
        return steps.finish();
    }
    if options.page.is_none() {
        let cargo = || toolbox.cargo();
        steps.run("formatting", || steps::run(cargo().args(["fmt", "--all", "--check"])));
        steps.run("clippy, native", || {
            let clippy = ["clippy", "--workspace", "--exclude", "willow", "--all-targets"];
            steps::run(cargo().args(clippy).args(["--", "--deny", "warnings"]))
        });
        steps.run("clippy, the page in wasm", || {
            let clippy =
                ["clippy", "--package", "willow", "--all-targets", "--target", "wasm32-unknown-unknown"];
            steps::run(cargo().args(clippy).args(["--", "--deny", "warnings"]))
        });
        steps.run("documentation", || {
            let doc = ["doc", "--no-deps", "--package", "mqtt", "--package", "fleet"];
            steps::run(cargo().args(doc).env("RUSTDOCFLAGS", "--deny warnings"))
        });
        steps.run("native tests", || steps::run(cargo().args(["test", "--workspace"]).args(NOT_NATIVE)));
        steps.run("tests in wasm, in Chromium", || {
            let chromedriver = toolbox.find("chromedriver").unwrap_or_default();
            let test = ["test", "--package", "willow", "--target", "wasm32-unknown-unknown"];
            steps::run(cargo().args(test).env("CHROMEDRIVER", chromedriver))
        });
    }
    let built = options.no_build || steps.run(BUILD_PAGE, || build_page(&toolbox));
    let name = "the page in Chromium and the session, against real brokers";
    if !built {
        steps.skip(name, "the page was not built");
        return steps.finish();
    }
    if options.page.is_none() {
        steps.run("what a first visit transfers", size::run);
    }
    steps.run(name, || {
        let mut test = toolbox.cargo();
        test.args(["test", "--no-fail-fast", "--package", "page-tests", "--"]).args(&options.page);
        steps::run(test.env("WILLOW_DIST", root().join("dist")))
    });
    steps.finish()
}
