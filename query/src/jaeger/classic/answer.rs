//! The envelope every classic answer comes in, for data and for errors.

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode, Uri};
use serde::Serialize;
use serde_json::ser::PrettyFormatter;

use crate::api::answer::{json, observe, write};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::jaeger::failure::Failure;

/// How prettyPrint indents.
const INDENT: &[u8] = b"    ";

/// What a call answers.
#[derive(Debug, Serialize)]
pub(crate) struct Envelope<T> {
    pub(crate) data: Option<T>,
    pub(crate) total: usize,
    pub(crate) limit: usize,
    pub(crate) offset: usize,
    pub(crate) errors: Option<Vec<ErrorJson>>,
}

/// One thing that went wrong.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    msg: String,
    #[serde(rename = "traceID", skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

impl<T> Envelope<T> {
    /// Data without a count.
    pub(crate) fn of(data: T) -> Self {
        Self { data: Some(data), total: 0, limit: 0, offset: 0, errors: None }
    }
}

impl<T> Envelope<Vec<T>> {
    /// A list and its length.
    pub(crate) fn list(data: Vec<T>) -> Self {
        Self { total: data.len(), ..Self::of(data) }
    }
}

impl ErrorJson {
    /// A trace that is not there, among others that are.
    pub(crate) fn no_trace(id: String) -> Self {
        Self { code: None, msg: Error::TraceNotFound.to_string(), trace_id: Some(id) }
    }
}

/// Runs a call, times and counts it, and makes its response.
pub(crate) async fn respond(
    engine: &Engine,
    call: &'static str,
    work: impl Future<Output = Result<Vec<u8>>>,
) -> Response {
    match observe(engine, call, work).await {
        Ok(body) => json(StatusCode::OK, body),
        Err(error) => {
            let failure = Failure::new(engine, &error);
            let mut response = refusal(failure.status, failure.message);
            if let Some(seconds) = failure.retry_after {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

/// Writes an answer of `items` spans, or whatever it has many of.
pub(crate) async fn encode<T: Serialize + Send + 'static>(
    engine: &Engine,
    items: usize,
    answer: T,
    pretty: bool,
) -> Result<Vec<u8>> {
    write(engine, items, move || {
        if !pretty {
            return serde_json::to_vec(&answer);
        }
        let mut bytes = Vec::new();
        let formatter = PrettyFormatter::with_indent(INDENT);
        answer.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter))?;
        Ok(bytes)
    })
    .await
}

/// An error in the envelope.
pub(crate) fn refusal(status: StatusCode, message: String) -> Response {
    let error = ErrorJson { code: Some(status.as_u16()), msg: message, trace_id: None };
    let envelope: Envelope<()> =
        Envelope { data: None, total: 0, limit: 0, offset: 0, errors: Some(vec![error]) };
    match serde_json::to_vec(&envelope) {
        Ok(bytes) => json(status, bytes),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// For calls that do not exist.
pub(crate) async fn no_such_call(uri: Uri) -> Response {
    refusal(StatusCode::NOT_FOUND, format!("there is no `{}` in this API", uri.path()))
}
