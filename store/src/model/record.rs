//! One record as a query gets it back.

use std::sync::Arc;

use super::ids::{RecordId, SpanId, TraceId};
use super::signal::{Severity, Signal, SpanKind, SpanStatus};
use super::stream::Stream;
use super::time::UnixNanos;
use super::value::{KeyValueRef, ValueRef, embedded};

/// A log record or a span, whole.
///
/// The named fields and [`rest`](Self::rest) together hold every field of the OTLP message. A scalar field that is
/// set in `rest` wins over the named field, which then holds what is indexed (a clamped time, an unknown enum value).
#[derive(Debug, Clone)]
pub struct Record {
    /// Where it is.
    pub id: RecordId,
    /// Log record or span.
    pub signal: Signal,
    /// Its resource and scope.
    pub stream: Arc<Stream>,
    /// The time it is indexed under; see [`time_is_set`](Self::time_is_set).
    pub time: UnixNanos,
    /// Whether `time` came with the record (`time_unix_nano`, `start_time_unix_nano`) or stands in for an absent one.
    pub time_is_set: bool,
    /// `end_time_unix_nano` of a span, `observed_time_unix_nano` of a log record; 0 when unset.
    pub end_or_observed: UnixNanos,
    /// `severity_number` of a log record, or `kind` of a span.
    pub severity_or_kind: u8,
    /// Status code of a span; meaningful when `status_is_set`.
    pub status: SpanStatus,
    /// Whether the span carries a `Status` message (its text, if any, is in `rest`).
    pub status_is_set: bool,
    /// `flags`.
    pub flags: u32,
    /// Its trace.
    pub trace_id: Option<TraceId>,
    /// The span itself, or the span that a log record was written in.
    pub span_id: Option<SpanId>,
    /// Parent of a span.
    pub parent_span_id: Option<SpanId>,
    /// Name of a span, `event_name` of a log record.
    pub name: String,
    /// `severity_text` of a log record.
    pub severity_text: String,
    /// Body of a log record.
    pub body: RecordBody,
    /// `KeyValue` messages, in order, repeated keys included.
    pub attributes: Vec<Vec<u8>>,
    /// What correlation extraction found at ingest: (key, value).
    pub correlations: Vec<(String, String)>,
    /// The remaining fields, as a fragment of the OTLP message (`Span` or `LogRecord`).
    pub rest: Vec<u8>,
}

/// Body of a log record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordBody {
    /// No body.
    None,
    /// A string.
    Text(String),
    /// Any other value, as an `AnyValue` message.
    Value(Vec<u8>),
}

/// Field numbers of OTLP's `Span`, `Span.Event` and `Span.Link` that are read out of `rest`.
pub(crate) const SPAN_EVENTS: u32 = 11;
pub(crate) const SPAN_LINKS: u32 = 13;
pub(crate) const EVENT_NAME: u32 = 2;
pub(crate) const EVENT_ATTRIBUTES: u32 = 3;
pub(crate) const LINK_TRACE_ID: u32 = 1;
pub(crate) const LINK_SPAN_ID: u32 = 2;
pub(crate) const LINK_ATTRIBUTES: u32 = 4;

impl Record {
    /// Length of a span in nanoseconds; 0 for a log record, an unset end, or an end before the start.
    pub fn duration(&self) -> u64 {
        match self.signal {
            Signal::Spans => self.end_or_observed.saturating_sub(self.time),
            Signal::Logs => 0,
        }
    }

    /// Severity of a log record.
    pub fn severity(&self) -> Severity {
        match self.signal {
            Signal::Logs => Severity::from_number(self.severity_or_kind),
            Signal::Spans => Severity::Unspecified,
        }
    }

    /// Kind of a span.
    pub fn kind(&self) -> SpanKind {
        match self.signal {
            Signal::Spans => SpanKind::from_u8(self.severity_or_kind),
            Signal::Logs => SpanKind::Unspecified,
        }
    }

    /// Whether it tells of a failure: a span with status error, a log record of severity error or fatal.
    pub fn is_error(&self) -> bool {
        match self.signal {
            Signal::Spans => self.status == SpanStatus::Error,
            Signal::Logs => self.severity() >= Severity::Error,
        }
    }

    /// Bytes it holds in memory, about.
    pub fn memory(&self) -> usize {
        let body = match &self.body {
            RecordBody::None => 0,
            RecordBody::Text(text) => text.len(),
            RecordBody::Value(value) => value.len(),
        };
        let attributes: usize = self.attributes.iter().map(|one| size_of::<Vec<u8>>() + one.len()).sum();
        let pair = |(key, value): &(String, String)| 2 * size_of::<String>() + key.len() + value.len();
        let correlations: usize = self.correlations.iter().map(pair).sum();
        let texts = self.name.len() + self.severity_text.len() + self.rest.len();
        size_of::<Self>() + body + attributes + correlations + texts
    }

    /// Its attributes, read.
    pub fn attributes(&self) -> impl Iterator<Item = KeyValueRef<'_>> {
        self.attributes.iter().map(|raw| KeyValueRef::parse(raw))
    }

    /// The text of a string body; empty otherwise.
    pub fn body_text(&self) -> &str {
        match &self.body {
            RecordBody::Text(text) => text,
            RecordBody::None | RecordBody::Value(_) => "",
        }
    }

    /// The body as a value.
    pub fn body_value(&self) -> ValueRef<'_> {
        match &self.body {
            RecordBody::None => ValueRef::Empty,
            RecordBody::Text(text) => ValueRef::Str(text),
            RecordBody::Value(any_value) => ValueRef::parse(any_value),
        }
    }

    /// Trace and span ids that the span links to; links with an invalid trace id are left out.
    pub fn links(&self) -> impl Iterator<Item = (TraceId, Option<SpanId>)> {
        let links = if self.signal == Signal::Spans { self.rest.as_slice() } else { &[] };
        embedded(links, SPAN_LINKS).filter_map(|link| {
            let trace_id = TraceId::from_bytes(embedded(link, LINK_TRACE_ID).last()?)?;
            Some((trace_id, embedded(link, LINK_SPAN_ID).last().and_then(SpanId::from_bytes)))
        })
    }
}
