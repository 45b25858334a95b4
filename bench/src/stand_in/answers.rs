//! The API's answers, as far as the benchmark asks.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use serde_json::{Value, json};

use super::memory::{Kept, Memory, body_of, failed, string_of};
use crate::generate::hex;
use crate::truth::{JAEGER_LIMIT, tokens};

/// Answers a path with its query string.
pub(super) fn answer(memory: &Memory, path: &str, query: &str) -> (u16, Value) {
    let parameter = |name: &str| {
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        decode(value.unwrap_or_default())
    };
    match path {
        "/readyz" => (200, json!("ok")),
        "/api/v1/find" => (200, find(memory, &parameter("id"))),
        "/api/v1/search" => (200, search(memory, &parameter("q"))),
        "/api/v1/histogram" => (200, histogram(memory, &parameter("q"))),
        "/api/v1/fields/service/values" => (200, service_values(memory)),
        "/api/v1/services" => (200, services(memory)),
        "/api/traces" => (200, jaeger_traces(memory, &parameter("service"))),
        "/api/v1/stats" => (200, stats(memory, &parameter("group_by"))),
        "/api/v1/graph" => (200, graph(memory)),
        _ => match path.strip_prefix("/api/v1/flows/") {
            Some(id) => flow(memory, &decode(id)),
            None => (404, json!({"error": {"code": "no_such_route"}})),
        },
    }
}

fn flow(memory: &Memory, id: &str) -> (u16, Value) {
    let flow = memory.flow(id);
    if flow.spans.is_empty() && flow.logs.is_empty() {
        return (404, json!({"error": {"code": "not_found", "message": "nothing carries this id"}}));
    }
    let errors = flow.spans.iter().filter(|span| failed(&span.record)).count()
        + flow.logs.iter().filter(|log| is_error(&log.record)).count();
    let traces: Vec<Value> = flow.traces.iter().map(|trace| json!({"trace_id": hex(trace)})).collect();
    let names = |count: usize| vec![json!({}); count];
    let body = json!({
        "id": id,
        "span_count": flow.spans.len(),
        "log_count": flow.logs.len(),
        "error_count": errors,
        "truncated": null,
        "traces": traces,
        "spans": names(flow.spans.len()),
        "logs": names(flow.logs.len()),
    });
    (200, body)
}

fn is_error(log: &LogRecord) -> bool {
    log.severity_number >= SeverityNumber::Error as i32
}

fn find(memory: &Memory, id: &str) -> Value {
    let flow = memory.spans.iter().any(|span| span.order.as_deref() == Some(id))
        || memory.logs.iter().any(|log| log.order.as_deref() == Some(id));
    let trace = memory.spans.iter().any(|span| hex(&span.record.trace_id) == id);
    let kinds = [("flow", flow), ("trace", trace)];
    let matches: Vec<Value> =
        kinds.iter().filter(|(_, found)| *found).map(|(kind, _)| json!({"kind": kind})).collect();
    json!({"id": id, "matches": matches})
}

/// Log records that hold every part of a query: words of the body, `service:` and string attributes.
fn matching<'a>(memory: &'a Memory, query: &str) -> Vec<&'a Kept<LogRecord>> {
    let parts: Vec<&str> = query.split_whitespace().filter(|part| *part != "signal:logs").collect();
    let holds = |log: &Kept<LogRecord>| {
        parts.iter().all(|part| match part.split_once(':') {
            Some(("service", name)) => log.service == name,
            Some((key, value)) => string_of(&log.record.attributes, key) == Some(value.trim_matches('"')),
            None => tokens(body_of(&log.record)).any(|token| token == *part),
        })
    };
    memory.logs.iter().filter(|log| holds(log)).collect()
}

fn search(memory: &Memory, query: &str) -> Value {
    let mut times: Vec<u64> = matching(memory, query).iter().map(|log| log.record.time_unix_nano).collect();
    times.sort_unstable_by(|left, right| right.cmp(left));
    let records: Vec<Value> = times.iter().take(100).map(|time| json!({"time": time.to_string()})).collect();
    json!({"records": records})
}

fn histogram(memory: &Memory, query: &str) -> Value {
    let count =
        if query.is_empty() { memory.spans.len() + memory.logs.len() } else { matching(memory, query).len() };
    json!({"total": count, "buckets": [{"count": count}]})
}

fn by_service(memory: &Memory) -> BTreeMap<&str, (u64, u64)> {
    let mut services: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for span in &memory.spans {
        services.entry(&span.service).or_default().0 += 1;
    }
    for log in &memory.logs {
        services.entry(&log.service).or_default().1 += 1;
    }
    services
}

fn service_values(memory: &Memory) -> Value {
    let values: Vec<Value> = by_service(memory)
        .into_iter()
        .map(|(service, (spans, logs))| json!({"value": service, "count": spans + logs}))
        .collect();
    json!({"values": values, "truncated": 0})
}

fn services(memory: &Memory) -> Value {
    let services: Vec<Value> = by_service(memory)
        .into_iter()
        .map(|(service, (spans, logs))| {
            let is_request =
                |span: &Span| [SpanKind::Server as i32, SpanKind::Consumer as i32].contains(&span.kind);
            let requests = memory
                .spans
                .iter()
                .filter(|span| span.service == service && is_request(&span.record))
                .count();
            json!({"name": service, "span_count": spans, "log_count": logs, "request_count": requests})
        })
        .collect();
    json!({"services": services})
}

/// The newest traces of a service, with its spans alone.
fn jaeger_traces(memory: &Memory, service: &str) -> Value {
    let mut traces: BTreeMap<&[u8], Vec<u64>> = BTreeMap::new();
    for span in memory.spans.iter().filter(|span| span.service == service) {
        traces.entry(&span.record.trace_id).or_default().push(span.record.start_time_unix_nano / 1_000);
    }
    let mut traces: Vec<(&[u8], Vec<u64>)> = traces.into_iter().collect();
    traces.sort_unstable_by_key(|(id, starts)| Reverse((starts.iter().max().copied(), *id)));
    let shown = traces.into_iter().take(JAEGER_LIMIT).map(|(id, starts)| {
        let spans = starts.iter().map(|start| json!({"processID": "p1", "startTime": start}));
        let spans: Vec<Value> = spans.collect();
        json!({"traceID": hex(id), "spans": spans, "processes": {"p1": {"serviceName": service}}})
    });
    json!({"data": shown.collect::<Vec<Value>>()})
}

/// Counts and 95th percentiles by service; by anything else, all in one group.
fn stats(memory: &Memory, by: &str) -> Value {
    let mut groups: BTreeMap<Option<&str>, (usize, Vec<u64>)> = BTreeMap::new();
    let key = |service| (by == "service").then_some(service);
    for span in &memory.spans {
        let (count, durations) = groups.entry(key(span.service.as_str())).or_default();
        *count += 1;
        durations.push(span.record.end_time_unix_nano.saturating_sub(span.record.start_time_unix_nano));
    }
    for log in &memory.logs {
        groups.entry(key(log.service.as_str())).or_default().0 += 1;
    }
    let groups = groups.into_iter().map(|(value, (count, mut durations))| {
        durations.sort_unstable();
        let p95 = durations.get(durations.len() * 95 / 100);
        json!({"by": {by: value}, "values": {"p95(duration)": p95, "count": count}})
    });
    json!({"groups": groups.collect::<Vec<_>>(), "truncated": 0})
}

fn graph(memory: &Memory) -> Value {
    let ids = |kept: &Kept<Span>| (kept.record.trace_id.clone(), kept.record.span_id.clone());
    let services: HashMap<_, &str> = memory.spans.iter().map(|kept| (ids(kept), &*kept.service)).collect();
    let mut edges: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for Kept { service, record, .. } in &memory.spans {
        let (caller, kind) = match record.links.first() {
            Some(link) => ((link.trace_id.clone(), link.span_id.clone()), "queue"),
            None => ((record.trace_id.clone(), record.parent_span_id.clone()), "call"),
        };
        if let Some(caller) = services.get(&caller).filter(|caller| *caller != service) {
            *edges.entry((caller, service, kind)).or_default() += 1;
        }
    }
    let edges: Vec<Value> = edges
        .into_iter()
        .map(|((from, to, kind), count)| json!({"source": from, "target": to, "kind": kind, "count": count}))
        .collect();
    json!({"edges": edges})
}

/// Undoes percent-encoding; what is not valid stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
