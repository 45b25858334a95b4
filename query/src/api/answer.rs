//! From a call to its response: timing, counting, JSON.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use super::error;
use crate::engine::Engine;
use crate::error::Result;
use crate::metrics::{Call, Outcome};

/// Answers with more records are not written on the async threads.
const INLINE_RECORDS_MAX: usize = 100;

/// What a call answers.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    /// Where the next page begins, when the body has no place to say it.
    pub(super) cursor: Option<String>,
}

impl From<Vec<u8>> for Answer {
    fn from(body: Vec<u8>) -> Self {
        Self { body, cursor: None }
    }
}

/// Runs a call, times and counts it, and makes its response.
pub(super) async fn respond(
    engine: &Engine,
    call: &'static str,
    work: impl Future<Output = Result<Answer>>,
) -> Response {
    respond_with(engine, call, async {
        let answer = work.await?;
        let mut response = json(StatusCode::OK, answer.body);
        if let Some(cursor) = answer.cursor.and_then(|cursor| HeaderValue::from_str(&cursor).ok()) {
            response.headers_mut().insert("x-spoor-cursor", cursor);
        }
        Ok(response)
    })
    .await
}

/// As [`respond`], for a call that makes its own response.
pub(super) async fn respond_with(
    engine: &Engine,
    call: &'static str,
    work: impl Future<Output = Result<Response>>,
) -> Response {
    let mut asked = Asked { engine, call, began: engine.clock().monotonic(), answered: false };
    let result = work.await;
    asked.answered = true;
    let outcome = result.as_ref().map_or_else(|error| error.kind().name(), |_| "ok");
    engine.metrics().requests.get_or_create(&Outcome { call, outcome }).inc();
    match result {
        Ok(response) => response,
        // The moment names the fault in the log.
        Err(failure) => error::response(&failure, engine.clock().now_unix_nanos()),
    }
}

/// Writes an answer of `records` records, on a computing thread when there are many.
pub(super) async fn write(
    engine: &Engine,
    records: usize,
    write: impl FnOnce() -> serde_json::Result<Vec<u8>> + Send + 'static,
) -> Result<Vec<u8>> {
    if records <= INLINE_RECORDS_MAX {
        return Ok(write()?);
    }
    Ok(engine.cpu().run(write).await??)
}

/// A response of JSON.
pub(super) fn json(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A call that is not answered yet; dropped so, its client has left.
struct Asked<'a> {
    engine: &'a Engine,
    call: &'static str,
    began: Duration,
    answered: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let metrics = self.engine.metrics();
        let elapsed = self.engine.clock().monotonic().saturating_sub(self.began);
        metrics.seconds.get_or_create(&Call { call: self.call }).observe(elapsed.as_secs_f64());
        if !self.answered {
            metrics.cancelled.inc();
        }
    }
}
