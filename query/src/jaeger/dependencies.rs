//! How often services reached each other, by calls and over queues alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use spoor_store::leaf::{Budget, Detail};
use spoor_store::model::{Tenant, TimeRange};
use spoor_store::rollup::Summary;

use super::operations::stored_name;
use crate::engine::Engine;
use crate::error::Result;
use crate::plan::prune::prune;
use crate::services::gather::{Gathered, from_whole_bucket};

/// A service that reached another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) parent: String,
    pub(crate) child: String,
    pub(crate) calls: u64,
}

impl Engine {
    /// Who reached whom in `range`, by name; of one `service`, on either side, when it is named. None is left out:
    /// more than the query's memory holds are refused.
    pub(crate) async fn dependencies(
        &self,
        tenant: &Tenant,
        range: TimeRange,
        service: Option<&str>,
    ) -> Result<Vec<Dependency>> {
        let turn = self.turn(tenant).await?;
        let range = from_whole_bucket(range);
        let visited = prune(&self.snapshot(tenant), range);
        let (visits, skipped) = (visited.leaves.len(), visited.skipped);
        let gathered = Gathered::of(&turn, visited, range, Detail::Totals).await?;
        let service = service.map(|name| stored_name(name).to_owned());
        let add_up = move |budget: &Budget| add_up(&gathered.summaries, service.as_deref(), budget);
        let dependencies = turn.run.once(add_up).await?;
        turn.end(visits, skipped);
        Ok(dependencies)
    }
}

fn add_up(
    summaries: &[Summary],
    service: Option<&str>,
    budget: &Budget,
) -> spoor_store::Result<Vec<Dependency>> {
    let mut sums: BTreeMap<(Arc<str>, Arc<str>), u64> = BTreeMap::new();
    for summary in summaries {
        budget.check()?;
        for edge in &summary.edges {
            if service.is_some_and(|name| *name != *edge.from && *name != *edge.to) {
                continue;
            }
            let count: u64 = edge.cells.iter().map(|cell| cell.tally.count).sum();
            *sums.entry((Arc::clone(&edge.from), Arc::clone(&edge.to))).or_default() += count;
        }
    }
    let names: usize = sums.keys().map(|(from, to)| from.len() + to.len()).sum();
    budget.hold(names + sums.len() * size_of::<Dependency>())?;
    let dependency = |((from, to), calls): ((Arc<str>, Arc<str>), u64)| Dependency {
        parent: from.to_string(),
        child: to.to_string(),
        calls,
    };
    Ok(sums.into_iter().map(dependency).collect())
}
