//! Property tests: rows hold all of the request; broken bytes are refused exactly when prost refuses them.

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use spoor_proto::otlp::{
    ExportLogsServiceRequest, ExportTraceServiceRequest, InstrumentationScope, LogRecord, Resource, Span,
};
use spoor_proto::wire::{Fields, WireError, put_bytes_field};
use spoor_store::model::{Signal, StreamParts};

use super::arbitrary;
use super::recorder::{Recorder, run};

/// A record with the resource, scope and schema URLs it stands under, encoded: equal also where doubles are NaN.
#[derive(Debug, PartialEq)]
struct Whole {
    resource: Option<Vec<u8>>,
    scope: Option<Vec<u8>>,
    schema_urls: [String; 2],
    record: Vec<u8>,
}

fn valid_id(id: &[u8], length: usize) -> bool {
    id.is_empty() || id.len() == length
}

fn set_id(id: &[u8], length: usize) -> bool {
    id.len() == length && id.iter().any(|byte| *byte != 0)
}

fn log_is_valid(log: &LogRecord) -> bool {
    valid_id(&log.trace_id, 16) && valid_id(&log.span_id, 8)
}

fn span_is_valid(span: &Span) -> bool {
    set_id(&span.trace_id, 16) && set_id(&span.span_id, 8) && valid_id(&span.parent_span_id, 8)
}

fn expected_logs(request: &ExportLogsServiceRequest) -> Vec<Whole> {
    let mut all = Vec::new();
    for group in &request.resource_logs {
        for scope in &group.scope_logs {
            for record in scope.log_records.iter().filter(|record| log_is_valid(record)) {
                all.push(Whole {
                    resource: group.resource.as_ref().map(Message::encode_to_vec),
                    scope: scope.scope.as_ref().map(Message::encode_to_vec),
                    schema_urls: [group.schema_url.clone(), scope.schema_url.clone()],
                    record: record.encode_to_vec(),
                });
            }
        }
    }
    all
}

fn expected_spans(request: &ExportTraceServiceRequest) -> Vec<Whole> {
    let mut all = Vec::new();
    for group in &request.resource_spans {
        for scope in &group.scope_spans {
            for record in scope.spans.iter().filter(|record| span_is_valid(record)) {
                all.push(Whole {
                    resource: group.resource.as_ref().map(Message::encode_to_vec),
                    scope: scope.scope.as_ref().map(Message::encode_to_vec),
                    schema_urls: [group.schema_url.clone(), scope.schema_url.clone()],
                    record: record.encode_to_vec(),
                });
            }
        }
    }
    all
}

fn recorded(recorder: &Recorder, signal: Signal) -> Vec<Whole> {
    let rows = recorder.rows.iter();
    rows.map(|row| {
        let StreamParts { resource, resource_schema_url, scope, scope_schema_url } =
            recorder.streams[row.stream].clone();
        Whole {
            resource: resource.map(|bytes| Resource::decode(&*bytes).unwrap().encode_to_vec()),
            scope: scope.map(|bytes| InstrumentationScope::decode(&*bytes).unwrap().encode_to_vec()),
            schema_urls: [resource_schema_url, scope_schema_url],
            record: match signal {
                Signal::Logs => row.log().encode_to_vec(),
                Signal::Spans => row.span().encode_to_vec(),
            },
        }
    })
    .collect()
}

fn check_logs(bytes: &[u8]) -> Result<(), TestCaseError> {
    let by_prost = ExportLogsServiceRequest::decode(bytes);
    check(Signal::Logs, bytes, by_prost.map(|request| expected_logs(&request)))
}

fn check_traces(bytes: &[u8]) -> Result<(), TestCaseError> {
    let by_prost = ExportTraceServiceRequest::decode(bytes);
    check(Signal::Spans, bytes, by_prost.map(|request| expected_spans(&request)))
}

/// Compares with what prost reads from the same bytes. Ours differs where it is documented to: groups are refused,
/// invalid UTF-8 and deep nesting cost a record instead of the request.
fn check(
    signal: Signal,
    bytes: &[u8],
    by_prost: Result<Vec<Whole>, prost::DecodeError>,
) -> Result<(), TestCaseError> {
    let (result, recorder) = run(signal, bytes);
    match (result, by_prost) {
        (Ok(tally), Ok(expected)) => {
            prop_assert_eq!(tally.accepted as usize, expected.len());
            prop_assert_eq!(recorded(&recorder, signal), expected);
        }
        (Ok(tally), Err(error)) => {
            let error = error.to_string();
            let is_milder_here = error.contains("UTF-8") || error.contains("recursion limit");
            prop_assert!(tally.rejected_total() > 0 || is_milder_here, "accepted in spite of: {}", error);
        }
        (Err(malformed), Ok(_)) => {
            prop_assert!(matches!(malformed.why, WireError::WireType(3 | 4)), "refused {}", malformed);
        }
        (Err(_), Err(_)) => {}
    }
    Ok(())
}

/// Damage done to a request.
#[derive(Debug, Clone)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(at, mask)| Damage::Flip(at, mask)),
        1 => at().prop_map(Damage::Cut),
        1 => at().prop_map(Damage::Remove),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        1 => (at(), at()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        if bytes.is_empty() {
            break;
        }
        let len = bytes.len();
        match damage {
            Damage::Flip(at, mask) => bytes[at.index(len)] ^= mask,
            Damage::Cut(at) => bytes.truncate(at.index(len)),
            Damage::Remove(at) => drop(bytes.remove(at.index(len))),
            Damage::Insert(at, byte) => bytes.insert(at.index(len), *byte),
            Damage::Repeat(from, to) => {
                let (from, to) = (from.index(len).min(to.index(len)), from.index(len).max(to.index(len)));
                let part = bytes[from..to].to_vec();
                bytes.extend_from_slice(&part);
            }
        }
    }
    bytes
}

/// The record's fields in another order, some of them twice.
fn shuffled(record: &[u8], picks: &[prop::sample::Index]) -> Vec<u8> {
    let fields: Vec<&[u8]> = Fields::new(record).map(|field| field.expect("encoded by prost").raw).collect();
    if fields.is_empty() {
        return Vec::new();
    }
    picks.iter().flat_map(|pick| fields[pick.index(fields.len())]).copied().collect()
}

/// A request with just this record.
fn around(record: &[u8]) -> Vec<u8> {
    let (mut scope, mut resource, mut request) = (Vec::new(), Vec::new(), Vec::new());
    put_bytes_field(&mut scope, 2, record);
    put_bytes_field(&mut resource, 2, &scope);
    put_bytes_field(&mut request, 1, &resource);
    request
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn log_rows_hold_all_of_the_request(request in arbitrary::logs()) {
        check_logs(&request.encode_to_vec())?;
    }

    #[test]
    fn span_rows_hold_all_of_the_request(request in arbitrary::traces()) {
        check_traces(&request.encode_to_vec())?;
    }

    #[test]
    fn fields_in_any_order_and_number_read_as_prost_reads_them(
        log in arbitrary::log_record(),
        span in arbitrary::span(),
        picks in vec(any::<prop::sample::Index>(), 0..40),
    ) {
        check_logs(&around(&shuffled(&log.encode_to_vec(), &picks)))?;
        check_traces(&around(&shuffled(&span.encode_to_vec(), &picks)))?;
    }

    #[test]
    fn decoding_twice_gives_the_same(request in arbitrary::traces()) {
        let bytes = request.encode_to_vec();
        let (first, second) = (run(Signal::Spans, &bytes), run(Signal::Spans, &bytes));
        prop_assert_eq!(first.0, second.0);
        prop_assert_eq!(first.1.rows, second.1.rows);
    }
}

proptest! {
    #![proptest_config(config(1_500))]

    #[test]
    fn damaged_logs_are_refused_when_prost_refuses_them(
        request in arbitrary::logs(),
        damages in vec(damage(), 1..6),
    ) {
        check_logs(&damaged(request.encode_to_vec(), &damages))?;
    }

    #[test]
    fn damaged_traces_are_refused_when_prost_refuses_them(
        request in arbitrary::traces(),
        damages in vec(damage(), 1..6),
    ) {
        check_traces(&damaged(request.encode_to_vec(), &damages))?;
    }

    #[test]
    fn noise_never_panics(bytes in vec(any::<u8>(), 0..200)) {
        check_logs(&bytes)?;
        check_traces(&bytes)?;
    }
}
