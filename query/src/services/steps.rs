//! Counts of calls over time, in steps no finer than they were counted.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use spoor_store::leaf::{Buckets, Budget, Detail};
use spoor_store::model::{SpanKind, Tenant, TimeRange};
use spoor_store::rollup::{CallSeries, Tally};

use super::gather::{Gathered, from_whole_bucket};
use crate::engine::Engine;
use crate::error::Result;
use crate::plan::prune::prune;
use crate::search::histogram::layout_on;

/// Which calls.
#[derive(Debug, Clone, Default)]
pub struct CallFilter {
    /// Of these services; of all when empty.
    pub services: Vec<String>,
    /// Of this name.
    pub operation: Option<String>,
    /// Of these kinds; of all when empty.
    pub kinds: Vec<SpanKind>,
}

/// Calls over time.
#[derive(Debug, Clone)]
pub struct CallSteps {
    /// By service, name and kind, those that have any; one tally for each step.
    pub series: BTreeMap<(Arc<str>, Arc<str>, u8), Vec<Tally>>,
    /// The steps.
    pub layout: Buckets,
    /// The part of the range that has records.
    pub held: TimeRange,
    /// What the counts can be told apart by, in nanoseconds.
    pub resolution: u64,
}

impl CallFilter {
    pub(crate) fn holds(&self, series: &CallSeries) -> bool {
        (self.services.is_empty() || self.services.iter().any(|service| **service == *series.service))
            && self.operation.as_deref().is_none_or(|name| *name == *series.name)
            && (self.kinds.is_empty() || self.kinds.contains(&series.kind))
    }
}

impl Engine {
    /// Counts, errors and durations of calls in at most `steps` steps over `range`, by service, name and kind. A step
    /// is a multiple of what the counts can be told apart by.
    ///
    /// # Errors
    /// What any query can meet.
    pub async fn call_steps(
        &self,
        tenant: &Tenant,
        filter: CallFilter,
        range: TimeRange,
        steps: usize,
    ) -> Result<CallSteps> {
        let turn = self.turn(tenant).await?;
        let range = from_whole_bucket(range);
        let visited = prune(&self.snapshot(tenant), range);
        let (visits, skipped) = (visited.leaves.len(), visited.skipped);
        let gathered = Gathered::of(&turn, visited, range, Detail::OverTime).await?;
        let (held, resolution) = (gathered.held, gathered.resolution());
        let layout = layout_for(&gathered, range, steps);
        let add_up = move |budget: &Budget| {
            let mut series: BTreeMap<_, Vec<Tally>> = BTreeMap::new();
            for summary in &gathered.summaries {
                budget.check()?;
                for calls in summary.calls.iter().filter(|calls| filter.holds(calls)) {
                    let key = (Arc::clone(&calls.service), Arc::clone(&calls.name), calls.kind as u8);
                    let steps = match series.entry(key) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(new) => {
                            budget.hold(layout.count * size_of::<Tally>())?;
                            new.insert(Vec::new())
                        }
                    };
                    add(steps, calls, layout);
                }
            }
            Ok(series)
        };
        let series = turn.run.once(add_up).await?;
        turn.end(visits, skipped);
        Ok(CallSteps { series, layout, held, resolution })
    }
}

/// Steps over the range asked for, its open ends moved to where there is something.
pub(crate) fn layout_for(gathered: &Gathered, range: TimeRange, steps: usize) -> Buckets {
    let held = gathered.held;
    let range = TimeRange {
        start: if range.start == 0 { held.start } else { range.start },
        end: if range.end == u64::MAX { held.end.max(range.start) } else { range.end },
    };
    layout_on(range, steps, gathered.resolution())
}

/// Adds the cells of `calls` to their steps.
pub(crate) fn add(steps: &mut Vec<Tally>, calls: &CallSeries, layout: Buckets) {
    steps.resize_with(layout.count, Tally::default);
    for cell in &calls.cells {
        let step = cell.start.saturating_sub(layout.start) / layout.width;
        if let Some(step) = steps.get_mut(usize::try_from(step).unwrap_or(usize::MAX)) {
            step.add(&cell.tally);
        }
    }
}
