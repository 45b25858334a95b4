//! Which small splits of a tenant are worth merging into one.
//!
//! A split is small below half of what a split should hold. Small splits that are next to each other in time are merged
//! when together they are at least [`GROWTH_MIN`] times the largest of them: each record is then rewritten a number of
//! times that grows with the logarithm of a split's size only, and a logarithmic number of splits stays unmerged. Once
//! what is left has rested for a day, any two are merged.

use crate::catalog::SplitMeta;
use crate::config::Config;
use crate::model::{SplitId, UnixNanos};

/// A merge makes a split at least this many times as large as the largest that goes in.
const GROWTH_MIN: u64 = 3;

/// Splits that go into one merge at most.
const INPUTS_MAX: usize = 32;

/// What has rested so long is merged without regard to growth.
const REST: u64 = 24 * 3600 * 1_000_000_000;

/// Splits are next to each other in time when their newest records are no further apart than this...
const SPAN_MIN: u64 = 24 * 3600 * 1_000_000_000;

/// ...or than this part of their age: the past is looked at in larger pieces.
const SPAN_PART_OF_AGE: u64 = 4;

/// Memory that a record takes while it is merged, in bytes of split file per byte of hot rows.
const HOT_BYTES_PER_FILE_BYTE: u64 = 4;

/// How large a split should become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CompactionLimits {
    pub(crate) records_max: u64,
    /// Bytes of the files that go in.
    pub(crate) bytes_max: u64,
}

impl CompactionLimits {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            records_max: u64::from(config.split_records),
            bytes_max: config.split_bytes / HOT_BYTES_PER_FILE_BYTE,
        }
    }

    fn is_small(&self, split: &SplitMeta) -> bool {
        u64::from(split.records) < self.records_max / 2 && split.bytes < self.bytes_max / 2
    }
}

/// The splits to merge next, oldest first, at least two; `None` when nothing is worth it.
///
/// `splits` are those of one tenant. Of several possible merges, the one that removes the most splits per record.
pub(crate) fn plan<'a>(
    splits: impl IntoIterator<Item = &'a SplitMeta>,
    limits: CompactionLimits,
    now: UnixNanos,
) -> Option<Vec<SplitId>> {
    let mut small: Vec<&SplitMeta> = splits.into_iter().filter(|split| limits.is_small(split)).collect();
    small.sort_unstable_by_key(|split| (split.max_time, split.id));
    let runs = (0..small.len()).flat_map(|first| runs_from(&small[first..], limits, now));
    let best = runs.max_by(|left, right| left.gain().total_cmp(&right.gain()))?;
    Some(best.splits.iter().map(|split| split.id).collect())
}

/// Splits in order of time that may be merged.
struct Run<'a> {
    splits: &'a [&'a SplitMeta],
    records: u64,
}

impl Run<'_> {
    /// Splits fewer, per record rewritten.
    fn gain(&self) -> f64 {
        (self.splits.len() - 1) as f64 / self.records.max(1) as f64
    }
}

/// Every run worth merging that starts with the first of `splits`.
fn runs_from<'a>(
    splits: &'a [&'a SplitMeta],
    limits: CompactionLimits,
    now: UnixNanos,
) -> impl Iterator<Item = Run<'a>> {
    let (mut records, mut bytes, mut largest, mut newest_created) = (0, 0, 0, 0);
    let mut worth_it = Vec::new();
    for (at, split) in splits.iter().take(INPUTS_MAX).enumerate() {
        records += u64::from(split.records);
        bytes += split.bytes;
        let span = split.max_time - splits[0].max_time;
        let span_max = SPAN_MIN.max(now.saturating_sub(split.max_time) / SPAN_PART_OF_AGE);
        if records > limits.records_max || bytes > limits.bytes_max || span > span_max {
            break;
        }
        largest = largest.max(u64::from(split.records));
        newest_created = newest_created.max(split.created_at);
        let rested = now.saturating_sub(newest_created) > REST;
        if at > 0 && (rested || records >= GROWTH_MIN * largest) {
            worth_it.push(Run { splits: &splits[..=at], records });
        }
    }
    worth_it.into_iter()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::maintain::sample::split;

    const SECOND: u64 = 1_000_000_000;
    const NOW: u64 = 1_700_000_000 * SECOND;
    const LIMITS: CompactionLimits = CompactionLimits { records_max: 1_000, bytes_max: 1 << 30 };

    /// A split whose newest record is `age` seconds old and which was made then.
    fn aged(records: u32, age: u64) -> SplitMeta {
        let time = NOW - age * SECOND;
        SplitMeta { min_time: time - SECOND, max_time: time, created_at: time, ..split(records) }
    }

    fn ids(splits: &[SplitMeta]) -> Vec<SplitId> {
        splits.iter().map(|split| split.id).collect()
    }

    #[test]
    fn three_alike_are_merged_oldest_first_and_two_are_not() {
        let splits = [aged(100, 30), aged(100, 20), aged(100, 10)];
        assert_eq!(plan(splits.iter().rev(), LIMITS, NOW), Some(ids(&splits)));
        assert_eq!(plan(&splits[..2], LIMITS, NOW), None);
        assert_eq!(plan(&splits[..1], LIMITS, NOW), None);
        assert_eq!(plan([], LIMITS, NOW), None);
    }

    #[test]
    fn large_splits_are_left_alone() {
        let by_records = [aged(500, 30), aged(500, 20), aged(999, 10), aged(2_000, 5)];
        assert_eq!(plan(&by_records, LIMITS, NOW), None);
        let by_bytes = [1, 2, 3].map(|age| SplitMeta { bytes: 60, ..aged(10, age) });
        assert_eq!(plan(&by_bytes, CompactionLimits { bytes_max: 100, ..LIMITS }, NOW), None);
    }

    #[test]
    fn a_large_one_does_not_wait_for_crumbs() {
        let splits = [aged(400, 50), aged(2, 40), aged(2, 30), aged(2, 20)];
        assert_eq!(plan(&splits, LIMITS, NOW), Some(ids(&splits[1..])));
        assert_eq!(plan([&splits[0], &splits[1]], LIMITS, NOW), None);
    }

    #[test]
    fn what_rested_for_a_day_is_merged_whatever_its_sizes() {
        let day = 24 * 3600;
        let splits = [aged(400, day + 40), aged(2, day + 30)];
        assert_eq!(plan(&splits, LIMITS, NOW), Some(ids(&splits)));
        let touched = SplitMeta { created_at: NOW - SECOND, ..splits[1].clone() };
        assert_eq!(plan([&splits[0], &touched], LIMITS, NOW), None);
    }

    #[test]
    fn splits_far_apart_in_time_stay_apart_until_they_are_old() {
        let day = 24 * 3600;
        let apart = [aged(10, 4 * day), aged(10, 2 * day)];
        assert_eq!(plan(&apart, LIMITS, NOW), None);
        let old = [aged(10, 10 * day), aged(10, 8 * day)];
        assert_eq!(plan(&old, LIMITS, NOW), Some(ids(&old)));
    }

    #[test]
    fn a_record_from_1970_does_not_keep_its_split_from_merging() {
        let splits = [30, 20, 10].map(|age| SplitMeta { min_time: 1, ..aged(100, age) });
        assert_eq!(plan(&splits, LIMITS, NOW), Some(ids(&splits)));
    }

    #[test]
    fn limits_follow_the_configuration() {
        let config = Config { split_records: 7_000, split_bytes: 8 << 20, ..Config::default() };
        let limits = CompactionLimits::new(&config);
        assert_eq!(limits, CompactionLimits { records_max: 7_000, bytes_max: 2 << 20 });
    }

    proptest! {
        #[test]
        fn a_plan_keeps_every_bound(
            sizes in prop::collection::vec((0u32..1_200, 0u64..400_000, 0u64..1_000), 0..60),
        ) {
            let limits = CompactionLimits { bytes_max: 2_000, ..LIMITS };
            let splits: Vec<SplitMeta> =
                sizes.iter().map(|(records, age, bytes)| SplitMeta { bytes: *bytes, ..aged(*records, *age) }).collect();
            if let Some(plan) = plan(&splits, limits, NOW) {
                let merged: Vec<&SplitMeta> =
                    plan.iter().map(|id| splits.iter().find(|split| split.id == *id).expect("a known split")).collect();
                prop_assert!((2..=INPUTS_MAX).contains(&merged.len()));
                prop_assert!(merged.iter().map(|split| u64::from(split.records)).sum::<u64>() <= limits.records_max);
                prop_assert!(merged.iter().map(|split| split.bytes).sum::<u64>() <= limits.bytes_max);
                prop_assert!(merged.is_sorted_by_key(|split| split.max_time));
            }
        }
    }

    /// A tenant that sends little: a split of 20 records every two minutes, for two weeks, merged as planned.
    #[test]
    fn a_slow_tenant_keeps_few_splits_and_rewrites_each_record_few_times() {
        let limits = CompactionLimits { records_max: 100_000, ..LIMITS };
        let (mut splits, mut rewritten, mut most): (Vec<SplitMeta>, u64, usize) = (Vec::new(), 0, 0);
        let count = 14 * 24 * 30;
        for number in 0..count {
            let time = NOW + number * 120 * SECOND;
            splits.push(SplitMeta { min_time: time, max_time: time, created_at: time, ..split(20) });
            while let Some(plan) = plan(&splits, limits, time) {
                let (old, kept) = splits.into_iter().partition::<Vec<_>, _>(|split| plan.contains(&split.id));
                splits = kept;
                let records = old.iter().map(|split| split.records).sum();
                rewritten += u64::from(records);
                let max_time = old.iter().map(|split| split.max_time).max().expect("two at least");
                splits.push(SplitMeta { max_time, created_at: time, ..split(records) });
            }
            most = most.max(splits.len());
        }
        let times = rewritten as f64 / (count * 20) as f64;
        assert!(most <= 40, "{most} splits");
        assert!(times <= 12.0, "each record rewritten {times} times");
        assert_eq!(splits.iter().map(|split| u64::from(split.records)).sum::<u64>(), count * 20);
    }
}
