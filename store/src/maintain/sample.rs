//! Splits for tests.

use crate::catalog::SplitMeta;
use crate::model::{SplitId, Tenant};

/// A split of so many records, at time 0.
pub(crate) fn split(records: u32) -> SplitMeta {
    SplitMeta {
        id: SplitId::generate(),
        tenant: Tenant::default(),
        records,
        spans: 0,
        logs: records,
        min_time: 0,
        max_time: 0,
        bytes: u64::from(records),
        created_at: 0,
        first_sequence: 1,
        last_sequence: 1,
        format: 1,
    }
}
