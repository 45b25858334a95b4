//! OTLP/JSON against the generated types: the tables name every field, and what they read is what was meant.

use std::collections::BTreeMap;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FileDescriptorSet};
use spoor_proto::otlp::any_value::Value;
use spoor_proto::otlp::{
    AnyValue, DESCRIPTORS, ExportLogsServiceRequest, ExportMetricsServiceRequest, ExportTraceServiceRequest,
    LogRecord, Span,
};

use super::schema::{Field, Kind, LOGS, METRICS, Message, TRACES};
use super::to_protobuf;

/// Fields that OTLP/JSON of logs, traces and metrics does not have: string tables are for profiles.
const LEFT_OUT: [&str; 2] = ["keyStrindex", "stringValueStrindex"];

fn logs(json: &str) -> Result<ExportLogsServiceRequest, String> {
    let bytes = to_protobuf(json.as_bytes(), &LOGS).map_err(|error| error.to_string())?;
    Ok(ExportLogsServiceRequest::decode(&*bytes).expect("transcoding writes valid protobuf"))
}

fn traces(json: &str) -> Result<ExportTraceServiceRequest, String> {
    let bytes = to_protobuf(json.as_bytes(), &TRACES).map_err(|error| error.to_string())?;
    Ok(ExportTraceServiceRequest::decode(&*bytes).expect("transcoding writes valid protobuf"))
}

/// The one record of a request around these fields.
fn log(fields: &str) -> Result<LogRecord, String> {
    let request =
        logs(&format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{{fields}}}]}}]}}]}}"#))?;
    Ok(request.resource_logs[0].scope_logs[0].log_records[0].clone())
}

fn span(fields: &str) -> Result<Span, String> {
    let request = traces(&format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{fields}}}]}}]}}]}}"#))?;
    Ok(request.resource_spans[0].scope_spans[0].spans[0].clone())
}

fn body(any_value: &str) -> Result<Option<AnyValue>, String> {
    Ok(log(&format!(r#""body":{any_value}"#))?.body)
}

fn messages() -> BTreeMap<String, DescriptorProto> {
    fn walk(prefix: &str, message: &DescriptorProto, into: &mut BTreeMap<String, DescriptorProto>) {
        let name = format!("{prefix}.{}", message.name());
        for nested in &message.nested_type {
            walk(&name, nested, into);
        }
        into.insert(name, message.clone());
    }
    let files = FileDescriptorSet::decode(DESCRIPTORS).expect("descriptors read");
    let mut all = BTreeMap::new();
    for file in &files.file {
        for message in &file.message_type {
            walk(&format!(".{}", file.package()), message, &mut all);
        }
    }
    all
}

fn camel_case(name: &str) -> String {
    let mut out = String::new();
    let mut up = false;
    for letter in name.chars() {
        if letter == '_' {
            up = true;
        } else {
            out.push(if up { letter.to_ascii_uppercase() } else { letter });
            up = false;
        }
    }
    out
}

/// Whether the table's kind is how OTLP/JSON writes such a field.
fn fits(field: &Field, r#type: Type, is_list: bool, is_id: bool) -> bool {
    match (field.kind, is_list) {
        (Kind::Text, false) => r#type == Type::String,
        (Kind::Hex, false) => r#type == Type::Bytes && is_id,
        (Kind::Base64, false) => r#type == Type::Bytes && !is_id,
        (Kind::Bool, false) => r#type == Type::Bool,
        (Kind::Fixed64, false) => r#type == Type::Fixed64,
        (Kind::Fixed32, false) => r#type == Type::Fixed32,
        (Kind::Sfixed64, false) => r#type == Type::Sfixed64,
        (Kind::Uint32, false) => r#type == Type::Uint32,
        (Kind::Sint32, false) => r#type == Type::Sint32,
        (Kind::Int64, false) => r#type == Type::Int64,
        (Kind::Double, false) => r#type == Type::Double,
        (Kind::Enum, false) => r#type == Type::Enum,
        (Kind::One(_), false) | (Kind::Many(_), true) => r#type == Type::Message,
        (Kind::ManyTexts, true) => r#type == Type::String,
        (Kind::ManyDoubles, true) => r#type == Type::Double,
        (Kind::ManyFixed64, true) => r#type == Type::Fixed64,
        (Kind::ManyUint64, true) => r#type == Type::Uint64,
        _ => false,
    }
}

fn compare(
    name: &str,
    table: &'static Message,
    all: &BTreeMap<String, DescriptorProto>,
    seen: &mut Vec<String>,
) {
    if seen.iter().any(|known| known == name) {
        return;
    }
    seen.push(name.to_owned());
    let descriptor = all.get(name).unwrap_or_else(|| panic!("OTLP has no {name}"));
    let mut count = 0;
    for described in &descriptor.field {
        let json = camel_case(described.name());
        if LEFT_OUT.contains(&json.as_str()) {
            continue;
        }
        count += 1;
        let field = table.fields.iter().find(|field| field.name == json);
        let field = field.unwrap_or_else(|| panic!("{name}: the table lacks {json}"));
        assert_eq!(field.number as i32, described.number(), "{name}.{json}");
        let is_list = described.label() == Label::Repeated;
        assert!(
            fits(field, described.r#type(), is_list, json.ends_with("Id")),
            "{name}.{json}: {:?}",
            described.r#type()
        );
        if let Kind::One(below) | Kind::Many(below) = field.kind {
            compare(described.type_name(), below, all, seen);
        }
    }
    assert_eq!(table.fields.len(), count, "{name}: the table has fields that OTLP has not");
}

#[test]
fn the_tables_name_every_field_of_otlp() {
    let all = messages();
    let mut seen = Vec::new();
    compare(".opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest", &LOGS, &all, &mut seen);
    compare(".opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest", &TRACES, &all, &mut seen);
    compare(
        ".opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
        &METRICS,
        &all,
        &mut seen,
    );
    assert!(seen.len() > 25, "{seen:?}");
}

#[test]
fn what_the_specification_allows_is_read() {
    let id = |hex: &str| span(&format!(r#""traceId":"{hex}""#)).map(|span| span.trace_id[15]);
    assert_eq!(id("5B8EFFF798038103D269B633813FC60C"), Ok(0x0c));
    assert_eq!(id("5b8efff798038103d269b633813fc60c"), Ok(0x0c));

    let time = |json: &str| log(&format!(r#""timeUnixNano":{json}"#)).map(|log| log.time_unix_nano);
    assert_eq!(time("\"1544712660300000000\""), Ok(1_544_712_660_300_000_000));
    assert_eq!(time("1544712660300000000"), Ok(1_544_712_660_300_000_000));
    assert_eq!(time("\"18446744073709551615\""), Ok(u64::MAX));
    assert_eq!(time("1e3"), Ok(1000));
    assert_eq!(time("null"), Ok(0));

    let int =
        |json: &str| body(&format!(r#"{{"intValue":{json}}}"#)).map(|body| body.unwrap().value.unwrap());
    assert_eq!(int("\"-9223372036854775808\""), Ok(Value::IntValue(i64::MIN)));
    assert_eq!(int("9007199254740993"), Ok(Value::IntValue(9_007_199_254_740_993)));

    let double = |json: &str| match body(&format!(r#"{{"doubleValue":{json}}}"#)).unwrap().unwrap().value {
        Some(Value::DoubleValue(double)) => double,
        other => panic!("{other:?}"),
    };
    assert!(double("\"NaN\"").is_nan());
    assert_eq!(double("\"Infinity\""), f64::INFINITY);
    assert_eq!(double("\"-Infinity\""), f64::NEG_INFINITY);
    assert_eq!(double("\"1.5\""), 1.5);
    assert_eq!(double("3"), 3.0);

    let bytes = |text: &str| match body(&format!(r#"{{"bytesValue":"{text}"}}"#)).unwrap().unwrap().value {
        Some(Value::BytesValue(bytes)) => bytes,
        other => panic!("{other:?}"),
    };
    assert_eq!((bytes("+/8="), bytes("-_8")), (vec![0xfb, 0xff], vec![0xfb, 0xff]));

    assert_eq!(
        log(r#""flags":"1","droppedAttributesCount":"3""#)
            .map(|log| (log.flags, log.dropped_attributes_count)),
        Ok((1, 3))
    );
    assert_eq!(
        span(r#""parentSpanId":null,"name":null,"attributes":null,"kind":2"#).map(|span| span.kind),
        Ok(2)
    );
    assert_eq!(
        log(r#""unheardOf":{"deep":[1,{}]},"severityNumber":9"#).map(|log| log.severity_number),
        Ok(9)
    );
}

#[test]
fn empty_values_are_told_from_absent_ones() {
    assert_eq!(body("{}"), Ok(Some(AnyValue { value: None })));
    assert_eq!(body("null"), Ok(None));
    let list = body(r#"{"arrayValue":{"values":[null,{},{"stringValue":""}]}}"#).unwrap().unwrap();
    let Some(Value::ArrayValue(array)) = list.value else { panic!("{list:?}") };
    let values: Vec<_> = array.values.into_iter().map(|value| value.value).collect();
    assert_eq!(values, [None, None, Some(Value::StringValue(String::new()))]);
    assert_eq!(logs("{}"), Ok(ExportLogsServiceRequest::default()));
    assert_eq!(logs(r#"{"resourceLogs":[]}"#), Ok(ExportLogsServiceRequest::default()));
}

#[test]
fn what_is_wrong_is_named() {
    let rows = [
        (
            span(r#""kind":"SPAN_KIND_SERVER""#).map(|_| ()),
            "field `kind` must be an integer (OTLP/JSON has no names",
        ),
        (
            span(r#""traceId":"W47/95gDgQPSabYzgT/GDA==""#).map(|_| ()),
            "field `traceId` must be hexadecimal digits",
        ),
        (log(r#""timeUnixNano":-1"#).map(|_| ()), "field `timeUnixNano` must be an integer from 0 to 2^64-1"),
        (log(r#""severityText":7"#).map(|_| ()), "field `severityText` must be a string"),
        (log(r#""attributes":{}"#).map(|_| ()), "field `attributes` must be a list of objects"),
        (log(r#""body":"text""#).map(|_| ()), "field `body` must be an object"),
        (body(r#"{"intValue":1.5}"#).map(|_| ()), "field `intValue` must be an integer"),
        (body(r#"{"boolValue":"true"}"#).map(|_| ()), "field `boolValue` must be true or false"),
        (logs("[]").map(|_| ()), "invalid type: sequence, expected an object"),
        (logs(r#"{"resourceLogs":["#).map(|_| ()), "EOF while parsing a list at line 1 column 17"),
        (logs("").map(|_| ()), "EOF while parsing a value"),
        (logs("{} {}").map(|_| ()), "trailing characters"),
    ];
    for (result, expected) in rows {
        let error = result.unwrap_err();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    }
}

/// A misspelt name is ignored as the specification says, unless it leaves nothing to keep.
#[test]
fn a_body_that_names_nothing_known_is_refused() {
    let rows = [
        (r#"{"resource_logs":[{"scope_logs":[]}]}"#, "resource_logs", "resourceLogs"),
        (r#"{"resourceLogs":[{"scope_logs":[{"logRecords":[{}]}]}]}"#, "scope_logs", "scopeLogs"),
        (r#"{"resourceLogs":[{"scopeLogs":[{"log_records":[{}]}]}]}"#, "log_records", "logRecords"),
        (r#"{"resourceSpans":[]}"#, "resourceSpans", "resourceLogs"),
    ];
    for (json, unknown, known) in rows {
        let error = logs(json).unwrap_err();
        assert!(error.contains(unknown) && error.contains(known), "{error}");
    }
    assert!(logs(r#"{"more":1,"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}"#).is_ok());
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    let deep = r#"{"arrayValue":{"values":["#.repeat(10_000);
    assert!(body(&deep).unwrap_err().contains("recursion limit"));
}

#[test]
fn metrics_read_as_well() {
    let json = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[
            {"count":"3","sum":1.5,"bucketCounts":["1","2"],"explicitBounds":[1,"2.5"],"timeUnixNano":"7"}]}},
        {"name":"e","exponentialHistogram":{"dataPoints":[
            {"scale":-2,"positive":{"offset":-1,"bucketCounts":["4",5]}}]}},
        {"name":"g","gauge":{"dataPoints":[{"asInt":"-5"},{"asDouble":0.5}]}}]}]}]}"#;
    let bytes = to_protobuf(json.as_bytes(), &METRICS).unwrap();
    let read = ExportMetricsServiceRequest::decode(&*bytes).unwrap();
    let by_serde: ExportMetricsServiceRequest =
        serde_json::from_str(&json.replace("\"2.5\"", "2.5")).unwrap();
    assert_eq!(read, by_serde);
    assert_eq!(crate::decode::count_data_points(&bytes), Ok(4));
}

mod against_serde {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;
    use crate::decode::arbitrary;

    /// What serde writes, without the string indexes.
    fn written<T: serde::Serialize>(request: &T) -> String {
        let mut json = serde_json::to_value(request).expect("requests serialise");
        scrub(&mut json);
        json.to_string()
    }

    fn scrub(json: &mut Json) {
        match json {
            Json::Object(fields) => {
                fields.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
                fields.values_mut().for_each(scrub);
            }
            Json::Array(items) => items.iter_mut().for_each(scrub),
            _ => {}
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn logs_read_as_serde_reads_them(request in arbitrary::logs()) {
            let json = written(&request);
            let by_serde: ExportLogsServiceRequest = serde_json::from_str(&json).expect("serde reads what it wrote");
            prop_assert_eq!(logs(&json).unwrap().encode_to_vec(), by_serde.encode_to_vec());
        }

        #[test]
        fn traces_read_as_serde_reads_them(request in arbitrary::traces()) {
            let json = written(&request);
            let by_serde: ExportTraceServiceRequest = serde_json::from_str(&json).expect("serde reads what it wrote");
            prop_assert_eq!(traces(&json).unwrap().encode_to_vec(), by_serde.encode_to_vec());
        }
    }
}
