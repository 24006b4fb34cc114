//! `cargo xtask <command>`: the commands of this workspace.
//!
//! Each command prints its steps and the output of the programs that it runs, and ends with a summary. It installs the
//! tools that are missing (see [`tools`]), or says what the user has to install. Nothing here is part of the page.

mod bench;
mod demo;
mod size;
mod soak;
mod steps;
mod test;
mod toolbox;
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

use steps::{Failure, Steps};
use toolbox::Toolbox;

/// Willow's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about)]
struct Cli {
    #[command(subcommand)]
    command: What,
}

#[derive(Subcommand)]
enum What {
    /// Install what is missing: the wasm target, trunk, wasm-bindgen, wasm-opt (and with --tests the browser,
    /// the brokers and a CJK font)
    Setup {
        /// Also what only `cargo xtask test` needs
        #[arg(long)]
        tests: bool,
    },
    /// Build the page for release into dist/
    Build,
    /// Start a broker, simulated devices and the page; Ctrl-C ends all of it
    Demo(demo::Options),
    /// Run everything that CI runs
    Test(test::Options),
    /// Run a benchmark; without a name, list them
    Bench(bench::Options),
    /// Run the MQTT session many times on virtual time, each from a random seed
    Soak(soak::Options),
    /// Print what a first visit to dist/ transfers, compressed; fail if that is above the budget
    Size,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        What::Setup { tests } => setup(tests),
        What::Build => build(),
        What::Demo(options) => demo::run(&options),
        What::Test(options) => test::run(&options),
        What::Bench(options) => bench::run(&options),
        What::Soak(options) => soak::run(&options),
        What::Size => size::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

fn setup(tests: bool) -> Result<(), Failure> {
    let mut steps = Steps::new("setup");
    let mut toolbox = Toolbox::new()?;
    toolbox.install(&mut steps, if tests { tools::FOR_TESTS } else { tools::FOR_THE_PAGE });
    steps.finish()?;
    toolbox.print_path_advice();
    Ok(())
}

fn build() -> Result<(), Failure> {
    let mut steps = Steps::new("build");
    let mut toolbox = Toolbox::new()?;
    toolbox.install(&mut steps, tools::FOR_THE_PAGE);
    steps.run(BUILD_PAGE, || build_page(&toolbox));
    steps.finish()?;
    println!("dist/ can be copied to any static host, into any folder of it.");
    Ok(())
}

/// What the step is called that runs [`build_page`].
const BUILD_PAGE: &str = "the page, for release, into dist/";

/// Builds the page as it is shipped.
fn build_page(toolbox: &Toolbox) -> Result<(), Failure> {
    steps::run(toolbox.command("trunk").args(["build", "--release"]))
}

/// The root of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("crates/xtask lies two folders below the root")
}

/// The cargo that runs us, in the root of the workspace.
fn cargo() -> Command {
    let program = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}
