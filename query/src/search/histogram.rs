//! Counts over time.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use spoor_store::leaf::{Buckets, Budget, Facet, Leaf};
use spoor_store::model::{TimeRange, UnixNanos};
use utoipa::ToSchema;

use crate::engine::{Engine, Selection, Stats};
use crate::error::Result;
use crate::json;
use crate::plan::prune::{prune, within};

/// Counts in buckets of equal width.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistogramAnswer {
    /// Start of the range that was counted.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub start: UnixNanos,
    /// End of it, included.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub end: UnixNanos,
    /// Width of a bucket in nanoseconds.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub interval_ns: u64,
    /// The buckets in order, empty ones too.
    pub buckets: Vec<Bucket>,
    /// Sum of all.
    pub total: u64,
    /// What the answer cost.
    pub stats: Stats,
}

/// One bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bucket {
    /// Its first nanosecond.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub start: UnixNanos,
    /// Records in it.
    pub count: u64,
    /// Of them, by value; values without a record are left out.
    pub by: BTreeMap<String, u64>,
}

impl Engine {
    /// Counts the records of `selection` in at most `buckets` buckets, broken down by `by`.
    ///
    /// # Errors
    /// What any query can meet.
    pub async fn histogram(
        &self,
        selection: Selection,
        buckets: usize,
        by: Option<Facet>,
    ) -> Result<HistogramAnswer> {
        let turn = self.turn(&selection.tenant).await?;
        let visited = prune(&self.snapshot(&selection.tenant), selection.range);
        let range = covered(&visited.leaves, selection.range);
        let layout = layout(range, buckets);
        let lanes = turn.run.lanes();
        let visits = visited.leaves.len();
        let is_broken_down = by.is_some();
        let look = move |leaf: &Leaf, budget: &Budget| {
            let docs = leaf.select(&within(leaf, &selection.predicate, selection.range), budget)?;
            if docs.is_empty() {
                return Ok(HashMap::new());
            }
            leaf.histogram(&docs, layout, by.as_ref(), budget)
        };
        let counted = turn.run.each(visited.leaves, lanes, look).await?;
        let (buckets, total) = add_up(counted, layout, is_broken_down);
        let stats = turn.end(visits, visited.skipped);
        Ok(HistogramAnswer {
            start: range.start,
            end: range.end,
            interval_ns: layout.width,
            buckets,
            total,
            stats,
        })
    }
}

/// The range asked for, its open ends moved to the leaves' first and last record.
pub(crate) fn covered(leaves: &[Leaf], asked: TimeRange) -> TimeRange {
    let mut held: Option<TimeRange> = None;
    for times in leaves.iter().filter_map(Leaf::time_range) {
        let so_far = held.unwrap_or(times);
        held = Some(TimeRange { start: so_far.start.min(times.start), end: so_far.end.max(times.end) });
    }
    let held = held.unwrap_or(TimeRange { start: 0, end: 0 });
    TimeRange {
        start: if asked.start == 0 { held.start.min(asked.end) } else { asked.start },
        end: if asked.end == u64::MAX { held.end.max(asked.start) } else { asked.end },
    }
}

/// Buckets over `range`: of a round width, on multiples of it, at most `most`.
pub(crate) fn layout(range: TimeRange, most: usize) -> Buckets {
    layout_on(range, most, 1)
}

/// The same, as wide as some multiple of `least` nanoseconds.
pub(crate) fn layout_on(range: TimeRange, most: usize, least: u64) -> Buckets {
    let most = most.max(1) as u64;
    let count = |width: u64| range.end / width - range.start / width + 1;
    let width = round_widths().find(|width| width.is_multiple_of(least) && count(*width) <= most);
    // Wider than the widest: one bucket.
    let width = width.unwrap_or(u64::MAX);
    Buckets { start: range.start / width * width, width, count: count(width).min(most) as usize }
}

/// 1, 2 and 5 by powers of ten up to a second, then what clocks show.
fn round_widths() -> impl Iterator<Item = u64> {
    const SECOND: u64 = 1_000_000_000;
    const COARSE: [u64; 20] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
        604_800, 2_592_000,
    ];
    const DAY: u64 = 86_400 * SECOND;
    let fine = (0..9).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
    let coarse = COARSE.into_iter().map(|seconds| seconds * SECOND);
    let years = (0..8).map(|doubling| (365 * DAY) << doubling);
    fine.chain(coarse).chain(years)
}

fn add_up(
    leaves: Vec<HashMap<String, Vec<u64>>>,
    layout: Buckets,
    is_broken_down: bool,
) -> (Vec<Bucket>, u64) {
    let start_of = |index: usize| layout.start.saturating_add((index as u64).saturating_mul(layout.width));
    let mut buckets: Vec<Bucket> = (0..layout.count)
        .map(|index| Bucket { start: start_of(index), count: 0, by: BTreeMap::new() })
        .collect();
    let mut total = 0;
    for (value, counts) in leaves.into_iter().flatten() {
        for (bucket, count) in buckets.iter_mut().zip(counts).filter(|(_, count)| *count > 0) {
            bucket.count += count;
            total += count;
            if is_broken_down && !value.is_empty() {
                *bucket.by.entry(value.clone()).or_default() += count;
            }
        }
    }
    (buckets, total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn buckets_cover_the_range_on_round_multiples_and_are_no_more_than_asked(
            start in any::<u64>(), length in any::<u64>(), most in 1_usize..2_000,
        ) {
            let start = start.min(u64::MAX - 1);
            let range = TimeRange { start, end: start.saturating_add(length).min(u64::MAX - 1) };
            let layout = layout(range, most);
            prop_assert!(layout.count >= 1 && layout.count <= most, "{:?}", layout);
            prop_assert!(layout.start <= range.start && layout.start.is_multiple_of(layout.width));
            let last_start = layout.start + (layout.count as u64 - 1) * layout.width;
            prop_assert!(last_start <= range.end && range.end - last_start < layout.width);
        }
    }

    #[test]
    fn an_hour_in_sixty_buckets_is_by_minutes() {
        let hour = 3_600_000_000_000;
        let layout = layout(TimeRange { start: 10 * hour, end: 11 * hour - 1 }, 60);
        assert_eq!((layout.width, layout.count, layout.start), (60_000_000_000, 60, 10 * hour));
    }
}
