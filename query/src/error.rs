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
    /// A record's id tells no place any more.
    #[error(
        "the record `{record}` is not there: it is past retention, or splits were merged since; give its `time` (and \
         `service`) to find it by"
    )]
    RecordGone {
        /// The id asked for.
        record: String,
    },
    /// A request of Jaeger's API is not as it must be, in the words that its clients know.
    #[error("{message}")]
    Malformed {
        /// What is wrong.
        message: String,
    },
    /// Jaeger's API has no such trace.
    #[error("trace not found")]
    TraceNotFound,
    /// The gRPC descriptors compiled into this program do not fit together.
    #[error("failed to put gRPC reflection together")]
    Reflection {
        /// What the library says.
        source: Box<dyn std::error::Error + Send + Sync>,
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
    /// As many tails and live flows are open as may.
    #[error("{tails_max} tails are open, as many as may; close one, or try again in {} s", retry_after.as_secs())]
    TooManyTails {
        /// The bound.
        tails_max: usize,
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
            Self::Syntax(_)
            | Self::Parameter { .. }
            | Self::Malformed { .. }
            | Self::Tenant(_)
            | Self::TooCommon { .. } => ErrorKind::Invalid,
            Self::NotFound { .. } | Self::RecordGone { .. } | Self::TraceNotFound => ErrorKind::NotFound,
            Self::Busy { retry_after } | Self::TooManyTails { retry_after, .. } => {
                ErrorKind::Throttled { retry_after: *retry_after }
            }
            Self::Deadline { .. } | Self::Stalled { .. } => ErrorKind::Cancelled,
            Self::Compute(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Encode(_) | Self::Export(_) | Self::Reflection { .. } => ErrorKind::Internal,
        }
    }

    /// A fault of a request of Jaeger's API.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::Malformed { message: message.into() }
    }

    /// A parameter's fault.
    pub(crate) fn parameter(name: &str, reason: impl Into<String>) -> Self {
        Self::Parameter { name: name.to_owned(), reason: reason.into() }
    }
}
