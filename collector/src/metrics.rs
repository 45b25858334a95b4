//! The collector's own metrics, `spoor_collector_…`.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use spoor_store::Appended;
use spoor_store::model::Signal;

use crate::decode::{Reason, Tally};
use crate::outcome::Refusal;

/// Counters and gauges; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct CollectorMetrics {
    requests: Family<RequestLabels, Counter>,
    request_bytes: Family<TrafficLabels, Counter>,
    records: Family<SignalLabels, Counter>,
    records_rejected: Family<RejectedLabels, Counter>,
    duplicates: Family<SignalLabels, Counter>,
    throttled: Family<BudgetLabels, Counter>,
    bodies_cut: Counter,
    times_clamped: Family<SignalLabels, Counter>,
    ids_skipped: Family<SignalLabels, Counter>,
    pub(crate) in_flight_bytes: Gauge,
    pub(crate) data_points: Counter,
    pub(crate) forwarded: Counter,
    pub(crate) forward_dropped: Family<ForwardLabels, Counter>,
    pub(crate) forward_queue_bytes: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    transport: &'static str,
    signal: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TrafficLabels {
    transport: &'static str,
    signal: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignalLabels {
    signal: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RejectedLabels {
    signal: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BudgetLabels {
    budget: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ForwardLabels {
    pub(crate) reason: &'static str,
}

impl CollectorMetrics {
    /// Registers everything.
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let new = Self::default();
        registry.register("requests", "Export requests answered", new.requests.clone());
        registry.register(
            "request_bytes",
            "Bytes of export requests as they came over the wire",
            new.request_bytes.clone(),
        );
        registry.register("records", "Records accepted", new.records.clone());
        registry.register(
            "records_rejected",
            "Records rejected from requests that were otherwise taken",
            new.records_rejected.clone(),
        );
        registry.register(
            "duplicate_requests",
            "Requests that had been stored before and were acknowledged again",
            new.duplicates.clone(),
        );
        registry.register("throttled", "Requests told to wait, by budget", new.throttled.clone());
        registry.register("bodies_cut", "Log bodies past the size limit", new.bodies_cut.clone());
        registry.register(
            "times_clamped",
            "Records whose time lay more than a day in the future",
            new.times_clamped.clone(),
        );
        registry.register(
            "correlation_ids_skipped",
            "Correlation ids too long, or too many in one record",
            new.ids_skipped.clone(),
        );
        registry.register(
            "in_flight_bytes",
            "Memory of requests between socket and store",
            new.in_flight_bytes.clone(),
        );
        registry.register("metric_data_points", "Metric data points received", new.data_points.clone());
        registry.register("metrics_forwarded", "Metrics requests passed on", new.forwarded.clone());
        registry.register(
            "metrics_forward_dropped",
            "Metrics requests not passed on",
            new.forward_dropped.clone(),
        );
        registry.register(
            "metrics_forward_queue_bytes",
            "Memory of metrics requests waiting to be passed on",
            new.forward_queue_bytes.clone(),
        );
        new
    }

    /// Counts the bytes of a body.
    pub(crate) fn received(&self, transport: &'static str, signal: &'static str, bytes: usize) {
        self.request_bytes.get_or_create(&TrafficLabels { transport, signal }).inc_by(bytes as u64);
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, transport: &'static str, signal: &'static str, refusal: Option<&Refusal>) {
        let outcome = refusal.map_or("ok", Refusal::name);
        self.requests.get_or_create(&RequestLabels { transport, signal, outcome }).inc();
        if let Some(Refusal::Throttled { budget, .. }) = refusal {
            self.throttled.get_or_create(&BudgetLabels { budget: budget.clone() }).inc();
        }
    }

    /// Counts the records of a request that was taken.
    pub(crate) fn taken(&self, signal: Signal, tally: &Tally, appended: Appended) {
        let labels = SignalLabels { signal: signal.as_str() };
        if appended == Appended::Duplicate {
            self.duplicates.get_or_create(&labels).inc();
        } else {
            self.records.get_or_create(&labels).inc_by(tally.accepted);
        }
        for reason in Reason::ALL {
            let count = tally.rejected[reason as usize];
            if count > 0 {
                let labels = RejectedLabels { signal: signal.as_str(), reason: reason.name() };
                self.records_rejected.get_or_create(&labels).inc_by(count);
            }
        }
        self.bodies_cut.inc_by(tally.bodies_cut);
        if tally.times_clamped > 0 {
            self.times_clamped.get_or_create(&labels).inc_by(tally.times_clamped);
        }
        if tally.ids_skipped > 0 {
            self.ids_skipped.get_or_create(&labels).inc_by(tally.ids_skipped);
        }
    }

    /// Counts a metrics request that is not passed on.
    pub(crate) fn dropped(&self, reason: &'static str) {
        self.forward_dropped.get_or_create(&ForwardLabels { reason }).inc();
    }
}
