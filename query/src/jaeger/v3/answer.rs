//! From a call of version 3 to its response; errors as the gRPC gateway writes them.

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode, Uri};
use serde::Serialize;
use tonic::Code;

use crate::api::answer::{json, observe};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::jaeger::failure::Failure;

#[derive(Serialize)]
struct ErrorJson<'a> {
    error: Details<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    grpc_code: i32,
    http_code: u16,
    message: &'a str,
    http_status: &'a str,
}

/// Runs a call, times and counts it, and makes its response.
pub(super) async fn respond(
    engine: &Engine,
    call: &'static str,
    work: impl Future<Output = Result<Vec<u8>>>,
) -> Response {
    match observe(engine, call, work).await {
        Ok(body) => json(StatusCode::OK, body),
        Err(error) => {
            let failure = Failure::new(engine, &error);
            let message = match error {
                Error::TraceNotFound => "No traces found",
                _ => &failure.message,
            };
            let mut response = refusal(failure.status, failure.code, message);
            if let Some(seconds) = failure.retry_after {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

fn refusal(status: StatusCode, code: Code, message: &str) -> Response {
    let http_status = status.canonical_reason().unwrap_or_default();
    let error = Details { grpc_code: code.into(), http_code: status.as_u16(), message, http_status };
    match serde_json::to_vec(&ErrorJson { error }) {
        Ok(bytes) => json(status, bytes),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// For calls that do not exist.
pub(super) async fn no_such_call(uri: Uri) -> Response {
    refusal(StatusCode::NOT_FOUND, Code::Unimplemented, &format!("there is no `{}` in this API", uri.path()))
}
