//! Reports: groups of records by any fields, measured, over time.
//!
//! | module | owns |
//! |---|---|
//! | [`select`] | what is computed, from text; pure |
//! | [`names`] | lists of field names, from text; pure |
//! | `plan` | a request → what each leaf is asked |
//! | `cell` | the running sums of one group in one bucket |
//! | `distinct` | distinct values: exact, then estimated |
//! | `tally` | one leaf's groups |
//! | `total` | the groups of all leaves |
//! | [`answer`] | groups in order, and how they look in JSON |

pub mod answer;
mod cell;
mod distinct;
pub mod names;
mod plan;
pub mod select;
mod tally;
mod total;

use spoor_store::leaf::{Budget, Leaf};
use spoor_store::model::TimeRange;

pub use answer::StatsAnswer;
pub use names::Names;
pub use select::{Function, Select, Selects};

use crate::engine::{Engine, Selection};
use crate::error::Result;
use crate::plan::prune::prune;
use crate::search::histogram::covered;

/// Width of the buckets of a report's series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// A round width, such that there are about sixty.
    Auto,
    /// Nanoseconds, at least 1.
    Nanos(u64),
}

/// A report.
#[derive(Debug, Clone)]
pub struct StatsRequest {
    /// Which records.
    pub selection: Selection,
    /// What is computed of each group.
    pub select: Selects,
    /// What the groups are: records with the same values of these. None is one group of all.
    pub group_by: Names,
    /// Adds a series to each group.
    pub interval: Option<Interval>,
    /// Groups in the answer; what is left out is counted.
    pub limit: usize,
    /// By which of `select` the groups are ordered, by its place there.
    pub order: usize,
    /// Whether the least comes first.
    pub ascending: bool,
}

impl Engine {
    /// Computes a report.
    ///
    /// # Errors
    /// [`crate::Error::Syntax`] when a field has no groups or no numbers, a parameter error for an interval that makes
    /// too many buckets, too costly for too many groups, and what any query can meet.
    pub async fn stats(&self, request: &StatsRequest) -> Result<StatsAnswer> {
        let measured = self.measures(&request.select, &request.group_by)?;
        let turn = self.turn(&request.selection.tenant).await?;
        let visited = prune(&self.snapshot(&request.selection.tenant), request.selection.range);
        let range = covered(&visited.leaves, request.selection.range);
        let buckets = plan::buckets(range, request.interval, self.config().buckets_max)?;
        let plan = plan::Plan { measured, selection: request.selection.clone(), buckets };
        let total = total::Total::new(plan, self.config().stats_groups_max);
        let visits = visited.leaves.len();
        let (lanes, work) = (turn.run.lanes(), total.clone());
        let look = move |leaf: &Leaf, budget: &Budget| work.add(leaf, budget);
        turn.run.each(visited.leaves, lanes, look).await?;
        let shown = answer::Shown { request: request.clone(), range: TimeRange { ..range }, buckets };
        let report = turn.run.once(move |budget| total.report(shown, budget)).await?;
        Ok(StatsAnswer { stats: turn.end(visits, visited.skipped), ..report })
    }
}
