//! Traces in Jaeger's own JSON, as jaeger-ui and Grafana read it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A trace.
#[derive(Debug, Serialize)]
pub(crate) struct TraceJson {
    #[serde(rename = "traceID")]
    pub(crate) trace_id: String,
    pub(crate) spans: Vec<SpanJson>,
    pub(crate) processes: BTreeMap<String, ProcessJson>,
    pub(crate) warnings: Option<Vec<String>>,
}

/// A span. Times are microseconds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpanJson {
    #[serde(rename = "traceID")]
    pub(crate) trace_id: String,
    #[serde(rename = "spanID")]
    pub(crate) span_id: String,
    pub(crate) operation_name: String,
    pub(crate) references: Vec<ReferenceJson>,
    pub(crate) start_time: u64,
    pub(crate) duration: u64,
    pub(crate) tags: Vec<TagJson>,
    pub(crate) logs: Vec<LogJson>,
    #[serde(rename = "processID")]
    pub(crate) process_id: String,
    pub(crate) warnings: Option<Vec<String>>,
}

/// Another span that this one follows from or is a child of.
#[derive(Debug, Serialize)]
pub(crate) struct ReferenceJson {
    #[serde(rename = "refType")]
    pub(crate) kind: &'static str,
    #[serde(rename = "traceID")]
    pub(crate) trace_id: String,
    #[serde(rename = "spanID")]
    pub(crate) span_id: String,
}

/// A tag: `type` is `string`, `bool`, `int64`, `float64` or `binary`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TagJson {
    pub(crate) key: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) value: Value,
}

/// What happened within a span, and when, in microseconds.
#[derive(Debug, Serialize)]
pub(crate) struct LogJson {
    pub(crate) timestamp: u64,
    pub(crate) fields: Vec<TagJson>,
}

/// Where spans come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessJson {
    pub(crate) service_name: String,
    pub(crate) tags: Vec<TagJson>,
}
