//! How long calls take, over time: the cells of a heat map.

use serde::Serialize;
use spoor_store::model::{Tenant, TimeRange, UnixNanos};
use spoor_store::rollup::{Sketch, Tally};
use utoipa::ToSchema;

use super::stats::start_of;
use super::steps::{CallFilter, CallSteps};
use crate::engine::Engine;
use crate::error::Result;
use crate::json;

/// Rows of the heat map for each doubling, as a power of two.
const ROWS_PER_DOUBLING_BITS: u32 = 2;

/// A heat map: how many calls of each step took how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LatencyAnswer {
    /// Width of a step in nanoseconds.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub interval_ns: u64,
    /// The steps in order, empty ones too.
    pub steps: Vec<LatencyStep>,
    /// What calls can be told apart by in time.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub resolution_ns: u64,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LatencyStep {
    /// Its first nanosecond.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub start: UnixNanos,
    /// Cells with calls, the fastest first.
    pub cells: Vec<LatencyCell>,
}

/// Calls that took about as long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LatencyCell {
    /// The least of them, in nanoseconds; the next cell begins a quarter of a doubling further.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub from_ns: u64,
    /// How many.
    pub count: u64,
}

impl Engine {
    /// How long the calls of `filter` took in at most `steps` steps over `range`.
    ///
    /// # Errors
    /// What any query can meet.
    pub async fn latency(
        &self,
        tenant: &Tenant,
        filter: CallFilter,
        range: TimeRange,
        steps: usize,
    ) -> Result<LatencyAnswer> {
        let counted = self.call_steps(tenant, filter, range, steps).await?;
        let (interval_ns, resolution_ns) = (counted.layout.width, counted.resolution);
        let steps = self.cpu().run(move || heat_map(&counted)).await?;
        Ok(LatencyAnswer { interval_ns, steps, resolution_ns })
    }
}

fn heat_map(counted: &CallSteps) -> Vec<LatencyStep> {
    let layout = counted.layout;
    let mut sums = vec![Tally::default(); layout.count];
    for tallies in counted.series.values() {
        sums.iter_mut().zip(tallies).for_each(|(sum, step)| sum.add(step));
    }
    let step = |(at, sum): (usize, &Tally)| LatencyStep {
        start: start_of(layout, at),
        cells: cells(&sum.durations),
    };
    sums.iter().enumerate().map(step).collect()
}

fn cells(durations: &Sketch) -> Vec<LatencyCell> {
    let mut cells: Vec<LatencyCell> = Vec::new();
    for (nanos, count) in durations.iter() {
        let shift = nanos.checked_ilog2().unwrap_or(0).saturating_sub(ROWS_PER_DOUBLING_BITS);
        let from_ns = nanos >> shift << shift;
        match cells.last_mut().filter(|last| last.from_ns == from_ns) {
            Some(last) => last.count += count,
            None => cells.push(LatencyCell { from_ns, count }),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quarters_of_doublings_and_lose_nothing() {
        let mut durations = Sketch::default();
        [0, 1, 7, 1_000, 1_010, 1_500, 1 << 40].into_iter().for_each(|nanos| durations.add(nanos));
        let cells: Vec<(u64, u64)> =
            cells(&durations).iter().map(|cell| (cell.from_ns, cell.count)).collect();
        assert_eq!(cells, [(0, 1), (1, 1), (7, 1), (896, 2), (1_280, 1), (1 << 40, 1)]);
    }
}
