//! Spans to trees, one or more for each trace, whatever is missing or contradicts itself.

use std::collections::HashMap;

use spoor_store::model::{Record, SpanId, SpanKind, TraceId};

/// Spans of one list, each under its parent. A span is its place in the list.
#[derive(Debug)]
pub(crate) struct Forest {
    parents: Vec<Parent>,
    depths: Vec<u32>,
    by_id: HashMap<(TraceId, SpanId), Shared>,
}

/// What is above a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parent {
    /// Nothing, or only itself by way of its own children.
    None,
    /// A span that is not in the list.
    Missing,
    /// This one.
    Span(usize),
}

/// Spans with one id: a client and a server may share theirs, as Zipkin's do.
#[derive(Debug, Default)]
struct Shared {
    client: Option<usize>,
    other: Option<usize>,
}

const UNKNOWN: u32 = u32::MAX;

impl Forest {
    pub(crate) fn grow(spans: &[Record]) -> Self {
        let mut by_id: HashMap<(TraceId, SpanId), Shared> = HashMap::with_capacity(spans.len());
        for (index, span) in spans.iter().enumerate() {
            if let (Some(trace), Some(id)) = (span.trace_id, span.span_id) {
                let shared = by_id.entry((trace, id)).or_default();
                let place =
                    if span.kind() == SpanKind::Client { &mut shared.client } else { &mut shared.other };
                place.get_or_insert(index);
            }
        }
        let parents = spans.iter().enumerate().map(|(index, span)| parent_of(index, span, &by_id)).collect();
        let mut forest = Self { parents, depths: vec![UNKNOWN; spans.len()], by_id };
        for index in 0..spans.len() {
            forest.measure(index);
        }
        forest
    }

    pub(crate) fn parent(&self, span: usize) -> Parent {
        self.parents[span]
    }

    /// Spans above it.
    pub(crate) fn depth(&self, span: usize) -> u32 {
        self.depths[span]
    }

    /// The span with this id; where a client and a server share it, the server.
    pub(crate) fn find(&self, trace: TraceId, id: SpanId) -> Option<usize> {
        self.by_id.get(&(trace, id)).and_then(|shared| shared.other.or(shared.client))
    }

    /// Spans whose parent is not in the list.
    pub(crate) fn missing_parents(&self) -> usize {
        self.parents.iter().filter(|parent| **parent == Parent::Missing).count()
    }

    /// Finds the depth of a span and all above it; a circle is cut above the span it was entered by.
    fn measure(&mut self, start: usize) {
        const ON_PATH: u32 = u32::MAX - 1;
        let mut path = Vec::new();
        let mut span = start;
        let mut depth = loop {
            match self.depths[span] {
                UNKNOWN => {}
                ON_PATH => {
                    self.parents[span] = Parent::None;
                    for walked in path {
                        self.depths[walked] = UNKNOWN;
                    }
                    // Without the circle the walk ends.
                    return self.measure(start);
                }
                known => break known + 1,
            }
            self.depths[span] = ON_PATH;
            path.push(span);
            match self.parents[span] {
                Parent::Span(above) => span = above,
                Parent::None | Parent::Missing => break 0,
            }
        };
        for span in path.into_iter().rev() {
            self.depths[span] = depth;
            depth += 1;
        }
    }
}

fn parent_of(index: usize, span: &Record, by_id: &HashMap<(TraceId, SpanId), Shared>) -> Parent {
    let Some(trace) = span.trace_id else { return Parent::None };
    if span.kind() == SpanKind::Server
        && let Some(id) = span.span_id
        && let Some(client) = by_id.get(&(trace, id)).and_then(|shared| shared.client)
    {
        return Parent::Span(client);
    }
    let Some(parent) = span.parent_span_id else { return Parent::None };
    let Some(shared) = by_id.get(&(trace, parent)) else { return Parent::Missing };
    match shared.other.or(shared.client) {
        Some(above) if above != index => Parent::Span(above),
        _ => Parent::None,
    }
}
