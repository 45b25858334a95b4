//! Random OTLP messages: every field, every type, empty and unset.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use spoor_proto::otlp::any_value::Value;
use spoor_proto::otlp::{
    AnyValue, ArrayValue, EntityRef, ExportLogsServiceRequest, ExportTraceServiceRequest,
    InstrumentationScope, KeyValue, KeyValueList, LogRecord, Resource, ResourceLogs, ResourceSpans,
    ScopeLogs, ScopeSpans, Span, Status, span,
};

use super::recorder::ARRIVAL;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z.]{1,12}",
        "\\PC{0,20}",
        Just("correlation.id".to_owned()),
        "x{120,300}",
    ]
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        text().prop_map(|text| Some(Value::StringValue(text))),
        any::<bool>().prop_map(|bool| Some(Value::BoolValue(bool))),
        any::<i64>().prop_map(|int| Some(Value::IntValue(int))),
        any::<f64>().prop_map(|double| Some(Value::DoubleValue(double))),
        vec(any::<u8>(), 0..9).prop_map(|bytes| Some(Value::BytesValue(bytes))),
        any::<i32>().prop_map(|index| Some(Value::StringValueStrindex(index))),
    ]
    .prop_map(|value| AnyValue { value });
    leaf.prop_recursive(4, 16, 4, |inner| {
        let array = vec(inner.clone(), 0..4)
            .prop_map(|values| AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) });
        let map = vec((text(), option::of(inner), any::<i8>()), 0..4).prop_map(|entries| {
            let values = entries.into_iter().map(|(key, value, index)| pair(key, value, index)).collect();
            AnyValue { value: Some(Value::KvlistValue(KeyValueList { values })) }
        });
        prop_oneof![array, map]
    })
}

fn pair(key: String, value: Option<AnyValue>, index: i8) -> KeyValue {
    KeyValue { key, value, key_strindex: i32::from(index.max(0)) }
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec((text(), option::of(any_value()), any::<i8>()).prop_map(|(k, v, i)| pair(k, v, i)), 0..5)
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(u64::MAX), Just(ARRIVAL), any::<u64>()]
}

fn id(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => vec(any::<u8>(), length),
        1 => Just(vec![0; length]),
        1 => Just(Vec::new()),
        1 => vec(any::<u8>(), 0..20),
    ]
}

fn number() -> impl Strategy<Value = i32> {
    prop_oneof![0..30_i32, any::<i32>()]
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), any::<u32>()]
}

pub(super) fn log_record() -> impl Strategy<Value = LogRecord> {
    let head = (time(), time(), number(), text(), option::of(any_value()));
    let tail = (attributes(), count(), count(), id(16), id(8), text());
    (head, tail).prop_map(|((own, observed, severity, severity_text, body), tail)| {
        let (attributes, dropped, flags, trace_id, span_id, event_name) = tail;
        LogRecord {
            time_unix_nano: own,
            observed_time_unix_nano: observed,
            severity_number: severity,
            severity_text,
            body,
            attributes,
            dropped_attributes_count: dropped,
            flags,
            trace_id,
            span_id,
            event_name,
        }
    })
}

fn event() -> impl Strategy<Value = span::Event> {
    (time(), text(), attributes(), count()).prop_map(|(time, name, attributes, dropped)| span::Event {
        time_unix_nano: time,
        name,
        attributes,
        dropped_attributes_count: dropped,
    })
}

fn link() -> impl Strategy<Value = span::Link> {
    (id(16), id(8), text(), attributes(), count(), count()).prop_map(
        |(trace_id, span_id, trace_state, attributes, dropped, flags)| span::Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count: dropped,
            flags,
        },
    )
}

fn status() -> impl Strategy<Value = Status> {
    (text(), number()).prop_map(|(message, code)| Status { message, code })
}

pub(super) fn span() -> impl Strategy<Value = Span> {
    let ids = (id(16), id(8), id(8), text(), text());
    let times = (number(), time(), time(), count());
    let lists = (attributes(), vec(event(), 0..3), vec(link(), 0..3), option::of(status()));
    (ids, times, lists, (count(), count(), count())).prop_map(|(ids, times, lists, dropped)| {
        let (trace_id, span_id, parent_span_id, trace_state, name) = ids;
        let (kind, start, end, flags) = times;
        let (attributes, events, links, status) = lists;
        Span {
            trace_id,
            span_id,
            trace_state,
            parent_span_id,
            flags,
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes,
            dropped_attributes_count: dropped.0,
            events,
            dropped_events_count: dropped.1,
            links,
            dropped_links_count: dropped.2,
            status,
        }
    })
}

fn resource() -> impl Strategy<Value = Resource> {
    let entity = (text(), text(), vec(text(), 0..3), vec(text(), 0..3)).prop_map(
        |(schema_url, r#type, id_keys, description_keys)| EntityRef {
            schema_url,
            r#type,
            id_keys,
            description_keys,
        },
    );
    (attributes(), count(), vec(entity, 0..2)).prop_map(|(attributes, dropped, entity_refs)| Resource {
        attributes,
        dropped_attributes_count: dropped,
        entity_refs,
    })
}

fn scope() -> impl Strategy<Value = InstrumentationScope> {
    (text(), text(), attributes(), count()).prop_map(|(name, version, attributes, dropped)| {
        InstrumentationScope { name, version, attributes, dropped_attributes_count: dropped }
    })
}

pub(crate) fn logs() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let scopes = (option::of(scope()), vec(log_record(), 0..4), text())
        .prop_map(|(scope, log_records, schema_url)| ScopeLogs { scope, log_records, schema_url });
    let resources = (option::of(resource()), vec(scopes, 0..3), text())
        .prop_map(|(resource, scope_logs, schema_url)| ResourceLogs { resource, scope_logs, schema_url });
    vec(resources, 0..3).prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}

pub(crate) fn traces() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scopes = (option::of(scope()), vec(span(), 0..4), text())
        .prop_map(|(scope, spans, schema_url)| ScopeSpans { scope, spans, schema_url });
    let resources = (option::of(resource()), vec(scopes, 0..3), text())
        .prop_map(|(resource, scope_spans, schema_url)| ResourceSpans { resource, scope_spans, schema_url });
    vec(resources, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}
