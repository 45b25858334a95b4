//! The store's handles: open it, append to it, look into it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use spoor_runtime::clock::Clock;
use spoor_runtime::metrics::Metrics;
use spoor_runtime::task::Task;
use tokio::sync::{mpsc, oneshot, watch};

use crate::config::Config;
use crate::disk::{DiskLock, RealDisk};
use crate::error::{Error, Result};
use crate::leaf::Leaf;
use crate::model::{Batch, RecordId, Signal, Tenant, TimeRange, UnixNanos};
use crate::open;
use crate::origins::{LostPosition, Origins, Position, Unseen};
use crate::view::Views;
use crate::wal::WalSyncer;
use crate::write::{Command, Writer};

/// Turns a WAL frame back into records; handed in, because the store knows no protocol. Must be deterministic.
pub trait Decoder: Send + Sync + 'static {
    /// Decodes the bytes of a request that was accepted before; records it rejects were rejected then too.
    fn decode(
        &self,
        tenant: Tenant,
        signal: Signal,
        arrival: UnixNanos,
        bytes: Bytes,
    ) -> std::result::Result<Batch, Box<dyn std::error::Error + Send + Sync>>;
}

/// The store, open. Dropping it loses nothing acknowledged.
pub struct Store {
    pub(crate) clock: Clock,
    pub(crate) views: Views,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) writer: Writer,
    pub(crate) wal: WalSyncer,
    /// Held until the store is dropped.
    pub(crate) _lock: Box<dyn DiskLock>,
}

/// Looks into the store; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    views: Views,
}

/// What one query sees: a fixed set of leaves of one tenant.
pub struct Snapshot {
    leaves: Vec<Leaf>,
    origins: Arc<Origins>,
}

/// Hears of records that arrive, of any tenant.
pub struct Arrivals {
    count: watch::Receiver<u64>,
}

impl Arrivals {
    /// Waits until something arrived since the last call, or since this was made. What arrived is visible.
    pub async fn next(&mut self) {
        if self.count.changed().await.is_err() {
            // The store is gone; nothing will arrive.
            std::future::pending::<()>().await;
        }
    }
}

impl Store {
    /// Opens the data directory: lock, catalog, WAL replay into hot rows. Returns the tasks to run.
    ///
    /// The tasks publish and maintain; without them nothing is lost, but memory and WAL only grow.
    pub async fn open(
        config: Config,
        clock: Clock,
        metrics: &mut Metrics,
        decoder: Arc<dyn Decoder>,
    ) -> Result<(Self, Vec<Task>)> {
        open::open(config, clock, metrics, decoder, Arc::new(RealDisk)).await
    }

    /// A handle to append with.
    pub fn writer(&self) -> Writer {
        self.writer.clone()
    }

    /// A handle to look with.
    pub fn reader(&self) -> Reader {
        Reader { views: self.views.clone() }
    }

    /// Turns all hot rows into splits, so that the next start has nothing to replay, for as long as `limit`; what is
    /// not done by then stays in the WAL. The tasks must still be running.
    pub async fn close(&self, limit: Duration) -> Result<()> {
        let published = self.clock.timeout(limit, self.publish_all()).await;
        if !matches!(published, Ok(Ok(()))) {
            tracing::info!("hot rows are left to the write-ahead log");
        }
        self.wal.sync().map(drop)
    }

    /// Publishes all hot rows there are now; returns when queries find them in splits.
    pub async fn publish_all(&self) -> Result<()> {
        let (done, sealed) = oneshot::channel();
        let waiting: Vec<_> = self.views.get().hot().map(|rows| rows.id).collect();
        self.commands.send(Command::SealAll(done)).await.map_err(|_| Error::Closed)?;
        sealed.await.map_err(|_| Error::Closed)?;
        while self.views.get().hot().any(|rows| waiting.contains(&rows.id)) {
            self.clock.sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

impl Reader {
    /// Pins what `tenant` has now.
    pub fn snapshot(&self, tenant: &Tenant) -> Snapshot {
        let view = self.views.get();
        Snapshot { leaves: view.leaves(tenant), origins: view.origins(tenant) }
    }

    /// Hears of what arrives from now on.
    pub fn arrivals(&self) -> Arrivals {
        Arrivals { count: self.views.arrivals() }
    }
}

impl Snapshot {
    /// Every leaf, newest first; hot rows before splits.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// All that is here, as seen.
    pub fn position(&self) -> Position {
        Position::all_of(&self.leaves)
    }

    /// All that arrived up to `record`, itself included, as seen; `None` when too much happened since to tell.
    pub fn position_after(&self, record: RecordId) -> Option<Position> {
        Position::after(record, &self.leaves, &self.origins)
    }

    /// What is here and not seen; records that merges moved count as seen when they were.
    ///
    /// # Errors
    /// [`LostPosition`] when too much was merged since `position` was taken to tell.
    pub fn since(&self, position: &Position) -> std::result::Result<Vec<Unseen>, LostPosition> {
        position.unseen(&self.leaves, &self.origins)
    }

    /// Where a record is, also when merges moved it; `None` when it is gone, or too much was merged since.
    pub fn find(&self, record: RecordId) -> Option<(Leaf, u32)> {
        self.origins.find(&self.leaves, record)
    }

    /// The leaves that may hold records of `range`, and how many were left out.
    pub fn leaves_in(&self, range: TimeRange) -> (Vec<Leaf>, usize) {
        let overlaps = |leaf: &&Leaf| leaf.time_range().is_some_and(|times| times.overlaps(&range));
        let kept: Vec<Leaf> = self.leaves.iter().filter(overlaps).cloned().collect();
        let skipped = self.leaves.len() - kept.len();
        (kept, skipped)
    }
}
