//! How long to wait before dialling again.
//!
//! Full jitter below an exponential ceiling, so that a thousand tabs do not reconnect to a restarted server in
//! the same second. Never reads a clock or a source of randomness: the seed is an option. The session calls it.

use std::time::Duration;

const MIN_CEILING: Duration = Duration::from_secs(1);
const MAX_CEILING: Duration = Duration::from_secs(30);
/// The shortest delay.
const MIN_DELAY: Duration = Duration::from_millis(250);

#[derive(Clone, Debug)]
pub(super) struct Backoff {
    ceiling: Duration,
    random: u64,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Backoff { ceiling: MIN_CEILING, random: seed }
    }

    /// The next delay: a random one up to the ceiling, which then doubles.
    pub(super) fn next(&mut self) -> Duration {
        // SplitMix64, which works with any seed.
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        let span = self.ceiling.as_millis() as u64 + 1;
        self.ceiling = (self.ceiling * 2).min(MAX_CEILING);
        Duration::from_millis(bits % span).max(MIN_DELAY)
    }

    /// Back to the first ceiling.
    pub(super) fn reset(&mut self) {
        self.ceiling = MIN_CEILING;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_under_a_ceiling_that_doubles_and_spread_over_all_of_it() {
        let mut sums = [Duration::ZERO; 8];
        for seed in 0..1000 {
            let mut backoff = Backoff::new(seed);
            for (sum, ceiling) in sums.iter_mut().zip([1, 2, 4, 8, 16, 30, 30, 30]) {
                let delay = backoff.next();
                assert!(delay >= MIN_DELAY && delay <= Duration::from_secs(ceiling), "{delay:?}");
                *sum += delay;
            }
            backoff.reset();
            assert!(backoff.next() <= MIN_CEILING);
        }
        for (sum, ceiling) in sums.iter().zip([1, 2, 4, 8, 16, 30, 30, 30]) {
            let mean = sum.as_secs_f64() / 1000.0 / f64::from(ceiling);
            assert!((0.45..0.57).contains(&mean), "a mean of {mean} of the ceiling {ceiling} s");
        }
    }
}
