//! The correlation ids with the newest records over all leaves, in their order.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spoor_store::leaf::{Budget, Leaf, RecentId, RecentQuery};
use spoor_store::model::{TimeRange, UnixNanos};

use crate::error::Result;
use crate::execute::fan_out::Run;

/// What ids are looked for.
pub(super) struct Wanted {
    pub(super) keys: BTreeSet<String>,
    pub(super) range: TimeRange,
    /// Only ids after this one.
    pub(super) after: Option<RecentId>,
    /// None of these.
    pub(super) except: HashSet<(String, String)>,
    pub(super) limit: usize,
}

/// The first `limit` ids that are wanted. Where `after` is given, an id may be among them that an older record carries
/// too, though its newest lies before `after`.
pub(super) async fn candidates(run: &Run, leaves: Vec<Leaf>, wanted: Arc<Wanted>) -> Result<Vec<RecentId>> {
    let first = Arc::new(Mutex::new(First::new(wanted.limit)));
    let shared = Arc::clone(&first);
    let look = move |leaf: &Leaf, budget: &Budget| look(leaf, &wanted, &shared, budget);
    let lanes = run.lanes();
    run.each(leaves, lanes, look).await?;
    let found = std::mem::take(&mut lock(&first).order);
    Ok(found.into_iter().collect())
}

fn look(leaf: &Leaf, wanted: &Wanted, first: &Mutex<First>, budget: &Budget) -> spoor_store::Result<()> {
    if leaf.time_range().is_none_or(|times| !lock(first).wants(times.end)) {
        return Ok(());
    }
    let query = RecentQuery {
        range: wanted.range,
        keys: &wanted.keys,
        after: wanted.after.as_ref(),
        except: &wanted.except,
        limit: wanted.limit,
    };
    let found = leaf.recent(&query, budget)?;
    let mut first = lock(first);
    found.into_iter().for_each(|id| first.add(id));
    Ok(())
}

fn lock(first: &Mutex<First>) -> MutexGuard<'_, First> {
    first.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first so far, each id once.
struct First {
    limit: usize,
    order: BTreeSet<RecentId>,
    times: HashMap<(String, String), UnixNanos>,
}

impl First {
    fn new(limit: usize) -> Self {
        Self { limit, order: BTreeSet::new(), times: HashMap::new() }
    }

    /// Whether a leaf whose newest record is of `end` can still add one.
    fn wants(&self, end: UnixNanos) -> bool {
        self.order.len() < self.limit || self.order.last().is_none_or(|last| end >= last.time)
    }

    fn add(&mut self, found: RecentId) {
        let pair = (found.key.clone(), found.id.clone());
        match self.times.get(&pair) {
            Some(known) if *known >= found.time => return,
            Some(known) => {
                let older = RecentId { time: *known, ..found.clone() };
                self.order.remove(&older);
            }
            None => {}
        }
        self.times.insert(pair, found.time);
        self.order.insert(found);
        if self.order.len() > self.limit
            && let Some(last) = self.order.pop_last()
        {
            self.times.remove(&(last.key, last.id));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_are_kept_each_with_its_newest_time(
            found in prop::collection::vec((0_u64..20, 0_u8..12), 0..60),
            limit in 1_usize..10,
        ) {
            let mut first = First::new(limit);
            let mut newest: HashMap<String, u64> = HashMap::new();
            for (time, id) in found {
                let id = id.to_string();
                let known = newest.entry(id.clone()).or_default();
                *known = time.max(*known);
                first.add(RecentId { time, key: "k".to_owned(), id });
            }
            let mut expected: Vec<RecentId> =
                newest.into_iter().map(|(id, time)| RecentId { time, key: "k".to_owned(), id }).collect();
            expected.sort();
            expected.truncate(limit);
            prop_assert_eq!(first.order.into_iter().collect::<Vec<_>>(), expected);
        }
    }
}
