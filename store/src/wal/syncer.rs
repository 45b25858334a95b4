//! Group commit: makes what was appended durable, from another thread; and the stop after a failure.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spoor_runtime::error_kind::chain;

use super::files::OldFile;
use crate::disk::{Disk, DiskFile};
use crate::error::{Error, Result};

/// Syncs the log; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct WalSyncer {
    pub(super) shared: Arc<Shared>,
}

/// What the writer and the syncers share.
#[derive(Debug)]
pub(super) struct Shared {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    state: Mutex<State>,
    /// Held while a file is synced, so that no sync runs into the failure of another and is told that all is well.
    syncing: Mutex<()>,
    durable: AtomicU64,
    bytes: AtomicU64,
}

#[derive(Debug)]
struct State {
    /// The file that is appended to.
    file: Arc<dyn DiskFile>,
    /// Highest sequence that was written to it or to an older one.
    written: u64,
    /// Oldest first.
    old_files: VecDeque<OldFile>,
    /// What failed first.
    stopped: Option<String>,
}

impl WalSyncer {
    /// Makes every frame durable that was flushed before the call, and returns the highest durable sequence.
    ///
    /// Blocks. After a failure this, and every append, fails with [`Error::WalStopped`].
    pub(crate) fn sync(&self) -> Result<u64> {
        let (file, written) = {
            let state = self.shared.running()?;
            (Arc::clone(&state.file), state.written)
        };
        if self.durable() >= written {
            return Ok(self.durable());
        }
        // Frames in older files were synced when those files were full.
        self.shared.sync_file(&*file)?;
        self.shared.durable.fetch_max(written, Ordering::AcqRel);
        Ok(self.durable())
    }

    /// Fails once the log has stopped.
    pub(crate) fn check_running(&self) -> Result<()> {
        self.shared.check_running()
    }

    /// Highest durable sequence.
    pub(crate) fn durable(&self) -> u64 {
        self.shared.durable()
    }

    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.shared.bytes()
    }

    /// Removes the full files whose frames all have sequences up to `through`. Blocks.
    ///
    /// After an error some may be left; the next call tries again.
    pub(crate) fn truncate(&self, through: u64) -> Result<()> {
        self.shared.truncate(through)
    }
}

impl Shared {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        dir: &Path,
        file: Arc<dyn DiskFile>,
        old_files: VecDeque<OldFile>,
        durable: u64,
    ) -> Self {
        let bytes = old_files.iter().map(|file| file.bytes).sum();
        Self {
            disk,
            dir: dir.to_path_buf(),
            state: Mutex::new(State { file, written: durable, old_files, stopped: None }),
            syncing: Mutex::new(()),
            durable: AtomicU64::new(durable),
            bytes: AtomicU64::new(bytes),
        }
    }

    pub(super) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn check_running(&self) -> Result<()> {
        self.running().map(drop)
    }

    /// Notes that frames up to `sequence` stand in the current file.
    pub(super) fn wrote(&self, sequence: u64) {
        self.state().written = sequence;
    }

    /// Notes that `full` is synced and that `next` took its place.
    pub(super) fn rolled(&self, full: OldFile, next: Arc<dyn DiskFile>) {
        self.durable.fetch_max(full.last_sequence, Ordering::AcqRel);
        let mut state = self.state();
        state.old_files.push_back(full);
        state.file = next;
    }

    /// Syncs the file that is appended to; a failure stops the log.
    pub(super) fn sync_file(&self, file: &dyn DiskFile) -> Result<()> {
        let _one_at_a_time = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_running()?;
        file.sync_data().map_err(|error| self.stop(error))
    }

    /// Stops the log for good; the first reason stays. Returns the error.
    pub(super) fn stop(&self, error: Error) -> Error {
        let mut state = self.state();
        if state.stopped.is_none() {
            let reason = chain(&error);
            tracing::error!(reason, "the write-ahead log stopped");
            state.stopped = Some(reason);
        }
        error
    }

    pub(super) fn truncate(&self, through: u64) -> Result<()> {
        loop {
            let oldest = self.running()?.old_files.front().cloned();
            let Some(oldest) = oldest.filter(|file| file.last_sequence <= through) else { return Ok(()) };
            self.disk.remove(&oldest.path)?;
            self.bytes.fetch_sub(oldest.bytes, Ordering::Relaxed);
            self.running()?.old_files.pop_front();
            // One by one: a file that came back after a crash while its successor stayed away would look lost.
            self.disk.sync_dir(&self.dir)?;
        }
    }

    fn running(&self) -> Result<MutexGuard<'_, State>> {
        let state = self.state();
        match &state.stopped {
            Some(reason) => Err(Error::WalStopped { reason: reason.clone() }),
            None => Ok(state),
        }
    }

    /// Nothing panics while it is held.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
