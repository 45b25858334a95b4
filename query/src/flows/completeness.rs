//! Whether a flow is all there, as far as its records tell.

use std::collections::HashSet;

use spoor_store::model::{Record, SpanKind, TraceId};

use super::answer::{Completeness, Reason, Truncated, Verdict};
use super::assemble::Assembly;
use super::forest::Parent;

/// Clocks this far apart, in nanoseconds, are not worth a word: some clients write whole milliseconds.
const SKEW_TOLERANCE: u64 = 2_000_000;

/// Judges a flow.
pub(crate) fn completeness(flow: &Assembly, truncated: Option<&Truncated>) -> Completeness {
    let mut reasons = Vec::new();
    let mut verdict = if flow.spans.is_empty() { Verdict::Unknown } else { Verdict::Complete };
    let missing_parents = flow.forest.missing_parents() as u64;
    if missing_parents > 0 {
        let spans = plural(missing_parents, "span names a parent", "spans name a parent");
        reasons.push(Reason::new(
            "missing_parents",
            format!("{spans} that has not arrived"),
            missing_parents,
        ));
        verdict = Verdict::Incomplete;
    }
    let missing_links = flow.missing_links();
    if missing_links > 0 {
        let links = plural(missing_links, "link leads to a span", "links lead to spans");
        reasons.push(Reason::new("missing_links", format!("{links} not found here"), missing_links));
        verdict = Verdict::Incomplete;
    }
    let spanless = spanless_traces(flow);
    if spanless > 0 {
        let traces =
            plural(spanless, "trace has log records but no span", "traces have log records but no span");
        let message = format!("{traces}: sampled out, or not arrived");
        reasons.push(Reason::new("sampled", message, spanless));
        if verdict == Verdict::Complete {
            verdict = Verdict::Unknown;
        }
    }
    if let Some(cut) = truncated {
        let count = cut.spans + cut.logs + cut.traces;
        reasons.push(Reason::new("truncated", cut.reason.clone(), count));
        verdict = Verdict::Incomplete;
    }
    reasons.extend(skew(flow));
    if flow.duplicates > 0 {
        let records = plural(flow.duplicates, "record was", "records were");
        let message = format!("{records} stored more than once and shown once");
        reasons.push(Reason::new("duplicates_removed", message, flow.duplicates));
    }
    Completeness { verdict, reasons }
}

impl Reason {
    fn new(code: &'static str, message: String, count: u64) -> Self {
        Self { code, message, count }
    }
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Traces that only log records tell of.
fn spanless_traces(flow: &Assembly) -> u64 {
    let with_spans: HashSet<TraceId> = flow.spans.iter().filter_map(|span| span.trace_id).collect();
    let logged: HashSet<TraceId> = flow.logs.iter().filter_map(|log| log.trace_id).collect();
    logged.difference(&with_spans).count() as u64
}

/// A server cannot start before its client called, nor end after it got the answer, unless their clocks differ.
fn skew(flow: &Assembly) -> Option<Reason> {
    let mut pairs = 0;
    let mut worst: Option<(u64, bool, &Record, &Record)> = None;
    for (index, server) in flow.spans.iter().enumerate() {
        let Parent::Span(client) = flow.forest.parent(index) else { continue };
        let client = &flow.spans[client];
        if server.kind() != SpanKind::Server || client.kind() != SpanKind::Client {
            continue;
        }
        let Some((by, is_behind)) = skew_of(client, server) else { continue };
        pairs += 1;
        if worst.is_none_or(|(most, ..)| by > most) {
            worst = Some((by, is_behind, client, server));
        }
    }
    let (by, is_behind, client, server) = worst?;
    let message = format!(
        "the clock of {} is at least {:.1} ms {} that of {}",
        server.stream.service,
        by as f64 / 1e6,
        if is_behind { "behind" } else { "ahead of" },
        client.stream.service,
    );
    Some(Reason::new("clock_skew", message, pairs))
}

/// How far the server's clock is off, and whether behind. A server that outlasts its client is no sign of it: the
/// client may have given up.
fn skew_of(client: &Record, server: &Record) -> Option<(u64, bool)> {
    let behind = client.time.saturating_sub(server.time);
    if behind > SKEW_TOLERANCE {
        return Some((behind, true));
    }
    let ahead = server.end_or_observed.saturating_sub(client.end_or_observed);
    let fits = server.duration() <= client.duration();
    (fits && client.end_or_observed > 0 && ahead > SKEW_TOLERANCE).then_some((ahead, false))
}
