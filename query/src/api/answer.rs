//! From a call to its response: timing, counting, JSON.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use super::error;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::metrics::{Call, Outcome};

/// Answers with more records are not written on the async threads.
pub(super) const INLINE_RECORDS_MAX: usize = 100;

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
    match observe(engine, call, work).await {
        Ok(response) => response,
        // The moment names the fault in the log.
        Err(failure) => error::response(&failure, engine.clock().now_unix_nanos()),
    }
}

/// Runs a call, times and counts it.
pub(crate) async fn observe<T>(
    engine: &Engine,
    call: &'static str,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let asked = Asked::new(engine, call);
    let result = work.await;
    asked.answered(result.as_ref().err());
    result
}

/// Writes an answer of `records` records, on a computing thread when there are many.
pub(crate) async fn write(
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
pub(crate) fn json(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A call that is not answered yet; dropped so, its client has left.
pub(super) struct Asked<'a> {
    engine: &'a Engine,
    call: &'static str,
    began: Duration,
    answered: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn new(engine: &'a Engine, call: &'static str) -> Self {
        Self { engine, call, began: engine.clock().monotonic(), answered: false }
    }

    /// Counts the answer, a refusal too.
    pub(super) fn answered(mut self, failure: Option<&Error>) {
        self.answered = true;
        let outcome = failure.map_or("ok", |error| error.kind().name());
        self.engine.metrics().requests.get_or_create(&Outcome { call: self.call, outcome }).inc();
    }
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
