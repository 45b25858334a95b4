//! A leaf: one place a query looks into — a split, or the hot rows of a tenant — and what it can be asked.

mod docset;
pub(crate) mod facets;
pub(crate) mod field_names;
pub(crate) mod fields;
mod held;
pub(crate) mod recent;
#[cfg(test)]
pub(crate) mod tests;
mod timings;

pub use docset::DocSet;
pub use field_names::{FieldNames, FieldPlace, FieldUse};
pub use fields::{FieldValues, Origin, StreamValue};
pub use held::Held;
pub use recent::{RecentId, RecentQuery};
pub use timings::Timing;

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
use recent::Correlated;

/// Most bodies that one query may scan, over all leaves.
const SCANNED_MAX: u64 = 5_000_000;

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
    spent: Arc<Spent>,
}

#[derive(Default)]
struct Spent {
    memory: AtomicU64,
    looked: AtomicU64,
    read: AtomicU64,
    scanned: AtomicU64,
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
        Self { clock, deadline, cancelled: Arc::default(), memory_max, spent: Arc::default() }
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
        let held = self.spent.memory.fetch_add(bytes as u64, Ordering::Relaxed).saturating_add(bytes as u64);
        if held <= self.memory_max {
            return Ok(());
        }
        let reason = format!(
            "its answer takes more than {} MB of memory; narrow the time range, add a condition, or ask for less",
            self.memory_max / 1_000_000
        );
        Err(Error::TooCostly { reason })
    }

    /// Gives back `bytes` that were counted by [`Self::hold`] and are not kept any more.
    pub fn release(&self, bytes: usize) {
        self.spent.memory.fetch_sub(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes held so far, as counted by [`Self::hold`].
    pub fn held(&self) -> u64 {
        self.spent.memory.load(Ordering::Relaxed)
    }

    /// Records of the leaves that were looked into, each counted at every look.
    pub fn looked(&self) -> u64 {
        self.spent.looked.load(Ordering::Relaxed)
    }

    /// Records read back whole.
    pub fn read(&self) -> u64 {
        self.spent.read.load(Ordering::Relaxed)
    }

    /// Counts `records` whose text is about to be scanned.
    ///
    /// # Errors
    /// [`Error::TooCostly`] when the query has scanned as many as one may.
    pub(crate) fn scan(&self, records: usize) -> Result<()> {
        let scanned = self.spent.scanned.fetch_add(records as u64, Ordering::Relaxed) + records as u64;
        if scanned <= SCANNED_MAX {
            return Ok(());
        }
        let reason = format!(
            "it would read the bodies of more than {SCANNED_MAX} records; narrow the time range or the service, or \
             add a word that the bodies hold"
        );
        Err(Error::TooCostly { reason })
    }

    fn count_read(&self, records: usize) {
        self.spent.read.fetch_add(records as u64, Ordering::Relaxed);
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
        self.select_among(predicate, &DocSet::all(self.len()), budget)
    }

    /// Which of `candidates` satisfy `predicate`.
    pub fn select_among(
        &self,
        predicate: &Predicate,
        candidates: &DocSet,
        budget: &Budget,
    ) -> Result<DocSet> {
        budget.spent.looked.fetch_add(candidates.len() as u64, Ordering::Relaxed);
        self.with(|source| evaluate(source, predicate, candidates, budget))
    }

    /// The newest `limit` of `docs`, newest first, all before `before` (exclusive) when given.
    pub fn newest(&self, docs: &DocSet, before: Option<Place>, limit: usize) -> Result<Vec<Place>> {
        self.with(|source| Ok(scan::newest(source.columns(), docs, before, limit)))
    }

    /// The oldest `limit` of `docs`, oldest first, all after `after` (exclusive) when given.
    pub fn oldest(&self, docs: &DocSet, after: Option<Place>, limit: usize) -> Result<Vec<Place>> {
        self.with(|source| Ok(scan::oldest(source.columns(), docs, after, limit)))
    }

    /// The records, in the order asked for; an ordinal past the end is left out. `budget` counts what they hold.
    pub fn fetch(&self, ordinals: &[u32], budget: &Budget) -> Result<Vec<Record>> {
        let mut records = Vec::with_capacity(ordinals.len());
        for some in ordinals.chunks(FETCH_CHUNK) {
            let fetched = self.peek(some, budget)?;
            budget.hold(fetched.iter().map(Record::memory).sum())?;
            records.extend(fetched);
        }
        Ok(records)
    }

    /// As [`Self::fetch`], for a few records that the query does not keep: `budget` does not count them.
    pub fn peek(&self, ordinals: &[u32], budget: &Budget) -> Result<Vec<Record>> {
        budget.count_read(ordinals.len());
        match &self.kind {
            Kind::Split(handle) => handle.reader()?.fetch(ordinals, budget),
            Kind::Hot(view) => Ok(view.fetch(ordinals)),
        }
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

    /// The trace of each of `ordinals`, in their order; `None` for a record of no trace and past the end.
    pub fn trace_of_each(&self, ordinals: &[u32], budget: &Budget) -> Result<Vec<Option<TraceId>>> {
        match &self.kind {
            Kind::Split(handle) => handle.reader()?.trace_of_each(ordinals, budget),
            Kind::Hot(view) => Ok(view.trace_of_each(ordinals)),
        }
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

    /// The fields of its records whose names begin with `prefix`: attributes wherever they stand, not what every record
    /// has. A name may be told though no record of the leaf has it yet.
    ///
    /// # Errors
    /// [`Error::TooCostly`] when there are more than one leaf tells.
    pub fn fields(&self, prefix: &str, budget: &Budget) -> Result<FieldNames> {
        let mut names = match &self.kind {
            Kind::Split(handle) => handle.reader()?.fields(prefix, budget)?,
            Kind::Hot(view) => view.fields(prefix, budget)?,
        };
        field_names::add_streams(&self.streams(TimeRange::ALL, budget)?, prefix, &mut names);
        Ok(names)
    }

    /// The value of a field for each of `docs`: the first of `origins` that has one decides.
    ///
    /// # Errors
    /// [`Error::TooCostly`] when values that the index does not keep would have to be read from too many records.
    pub fn field(&self, docs: &DocSet, origins: &[Origin], budget: &Budget) -> Result<FieldValues> {
        fields::field(self, docs, origins, budget)
    }

    /// Calls `visit` with times and durations of `docs`, block by block, by ascending ordinal.
    pub fn timings(
        &self,
        docs: &DocSet,
        budget: &Budget,
        visit: &mut dyn FnMut(&[Timing]) -> Result<()>,
    ) -> Result<()> {
        self.with(|source| timings::timings(source.columns(), docs, budget, visit))
    }

    /// Correlation keys under which `id` stands in this leaf.
    pub fn correlation_keys(&self, id: &str) -> Result<Vec<String>> {
        match &self.kind {
            Kind::Split(handle) => handle.reader()?.correlation_keys(id),
            Kind::Hot(view) => Ok(view.correlation_keys(id)),
        }
    }

    /// Whether a record of this leaf carries an id under the correlation key `key`.
    pub fn has_correlation_key(&self, key: &str, budget: &Budget) -> Result<bool> {
        match &self.kind {
            Kind::Split(handle) => handle.reader()?.has_correlation_key(key, budget),
            Kind::Hot(view) => Ok(view.has_correlation_key(key)),
        }
    }

    /// The correlation ids that the newest records carry, each once, those of the newest records first.
    pub fn recent(&self, query: &RecentQuery<'_>, budget: &Budget) -> Result<Vec<RecentId>> {
        match &self.kind {
            Kind::Split(handle) => {
                recent::recent(handle.reader()?.as_ref() as &dyn Correlated, query, budget)
            }
            Kind::Hot(view) => recent::recent(view.as_ref(), query, budget),
        }
    }

    /// From the first time of `docs` to the last; `None` when there are none.
    pub fn extent(&self, docs: &DocSet) -> Result<Option<TimeRange>> {
        self.with(|source| Ok(scan::extent(source.columns(), docs)))
    }

    /// Counts by stream of `docs`.
    pub fn stream_counts(&self, docs: &DocSet, budget: &Budget) -> Result<Vec<StreamCount>> {
        let counted = self.with(|source| {
            let streams = source.streams();
            let counts = scan::stream_counts(source.columns(), docs, streams.len(), budget)?;
            Ok(streams.into_iter().zip(counts).collect())
        })?;
        Ok(present(counted))
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
        Ok(present(counted))
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

/// The streams that have records.
fn present(counted: Vec<(Arc<Stream>, scan::Counts)>) -> Vec<StreamCount> {
    let streams = counted.into_iter().map(|(stream, counts)| StreamCount {
        stream,
        spans: counts.spans,
        logs: counts.logs,
        errors: counts.errors,
    });
    streams.filter(|count| count.spans + count.logs > 0).collect()
}
