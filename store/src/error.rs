//! What can go wrong in the store, by what happened.

use std::path::PathBuf;
use std::time::Duration;

use spoor_runtime::error_kind::ErrorKind;

/// Result of a store operation.
pub type Result<T> = std::result::Result<T, Error>;

/// A store operation that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed.
    #[error("failed to {action} {}", path.display())]
    File {
        /// Verb: `open`, `sync`, …
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The WAL stopped after a failed write or sync; only a restart, which reads back what is durable, clears it.
    #[error("write-ahead log stopped after a failure: {reason}")]
    WalStopped {
        /// What failed first.
        reason: String,
    },
    /// A file does not hold what its checksums or format say.
    #[error("{} is corrupt: {reason}", path.display())]
    Corrupt {
        /// Which file or object.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// A file was written by a newer Spoor.
    #[error("{} has format version {found}, this Spoor reads up to {known}", path.display())]
    Version {
        /// Which file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// A budget is used up; waiting helps.
    #[error("{budget} budget is used up")]
    Budget {
        /// Which: `hot rows`, `wal`, `disk`, …
        budget: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// The store is closing or closed.
    #[error("store is closing")]
    Closed,
    /// The query's deadline passed, or its client left.
    #[error("query was cancelled or ran past its deadline")]
    Cancelled,
    /// A query would cost more than its budget allows.
    #[error("query is too costly: {reason}")]
    TooCostly {
        /// What was too much, and what to narrow.
        reason: String,
    },
    /// The catalog database failed.
    #[error("failed to {action} the catalog")]
    Catalog {
        /// Verb: `open`, `publish to`, …
        action: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Object storage failed.
    #[error("failed to {action} object {key}")]
    Object {
        /// Verb.
        action: &'static str,
        /// Its key.
        key: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process holds the data directory.
    #[error("data directory {} is in use by another process", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The decoder refused what the WAL holds.
    #[error("failed to decode frame {sequence} of the write-ahead log")]
    Decode {
        /// The frame's sequence number.
        sequence: u64,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store's own threads could not do a piece of work.
    #[error("failed to run work on the store's threads")]
    Worker {
        /// Why.
        source: spoor_runtime::cpu::CpuError,
    },
    /// A split could not be built or read by the index library.
    #[error("index operation failed: {0}")]
    Index(#[from] tantivy::TantivyError),
}

impl Error {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Budget { retry_after, .. } => ErrorKind::Throttled { retry_after: *retry_after },
            Self::WalStopped { .. } | Self::Closed | Self::Locked { .. } | Self::File { .. } => {
                ErrorKind::Unavailable
            }
            Self::Corrupt { .. } | Self::Version { .. } | Self::Decode { .. } => ErrorKind::Corrupt,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::TooCostly { .. } => ErrorKind::Invalid,
            Self::Catalog { .. } | Self::Object { .. } => ErrorKind::Unavailable,
            Self::Worker { source } => source.kind(),
            Self::Index(_) => ErrorKind::Internal,
        }
    }
}
