//! What became of a request: values that `otlp/answer.rs` turns into either protocol.

use std::time::Duration;

use spoor_runtime::error_kind::{ErrorKind, chain};
use spoor_store::model::Signal;

use crate::decode::{Malformed, Tally};

/// When a client should try again after a refusal that names no time of its own.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Longest message in an answer, in bytes; the specification wants answers small.
const MESSAGE_BYTES_MAX: usize = 1_000;

/// A request that was taken, in whole or in part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Records that were rejected.
    pub(crate) rejected: u64,
    /// What to tell the client; empty when there is nothing to tell.
    pub(crate) message: String,
}

/// A request of which nothing was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is wrong and will be wrong again.
    Invalid(String),
    /// A field of it does not decode: where, and what is wrong there.
    Malformed(Malformed),
    /// It is larger than a request may be.
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// Its type or encoding is none that OTLP knows.
    Unsupported(String),
    /// Its compression is none that is understood here.
    UnknownEncoding(String),
    /// A budget is used up.
    Throttled {
        /// Which.
        budget: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// A part of the process is away.
    Unavailable(String),
    /// The client went away.
    Cancelled,
    /// A fault of this program; the log has the cause.
    Internal,
}

impl Outcome {
    /// Says what was rejected and cut.
    pub(crate) fn new(signal: Signal, tally: &Tally) -> Self {
        let rejected = tally.rejected_total();
        let mut message = String::new();
        if rejected > 0 {
            let kind = match signal {
                Signal::Logs => "log records",
                Signal::Spans => "spans",
            };
            let total = rejected + tally.accepted;
            message = format!("{rejected} of {total} {kind} rejected: ");
            for (index, (place, reason)) in tally.examples.iter().enumerate() {
                let comma = if index == 0 { "" } else { "; " };
                message.push_str(&format!("{comma}{place}: {}", reason.advice()));
            }
            if rejected > tally.examples.len() as u64 {
                message.push_str("; and more");
            }
        }
        if tally.bodies_cut > 0 {
            let dot = if message.is_empty() { "" } else { ". " };
            let count = tally.bodies_cut;
            message.push_str(&format!("{dot}{count} log bodies were longer than 1 MiB and cut"));
        }
        Self { rejected, message: shortened(message) }
    }
}

impl Refusal {
    /// The name it has in metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Malformed(_) => "malformed",
            Self::TooLarge { .. } => "too_large",
            Self::Unsupported(_) | Self::UnknownEncoding(_) => "unsupported",
            Self::Throttled { .. } => "throttled",
            Self::Unavailable(_) => "unavailable",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }

    /// What to tell the client.
    pub(crate) fn message(&self) -> String {
        shortened(match self {
            Self::Invalid(message)
            | Self::Unsupported(message)
            | Self::UnknownEncoding(message)
            | Self::Unavailable(message) => message.clone(),
            Self::Malformed(malformed) if malformed.place.is_empty() => {
                format!("request is not an OTLP message: {}", malformed.why)
            }
            Self::Malformed(malformed) => format!("request is not an OTLP message at {malformed}"),
            Self::TooLarge { bytes_max } => format!(
                "request is larger than {bytes_max} bytes after decompression; send smaller batches \
                 (collector.request_bytes_max)"
            ),
            Self::Throttled { budget, .. } => format!("{budget} budget is used up; try again later"),
            Self::Cancelled => "request was cancelled".to_owned(),
            Self::Internal => "request failed inside the collector; its log has the cause".to_owned(),
        })
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<spoor_store::Error> for Refusal {
    fn from(error: spoor_store::Error) -> Self {
        match error.kind() {
            ErrorKind::Throttled { retry_after } => {
                let budget = match &error {
                    spoor_store::Error::Budget { budget, .. } => (*budget).to_owned(),
                    other => other.to_string(),
                };
                Self::Throttled { budget, retry_after }
            }
            ErrorKind::Unavailable => {
                tracing::warn!(error = chain(&error), "store refused a batch");
                Self::Unavailable(error.to_string())
            }
            ErrorKind::Cancelled => Self::Cancelled,
            kind => {
                tracing::error!(%kind, error = chain(&error), "failed to store a batch");
                Self::Internal
            }
        }
    }
}

impl From<spoor_runtime::cpu::CpuError> for Refusal {
    fn from(error: spoor_runtime::cpu::CpuError) -> Self {
        match error {
            spoor_runtime::cpu::CpuError::Full => {
                Self::Throttled { budget: "computing".to_owned(), retry_after: RETRY_AFTER }
            }
            spoor_runtime::cpu::CpuError::Panicked => Self::Internal,
        }
    }
}

fn shortened(mut message: String) -> String {
    if message.len() > MESSAGE_BYTES_MAX {
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
        message.push('…');
    }
    message
}
