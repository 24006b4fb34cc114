//! `cargo xtask <command>`: everything that is done with Willow from a shell.
//!
//! Each command names its steps, shows the progress of the programs it runs, and ends with a summary.
//! What it needs and can install, it installs (see [`tools`]); what it cannot, it says in one sentence.
//! Nothing here is part of the page.

mod bench;
mod csp;
mod demo;
mod page;
mod size;
mod soak;
mod steps;
mod test;
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

use steps::{Failure, Steps};
use tools::Toolbox;

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
    /// Start a broker, a simulated fleet and the page; Ctrl-C ends all of it
    Demo(demo::Options),
    /// Run everything that CI runs
    Test(test::Options),
    /// Run a benchmark; without a name, list them
    Bench(bench::Options),
    /// Live many seeded lives of the MQTT session on virtual time
    Soak(soak::Options),
    /// Print what a first visit to dist/ transfers, compressed, and fail if it grew
    Size(size::Options),
    /// (Trunk's hook) put the hashes of the page's inline scripts into its Content-Security-Policy
    #[command(hide = true)]
    Csp,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        What::Setup { tests } => setup(tests),
        What::Build => build(),
        What::Demo(options) => demo::run(&options),
        What::Test(options) => test::run(&options),
        What::Bench(options) => bench::run(&options),
        What::Soak(options) => soak::run(&options),
        What::Size(options) => size::run(&options),
        What::Csp => csp::run(),
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
    toolbox.say_how_to_reach_them();
    Ok(())
}

fn build() -> Result<(), Failure> {
    let mut steps = Steps::new("build");
    let mut toolbox = Toolbox::new()?;
    toolbox.install(&mut steps, tools::FOR_THE_PAGE);
    steps.run("the page, for release, into dist/", || page::build(&toolbox));
    steps.finish()?;
    println!("dist/ can be copied to any static host, into any folder of it.");
    Ok(())
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
