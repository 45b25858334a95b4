//! Span ids by number, and the other way round.
//!
//! | part | bytes |
//! |---|---|
//! | count | 4 |
//! | ids | 8 each, by number |
//! | order | for each [`GROUP`] of numbers: their places in the group, sorted by id, 2 each |
//! | first records | of every [`SAMPLE`]th number: the first record that names it, 4 |
//!
//! Integers are little endian. Numbers were given in the order of the records that first named them, so the samples
//! bracket any number's first record.

use std::ops::RangeInclusive;

use tantivy::directory::OwnedBytes;

use crate::model::SpanId;

/// Numbers from one sampled first record to the next.
const SAMPLE: usize = 64;

/// Numbers sorted together: as many as two bytes can tell apart. A lookup is one binary search for each group.
const GROUP: usize = 1 << 16;

/// The `spans` section.
pub(crate) struct SpanIds {
    bytes: OwnedBytes,
    count: usize,
}

/// Makes a section. `first_records` is ascending.
pub(crate) fn write(ids: &[[u8; 8]], first_records: &[u32]) -> Vec<u8> {
    let mut section = Vec::with_capacity(4 + ids.len() * 11);
    section.extend_from_slice(&(ids.len() as u32).to_le_bytes());
    for id in ids {
        section.extend_from_slice(id);
    }
    for group in ids.chunks(GROUP) {
        let mut order: Vec<u16> = (0..=u16::MAX).take(group.len()).collect();
        order.sort_unstable_by_key(|place| (u64::from_be_bytes(group[usize::from(*place)]), *place));
        section.extend(order.iter().flat_map(|place| place.to_le_bytes()));
    }
    for first in first_records.iter().step_by(SAMPLE) {
        section.extend_from_slice(&first.to_le_bytes());
    }
    section
}

impl SpanIds {
    /// Reads a section; `None` when it is not one.
    pub(crate) fn open(bytes: OwnedBytes) -> Option<Self> {
        let count = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
        let expected = 4 + count * 10 + count.div_ceil(SAMPLE) * 4;
        (bytes.len() == expected).then_some(Self { bytes, count })
    }

    /// The id numbered so.
    pub(crate) fn get(&self, number: u32) -> Option<SpanId> {
        let at = 4 + number as usize * 8;
        if number as usize >= self.count { None } else { SpanId::from_bytes(&self.bytes[at..at + 8]) }
    }

    /// Every number of an id: one for each trace that has it.
    pub(crate) fn find(&self, id: &SpanId) -> Vec<u32> {
        let wanted = u64::from_be_bytes(*id.as_bytes());
        let mut found = Vec::new();
        for group in (0..self.count).step_by(GROUP) {
            let (end, mut low, mut high) =
                (self.count.min(group + GROUP), group, self.count.min(group + GROUP));
            while low < high {
                let middle = low.midpoint(high);
                if self.key(self.ordered(middle)) < wanted {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            let numbers = (low..end).map(|at| self.ordered(at));
            found.extend(numbers.take_while(|number| self.key(*number) == wanted));
        }
        found
    }

    /// Records among which the first to name `number` is.
    pub(crate) fn first_record(&self, number: u32, records: u32) -> RangeInclusive<u32> {
        let sample = number as usize / SAMPLE;
        let first = self.sample(sample).unwrap_or(0);
        let last = self.sample(sample + 1).unwrap_or(records.saturating_sub(1));
        first..=last
    }

    fn sample(&self, sample: usize) -> Option<u32> {
        let at = 4 + self.count * 10 + sample * 4;
        self.bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn ordered(&self, at: usize) -> u32 {
        let stands_at = 4 + self.count * 8 + at * 2;
        let place = u16::from_le_bytes([self.bytes[stands_at], self.bytes[stands_at + 1]]);
        (at - at % GROUP) as u32 + u32::from(place)
    }

    fn key(&self, number: u32) -> u64 {
        self.get(number).map_or(0, |id| u64::from_be_bytes(*id.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_by_number_and_numbers_by_id() {
        let ids: Vec<[u8; 8]> =
            (1..=1_000_u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes()).collect();
        let mut ids_with_twin = ids.clone();
        ids_with_twin.push(ids[10]);
        let first: Vec<u32> = (0..1_001).map(|n| n * 3).collect();
        let spans = SpanIds::open(OwnedBytes::new(write(&ids_with_twin, &first))).expect("a section");
        for (number, id) in ids.iter().enumerate() {
            let id = SpanId::from_bytes(id).expect("not zero");
            assert_eq!(spans.get(number as u32), Some(id));
            let expected = if number == 10 { vec![10, 1_000] } else { vec![number as u32] };
            assert_eq!(spans.find(&id), expected);
            assert!(spans.first_record(number as u32, 3_003).contains(&(number as u32 * 3)));
        }
        assert_eq!(spans.find(&SpanId::from_bytes(&[7; 8]).expect("not zero")), Vec::<u32>::new());
        assert_eq!(spans.get(1_001), None);
    }
}
