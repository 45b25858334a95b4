//! Why the catalog refused a change.

use crate::model::{SplitId, Tenant};

/// A change that does not fit what the catalog holds; trying again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Conflict {
    /// Another publish came first.
    #[error(
        "split {split} starts at sequence {first_sequence}, but tenant {tenant} is published up to {published}"
    )]
    Published { split: SplitId, tenant: Tenant, first_sequence: u64, published: u64 },
    /// A split to be replaced is not there.
    #[error("split {split} is gone")]
    Gone { split: SplitId },
    /// Another split has the id.
    #[error("split {split} exists and is another one")]
    Exists { split: SplitId },
}
