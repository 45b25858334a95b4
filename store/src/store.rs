//! The store's handles: open it, append to it, look into it.

use std::sync::Arc;

use bytes::Bytes;
use spoor_runtime::clock::Clock;
use spoor_runtime::metrics::Metrics;
use spoor_runtime::task::Task;

use crate::config::Config;
use crate::error::Result;
use crate::leaf::Leaf;
use crate::model::{Batch, Signal, Tenant, TimeRange, UnixNanos};

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
pub struct Store {}

/// Appends batches; cheap to clone.
#[derive(Clone)]
pub struct Writer {}

/// Looks into the store; cheap to clone.
#[derive(Clone)]
pub struct Reader {}

/// What became of an appended batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Stored, visible, durable.
    Stored,
    /// The same bytes were stored within the last ten minutes; nothing was added.
    Duplicate,
}

/// What one query sees: a fixed set of leaves of one tenant.
pub struct Snapshot {
    leaves: Vec<Leaf>,
}

#[expect(clippy::todo, reason = "interface first; bodies follow")]
impl Store {
    /// Opens the data directory: lock, catalog, WAL replay into hot rows. Returns the tasks to run.
    pub async fn open(
        config: Config,
        clock: Clock,
        metrics: &mut Metrics,
        decoder: Arc<dyn Decoder>,
    ) -> Result<(Self, Vec<Task>)> {
        let _ = (config, clock, metrics, decoder);
        todo!()
    }

    /// A handle to append with.
    pub fn writer(&self) -> Writer {
        todo!()
    }

    /// A handle to look with.
    pub fn reader(&self) -> Reader {
        todo!()
    }
}

#[expect(clippy::todo, reason = "interface first; bodies follow")]
impl Writer {
    /// Whether `bytes` more may come in: budgets of hot rows, WAL and disk. Cheap; ask before reading a body.
    pub fn admit(&self, bytes: usize) -> Result<()> {
        let _ = bytes;
        todo!()
    }

    /// Appends a batch; returns when it is visible and durable. When the future is dropped the batch may or may not
    /// be stored.
    pub async fn append(&self, batch: Batch) -> Result<Appended> {
        let _ = batch;
        todo!()
    }
}

#[expect(clippy::todo, reason = "interface first; bodies follow")]
impl Reader {
    /// Pins what `tenant` has now.
    pub fn snapshot(&self, tenant: &Tenant) -> Snapshot {
        let _ = tenant;
        todo!()
    }
}

impl Snapshot {
    /// Every leaf, newest first; hot rows before splits.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The leaves that may hold records of `range`, and how many were left out.
    pub fn leaves_in(&self, range: TimeRange) -> (Vec<Leaf>, usize) {
        let kept: Vec<Leaf> = self
            .leaves
            .iter()
            .filter(|leaf| leaf.time_range().is_some_and(|times| times.overlaps(&range)))
            .cloned()
            .collect();
        let skipped = self.leaves.len() - kept.len();
        (kept, skipped)
    }
}
