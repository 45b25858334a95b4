//! What time it is, and waiting for it to pass.
//!
//! All time comes in through a [`Clock`], so that a test moves it by hand and can be replayed.
#![expect(clippy::disallowed_methods, reason = "the one place that reads the system's clocks")]

use std::future::Future;
#[cfg(feature = "test-util")]
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[cfg(feature = "test-util")]
use tokio::sync::watch;

/// A source of time; a cheap clone of it reads the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
}

/// The deadline given to [`Clock::timeout`] passed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("deadline passed")]
pub struct Elapsed;

impl Clock {
    /// Reads the system's clocks.
    #[must_use]
    pub fn system() -> Self {
        Self { source: Source::System { origin: Instant::now() } }
    }

    /// Creates a clock that stands still until its [`ManualClock`] moves it.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn manual(start_unix_nanos: u64) -> (Self, ManualClock) {
        let elapsed = Arc::new(watch::Sender::new(Duration::ZERO));
        let source = Source::Manual { start_unix_nanos, elapsed: Arc::clone(&elapsed) };
        (Self { source }, ManualClock { elapsed })
    }

    /// Returns nanoseconds since the Unix epoch; 0 when the system's clock stands before it.
    #[must_use]
    pub fn now_unix_nanos(&self) -> u64 {
        match &self.source {
            Source::System { .. } => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)),
            #[cfg(feature = "test-util")]
            Source::Manual { start_unix_nanos, elapsed } => {
                let nanos = u64::try_from(elapsed.borrow().as_nanos()).unwrap_or(u64::MAX);
                start_unix_nanos.saturating_add(nanos)
            }
        }
    }

    /// Returns the time since this clock was created; it never goes back.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        match &self.source {
            Source::System { origin } => origin.elapsed(),
            #[cfg(feature = "test-util")]
            Source::Manual { elapsed, .. } => *elapsed.borrow(),
        }
    }

    /// Waits until `duration` has passed; dropping the future stops waiting.
    pub async fn sleep(&self, duration: Duration) {
        match &self.source {
            Source::System { .. } => tokio::time::sleep(duration).await,
            #[cfg(feature = "test-util")]
            Source::Manual { elapsed, .. } => {
                let deadline = elapsed.borrow().saturating_add(duration);
                let mut moved = elapsed.subscribe();
                // The sender lives as long as this clock, so waiting cannot fail.
                drop(moved.wait_for(|now| *now >= deadline).await);
            }
        }
    }

    /// Runs `future` for at most `limit`; it is dropped when the limit passes.
    ///
    /// # Errors
    /// [`Elapsed`] when the limit passed first.
    pub async fn timeout<T>(&self, limit: Duration, future: impl Future<Output = T>) -> Result<T, Elapsed> {
        tokio::select! {
            biased;
            output = future => Ok(output),
            () = self.sleep(limit) => Err(Elapsed),
        }
    }
}

/// Moves the [`Clock`] it was created with.
#[cfg(feature = "test-util")]
#[derive(Clone, Debug)]
pub struct ManualClock {
    elapsed: Arc<watch::Sender<Duration>>,
}

#[cfg(feature = "test-util")]
impl ManualClock {
    /// Moves the clock forward and wakes every sleeper whose time has come.
    pub fn advance(&self, by: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed = elapsed.saturating_add(by));
    }

    /// Returns how many sleepers wait on the clock, so that a test can wait for one to arrive.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.elapsed.receiver_count()
    }
}

#[derive(Clone, Debug)]
enum Source {
    System {
        origin: Instant,
    },
    #[cfg(feature = "test-util")]
    Manual {
        start_unix_nanos: u64,
        elapsed: Arc<watch::Sender<Duration>>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn manual_clock_wakes_sleepers_only_when_their_time_has_come() {
        let (clock, hand) = Clock::manual(1_000);
        let sleeper = clock.clone();
        let mut sleep = Box::pin(sleeper.sleep(Duration::from_secs(10)));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        assert_eq!(hand.sleepers(), 1);
        hand.advance(Duration::from_secs(9));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        hand.advance(Duration::from_secs(1));
        sleep.await;
        assert_eq!(clock.monotonic(), Duration::from_secs(10));
        assert_eq!(clock.now_unix_nanos(), 10_000_001_000);
    }

    #[tokio::test]
    async fn timeout_drops_the_future_when_the_limit_passes() {
        let (clock, hand) = Clock::manual(0);
        let mut limited = Box::pin(clock.timeout(Duration::from_secs(1), std::future::pending::<()>()));
        assert!(futures_util::poll!(&mut limited).is_pending());
        hand.advance(Duration::from_secs(1));
        assert_eq!(limited.await, Err(Elapsed));
    }

    #[test]
    fn system_clock_reads_a_plausible_time() {
        let year_2020 = 1_577_836_800_000_000_000;
        assert!(Clock::system().now_unix_nanos() > year_2020);
    }
}
