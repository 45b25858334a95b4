//! The API's answers as far as they are printed. What an older or newer server leaves out has a default.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A log record or a span.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    /// `logs` or `spans`.
    pub signal: String,
    /// Nanoseconds since the Unix epoch.
    #[serde(deserialize_with = "nanos")]
    pub time: u64,
    /// Nanoseconds; of spans.
    #[serde(deserialize_with = "nanos")]
    pub duration_ns: u64,
    /// Who sent it.
    pub service: String,
    /// Hex, or empty.
    pub trace_id: String,
    /// Hex, or empty.
    pub span_id: String,
    /// Hex, or empty.
    pub parent_span_id: String,
    /// Of spans.
    pub name: String,
    /// Of spans.
    pub kind: String,
    /// `unset`, `ok`, `error`; of spans.
    pub status: String,
    /// What the status says; of spans.
    pub status_message: String,
    /// Of log records.
    pub severity: String,
    /// Of log records.
    pub severity_number: i64,
    /// Of log records.
    pub body: Value,
    /// Of log records.
    pub event_name: String,
    /// The record's own attributes.
    pub attributes: BTreeMap<String, Value>,
    /// Ids under correlation keys.
    pub correlation: Vec<Correlation>,
}

/// An id under a correlation key.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Correlation {
    /// Name of the key.
    pub key: String,
    /// The id.
    pub value: String,
}

/// One page of a search.
#[derive(Debug, Deserialize)]
pub(crate) struct SearchPage {
    /// Newest first.
    pub records: Vec<Record>,
    /// Where the next page begins.
    pub cursor: Option<String>,
    /// Of all that match, when they were counted.
    pub total: Option<u64>,
}

/// What a string is.
#[derive(Debug, Deserialize)]
pub(crate) struct Find {
    /// One for each thing it is.
    pub matches: Vec<Match>,
}

/// One thing that a string is.
#[derive(Debug, Deserialize)]
pub(crate) struct Match {
    /// `trace`, `span`, `flow`.
    pub kind: String,
    /// Correlation key of a flow.
    pub key: Option<String>,
    /// Canonical form.
    pub id: String,
    /// Time of the first record that carries it.
    #[serde(deserialize_with = "nanos")]
    pub first: u64,
    /// Time of the last.
    #[serde(deserialize_with = "nanos")]
    pub last: u64,
    /// Spans that carry it.
    pub spans: u64,
    /// Log records that carry it.
    pub logs: u64,
}

/// Everything that shares an id.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Flow {
    /// In canonical form.
    pub id: String,
    /// Keys the id stands under.
    pub keys: Vec<String>,
    /// `ok`, `error`, `running`, `stuck`.
    pub state: String,
    /// What failed first of all.
    pub cause: Option<Cause>,
    /// Whether all of it is here.
    pub completeness: Completeness,
    /// Nanoseconds since the Unix epoch.
    #[serde(deserialize_with = "nanos")]
    pub start: u64,
    /// Nanoseconds since the Unix epoch.
    #[serde(deserialize_with = "nanos")]
    pub end: u64,
    /// Nanoseconds in which a span ran.
    #[serde(deserialize_with = "nanos")]
    pub busy_ns: u64,
    /// By start.
    pub traces: Vec<Trace>,
    /// By first appearance.
    pub services: Vec<Service>,
    /// Spans with status error, log records of severity error and above.
    pub error_count: u64,
    /// Records that were stored more than once.
    pub duplicate_count: u64,
    /// What a bound left out.
    pub truncated: Option<Truncated>,
    /// Links of its spans.
    pub links: Vec<Link>,
    /// Waits between a producer and its consumers, over links or not.
    pub queues: Vec<Queue>,
    /// By time.
    pub spans: Vec<Record>,
    /// By time.
    pub logs: Vec<Record>,
}

/// The record that explains a failed flow.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Cause {
    /// `spans` or `logs`.
    pub signal: String,
    /// Where it failed.
    pub service: String,
    /// Who answers for that service.
    pub owner: Option<String>,
    /// Of the span, or of the log record's event.
    pub name: String,
    /// What it says.
    pub message: String,
    /// Hex, or empty.
    pub trace_id: String,
    /// Hex, or empty.
    pub span_id: String,
    /// Nanoseconds since the Unix epoch.
    #[serde(deserialize_with = "nanos")]
    pub time: u64,
}

/// Whether a flow is all there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Completeness {
    /// `complete`, `incomplete`, `unknown`.
    pub verdict: String,
    /// Why, and what else is odd.
    pub reasons: Vec<Reason>,
}

/// One observation.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reason {
    /// For people.
    pub message: String,
}

/// One trace of a flow.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Trace {
    /// Hex.
    pub trace_id: String,
    /// Service of its root.
    pub root_service: String,
    /// Name of its root.
    pub root_name: String,
    /// Spans.
    pub span_count: u64,
    /// Log records.
    pub log_count: u64,
    /// Failed ones of both.
    pub error_count: u64,
    /// What made it happen.
    pub linked_from: Option<LinkedFrom>,
}

/// The span in another trace that made a trace happen.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LinkedFrom {
    /// The other trace.
    pub trace_id: String,
    /// The span there, or empty.
    #[serde(default)]
    pub span_id: String,
    /// Empty when the span is not here.
    pub service: String,
    /// Nanoseconds from that span's end.
    #[serde(deserialize_with = "optional_nanos", default)]
    pub queue_ns: Option<u64>,
}

/// A service's part of a flow.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Service {
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

/// What a bound left out.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Truncated {
    /// Which bound.
    pub reason: String,
    /// Spans left out.
    pub spans: u64,
    /// Log records left out.
    pub logs: u64,
    /// Traces not followed.
    pub traces: u64,
}

/// A span link.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Link {
    /// Trace of the span that holds it.
    pub trace_id: String,
    /// The span that holds it.
    pub span_id: String,
    /// Trace it names.
    pub to_trace_id: String,
    /// Span it names.
    pub to_span_id: String,
    /// Nanoseconds from the named span's end.
    #[serde(deserialize_with = "optional_nanos", default)]
    pub queue_ns: Option<u64>,
}

/// A message's wait.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Queue {
    /// Trace of the span that took it.
    pub trace_id: String,
    /// The span that took it.
    pub span_id: String,
    /// Nanoseconds.
    #[serde(deserialize_with = "optional_nanos", default)]
    pub queue_ns: Option<u64>,
}

/// Recent flows.
#[derive(Debug, Deserialize)]
pub(crate) struct Flows {
    /// The newest first.
    pub flows: Vec<FlowSummary>,
    /// Where the next page begins.
    pub cursor: Option<String>,
    /// Why the page ends before it is full.
    #[serde(default)]
    pub truncated: Option<Cut>,
}

/// A bound that an answer ran into.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Cut {
    /// Which one.
    pub reason: String,
}

/// One of the recent flows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FlowSummary {
    /// Correlation key.
    pub key: String,
    /// The id under it.
    pub id: String,
    /// `ok`, `error`, `running`, `stuck`.
    pub state: String,
    /// What failed first of all.
    pub cause: Option<Cause>,
    /// Nanoseconds since the Unix epoch.
    #[serde(deserialize_with = "nanos")]
    pub start: u64,
    /// Nanoseconds.
    #[serde(deserialize_with = "nanos")]
    pub duration_ns: u64,
    /// Names.
    pub services: Vec<String>,
    /// Spans.
    pub span_count: u64,
    /// Log records.
    pub log_count: u64,
    /// Failed ones of both.
    pub error_count: u64,
    /// Why not all of it was counted.
    pub truncated: Option<Cut>,
}

/// Who sent something.
#[derive(Debug, Deserialize)]
pub(crate) struct Services {
    /// By name.
    pub services: Vec<ServiceReport>,
}

/// One sender.
#[derive(Debug, Deserialize)]
pub(crate) struct ServiceReport {
    /// Counts.
    #[serde(flatten)]
    pub service: Service,
    /// Requests it served.
    pub request_count: Option<u64>,
    /// Failed ones of these.
    pub request_error_count: Option<u64>,
    /// Requests each second.
    #[serde(default)]
    pub request_rate: Option<Value>,
    /// Nanoseconds.
    #[serde(deserialize_with = "optional_nanos", default)]
    pub p50_ns: Option<u64>,
    /// Nanoseconds.
    #[serde(deserialize_with = "optional_nanos", default)]
    pub p95_ns: Option<u64>,
    /// Nanoseconds.
    #[serde(deserialize_with = "optional_nanos", default)]
    pub p99_ns: Option<u64>,
}

/// Groups and what was measured of each.
#[derive(Debug, Deserialize)]
pub(crate) struct Stats {
    /// In order.
    pub groups: Vec<Group>,
    /// Groups left out.
    #[serde(default)]
    pub truncated: u64,
    /// By field, records whose value is no number.
    #[serde(default)]
    pub ignored: BTreeMap<String, u64>,
    /// Measures of which some value is an estimate.
    #[serde(default)]
    pub approximate: Vec<String>,
}

/// One group.
#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    /// Field to value.
    #[serde(default)]
    pub by: BTreeMap<String, Value>,
    /// Measure to value.
    #[serde(default)]
    pub values: BTreeMap<String, Value>,
    /// The same over time.
    #[serde(default)]
    pub series: Vec<Bucket>,
}

/// What was measured of a group in one bucket of time.
#[derive(Debug, Deserialize)]
pub(crate) struct Bucket {
    /// Its first nanosecond.
    #[serde(deserialize_with = "nanos")]
    pub start: u64,
    /// Measure to value.
    pub values: BTreeMap<String, Value>,
}

impl Cause {
    /// Who failed and what it says.
    pub(crate) fn summary(&self) -> String {
        format!("{}: {}", self.service, if self.message.is_empty() { &self.name } else { &self.message })
    }
}

impl Record {
    /// Whether it is a span.
    pub(crate) fn is_span(&self) -> bool {
        self.signal == "spans"
    }

    /// Whether it says that something failed.
    pub(crate) fn is_error(&self) -> bool {
        if self.is_span() { self.status == "error" } else { self.severity_number >= 17 }
    }

    /// What it says: a span's name, a log record's body, else its event's name.
    pub(crate) fn words(&self) -> String {
        match &self.body {
            _ if self.is_span() => self.name.clone(),
            Value::Null => self.event_name.clone(),
            body => plain(body),
        }
    }

    /// When a span ended; of a log record, when it was.
    pub(crate) fn end(&self) -> u64 {
        self.time.saturating_add(self.duration_ns)
    }
}

/// A value as text: strings as themselves, the rest as JSON.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Nanoseconds as a decimal string, or as a number; nothing is 0.
fn nanos<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    optional_nanos(deserializer).map(Option::unwrap_or_default)
}

fn optional_nanos<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Number(u64),
        Double(f64),
    }
    match Option::<Written>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Written::Text(text)) => text.parse().map(Some).map_err(serde::de::Error::custom),
        Some(Written::Number(number)) => Ok(Some(number)),
        Some(Written::Double(double)) => Ok(Some(double.max(0.0) as u64)),
    }
}
