//! One spawned future per connection, at most a fixed number at a time.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::tasks::panic_message;

/// Runs one future per connection, at most a fixed number at a time.
#[derive(Clone, Debug)]
pub struct Connections {
    tracker: TaskTracker,
    permits: Arc<Semaphore>,
    abort: CancellationToken,
    active: Gauge,
}

/// The right to run one connection; it frees its place when dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    /// Creates a set with room for `connections_max` connections.
    #[must_use]
    pub fn new(connections_max: usize) -> Self {
        Self {
            tracker: TaskTracker::new(),
            permits: Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS))),
            abort: CancellationToken::new(),
            active: Gauge::default(),
        }
    }

    /// Returns the gauge of connections that are open.
    #[must_use]
    pub fn active(&self) -> Gauge {
        self.active.clone()
    }

    /// Returns a place if one is free now.
    #[must_use]
    pub fn try_permit(&self) -> Option<ConnectionPermit> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(ConnectionPermit { _permit: permit })
    }

    /// Waits for a free place, so that the next connection is accepted only when there is one.
    pub async fn permit(&self) -> ConnectionPermit {
        match Arc::clone(&self.permits).acquire_owned().await {
            Ok(permit) => ConnectionPermit { _permit: permit },
            // The semaphore is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// Runs `connection` until it ends or [`Connections::abort`] drops it.
    pub fn spawn(&self, permit: ConnectionPermit, connection: impl Future<Output = ()> + Send + 'static) {
        let abort = self.abort.clone();
        let active = self.active.clone();
        active.inc();
        self.tracker.spawn(async move {
            let outcome = AssertUnwindSafe(async {
                tokio::select! {
                    () = connection => (),
                    () = abort.cancelled() => (),
                }
            })
            .catch_unwind()
            .await;
            active.dec();
            drop(permit);
            if let Err(panic) = outcome {
                tracing::error!(error = panic_message(&*panic), "connection panicked");
            }
        });
    }

    /// Waits until no connection is open.
    pub async fn idle(&self) {
        self.tracker.close();
        self.tracker.wait().await;
        self.tracker.reopen();
    }

    /// Drops every open connection.
    pub fn abort(&self) {
        self.abort.cancel();
    }
}
