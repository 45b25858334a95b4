//! The estimate of a flow's clocks, and its times by one of them.

use serde::Serialize;
use spoor_store::model::{Record, SpanKind};
use utoipa::ToSchema;

use super::bounds::{Bound, agree};
use super::clocks::Clocks;
use super::tree::{Edge, offsets};
use crate::flows::assemble::Assembly;
use crate::flows::forest::Parent;
use crate::flows::timeline::{Extent, Timeline, earlier_by};
use crate::json;

/// Clocks this far apart, in nanoseconds, are not worth a word: some clients write whole milliseconds.
const TOLERANCE: i64 = 2_000_000;

/// Clocks that differ, as far as a flow's calls show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Skew {
    /// Between which services it shows.
    pub pairs: Vec<SkewPair>,
    /// By how much each service's clock is off; those in step are left out.
    pub services: Vec<ServiceOffset>,
}

/// What the calls between two services say of their clocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SkewPair {
    /// The service that called.
    pub from: String,
    /// Its instance, where the flow has several.
    pub from_instance: Option<String>,
    /// The service that was called.
    pub to: String,
    /// Its instance, where the flow has several.
    pub to_instance: Option<String>,
    /// The called one's clock is at least so many nanoseconds ahead; `None` when no call bounds it so.
    #[serde(serialize_with = "json::optional_text")]
    #[schema(value_type = Option<String>)]
    pub offset_min_ns: Option<i64>,
    /// It is at most so many nanoseconds ahead.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub offset_max_ns: i64,
    /// The estimate: the middle, else the bound there is.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub offset_ns: i64,
    /// Calls between the two.
    pub pairs: u64,
    /// Calls that agree on the bounds.
    pub agreeing: u64,
}

/// How far a service's clock is ahead of that of the flow's first service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServiceOffset {
    /// The service.
    pub service: String,
    /// Its instance, where the flow has several.
    pub instance: Option<String>,
    /// Nanoseconds; taken from its times, they are by the first service's clock.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub offset_ns: i64,
}

/// The estimate, and what adjusts times by it.
#[derive(Debug, Default)]
pub(crate) struct Estimate {
    /// `None` when all clocks may be in step.
    pub(crate) skew: Option<Skew>,
    clocks: Clocks,
    /// By clock.
    offsets: Vec<i64>,
}

impl Estimate {
    pub(crate) fn of(flow: &Assembly) -> Self {
        let calls = calls(flow);
        if calls.is_empty() {
            return Self::default();
        }
        let clocks =
            Clocks::of(&flow.spans, &flow.logs, |span| !matches!(flow.forest.parent(span), Parent::Span(_)));
        let edges = edges(flow, &calls, &clocks);
        let offsets = offsets(&edges, clocks.len());
        let pairs: Vec<SkewPair> =
            edges.iter().filter(|edge| edge.offset != 0).map(|edge| clocks.pair(edge)).collect();
        let services = clocks.services(&offsets);
        let skew = (!pairs.is_empty()).then_some(Skew { pairs, services });
        Self { skew, clocks, offsets }
    }

    /// The times by the clock of the flow's first service.
    pub(crate) fn adjusted(&self, spans: &[Record], logs: &[Record]) -> Timeline {
        let ahead = |record: &Record| self.offsets.get(self.clocks.find(record)).copied().unwrap_or(0);
        Timeline {
            spans: spans.iter().map(|span| Extent::of(span).earlier_by(ahead(span))).collect(),
            logs: logs.iter().map(|log| earlier_by(log.time, ahead(log))).collect(),
        }
    }
}

impl SkewPair {
    /// How far the clocks are apart at least, in nanoseconds, and whether the called one is behind.
    pub(crate) fn at_least(&self) -> (u64, bool) {
        match self.offset_min_ns {
            Some(min) if min > 0 => (min.unsigned_abs(), false),
            _ => (self.offset_max_ns.unsigned_abs(), true),
        }
    }
}

/// Places of client and server of every call whose ends are known.
fn calls(flow: &Assembly) -> Vec<(usize, usize)> {
    let mut calls = Vec::new();
    for (server, span) in flow.spans.iter().enumerate() {
        let Parent::Span(client) = flow.forest.parent(server) else { continue };
        let caller = &flow.spans[client];
        let is_call = span.kind() == SpanKind::Server && caller.kind() == SpanKind::Client;
        if is_call && [span, caller].iter().all(|span| span.end_or_observed >= span.time) {
            calls.push((client, server));
        }
    }
    calls
}

/// What the calls between each two clocks say, by the clocks' numbers.
fn edges(flow: &Assembly, calls: &[(usize, usize)], clocks: &Clocks) -> Vec<Edge> {
    let mut bounds: Vec<(usize, usize, Bound)> = Vec::new();
    for (client, server) in calls {
        let (client, server) = (&flow.spans[*client], &flow.spans[*server]);
        let (from, to) = (clocks.find(client), clocks.find(server));
        if from != to {
            bounds.push((from, to, Bound::of(Extent::of(client), Extent::of(server))));
        }
    }
    bounds.sort_by_key(|(from, to, _)| (*from, *to));
    let mut edges = Vec::new();
    for same in bounds.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let (from, to, _) = same[0];
        let agreed = agree(same.iter().map(|(_, _, bound)| *bound));
        edges.push(Edge { from, to, agreed, offset: agreed.offset(TOLERANCE) });
    }
    edges
}
