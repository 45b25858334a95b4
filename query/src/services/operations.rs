//! What one service does, span name by span name.

use serde::Serialize;
use spoor_store::model::{SpanKind, Tenant, TimeRange};
use spoor_store::rollup::Tally;
use utoipa::ToSchema;

use super::gather::rate;
use super::stats::{ExemplarJson, Quantiles, StepStats, steps};
use super::steps::{CallFilter, CallSteps};
use crate::engine::Engine;
use crate::error::Result;
use crate::json;

/// The operations of a service, the most frequent first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OperationsAnswer {
    /// The operations.
    pub operations: Vec<OperationStats>,
    /// How many were left out, the rarest.
    pub truncated: usize,
    /// What they can be told apart by in time.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub resolution_ns: u64,
}

/// Spans of one name and kind.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OperationStats {
    /// The span's name.
    pub name: String,
    /// The span's kind.
    pub kind: &'static str,
    /// How many.
    pub count: u64,
    /// How many a second, over the part of the range that has records.
    pub rate: f64,
    /// Of them, with status error.
    pub error_count: u64,
    /// How long they took.
    #[serde(flatten)]
    pub durations: Quantiles,
    /// The slowest one that belongs to a trace.
    pub exemplar: Option<ExemplarJson>,
    /// Over time, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<Vec<StepStats>>,
}

impl Engine {
    /// Operations of one service, at most `values_max` of the configuration; over at most `buckets` steps of time when
    /// asked for.
    ///
    /// # Errors
    /// What any query can meet.
    pub async fn operations(
        &self,
        tenant: &Tenant,
        filter: CallFilter,
        range: TimeRange,
        buckets: Option<usize>,
    ) -> Result<OperationsAnswer> {
        let counted = self.call_steps(tenant, filter, range, buckets.unwrap_or(1)).await?;
        let (resolution_ns, values_max) = (counted.resolution, self.config().values_max);
        let list = move || list(counted, buckets.is_some(), values_max);
        let (operations, truncated) = self.cpu().run(list).await?;
        Ok(OperationsAnswer { operations, truncated, resolution_ns })
    }
}

/// The most frequent operations, and how many are left out.
fn list(counted: CallSteps, over_time: bool, values_max: usize) -> (Vec<OperationStats>, usize) {
    let (layout, held) = (counted.layout, counted.held);
    let stats = counted.series.into_iter().map(|((_, name, kind), tallies)| {
        let mut all = Tally::default();
        tallies.iter().for_each(|step| all.add(step));
        OperationStats {
            name: name.to_string(),
            kind: SpanKind::from_u8(kind).as_str(),
            count: all.count,
            rate: rate(all.count, held),
            error_count: all.errors,
            durations: Quantiles::of(&all.durations),
            exemplar: all.slowest.map(ExemplarJson::from),
            series: over_time.then(|| steps(&tallies, layout)),
        }
    });
    let mut operations: Vec<OperationStats> = stats.filter(|operation| operation.count > 0).collect();
    operations.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    let truncated = operations.len().saturating_sub(values_max);
    operations.truncate(values_max);
    (operations, truncated)
}
