//! Whether a flow is all there, as far as its records tell.

use std::collections::HashSet;

use spoor_store::model::TraceId;

use super::answer::{Completeness, Reason, Truncated, Verdict};
use super::assemble::Assembly;
use super::gaps::Gap;
use super::skew::Skew;

/// Judges a flow.
pub(crate) fn completeness(
    flow: &Assembly,
    truncated: Option<&Truncated>,
    skew: Option<&Skew>,
    gaps: &[Gap],
) -> Completeness {
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
    reasons.extend(skew.and_then(clock_skew));
    reasons.extend(silence(gaps));
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

/// The clocks that are furthest apart; the count is of the calls that show some.
fn clock_skew(skew: &Skew) -> Option<Reason> {
    let worst = skew.pairs.iter().max_by_key(|pair| pair.at_least().0)?;
    let (by, is_behind) = worst.at_least();
    let named = |service: &str, instance: &Option<String>| match instance {
        Some(instance) => format!("{service} ({instance})"),
        None => service.to_owned(),
    };
    let message = format!(
        "the clock of {} is at least {:.1} ms {} that of {}",
        named(&worst.to, &worst.to_instance),
        by as f64 / 1e6,
        if is_behind { "behind" } else { "ahead of" },
        named(&worst.from, &worst.from_instance),
    );
    Some(Reason::new("clock_skew", message, skew.pairs.iter().map(|pair| pair.agreeing).sum()))
}

/// Gaps that no queue explains.
fn silence(gaps: &[Gap]) -> Option<Reason> {
    let unexplained = || gaps.iter().filter(|gap| !gap.queue);
    let longest = unexplained().max_by_key(|gap| (gap.duration_ns, std::cmp::Reverse(gap.start)))?;
    let message = format!(
        "nothing tells of {:.1} ms between {} and {}",
        longest.duration_ns as f64 / 1e6,
        longest.before.service,
        longest.after.service,
    );
    Some(Reason::new("gaps", message, unexplained().count() as u64))
}
