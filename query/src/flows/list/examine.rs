//! One correlation id to its flow in short.
//!
//! A flow is read as `/flows/{id}` reads it, within closer bounds; of an id that too many records or traces share only
//! those that carry it are counted, by columns.

use std::collections::HashMap;
use std::sync::Arc;

use spoor_store::leaf::{Budget, DocSet, Leaf, RecentId};
use spoor_store::model::{Record, SplitId, TimeRange, TraceId};
use spoor_store::predicate::{Predicate, Test};

use super::answer::ListedFlow;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::execute::fan_out::Run;
use crate::flows::assemble::Assembly;
use crate::flows::cause::cause;
use crate::flows::closure::{Bounds, Closure, Gathered};
use crate::flows::flow::{INLINE_RECORDS_MAX, Judge};
use crate::flows::seed::Seed;
use crate::flows::state::{Signs, state};
use crate::flows::timeline::Extent;
use crate::flows::{FlowState, Truncated};
use crate::plan::prune::within;

/// Most records read of one flow, and most that may carry its id.
pub(super) const RECORDS_MAX: usize = 2_000;

/// Most traces followed of one flow.
pub(super) const TRACES_MAX: usize = 200;

/// The records that satisfy the query, by leaf.
pub(super) type Matched = HashMap<SplitId, DocSet>;

/// What flows are examined against.
pub(super) struct Examiner<'a> {
    pub(super) engine: &'a Engine,
    pub(super) run: &'a Run,
    pub(super) leaves: &'a [Leaf],
    /// Which records make a flow recent.
    pub(super) range: TimeRange,
    /// `None`: every flow satisfies it.
    pub(super) matched: Option<Arc<Matched>>,
}

/// The records that carry an id.
#[derive(Default)]
struct Carriers {
    count: usize,
    /// Time of the newest in the range.
    newest: Option<u64>,
    /// What columns tell of them, where they are too many to be read.
    shared: Option<Shared>,
}

/// What columns tell of the records that carry an id.
#[derive(Default)]
struct Shared {
    times: Option<TimeRange>,
    /// Services by first appearance in a leaf.
    services: Vec<String>,
    spans: u64,
    logs: u64,
    errors: u64,
    /// Whether one of them satisfies the query.
    matches: bool,
}

impl Examiner<'_> {
    /// The flow; `None` when it does not satisfy the query, or has its place before `candidate`'s.
    pub(super) async fn examine(&self, candidate: &RecentId) -> Result<Option<ListedFlow>> {
        let carriers = self.carriers(candidate, RECORDS_MAX).await?;
        if carriers.newest.is_none_or(|newest| newest > candidate.time) {
            return Ok(None);
        }
        if let Some(shared) = carriers.shared {
            let reason = format!(
                "{} records carry the id; of more than {RECORDS_MAX} those alone are counted",
                carriers.count
            );
            return Ok(self.too_common(candidate, shared, Truncated { reason, ..Truncated::default() }));
        }
        let seed = Seed::new(&candidate.id, Some(&candidate.key));
        let config = self.engine.config();
        let bounds = Bounds {
            traces_max: config.traces_per_flow_max.min(TRACES_MAX),
            records_max: config.flow_records_max.min(RECORDS_MAX),
        };
        let closure = Closure::new(self.run, self.leaves, bounds).alone();
        match closure.gather(&seed, self.engine.keys(), TimeRange::ALL).await {
            Ok(gathered) => self.summarise(candidate, gathered).await,
            Err(Error::TooCommon { traces, traces_max, .. }) => {
                let carriers = self.carriers(candidate, 0).await?;
                let reason = format!(
                    "{traces} traces share the id; of more than {traces_max} the records that carry it are counted"
                );
                let cut = Truncated { reason, traces: traces as u64, ..Truncated::default() };
                Ok(carriers.shared.and_then(|shared| self.too_common(candidate, shared, cut)))
            }
            // Retention may take the last of it at any moment.
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Time of the newest record in the range that carries the id.
    pub(super) async fn newest(&self, id: &RecentId) -> Result<Option<u64>> {
        Ok(self.carriers(id, usize::MAX).await?.newest)
    }

    /// Looks for the records that carry the id; those of more than `read_max` are counted by columns.
    async fn carriers(&self, candidate: &RecentId, read_max: usize) -> Result<Carriers> {
        let test = Test::Equals(candidate.id.clone());
        let predicate = Predicate::Correlation { key: Some(candidate.key.clone()), test };
        let leaves = self.leaves.to_vec();
        let (range, matched) = (self.range, self.matched.clone());
        self.run
            .once(move |budget| {
                let mut carriers = Carriers::default();
                let mut found = Vec::new();
                for leaf in &leaves {
                    let docs = leaf.select(&predicate, budget)?;
                    if docs.is_empty() {
                        continue;
                    }
                    let is_inside = leaf.time_range().is_some_and(|times| range.covers(&times));
                    let newest = if is_inside {
                        leaf.extent(&docs)?
                    } else {
                        leaf.extent(&leaf.select(&within(leaf, &predicate, range), budget)?)?
                    };
                    let newest = newest.map(|times| times.end);
                    carriers.newest = carriers.newest.max(newest);
                    carriers.count += docs.len();
                    found.push((leaf, docs));
                }
                if carriers.count > read_max {
                    carriers.shared = Some(Shared::of(found, matched.as_deref(), budget)?);
                }
                Ok(carriers)
            })
            .await
    }

    async fn summarise(&self, candidate: &RecentId, gathered: Gathered) -> Result<Option<ListedFlow>> {
        let held = gathered.records.iter().map(Record::memory).sum();
        let is_match = |record: &Record| {
            self.matched.as_ref().is_none_or(|matched| {
                matched.get(&record.id.split).is_some_and(|docs| docs.contains(record.id.ordinal))
            })
        };
        if !gathered.records.iter().any(is_match) {
            self.run.release(held);
            return Ok(None);
        }
        let judge = self.engine.judge();
        let candidate = candidate.clone();
        let flow = if gathered.records.len() <= INLINE_RECORDS_MAX {
            summary(&judge, candidate, gathered)
        } else {
            self.run.once(move |_| Ok(summary(&judge, candidate, gathered))).await?
        };
        self.run.release(held);
        Ok(Some(flow))
    }

    /// A flow of which only the records that carry its id are known.
    fn too_common(&self, candidate: &RecentId, shared: Shared, cut: Truncated) -> Option<ListedFlow> {
        let times = shared.times.filter(|_| shared.matches)?;
        let judge = self.engine.judge();
        let signs = Signs { has_error: shared.errors > 0, awaits_parents: false, end: times.end };
        Some(ListedFlow {
            key: candidate.key.clone(),
            id: candidate.id.clone(),
            state: state(signs, judge.patience, judge.now),
            cause: None,
            start: times.start,
            end: times.end,
            duration_ns: times.end - times.start,
            services: shared.services,
            span_count: shared.spans,
            log_count: shared.logs,
            error_count: shared.errors,
            trace_count: cut.traces,
            truncated: Some(cut),
        })
    }
}

impl Shared {
    fn of(
        found: Vec<(&Leaf, DocSet)>,
        matched: Option<&Matched>,
        budget: &Budget,
    ) -> spoor_store::Result<Self> {
        let mut shared = Self { matches: matched.is_none(), ..Self::default() };
        for (leaf, docs) in found {
            if let Some(times) = leaf.extent(&docs)? {
                let all = shared.times.get_or_insert(times);
                *all = TimeRange { start: all.start.min(times.start), end: all.end.max(times.end) };
            }
            for count in leaf.stream_counts(&docs, budget)? {
                shared.spans += count.spans;
                shared.logs += count.logs;
                shared.errors += count.errors;
                if !shared.services.contains(&count.stream.service) {
                    shared.services.push(count.stream.service.clone());
                }
            }
            let of_leaf = matched.and_then(|matched| matched.get(&leaf.id()));
            shared.matches |= of_leaf.is_some_and(|matched| !matched.and(&docs).is_empty());
        }
        Ok(shared)
    }
}

/// A flow in short, of all its records.
fn summary(judge: &Judge, candidate: RecentId, gathered: Gathered) -> ListedFlow {
    let assembly = Assembly::of(gathered.records);
    let extent = assembly.times.extent().unwrap_or(Extent { start: 0, end: 0 });
    let state = judge.state(&assembly);
    let cause = (state == FlowState::Error).then(|| cause(&assembly, &judge.owners)).flatten();
    let mut traces: Vec<TraceId> =
        assembly.spans.iter().chain(&assembly.logs).filter_map(|record| record.trace_id).collect();
    traces.sort_unstable();
    traces.dedup();
    ListedFlow {
        key: candidate.key,
        id: candidate.id,
        state,
        cause: cause.map(Into::into),
        start: extent.start,
        end: extent.end,
        duration_ns: extent.length(),
        services: assembly.services(&judge.owners).into_iter().map(|service| service.name).collect(),
        span_count: assembly.spans.len() as u64,
        log_count: assembly.logs.len() as u64,
        error_count: assembly.error_count(),
        trace_count: traces.len() as u64,
        truncated: gathered.truncated,
    }
}
