//! The workload is what it says: the same bytes from a seed, a realistic shape, and a truth that a plain recount confirms.

use std::collections::{BTreeMap, HashMap, HashSet};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};
use prost::Message;
use xxhash_rust::xxh3::Xxh3;

use super::*;
use crate::truth::{SEARCHES, ServiceTruth, tokens};

const END: u64 = 1_900_000_000_000_000_000;

fn workload(records: u64) -> Workload {
    Workload { seed: 42, wave: 0, records, end: END, unique_attributes: 0 }
}

fn hash(generated: &Generated) -> u64 {
    let mut hasher = Xxh3::new();
    for request in &generated.requests {
        hasher.update(&request.framed());
    }
    hasher.digest()
}

#[test]
fn a_seed_decides_every_byte() {
    let first = hash(&generate(&workload(30_000)));
    assert_eq!(first, hash(&generate(&workload(30_000))));
    assert_ne!(first, hash(&generate(&Workload { seed: 43, ..workload(30_000) })));
    assert_ne!(first, hash(&generate(&Workload { wave: 1, ..workload(30_000) })));
}

/// The decoded requests, resent ones and second copies left out.
#[derive(Default)]
struct Decoded {
    spans: Vec<(String, Span)>,
    logs: Vec<(String, LogRecord)>,
    second_copies: u64,
    streams: HashSet<Vec<u8>>,
}

fn decode(generated: &Generated) -> Decoded {
    let mut decoded = Decoded::default();
    let mut seen = HashSet::new();
    for request in generated.requests.iter().filter(|request| request.resend_of.is_none()) {
        let message = request.message();
        match request.signal {
            Signal::Logs => {
                for resource in ExportLogsServiceRequest::decode(message).unwrap().resource_logs {
                    let service = service_of(&resource.resource.as_ref().unwrap().attributes);
                    for scope in resource.scope_logs {
                        let stream = (resource.resource.clone().unwrap(), scope.scope.unwrap());
                        decoded.streams.insert([stream.0.encode_to_vec(), stream.1.encode_to_vec()].concat());
                        decoded.logs.extend(scope.log_records.into_iter().map(|log| (service.clone(), log)));
                    }
                }
            }
            Signal::Spans => {
                for resource in ExportTraceServiceRequest::decode(message).unwrap().resource_spans {
                    let service = service_of(&resource.resource.as_ref().unwrap().attributes);
                    for scope in resource.scope_spans {
                        let stream = (resource.resource.clone().unwrap(), scope.scope.unwrap());
                        decoded.streams.insert([stream.0.encode_to_vec(), stream.1.encode_to_vec()].concat());
                        for span in scope.spans {
                            let identity = (
                                span.trace_id.clone(),
                                span.span_id.clone(),
                                span.kind,
                                span.start_time_unix_nano,
                            );
                            if seen.insert(identity) {
                                decoded.spans.push((service.clone(), span));
                            } else {
                                decoded.second_copies += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    decoded
}

fn service_of(attributes: &[KeyValue]) -> String {
    string_of(attributes, "service.name").unwrap()
}

fn string_of(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

fn body_of(log: &LogRecord) -> &str {
    match log.body.as_ref().and_then(|body| body.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        _ => "",
    }
}

/// The order id a record carries, found as the key configuration says.
fn id_of(attributes: &[KeyValue], body: &str) -> Option<String> {
    let in_attributes = string_of(attributes, "order.id").or_else(|| string_of(attributes, "app.order.id"));
    let in_json =
        || serde_json::from_str::<serde_json::Value>(body).ok()?.get("orderId")?.as_str().map(str::to_owned);
    let in_text = || body.split_once("orderId: ").and_then(|(_, rest)| rest.get(..36)).map(str::to_owned);
    in_attributes.or_else(in_json).or_else(in_text)
}

#[derive(Default, Debug, PartialEq, Eq)]
struct Counts {
    traces: HashSet<Vec<u8>>,
    spans: u64,
    logs: u64,
    errors: (u64, u64),
}

/// The flow rule, applied the slow way.
fn recount(decoded: &Decoded) -> BTreeMap<String, Counts> {
    let mut owner: HashMap<Vec<u8>, String> = HashMap::new();
    let spans =
        decoded.spans.iter().filter_map(|(_, span)| Some((&span.trace_id, id_of(&span.attributes, "")?)));
    let logs = decoded
        .logs
        .iter()
        .filter_map(|(_, log)| Some((&log.trace_id, id_of(&log.attributes, body_of(log))?)));
    for (trace, id) in spans.chain(logs).filter(|(trace, _)| !trace.is_empty()) {
        let before = owner.insert(trace.clone(), id.clone());
        assert!(before.is_none_or(|before| before == id), "one trace carries two ids");
    }
    loop {
        let before = owner.len();
        for (_, span) in &decoded.spans {
            for link in &span.links {
                if let Some(id) = owner.get(&link.trace_id).cloned() {
                    owner.insert(span.trace_id.clone(), id);
                } else if let Some(id) = owner.get(&span.trace_id).cloned() {
                    owner.insert(link.trace_id.clone(), id);
                }
            }
        }
        if owner.len() == before {
            break;
        }
    }
    let mut flows: BTreeMap<String, Counts> = BTreeMap::new();
    for (_, span) in &decoded.spans {
        let counts = flows.entry(owner[&span.trace_id].clone()).or_default();
        counts.traces.insert(span.trace_id.clone());
        counts.spans += 1;
        counts.errors.0 +=
            u64::from(span.status.as_ref().is_some_and(|status| status.code == StatusCode::Error as i32));
    }
    for (_, log) in &decoded.logs {
        let id = owner.get(&log.trace_id).cloned().or_else(|| id_of(&log.attributes, body_of(log)));
        let Some(id) = id else { continue };
        let counts = flows.entry(id).or_default();
        counts.logs += 1;
        counts.errors.1 += u64::from(log.severity_number >= 17);
    }
    flows
}

#[test]
fn truth_agrees_with_a_recount_of_flows() {
    let generated = generate(&workload(60_000));
    let recounted = recount(&decode(&generated));
    assert_eq!(recounted.len(), generated.truth.flows.len());
    for flow in &generated.truth.flows {
        let expected = Counts {
            traces: flow.traces.iter().map(|trace| trace.to_vec()).collect(),
            spans: flow.spans,
            logs: flow.logs,
            errors: (flow.error_spans, flow.error_logs),
        };
        assert_eq!(recounted[&flow.id], expected, "flow {}", flow.id);
        assert!(!flow.requests.is_empty());
    }
}

#[test]
fn truth_agrees_with_a_recount_of_services_and_searches() {
    let generated = generate(&workload(60_000));
    let decoded = decode(&generated);
    let mut services: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (service, _) in &decoded.spans {
        services.entry(service.clone()).or_default().0 += 1;
    }
    for (service, _) in &decoded.logs {
        services.entry(service.clone()).or_default().1 += 1;
    }
    let truth: BTreeMap<String, (u64, u64)> = generated
        .truth
        .services
        .iter()
        .map(|(service, ServiceTruth { spans, logs, .. })| (service.name().to_owned(), (*spans, *logs)))
        .collect();
    assert_eq!(truth, services);
    assert_eq!(generated.truth.duplicates(), decoded.second_copies);
    assert_eq!(generated.truth.flows.iter().map(|flow| flow.duplicates).sum::<u64>(), decoded.second_copies);

    for (case, truth) in SEARCHES.iter().zip(&generated.truth.searches) {
        let mut times: Vec<u64> = decoded
            .logs
            .iter()
            .filter(|(service, log)| {
                let words: HashSet<&str> = tokens(body_of(log)).collect();
                case.words.iter().all(|word| words.contains(word))
                    && case.service.is_none_or(|wanted| wanted.name() == service)
                    && case
                        .attribute
                        .is_none_or(|(key, value)| string_of(&log.attributes, key).as_deref() == Some(value))
            })
            .map(|(_, log)| log.time_unix_nano)
            .collect();
        times.sort_unstable_by(|left, right| right.cmp(left));
        assert_eq!(truth.count, times.len() as u64, "{}", case.name);
        assert!(truth.count > 0, "{} finds nothing", case.name);
        assert_eq!(truth.newest, times[..times.len().min(100)], "{}", case.name);
    }
}

#[test]
fn the_workload_has_the_shape_it_promises() {
    let generated = generate(&workload(240_000));
    let decoded = decode(&generated);
    let truth = &generated.truth;
    let records = truth.records() as f64;
    let bytes = generated.bytes() as f64 / truth.sent_records as f64;
    assert!((280.0..330.0).contains(&bytes), "{bytes} bytes a record");
    let spans = decoded.spans.len() as f64 / records;
    assert!((0.45..0.55).contains(&spans), "{spans} of the records are spans");
    let a_flow = records / truth.flows.len() as f64;
    assert!((a_flow - FLOW_RECORDS_AVERAGE as f64).abs() < 1.0, "{a_flow} records a flow");
    let attributes: usize = decoded.spans.iter().map(|(_, span)| span.attributes.len()).sum::<usize>()
        + decoded.logs.iter().map(|(_, log)| log.attributes.len()).sum::<usize>();
    let attributes = attributes as f64 / records;
    assert!((5.0..6.0).contains(&attributes), "{attributes} attributes a record");
    assert_eq!(decoded.streams.len(), 45);
    for traces in 1..=4 {
        assert!(truth.flows.iter().any(|flow| flow.traces.len() == traces), "no flow of {traces} traces");
    }
    assert!(truth.flows.iter().any(|flow| flow.error_spans > 0));
    assert!(truth.duplicates() > 0);
    assert!(generated.requests.iter().any(|request| request.resend_of.is_some()));
    let a_request = truth.sent_records as f64 / generated.requests.len() as f64;
    assert!(a_request > 330.0, "{a_request} records a request");
    assert!(generated.requests.iter().all(|request| request.records as usize <= BATCH_RECORDS_MAX));
}

#[test]
fn requests_are_in_time_order_and_end_before_the_end() {
    let generated = generate(&workload(60_000));
    for request in &generated.requests {
        let message = request.message();
        let times: Vec<u64> = match request.signal {
            Signal::Logs => ExportLogsServiceRequest::decode(message)
                .unwrap()
                .resource_logs
                .iter()
                .flat_map(|resource| &resource.scope_logs)
                .flat_map(|scope| scope.log_records.iter().map(|log| log.time_unix_nano))
                .collect(),
            // A second copy comes three seconds after its span ended.
            Signal::Spans => continue,
        };
        assert!(times.is_sorted(), "a request of log records is not in time order");
        assert!(times.iter().all(|time| *time <= END && *time > END - 60_000_000_000));
    }
}

#[test]
fn unique_attributes_are_on_every_record_and_unique() {
    let generated = generate(&Workload { unique_attributes: 3, ..workload(20_000) });
    let decoded = decode(&generated);
    let mut values = HashSet::new();
    let spans = decoded.spans.iter().map(|(_, span)| &span.attributes);
    let logs = decoded.logs.iter().map(|(_, log)| &log.attributes);
    for attributes in spans.chain(logs) {
        for key in &UNIQUE_KEYS[..3] {
            let value = string_of(attributes, key).unwrap();
            assert_eq!(value.len(), 36);
            assert!(values.insert(value), "a unique value came twice");
        }
    }
    assert_eq!(values.len() as u64, 3 * generated.truth.records());
}
