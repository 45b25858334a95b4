//! What is counted of calls and of edges, and the answers made of it.

use std::sync::Arc;

use super::pairing::Pair;
use super::sketch::Sketch;
use crate::model::{SpanKind, TraceId, UnixNanos};

/// Stands for the names past a bound, as OpenTelemetry's SDKs have it.
pub const OVERFLOW: &str = "otel.metric.overflow";

/// Spans of one series in one bucket of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// Of them, with status error.
    pub errors: u64,
    /// Their durations added up, in nanoseconds.
    pub sum: u64,
    /// Their durations.
    pub durations: Sketch,
    /// The slowest one that belongs to a trace.
    pub slowest: Option<Exemplar>,
}

/// One span that stands for many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exemplar {
    /// Its trace.
    pub trace: TraceId,
    /// Its duration in nanoseconds.
    pub duration: u64,
}

/// Pairs of one edge in one bucket of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EdgeTally {
    /// How many.
    pub count: u64,
    /// Of them, where either side has status error.
    pub errors: u64,
    /// Durations of the spans called.
    pub callee: Sketch,
    /// Durations of the calling spans, those of kind client and producer.
    pub caller: Sketch,
    /// Of a queue: from the end of the producer's span to the start of the consumer's; 0 when clocks say less.
    pub queue: Sketch,
}

/// How one service reaches another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum EdgeKind {
    /// Calls it.
    Call = 0,
    /// Sends it a message.
    Queue = 1,
}

/// Counts of one bucket of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell<T> {
    /// Start of the bucket.
    pub start: UnixNanos,
    /// What was counted.
    pub tally: T,
}

/// Spans of one service, name and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSeries {
    /// The service, or [`OVERFLOW`].
    pub service: Arc<str>,
    /// The span's name, or [`OVERFLOW`].
    pub name: Arc<str>,
    /// The span's kind.
    pub kind: SpanKind,
    /// Whether these have no parent.
    pub is_root: bool,
    /// By time, ascending.
    pub cells: Vec<Cell<Tally>>,
}

/// Pairs of spans between two services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeSeries {
    /// The calling service, or [`OVERFLOW`].
    pub from: Arc<str>,
    /// The service called, or [`OVERFLOW`].
    pub to: Arc<str>,
    /// How.
    pub kind: EdgeKind,
    /// By time, ascending.
    pub cells: Vec<Cell<EdgeTally>>,
}

/// What one leaf knows of its spans.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Widest bucket of time in it, in nanoseconds: what the counts can be told apart by.
    pub width: u64,
    /// Spans.
    pub calls: Vec<CallSeries>,
    /// Pairs of spans.
    pub edges: Vec<EdgeSeries>,
}

/// What can be added up.
pub(crate) trait Add: Default {
    /// Adds what `other` counted.
    fn add(&mut self, other: &Self);

    /// Memory held beside itself, in bytes.
    fn memory(&self) -> usize;
}

impl Tally {
    /// Counts one span.
    #[inline]
    pub(crate) fn count(&mut self, duration: u64, is_error: bool, trace: impl FnOnce() -> Option<TraceId>) {
        self.count += 1;
        self.errors += u64::from(is_error);
        self.sum = self.sum.saturating_add(duration);
        self.durations.add(duration);
        if self.slowest.is_none_or(|slowest| slowest.duration <= duration)
            && let Some(trace) = trace()
        {
            self.keep(Exemplar { trace, duration });
        }
    }

    /// Adds what `other` counted.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.sum = self.sum.saturating_add(other.sum);
        self.durations.merge(&other.durations);
        if let Some(exemplar) = other.slowest {
            self.keep(exemplar);
        }
    }

    /// The same one is kept in whatever order they come.
    fn keep(&mut self, exemplar: Exemplar) {
        let order = |one: &Exemplar| (one.duration, std::cmp::Reverse(one.trace));
        if self.slowest.is_none_or(|slowest| order(&exemplar) > order(&slowest)) {
            self.slowest = Some(exemplar);
        }
    }
}

impl EdgeTally {
    /// Counts one pair.
    pub(crate) fn count(&mut self, pair: &Pair) {
        self.count += 1;
        self.errors += u64::from(pair.is_error());
        self.callee.add(pair.callee.duration());
        if pair.caller.calls() {
            self.caller.add(pair.caller.duration());
        }
        if pair.kind == EdgeKind::Queue {
            self.queue.add(pair.queue_time());
        }
    }

    /// Adds what `other` counted.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.callee.merge(&other.callee);
        self.caller.merge(&other.caller);
        self.queue.merge(&other.queue);
    }
}

impl Add for Tally {
    fn add(&mut self, other: &Self) {
        self.add(other);
    }

    fn memory(&self) -> usize {
        self.durations.memory()
    }
}

impl Add for EdgeTally {
    fn add(&mut self, other: &Self) {
        self.add(other);
    }

    fn memory(&self) -> usize {
        self.callee.memory() + self.caller.memory() + self.queue.memory()
    }
}

impl EdgeKind {
    /// The name used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Queue => "queue",
        }
    }

    pub(crate) fn from_u8(number: u8) -> Option<Self> {
        [Self::Call, Self::Queue].into_iter().find(|kind| *kind as u8 == number)
    }
}

impl Summary {
    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        let calls = self.calls.iter().flat_map(|series| &series.cells).map(|cell| held(&cell.tally));
        let edges = self.edges.iter().flat_map(|series| &series.cells).map(|cell| held(&cell.tally));
        calls.chain(edges).sum::<usize>() + (self.calls.len() + self.edges.len()) * size_of::<CallSeries>()
    }
}

fn held<T: Add>(tally: &T) -> usize {
    size_of::<Cell<T>>() + tally.memory()
}
