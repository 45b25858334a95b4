//! The counts of all leaves that a range touches.

use spoor_store::leaf::{Budget, Detail, Leaf};
use spoor_store::model::TimeRange;
use spoor_store::rollup::{RESOLUTION_MIN, Summary};

use crate::engine::Turn;
use crate::error::Result;
use crate::plan::prune::Visited;

/// Rates are told over a second at least.
const RATE_NANOS_MIN: u64 = 1_000_000_000;

/// What the leaves counted.
pub(crate) struct Gathered {
    pub(crate) summaries: Vec<Summary>,
    /// Times of the leaves within the range asked for.
    pub(crate) held: TimeRange,
}

/// The range, begun with a whole bucket of time.
pub(crate) fn from_whole_bucket(range: TimeRange) -> TimeRange {
    TimeRange { start: range.start - range.start % RESOLUTION_MIN, end: range.end }
}

impl Gathered {
    /// Asks every leaf.
    pub(crate) async fn of(
        turn: &Turn<'_>,
        visited: Visited,
        range: TimeRange,
        detail: Detail,
    ) -> Result<Self> {
        let held = held(&visited.leaves, range);
        let look = move |leaf: &Leaf, budget: &Budget| leaf.rollup(range, detail, budget);
        let summaries = turn.run.each(visited.leaves, turn.run.lanes(), look).await?;
        Ok(Self { summaries, held })
    }

    /// What counts can be told apart by, in nanoseconds.
    pub(crate) fn resolution(&self) -> u64 {
        self.summaries.iter().map(|summary| summary.width).max().unwrap_or(RESOLUTION_MIN)
    }
}

/// Times of the leaves within `range`.
pub(crate) fn held(leaves: &[Leaf], range: TimeRange) -> TimeRange {
    let times = leaves.iter().filter_map(Leaf::time_range);
    let held = times.reduce(|a, b| TimeRange { start: a.start.min(b.start), end: a.end.max(b.end) });
    held.map_or(TimeRange { start: 0, end: 0 }, |held| held.intersect(&range))
}

/// How many a second `count` are over `held`.
pub(crate) fn rate(count: u64, held: TimeRange) -> f64 {
    let nanos = held.end.saturating_sub(held.start).max(RATE_NANOS_MIN);
    count as f64 / (nanos as f64 / 1e9)
}
