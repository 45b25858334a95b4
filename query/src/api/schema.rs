//! `GET /api/v1/openapi.json`, and the shapes of answers that are written by hand and so describe themselves here. The
//! tests hold them against what is answered.
#![allow(dead_code, reason = "read by the derive alone")]

use std::collections::BTreeMap;

use axum::response::Response;
use http::StatusCode;
use serde_json::Value as Json;
use utoipa::{OpenApi as _, ToSchema};

use super::Description;
use super::answer::json;
use crate::engine::Stats;
use crate::flows::{
    Cause, Completeness, FlowLink, FlowState, Gap, Queue, Segment, ServiceSummary, Skew, TraceSummary,
    Truncated,
};

/// Answers the description of the API.
pub(super) async fn description() -> Response {
    match Description::openapi().to_json() {
        Ok(text) => json(StatusCode::OK, text.into_bytes()),
        Err(_) => json(StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
    }
}

/// Why a call was not answered.
#[derive(ToSchema)]
pub(super) struct Error {
    error: ErrorBody,
}

#[derive(ToSchema)]
struct ErrorBody {
    /// For programs: `syntax`, `invalid`, `too_costly`, …
    code: String,
    /// For people.
    message: String,
    /// Characters of `q` before the fault.
    position: Option<usize>,
    /// What could stand there.
    expected: Option<Vec<String>>,
}

/// A log record or a span.
#[derive(ToSchema)]
pub(super) struct Record {
    /// Opaque id.
    record: String,
    /// `logs` or `spans`.
    signal: String,
    /// Nanoseconds since 1970.
    time: String,
    service: String,
    owner: Option<String>,
    resource: BTreeMap<String, Json>,
    scope: Scope,
    /// Hex, or empty.
    trace_id: String,
    /// Hex, or empty.
    span_id: String,
    attributes: BTreeMap<String, Json>,
    correlation: Vec<Correlation>,
    /// Spans: nanoseconds since 1970.
    end: Option<String>,
    /// Spans.
    duration_ns: Option<String>,
    /// Spans.
    parent_span_id: Option<String>,
    /// Spans.
    name: Option<String>,
    /// Spans.
    kind: Option<String>,
    /// Spans.
    status: Option<String>,
    /// Spans.
    status_message: Option<String>,
    /// Spans.
    trace_state: Option<String>,
    /// Spans.
    events: Option<Vec<Event>>,
    /// Spans.
    links: Option<Vec<Link>>,
    /// Log records: nanoseconds since 1970.
    observed_time: Option<String>,
    /// Log records.
    severity: Option<String>,
    /// Log records.
    severity_number: Option<i64>,
    /// Log records.
    severity_text: Option<String>,
    /// Log records: any value.
    body: Option<Json>,
    /// Log records.
    event_name: Option<String>,
    /// Only when not 0.
    flags: Option<u32>,
    /// Only when not 0.
    dropped_attributes_count: Option<u64>,
    /// Only when not 0.
    dropped_events_count: Option<u64>,
    /// Only when not 0.
    dropped_links_count: Option<u64>,
    /// Only when it was too far in the future to index under.
    raw_time: Option<String>,
}

#[derive(ToSchema)]
struct Scope {
    name: String,
    version: String,
    attributes: BTreeMap<String, Json>,
}

#[derive(ToSchema)]
struct Correlation {
    key: String,
    value: String,
}

#[derive(ToSchema)]
struct Event {
    /// Nanoseconds since 1970.
    time: String,
    name: String,
    attributes: BTreeMap<String, Json>,
}

#[derive(ToSchema)]
struct Link {
    trace_id: String,
    span_id: String,
    attributes: BTreeMap<String, Json>,
}

/// A page of records.
#[derive(ToSchema)]
pub(super) struct Search {
    records: Vec<Record>,
    /// Where the next page begins.
    cursor: Option<String>,
    total: Option<u64>,
    stats: Stats,
    /// What may have been meant, when nothing was found.
    hint: Option<String>,
}

/// The records around one.
#[derive(ToSchema)]
pub(super) struct Context {
    record: Record,
    /// `flow`, `instance` or `service`.
    within: String,
    before: Vec<Record>,
    after: Vec<Record>,
    stats: Stats,
}

/// Everything that shares an id.
#[derive(ToSchema)]
pub(super) struct Flow {
    id: String,
    keys: Vec<String>,
    state: FlowState,
    cause: Option<Cause>,
    completeness: Completeness,
    /// Nanoseconds since 1970.
    start: String,
    /// Nanoseconds since 1970.
    end: String,
    /// Whether times are by the clock of the flow's first service.
    adjusted: bool,
    busy_ns: String,
    queue_ns: String,
    traces: Vec<TraceSummary>,
    services: Vec<ServiceSummary>,
    span_count: u64,
    log_count: u64,
    error_count: u64,
    duplicate_count: u64,
    truncated: Option<Truncated>,
    links: Vec<FlowLink>,
    queues: Vec<Queue>,
    critical_path: Vec<Segment>,
    gaps: Vec<Gap>,
    skew: Option<Skew>,
    spans: Vec<Record>,
    logs: Vec<Record>,
    stats: Stats,
}
