//! `cargo xtask soak`: many random runs of the MQTT session on virtual time, each from a seed.
//!
//! The runs are a test of `crates/mqtt` ("lives"). This chooses how many of them, or which one to repeat.

use crate::steps::{self, Failure};
use crate::toolbox::Toolbox;

/// Which runs.
#[derive(clap::Args)]
pub struct Options {
    /// Only the run of this seed, which a failed run prints
    #[arg(long)]
    seed: Option<u64>,
    /// How many runs
    #[arg(long, default_value_t = 10_000, conflicts_with = "seed")]
    lives: u64,
}

/// Runs them; an error if one of them failed.
pub fn run(options: &Options) -> Result<(), Failure> {
    let toolbox = Toolbox::new()?;
    let mut test = toolbox.cargo();
    test.args(["test", "--package", "mqtt", "--test", "lives", "--", "--nocapture"]);
    match options.seed {
        Some(seed) => test.env("WILLOW_SEED", seed.to_string()),
        None => test.env("WILLOW_LIVES", options.lives.to_string()),
    };
    steps::run(&mut test)
}
