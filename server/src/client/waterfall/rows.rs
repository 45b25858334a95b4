//! A flow as rows, top to bottom: traces, spans under their parents, log records, links, what a span says of its failure.

use std::collections::{HashMap, HashSet};

use super::super::model::{Flow, Link, Record, Trace};
use super::tree::{Item, Tree};

/// Levels that are indented; deeper rows say how much deeper they are.
pub(super) const LEVELS_MAX: usize = 16;
/// Links of one span that are shown.
const LINKS_MAX: usize = 3;

/// One row.
#[derive(Debug)]
pub(super) enum Row<'a> {
    /// A trace begins.
    Trace(Trace),
    /// Records of no trace begin.
    Untraced,
    Span {
        span: &'a Record,
        place: Place,
        /// Nanoseconds that it waited in a queue.
        queue_ns: Option<u64>,
    },
    /// A span names a parent that is not here.
    Orphan { place: Place },
    Log {
        log: &'a Record,
        place: Place,
        /// Whether it comes from another service than the span it is in.
        is_foreign: bool,
    },
    /// What a failed span says.
    Failure { message: &'a str, place: Place },
    /// Where a span was linked from.
    Link { link: &'a Link, service: Option<&'a str>, place: Place },
    /// Links past the bound.
    MoreLinks { count: usize, place: Place },
    /// What is deeper than was asked for.
    Deeper { spans: u64, logs: u64, place: Place },
}

/// Where in the tree a row stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// Of each level above, whether more spans come on it.
    pub(super) goes_on: Vec<bool>,
    /// Levels above that are not in `goes_on`.
    pub(super) deeper: usize,
    /// Whether it is a span, which hangs on the tree.
    pub(super) hangs: bool,
}

impl Place {
    fn below(&self, goes_on: bool, hangs: bool) -> Self {
        let mut place = Self { hangs, ..self.clone() };
        if place.goes_on.len() < LEVELS_MAX {
            place.goes_on.push(goes_on);
        } else {
            place.deeper += 1;
        }
        place
    }
}

/// The rows of a flow; spans deeper than `depth_max` levels are counted.
pub(super) fn rows<'a>(flow: &'a Flow, tree: &Tree, depth_max: Option<u32>) -> Vec<Row<'a>> {
    let links = links_by_holder(flow);
    let services =
        flow.spans.iter().map(|span| ((&*span.trace_id, &*span.span_id), &*span.service)).collect();
    let queues = queues(flow);
    let headings = headings(flow);
    let mut writer = Writer { flow, tree, links, queues, headings, services, depth_max, rows: Vec::new() };
    for trace in traces(flow, tree) {
        let items = tree.tops.get(&trace.trace_id).map_or(&[][..], Vec::as_slice);
        writer.rows.push(Row::Trace(trace));
        writer.items(items);
    }
    if let Some(items) = tree.tops.get("") {
        writer.rows.push(Row::Untraced);
        writer.items(items);
    }
    writer.rows
}

/// The flow's traces; then those that only its records name.
fn traces(flow: &Flow, tree: &Tree) -> Vec<Trace> {
    let mut traces = flow.traces.clone();
    let mut known: HashSet<&str> = flow.traces.iter().map(|trace| &*trace.trace_id).collect();
    known.insert("");
    for record in flow.spans.iter().chain(&flow.logs) {
        if tree.tops.contains_key(&record.trace_id) && known.insert(&record.trace_id) {
            traces.push(Trace { trace_id: record.trace_id.clone(), ..Trace::default() });
        }
    }
    traces
}

/// What the trace's heading says of the link that made the trace happen.
fn headings(flow: &Flow) -> HashSet<(&str, &str, &str)> {
    let linked = flow.traces.iter().filter_map(|trace| Some((trace, trace.linked_from.as_ref()?)));
    linked.map(|(trace, from)| (&*trace.trace_id, &*from.trace_id, &*from.span_id)).collect()
}

/// The longest wait before each span that waited.
fn queues(flow: &Flow) -> HashMap<(&str, &str), u64> {
    let of_links = flow.links.iter().map(|link| (&link.trace_id, &link.span_id, link.queue_ns));
    let others = flow.queues.iter().map(|queue| (&queue.trace_id, &queue.span_id, queue.queue_ns));
    let mut queues: HashMap<(&str, &str), u64> = HashMap::new();
    for (trace_id, span_id, nanos) in of_links.chain(others) {
        if let Some(nanos) = nanos {
            let longest = queues.entry((trace_id, span_id)).or_default();
            *longest = nanos.max(*longest);
        }
    }
    queues
}

fn links_by_holder(flow: &Flow) -> HashMap<(&str, &str), Vec<&Link>> {
    let mut links: HashMap<(&str, &str), Vec<&Link>> = HashMap::new();
    for link in &flow.links {
        links.entry((&link.trace_id, &link.span_id)).or_default().push(link);
    }
    links
}

struct Writer<'a, 'b> {
    flow: &'a Flow,
    tree: &'b Tree,
    links: HashMap<(&'a str, &'a str), Vec<&'a Link>>,
    /// The longest wait before a span.
    queues: HashMap<(&'a str, &'a str), u64>,
    /// Links that headings tell of: trace, and where from.
    headings: HashSet<(&'a str, &'a str, &'a str)>,
    services: HashMap<(&'a str, &'a str), &'a str>,
    depth_max: Option<u32>,
    rows: Vec<Row<'a>>,
}

/// An item that is still to be written.
struct Pending<'a> {
    item: Item,
    place: Place,
    depth: u32,
    /// Service of the span it is in.
    within: Option<&'a str>,
}

impl<'a> Writer<'a, '_> {
    /// Writes what stands on top of a trace, and all under it. A loop, for trees can be as deep as they are large.
    fn items(&mut self, tops: &[Item]) {
        let mut left: Vec<Pending<'a>> = Vec::new();
        let top = |item: &Item| Pending { item: *item, place: Place::default(), depth: 1, within: None };
        left.extend(tops.iter().rev().map(top));
        while let Some(Pending { item, place, depth, within }) = left.pop() {
            match item {
                Item::Log(index) => {
                    let log = &self.flow.logs[index];
                    let is_foreign = within != Some(&*log.service);
                    self.rows.push(Row::Log { log, place, is_foreign });
                }
                Item::Span(index) => self.span(index, place, depth, &mut left),
            }
        }
    }

    fn is_in_heading(&self, link: &Link) -> bool {
        self.headings.contains(&(&*link.trace_id, &*link.to_trace_id, &*link.to_span_id))
    }

    fn span(&mut self, index: usize, place: Place, depth: u32, left: &mut Vec<Pending<'a>>) {
        let (flow, tree) = (self.flow, self.tree);
        let span = &flow.spans[index];
        let under = &tree.under[index];
        let links = self.links.get(&(&*span.trace_id, &*span.span_id)).cloned().unwrap_or_default();
        let queue_ns = self.queues.get(&(&*span.trace_id, &*span.span_id)).copied();
        self.rows.push(Row::Span { span, place: place.clone(), queue_ns });
        let links: Vec<&Link> = links.into_iter().filter(|link| !self.is_in_heading(link)).collect();
        let spans_under = under.iter().any(|item| matches!(item, Item::Span(_)));
        let is_cut = spans_under && self.depth_max.is_some_and(|depth_max| depth >= depth_max);
        let note = || place.below(spans_under && !is_cut, false);
        if tree.is_orphan[index] {
            self.rows.push(Row::Orphan { place: note() });
        }
        for link in links.iter().take(LINKS_MAX) {
            let service = self.services.get(&(&*link.to_trace_id, &*link.to_span_id)).copied();
            self.rows.push(Row::Link { link, service, place: note() });
        }
        if links.len() > LINKS_MAX {
            self.rows.push(Row::MoreLinks { count: links.len() - LINKS_MAX, place: note() });
        }
        if span.is_error() && !span.status_message.is_empty() {
            self.rows.push(Row::Failure { message: &span.status_message, place: note() });
        }
        if is_cut {
            let mut hidden = Vec::new();
            for item in under {
                match item {
                    Item::Span(_) => hidden.push(*item),
                    Item::Log(index) => {
                        let log = &flow.logs[*index];
                        let is_foreign = log.service != span.service;
                        self.rows.push(Row::Log { log, place: place.below(false, false), is_foreign });
                    }
                }
            }
            let (spans, logs) = tree.count(&hidden);
            self.rows.push(Row::Deeper { spans, logs, place: note() });
            return;
        }
        let last_span = under.iter().rposition(|item| matches!(item, Item::Span(_)));
        for (position, item) in under.iter().enumerate().rev() {
            let goes_on = last_span.is_some_and(|last| position < last);
            let place = place.below(goes_on, matches!(item, Item::Span(_)));
            left.push(Pending { item: *item, place, depth: depth + 1, within: Some(&span.service) });
        }
    }
}
