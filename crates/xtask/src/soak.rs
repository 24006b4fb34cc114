//! `cargo xtask soak`: many seeded lives of the MQTT session on virtual time.
//!
//! The lives are a test of `crates/mqtt`; this only says how many of them, or which one again.

use crate::steps::{self, Failure};
use crate::toolbox::Toolbox;

/// Which lives.
#[derive(clap::Args)]
pub struct Options {
    /// Only the life of this seed, as a failed run named it
    #[arg(long)]
    seed: Option<u64>,
    /// How many lives
    #[arg(long, default_value_t = 10_000, conflicts_with = "seed")]
    lives: u64,
}

/// Runs them; an error if one of them broke a rule.
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
