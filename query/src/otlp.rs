//! Records back to OTLP: the inverse of what the collector made of a request, field for field.

use std::collections::HashMap;

use prost::Message as _;
use serde::Serialize;
use spoor_proto::otlp::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, LogRecord, Resource, ResourceLogs,
    ResourceSpans, ScopeLogs, ScopeSpans, Span, Status, any_value::Value,
};
use spoor_store::model::value::{array_items, map_entries};
use spoor_store::model::{KeyValueRef, Record, RecordBody, Signal, StreamParts, ValueRef};

/// Records as one OTLP document: both signals, grouped by resource and scope as they came.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OtlpDocument {
    /// The spans.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_spans: Vec<ResourceSpans>,
    /// The log records.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_logs: Vec<ResourceLogs>,
}

/// The span as it came.
pub fn to_span(record: &Record) -> Span {
    let mut span = Span::decode(record.rest.as_slice()).unwrap_or_default();
    if span.start_time_unix_nano == 0 && record.time_is_set {
        span.start_time_unix_nano = record.time;
    }
    fill(&mut span.end_time_unix_nano, record.end_or_observed);
    fill(&mut span.kind, i32::from(record.severity_or_kind));
    fill(&mut span.flags, record.flags);
    if span.status.is_none() && record.status_is_set {
        span.status = Some(Status { message: String::new(), code: record.status as i32 });
    }
    fill_id(&mut span.trace_id, record.trace_id.as_ref().map(|id| id.as_bytes().as_slice()));
    fill_id(&mut span.span_id, record.span_id.as_ref().map(|id| id.as_bytes().as_slice()));
    fill_id(&mut span.parent_span_id, record.parent_span_id.as_ref().map(|id| id.as_bytes().as_slice()));
    if span.name.is_empty() {
        span.name.clone_from(&record.name);
    }
    span.attributes.extend(record.attributes.iter().map(|raw| key_value(raw)));
    span
}

/// The log record as it came.
pub fn to_log(record: &Record) -> LogRecord {
    let mut log = LogRecord::decode(record.rest.as_slice()).unwrap_or_default();
    if log.time_unix_nano == 0 && record.time_is_set {
        log.time_unix_nano = record.time;
    }
    fill(&mut log.observed_time_unix_nano, record.end_or_observed);
    fill(&mut log.severity_number, i32::from(record.severity_or_kind));
    fill(&mut log.flags, record.flags);
    fill_id(&mut log.trace_id, record.trace_id.as_ref().map(|id| id.as_bytes().as_slice()));
    fill_id(&mut log.span_id, record.span_id.as_ref().map(|id| id.as_bytes().as_slice()));
    if log.event_name.is_empty() {
        log.event_name.clone_from(&record.name);
    }
    if log.severity_text.is_empty() {
        log.severity_text.clone_from(&record.severity_text);
    }
    match &record.body {
        RecordBody::None => {}
        RecordBody::Text(text) => log.body = Some(AnyValue { value: Some(Value::StringValue(text.clone())) }),
        RecordBody::Value(raw) => log.body = Some(any_value(raw)),
    }
    log.attributes.extend(record.attributes.iter().map(|raw| key_value(raw)));
    log
}

/// All records, grouped by resource and scope in order of their first record.
pub fn to_document<'a>(records: impl IntoIterator<Item = &'a Record>) -> OtlpDocument {
    let mut document = OtlpDocument::default();
    let mut spans = Groups::default();
    let mut logs = Groups::default();
    for record in records {
        let parts = &record.stream.parts;
        let groups = if record.signal == Signal::Spans { &mut spans } else { &mut logs };
        let (resource, scope) = groups.place(parts);
        match record.signal {
            Signal::Spans => {
                let list = &mut document.resource_spans;
                if resource == list.len() {
                    let schema_url = parts.resource_schema_url.clone();
                    list.push(ResourceSpans {
                        resource: resource_of(parts),
                        scope_spans: Vec::new(),
                        schema_url,
                    });
                }
                let scopes = &mut list[resource].scope_spans;
                if scope == scopes.len() {
                    let schema_url = parts.scope_schema_url.clone();
                    scopes.push(ScopeSpans { scope: scope_of(parts), spans: Vec::new(), schema_url });
                }
                scopes[scope].spans.push(to_span(record));
            }
            Signal::Logs => {
                let list = &mut document.resource_logs;
                if resource == list.len() {
                    let schema_url = parts.resource_schema_url.clone();
                    list.push(ResourceLogs {
                        resource: resource_of(parts),
                        scope_logs: Vec::new(),
                        schema_url,
                    });
                }
                let scopes = &mut list[resource].scope_logs;
                if scope == scopes.len() {
                    let schema_url = parts.scope_schema_url.clone();
                    scopes.push(ScopeLogs { scope: scope_of(parts), log_records: Vec::new(), schema_url });
                }
                scopes[scope].log_records.push(to_log(record));
            }
        }
    }
    document
}

/// Places of resources, and of scopes within each, in order of first appearance.
#[derive(Default)]
struct Groups<'a> {
    resources: Places<'a>,
    scopes: Vec<Places<'a>>,
}

/// Places by message and schema URL.
type Places<'a> = HashMap<(Option<&'a [u8]>, &'a str), usize>;

impl<'a> Groups<'a> {
    fn place(&mut self, parts: &'a StreamParts) -> (usize, usize) {
        let next = self.resources.len();
        let resource = (parts.resource.as_deref(), parts.resource_schema_url.as_str());
        let resource = *self.resources.entry(resource).or_insert(next);
        if resource == self.scopes.len() {
            self.scopes.push(HashMap::new());
        }
        let scopes = &mut self.scopes[resource];
        let next = scopes.len();
        let scope = *scopes.entry((parts.scope.as_deref(), parts.scope_schema_url.as_str())).or_insert(next);
        (resource, scope)
    }
}

pub(crate) fn resource_of(parts: &StreamParts) -> Option<Resource> {
    parts.resource.as_deref().map(|raw| Resource::decode(raw).unwrap_or_default())
}

pub(crate) fn scope_of(parts: &StreamParts) -> Option<InstrumentationScope> {
    parts.scope.as_deref().map(|raw| InstrumentationScope::decode(raw).unwrap_or_default())
}

/// What is set in the remaining fields wins over the column.
fn fill<T: Default + PartialEq>(field: &mut T, column: T) {
    if *field == T::default() {
        *field = column;
    }
}

fn fill_id(field: &mut Vec<u8>, column: Option<&[u8]>) {
    if field.is_empty()
        && let Some(id) = column
    {
        *field = id.to_vec();
    }
}

/// A value nested deeper than prost follows is read by the store's own reader.
fn any_value(raw: &[u8]) -> AnyValue {
    AnyValue::decode(raw).unwrap_or_else(|_| owned(ValueRef::parse(raw)))
}

fn key_value(raw: &[u8]) -> KeyValue {
    KeyValue::decode(raw).unwrap_or_else(|_| owned_entry(KeyValueRef::parse(raw)))
}

fn owned_entry(entry: KeyValueRef<'_>) -> KeyValue {
    KeyValue { key: entry.key.to_owned(), value: Some(owned(entry.value)), ..KeyValue::default() }
}

/// As deep as the collector lets values nest.
fn owned(value: ValueRef<'_>) -> AnyValue {
    let value = match value {
        ValueRef::Empty => None,
        ValueRef::Str(text) => Some(Value::StringValue(text.to_owned())),
        ValueRef::Bool(bool) => Some(Value::BoolValue(bool)),
        ValueRef::Int(int) => Some(Value::IntValue(int)),
        ValueRef::Double(double) => Some(Value::DoubleValue(double)),
        ValueRef::Bytes(bytes) => Some(Value::BytesValue(bytes.to_vec())),
        ValueRef::Array(array) => {
            Some(Value::ArrayValue(ArrayValue { values: array_items(array).map(owned).collect() }))
        }
        ValueRef::Map(map) => {
            Some(Value::KvlistValue(KeyValueList { values: map_entries(map).map(owned_entry).collect() }))
        }
    };
    AnyValue { value }
}
