//! Errors to what Jaeger's clients understand: one status for both HTTP shapes, one for gRPC.

use http::StatusCode;
use spoor_runtime::error_kind::ErrorKind;
use tonic::Code;

use crate::api::error;
use crate::engine::Engine;
use crate::error::Error;

/// An error as it is told.
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Seconds after which to try again.
    pub(crate) retry_after: Option<u64>,
}

impl Failure {
    /// What of `error` is told; what the caller cannot help is logged.
    pub(crate) fn new(engine: &Engine, error: &Error) -> Self {
        let kind = error.kind();
        let (status, _) = error::status(error);
        let retry_after = match kind {
            ErrorKind::Throttled { retry_after } => Some(retry_after.as_secs().max(1)),
            _ => None,
        };
        // The moment names the fault in the log.
        let message = error::message(error, engine.clock().now_unix_nanos());
        let code = match kind {
            // Over its budget: to be narrowed rather than tried again.
            ErrorKind::Invalid if status == StatusCode::UNPROCESSABLE_ENTITY => Code::ResourceExhausted,
            ErrorKind::Invalid => Code::InvalidArgument,
            ErrorKind::NotFound => Code::NotFound,
            ErrorKind::Forbidden => Code::PermissionDenied,
            ErrorKind::Throttled { .. } | ErrorKind::Unavailable => Code::Unavailable,
            ErrorKind::Cancelled => Code::DeadlineExceeded,
            ErrorKind::Corrupt | ErrorKind::Internal => Code::Internal,
        };
        Self { status, code, message, retry_after }
    }
}
