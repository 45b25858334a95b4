//! Server-sent events: from a stream of events to a response that lasts.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::{Stream, StreamExt as _};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;

use super::answer::Asked;
use super::error;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// What a reader whose connection broke waits before it comes back, in milliseconds.
const RETRY_MS: u32 = 1_000;

/// Events on their way out.
#[derive(Default)]
pub(super) struct Events {
    bytes: Vec<u8>,
}

impl Events {
    /// What a stream begins with, so that its reader knows at once that it stands.
    pub(super) fn opening() -> Self {
        Self { bytes: format!(": open\nretry: {RETRY_MS}\n\n").into_bytes() }
    }

    /// Says that the stream is still there.
    pub(super) fn ping() -> Self {
        Self { bytes: b": ping\n\n".to_vec() }
    }

    /// Adds an event; `id` is where its reader may come back to.
    pub(super) fn add(&mut self, name: &str, id: Option<&str>, data: &impl Serialize) -> Result<()> {
        // JSON has no line ends outside strings, and escapes those inside.
        let data = serde_json::to_vec(data)?;
        self.add_json(name, id, &data);
        Ok(())
    }

    /// Adds an event whose data is JSON already.
    pub(super) fn add_json(&mut self, name: &str, id: Option<&str>, data: &[u8]) {
        if let Some(id) = id {
            self.bytes.extend_from_slice(format!("id: {id}\n").as_bytes());
        }
        self.bytes.extend_from_slice(format!("event: {name}\ndata: ").as_bytes());
        self.bytes.extend_from_slice(data);
        self.bytes.extend_from_slice(b"\n\n");
    }

    /// The last event of a stream that cannot go on.
    pub(super) fn failure(engine: &Engine, failed: &Error) -> Self {
        let mut events = Self::default();
        events.add_json("error", None, &error::body_of(failed, engine.clock().now_unix_nanos()));
        events
    }

    /// Adds other events after these.
    pub(super) fn append(&mut self, mut other: Self) {
        self.bytes.append(&mut other.bytes);
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes.into()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Opens a stream, and counts how that went; what happens on it later is said on it.
pub(super) async fn respond<S>(
    engine: &Engine,
    call: &'static str,
    open: impl Future<Output = Result<S>>,
) -> Response
where
    S: Stream<Item = std::result::Result<Bytes, Infallible>> + Send + 'static,
{
    let asked = Asked::new(engine, call);
    let opened = open.await;
    asked.answered(opened.as_ref().err());
    match opened {
        Ok(stream) => {
            let mut response = Response::new(Body::from_stream(stream.fuse()));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            // nginx would collect events before it passes them on.
            headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            response
        }
        Err(failure) => error::response(&failure, engine.clock().now_unix_nanos()),
    }
}
