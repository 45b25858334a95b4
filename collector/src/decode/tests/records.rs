//! Single rules, one record at a time.

use prost::Message as _;
use spoor_proto::otlp::any_value::Value;
use spoor_proto::otlp::{
    AnyValue, ArrayValue, ExportLogsServiceRequest, ExportTraceServiceRequest, KeyValue, LogRecord, Resource,
    ResourceLogs, ResourceSpans, ScopeLogs, ScopeSpans, Span, Status, span,
};
use spoor_proto::wire::WireError;
use spoor_store::model::Signal;

use super::recorder::{ARRIVAL, run, run_within};
use crate::decode::fault::Reason;
use crate::decode::limits::{FUTURE_MAX_NANOS, Limits};

fn text_value(text: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.to_owned())) }
}

fn attribute(key: &str, text: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(text_value(text)), ..Default::default() }
}

fn log(change: impl FnOnce(&mut LogRecord)) -> LogRecord {
    let mut log =
        LogRecord { time_unix_nano: ARRIVAL, body: Some(text_value("hello")), ..Default::default() };
    change(&mut log);
    log
}

fn span(change: impl FnOnce(&mut Span)) -> Span {
    let mut span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        start_time_unix_nano: ARRIVAL,
        end_time_unix_nano: ARRIVAL + 5,
        name: "GET".to_owned(),
        ..Default::default()
    };
    change(&mut span);
    span
}

fn logs(records: Vec<LogRecord>) -> Vec<u8> {
    let scope_logs = vec![ScopeLogs { log_records: records, ..Default::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..Default::default() }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

fn spans(spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..Default::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn nested(levels: usize) -> AnyValue {
    (0..levels).fold(text_value("deep"), |inner, _| AnyValue {
        value: Some(Value::ArrayValue(ArrayValue { values: vec![inner] })),
    })
}

#[test]
fn a_bad_record_is_rejected_and_its_neighbours_are_kept() {
    let rows: Vec<(Reason, LogRecord)> = vec![
        (Reason::TraceIdLength, log(|log| log.trace_id = vec![1; 15])),
        (Reason::SpanIdLength, log(|log| log.span_id = vec![1; 9])),
        (Reason::Attributes, log(|log| log.attributes = vec![attribute("a", "b"); 1_001])),
        (Reason::KeyLength, log(|log| log.attributes = vec![attribute(&"k".repeat(4_097), "b")])),
        (Reason::Depth, log(|log| log.body = Some(nested(65)))),
    ];
    for (reason, bad) in rows {
        let (result, recorder) = run(Signal::Logs, &logs(vec![log(|_| ()), bad, log(|_| ())]));
        let tally = result.unwrap();
        assert_eq!((tally.accepted, tally.rejected_total()), (2, 1), "{reason:?}");
        assert_eq!(tally.examples, [("resource_logs[0].scope_logs[0].log_records[1]".to_owned(), reason)]);
        assert_eq!(recorder.rows.len(), 2, "{reason:?}");
    }
}

#[test]
fn a_bad_span_is_rejected_and_its_neighbours_are_kept() {
    let rows: Vec<(Reason, Span)> = vec![
        (Reason::TraceIdLength, span(|span| span.trace_id = vec![1; 8])),
        (Reason::TraceIdMissing, span(|span| span.trace_id = vec![0; 16])),
        (Reason::TraceIdMissing, span(|span| span.trace_id.clear())),
        (Reason::SpanIdLength, span(|span| span.span_id = vec![1; 16])),
        (Reason::SpanIdMissing, span(|span| span.span_id = vec![0; 8])),
        (Reason::ParentSpanIdLength, span(|span| span.parent_span_id = vec![1; 4])),
    ];
    for (reason, bad) in rows {
        let (result, recorder) = run(Signal::Spans, &spans(vec![bad, span(|_| ())]));
        let tally = result.unwrap();
        assert_eq!((tally.accepted, tally.rejected[reason as usize]), (1, 1), "{reason:?}");
        assert_eq!(recorder.rows.len(), 1, "{reason:?}");
    }
}

#[test]
fn invalid_utf8_costs_the_record_and_nothing_else() {
    let mut bytes = logs(vec![log(|_| ()), log(|log| log.severity_text = "@@@@".to_owned())]);
    let at = bytes.windows(4).position(|window| window == b"@@@@").unwrap();
    bytes[at] = 0xff;
    let (result, recorder) = run(Signal::Logs, &bytes);
    assert_eq!(result.unwrap().rejected[Reason::Utf8 as usize], 1);
    assert_eq!(recorder.rows.len(), 1);
}

#[test]
fn a_bad_resource_rejects_what_stands_under_it() {
    let group = |key: &str| ResourceLogs {
        resource: Some(Resource { attributes: vec![attribute(key, "x")], ..Default::default() }),
        scope_logs: vec![ScopeLogs { log_records: vec![log(|_| ()), log(|_| ())], ..Default::default() }],
        ..Default::default()
    };
    let request = ExportLogsServiceRequest { resource_logs: vec![group("@@@@"), group("good")] };
    let mut bytes = request.encode_to_vec();
    let at = bytes.windows(4).position(|window| window == b"@@@@").unwrap();
    bytes[at] = 0xff;
    let (result, recorder) = run(Signal::Logs, &bytes);
    let tally = result.unwrap();
    assert_eq!((tally.accepted, tally.rejected[Reason::Utf8 as usize]), (2, 2));
    assert_eq!(recorder.streams.len(), 1);
}

#[test]
fn zero_ids_of_a_log_record_mean_none_and_stay_in_the_record() {
    let (result, recorder) = run(
        Signal::Logs,
        &logs(vec![log(|log| {
            log.trace_id = vec![0; 16];
            log.span_id = vec![0; 8];
        })]),
    );
    assert_eq!(result.unwrap().accepted, 1);
    assert_eq!(recorder.rows[0].log().trace_id, [0; 16]);
    assert_eq!(recorder.rows[0].rest.len(), 2 + 16 + 2 + 8);
}

#[test]
fn a_zero_parent_is_a_root_span() {
    let (result, recorder) = run(Signal::Spans, &spans(vec![span(|span| span.parent_span_id = vec![0; 8])]));
    assert_eq!(result.unwrap().accepted, 1);
    assert_eq!(recorder.rows[0].span().parent_span_id, [0; 8]);
    assert_eq!(recorder.rows[0].rest.len(), 2 + 8);
}

#[test]
fn times_of_zero_and_of_the_year_2500_are_kept_and_indexed_near_arrival() {
    let year_2500 = 16_725_225_600_000_000_000;
    let (result, recorder) = run(
        Signal::Logs,
        &logs(vec![
            log(|log| log.time_unix_nano = 0),
            log(|log| {
                log.time_unix_nano = 0;
                log.observed_time_unix_nano = ARRIVAL - 1;
            }),
            log(|log| log.time_unix_nano = year_2500),
        ]),
    );
    assert_eq!(result.unwrap().times_clamped, 1);
    let times: Vec<(u64, bool)> = recorder.rows.iter().map(|row| (row.time, row.time_is_set)).collect();
    assert_eq!(times, [(ARRIVAL, false), (ARRIVAL - 1, false), (ARRIVAL + FUTURE_MAX_NANOS, false)]);
    assert_eq!(recorder.rows[2].log().time_unix_nano, year_2500);
}

#[test]
fn a_body_past_the_limit_is_cut_and_counted() {
    let limits = Limits { body_bytes_max: 10, ..Limits::STANDARD };
    let request = logs(vec![log(|log| log.body = Some(text_value("0123456789abc"))), log(|_| ())]);
    let (result, recorder) = run_within(Signal::Logs, &request, limits);
    assert_eq!(result.unwrap().bodies_cut, 1);
    assert_eq!(recorder.rows[0].body_text.as_deref(), Some("0123456789… [cut: kept 10 of 13 bytes]"));
    assert_eq!(recorder.rows[1].body_text.as_deref(), Some("hello"));
}

#[test]
fn records_and_streams_past_their_limits_are_rejected() {
    let limits = Limits { records_max: 2, ..Limits::STANDARD };
    let (result, _) = run_within(Signal::Logs, &logs(vec![log(|_| ()); 5]), limits);
    let tally = result.unwrap();
    assert_eq!((tally.accepted, tally.rejected[Reason::Records as usize]), (2, 3));

    let scope = ScopeLogs { log_records: vec![log(|_| ())], ..Default::default() };
    let resource = Resource { attributes: vec![attribute("a", &"x".repeat(100))], ..Default::default() };
    let group = ResourceLogs { resource: Some(resource), scope_logs: vec![scope; 10], ..Default::default() };
    let request = ExportLogsServiceRequest { resource_logs: vec![group] }.encode_to_vec();
    let limits = Limits { stream_bytes_max: 350, ..Limits::STANDARD };
    let (result, recorder) = run_within(Signal::Logs, &request, limits);
    assert_eq!(result.unwrap().rejected[Reason::Streams as usize], 7);
    assert_eq!(recorder.streams.len(), 3);
}

#[test]
fn a_malformed_request_says_where() {
    let mut bytes = logs(vec![log(|_| ()), log(|log| log.severity_text = "@".to_owned())]);
    let at = bytes.iter().position(|byte| *byte == b'@').unwrap();
    // The length of the text before it: now it reaches past the record.
    bytes[at - 1] = 100;
    let malformed = run(Signal::Logs, &bytes).0.unwrap_err();
    assert_eq!(malformed.place, "resource_logs[0].scope_logs[0].log_records[1]");
    assert_eq!(malformed.why, WireError::Truncated);
}

#[test]
fn nesting_of_ten_thousand_levels_costs_one_record() {
    let mut value = Vec::new();
    for _ in 0..10_000 {
        let mut array = Vec::new();
        spoor_proto::wire::put_bytes_field(&mut array, 1, &value);
        value.clear();
        spoor_proto::wire::put_bytes_field(&mut value, 5, &array);
    }
    let mut record = Vec::new();
    spoor_proto::wire::put_bytes_field(&mut record, 5, &value);
    let (mut scope, mut group, mut request) = (Vec::new(), Vec::new(), Vec::new());
    spoor_proto::wire::put_bytes_field(&mut scope, 2, &record);
    spoor_proto::wire::put_bytes_field(&mut scope, 2, &log(|_| ()).encode_to_vec());
    spoor_proto::wire::put_bytes_field(&mut group, 2, &scope);
    spoor_proto::wire::put_bytes_field(&mut request, 1, &group);
    let tally = run(Signal::Logs, &request).0.unwrap();
    assert_eq!((tally.accepted, tally.rejected[Reason::Depth as usize]), (1, 1));
}

#[test]
fn sixty_four_levels_are_read() {
    let tally = run(Signal::Logs, &logs(vec![log(|log| log.body = Some(nested(64)))])).0.unwrap();
    assert_eq!(tally.accepted, 1);
}

#[test]
fn a_plain_status_has_a_column_and_a_telling_one_is_kept_whole() {
    let rows = [(1, "", 0), (2, "", 0), (0, "", 0), (2, "boom", 10), (7, "", 4)];
    for (code, message, rest) in rows {
        let status = Status { code, message: message.to_owned() };
        let (_, recorder) = run(Signal::Spans, &spans(vec![span(|span| span.status = Some(status.clone()))]));
        assert_eq!(recorder.rows[0].span().status, Some(status), "{code} {message:?}");
        assert_eq!(recorder.rows[0].rest.len(), rest, "{code} {message:?}");
    }
}

#[test]
fn ids_of_resource_scope_record_and_events_are_found_once_each() {
    let event = span::Event { attributes: vec![attribute("requestId", "req-9")], ..Default::default() };
    let first = span(|span| {
        span.attributes = vec![attribute("correlation_id", "c-1"), attribute("x-correlation-id", " c-1 ")];
        span.events = vec![event];
    });
    let resource = Resource { attributes: vec![attribute("correlationId", "c-0")], ..Default::default() };
    let scope_spans = vec![ScopeSpans { spans: vec![first, span(|_| ())], ..Default::default() }];
    let group = ResourceSpans { resource: Some(resource), scope_spans, ..Default::default() };
    let request = ExportTraceServiceRequest { resource_spans: vec![group] }.encode_to_vec();
    let (_, recorder) = run(Signal::Spans, &request);
    let found = |row: usize| {
        let pairs = recorder.rows[row].correlations.iter();
        pairs.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(found(0), ["correlation.id=c-0", "correlation.id=c-1", "request.id=req-9"]);
    assert_eq!(found(1), ["correlation.id=c-0"]);
}

/// The store reads its log back through the same decode.
#[test]
fn replay_decodes_what_ingest_accepted() {
    use spoor_store::Decoder as _;
    use spoor_store::model::Tenant;

    use crate::decode::OtlpDecoder;

    let decoder = OtlpDecoder::new(&crate::correlation::CorrelationConfig::default()).unwrap();
    let bytes =
        bytes::Bytes::from(logs(vec![log(|_| ()), log(|log| log.trace_id = vec![1; 3]), log(|_| ())]));
    let tenant = Tenant::new("team-a").unwrap();
    let (batch, tally) = decoder.batch(tenant.clone(), Signal::Logs, ARRIVAL, bytes.clone()).unwrap();
    let again = decoder.decode(tenant.clone(), Signal::Logs, ARRIVAL, bytes).unwrap();
    assert_eq!((batch.len(), again.len(), tally.accepted), (2, 2, 2));
    assert_eq!(again.tenant(), &tenant);
    let broken = decoder.decode(tenant, Signal::Logs, ARRIVAL, bytes::Bytes::from_static(b"\x0a\x05x"));
    assert_eq!(broken.unwrap_err().to_string(), "request: message ends inside a field");
}
