//! The newest traces with a span that satisfies a question: each leaf gives its newest, page by page, and the newest
//! of all are kept.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use spoor_store::Snapshot;
use spoor_store::leaf::{Budget, Leaf};
use spoor_store::model::{TimeRange, TraceId, UnixNanos};
use spoor_store::predicate::Predicate;

use super::question::Question;
use crate::engine::Turn;
use crate::error::Result;
use crate::plan::prune::{prune, within};

/// Matching spans in a leaf's first page, for each trace asked for; the next pages double.
const SPANS_PER_TRACE: usize = 4;
const PAGE_MIN: usize = 128;
const PAGE_MAX: usize = 65_536;

/// The newest traces that `question` finds, newest matching span first, at most its limit.
pub(crate) async fn newest_traces(
    turn: &Turn<'_>,
    snapshot: &Snapshot,
    question: &Question,
) -> Result<Vec<TraceId>> {
    let predicate = question.predicate()?;
    let visited = prune(snapshot, question.range);
    let newest = Arc::new(NewestTraces::new(question.limit));
    let (kept, range) = (Arc::clone(&newest), question.range);
    let look = move |leaf: &Leaf, budget: &Budget| look(leaf, &predicate, range, &kept, budget);
    turn.run.each(visited.leaves, turn.run.lanes(), look).await?;
    Ok(newest.take_sorted())
}

fn look(
    leaf: &Leaf,
    predicate: &Predicate,
    range: TimeRange,
    newest: &NewestTraces,
    budget: &Budget,
) -> spoor_store::Result<()> {
    let end = leaf.time_range().map_or(0, |times| times.end).min(range.end);
    if !newest.wants(end) {
        return Ok(());
    }
    let docs = leaf.select(&within(leaf, predicate, range), budget)?;
    let mut page = (newest.limit * SPANS_PER_TRACE).clamp(PAGE_MIN, PAGE_MAX);
    let mut seen: HashSet<TraceId> = HashSet::new();
    let mut before = None;
    while seen.len() < newest.limit {
        budget.check()?;
        let places = leaf.newest(&docs, before, page)?;
        let ordinals: Vec<u32> = places.iter().map(|place| place.ordinal).collect();
        let traces = leaf.trace_of_each(&ordinals, budget)?;
        let fresh = places.iter().zip(traces).filter_map(|(place, trace)| Some((trace?, place.time)));
        let fresh: Vec<(TraceId, UnixNanos)> = fresh.filter(|(trace, _)| seen.insert(*trace)).collect();
        newest.add(&fresh);
        let Some(last) = places.last().filter(|last| places.len() == page && newest.wants(last.time)) else {
            break;
        };
        before = Some(*last);
        page = (page * 2).min(PAGE_MAX);
    }
    Ok(())
}

/// The newest traces so far, of all leaves, by their newest matching span.
struct NewestTraces {
    limit: usize,
    found: Mutex<HashMap<TraceId, UnixNanos>>,
}

impl NewestTraces {
    fn new(limit: usize) -> Self {
        Self { limit, found: Mutex::default() }
    }

    /// Whether a span of `end` or before can still bring a trace in.
    fn wants(&self, end: UnixNanos) -> bool {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.len() < self.limit || found.values().filter(|time| **time > end).count() < self.limit
    }

    /// Adds what one leaf found, each trace once, and forgets what cannot be among the newest any more.
    fn add(&self, traces: &[(TraceId, UnixNanos)]) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for (trace, time) in traces {
            let newest = found.entry(*trace).or_insert(*time);
            *newest = (*newest).max(*time);
        }
        if found.len() > 2 * self.limit {
            *found = sorted(std::mem::take(&mut *found)).take(self.limit).collect();
        }
    }

    fn take_sorted(&self) -> Vec<TraceId> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        sorted(std::mem::take(&mut *found)).take(self.limit).map(|(trace, _)| trace).collect()
    }
}

/// Newest first; ids tell traces of one time apart.
fn sorted(found: HashMap<TraceId, UnixNanos>) -> impl Iterator<Item = (TraceId, UnixNanos)> {
    let mut found: Vec<(TraceId, UnixNanos)> = found.into_iter().collect();
    found.sort_unstable_by_key(|(trace, time)| Reverse((*time, *trace)));
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples::trace_id;

    proptest! {
        #[test]
        fn the_newest_of_all_leaves_are_kept_and_what_is_not_wanted_had_none(
            spans in prop::collection::vec((1_u8..40, 0_u64..60), 0..200),
            leaves in 1_usize..5,
            limit in 1_usize..12,
        ) {
            let newest = NewestTraces::new(limit);
            let mut all: HashMap<TraceId, u64> = HashMap::new();
            for leaf in spans.chunks(spans.len().div_ceil(leaves).max(1)) {
                let mut of_leaf: HashMap<TraceId, u64> = HashMap::new();
                for (trace, time) in leaf {
                    for map in [&mut of_leaf, &mut all] {
                        let kept = map.entry(trace_id(*trace)).or_default();
                        *kept = (*kept).max(*time);
                    }
                }
                if newest.wants(of_leaf.values().copied().max().unwrap_or_default()) {
                    newest.add(&sorted(of_leaf).take(limit).collect::<Vec<_>>());
                }
            }
            let expected: Vec<TraceId> = sorted(all).take(limit).map(|(trace, _)| trace).collect();
            prop_assert_eq!(newest.take_sorted(), expected);
        }
    }
}
