//! The groups of all leaves, added up as each leaf is done, so that no more than one leaf's for each thread are held
//! beside them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use spoor_store::Error;
use spoor_store::leaf::{Budget, Leaf};

use super::StatsAnswer;
use super::answer::{self, Shown};
use super::cell::Cell;
use super::plan::Plan;
use super::tally::tally;

/// Adds leaves up; clones share the sum.
#[derive(Clone)]
pub(super) struct Total {
    shared: Arc<Shared>,
}

struct Shared {
    plan: Plan,
    groups_max: usize,
    sums: Mutex<Sums>,
}

/// What a group is of: its value of each field grouped by.
pub(super) type Values = Vec<Option<String>>;

/// Cells by bucket; none where no record fell.
pub(super) type Cells = Vec<Option<Cell>>;

/// The groups so far.
#[derive(Default)]
pub(super) struct Sums {
    /// By what they are of.
    pub(super) groups: HashMap<Values, Cells>,
    /// For each of the plan's numbers, records whose value is none.
    pub(super) ignored: Vec<u64>,
}

impl Total {
    pub(super) fn new(plan: Plan, groups_max: usize) -> Self {
        let ignored = vec![0; plan.measured.numbers.len()];
        let sums = Mutex::new(Sums { groups: HashMap::new(), ignored });
        Self { shared: Arc::new(Shared { plan, groups_max, sums }) }
    }

    /// Adds a leaf's groups.
    pub(super) fn add(&self, leaf: &Leaf, budget: &Budget) -> spoor_store::Result<()> {
        let Shared { plan, groups_max, sums } = &*self.shared;
        let tally = tally(plan, leaf, *groups_max, budget)?;
        let cell_bytes = Cell::bytes(&plan.measured.parts);
        let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
        for (sum, more) in sums.ignored.iter_mut().zip(&tally.ignored) {
            *sum += more;
        }
        for (key, cells) in tally.groups {
            let mut grown = 0;
            if let Some(have) = sums.groups.get_mut(&key) {
                for (have, more) in have.iter_mut().zip(cells) {
                    match (have, more) {
                        (_, None) => {}
                        (Some(have), Some(more)) => grown += have.merge(more),
                        (empty, more) => {
                            *empty = more;
                            grown += cell_bytes;
                        }
                    }
                }
            } else {
                let texts: usize = key.iter().flatten().map(String::len).sum();
                let filled = cells.iter().flatten().count();
                grown += texts + cells.len() * size_of::<Option<Cell>>() + filled * cell_bytes;
                sums.groups.insert(key, cells);
            }
            budget.hold(grown)?;
            if sums.groups.len() > *groups_max {
                return Err(too_many_groups(*groups_max));
            }
        }
        Ok(())
    }

    /// Writes the report down; what was added is taken.
    pub(super) fn report(&self, shown: Shown, budget: &Budget) -> spoor_store::Result<StatsAnswer> {
        let mut sums = self.shared.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let sums = std::mem::take(&mut *sums);
        answer::report(&self.shared.plan, sums, &shown, budget)
    }
}

/// More groups than a report may have.
pub(super) fn too_many_groups(groups_max: usize) -> Error {
    let reason = format!(
        "the records make more than {groups_max} groups; group by a field with fewer values, add a condition, or narrow the time range"
    );
    Error::TooCostly { reason }
}
