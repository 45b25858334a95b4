//! OTLP out equals OTLP in: every field and type of spans and log records, from hot rows and from splits.

use http::Method;
use proptest::prelude::*;
use serde_json::json;
use spoor_proto::otlp::span::{Event, Link};
use spoor_proto::otlp::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, LogRecord, Span, Status, any_value::Value,
};
use spoor_query::engine::Selection;
use spoor_query::otlp::{to_log, to_span};
use spoor_store::model::{Signal, Tenant, TimeRange};
use spoor_store::predicate::Predicate;

use crate::world::{Item, Sample, T, World, attribute, log, span, text};

fn values() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        "\\PC{0,12}".prop_map(|text| Some(Value::StringValue(text))),
        any::<bool>().prop_map(|bool| Some(Value::BoolValue(bool))),
        any::<i64>().prop_map(|int| Some(Value::IntValue(int))),
        (-1e300..1e300_f64).prop_map(|double| Some(Value::DoubleValue(double))),
        prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| Some(Value::BytesValue(bytes))),
    ]
    .prop_map(|value| AnyValue { value });
    leaf.prop_recursive(3, 12, 3, |inner| {
        let entries = prop::collection::vec(("[a-c]{0,2}", prop::option::of(inner.clone())), 0..3);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(|values| Value::ArrayValue(ArrayValue { values })),
            entries.prop_map(|entries| {
                let values =
                    entries.into_iter().map(|(key, value)| KeyValue { key, value, ..KeyValue::default() });
                Value::KvlistValue(KeyValueList { values: values.collect() })
            }),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let entry = ("[a-d.]{0,4}", prop::option::of(values()));
    prop::collection::vec(entry.prop_map(|(key, value)| KeyValue { key, value, ..KeyValue::default() }), 0..4)
}

fn ids(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(1_u8..=255, len)
}

/// Also ids that the store has no column for.
fn odd_ids(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![ids(len), Just(vec![]), Just(vec![0; len])]
}

fn times() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), T..T + 1_000]
}

fn spans() -> impl Strategy<Value = Span> {
    let event =
        (times(), "[a-z]{0,5}", attributes(), 0_u32..3).prop_map(|(time, name, attributes, dropped)| Event {
            time_unix_nano: time,
            name,
            attributes,
            dropped_attributes_count: dropped,
        });
    let link = (odd_ids(16), odd_ids(8), "[a-z=]{0,4}", attributes(), any::<u32>()).prop_map(
        |(trace_id, span_id, trace_state, attributes, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count: 0,
            flags,
        },
    );
    let status =
        prop::option::of((0_i32..4, "[a-z]{0,3}").prop_map(|(code, message)| Status { code, message }));
    let first =
        (ids(16), ids(8), prop_oneof![Just(vec![]), ids(8)], "[a-z=]{0,4}", any::<u32>(), "\\PC{0,8}");
    let second = (-3_i32..300, times(), times(), attributes(), status, prop::collection::vec(event, 0..3));
    (first, second, prop::collection::vec(link, 0..3), any::<[u8; 3]>()).prop_map(
        |(first, second, links, dropped)| {
            let (trace_id, span_id, parent_span_id, trace_state, flags, name) = first;
            let (kind, start, end, attributes, status, events) = second;
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
                dropped_attributes_count: dropped[0].into(),
                events,
                dropped_events_count: dropped[1].into(),
                links,
                dropped_links_count: dropped[2].into(),
                status,
            }
        },
    )
}

fn logs() -> impl Strategy<Value = LogRecord> {
    let first = (times(), times(), -3_i32..300, "[A-Z]{0,5}", prop::option::of(values()), attributes());
    let second = (0_u32..3, any::<u32>(), odd_ids(16), odd_ids(8), "[a-z.]{0,5}");
    (first, second).prop_map(
        |((time, observed, severity_number, severity_text, body, attributes), second)| {
            let (dropped_attributes_count, flags, trace_id, span_id, event_name) = second;
            LogRecord {
                time_unix_nano: time,
                observed_time_unix_nano: observed,
                severity_number,
                severity_text,
                body,
                attributes,
                dropped_attributes_count,
                flags,
                trace_id,
                span_id,
                event_name,
            }
        },
    )
}

/// Which of the inputs a record is, written on it as its last attribute.
fn numbered(number: usize) -> KeyValue {
    attribute("number", Value::IntValue(number as i64))
}

fn number_of(attributes: &[KeyValue]) -> usize {
    match attributes.last().and_then(|last| last.value.as_ref()).and_then(|value| value.value.as_ref()) {
        Some(Value::IntValue(number)) => *number as usize,
        other => panic!("no number: {other:?}"),
    }
}

async fn out(world: &World, signal: Signal) -> Vec<spoor_store::model::Record> {
    let selection =
        Selection { tenant: Tenant::default(), predicate: Predicate::Signal(signal), range: TimeRange::ALL };
    world.engine.search(selection, 1_000, None).await.unwrap().records
}

async fn comes_back_as_it_came(spans: Vec<Span>, logs: Vec<LogRecord>) {
    let world = World::new().await;
    let mut samples = Vec::new();
    for (number, span) in spans.iter().enumerate() {
        samples.push(Sample::of(Item::Span(Box::new(span.clone())), "a").attribute(numbered(number)));
    }
    for (number, log) in logs.iter().enumerate() {
        samples.push(Sample::of(Item::Log(Box::new(log.clone())), "a").attribute(numbered(number)));
    }
    world.append(samples).await;
    for published in [false, true] {
        let found = out(&world, Signal::Spans).await;
        assert_eq!(found.len(), spans.len());
        for mut span in found.iter().map(to_span) {
            let number = number_of(&span.attributes);
            span.attributes.pop();
            assert_eq!(span, spans[number], "published: {published}");
        }
        let found = out(&world, Signal::Logs).await;
        assert_eq!(found.len(), logs.len());
        for mut log in found.iter().map(to_log) {
            let number = number_of(&log.attributes);
            log.attributes.pop();
            assert_eq!(log, logs[number], "published: {published}");
        }
        world.publish().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_field_of_every_record_comes_back(
        spans in prop::collection::vec(spans(), 1..40),
        logs in prop::collection::vec(logs(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
        runtime.block_on(comes_back_as_it_came(spans, logs));
    }
}

#[tokio::test]
async fn answers_can_be_had_as_otlp_json() {
    let world = World::new().await;
    world
        .append(vec![
            span("checkout", 1, 1, T).attribute(text("k", "v")).correlated("order.id", "o"),
            log("payment", "charged", T + 1).within(1, 1),
        ])
        .await;
    let flow = world.get("/api/v1/flows/o?format=otlp-json").await;
    let span = &flow["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(
        (&span["traceId"], &span["startTimeUnixNano"]),
        (&json!("00000000000000000000000000000001"), &json!(T.to_string()))
    );
    assert_eq!(span["attributes"], json!([{"key": "k", "value": {"stringValue": "v"}}]));
    let log = &flow["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
    assert_eq!((&log["body"], &log["severityNumber"]), (&json!({"stringValue": "charged"}), &json!(9)));
    let service = &flow["resourceLogs"][0]["resource"]["attributes"][0]["value"]["stringValue"];
    assert_eq!(service, "payment");

    let (_, headers, page) = world.call(Method::GET, "/api/v1/search?limit=1&format=otlp-json", &[]).await;
    assert!(page.get("resourceSpans").is_none(), "{page}");
    let cursor = headers["x-spoor-cursor"].to_str().unwrap();
    let next = world.get(&format!("/api/v1/search?limit=1&format=otlp-json&cursor={cursor}")).await;
    assert_eq!(next["resourceSpans"].as_array().unwrap().len(), 1);
}
