//! The answer about one flow.

use serde::Serialize;
use spoor_store::model::{Record, RecordId, SpanId, TraceId, UnixNanos};
use utoipa::ToSchema;

use super::critical_path::Segment;
use super::gaps::Gap;
use super::queues::Queue;
use super::skew::Skew;
use super::timeline::Timeline;
use crate::engine::Stats;
use crate::json;

/// A whole flow.
#[derive(Debug)]
pub struct Flow {
    /// The id it was asked by, in canonical form.
    pub id: String,
    /// What the id is: correlation keys it stands under, `trace_id`, `span_id`.
    pub keys: Vec<String>,
    /// How it stands.
    pub state: FlowState,
    /// What failed first of all, when something did.
    pub cause: Option<Cause>,
    /// Whether all of it is here.
    pub completeness: Completeness,
    /// Time of its first record.
    pub start: UnixNanos,
    /// Time of its last record or end of its last span.
    pub end: UnixNanos,
    /// Nanoseconds in which at least one span ran.
    pub busy_ns: u64,
    /// Its traces by start.
    pub traces: Vec<TraceSummary>,
    /// Its services by first appearance.
    pub services: Vec<ServiceSummary>,
    /// Spans of the flow.
    pub span_count: u64,
    /// Log records of the flow.
    pub log_count: u64,
    /// Spans with status error, log records of severity error and above.
    pub error_count: u64,
    /// Records that were stored more than once and are here once.
    pub duplicate_count: u64,
    /// What a bound left out.
    pub truncated: Option<Truncated>,
    /// Links of its spans.
    pub links: Vec<FlowLink>,
    /// Waits between its producers and consumers.
    pub queues: Vec<Queue>,
    /// Nanoseconds of all those waits; of messages that waited at once, each counts.
    pub queue_ns: u64,
    /// What made it take as long as it did.
    pub critical_path: Vec<Segment>,
    /// Stretches that nothing tells of.
    pub gaps: Vec<Gap>,
    /// Clocks that differ, when some do.
    pub skew: Option<Skew>,
    /// The times of spans and logs by the clock of the first service, when they were asked for; then all times and
    /// lengths above are by that clock. The records keep theirs.
    pub(crate) adjusted: Option<Timeline>,
    /// Its spans by time.
    pub spans: Vec<Record>,
    /// Its log records by time.
    pub logs: Vec<Record>,
    /// What the answer cost.
    pub stats: Stats,
}

/// How a flow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlowState {
    /// Ended without an error.
    Ok,
    /// Something in it failed.
    Error,
    /// Records still arrive, or parents are awaited.
    Running,
    /// A flow rule's end is overdue.
    Stuck,
}

/// The record that explains a failed flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Cause {
    /// The record.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub record: RecordId,
    /// `spans` or `logs`.
    pub signal: &'static str,
    /// The service it comes from.
    pub service: String,
    /// Who answers for that service.
    pub owner: Option<String>,
    /// Span name, or event name of a log record.
    pub name: String,
    /// What it says of the failure.
    pub message: String,
    /// Its trace, or empty.
    pub trace_id: String,
    /// Its span, or empty.
    pub span_id: String,
    /// When.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub time: UnixNanos,
}

/// Whether a flow is all there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Completeness {
    /// In one word.
    pub verdict: Verdict,
    /// Why, and what else is odd.
    pub reasons: Vec<Reason>,
}

/// Completeness in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing says that a record is missing.
    Complete,
    /// Records are missing.
    Incomplete,
    /// Nothing can be said.
    Unknown,
}

/// One observation about a flow's completeness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
    /// Its name.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// How many times.
    pub count: u64,
}

/// One trace of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TraceSummary {
    /// Its id.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub trace_id: TraceId,
    /// Service of its first root, else of its first record.
    pub root_service: String,
    /// Name of its first root, else of its first span; empty without spans.
    pub root_name: String,
    /// Time of its first record.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub start: UnixNanos,
    /// Time of its last record or end of its last span.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub end: UnixNanos,
    /// Spans.
    pub span_count: u64,
    /// Log records.
    pub log_count: u64,
    /// Failed ones of both.
    pub error_count: u64,
    /// What made it happen, in another trace of the flow.
    pub linked_from: Option<LinkedFrom>,
}

/// The span in another trace that a trace's first link names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkedFrom {
    /// The other trace.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub trace_id: TraceId,
    /// The span there, or empty.
    pub span_id: String,
    /// Service of that span; empty when the span is not here.
    pub service: String,
    /// Nanoseconds from that span's end to this one's start; `None` when the span is not here.
    #[serde(serialize_with = "json::optional_nanos")]
    #[schema(value_type = Option<String>)]
    pub queue_ns: Option<u64>,
}

/// A service's part of a flow, or of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServiceSummary {
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Spans.
    pub span_count: u64,
    /// Log records.
    pub log_count: u64,
    /// Failed ones of both.
    pub error_count: u64,
}

/// What bounds left out of a flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Truncated {
    /// Which bound, for people.
    pub reason: String,
    /// Spans left out.
    pub spans: u64,
    /// Log records left out.
    pub logs: u64,
    /// Traces not followed.
    pub traces: u64,
}

/// A span link, from the span that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FlowLink {
    /// Trace of the span that holds it.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub trace_id: TraceId,
    /// The span that holds it.
    #[serde(serialize_with = "json::id_or_empty")]
    #[schema(value_type = String)]
    pub span_id: Option<SpanId>,
    /// Trace it names.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub to_trace_id: TraceId,
    /// Span it names.
    #[serde(serialize_with = "json::id_or_empty")]
    #[schema(value_type = String)]
    pub to_span_id: Option<SpanId>,
    /// Nanoseconds from the named span's end to the holder's start; `None` when the named span is not here.
    #[serde(serialize_with = "json::optional_nanos")]
    #[schema(value_type = Option<String>)]
    pub queue_ns: Option<u64>,
}
