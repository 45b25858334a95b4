//! A leaf: one place a query looks into — a split, or the hot rows of a tenant — and what it can be asked.

mod docset;

pub use docset::DocSet;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use spoor_runtime::clock::Clock;

use crate::error::Result;
use crate::model::{Record, SplitId, Stream, TimeRange, TraceId, UnixNanos};
use crate::predicate::Predicate;

/// One place a query looks into, pinned: its answers do not change.
#[derive(Clone)]
pub struct Leaf {}

/// Bounds of one query's work in leaves; shared by all of them.
#[derive(Clone)]
pub struct Budget {
    clock: Clock,
    deadline: Duration,
    cancelled: Arc<AtomicBool>,
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
    /// Work may go on until `clock` reads `deadline` (monotonic) or somebody cancels.
    pub fn new(clock: Clock, deadline: Duration) -> Self {
        Self { clock, deadline, cancelled: Arc::default() }
    }

    /// Ends the work: every leaf stops at its next check with [`crate::Error::Cancelled`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the work may go on.
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) || self.clock.monotonic() > self.deadline {
            Err(crate::Error::Cancelled)
        } else {
            Ok(())
        }
    }
}

#[expect(clippy::todo, reason = "interface first; bodies follow")]
impl Leaf {
    /// The split, or the split that the hot rows will become.
    pub fn id(&self) -> SplitId {
        todo!()
    }

    /// Records in it.
    pub fn len(&self) -> u32 {
        todo!()
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Times of its records; `None` when empty.
    pub fn time_range(&self) -> Option<TimeRange> {
        todo!()
    }

    /// Which records satisfy `predicate`.
    pub fn select(&self, predicate: &Predicate, budget: &Budget) -> Result<DocSet> {
        let _ = (predicate, budget);
        todo!()
    }

    /// The newest `limit` of `docs`, newest first, all before `before` (exclusive) when given.
    pub fn newest(&self, docs: &DocSet, before: Option<Place>, limit: usize) -> Vec<Place> {
        let _ = (docs, before, limit);
        todo!()
    }

    /// The records, in the order asked for; an ordinal past the end is left out.
    pub fn fetch(&self, ordinals: &[u32], budget: &Budget) -> Result<Vec<Record>> {
        let _ = (ordinals, budget);
        todo!()
    }

    /// The traces that `docs` belong to, each once, with how many of `docs` each has.
    pub fn traces(&self, docs: &DocSet, budget: &Budget) -> Result<HashMap<TraceId, u32>> {
        let _ = (docs, budget);
        todo!()
    }

    /// Counts of `docs` by bucket and value of `by` (one value `""` when `by` is `None`).
    /// Only [`Facet::Signal`], [`Facet::Service`] and [`Facet::Severity`] can break a histogram down.
    pub fn histogram(
        &self,
        docs: &DocSet,
        buckets: Buckets,
        by: Option<&Facet>,
        budget: &Budget,
    ) -> Result<HashMap<String, Vec<u64>>> {
        let _ = (docs, buckets, by, budget);
        todo!()
    }

    /// How many of `docs` have each value of `facet`.
    pub fn values(&self, docs: &DocSet, facet: &Facet, budget: &Budget) -> Result<HashMap<String, u64>> {
        let _ = (docs, facet, budget);
        todo!()
    }

    /// Correlation keys under which `id` stands in this leaf.
    pub fn correlation_keys(&self, id: &str) -> Result<Vec<String>> {
        let _ = id;
        todo!()
    }

    /// Counts by stream of the records in `range`.
    pub fn streams(&self, range: TimeRange, budget: &Budget) -> Result<Vec<StreamCount>> {
        let _ = (range, budget);
        todo!()
    }
}
