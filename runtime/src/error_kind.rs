//! What the caller of a failed operation can do about it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// The one question a protocol answers with: may, must or must not the caller try again?
///
/// Every crate's error type maps onto these; exactly two files map these onto protocols
/// (the collector's OTLP answer and the query API's error). A new kind needs a decision record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong and will be wrong again.
    Invalid,
    /// What was asked for does not exist.
    NotFound,
    /// The caller is not allowed to do this.
    Forbidden,
    /// A budget is used up; the same request may succeed later.
    Throttled {
        /// How long the caller should wait before trying again.
        retry_after: Duration,
    },
    /// A part the operation needs is away (starting, stopping, disk failed).
    Unavailable,
    /// The caller went away or its deadline passed.
    Cancelled,
    /// Stored bytes are not what was written.
    Corrupt,
    /// A fault of this program.
    Internal,
}

impl ErrorKind {
    /// Returns the kind's name in snake case, for metric labels and API error codes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable => "unavailable",
            Self::Cancelled => "cancelled",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Writes an error and its causes on one line.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}
