//! Whole lives of a session on virtual time, generated from a seed.
//!
//! A life is a session with random options, and random sockets, servers, users and clocks. Sessions in the standard's
//! sense end with their links or are resumed. After every step a model says what must have been reported and sent.
//! Never sleeps, opens no socket and reads no clock, so that a seed repeats a life exactly.
//!
//! Reading order: `life` (what happens next), `driver` (input to the session, and comparing its output with the
//! model), `model` (what must follow from the server's packets), `server`, `random`, `counters`.
//!
//! - `cargo test -p mqtt --test lives` runs 300 of them;
//! - `WILLOW_LIVES=10000` runs as many, from the seed 0;
//! - `WILLOW_SEED=7` runs the one with this seed and prints it, or `WILLOW_LIVES` of them from
//!   this seed on.

mod counters;
mod driver;
mod life;
mod model;
mod random;
mod server;

use std::env;

use self::counters::Counters;
use self::life::Life;

const LIVES: u64 = 300;

#[test]
fn no_life_breaks_the_standard() {
    let number =
        |name| env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")));
    let (first, lives) = match (number("WILLOW_SEED"), number("WILLOW_LIVES")) {
        (None, lives) => (0, lives.unwrap_or(LIVES)),
        (Some(seed), lives) => (seed, lives.unwrap_or(1)),
    };
    let mut counters = Counters::default();
    for seed in first..first.saturating_add(lives) {
        Life::new(seed).live(&mut counters, lives == 1);
    }
    println!("{lives} lives from seed {first}: {counters:#?}");
    // A test that no longer reaches a case proves nothing about it.
    if lives >= LIVES {
        assert_eq!(counters.missing(), [""; 0], "never happened in {lives} lives");
    }
}

#[test]
fn a_seed_repeats_a_life_exactly() {
    for seed in [1, 2, 3] {
        let [mut once, mut again] = [Counters::default(), Counters::default()];
        Life::new(seed).live(&mut once, false);
        Life::new(seed).live(&mut again, false);
        assert_eq!(once, again);
    }
}
