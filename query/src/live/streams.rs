//! How many streams are open, how often each looks at what is new, and when they end.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use spoor_runtime::clock::Clock;
use spoor_runtime::shutdown::{Shutdown, ShutdownTrigger};
use spoor_store::Arrivals;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// Silence after which a stream says that it is still there.
const PING: Duration = Duration::from_secs(15);

/// Least time from one look to the next.
const PAUSE_MIN: Duration = Duration::from_millis(20);

/// Most time from one look to the next.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// A stream rests this many times as long as its last look took, so that it takes a fifth of one core at most.
const REST: u32 = 4;

/// What a client is told to wait when too many are open.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The streams of a process.
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    tails_max: usize,
    open: Gauge,
    end: ShutdownTrigger,
}

/// One open stream; its place is free when it is dropped.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    open: Gauge,
}

/// Why a stream goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Something arrived, for some tenant.
    Arrival,
    /// Nothing did for a while.
    Silence,
    /// The process stops.
    End,
}

/// When a stream looks again.
pub(crate) struct Pace {
    clock: Clock,
    arrivals: Arrivals,
    end: Shutdown,
    pause: Duration,
    /// When the reader has heard nothing for too long (monotonic).
    ping_at: Duration,
    /// Whether the next look waits for nothing.
    is_due: bool,
}

impl Streams {
    pub(crate) fn new(tails_max: usize, open: Gauge) -> Self {
        let (end, _) = ShutdownTrigger::new();
        Self { places: Arc::new(Semaphore::new(tails_max)), tails_max, open, end }
    }

    /// Takes a place for one more stream.
    pub(crate) fn open(&self) -> Result<Place> {
        let permit = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Error::TooManyTails { tails_max: self.tails_max, retry_after: RETRY_AFTER })?;
        self.open.inc();
        Ok(Place { _permit: permit, open: self.open.clone() })
    }

    /// Ends every stream once it is pulled.
    pub(crate) fn end(&self) -> ShutdownTrigger {
        self.end.clone()
    }

    /// The pace of one stream that hears of `arrivals`.
    pub(crate) fn pace(&self, clock: Clock, arrivals: Arrivals) -> Pace {
        let ping_at = clock.monotonic() + PING;
        Pace { clock, arrivals, end: self.end.token(), pause: Duration::ZERO, ping_at, is_due: false }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.dec();
    }
}

impl Pace {
    /// Waits for a reason to go on.
    pub(crate) async fn wake(&mut self) -> Wake {
        let Self { clock, arrivals, end, pause, ping_at, is_due } = self;
        if std::mem::take(is_due) {
            return Wake::Arrival;
        }
        let silence = ping_at.saturating_sub(clock.monotonic());
        let arrival = async {
            clock.sleep(*pause).await;
            arrivals.next().await;
        };
        let wake = tokio::select! {
            biased;
            () = end.cancelled() => Wake::End,
            // Before arrivals: those that are nothing to this reader never pause.
            () = clock.sleep(silence) => Wake::Silence,
            () = arrival => Wake::Arrival,
        };
        if wake == Wake::Silence {
            self.said();
        }
        wake
    }

    /// Notes that the reader hears something.
    pub(crate) fn said(&mut self) {
        self.ping_at = self.clock.monotonic() + PING;
    }

    /// Lets the next look happen at once: something may have arrived before.
    pub(crate) fn look_at_once(&mut self) {
        self.is_due = true;
    }

    /// Notes how long a look that began at `began` (monotonic) took.
    pub(crate) fn looked(&mut self, began: Duration) {
        let took = self.clock.monotonic().saturating_sub(began);
        self.pause = (took * REST).clamp(PAUSE_MIN, PAUSE_MAX);
    }

    /// When a look begins, for [`Self::looked`].
    pub(crate) fn begin(&self) -> Duration {
        self.clock.monotonic()
    }
}
