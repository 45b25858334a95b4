//! The catalog: which splits exist, how far each tenant's records are published, and which files may go.
//!
//! Every change is one transaction, durable when the call returns. A future that is dropped changes all or nothing.
//!
//! | file | owns |
//! |---|---|
//! | `meta.rs` | what is known of one split |
//! | `conflict.rs` | why a change was refused |
//! | `sqlite.rs`, `sqlite_changes.rs` | the catalog of one machine |
//! | `rows.rs` | a split as a row of a database |
//! | `fingerprints.rs` | request fingerprints as bytes |
//! | `memory.rs` | a catalog for tests that stop the machine |
//! | `contract.rs` | what every implementation must do |

mod conflict;
#[cfg(test)]
mod contract;
mod fingerprints;
#[cfg(test)]
pub(crate) mod memory;
mod meta;
mod rows;
mod sqlite;
mod sqlite_changes;

use std::collections::HashMap;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use crate::error::Result;
use crate::model::{SplitId, Tenant, UnixNanos};

pub(crate) use conflict::Conflict;
pub use meta::SplitMeta;

/// Opens the catalog of one machine, a database file that is created when missing.
pub(crate) async fn open(path: &Path) -> Result<Arc<dyn Catalog>> {
    Ok(Arc::new(sqlite::SqliteCatalog::open(path).await?))
}

/// Which splits exist.
#[async_trait]
pub(crate) trait Catalog: Debug + Send + Sync + 'static {
    /// Everything, as of one version.
    async fn load(&self) -> Result<CatalogState>;

    /// Adds a split that was built from frames of the WAL, notes its last sequence as published for its tenant, and
    /// keeps the fingerprints of its requests (with their arrivals) for the duplicate window. Returns the version.
    ///
    /// Publishing the same split again, as after an answer that was lost, changes nothing. Fails with [`Conflict::Published`] when the tenant is published
    /// up to the split's first sequence or past it.
    async fn publish(&self, split: &SplitMeta, fingerprints: &[(u128, UnixNanos)]) -> Result<u64>;

    /// Puts `new` in the place of `old`, whose files become garbage. Returns the version.
    ///
    /// Fails with [`Conflict::Gone`] when one of `old` is not there.
    async fn replace(&self, old: &[SplitId], new: &[SplitMeta]) -> Result<u64>;

    /// Removes splits, whose files become garbage; one that is not there is passed over. Returns the version.
    async fn drop_splits(&self, splits: &[SplitId]) -> Result<u64>;

    /// The splits that were replaced or dropped and not collected.
    async fn garbage(&self) -> Result<Vec<SplitId>>;

    /// Forgets garbage whose files are gone.
    async fn collected(&self, splits: &[SplitId]) -> Result<()>;

    /// Waits for what is running, then lets go of the database.
    async fn close(&self);
}

/// What the catalog holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CatalogState {
    /// Rises with every change of the set of splits.
    pub(crate) version: u64,
    /// In order of their ids, that is of their creation.
    pub(crate) splits: Vec<SplitMeta>,
    /// Per tenant, the last WAL sequence whose records stand in a split.
    pub(crate) published: HashMap<Tenant, u64>,
    /// Fingerprints of requests with their arrivals; some may be older than the duplicate window.
    pub(crate) fingerprints: Vec<(u128, UnixNanos)>,
}

impl CatalogState {
    /// The highest WAL sequence that was ever published; 0 when none was. New frames must come after it.
    pub(crate) fn highest_sequence(&self) -> u64 {
        self.published.values().copied().max().unwrap_or(0)
    }
}
