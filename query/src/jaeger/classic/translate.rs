//! OTLP to Jaeger's own model, as the OpenTelemetry collector's translator does it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};
use spoor_proto::otlp::{AnyValue, KeyValue, Resource, Span, any_value::Value, span, status};
use spoor_store::model::UNKNOWN_SERVICE;

use super::model::{LogJson, ProcessJson, ReferenceJson, SpanJson, TagJson, TraceJson};
use crate::jaeger::operations::NO_SERVICE_NAME;
use crate::jaeger::trace::{Source, Trace, TraceSpan};
use crate::jaeger::trace_id;

/// Largest integer that every JSON reader keeps exact.
const EXACT_MAX: u64 = (1 << 53) - 1;

/// Nanoseconds in a microsecond.
const MICRO: u64 = 1_000;

/// Attribute of a link that says it is a parent.
const REFERENCE_KIND: &str = "opentracing.ref_type";

/// The trace in Jaeger's model.
pub(crate) fn trace(trace: &Trace) -> TraceJson {
    let mut processes: Vec<ProcessJson> = Vec::new();
    let mut process_of: Vec<Option<usize>> = vec![None; trace.sources.len()];
    let id = trace_id::classic(&trace.id);
    let mut spans = Vec::with_capacity(trace.spans.len());
    for one in &trace.spans {
        let source = &trace.sources[one.source];
        let process = *process_of[one.source].get_or_insert_with(|| {
            let process = process(&source.resource);
            processes.iter().position(|other| *other == process).unwrap_or_else(|| {
                processes.push(process);
                processes.len() - 1
            })
        });
        spans.push(span(&id, one, source, process_id(process)));
    }
    let processes: BTreeMap<String, ProcessJson> =
        processes.into_iter().enumerate().map(|(number, process)| (process_id(number), process)).collect();
    TraceJson { trace_id: id, spans, processes, warnings: None }
}

fn process_id(number: usize) -> String {
    format!("p{}", number + 1)
}

fn process(resource: &Resource) -> ProcessJson {
    let attributes = &resource.attributes;
    if attributes.is_empty() {
        return ProcessJson { service_name: NO_SERVICE_NAME.to_owned(), tags: Vec::new() };
    }
    let is_name = |attribute: &&KeyValue| attribute.key == "service.name";
    let name = attributes.iter().find(is_name).map(|attribute| as_text(attribute.value.as_ref()));
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| UNKNOWN_SERVICE.to_owned());
    let tags = attributes.iter().filter(|attribute| !is_name(attribute)).map(tag).collect();
    ProcessJson { service_name: name, tags }
}

fn span(trace: &str, one: &TraceSpan, source: &Source, process_id: String) -> SpanJson {
    let span = &one.span;
    SpanJson {
        trace_id: trace.to_owned(),
        span_id: trace_id::span(&span.span_id),
        operation_name: span.name.clone(),
        references: references(trace, span),
        start_time: span.start_time_unix_nano / MICRO,
        duration: span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano) / MICRO,
        tags: tags(span, source),
        logs: span.events.iter().map(log).collect(),
        process_id,
        warnings: (!one.warnings.is_empty()).then(|| one.warnings.clone()),
    }
}

/// The parent first: clients take the first that is a parent.
fn references(trace: &str, span: &Span) -> Vec<ReferenceJson> {
    const CHILD_OF: &str = "CHILD_OF";
    let has_parent = span.parent_span_id.iter().any(|byte| *byte != 0);
    let parent = has_parent.then(|| ReferenceJson {
        kind: CHILD_OF,
        trace_id: trace.to_owned(),
        span_id: trace_id::span(&span.parent_span_id),
    });
    let links = span.links.iter().map(|link| {
        let says_child = |attribute: &KeyValue| {
            attribute.key == REFERENCE_KIND && as_text(attribute.value.as_ref()) == "child_of"
        };
        ReferenceJson {
            kind: if link.attributes.iter().any(says_child) { CHILD_OF } else { "FOLLOWS_FROM" },
            trace_id: trace_id::classic(&link.trace_id),
            span_id: trace_id::span(&link.span_id),
        }
    });
    parent.into_iter().chain(links).collect()
}

fn tags(span: &Span, source: &Source) -> Vec<TagJson> {
    let mut tags = Vec::with_capacity(span.attributes.len() + 4);
    let mut add = |key: &str, text: &str| {
        if !text.is_empty() {
            tags.push(text_tag(key, text));
        }
    };
    add("otel.scope.name", &source.scope.name);
    add("otel.scope.version", &source.scope.version);
    tags.extend(span.attributes.iter().map(tag));
    let kind = match span::SpanKind::try_from(span.kind) {
        Ok(span::SpanKind::Client) => "client",
        Ok(span::SpanKind::Server) => "server",
        Ok(span::SpanKind::Producer) => "producer",
        Ok(span::SpanKind::Consumer) => "consumer",
        Ok(span::SpanKind::Internal) => "internal",
        Ok(span::SpanKind::Unspecified) | Err(_) => "",
    };
    let status = span.status.as_ref();
    let code = status.map_or(0, |status| status.code);
    let is_error = code == status::StatusCode::Error as i32;
    let code = if is_error {
        "ERROR"
    } else if code == status::StatusCode::Ok as i32 {
        "OK"
    } else {
        ""
    };
    let mut add = |key: &str, text: &str| {
        if !text.is_empty() {
            tags.push(text_tag(key, text));
        }
        if key == "otel.status_code" && is_error {
            tags.push(TagJson { key: "error".to_owned(), kind: "bool", value: Json::Bool(true) });
        }
    };
    add("span.kind", kind);
    add("otel.status_code", code);
    add("otel.status_description", status.map_or("", |status| &status.message));
    add("w3c.tracestate", &span.trace_state);
    tags
}

fn log(event: &span::Event) -> LogJson {
    let mut fields = Vec::with_capacity(event.attributes.len() + 1);
    let names_itself = event.attributes.iter().any(|attribute| attribute.key == "event");
    if !event.name.is_empty() && !names_itself {
        fields.push(text_tag("event", &event.name));
    }
    fields.extend(event.attributes.iter().map(tag));
    LogJson { timestamp: event.time_unix_nano / MICRO, fields }
}

fn text_tag(key: &str, text: &str) -> TagJson {
    TagJson { key: key.to_owned(), kind: "string", value: Json::String(text.to_owned()) }
}

fn tag(attribute: &KeyValue) -> TagJson {
    let (kind, value) = match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::BoolValue(bool)) => ("bool", Json::Bool(*bool)),
        Some(Value::IntValue(int)) if int.unsigned_abs() <= EXACT_MAX => ("int64", Json::from(*int)),
        Some(Value::IntValue(int)) => ("int64", Json::String(int.to_string())),
        Some(Value::DoubleValue(double)) => ("float64", number(*double)),
        Some(Value::BytesValue(bytes)) => ("binary", Json::String(STANDARD.encode(bytes))),
        _ => ("string", Json::String(as_text(attribute.value.as_ref()))),
    };
    TagJson { key: attribute.key.clone(), kind, value }
}

/// A double that JSON has no number for is told by its name.
fn number(double: f64) -> Json {
    serde_json::Number::from_f64(double).map_or_else(|| Json::String(double.to_string()), Json::Number)
}

/// A value as text; arrays and maps as JSON.
fn as_text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        None | Some(Value::StringValueStrindex(_)) => String::new(),
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BytesValue(bytes)) => STANDARD.encode(bytes),
        Some(Value::BoolValue(bool)) => bool.to_string(),
        Some(Value::IntValue(int)) => int.to_string(),
        Some(Value::DoubleValue(double)) => double.to_string(),
        Some(Value::ArrayValue(_) | Value::KvlistValue(_)) => json(value).to_string(),
    }
}

/// As deep as the collector lets values nest.
fn json(value: Option<&AnyValue>) -> Json {
    match value.and_then(|value| value.value.as_ref()) {
        None | Some(Value::StringValueStrindex(_)) => Json::Null,
        Some(Value::StringValue(text)) => Json::String(text.clone()),
        Some(Value::BytesValue(bytes)) => Json::String(STANDARD.encode(bytes)),
        Some(Value::BoolValue(bool)) => Json::Bool(*bool),
        Some(Value::IntValue(int)) => Json::from(*int),
        Some(Value::DoubleValue(double)) => number(*double),
        Some(Value::ArrayValue(list)) => list.values.iter().map(|item| json(Some(item))).collect(),
        Some(Value::KvlistValue(map)) => {
            let entries = map.values.iter().map(|entry| (entry.key.clone(), json(entry.value.as_ref())));
            Json::Object(entries.collect::<Map<String, Json>>())
        }
    }
}
