//! The only way to a file. Every byte the store keeps goes through [`Disk`] (the catalog database excepted), so that
//! tests can fail or stop the disk at any step.
//!
//! What survives power loss: the bytes of a file up to its last [`DiskFile::sync_data`], and the names in a folder up
//! to its last [`Disk::sync_dir`]. Anything later may survive whole, in part, or not at all.
//!
//! | file | owns |
//! |---|---|
//! | `real.rs` | the file system |
//! | `faulty.rs` | a disk in memory that fails or stops where a test says |
//! | `mirror.rs` | the same with its files in the file system, for tests of the whole store |
//! | `contract.rs` | what each must do |

#[cfg(test)]
mod contract;
#[cfg(test)]
pub(crate) mod faulty;
#[cfg(test)]
pub(crate) mod mirror;
mod real;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Error, Result};

pub(crate) use real::RealDisk;

/// Files and folders. Every call blocks.
pub(crate) trait Disk: Debug + Send + Sync + 'static {
    /// Creates an empty file to append to; fails when the name is taken.
    fn create(&self, path: &Path) -> Result<Arc<dyn DiskFile>>;

    /// Reads a whole file.
    fn read(&self, path: &Path) -> Result<Bytes>;

    /// Reads up to `len` bytes from `offset`; fewer only at the end of the file.
    fn read_at(&self, path: &Path, offset: u64, len: usize) -> Result<Bytes>;

    /// Shortens a file to `len` bytes and syncs it.
    fn cut(&self, path: &Path, len: u64) -> Result<()>;

    /// The files in a folder (no folders), sorted by name; names that are not UTF-8 are left out.
    fn list(&self, dir: &Path) -> Result<Vec<DiskEntry>>;

    /// Gives a file another name; a file that has it is replaced, atomically.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> Result<()>;

    /// Makes the names in a folder durable.
    fn sync_dir(&self, dir: &Path) -> Result<()>;

    /// Creates a folder and those above it, durably; one that exists is left alone.
    fn create_dir_all(&self, dir: &Path) -> Result<()>;

    /// Bytes that may still be written to the file system of `dir`.
    fn free_bytes(&self, dir: &Path) -> Result<u64>;

    /// Takes the file at `path`, created when missing, for this process alone, until the lock is dropped.
    fn lock(&self, path: &Path) -> Result<Box<dyn DiskLock>>;
}

/// A file being written at its end. One thread may append while another syncs.
pub(crate) trait DiskFile: Debug + Send + Sync {
    /// Appends all of `bytes`; after an error any part of them may have been written.
    fn write_all(&self, bytes: &[u8]) -> Result<()>;

    /// Makes everything appended before the call durable. After an error the state of those bytes is unknown for
    /// good: a second call may succeed without having written them.
    fn sync_data(&self) -> Result<()>;
}

/// An exclusive hold on the data directory; dropping it lets go.
pub(crate) trait DiskLock: Debug + Send + Sync {}

/// A file in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiskEntry {
    pub(crate) name: String,
    pub(crate) bytes: u64,
}

/// Says which file an I/O error is about.
pub(crate) fn file_error<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(std::io::Error) -> Error + use<'a> {
    move |source| Error::File { action, path: path.to_path_buf(), source }
}
