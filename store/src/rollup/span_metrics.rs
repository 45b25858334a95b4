//! What this process counted of spans and their pairs since it began, for `/metrics`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::carried::Lost;
use super::pairing::Pair;
use super::tally::{EdgeKind, Exemplar, OVERFLOW};
use crate::config::SpanMetricNames;
use crate::model::{SpanKind, SpanStatus, Tenant, TraceId};

/// Series of spans by tenant, service, name and kind; further ones share one for each kind.
const CALLS_MAX: usize = 2_000;

/// Series of edges by tenant and services; further ones share one for each kind.
const EDGES_MAX: usize = 2_000;

/// Series of spans without a partner by tenant and service; further ones share one for each side.
const LOST_MAX: usize = 2_000;

/// Upper bounds of one histogram.
const BOUNDS_MAX: usize = 16;

const MS: u64 = 1_000_000;

/// Tempo's bounds of span durations, in nanoseconds.
const TEMPO: [u64; 14] = doubling(2 * MS);

/// The span-metrics connector's bounds, in nanoseconds.
const CONNECTOR: [u64; 16] = {
    let mut bounds = [2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1_000, 1_400, 2_000, 5_000, 10_000, 15_000];
    let mut at = 0;
    while at < bounds.len() {
        bounds[at] *= MS;
        at += 1;
    }
    bounds
};

/// The bounds of edges with both, in nanoseconds.
pub(super) const EDGE_BOUNDS: [u64; 8] = doubling(100 * MS);

/// Counts since the process began; cheap to clone.
#[derive(Clone)]
pub(crate) struct SpanMetrics {
    pub(super) names: SpanMetricNames,
    registry: Arc<Mutex<Registry>>,
}

/// Everything that was counted, each list by number.
#[derive(Default)]
pub(super) struct Registry {
    pub(super) calls: Vec<(CallLabels, [Option<Box<Histogram>>; 3])>,
    call_numbers: HashMap<CallLabels, u32>,
    pub(super) edges: Vec<(EdgeLabels, EdgeCounts)>,
    edge_numbers: HashMap<EdgeLabels, u32>,
    pub(super) lost: HashMap<LostLabels, LostCounts>,
}

/// What tells series of spans apart, but for their status.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CallLabels {
    pub(super) tenant: Tenant,
    pub(super) service: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) kind: SpanKind,
}

/// What tells edges apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct EdgeLabels {
    pub(super) tenant: Tenant,
    pub(super) from: Arc<str>,
    pub(super) to: Arc<str>,
    pub(super) kind: EdgeKind,
}

/// What tells spans without a partner apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct LostLabels {
    pub(super) tenant: Tenant,
    pub(super) service: Arc<str>,
    pub(super) is_caller: bool,
}

/// What is counted of an edge.
#[derive(Default)]
pub(super) struct EdgeCounts {
    pub(super) count: u64,
    pub(super) failed: u64,
    pub(super) server: Histogram,
    pub(super) client: Histogram,
    pub(super) queue: Histogram,
}

/// What is counted of spans without a partner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LostCounts {
    pub(super) unpaired: u64,
    pub(super) dropped: u64,
}

/// Counts by length, with the newest example of each bucket.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// Past the last bound stands what is longer than all.
    pub(super) counts: [u64; BOUNDS_MAX + 1],
    /// In nanoseconds.
    pub(super) sum: u128,
    pub(super) exemplars: [Option<Exemplar>; BOUNDS_MAX + 1],
}

/// Counts for one tenant, under the lock.
pub(crate) struct Sink<'a> {
    registry: MutexGuard<'a, Registry>,
    bounds: &'static [u64],
    tenant: &'a Tenant,
}

impl SpanMetrics {
    pub(crate) fn new(names: SpanMetricNames) -> Self {
        Self { names, registry: Arc::default() }
    }

    /// Locks the counts for a run of rows.
    pub(crate) fn for_tenant<'a>(&'a self, tenant: &'a Tenant) -> Sink<'a> {
        Sink { registry: self.registry(), bounds: self.bounds(), tenant }
    }

    /// Upper bounds of span durations, in nanoseconds.
    pub(super) fn bounds(&self) -> &'static [u64] {
        match self.names {
            SpanMetricNames::Tempo | SpanMetricNames::Off => &TEMPO,
            SpanMetricNames::Connector => &CONNECTOR,
        }
    }

    /// Counts spans that found no partner.
    pub(crate) fn lose(&self, tenant: &Tenant, lost: &[Lost]) {
        if lost.is_empty() {
            return;
        }
        let mut registry = self.registry();
        for one in lost {
            let (service, is_caller) = (Arc::clone(&one.service), one.is_caller);
            let mut labels = LostLabels { tenant: tenant.clone(), service, is_caller };
            if registry.lost.len() >= LOST_MAX && !registry.lost.contains_key(&labels) {
                labels = LostLabels { tenant: overflow_tenant(), service: OVERFLOW.into(), is_caller };
            }
            let counts = registry.lost.entry(labels).or_default();
            counts.unpaired += u64::from(!one.is_dropped);
            counts.dropped += u64::from(one.is_dropped);
        }
    }

    pub(super) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink<'_> {
    /// The number of a series of spans.
    pub(crate) fn call(&mut self, service: &str, name: &str, kind: SpanKind) -> u32 {
        let registry = &mut *self.registry;
        let mut labels =
            CallLabels { tenant: self.tenant.clone(), service: service.into(), name: name.into(), kind };
        if registry.calls.len() >= CALLS_MAX && !registry.call_numbers.contains_key(&labels) {
            let (service, name) = (OVERFLOW.into(), OVERFLOW.into());
            labels = CallLabels { tenant: overflow_tenant(), service, name, kind };
        }
        *registry.call_numbers.entry(labels.clone()).or_insert_with(|| {
            registry.calls.push((labels, Default::default()));
            (registry.calls.len() - 1) as u32
        })
    }

    /// The number of an edge.
    pub(crate) fn edge(&mut self, from: &str, to: &str, kind: EdgeKind) -> u32 {
        let registry = &mut *self.registry;
        let mut labels = EdgeLabels { tenant: self.tenant.clone(), from: from.into(), to: to.into(), kind };
        if registry.edges.len() >= EDGES_MAX && !registry.edge_numbers.contains_key(&labels) {
            let (from, to) = (OVERFLOW.into(), OVERFLOW.into());
            labels = EdgeLabels { tenant: overflow_tenant(), from, to, kind };
        }
        *registry.edge_numbers.entry(labels.clone()).or_insert_with(|| {
            registry.edges.push((labels, EdgeCounts::default()));
            (registry.edges.len() - 1) as u32
        })
    }

    /// Counts one span.
    #[inline]
    pub(crate) fn count_call(
        &mut self,
        number: u32,
        status: SpanStatus,
        duration: u64,
        trace: Option<TraceId>,
    ) {
        let by_status = &mut self.registry.calls[number as usize].1;
        by_status[status as usize].get_or_insert_default().count(duration, self.bounds, trace);
    }

    /// Counts one pair.
    pub(crate) fn count_edge(&mut self, number: u32, pair: &Pair, trace: Option<TraceId>) {
        let counts = &mut self.registry.edges[number as usize].1;
        counts.count += 1;
        counts.failed += u64::from(pair.is_error());
        counts.server.count(pair.callee.duration(), &EDGE_BOUNDS, trace);
        if pair.caller.calls() {
            counts.client.count(pair.caller.duration(), &EDGE_BOUNDS, trace);
        }
        if pair.kind == EdgeKind::Queue {
            counts.queue.count(pair.queue_time(), &EDGE_BOUNDS, trace);
        }
    }
}

impl Histogram {
    #[inline]
    fn count(&mut self, nanos: u64, bounds: &[u64], trace: Option<TraceId>) {
        let bucket = bounds.partition_point(|bound| *bound < nanos);
        self.counts[bucket] += 1;
        self.sum += u128::from(nanos);
        if let Some(trace) = trace {
            self.exemplars[bucket] = Some(Exemplar { trace, duration: nanos });
        }
    }

    /// Values counted.
    pub(super) fn count_all(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// What series past the bound are labelled with; a valid name, so that nobody else is counted under it by chance only.
fn overflow_tenant() -> Tenant {
    Tenant::new(OVERFLOW).unwrap_or_default()
}

const fn doubling<const N: usize>(first: u64) -> [u64; N] {
    let mut bounds = [first; N];
    let mut at = 1;
    while at < N {
        bounds[at] = 2 * bounds[at - 1];
        at += 1;
    }
    bounds
}
