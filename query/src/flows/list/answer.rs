//! The answer about recent flows.

use serde::Serialize;
use spoor_store::model::UnixNanos;
use utoipa::ToSchema;

use crate::engine::Stats;
use crate::flows::{Cause, FlowState, Truncated};
use crate::json;

/// A page of flows, those with the newest records first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FlowListAnswer {
    /// The flows.
    pub flows: Vec<ListedFlow>,
    /// Where the next page begins; `None` when this is the last.
    pub cursor: Option<String>,
    /// Flows looked at to find these.
    pub examined: usize,
    /// Why the page holds fewer than asked for, though there may be more.
    pub truncated: Option<ListTruncated>,
    /// What the answer cost.
    pub stats: Stats,
}

/// A bound that ended a page early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListTruncated {
    /// Which bound, for people.
    pub reason: String,
}

/// A flow in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListedFlow {
    /// Correlation key.
    pub key: String,
    /// The id.
    pub id: String,
    /// How it stands.
    pub state: FlowState,
    /// What failed first of all, when something did.
    pub cause: Option<ListedCause>,
    /// Time of its first record.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub start: UnixNanos,
    /// Time of its last record or end of its last span.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub end: UnixNanos,
    /// Nanoseconds between the two.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub duration_ns: u64,
    /// Its services by first appearance.
    pub services: Vec<String>,
    /// Spans.
    pub span_count: u64,
    /// Log records.
    pub log_count: u64,
    /// Failed ones of both.
    pub error_count: u64,
    /// Traces.
    pub trace_count: u64,
    /// What a bound left out; then the counts are the least there are.
    pub truncated: Option<Truncated>,
}

/// The cause of a failed flow in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListedCause {
    /// The service it comes from.
    pub service: String,
    /// Who answers for that service.
    pub owner: Option<String>,
    /// What it says of the failure.
    pub message: String,
    /// When.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub time: UnixNanos,
}

impl From<Cause> for ListedCause {
    fn from(cause: Cause) -> Self {
        Self { service: cause.service, owner: cause.owner, message: cause.message, time: cause.time }
    }
}
