//! Which leaves of a snapshot a query visits.

use spoor_store::Snapshot;
use spoor_store::leaf::Leaf;
use spoor_store::model::TimeRange;
use spoor_store::predicate::Predicate;

/// The leaves a query visits, those with the newest records first.
pub(crate) struct Visited {
    pub(crate) leaves: Vec<Leaf>,
    /// Leaves left out because their times lie outside the range.
    pub(crate) skipped: usize,
}

/// Leaves of `snapshot` that may hold records of `range`.
pub(crate) fn prune(snapshot: &Snapshot, range: TimeRange) -> Visited {
    let (mut leaves, skipped) = snapshot.leaves_in(range);
    leaves.sort_by_key(|leaf| std::cmp::Reverse(leaf.time_range().map_or(0, |times| times.end)));
    Visited { leaves, skipped }
}

/// What `leaf` is asked for `predicate` within `range`: the range is left out where the leaf lies inside it.
pub(crate) fn within(leaf: &Leaf, predicate: &Predicate, range: TimeRange) -> Predicate {
    if leaf.time_range().is_some_and(|times| range.covers(&times)) {
        predicate.clone()
    } else {
        Predicate::And(vec![Predicate::Time(range), predicate.clone()])
    }
}
