//! A point in time, as the driver gives it.
//!
//! `std::time::Instant` panics on wasm32, and the wall clock is the only clock of a browser that continues while
//! the machine sleeps. Never read here: the time is an argument of every `handle_*`.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Milliseconds since the Unix epoch by the driver's wall clock.
///
/// A wall clock may be set back; the session reports that as [`Event::ClockJump`](super::Event::ClockJump).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub struct Time(pub u64);

impl Time {
    /// The time passed since `earlier`; zero if this is not after it.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    /// Saturates at the end of time.
    fn add(self, later: Duration) -> Time {
        Time(self.0.saturating_add(u64::try_from(later.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Time {
    type Output = Time;

    /// Saturates at the epoch.
    fn sub(self, earlier: Duration) -> Time {
        Time(self.0.saturating_sub(u64::try_from(earlier.as_millis()).unwrap_or(u64::MAX)))
    }
}
