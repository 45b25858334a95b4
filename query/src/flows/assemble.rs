//! Records to a flow's traces, services, links and times.

use std::collections::HashMap;

use spoor_store::model::{Record, Signal, SpanId, TraceId};

use super::answer::{FlowLink, LinkedFrom, ServiceSummary, TraceSummary};
use super::forest::{Forest, Parent};
use super::identity::dedupe;
use super::queues::{Wait, queue_ns};
use super::skew::Estimate;
use super::timeline::{Extent, Timeline};
use crate::owners::Owners;

/// A flow's records, each once, by time, and the trees of its spans.
#[derive(Debug)]
pub(crate) struct Assembly {
    pub(crate) spans: Vec<Record>,
    pub(crate) logs: Vec<Record>,
    pub(crate) duplicates: u64,
    pub(crate) forest: Forest,
    /// The times that everything about the flow is computed from: those of the records, until adjusted.
    pub(crate) times: Timeline,
}

impl Assembly {
    pub(crate) fn of(records: Vec<Record>) -> Self {
        let (records, duplicates) = dedupe(records);
        let (mut spans, mut logs): (Vec<Record>, Vec<Record>) =
            records.into_iter().partition(|record| record.signal == Signal::Spans);
        logs.sort_by_key(|log| (log.time, log.id));
        spans.sort_by_key(|span| (span.time, span.id));
        let forest = Forest::grow(&spans);
        let (spans, forest) = parents_first(spans, forest);
        let times = Timeline::raw(&spans, &logs);
        Self { spans, logs, duplicates, forest, times }
    }

    /// Puts the times of all records on the clock of the first service.
    pub(crate) fn adjust(&mut self, skew: &Estimate) {
        self.times = skew.adjusted(&self.spans, &self.logs);
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.spans.iter().chain(&self.logs)
    }

    pub(crate) fn error_count(&self) -> u64 {
        self.records().filter(|record| record.is_error()).count() as u64
    }

    /// Services by first appearance.
    pub(crate) fn services(&self, owners: &Owners) -> Vec<ServiceSummary> {
        let mut by_time: Vec<&Record> = self.records().collect();
        by_time.sort_by_key(|record| record.time);
        let mut services: Vec<ServiceSummary> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for record in by_time {
            let next = services.len();
            let place = *places.entry(&record.stream.service).or_insert(next);
            if place == next {
                services.push(ServiceSummary {
                    name: record.stream.service.clone(),
                    owner: None,
                    span_count: 0,
                    log_count: 0,
                    error_count: 0,
                });
            }
            let service = &mut services[place];
            if service.owner.is_none() {
                service.owner = owners.of(&record.stream).map(str::to_owned);
            }
            match record.signal {
                Signal::Spans => service.span_count += 1,
                Signal::Logs => service.log_count += 1,
            }
            service.error_count += u64::from(record.is_error());
        }
        services
    }

    /// Every link of every span, in the spans' order.
    pub(crate) fn links(&self) -> Vec<FlowLink> {
        let mut links = Vec::new();
        for (consumer, span) in self.spans.iter().enumerate() {
            let Some(trace_id) = span.trace_id else { continue };
            for (to_trace_id, to_span_id) in span.links() {
                links.push(FlowLink {
                    trace_id,
                    span_id: span.span_id,
                    to_trace_id,
                    to_span_id,
                    queue_ns: self.queue(to_trace_id, to_span_id, consumer),
                });
            }
        }
        links
    }

    /// Links to spans that are not here.
    pub(crate) fn missing_links(&self) -> u64 {
        let held = self.spans.iter().flat_map(Record::links);
        held.filter(|(trace, span)| self.target(*trace, *span).is_none()).count() as u64
    }

    /// Places of the spans that a span is linked to, as far as they are here; none of a span that has no trace.
    pub(crate) fn linked(&self, span: usize) -> impl Iterator<Item = usize> {
        let holder = &self.spans[span];
        let links = holder.links().filter(|_| holder.trace_id.is_some());
        links.filter_map(|(trace, id)| self.target(trace, id)).filter(move |target| *target != span)
    }

    fn target(&self, trace: TraceId, span: Option<SpanId>) -> Option<usize> {
        self.forest.find(trace, span?)
    }

    /// How long the consumer's message waited; `None` when its producer is not here.
    fn queue(&self, trace: TraceId, producer: Option<SpanId>, consumer: usize) -> Option<u64> {
        let producer = self.target(trace, producer)?;
        Some(queue_ns(&self.times, Wait { producer, consumer }))
    }

    /// Traces by start.
    pub(crate) fn traces(&self) -> Vec<TraceSummary> {
        let mut drafts: HashMap<TraceId, Draft<'_>> = HashMap::new();
        for (index, span) in self.spans.iter().enumerate() {
            if let Some(trace) = span.trace_id {
                let is_root = !matches!(self.forest.parent(index), Parent::Span(_));
                let is_true_root = self.forest.parent(index) == Parent::None;
                let draft = drafts.entry(trace).or_default();
                draft.stretch(self.times.spans[index]);
                draft.add_span(span, is_root, is_true_root);
            }
        }
        for (log, time) in self.logs.iter().zip(&self.times.logs) {
            if let Some(trace) = log.trace_id {
                let draft = drafts.entry(trace).or_default();
                draft.stretch(Extent { start: *time, end: *time });
                draft.add_log(log);
            }
        }
        let mut origins = self.origins(&drafts);
        let mut traces: Vec<TraceSummary> =
            drafts.into_iter().map(|(id, draft)| draft.finish(id, origins.remove(&id))).collect();
        traces.sort_by_key(|trace| (trace.start, trace.trace_id));
        traces
    }

    /// For each trace, the first link that leads from it to another trace of the flow.
    fn origins(&self, traces: &HashMap<TraceId, Draft<'_>>) -> HashMap<TraceId, LinkedFrom> {
        let mut origins = HashMap::new();
        for (consumer, span) in self.spans.iter().enumerate() {
            let Some(trace) = span.trace_id else { continue };
            let Some((to_trace, to_span)) =
                span.links().find(|(to, _)| *to != trace && traces.contains_key(to))
            else {
                continue;
            };
            origins.entry(trace).or_insert_with(|| {
                let target = self.target(to_trace, to_span);
                LinkedFrom {
                    trace_id: to_trace,
                    span_id: to_span.map(|id| id.to_string()).unwrap_or_default(),
                    service: target
                        .map(|target| self.spans[target].stream.service.clone())
                        .unwrap_or_default(),
                    queue_ns: self.queue(to_trace, to_span, consumer),
                }
            });
        }
        origins
    }
}

/// Spans of equal times with the upper ones first, whatever order they were stored in.
fn parents_first(spans: Vec<Record>, forest: Forest) -> (Vec<Record>, Forest) {
    let mut keyed: Vec<(u32, Record)> =
        spans.into_iter().enumerate().map(|(index, span)| (forest.depth(index), span)).collect();
    let is_sorted = keyed.is_sorted_by_key(|(depth, span)| (span.time, *depth));
    if !is_sorted {
        keyed.sort_by_key(|(depth, span)| (span.time, *depth));
    }
    let spans: Vec<Record> = keyed.into_iter().map(|(_, span)| span).collect();
    // A forest names spans by their places.
    let forest = if is_sorted { forest } else { Forest::grow(&spans) };
    (spans, forest)
}

/// A trace's summary while its records are counted.
#[derive(Default)]
struct Draft<'a> {
    extent: Option<Extent>,
    /// The first span without a parent; else the first whose parent is missing.
    root: Option<&'a Record>,
    root_is_true: bool,
    first_log: Option<&'a Record>,
    spans: u64,
    logs: u64,
    errors: u64,
}

impl<'a> Draft<'a> {
    fn stretch(&mut self, one: Extent) {
        let all = self.extent.get_or_insert(one);
        *all = Extent { start: all.start.min(one.start), end: all.end.max(one.end) };
    }

    fn add_span(&mut self, span: &'a Record, is_top: bool, is_true_root: bool) {
        self.spans += 1;
        self.errors += u64::from(span.is_error());
        if is_top && (self.root.is_none() || (is_true_root && !self.root_is_true)) {
            self.root = Some(span);
            self.root_is_true = is_true_root;
        }
    }

    fn add_log(&mut self, log: &'a Record) {
        self.logs += 1;
        self.errors += u64::from(log.is_error());
        self.first_log.get_or_insert(log);
    }

    fn finish(self, trace_id: TraceId, linked_from: Option<LinkedFrom>) -> TraceSummary {
        let extent = self.extent.unwrap_or(Extent { start: 0, end: 0 });
        TraceSummary {
            trace_id,
            root_service: self
                .root
                .or(self.first_log)
                .map(|top| top.stream.service.clone())
                .unwrap_or_default(),
            root_name: self.root.map(|root| root.name.clone()).unwrap_or_default(),
            start: extent.start,
            end: extent.end,
            span_count: self.spans,
            log_count: self.logs,
            error_count: self.errors,
            linked_from,
        }
    }
}
