//! What the catalog says of one split.

use crate::model::{SplitId, Tenant, UnixNanos};

/// What the catalog says of one split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitMeta {
    /// Its id; also the name of its file.
    pub id: SplitId,
    /// Whose records it holds.
    pub tenant: Tenant,
    /// Records in it.
    pub records: u32,
    /// Of them, spans.
    pub spans: u32,
    /// Of them, log records.
    pub logs: u32,
    /// Earliest indexed time.
    pub min_time: UnixNanos,
    /// Latest indexed time.
    pub max_time: UnixNanos,
    /// Size of its file.
    pub bytes: u64,
    /// When it was published.
    pub created_at: UnixNanos,
    /// WAL sequence of its first batch.
    pub first_sequence: u64,
    /// WAL sequence of its last batch.
    pub last_sequence: u64,
    /// Version of its file format.
    pub format: u32,
}
