//! How many queries run at once, and how many wait for their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use spoor_runtime::clock::Clock;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{Error, Result};

/// What a client that is turned away is told to wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Turns for queries, given in order of arrival.
#[derive(Clone)]
pub(crate) struct Permits {
    shared: Arc<Shared>,
}

struct Shared {
    running: Semaphore,
    waiting: AtomicUsize,
    waiting_max: usize,
    clock: Clock,
}

impl Permits {
    pub(crate) fn new(concurrent_max: usize, waiting_max: usize, clock: Clock) -> Self {
        let running = Semaphore::new(concurrent_max);
        Self { shared: Arc::new(Shared { running, waiting: AtomicUsize::new(0), waiting_max, clock }) }
    }

    /// Waits for a turn, at most `patience`. The turn ends when the permit is dropped.
    pub(crate) async fn acquire(&self, patience: Duration) -> Result<SemaphorePermit<'_>> {
        let shared = &*self.shared;
        if let Ok(permit) = shared.running.try_acquire() {
            return Ok(permit);
        }
        let busy = Error::Busy { retry_after: RETRY_AFTER };
        let place = Place::take(&shared.waiting);
        if place.others >= shared.waiting_max {
            return Err(busy);
        }
        match shared.clock.timeout(patience, shared.running.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(busy),
        }
    }
}

/// A place in the queue, given back on drop.
struct Place<'a> {
    waiting: &'a AtomicUsize,
    others: usize,
}

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Self {
        Self { waiting, others: waiting.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn past_the_queue_a_query_is_turned_away_and_a_dropped_one_leaves_its_place() {
        let permits = Permits::new(1, 1, Clock::system());
        let patience = Duration::from_secs(60);
        let running = permits.acquire(patience).await.unwrap();
        let mut waiting = Box::pin(permits.acquire(patience));
        assert!(poll!(&mut waiting).is_pending());
        assert!(matches!(permits.acquire(patience).await, Err(Error::Busy { .. })));
        drop(waiting);
        let mut next = Box::pin(permits.acquire(patience));
        assert!(poll!(&mut next).is_pending());
        drop(running);
        assert!(next.await.is_ok());
    }

    #[tokio::test]
    async fn patience_ends() {
        let (clock, hand) = Clock::manual(0);
        let permits = Permits::new(1, 1, clock);
        let _running = permits.acquire(Duration::ZERO).await.unwrap();
        let mut waiting = Box::pin(permits.acquire(Duration::from_secs(5)));
        assert!(poll!(&mut waiting).is_pending());
        hand.advance(Duration::from_secs(5));
        assert!(matches!(waiting.await, Err(Error::Busy { .. })));
    }
}
