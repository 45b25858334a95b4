//! Records in JSON, as clients see them.

use serde_json::{Value as Json, json, to_value};
use spoor_proto::otlp::span::{Event, Link};
use spoor_proto::otlp::{ArrayValue, KeyValueList, Span, any_value::Value};
use spoor_store::model::{RecordBody, SpanKind};

use super::record::RecordJson;
use crate::samples::{Sample, attribute, log, span, text};

fn shown(sample: Sample) -> Json {
    let record = sample.build();
    let mut shown = to_value(RecordJson { record: &record, owner: Some("payments") }).unwrap();
    assert_eq!(shown["record"], record.id.to_string());
    shown.as_object_mut().unwrap().remove("record");
    shown
}

#[test]
fn a_span_is_flat_and_typed() {
    let event = Event {
        time_unix_nano: 7,
        name: "exception".to_owned(),
        attributes: vec![text("exception.type", "Timeout")],
        ..Event::default()
    };
    let sample = span("payment", 3)
        .under(2)
        .at(1_700_000_000_000_000_001, 1_700_000_000_000_000_101)
        .kind(SpanKind::Server)
        .failed("declined")
        .event(event)
        .linked_to(9, 8)
        .attribute(&text("rpc.system", "grpc"))
        .correlated("order.id", "ord-1");
    assert_eq!(
        shown(sample),
        json!({
            "signal": "spans",
            "time": "1700000000000000001",
            "end": "1700000000000000101",
            "duration_ns": "100",
            "service": "payment",
            "owner": "payments",
            "resource": {"service.name": "payment"},
            "scope": {"name": "", "version": "", "attributes": {}},
            "trace_id": "00000000000000000000000000000001",
            "span_id": "0000000000000003",
            "parent_span_id": "0000000000000002",
            "name": "span 3",
            "kind": "server",
            "status": "error",
            "status_message": "declined",
            "trace_state": "",
            "events": [{"time": "7", "name": "exception", "attributes": {"exception.type": "Timeout"}}],
            "links": [{"trace_id": "00000000000000000000000000000009", "span_id": "0000000000000008", "attributes": {}}],
            "attributes": {"rpc.system": "grpc"},
            "correlation": [{"key": "order.id", "value": "ord-1"}],
        })
    );
}

#[test]
fn a_log_record_is_flat_and_typed() {
    assert_eq!(
        shown(
            log("payment", "charged")
                .at(5, 6)
                .failed("")
                .change(|record| record.severity_text = "ERROR".to_owned())
        ),
        json!({
            "signal": "logs",
            "time": "5",
            "observed_time": "6",
            "service": "payment",
            "owner": "payments",
            "resource": {"service.name": "payment"},
            "scope": {"name": "", "version": "", "attributes": {}},
            "trace_id": "",
            "span_id": "",
            "severity": "error",
            "severity_number": 17,
            "severity_text": "ERROR",
            "body": "charged",
            "event_name": "",
            "attributes": {},
            "correlation": [],
        })
    );
}

#[test]
fn values_keep_their_types_and_their_precision() {
    let map = KeyValueList { values: vec![text("k", "v"), attribute("n", Value::IntValue(1))] };
    let list = ArrayValue {
        values: vec![attribute("", Value::BoolValue(true)), attribute("", Value::KvlistValue(map))]
            .into_iter()
            .filter_map(|item| item.value)
            .collect(),
    };
    let mut sample = log("a", "");
    for (key, value) in [
        ("safe", Value::IntValue((1 << 53) - 1)),
        ("unsafe", Value::IntValue(1 << 53)),
        ("least", Value::IntValue(i64::MIN)),
        ("double", Value::DoubleValue(0.5)),
        ("nan", Value::DoubleValue(f64::NAN)),
        ("below", Value::DoubleValue(f64::NEG_INFINITY)),
        ("bytes", Value::BytesValue(vec![1, 2])),
        ("list", Value::ArrayValue(list)),
        ("twice", Value::IntValue(1)),
        ("twice", Value::IntValue(2)),
    ] {
        sample = sample.attribute(&attribute(key, value));
    }
    let none = spoor_proto::otlp::KeyValue { key: "none".to_owned(), ..Default::default() };
    assert_eq!(
        shown(sample.attribute(&none))["attributes"],
        json!({
            "safe": 9_007_199_254_740_991_i64,
            "unsafe": "9007199254740992",
            "least": "-9223372036854775808",
            "double": 0.5,
            "nan": "NaN",
            "below": "-Infinity",
            "bytes": {"bytes": "AQI="},
            "list": [true, {"k": "v", "n": 1}],
            "twice": 2,
            "none": null,
        })
    );
}

#[test]
fn what_was_dropped_clamped_or_flagged_is_shown_only_when_it_was() {
    use prost::Message as _;
    let rest = Span {
        start_time_unix_nano: 99,
        dropped_attributes_count: 1,
        dropped_events_count: 2,
        links: vec![Link { dropped_attributes_count: 4, ..Link::default() }],
        ..Span::default()
    };
    let mut record = span("a", 1).build();
    record.rest = rest.encode_to_vec();
    record.flags = 0x101;
    let shown = to_value(RecordJson { record: &record, owner: None }).unwrap();
    assert_eq!(
        (&shown["raw_time"], &shown["dropped_attributes_count"], &shown["dropped_events_count"]),
        (&json!("99"), &json!(1), &json!(2))
    );
    assert_eq!((&shown["flags"], &shown["links"][0]["dropped_attributes_count"]), (&json!(0x101), &json!(4)));
    assert!(shown.get("dropped_links_count").is_none());
}

#[test]
fn a_structured_body_is_an_object_and_none_is_null() {
    use prost::Message as _;
    let map = KeyValueList { values: vec![text("orderId", "ord-1")] };
    let body = attribute("", Value::KvlistValue(map)).value.unwrap().encode_to_vec();
    assert_eq!(
        shown(log("a", "").change(|record| record.body = RecordBody::Value(body)))["body"],
        json!({"orderId": "ord-1"})
    );
    assert_eq!(shown(log("a", "").change(|record| record.body = RecordBody::None))["body"], Json::Null);
}
