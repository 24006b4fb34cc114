//! Whole lives of a session on virtual time, made up from a seed.
//!
//! A life is a session of random options that lives through random sockets, servers, users and
//! clocks, with sessions that end with their links and sessions that are gone on with. Its books say after
//! every step what must have been told and sent. Never sleeps, opens no socket and reads no clock: a seed is
//! a whole life, and repeats it exactly.
//!
//! Reading order: `life` (what happens next), `driver` (what is told to the session and compared with the
//! books), `books` (what must follow from the server's words), `server`, `random`, `tally`.
//!
//! - `cargo test -p mqtt --test lives` runs 300 of them;
//! - `WILLOW_LIVES=10000` runs as many, from the seed 0;
//! - `WILLOW_SEED=7` runs the one with this seed and prints it, or `WILLOW_LIVES` of them from
//!   this seed on.

mod books;
mod driver;
mod life;
mod random;
mod server;
mod tally;

use std::env;

use self::life::Life;
use self::tally::Tally;

const LIVES: u64 = 300;

#[test]
fn no_life_breaks_the_standard() {
    let number =
        |name| env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")));
    let (first, lives) = match (number("WILLOW_SEED"), number("WILLOW_LIVES")) {
        (None, lives) => (0, lives.unwrap_or(LIVES)),
        (Some(seed), lives) => (seed, lives.unwrap_or(1)),
    };
    let mut tally = Tally::default();
    for seed in first..first.saturating_add(lives) {
        Life::new(seed).live(&mut tally, lives == 1);
    }
    println!("{lives} lives from seed {first}: {tally:#?}");
    // A soak that no longer reaches what it is about proves nothing.
    if lives >= LIVES {
        assert_eq!(tally.missing(), [""; 0], "never happened in {lives} lives");
    }
}

#[test]
fn a_seed_repeats_a_life_exactly() {
    for seed in [1, 2, 3] {
        let [mut once, mut again] = [Tally::default(), Tally::default()];
        Life::new(seed).live(&mut once, false);
        Life::new(seed).live(&mut again, false);
        assert_eq!(once, again);
    }
}
