//! The services that sent something, and the requests they served.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use spoor_store::leaf::{Buckets, Budget, Detail, Leaf, StreamCount};
use spoor_store::model::{SpanKind, Tenant, TimeRange};
use spoor_store::rollup::{CallSeries, Tally};
use utoipa::ToSchema;

use super::gather::{Gathered, from_whole_bucket, held, rate};
use super::stats::{Quantiles, StepStats, steps};
use super::steps::{add, layout_for};
use crate::engine::{Engine, Turn};
use crate::error::Result;
use crate::json;
use crate::owners::Owners;
use crate::plan::prune::{Visited, prune};

/// Services by name.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ServicesAnswer {
    /// The services.
    pub services: Vec<ServiceStats>,
    /// What requests can be told apart by in time: the range is as good as widened to multiples of it.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub resolution_ns: u64,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ServiceStats {
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Spans it sent.
    pub span_count: u64,
    /// Log records it sent.
    pub log_count: u64,
    /// Of both, those that tell of a failure.
    pub error_count: u64,
    /// Its spans of kind server and consumer; its root spans when it has none of these.
    pub request_count: u64,
    /// Of them, with status error.
    pub request_error_count: u64,
    /// How many a second, over the part of the range that has records.
    pub request_rate: f64,
    /// How long they took.
    #[serde(flatten)]
    pub durations: Quantiles,
    /// The requests over time, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<Vec<StepStats>>,
}

/// What is served, and what begins here without being served.
#[derive(Default)]
struct Requests {
    served: Vec<Tally>,
    roots: Vec<Tally>,
}

impl Requests {
    fn add(&mut self, calls: &CallSeries, layout: Buckets) {
        if matches!(calls.kind, SpanKind::Server | SpanKind::Consumer) {
            add(&mut self.served, calls, layout);
        } else if calls.is_root {
            add(&mut self.roots, calls, layout);
        }
    }

    fn steps(&self) -> &[Tally] {
        if self.served.iter().any(|step| step.count > 0) { &self.served } else { &self.roots }
    }
}

impl Engine {
    /// Services with records in `range`; requests over at most `buckets` steps of time when asked for.
    ///
    /// # Errors
    /// What any query can meet.
    pub async fn services(
        &self,
        tenant: &Tenant,
        range: TimeRange,
        buckets: Option<usize>,
    ) -> Result<ServicesAnswer> {
        let turn = self.turn(tenant).await?;
        let visited = prune(&self.snapshot(tenant), from_whole_bucket(range));
        let (visits, skipped) = (visited.leaves.len(), visited.skipped);
        let (services, gathered) =
            service_stats(&turn, visited, range, buckets, self.owners().clone()).await?;
        turn.end(visits, skipped);
        Ok(ServicesAnswer { services, resolution_ns: gathered.resolution() })
    }
}

/// The services of `visited`, and what they are told from.
pub(crate) async fn service_stats(
    turn: &Turn<'_>,
    visited: Visited,
    range: TimeRange,
    buckets: Option<usize>,
    owners: Owners,
) -> Result<(Vec<ServiceStats>, Gathered)> {
    let detail = if buckets.is_some() { Detail::OverTime } else { Detail::Totals };
    let counted = from_whole_bucket(range);
    let held = held(&visited.leaves, range);
    let look = move |leaf: &Leaf, budget: &Budget| {
        Ok((leaf.streams(range, budget)?, leaf.rollup(counted, detail, budget)?))
    };
    let (streams, summaries): (Vec<_>, Vec<_>) =
        turn.run.each(visited.leaves, turn.run.lanes(), look).await?.into_iter().unzip();
    let gathered = Gathered { summaries, held };
    let layout = match buckets {
        Some(buckets) => layout_for(&gathered, counted, buckets),
        None => Buckets { start: 0, width: u64::MAX, count: 1 },
    };
    let add_up = move |budget: &Budget| {
        let mut services = counts(streams.into_iter().flatten(), &owners);
        let mut requests: BTreeMap<Arc<str>, Requests> = BTreeMap::new();
        for summary in &gathered.summaries {
            budget.check()?;
            for calls in &summary.calls {
                requests.entry(Arc::clone(&calls.service)).or_default().add(calls, layout);
            }
        }
        for (name, requests) in requests {
            let service = services.entry(name.to_string()).or_insert_with(|| ServiceStats::named(&name));
            service.set_requests(requests.steps(), held, buckets.map(|_| layout));
        }
        // What buckets wider than the range alone touched has no record in it.
        services.retain(|_, service| service.span_count + service.log_count + service.request_count > 0);
        Ok((services.into_values().collect(), gathered))
    };
    turn.run.once(add_up).await
}

fn counts(streams: impl Iterator<Item = StreamCount>, owners: &Owners) -> BTreeMap<String, ServiceStats> {
    let mut services: BTreeMap<String, ServiceStats> = BTreeMap::new();
    for count in streams {
        let name = &count.stream.service;
        let service = services.entry(name.clone()).or_insert_with(|| ServiceStats::named(name));
        if service.owner.is_none() {
            service.owner = owners.of(&count.stream).map(str::to_owned);
        }
        service.span_count += count.spans;
        service.log_count += count.logs;
        service.error_count += count.errors;
    }
    services
}

impl ServiceStats {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            owner: None,
            span_count: 0,
            log_count: 0,
            error_count: 0,
            request_count: 0,
            request_error_count: 0,
            request_rate: 0.0,
            durations: Quantiles::default(),
            series: None,
        }
    }

    fn set_requests(&mut self, tallies: &[Tally], held: TimeRange, layout: Option<Buckets>) {
        let mut all = Tally::default();
        tallies.iter().for_each(|step| all.add(step));
        self.request_count = all.count;
        self.request_error_count = all.errors;
        self.request_rate = rate(all.count, held);
        self.durations = Quantiles::of(&all.durations);
        self.series = layout.map(|layout| steps(tallies, layout));
    }
}
