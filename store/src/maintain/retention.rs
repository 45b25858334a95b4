//! Which splits are too old, or too many, to keep.

use crate::catalog::SplitMeta;
use crate::config::Config;
use crate::model::{SplitId, UnixNanos};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// How much is kept; 0 is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetentionLimits {
    /// Age of a split's newest record, in nanoseconds.
    pub(crate) age_max: u64,
    /// Bytes of all splits.
    pub(crate) bytes_max: u64,
}

impl RetentionLimits {
    pub(crate) fn new(config: &Config) -> Self {
        let age_max = config.retention_seconds.saturating_mul(NANOS_PER_SECOND);
        Self { age_max, bytes_max: config.retention_bytes }
    }
}

/// Splits of all tenants to drop at `now`: those whose newest record is too old, then the oldest until the rest fits.
pub(crate) fn plan<'a>(
    splits: impl IntoIterator<Item = &'a SplitMeta>,
    limits: RetentionLimits,
    now: UnixNanos,
) -> Vec<SplitId> {
    let mut splits: Vec<&SplitMeta> = splits.into_iter().collect();
    splits.sort_unstable_by_key(|split| (split.max_time, split.id));
    let oldest_kept = if limits.age_max == 0 { 0 } else { now.saturating_sub(limits.age_max) };
    let mut bytes: u64 = splits.iter().map(|split| split.bytes).sum();
    let mut dropped = Vec::new();
    for split in splits {
        let too_many = limits.bytes_max != 0 && bytes > limits.bytes_max;
        if split.max_time >= oldest_kept && !too_many {
            break;
        }
        bytes -= split.bytes;
        dropped.push(split.id);
    }
    dropped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::maintain::sample::split;

    const NOW: u64 = 1_000_000;

    fn limits(age_max: u64, bytes_max: u64) -> RetentionLimits {
        RetentionLimits { age_max, bytes_max }
    }

    #[test]
    fn a_split_goes_when_its_newest_record_is_too_old_whatever_its_oldest_is() {
        let kept = SplitMeta { min_time: 0, max_time: NOW - 100, ..split(10) };
        let old = SplitMeta { min_time: 0, max_time: NOW - 101, ..split(10) };
        assert_eq!(plan([&kept, &old], limits(100, 0), NOW), [old.id]);
        assert_eq!(plan([&kept, &old], limits(0, 0), NOW), []);
        assert_eq!(plan([&kept, &old], limits(u64::MAX, 0), NOW), []);
    }

    #[test]
    fn the_oldest_go_first_until_the_rest_fits() {
        let splits = [30, 10, 20, 40].map(|time| SplitMeta { max_time: time, bytes: 100, ..split(1) });
        assert_eq!(plan(&splits, limits(0, 400), NOW), []);
        assert_eq!(plan(&splits, limits(0, 399), NOW), [splits[1].id]);
        assert_eq!(plan(&splits, limits(0, 200), NOW), [splits[1].id, splits[2].id]);
        assert_eq!(plan(&splits, limits(0, 99), NOW).len(), 4);
    }

    #[test]
    fn what_is_too_old_does_not_count_against_the_bytes() {
        let splits = [10, 900, 950].map(|time| SplitMeta { max_time: time, bytes: 100, ..split(1) });
        assert_eq!(plan(&splits, limits(200, 200), 1_000), [splits[0].id]);
    }

    #[test]
    fn seconds_of_the_configuration_become_nanoseconds() {
        let config = Config { retention_seconds: 2, retention_bytes: 7, ..Config::default() };
        assert_eq!(RetentionLimits::new(&config), limits(2_000_000_000, 7));
        let endless = Config { retention_seconds: u64::MAX, ..Config::default() };
        assert_eq!(plan([&split(1)], RetentionLimits::new(&endless), u64::MAX - 1), []);
    }

    proptest! {
        #[test]
        fn what_stays_is_within_the_limits_and_no_older_than_what_goes(
            times in prop::collection::vec((0u64..1_000, 1u64..100), 0..20),
            age_max in 0u64..1_000,
            bytes_max in 0u64..1_000,
        ) {
            let splits: Vec<SplitMeta> = times
                .iter()
                .map(|(time, bytes)| SplitMeta { max_time: *time, bytes: *bytes, ..split(1) })
                .collect();
            let dropped = plan(&splits, limits(age_max, bytes_max), 1_000);
            let (gone, kept): (Vec<&SplitMeta>, Vec<_>) =
                splits.iter().partition(|split| dropped.contains(&split.id));
            let newest_gone = gone.iter().map(|split| split.max_time).max();
            prop_assert!(kept.iter().all(|split| Some(split.max_time) >= newest_gone));
            prop_assert!(age_max == 0 || kept.iter().all(|split| split.max_time + age_max >= 1_000));
            prop_assert!(bytes_max == 0 || kept.iter().map(|split| split.bytes).sum::<u64>() <= bytes_max);
            prop_assert_eq!(gone.len(), dropped.len());
        }
    }
}
