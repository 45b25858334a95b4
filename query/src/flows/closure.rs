//! From the records that carry an id to all records of its flow: their traces, the traces those link to, and the
//! traces that link to them, until nothing new turns up.
//!
//! Each round asks each leaf once, for all new traces together, and fetches each record once.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use spoor_store::leaf::{Budget, DocSet, Facet, Leaf};
use spoor_store::model::{Record, Signal, SplitId, TimeRange, TraceId};
use spoor_store::predicate::Predicate;

use super::answer::Truncated;
use super::seed::Seed;
use crate::error::{Error, Result};
use crate::execute::fan_out::Run;
use crate::keys::Keys;
use crate::plan::prune::within;

/// Most steps from one trace to the next over links.
const ROUNDS_MAX: usize = 64;

/// Bounds of one flow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) traces_max: usize,
    pub(crate) records_max: usize,
}

/// All records of a flow.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) records: Vec<Record>,
    pub(crate) truncated: Option<Truncated>,
}

/// Follows one id through all leaves.
pub(crate) struct Closure<'a> {
    run: &'a Run,
    visits: Arc<Vec<Visit>>,
    bounds: Bounds,
    /// Records that may still be fetched.
    room: Arc<AtomicUsize>,
    known: HashSet<TraceId>,
    frontier: Vec<TraceId>,
    left_traces: HashSet<TraceId>,
    cut: Truncated,
    is_alone: bool,
    /// Whether links led on past [`ROUNDS_MAX`].
    is_too_long: bool,
}

/// One leaf and what was found in it.
struct Visit {
    leaf: Leaf,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    /// Selected, not fetched.
    pending: Vec<u32>,
    /// Fetched, or counted as left out.
    seen: HashSet<u32>,
}

/// What a round found in one leaf.
#[derive(Default)]
struct Found {
    records: Vec<Record>,
    left: Truncated,
}

impl<'a> Closure<'a> {
    pub(crate) fn new(run: &'a Run, leaves: &[Leaf], bounds: Bounds) -> Self {
        let visits =
            leaves.iter().map(|leaf| Visit { leaf: leaf.clone(), progress: Mutex::default() }).collect();
        Self {
            run,
            visits: Arc::new(visits),
            bounds,
            room: Arc::new(AtomicUsize::new(bounds.records_max)),
            known: HashSet::new(),
            frontier: Vec::new(),
            left_traces: HashSet::new(),
            cut: Truncated::default(),
            is_alone: false,
            is_too_long: false,
        }
    }

    /// Asks leaves one after another: others are gathered at the same time.
    pub(crate) fn alone(mut self) -> Self {
        self.is_alone = true;
        self
    }

    /// Gathers the flow of `seed`; its first records are looked for within `range`.
    pub(crate) async fn gather(mut self, seed: &Seed, keys: &Keys, range: TimeRange) -> Result<Gathered> {
        let mut any = self.begin(seed.predicate(), range, true).await?;
        if !any && let Some(fallback) = seed.fallback(keys) {
            any = self.begin(fallback.predicate, range, fallback.in_hot_rows).await?;
        }
        if !any {
            return Err(Error::NotFound { id: seed.text.clone() });
        }
        self.bound_first_traces(seed, range)?;
        self.follow().await
    }

    /// Gathers every trace that links join to one of `docs`, by leaf; `None` when those are of too many traces.
    pub(crate) async fn around(mut self, docs: Arc<HashMap<SplitId, DocSet>>) -> Result<Option<Gathered>> {
        let visits = Arc::clone(&self.visits);
        let look = move |index: &usize, budget: &Budget| {
            let docs = docs.get(&visits[*index].leaf.id());
            docs.map_or(Ok(None), |docs| visits[*index].keep(docs, budget))
        };
        self.begin_with((0..self.visits.len()).collect(), look).await?;
        if self.known.len() > self.bounds.traces_max {
            return Ok(None);
        }
        self.follow().await.map(Some)
    }

    /// From what was begun with to all of it.
    async fn follow(mut self) -> Result<Gathered> {
        let mut records = Vec::new();
        // The first round makes no step: it fetches the traces that the id begins with.
        for _ in 0..=ROUNDS_MAX {
            let new = self.round().await?;
            for record in &new {
                self.meet(record.trace_id);
                for (linked, _) in record.links() {
                    self.meet(Some(linked));
                }
            }
            records.extend(new);
            if self.frontier.is_empty() || self.room.load(Ordering::Relaxed) == 0 {
                break;
            }
        }
        if self.room.load(Ordering::Relaxed) > 0 && !self.frontier.is_empty() {
            self.is_too_long = true;
            self.left_traces.extend(self.frontier.drain(..));
        }
        records.retain(|record| self.belongs(record));
        let truncated = self.truncated();
        Ok(Gathered { records, truncated })
    }

    /// Finds the records that carry the id and the traces they belong to; fetches nothing. Whether there are any.
    async fn begin(&mut self, seed: Predicate, range: TimeRange, in_hot_rows: bool) -> Result<bool> {
        let visits = Arc::clone(&self.visits);
        let look = move |index: &usize, budget: &Budget| visits[*index].begin(&seed, range, budget);
        let inside = |visit: &Visit| {
            (in_hot_rows || !visit.leaf.is_hot())
                && visit.leaf.time_range().is_some_and(|times| times.overlaps(&range))
        };
        let leaves: Vec<usize> =
            (0..self.visits.len()).filter(|index| inside(&self.visits[*index])).collect();
        self.begin_with(leaves, look).await
    }

    /// Asks leaves, by their places, for the traces to begin with; whether there was anything.
    async fn begin_with(
        &mut self,
        leaves: Vec<usize>,
        look: impl Fn(&usize, &Budget) -> spoor_store::Result<Option<Vec<TraceId>>> + Send + Sync + 'static,
    ) -> Result<bool> {
        let lanes = self.lanes(leaves.len());
        let mut any = false;
        for traces in self.run.each(leaves, lanes, look).await?.into_iter().flatten() {
            any = true;
            for trace in traces {
                if self.known.insert(trace) {
                    self.frontier.push(trace);
                }
            }
        }
        Ok(any)
    }

    /// An id of too many traces is refused, or cut where a range was given.
    fn bound_first_traces(&mut self, seed: &Seed, range: TimeRange) -> Result<()> {
        let traces = self.known.len();
        let traces_max = self.bounds.traces_max;
        if traces <= traces_max {
            return Ok(());
        }
        if range == TimeRange::ALL {
            return Err(Error::TooCommon { id: seed.text.clone(), traces, traces_max });
        }
        self.frontier.sort_unstable();
        for trace in self.frontier.drain(traces_max..) {
            self.known.remove(&trace);
            self.left_traces.insert(trace);
        }
        Ok(())
    }

    /// Fetches what waits, and all records of the new traces and of those that link to them.
    async fn round(&mut self) -> Result<Vec<Record>> {
        let frontier = std::mem::take(&mut self.frontier);
        let members = frontier.iter().map(|trace| Predicate::Trace(*trace));
        let linkers = frontier.iter().map(|trace| Predicate::Link(*trace));
        let predicate = Predicate::Or(members.chain(linkers).collect());
        let visits = Arc::clone(&self.visits);
        let room = Arc::clone(&self.room);
        let look = move |index: &usize, budget: &Budget| visits[*index].round(&predicate, &room, budget);
        let leaves: Vec<usize> = (0..self.visits.len()).collect();
        let lanes = self.lanes(leaves.len());
        let mut records = Vec::new();
        for found in self.run.each(leaves, lanes, look).await? {
            records.extend(found.records);
            self.cut.spans += found.left.spans;
            self.cut.logs += found.left.logs;
        }
        Ok(records)
    }

    fn meet(&mut self, trace: Option<TraceId>) {
        let Some(trace) = trace else { return };
        if self.known.contains(&trace) {
            return;
        }
        if self.known.len() >= self.bounds.traces_max {
            self.left_traces.insert(trace);
        } else {
            self.known.insert(trace);
            self.frontier.push(trace);
        }
    }

    /// A trace that is not followed is left out whole: the span that led to it, and what of it carries the id.
    fn belongs(&mut self, record: &Record) -> bool {
        if record.trace_id.is_none_or(|trace| !self.left_traces.contains(&trace)) {
            return true;
        }
        match record.signal {
            Signal::Spans => self.cut.spans += 1,
            Signal::Logs => self.cut.logs += 1,
        }
        false
    }

    /// Waking a second thread costs more than asking a few leaves.
    fn lanes(&self, leaves: usize) -> usize {
        const ALONE_MAX: usize = 2;
        if self.is_alone || leaves <= ALONE_MAX { 1 } else { self.run.lanes() }
    }

    fn truncated(self) -> Option<Truncated> {
        let mut cut = self.cut;
        cut.traces = (self.left_traces.len() + self.frontier.len()) as u64;
        let Bounds { traces_max, records_max } = self.bounds;
        let is_full = self.room.load(Ordering::Relaxed) == 0;
        cut.reason = if is_full && cut.spans + cut.logs + cut.traces > 0 {
            format!("a flow shows {records_max} records at most")
        } else if self.is_too_long {
            format!("links are followed over {ROUNDS_MAX} steps at most")
        } else if self.left_traces.is_empty() {
            return None;
        } else {
            format!("a flow shows {traces_max} traces at most")
        };
        Some(cut)
    }
}

impl Visit {
    /// Keeps what carries the id for the first round; the traces of it, or `None` when there is nothing.
    fn begin(
        &self,
        seed: &Predicate,
        range: TimeRange,
        budget: &Budget,
    ) -> spoor_store::Result<Option<Vec<TraceId>>> {
        let docs = self.leaf.select(&within(&self.leaf, seed, range), budget)?;
        self.keep(&docs, budget)
    }

    /// Keeps `docs` for the first round; the traces of them, or `None` when there are none.
    fn keep(&self, docs: &DocSet, budget: &Budget) -> spoor_store::Result<Option<Vec<TraceId>>> {
        if docs.is_empty() {
            return Ok(None);
        }
        let traces = self.leaf.traces(docs, budget)?;
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.pending = docs.iter().collect();
        Ok(Some(traces.into_keys().collect()))
    }

    fn round(
        &self,
        predicate: &Predicate,
        room: &AtomicUsize,
        budget: &Budget,
    ) -> spoor_store::Result<Found> {
        let docs = self.leaf.select(predicate, budget)?;
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let Progress { pending, seen } = &mut *progress;
        // Traces that are followed come first: of those that are not, what carries the id is left out in the end.
        let mut new: Vec<u32> =
            docs.iter().chain(pending.drain(..)).filter(|ordinal| seen.insert(*ordinal)).collect();
        if new.is_empty() {
            return Ok(Found::default());
        }
        let left = new.split_off(take(room, new.len()));
        new.sort_unstable();
        let records = self.leaf.fetch(&new, budget)?;
        Ok(Found { records, left: self.count(left, budget)? })
    }

    fn count(&self, left: Vec<u32>, budget: &Budget) -> spoor_store::Result<Truncated> {
        if left.is_empty() {
            return Ok(Truncated::default());
        }
        let docs = DocSet::from_ordinals(self.leaf.len(), left);
        let counts = self.leaf.values(&docs, &Facet::Signal, budget)?;
        let of = |signal: Signal| counts.get(signal.as_str()).copied().unwrap_or_default();
        Ok(Truncated { spans: of(Signal::Spans), logs: of(Signal::Logs), ..Truncated::default() })
    }
}

/// Takes at most `wanted` from `room`; how many it got.
fn take(room: &AtomicUsize, wanted: usize) -> usize {
    let update = |left: usize| Some(left - left.min(wanted));
    let before = room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
    // The update never declines.
    before.unwrap_or_else(|left| left).min(wanted)
}
