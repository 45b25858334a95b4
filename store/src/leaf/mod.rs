//! A leaf: one place a query looks into — a split, or the hot rows of a tenant — and what it can be asked.

mod docset;
pub(crate) mod facets;
#[cfg(test)]
pub(crate) mod tests;

pub use docset::DocSet;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use spoor_runtime::clock::Clock;

use crate::columns::scan;
use crate::error::{Error, Result};
use crate::hot::HotView;
use crate::index::evaluate::{Source, evaluate};
use crate::model::{Record, SplitId, Stream, TimeRange, TraceId, UnixNanos};
use crate::predicate::Predicate;
use crate::rollup::{self, Summary};
use crate::split::SplitHandle;

/// Records fetched between two looks at what the query holds.
const FETCH_CHUNK: usize = 4_096;

/// One place a query looks into, pinned: its answers do not change.
#[derive(Clone)]
pub struct Leaf {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Split(Arc<SplitHandle>),
    Hot(Arc<HotView>),
}

/// Bounds of one query's work in leaves; shared by all of them.
#[derive(Clone)]
pub struct Budget {
    clock: Clock,
    deadline: Duration,
    cancelled: Arc<AtomicBool>,
    memory_max: u64,
    memory: Arc<AtomicU64>,
}

/// What a count or a bucket is broken down by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Facet {
    /// Log records or spans.
    Signal,
    /// `service.name` of the resource.
    Service,
    /// Severity of log records; spans have none.
    Severity,
    /// Kind of spans.
    Kind,
    /// Status of spans.
    Status,
    /// Span name, or event name of a log record.
    Name,
    /// Name of the instrumentation scope.
    ScopeName,
    /// A correlation key's ids.
    Correlation(String),
    /// An attribute of the record, its resource or its scope, by dotted name.
    Attribute(String),
}

/// Buckets of equal width from `start`.
#[derive(Debug, Clone, Copy)]
pub struct Buckets {
    /// Start of the first.
    pub start: UnixNanos,
    /// Width in nanoseconds, at least 1.
    pub width: u64,
    /// How many.
    pub count: usize,
}

/// How finely counts are told apart by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Detail {
    /// Not at all: one cell for each series.
    Totals,
    /// By the buckets of time they were counted in.
    OverTime,
}

/// Counts of one stream inside a leaf.
#[derive(Debug, Clone)]
pub struct StreamCount {
    /// The stream.
    pub stream: Arc<Stream>,
    /// Spans of it.
    pub spans: u64,
    /// Log records of it.
    pub logs: u64,
    /// Spans with status error and log records of severity error or above.
    pub errors: u64,
}

/// A record's place in newest-first order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its indexed time.
    pub time: UnixNanos,
    /// Its ordinal in the leaf.
    pub ordinal: u32,
}

impl Budget {
    /// Work may go on until `clock` reads `deadline` (monotonic), somebody cancels, or it holds more than `memory_max`
    /// bytes.
    pub fn new(clock: Clock, deadline: Duration, memory_max: u64) -> Self {
        Self { clock, deadline, cancelled: Arc::default(), memory_max, memory: Arc::default() }
    }

    /// Work that nothing stops.
    pub(crate) fn unlimited() -> Self {
        Self::new(Clock::system(), Duration::MAX, u64::MAX)
    }

    /// Ends the work: every leaf stops at its next check with [`crate::Error::Cancelled`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the work may go on.
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) || self.clock.monotonic() > self.deadline {
            Err(Error::Cancelled)
        } else {
            Ok(())
        }
    }
}

impl Budget {
    /// Counts `bytes` that the query keeps until its answer is written.
    ///
    /// # Errors
    /// [`Error::TooCostly`] when the query holds more than it may.
    pub fn hold(&self, bytes: usize) -> Result<()> {
        let held = self.memory.fetch_add(bytes as u64, Ordering::Relaxed).saturating_add(bytes as u64);
        if held <= self.memory_max {
            return Ok(());
        }
        let reason = format!(
            "its answer takes more than {} MB of memory; narrow the time range, add a condition, or ask for less",
            self.memory_max / 1_000_000
        );
        Err(Error::TooCostly { reason })
    }

    /// Bytes held so far, as counted by [`Self::hold`].
    pub fn held(&self) -> u64 {
        self.memory.load(Ordering::Relaxed)
    }
}

impl Leaf {
    pub(crate) fn split(handle: Arc<SplitHandle>) -> Self {
        Self { kind: Kind::Split(handle) }
    }

    pub(crate) fn hot(view: HotView) -> Self {
        Self { kind: Kind::Hot(Arc::new(view)) }
    }

    /// The split, or the split that the hot rows will become.
    pub fn id(&self) -> SplitId {
        match &self.kind {
            Kind::Split(handle) => handle.meta.id,
            Kind::Hot(view) => view.rows.id,
        }
    }

    /// Whether it is hot rows rather than a split.
    pub fn is_hot(&self) -> bool {
        matches!(self.kind, Kind::Hot(_))
    }

    /// Records in it.
    pub fn len(&self) -> u32 {
        match &self.kind {
            Kind::Split(handle) => handle.meta.records,
            Kind::Hot(view) => view.len,
        }
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Times of its records; `None` when empty.
    pub fn time_range(&self) -> Option<TimeRange> {
        match &self.kind {
            Kind::Split(handle) => Some(TimeRange { start: handle.meta.min_time, end: handle.meta.max_time }),
            Kind::Hot(view) => view.times,
        }
    }

    /// Which records satisfy `predicate`.
    pub fn select(&self, predicate: &Predicate, budget: &Budget) -> Result<DocSet> {
        self.with(|source| evaluate(source, predicate, &DocSet::all(self.len()), budget))
    }

    /// The newest `limit` of `docs`, newest first, all before `before` (exclusive) when given.
    pub fn newest(&self, docs: &DocSet, before: Option<Place>, limit: usize) -> Result<Vec<Place>> {
        self.with(|source| Ok(scan::newest(source.columns(), docs, before, limit)))
    }

    /// The records, in the order asked for; an ordinal past the end is left out. `budget` counts what they hold.
    pub fn fetch(&self, ordinals: &[u32], budget: &Budget) -> Result<Vec<Record>> {
        let mut records = Vec::with_capacity(ordinals.len());
        for some in ordinals.chunks(FETCH_CHUNK) {
            let fetched = match &self.kind {
                Kind::Split(handle) => handle.reader()?.fetch(some, budget)?,
                Kind::Hot(view) => view.fetch(some),
            };
            budget.hold(fetched.iter().map(Record::memory).sum())?;
            records.extend(fetched);
        }
        Ok(records)
    }

    /// The traces that `docs` belong to, each once, with how many of `docs` each has.
    pub fn traces(&self, docs: &DocSet, budget: &Budget) -> Result<HashMap<TraceId, u32>> {
        let repeated = match &self.kind {
            Kind::Split(handle) => handle.reader()?.traces(docs, budget)?,
            Kind::Hot(view) => view.traces(docs),
        };
        let mut counts = HashMap::new();
        for trace in repeated {
            *counts.entry(trace).or_insert(0) += 1;
        }
        Ok(counts)
    }

    /// Counts of `docs` by bucket and value of `by` (one value `""` when `by` is `None`).
    ///
    /// Only [`Facet::Signal`], [`Facet::Service`], [`Facet::Severity`], [`Facet::Kind`], [`Facet::Status`] and
    /// [`Facet::ScopeName`] can break a histogram down; records to which it does not apply count under `""`.
    pub fn histogram(
        &self,
        docs: &DocSet,
        buckets: Buckets,
        by: Option<&Facet>,
        budget: &Budget,
    ) -> Result<HashMap<String, Vec<u64>>> {
        self.with(|source| facets::histogram(source, docs, buckets, by, budget))
    }

    /// How many of `docs` have each value of `facet`; records without one are not counted.
    pub fn values(&self, docs: &DocSet, facet: &Facet, budget: &Budget) -> Result<HashMap<String, u64>> {
        let counted = self.with(|source| facets::by_column(source, docs, facet, budget))?;
        if let Some(counts) = counted {
            return Ok(counts);
        }
        match &self.kind {
            Kind::Split(handle) => handle.reader()?.values(docs, facet, budget),
            Kind::Hot(view) => view.values(docs, facet, budget),
        }
    }

    /// Correlation keys under which `id` stands in this leaf.
    pub fn correlation_keys(&self, id: &str) -> Result<Vec<String>> {
        match &self.kind {
            Kind::Split(handle) => handle.reader()?.correlation_keys(id),
            Kind::Hot(view) => Ok(view.correlation_keys(id)),
        }
    }

    /// Counts by stream of the records in `range`.
    pub fn streams(&self, range: TimeRange, budget: &Budget) -> Result<Vec<StreamCount>> {
        let whole = self.time_range().is_some_and(|times| range.covers(&times));
        let counted = match &self.kind {
            Kind::Split(handle) if whole => handle.reader()?.streams.clone(),
            _ => self.with(|source| {
                let docs = evaluate(source, &Predicate::Time(range), &DocSet::all(self.len()), budget)?;
                let streams = source.streams();
                let counts = scan::stream_counts(source.columns(), &docs, streams.len(), budget)?;
                Ok(streams.into_iter().zip(counts).collect())
            })?,
        };
        let streams = counted.into_iter().map(|(stream, counts)| StreamCount {
            stream,
            spans: counts.spans,
            logs: counts.logs,
            errors: counts.errors,
        });
        Ok(streams.filter(|count| count.spans + count.logs > 0).collect())
    }

    /// What was counted of the spans whose bucket of time `range` touches: a range is as good as widened to whole
    /// buckets, and the answer says how wide they are. A span that came twice to the same hot rows counts once. Hot
    /// rows may tell of records that came after the leaf was pinned.
    pub fn rollup(&self, range: TimeRange, detail: Detail, budget: &Budget) -> Result<Summary> {
        budget.check()?;
        let whole = self.time_range().is_some_and(|times| range.covers(&times));
        let mut summary = match &self.kind {
            Kind::Split(handle) if whole && detail == Detail::Totals => handle.reader()?.rollup_totals()?,
            Kind::Split(handle) => handle.reader()?.rollup()?,
            Kind::Hot(view) => view.rows.rollup.summary(&view.rows),
        };
        budget.hold(summary.memory())?;
        if !whole {
            let width = summary.width;
            summary.calls.iter_mut().for_each(|series| rollup::within(&mut series.cells, range, width));
            summary.edges.iter_mut().for_each(|series| rollup::within(&mut series.cells, range, width));
        }
        summary.calls.retain(|series| !series.cells.is_empty());
        summary.edges.retain(|series| !series.cells.is_empty());
        if detail == Detail::Totals { Ok(rollup::codec::totals(&summary)) } else { Ok(summary) }
    }

    fn with<T>(&self, ask: impl FnOnce(&dyn Source) -> Result<T>) -> Result<T> {
        match &self.kind {
            Kind::Split(handle) => ask(handle.reader()?.as_ref()),
            Kind::Hot(view) => ask(view.as_ref()),
        }
    }
}
