//! How long things took: counts by length, each within 1.6 % of the truth, small, exact to merge.

/// Parts that each doubling is cut into, as a power of two: a value lies at most 1/64 off the middle of its part.
const PART_BITS: u32 = 5;

/// Values below this have a part of their own.
const LINEAR: u64 = 1 << PART_BITS;

/// More parts than this are kept side by side rather than as a list: adding to them needs no search.
const LISTED_MAX: usize = 32;

/// Counts of nanoseconds by part. Adding and merging commute.
#[derive(Debug, Clone, Default)]
pub struct Sketch {
    /// Few parts: those that occur only, ascending.
    listed: Vec<(u16, u32)>,
    /// Many parts: all from `first` on. One of the two is empty.
    counts: Vec<u32>,
    first: u16,
}

impl PartialEq for Sketch {
    fn eq(&self, other: &Self) -> bool {
        self.parts().eq(other.parts())
    }
}

impl Eq for Sketch {}

impl Sketch {
    /// Counts one value.
    #[inline]
    pub fn add(&mut self, nanos: u64) {
        self.add_part(part_of(nanos), 1);
    }

    /// Counts all that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        for (part, count) in other.parts() {
            self.add_part(part, count);
        }
    }

    #[inline]
    fn add_part(&mut self, part: u16, count: u32) {
        // A part before the first is far past the end.
        if let Some(known) = self.counts.get_mut(usize::from(part.wrapping_sub(self.first))) {
            *known = known.saturating_add(count);
        } else if self.counts.is_empty() {
            self.list(part, count);
        } else {
            self.reach(part);
            self.counts[usize::from(part - self.first)] = count;
        }
    }

    fn list(&mut self, part: u16, count: u32) {
        match self.listed.binary_search_by_key(&part, |(part, _)| *part) {
            Ok(at) => self.listed[at].1 = self.listed[at].1.saturating_add(count),
            Err(at) => self.listed.insert(at, (part, count)),
        }
        if self.listed.len() > LISTED_MAX {
            self.first = self.listed[0].0;
            for (part, count) in std::mem::take(&mut self.listed) {
                self.reach(part);
                self.counts[usize::from(part - self.first)] = count;
            }
        }
    }

    /// Keeps `part` among the counts.
    fn reach(&mut self, part: u16) {
        if let Some(before) = self.first.checked_sub(part).filter(|before| *before > 0) {
            self.counts.splice(0..0, std::iter::repeat_n(0, usize::from(before)));
            self.first = part;
        }
        let len = usize::from(part - self.first) + 1;
        if self.counts.len() < len {
            self.counts.resize(len, 0);
        }
    }

    /// Values counted.
    pub fn count(&self) -> u64 {
        self.parts().map(|(_, count)| u64::from(count)).sum()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.counts.is_empty()
    }

    /// The value that a share `q` (0 to 1) of all lies at or below, in nanoseconds; `None` when nothing was counted.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        // The nearest rank, from 1.
        let rank = (q.clamp(0.0, 1.0) * self.count() as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        for (part, count) in self.parts() {
            below += u64::from(count);
            if below >= rank {
                return Some(middle(part));
            }
        }
        self.parts().last().map(|(part, _)| middle(part))
    }

    /// Every part that occurs, ascending: its least value, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.parts().map(|(part, count)| (least(part), u64::from(count)))
    }

    /// Every part that occurs, ascending, by number.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (u16, u32)> {
        let counted = (self.first..).zip(&self.counts).filter(|(_, count)| **count > 0);
        self.listed.iter().copied().chain(counted.map(|(part, count)| (part, *count)))
    }

    /// Of parts, ascending.
    pub(crate) fn of(parts: Vec<(u16, u32)>) -> Self {
        Self { listed: parts, ..Self::default() }
    }

    /// Memory held beside itself, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.listed.capacity() * size_of::<(u16, u32)>() + self.counts.capacity() * size_of::<u32>()
    }
}

/// Number of the part that a value lies in; consecutive.
#[inline]
fn part_of(nanos: u64) -> u16 {
    if nanos < LINEAR {
        return nanos as u16;
    }
    let shift = nanos.ilog2() - PART_BITS;
    ((u64::from(shift) << PART_BITS) + (nanos >> shift)) as u16
}

/// The highest number of a part.
pub(crate) const PART_LAST: u16 = ((63 - PART_BITS as u16) << PART_BITS) + 2 * LINEAR as u16 - 1;

fn shift(part: u16) -> u32 {
    (u32::from(part) >> PART_BITS).saturating_sub(1)
}

fn least(part: u16) -> u64 {
    let shift = shift(part);
    (u64::from(part) - (u64::from(shift) << PART_BITS)) << shift
}

fn middle(part: u16) -> u64 {
    least(part) + (1 << shift(part)) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_consecutive_and_reach_to_the_end() {
        assert_eq!((part_of(0), part_of(31), part_of(32), part_of(63), part_of(64)), (0, 31, 32, 63, 64));
        assert_eq!((part_of(65), part_of(66), part_of(u64::MAX)), (64, 65, PART_LAST));
        for part in 0..PART_LAST {
            assert_eq!((part_of(least(part)), part_of(least(part + 1) - 1)), (part, part));
        }
    }

    proptest! {
        #[test]
        fn a_quantile_is_within_two_percent_of_the_value_of_its_rank(
            mut values in prop::collection::vec((0_u32..64, any::<u64>()).prop_map(|(bits, value)| value >> bits), 1..300),
            q in 0.0_f64..=1.0,
        ) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|value| sketch.add(*value));
            values.sort_unstable();
            let rank = ((q * values.len() as f64).ceil() as usize).max(1);
            let (found, truth) = (sketch.quantile(q).unwrap(), values[rank - 1]);
            prop_assert!(found.abs_diff(truth) <= truth / 50, "{found} for {truth}");
        }

        #[test]
        fn merging_counts_what_both_counted(
            values in prop::collection::vec(any::<u64>(), 0..200), cut in 0_usize..200,
        ) {
            let of = |values: &[u64]| {
                let mut sketch = Sketch::default();
                values.iter().for_each(|value| sketch.add(*value));
                sketch
            };
            let (left, right) = values.split_at(cut.min(values.len()));
            let mut merged = of(left);
            merged.merge(&of(right));
            prop_assert_eq!(merged, of(&values));
        }
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(Sketch::default().quantile(0.5), None);
    }
}
