//! How many different values there are: exactly while they are few, then estimated.

use std::collections::HashSet;

use datasketches::hll::{HllSketch, HllType, HllUnion};

/// Different values up to which they are counted exactly.
const EXACT_MAX: usize = 10_000;

/// Base-2 logarithm of the registers of an estimate: 1.6 % relative standard error in 4 KiB.
const REGISTERS_LOG2: u8 = 12;

/// Bytes of one value counted exactly, about.
const VALUE_BYTES: usize = 16;

/// Different values, by their 64-bit hashes.
#[derive(Default)]
pub(super) struct Distinct {
    exact: HashSet<u64, foldhash::fast::RandomState>,
    estimate: Option<HllSketch>,
}

impl Distinct {
    /// Adds the value with this hash; how many bytes it takes.
    #[inline]
    pub(super) fn add(&mut self, hash: u64) -> usize {
        if let Some(estimate) = &mut self.estimate {
            estimate.update(hash);
            return 0;
        }
        if !self.exact.insert(hash) {
            return 0;
        }
        if self.exact.len() > EXACT_MAX
            && let Ok(estimate) = HllSketch::new(REGISTERS_LOG2, HllType::Hll8)
        {
            let estimate = self.estimate.insert(estimate);
            std::mem::take(&mut self.exact).into_iter().for_each(|hash| estimate.update(hash));
        }
        VALUE_BYTES
    }

    /// Adds what another has; how many bytes that takes.
    pub(super) fn merge(&mut self, other: Self) -> usize {
        let added = other.exact.into_iter().map(|hash| self.add(hash)).sum();
        let Some(estimate) = other.estimate else { return added };
        if self.estimate.is_none() {
            let exact = std::mem::take(&mut self.exact);
            let mine = self.estimate.insert(estimate);
            exact.into_iter().for_each(|hash| mine.update(hash));
        } else if let (Some(mine), Ok(mut union)) = (&mut self.estimate, HllUnion::new(REGISTERS_LOG2)) {
            union.update(mine);
            union.update(&estimate);
            *mine = union.to_sketch(HllType::Hll8);
        }
        added
    }

    /// How many.
    pub(super) fn count(&self) -> u64 {
        match &self.estimate {
            Some(estimate) => estimate.estimate().round() as u64,
            None => self.exact.len() as u64,
        }
    }

    /// Whether the count is an estimate.
    pub(super) fn is_estimate(&self) -> bool {
        self.estimate.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like hashes.
    fn hashes(numbers: std::ops::Range<u64>) -> Distinct {
        let mut distinct = Distinct::default();
        for number in numbers {
            distinct.add(xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes()));
        }
        distinct
    }

    #[test]
    fn few_values_are_counted_exactly_and_many_closely_however_they_are_put_together() {
        let mut few = hashes(0..6_000);
        few.merge(hashes(4_000..EXACT_MAX as u64));
        assert_eq!((few.count(), few.is_estimate()), (EXACT_MAX as u64, false));
        for (left, right) in
            [(0..100, 50..200_000), (0..150_000, 50_000..200_000), (0..199_000, 198_990..200_000)]
        {
            let mut many = hashes(left);
            many.merge(hashes(right));
            let off = (many.count() as f64 - 200_000.0).abs() / 200_000.0;
            assert!(many.is_estimate() && off < 0.05, "{} of 200000", many.count());
        }
    }
}
