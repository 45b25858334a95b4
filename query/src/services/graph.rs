//! Who reaches whom: the services, and the calls and messages between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use spoor_store::leaf::Budget;
use spoor_store::model::{Tenant, TimeRange};
use spoor_store::rollup::{EdgeKind, EdgeTally};
use utoipa::ToSchema;

use super::gather::{Gathered, from_whole_bucket, rate};
use super::list::{ServiceStats, service_stats};
use super::stats::Quantiles;
use crate::engine::Engine;
use crate::error::Result;
use crate::json;
use crate::plan::prune::prune;

/// The service graph.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct GraphAnswer {
    /// The services.
    pub nodes: Vec<ServiceStats>,
    /// What lies between them, the most frequent first.
    pub edges: Vec<EdgeStats>,
    /// How many edges were left out, the rarest.
    pub truncated: usize,
    /// What requests can be told apart by in time.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub resolution_ns: u64,
}

/// Calls or messages from one service to another.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EdgeStats {
    /// The calling service.
    pub source: String,
    /// The service called.
    pub target: String,
    /// `call` or `queue`.
    pub kind: &'static str,
    /// How many.
    pub count: u64,
    /// How many a second, over the part of the range that has records.
    pub rate: f64,
    /// Of them, those where either side failed.
    pub error_count: u64,
    /// How long the service called took.
    #[serde(flatten)]
    pub durations: Quantiles,
    /// How long callers waited; null when none told of it.
    #[serde(serialize_with = "json::optional_nanos")]
    #[schema(value_type = Option<String>)]
    pub caller_p95_ns: Option<u64>,
    /// How long messages waited; null of calls.
    #[serde(serialize_with = "json::optional_nanos")]
    #[schema(value_type = Option<String>)]
    pub queue_p95_ns: Option<u64>,
}

impl Engine {
    /// The services with records in `range` and what lies between them, at most `records_max` edges of the
    /// configuration.
    ///
    /// # Errors
    /// What any query can meet.
    pub async fn graph(&self, tenant: &Tenant, range: TimeRange) -> Result<GraphAnswer> {
        let turn = self.turn(tenant).await?;
        let visited = prune(&self.snapshot(tenant), from_whole_bucket(range));
        let (visits, skipped) = (visited.leaves.len(), visited.skipped);
        let (nodes, gathered) = service_stats(&turn, visited, range, None, self.owners().clone()).await?;
        let resolution_ns = gathered.resolution();
        let edges_max = self.config().records_max;
        let (edges, truncated) = turn.run.once(move |budget| edges(&gathered, edges_max, budget)).await?;
        turn.end(visits, skipped);
        Ok(GraphAnswer { nodes, edges, truncated, resolution_ns })
    }
}

fn edges(
    gathered: &Gathered,
    edges_max: usize,
    budget: &Budget,
) -> spoor_store::Result<(Vec<EdgeStats>, usize)> {
    let mut sums: BTreeMap<(Arc<str>, Arc<str>, EdgeKind), EdgeTally> = BTreeMap::new();
    for summary in &gathered.summaries {
        budget.check()?;
        for series in &summary.edges {
            let sum =
                sums.entry((Arc::clone(&series.from), Arc::clone(&series.to), series.kind)).or_default();
            series.cells.iter().for_each(|cell| sum.add(&cell.tally));
        }
    }
    let stats = sums.into_iter().map(|((from, to, kind), sum)| EdgeStats {
        source: from.to_string(),
        target: to.to_string(),
        kind: kind.as_str(),
        count: sum.count,
        rate: rate(sum.count, gathered.held),
        error_count: sum.errors,
        durations: Quantiles::of(&sum.callee),
        caller_p95_ns: sum.caller.quantile(0.95),
        queue_p95_ns: sum.queue.quantile(0.95),
    });
    let mut edges: Vec<EdgeStats> = stats.collect();
    // Stable: those alike stay in order of their names.
    edges.sort_by_key(|edge| std::cmp::Reverse(edge.count));
    let truncated = edges.len().saturating_sub(edges_max);
    edges.truncate(edges_max);
    Ok((edges, truncated))
}
