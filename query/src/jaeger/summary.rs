//! A trace, counted: what a list of search results shows of it.

use std::collections::{BTreeMap, HashSet};

use spoor_store::model::{Record, SpanId, TraceId};

use super::operations::service_name;

/// A trace, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) id: TraceId,
    /// Of the earliest span without a parent; empty when there is none.
    pub(crate) root_service: String,
    pub(crate) root_operation: String,
    /// Nanoseconds.
    pub(crate) start: u64,
    /// Nanoseconds.
    pub(crate) end: u64,
    pub(crate) spans: usize,
    pub(crate) errors: usize,
    /// Spans whose parent is not in the trace.
    pub(crate) orphans: usize,
    /// By name.
    pub(crate) services: Vec<ServiceSummary>,
}

/// Counts of one service in a trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServiceSummary {
    pub(crate) name: String,
    pub(crate) spans: usize,
    pub(crate) errors: usize,
}

impl Summary {
    /// Counts the spans of a trace; one that was sent twice counts once.
    pub(crate) fn of_records(id: TraceId, records: &[Record]) -> Self {
        let mut seen = HashSet::new();
        let mut spans: Vec<&Record> = Vec::with_capacity(records.len());
        for record in records {
            if seen.insert((record.span_id, record.severity_or_kind, record.time, record.name.as_str())) {
                spans.push(record);
            }
        }
        let ids: HashSet<SpanId> = spans.iter().filter_map(|span| span.span_id).collect();
        let root = spans.iter().filter(|span| span.parent_span_id.is_none()).min_by_key(|span| span.time);
        let is_orphan = |span: &&&Record| span.parent_span_id.is_some_and(|parent| !ids.contains(&parent));
        let mut services: BTreeMap<&str, ServiceSummary> = BTreeMap::new();
        for span in &spans {
            let name = service_name(&span.stream);
            let service = services.entry(name).or_default();
            service.spans += 1;
            service.errors += usize::from(span.is_error());
        }
        let named =
            |(name, counts): (&str, ServiceSummary)| ServiceSummary { name: name.to_owned(), ..counts };
        Self {
            id,
            root_service: root.map_or_else(String::new, |root| service_name(&root.stream).to_owned()),
            root_operation: root.map_or_else(String::new, |root| root.name.clone()),
            start: spans.iter().map(|span| span.time).min().unwrap_or_default(),
            end: spans.iter().map(|span| span.time.max(span.end_or_observed)).max().unwrap_or_default(),
            spans: spans.len(),
            errors: spans.iter().filter(|span| span.is_error()).count(),
            orphans: spans.iter().filter(is_orphan).count(),
            services: services.into_iter().map(named).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{span, trace_id};

    #[test]
    fn roots_orphans_errors_and_services_are_counted() {
        let records = [
            span("web", 1).at(10, 40).build(),
            span("web", 1).at(10, 40).build(),
            span("cart", 2).under(1).at(12, 50).failed("x").build(),
            span("cart", 3).under(9).at(5, 6).build(),
        ];
        let summary = Summary::of_records(trace_id(1), &records);
        let service = |name: &str, spans, errors| ServiceSummary { name: name.to_owned(), spans, errors };
        assert_eq!(
            summary,
            Summary {
                id: trace_id(1),
                root_service: "web".to_owned(),
                root_operation: "span 1".to_owned(),
                start: 5,
                end: 50,
                spans: 3,
                errors: 1,
                orphans: 1,
                services: vec![service("cart", 2, 1), service("web", 1, 0)],
            }
        );
        let headless = Summary::of_records(trace_id(1), &records[3..]);
        assert_eq!((headless.root_service.as_str(), headless.root_operation.as_str()), ("", ""));
    }
}
