//! Newest first over leaves that are searched one after another or at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use spoor_store::leaf::Place;
use spoor_store::model::{SplitId, UnixNanos};

use super::cursor::Cursor;

/// The newest so far, of all leaves searched so far.
pub(crate) struct Newest {
    limit: usize,
    found: Mutex<BinaryHeap<Reverse<Cursor>>>,
}

impl Newest {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, found: Mutex::default() }
    }

    /// Whether a leaf whose newest record is of `end` can still add one.
    pub(crate) fn wants(&self, end: UnixNanos) -> bool {
        let found = self.lock();
        found.len() < self.limit || found.peek().is_none_or(|oldest| end >= oldest.0.time)
    }

    /// Adds what one leaf found.
    pub(crate) fn add(&self, split: SplitId, places: &[Place]) {
        let mut found = self.lock();
        for place in places {
            found.push(Reverse(Cursor::new(split, *place)));
            if found.len() > self.limit {
                found.pop();
            }
        }
    }

    /// Takes what was found, newest first.
    pub(crate) fn take_sorted(&self) -> Vec<Cursor> {
        let found = std::mem::take(&mut *self.lock());
        // Reversed order ascends from the newest.
        found.into_sorted_vec().into_iter().map(|Reverse(cursor)| cursor).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BinaryHeap<Reverse<Cursor>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_newest_of_all_leaves_are_kept_and_a_leaf_that_is_not_wanted_had_none(
            leaves in prop::collection::vec(prop::collection::vec(0_u64..50, 1..20), 1..6),
            limit in 1_usize..30,
        ) {
            let newest = Newest::new(limit);
            let mut all = Vec::new();
            for times in &leaves {
                let split = SplitId::generate();
                let places: Vec<Place> =
                    times.iter().zip(0..).map(|(time, ordinal)| Place { time: *time, ordinal }).collect();
                all.extend(places.iter().map(|place| Cursor::new(split, *place)));
                if newest.wants(times.iter().copied().max().unwrap_or_default()) {
                    newest.add(split, &places);
                }
            }
            all.sort_by(|left, right| right.cmp(left));
            all.truncate(limit);
            prop_assert_eq!(newest.take_sorted(), all);
        }
    }
}
