//! The rollup of one set of rows: it catches up with them whenever somebody needs it, and ends when they are sealed.
//!
//! Nothing of it is done where records are appended. Locks are taken in this order: a rollup, what all share, the rows.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spoor_runtime::clock::Clock;

use super::carried::{Leftovers, Lost, Parked};
use super::cells::Cells;
use super::names::{Call, Edge, Series, Services};
use super::pairing::{Arrival, Pairing, Side, key};
use super::span_metrics::{Sink, SpanMetrics};
use super::tally::{CallSeries, EdgeSeries, EdgeTally, OVERFLOW, Summary, Tally};
use crate::hot::HotRows;
use crate::hot::chunk::{CHUNK_ROWS, Chunk, HotRow, NONE};
use crate::hot::rows::State;
use crate::model::record::{LINK_SPAN_ID, LINK_TRACE_ID, SPAN_LINKS};
use crate::model::value::embedded;
use crate::model::{SpanId, SpanKind, SpanStatus, Tenant, TraceId};

/// Cells of calls in one set of rows; past it, buckets of time widen.
pub(crate) const CALL_CELLS_MAX: usize = 32_768;

/// Cells of edges in one set of rows.
pub(crate) const EDGE_CELLS_MAX: usize = 16_384;

/// Links of one span that are followed; a consumer of more messages at once is counted for these.
const LINKS_MAX: usize = 128;

/// What the rollups of a process share; cheap to clone.
#[derive(Clone)]
pub(crate) struct Rollups {
    clock: Clock,
    metrics: SpanMetrics,
    parked: Arc<Mutex<Parked>>,
}

/// The rollup of one set of rows.
pub(crate) struct Rollup {
    tenant: Tenant,
    /// `None` where records are counted already: in a merge.
    shared: Option<Rollups>,
    state: Mutex<Counted>,
    memory: AtomicUsize,
}

/// What is behind the lock.
struct Counted {
    /// Rows before this one are counted.
    row: u32,
    /// Rows before this one were counted by the metrics of another process.
    quiet_until: u32,
    /// Whether what found no partner was handed on.
    is_ended: bool,
    services: Services,
    /// Service of each stream of the rows.
    of_streams: Vec<u32>,
    traces: Vec<[u8; 16]>,
    calls: Series<Call>,
    call_cells: Cells<Tally>,
    /// The metric of each series of calls, once it has one.
    call_metrics: Vec<u32>,
    edges: Series<Edge>,
    edge_cells: Cells<EdgeTally>,
    edge_metrics: Vec<u32>,
    /// `None` in a merge, and after the end.
    pairing: Option<Pairing>,
}

impl Rollups {
    pub(crate) fn new(clock: Clock, metrics: SpanMetrics) -> Self {
        Self { clock, metrics, parked: Arc::default() }
    }

    /// The rollup of a tenant's next rows.
    pub(crate) fn open(&self, tenant: &Tenant) -> Rollup {
        Rollup::with(tenant, Some(self.clone()), Some(Pairing::default()))
    }

    /// Lets go of spans that waited too long for rows of their tenant.
    pub(crate) fn expire(&self) {
        let expired = self.parked().expire(self.clock.monotonic());
        for (tenant, lost) in expired {
            self.metrics.lose(&tenant, &lost);
        }
    }

    fn parked(&self) -> MutexGuard<'_, Parked> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn park(&self, tenant: &Tenant, leftovers: Leftovers) {
        let lost: Vec<Lost> = self.parked().put(tenant, leftovers, self.clock.monotonic());
        self.metrics.lose(tenant, &lost);
    }
}

impl Rollup {
    /// A rollup that hands on nothing and that no metrics are made of.
    #[cfg(test)]
    pub(crate) fn alone(tenant: &Tenant) -> Self {
        Self::with(tenant, None, Some(Pairing::default()))
    }

    /// The rollup of rows made of rows that were counted: its calls are counted anew, its edges are those of `inputs`.
    pub(crate) fn merged(tenant: &Tenant, inputs: &[Summary]) -> Self {
        let rollup = Self::with(tenant, None, None);
        let mut counted = rollup.lock();
        for input in inputs {
            counted.edge_cells.widen(input.width);
            counted.call_cells.widen(input.width);
            for series in &input.edges {
                let from = counted.services.number_or_overflow(&series.from);
                let to = counted.services.number_or_overflow(&series.to);
                let number = counted.edges.of(Edge { from, to, kind: series.kind });
                counted.edge_cells.add(number, &series.cells);
            }
        }
        drop(counted);
        rollup
    }

    fn with(tenant: &Tenant, shared: Option<Rollups>, pairing: Option<Pairing>) -> Self {
        let state = Counted {
            row: 0,
            quiet_until: 0,
            is_ended: false,
            services: Services::default(),
            of_streams: Vec::new(),
            traces: Vec::new(),
            calls: Series::default(),
            call_cells: Cells::new(CALL_CELLS_MAX),
            call_metrics: Vec::new(),
            edges: Series::default(),
            edge_cells: Cells::new(EDGE_CELLS_MAX),
            edge_metrics: Vec::new(),
            pairing,
        };
        Self { tenant: tenant.clone(), shared, state: Mutex::new(state), memory: AtomicUsize::new(0) }
    }

    /// Counts the rows there are and were not counted yet. `is_oldest` says that no older rows of the tenant are still
    /// to end: what those before left without a partner may find it here.
    pub(crate) fn catch_up(&self, rows: &HotRows, is_oldest: bool) {
        let mut counted = self.lock();
        if is_oldest && !counted.is_ended {
            self.take_over(&mut counted);
        }
        self.count(&mut counted, rows);
    }

    /// Says that rows before `row` were counted by the metrics of another process, as those that are replayed.
    pub(crate) fn keep_quiet_until(&self, row: u32) {
        self.lock().quiet_until = row;
    }

    /// Whether [`Self::end`] was called.
    pub(crate) fn is_ended(&self) -> bool {
        self.lock().is_ended
    }

    /// Counts the rest of sealed rows and hands on what found no partner; then, and when called again, tells all.
    pub(crate) fn end(&self, rows: &HotRows) -> Summary {
        let mut counted = self.lock();
        if !counted.is_ended {
            self.take_over(&mut counted);
            self.count(&mut counted, rows);
            counted.is_ended = true;
            if let (Some(pairing), Some(shared)) = (counted.pairing.take(), &self.shared) {
                let leftovers =
                    pairing.leave(shared.clock.monotonic(), |service| counted.services.name(service));
                shared.park(&self.tenant, leftovers);
            }
            self.memory.store(counted.memory(), Ordering::Relaxed);
        }
        counted.summary(&rows.read())
    }

    /// Counts what there is, and tells all.
    pub(crate) fn summary(&self, rows: &HotRows) -> Summary {
        let mut counted = self.lock();
        self.count(&mut counted, rows);
        counted.summary(&rows.read())
    }

    /// Memory held, in bytes, as of the last time it caught up.
    pub(crate) fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_over(&self, counted: &mut Counted) {
        let Some(shared) = &self.shared else { return };
        let Some(leftovers) = shared.parked().take(&self.tenant) else { return };
        let Counted { pairing: Some(pairing), services, .. } = &mut *counted else { return };
        pairing.absorb(leftovers, |name| services.number(name));
        let is_loud = counted.row >= counted.quiet_until;
        let mut sink = is_loud.then(|| shared.metrics.for_tenant(&self.tenant));
        counted.take_pairs(sink.as_mut(), NONE);
    }

    fn count(&self, counted: &mut Counted, rows: &HotRows) {
        let first = counted.row;
        loop {
            let chunks = counted.learn(rows);
            if chunks.is_empty() {
                break;
            }
            for chunk in chunks {
                self.count_chunk(counted, rows, &chunk);
            }
        }
        if counted.row != first {
            self.memory.store(counted.memory(), Ordering::Relaxed);
        }
    }

    fn count_chunk(&self, counted: &mut Counted, rows: &HotRows, chunk: &Chunk) {
        let from = counted.row as usize % CHUNK_ROWS;
        let metrics = self.shared.as_ref().map(|shared| &shared.metrics);
        let mut counting = metrics.map(|metrics| metrics.for_tenant(&self.tenant));
        for index in from..chunk.rows.len() {
            let row = &chunk.rows[index];
            let sink = counting.as_mut().filter(|_| counted.row >= counted.quiet_until);
            counted.row += 1;
            if !row.bits.is_span() {
                continue;
            }
            if !counted.arrive(rows, chunk, index) {
                counted.count_span(rows, row, sink);
            }
        }
    }
}

impl std::fmt::Debug for Rollup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rollup").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl Counted {
    /// Learns what the tables have in addition, under a short lock, and gives the chunks with rows to count.
    fn learn(&mut self, rows: &HotRows) -> Vec<Arc<Chunk>> {
        let state = rows.read();
        if state.len() <= self.row {
            return Vec::new();
        }
        for stream in state.tables.streams.iter().skip(self.of_streams.len()) {
            let number = self.services.number(&stream.service);
            self.of_streams.push(number);
        }
        let known = self.traces.len();
        self.traces.extend_from_slice(&state.tables.traces[known..]);
        if let Some(pairing) = &mut self.pairing {
            let spans = &state.tables.spans;
            for number in pairing.numbers()..spans.ids.len() {
                // A span without a trace is told by its id alone.
                let trace = self.traces.get(spans.traces[number] as usize).unwrap_or(&[0; 16]);
                pairing.number(key(trace, &spans.ids[number]));
            }
        }
        let first = self.row as usize / CHUNK_ROWS;
        let mut chunks: Vec<Arc<Chunk>> = state.full.get(first..).unwrap_or_default().to_vec();
        if !state.head.rows.is_empty() {
            chunks.push(Arc::new(state.head.clone()));
        }
        chunks
    }

    /// Pairs a span; true when it was there before, and so is not to be counted.
    fn arrive(&mut self, rows: &HotRows, chunk: &Chunk, index: usize) -> bool {
        let row = &chunk.rows[index];
        let service = self.of_streams[row.stream as usize];
        let Some(pairing) = self.pairing.as_mut().filter(|_| row.span != NONE) else { return false };
        let side = Side {
            start: row.time,
            end: row.end_or_observed,
            service,
            name: row.name,
            kind: row.severity_or_kind,
            is_error: row.bits.status() == SpanStatus::Error,
            ..Side::default()
        };
        if let Arrival::Known(first) = pairing.arrive(row.span, side) {
            return (first.kind, first.start, first.name) == (side.kind, side.start, side.name);
        }
        let links = if row.severity_or_kind == SpanKind::Consumer as u8 {
            links(rows, chunk.rest(index))
        } else {
            Vec::new()
        };
        if links.is_empty() && row.parent != NONE {
            pairing.under(row.parent, side);
        }
        for (key, number) in links {
            pairing.linked(key, number, side);
        }
        false
    }

    /// Counts a span and the pairs it made.
    fn count_span(&mut self, rows: &HotRows, row: &HotRow, mut sink: Option<&mut Sink<'_>>) {
        let call = Call {
            service: self.of_streams[row.stream as usize],
            name: row.name,
            kind: SpanKind::from_u8(row.severity_or_kind),
            is_root: row.parent == NONE,
        };
        let series = self.calls.of(call);
        let trace = || self.traces.get(row.trace as usize).and_then(|id| TraceId::from_bytes(id));
        let status = row.bits.status();
        self.call_cells.at(series, row.time).count(row.duration(), status == SpanStatus::Error, trace);
        if let Some(sink) = &mut sink {
            let metric = slot(&mut self.call_metrics, series);
            if *metric == NONE {
                let call = self.calls.keys()[series as usize];
                let name = name_of(&rows.read(), call.name);
                *metric = sink.call(&self.services.name(call.service), &name, call.kind);
            }
            sink.count_call(*metric, status, row.duration(), trace());
        }
        self.take_pairs(sink, row.trace);
    }

    /// Counts the pairs that were found; `trace` numbers that of the span that is looked at.
    fn take_pairs(&mut self, mut sink: Option<&mut Sink<'_>>, trace: u32) {
        let Some(pairing) = self.pairing.as_mut().filter(|pairing| !pairing.pairs.is_empty()) else { return };
        for pair in pairing.pairs.drain(..) {
            let edge = Edge { from: pair.caller.service, to: pair.callee.service, kind: pair.kind };
            let series = self.edges.of(edge);
            self.edge_cells.at(series, pair.time).count(&pair);
            if let Some(sink) = &mut sink {
                let metric = slot(&mut self.edge_metrics, series);
                if *metric == NONE {
                    let edge = self.edges.keys()[series as usize];
                    let (from, to) = (self.services.name(edge.from), self.services.name(edge.to));
                    *metric = sink.edge(&from, &to, pair.kind);
                }
                let trace = self.traces.get(trace as usize).and_then(|id| TraceId::from_bytes(id));
                sink.count_edge(*metric, &pair, trace);
            }
        }
    }

    fn summary(&self, state: &State) -> Summary {
        let calls = self.calls.keys().iter().enumerate().map(|(number, call)| CallSeries {
            service: self.services.name(call.service),
            name: name_of(state, call.name),
            kind: call.kind,
            is_root: call.is_root,
            cells: self.call_cells.of(number as u32).to_vec(),
        });
        let edges = self.edges.keys().iter().enumerate().map(|(number, edge)| EdgeSeries {
            from: self.services.name(edge.from),
            to: self.services.name(edge.to),
            kind: edge.kind,
            cells: self.edge_cells.of(number as u32).to_vec(),
        });
        let width = self.call_cells.width().max(self.edge_cells.width());
        Summary { width, calls: calls.collect(), edges: edges.collect() }
    }

    fn memory(&self) -> usize {
        self.traces.capacity() * 16
            + self.call_cells.memory()
            + self.edge_cells.memory()
            + self.pairing.as_ref().map_or(0, Pairing::memory)
    }
}

/// The name numbered so; [`NONE`] is the overflow.
fn name_of(state: &State, number: u32) -> Arc<str> {
    match number {
        NONE => OVERFLOW.into(),
        number => String::from_utf8_lossy(state.tables.names.get(number)).into(),
    }
}

/// What a consumer links to: keys, and numbers of those that these rows name.
fn links(rows: &HotRows, rest: &[u8]) -> Vec<(u64, Option<u32>)> {
    let ids = embedded(rest, SPAN_LINKS).filter_map(|link| {
        let trace = embedded(link, LINK_TRACE_ID).last().and_then(TraceId::from_bytes)?;
        let span = embedded(link, LINK_SPAN_ID).last().and_then(SpanId::from_bytes)?;
        Some((trace, span))
    });
    let ids: Vec<(TraceId, SpanId)> = ids.take(LINKS_MAX).collect();
    if ids.is_empty() {
        return Vec::new();
    }
    let state = rows.read();
    let find = |(trace, span): (TraceId, SpanId)| {
        let number = state.tables.find_trace(&trace).and_then(|trace| state.tables.spans.find(trace, &span));
        (key(trace.as_bytes(), span.as_bytes()), number)
    };
    ids.into_iter().map(find).collect()
}

fn slot(metrics: &mut Vec<u32>, series: u32) -> &mut u32 {
    if metrics.len() <= series as usize {
        metrics.resize(series as usize + 1, NONE);
    }
    &mut metrics[series as usize]
}
