//! Where the next page of a search begins: after the last record of this one, in newest-first order.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use spoor_store::leaf::Place;
use spoor_store::model::{RecordId, SplitId, UnixNanos};

/// A record's place over all leaves: by time, then split, then ordinal, so that no two are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    pub(crate) time: UnixNanos,
    pub(crate) split: SplitId,
    pub(crate) ordinal: u32,
}

impl Cursor {
    pub(crate) fn new(split: SplitId, place: Place) -> Self {
        Self { time: place.time, split, ordinal: place.ordinal }
    }
}

/// What a page leaves behind for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bookmark {
    /// The page's last record.
    pub(crate) last: Cursor,
    /// The newest split there was.
    pub(crate) newest: SplitId,
}

impl Bookmark {
    /// The form clients carry; opaque to them.
    pub(crate) fn encode(&self) -> String {
        let id = RecordId { split: self.last.split, ordinal: self.last.ordinal };
        URL_SAFE_NO_PAD.encode(format!("{}.{id}.{}", self.last.time, self.newest))
    }

    /// Reads back what [`Self::encode`] wrote.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let mut parts = std::str::from_utf8(&bytes).ok()?.split('.');
        let (time, id, newest) = (parts.next()?, RecordId::parse(parts.next()?)?, parts.next()?);
        let last = Cursor { time: time.parse().ok()?, split: id.split, ordinal: id.ordinal };
        parts.next().is_none().then_some(Self { last, newest: SplitId::parse(newest)? })
    }

    /// What of the leaf `split` lies after the page: everything before the place returned (exclusive).
    ///
    /// A leaf that is younger than the page may hold records that compaction moved there, given already or not: all
    /// of it from the last time on lies after the page, so that none is ever left out.
    pub(crate) fn before_in(&self, split: SplitId) -> Option<Place> {
        let Cursor { time, split: last, ordinal } = self.last;
        match split.cmp(&last) {
            Ordering::Equal => Some(Place { time, ordinal }),
            Ordering::Greater if split <= self.newest => Some(Place { time, ordinal: 0 }),
            // Records of the same time come after those of later splits.
            Ordering::Greater | Ordering::Less => time.checked_add(1).map(|time| Place { time, ordinal: 0 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Leaves in order of their age: the record at each place of each, told by a number, and its time.
    type Leaves = BTreeMap<SplitId, Vec<(u64, usize)>>;

    fn page(leaves: &Leaves, after: Option<Bookmark>, limit: usize) -> (Vec<(u64, usize)>, Option<Bookmark>) {
        let mut found = Vec::new();
        for (split, records) in leaves {
            let before = after.and_then(|after| after.before_in(*split));
            for ((time, number), ordinal) in records.iter().zip(0..) {
                let place = Place { time: *time, ordinal };
                if before.is_none_or(|before| place < before) {
                    found.push((Cursor::new(*split, place), (*time, *number)));
                }
            }
        }
        found.sort_by(|left, right| right.cmp(left));
        found.truncate(limit);
        let newest = leaves.keys().next_back();
        let next =
            found.last().zip(newest).map(|((last, _), newest)| Bookmark { last: *last, newest: *newest });
        (found.into_iter().map(|(_, record)| record).collect(), next)
    }

    /// Moves every other leaf's records into one new leaf.
    fn merge(leaves: &mut Leaves) {
        let old: Vec<SplitId> = leaves.keys().step_by(2).copied().collect();
        let mut merged: Vec<(u64, usize)> = old.iter().filter_map(|id| leaves.remove(id)).flatten().collect();
        merged.sort_unstable();
        leaves.insert(SplitId::generate(), merged);
    }

    proptest! {
        #[test]
        fn pages_leave_nothing_out_and_repeat_only_the_last_time_of_a_page_before_a_merge(
            times in prop::collection::vec(prop::collection::vec(0_u64..4, 1..12), 1..6),
            limit in 1_usize..9,
            merge_after in prop::option::of(0_usize..4),
        ) {
            let mut number = 0..;
            let mut leaves: Leaves = BTreeMap::new();
            for times in times {
                leaves.insert(SplitId::generate(), times.into_iter().zip(&mut number).collect());
            }
            let mut expected: Vec<(u64, usize)> = leaves.values().flatten().copied().collect();
            let (mut seen, mut after, mut tied) = (Vec::new(), None, None);
            for turn in 0.. {
                let (records, next) = page(&leaves, after, limit);
                if records.is_empty() {
                    break;
                }
                prop_assert!(turn <= 100, "the pages do not end");
                seen.extend(records);
                after = next;
                if merge_after == Some(turn) {
                    tied = after.map(|after| after.last.time);
                    merge(&mut leaves);
                }
            }
            prop_assert!(seen.is_sorted_by_key(|(time, _)| std::cmp::Reverse(*time)));
            let once = |(time, _): &(u64, usize)| Some(*time) != tied;
            let is_whole = seen.iter().filter(|record| once(record)).count()
                == expected.iter().filter(|record| once(record)).count();
            prop_assert!(is_whole, "a record of another time came twice, or not: {seen:?}");
            seen.sort_unstable();
            seen.dedup();
            expected.sort_unstable();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn the_text_form_reads_back_and_anything_else_is_refused() {
        let last = Cursor { time: 7, split: SplitId::generate(), ordinal: 9 };
        let bookmark = Bookmark { last, newest: SplitId::generate() };
        assert_eq!(Bookmark::decode(&bookmark.encode()), Some(bookmark));
        let longer = URL_SAFE_NO_PAD.encode(format!("7.{0}-9.{0}.", last.split));
        for wrong in ["", "x", "AAAA", "MTIz", longer.as_str()] {
            assert_eq!(Bookmark::decode(wrong), None);
        }
    }
}
