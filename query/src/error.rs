//! What can go wrong in a query, by what happened.

use std::time::Duration;

use spoor_runtime::cpu::CpuError;
use spoor_runtime::error_kind::ErrorKind;

use crate::language::SyntaxError;

/// Result of a query.
pub type Result<T> = std::result::Result<T, Error>;

/// A query that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The search text does not parse, or a field does not take what it was given.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A parameter of the call is unknown, missing, or has a value it does not take.
    #[error("parameter `{name}`: {reason}")]
    Parameter {
        /// Which.
        name: String,
        /// What is wrong, and what to write instead.
        reason: String,
    },
    /// The tenant named by the request is no tenant name.
    #[error(transparent)]
    Tenant(#[from] spoor_store::model::tenant::InvalidTenant),
    /// Nothing carries the id.
    #[error("nothing carries the id `{id}`")]
    NotFound {
        /// The id asked for.
        id: String,
    },
    /// The id is shared by more traces than a flow may have, and no time range narrows it.
    #[error(
        "`{id}` is too common: {traces} traces share it, {traces_max} is the most for one flow; give a time range"
    )]
    TooCommon {
        /// The id asked for.
        id: String,
        /// Traces that share it.
        traces: usize,
        /// The bound.
        traces_max: usize,
    },
    /// As many queries run and wait as may.
    #[error("too many queries are running; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The query's deadline passed.
    #[error("query ran past its deadline of {} s; narrow it by time or fields", deadline.as_secs())]
    Deadline {
        /// The deadline.
        deadline: Duration,
    },
    /// The computing threads refused or lost the work.
    #[error("failed to run the query")]
    Compute(#[from] CpuError),
    /// The store failed.
    #[error("failed to read the store")]
    Store(#[source] spoor_store::Error),
    /// An export that nobody read gave its place to another.
    #[error("the export was not read for {} s and gave way to another", stalled.as_secs())]
    Stalled {
        /// For how long it may go unread.
        stalled: Duration,
    },
    /// Records could not be written as a file of the format asked for.
    #[error("failed to write the export")]
    Export(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An answer could not be written as JSON.
    #[error("failed to write the answer")]
    Encode(#[from] serde_json::Error),
}

impl Error {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Syntax(_) | Self::Parameter { .. } | Self::Tenant(_) | Self::TooCommon { .. } => {
                ErrorKind::Invalid
            }
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Busy { retry_after } => ErrorKind::Throttled { retry_after: *retry_after },
            Self::Deadline { .. } | Self::Stalled { .. } => ErrorKind::Cancelled,
            Self::Compute(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Encode(_) | Self::Export(_) => ErrorKind::Internal,
        }
    }

    /// A parameter's fault.
    pub(crate) fn parameter(name: &str, reason: impl Into<String>) -> Self {
        Self::Parameter { name: name.to_owned(), reason: reason.into() }
    }
}
