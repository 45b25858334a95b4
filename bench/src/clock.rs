//! The only file here that reads the machine's clocks.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures with the machine's clocks")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time passed since a moment, on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts counting.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// The moment `offset` after the start, for timers.
    pub fn moment(self, offset: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.0 + offset)
    }
}

/// Nanoseconds since 1970, by the wall clock; 0 on a clock set before that.
pub fn unix_nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
