//! Errors to HTTP: the one place in this crate where an error kind becomes a status.

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, RETRY_AFTER};
use http::{HeaderValue, StatusCode, Uri};
use serde::Serialize;
use spoor_runtime::error_kind::{self, ErrorKind};

use super::answer::json;
use crate::error::Error;

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a [String]>,
}

/// The answer that says what went wrong. What the caller cannot help is logged and named by `fault`.
pub(super) fn response(error: &Error, fault: u64) -> Response {
    let (status, bytes) = said(error, fault);
    let mut answer = json(status, bytes);
    if let ErrorKind::Throttled { retry_after } = error.kind() {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
    }
    answer
}

/// What [`response`] says, for an answer that has begun.
pub(super) fn body_of(error: &Error, fault: u64) -> Vec<u8> {
    said(error, fault).1
}

fn said(error: &Error, fault: u64) -> (StatusCode, Vec<u8>) {
    let (status, code) = status(error);
    let (position, expected) = match error {
        Error::Syntax(fault) => (Some(fault.position), Some(fault.expected.as_slice())),
        _ => (None, None),
    };
    let said = Body { code, message: &message(error, fault), position, expected };
    // Strings and numbers alone cannot fail to become JSON.
    (status, serde_json::to_vec(&Envelope { error: said }).unwrap_or_default())
}

/// The status of an error, and its code in the native API.
pub(crate) fn status(error: &Error) -> (StatusCode, &'static str) {
    let kind = error.kind();
    match (error, kind) {
        (Error::TooCommon { .. }, _) => (StatusCode::UNPROCESSABLE_ENTITY, "too_common"),
        (Error::Store(spoor_store::Error::TooCostly { .. }), _) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "too_costly")
        }
        (Error::RecordGone { .. }, _) => (StatusCode::NOT_FOUND, "record_gone"),
        (Error::Syntax(_), _) => (StatusCode::BAD_REQUEST, "syntax"),
        (_, ErrorKind::Invalid) => (StatusCode::BAD_REQUEST, kind.name()),
        (_, ErrorKind::NotFound) => (StatusCode::NOT_FOUND, kind.name()),
        (_, ErrorKind::Forbidden) => (StatusCode::FORBIDDEN, kind.name()),
        (_, ErrorKind::Throttled { .. }) => (StatusCode::TOO_MANY_REQUESTS, kind.name()),
        (_, ErrorKind::Unavailable) => (StatusCode::SERVICE_UNAVAILABLE, kind.name()),
        (_, ErrorKind::Cancelled) => (StatusCode::GATEWAY_TIMEOUT, "deadline"),
        (_, ErrorKind::Corrupt | ErrorKind::Internal) => (StatusCode::INTERNAL_SERVER_ERROR, kind.name()),
    }
}

/// What of an error is told. What the caller cannot help is logged and named by `fault`.
pub(crate) fn message(error: &Error, fault: u64) -> String {
    match (error, error.kind()) {
        (_, ErrorKind::Corrupt | ErrorKind::Internal) => {
            tracing::error!(fault, error = error_kind::chain(error), "query failed");
            format!("the query failed through a fault of the server (fault {fault} in its log)")
        }
        // What the store says of its budgets tells the caller what to do.
        (Error::Store(inner), ErrorKind::Invalid) => inner.to_string(),
        (Error::Store(_), _) => {
            tracing::warn!(error = error_kind::chain(error), "query failed");
            error.to_string()
        }
        _ => error.to_string(),
    }
}

/// For calls of the API that do not exist.
pub(super) async fn no_such_call(uri: Uri) -> Response {
    let message = format!("there is no `{}` in this API", uri.path());
    body(
        StatusCode::NOT_FOUND,
        &Body { code: "no_such_call", message: &message, position: None, expected: None },
    )
}

/// For calls that exist, by another method.
pub(super) async fn method_not_allowed() -> Response {
    let message = "this call takes GET, or POST with a form";
    let said = Body { code: "method_not_allowed", message, position: None, expected: None };
    let mut answer = body(StatusCode::METHOD_NOT_ALLOWED, &said);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    answer
}

fn body(status: StatusCode, error: &Body<'_>) -> Response {
    match serde_json::to_vec(&Envelope { error: Body { ..*error } }) {
        Ok(bytes) => json(status, bytes),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
