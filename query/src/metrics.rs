//! What queries count about themselves.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use spoor_runtime::metrics::Metrics;

/// Which call, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Outcome {
    pub(crate) call: &'static str,
    pub(crate) outcome: &'static str,
}

/// Which call.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Call {
    pub(crate) call: &'static str,
}

/// The counters; cloning shares them.
#[derive(Debug, Clone)]
pub(crate) struct QueryMetrics {
    pub(crate) requests: Family<Outcome, Counter>,
    pub(crate) seconds: Family<Call, Histogram>,
    pub(crate) running: Gauge,
    pub(crate) rejected: Counter,
    pub(crate) cancelled: Counter,
    pub(crate) truncated: Counter,
    pub(crate) tails: Gauge,
    pub(crate) tail_dropped: Counter,
}

impl QueryMetrics {
    pub(crate) fn register(metrics: &mut Metrics) -> Self {
        let seconds: Family<Call, Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_25, 2.0, 18)));
        let this = Self {
            requests: Family::default(),
            seconds,
            running: Gauge::default(),
            rejected: Counter::default(),
            cancelled: Counter::default(),
            truncated: Counter::default(),
            tails: Gauge::default(),
            tail_dropped: Counter::default(),
        };
        metrics.with_prefix("query", |registry| {
            registry.register("requests", "Queries answered, by call and outcome", this.requests.clone());
            registry.register(
                "duration_seconds",
                "Time from request to answer, by call",
                this.seconds.clone(),
            );
            registry.register("running", "Queries that have their turn", this.running.clone());
            registry.register(
                "rejected",
                "Queries turned away because too many ran and waited",
                this.rejected.clone(),
            );
            registry.register(
                "cancelled",
                "Queries whose client left before the answer",
                this.cancelled.clone(),
            );
            registry.register("tails", "Tails and live flows that are open", this.tails.clone());
            registry.register(
                "tail_dropped",
                "Records that tails left out because their readers were too slow",
                this.tail_dropped.clone(),
            );
            registry.register("truncated", "Flows that a bound cut", this.truncated.clone());
        });
        this
    }
}
