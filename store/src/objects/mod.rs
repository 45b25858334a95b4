//! Where published splits are kept: a folder, or an object store with a folder as its cache.
//!
//! | file | owns |
//! |---|---|
//! | `folder.rs` | splits in a folder of the data directory |
//! | `remote.rs` | splits in an object store |
//! | `cache.rs` | local copies of them, bounded in bytes |
//! | `contract.rs` | what both must do |

mod cache;
#[cfg(test)]
mod contract;
mod folder;
mod remote;

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use spoor_runtime::cpu::CpuPool;

use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::model::SplitId;
use crate::paths::Paths;

/// Threads for moving files, apart from those that compute: a query must not hold up a publish.
const FILE_THREADS: usize = 2;

/// File operations waiting for those threads.
const FILE_WORK_MAX: usize = 256;

/// The files of published splits.
#[async_trait]
pub(crate) trait SplitFiles: Debug + Send + Sync + 'static {
    /// Keeps the finished, synced file at `staged` as this split's, durably; the staged file is gone then. Doing it
    /// again, with the same file staged anew, changes nothing.
    async fn put(&self, split: SplitId, staged: &Path) -> Result<()>;

    /// A local file to read the split from; fetched when it is not there.
    ///
    /// Map it at once: a copy that is not used for long is removed, which a mapping survives and the path does not.
    async fn open(&self, split: SplitId) -> Result<PathBuf>;

    /// Removes the split; one that is not there is removed already.
    async fn remove(&self, split: SplitId) -> Result<()>;

    /// The splits that are kept, sorted.
    async fn list(&self) -> Result<Vec<SplitFile>>;
}

/// A split's file as listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SplitFile {
    pub(crate) split: SplitId,
    pub(crate) bytes: u64,
}

/// Opens the split files: a folder in the data directory when `url` is empty, else the object store it names.
pub(crate) async fn open(url: &str, paths: &Paths, disk: Arc<dyn Disk>) -> Result<Arc<dyn SplitFiles>> {
    let files = FileWork { disk, threads: CpuPool::new(FILE_THREADS, FILE_WORK_MAX) };
    if url.is_empty() {
        return Ok(Arc::new(folder::FolderFiles::open(files, &paths.splits()).await?));
    }
    Ok(Arc::new(remote::RemoteFiles::connect(url, files, &paths.cache()).await?))
}

/// Does file operations, which block, on threads of their own.
#[derive(Debug, Clone)]
struct FileWork {
    disk: Arc<dyn Disk>,
    threads: CpuPool,
}

impl FileWork {
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Disk) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let disk = Arc::clone(&self.disk);
        self.threads.run(move || work(&*disk)).await.map_err(|source| Error::Worker { source })?
    }
}

/// Removes a file; one that is not there is removed already.
fn remove_if_there(disk: &dyn Disk, path: &Path) -> Result<()> {
    match disk.remove(path) {
        Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}
