//! Who may still write: budgets of hot rows, WAL and disk. Past one, clients are told to wait; reading goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::wal::WalSyncer;

/// When a client that was told to wait should try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The budgets and what is used of them; cheap to clone.
#[derive(Clone)]
pub(crate) struct Admission {
    hot_bytes_max: u64,
    wal_bytes_max: u64,
    wal: WalSyncer,
    used: Arc<Used>,
}

#[derive(Default)]
struct Used {
    hot_bytes: AtomicU64,
    /// Bytes of batches on their way to the appender.
    queued_bytes: AtomicU64,
    disk_is_full: AtomicBool,
}

/// A place on the way to the appender; given back on drop.
pub(crate) struct Queued {
    used: Arc<Used>,
    bytes: u64,
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.used.queued_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Admission {
    pub(crate) fn new(config: &Config, wal: WalSyncer) -> Self {
        Self {
            hot_bytes_max: config.hot_bytes_max,
            wal_bytes_max: config.wal_bytes_max,
            wal,
            used: Arc::default(),
        }
    }

    /// Whether `bytes` more may come in.
    pub(crate) fn check(&self, bytes: usize) -> Result<()> {
        let bytes = bytes as u64;
        let refuse = |budget| Err(Error::Budget { budget, retry_after: RETRY_AFTER });
        let queued = self.used.queued_bytes.load(Ordering::Relaxed) + bytes;
        if self.used.hot_bytes.load(Ordering::Relaxed) + queued > self.hot_bytes_max {
            return refuse("memory for hot rows");
        }
        if self.wal.bytes() + queued > self.wal_bytes_max {
            return refuse("write-ahead log");
        }
        if self.used.disk_is_full.load(Ordering::Relaxed) {
            return refuse("free disk");
        }
        self.wal.check_running()
    }

    /// Takes a place for a batch of `bytes`.
    pub(crate) fn enter(&self, bytes: usize) -> Result<Queued> {
        self.check(bytes)?;
        self.used.queued_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(Queued { used: Arc::clone(&self.used), bytes: bytes as u64 })
    }

    pub(crate) fn set_hot_bytes(&self, bytes: u64) {
        self.used.hot_bytes.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn set_disk_is_full(&self, full: bool) {
        self.used.disk_is_full.store(full, Ordering::Relaxed);
    }
}
