//! Spans: each once, each with an id of its own, with no links to nothing.

use std::collections::{HashMap, HashSet};

use spoor_proto::otlp::span::SpanKind;

use crate::jaeger::trace::Trace;

/// Keeps the first of spans that are equal in everything.
pub(super) fn remove_duplicates(trace: &mut Trace) {
    let mut alike: HashMap<(Vec<u8>, u64), Vec<usize>> = HashMap::new();
    let mut kept = vec![true; trace.spans.len()];
    for (at, one) in trace.spans.iter().enumerate() {
        let others = alike.entry((one.span.span_id.clone(), one.span.start_time_unix_nano)).or_default();
        let is_same = |other: &usize| {
            let other = &trace.spans[*other];
            trace.sources[other.source] == trace.sources[one.source] && other.span == one.span
        };
        if others.iter().any(is_same) {
            kept[at] = false;
        } else {
            others.push(at);
        }
    }
    let mut kept = kept.into_iter();
    trace.spans.retain(|_| kept.next().unwrap_or(true));
}

/// Gives server spans that share their id with a client span, as Zipkin's clients send them, an id of their own under
/// that client span, and their children the new parent.
pub(super) fn make_ids_unique(trace: &mut Trace) {
    let is = |kind: i32, wanted: SpanKind| kind == wanted as i32;
    let mut used: HashSet<Vec<u8>> = trace.spans.iter().map(|one| one.span.span_id.clone()).collect();
    let clients = trace.spans.iter().filter(|one| is(one.span.kind, SpanKind::Client));
    let clients: HashSet<Vec<u8>> = clients.map(|one| one.span.span_id.clone()).collect();
    let mut renamed: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    let mut last = 0_u64;
    let servers = trace.spans.iter_mut().filter(|one| is(one.span.kind, SpanKind::Server));
    for one in servers.filter(|one| clients.contains(&one.span.span_id)) {
        let fresh = loop {
            last += 1;
            let id = last.to_be_bytes().to_vec();
            if used.insert(id.clone()) {
                break id;
            }
        };
        let shared = std::mem::replace(&mut one.span.span_id, fresh.clone());
        one.span.parent_span_id.clone_from(&shared);
        renamed.insert(shared, fresh);
    }
    for span in trace.spans.iter_mut().map(|one| &mut one.span) {
        if let Some(fresh) = renamed.get(&span.parent_span_id)
            && span.span_id != *fresh
        {
            span.parent_span_id.clone_from(fresh);
        }
    }
}

/// Removes links without a trace.
pub(super) fn remove_empty_links(trace: &mut Trace) {
    for one in &mut trace.spans {
        let before = one.span.links.len();
        one.span.links.retain(|link| link.trace_id.iter().any(|byte| *byte != 0));
        for _ in one.span.links.len()..before {
            one.warnings.push("Invalid span link removed".to_owned());
        }
    }
}
