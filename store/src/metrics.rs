//! The store's own metrics, under `spoor_store_`.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use spoor_runtime::metrics::Metrics;
use std::sync::atomic::AtomicU64;

/// Counters and gauges of the store; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoreMetrics {
    pub(crate) records: Counter,
    pub(crate) request_bytes: Counter,
    pub(crate) duplicate_requests: Counter,
    pub(crate) splits_published: Counter,
    pub(crate) publish_failures: Counter,
    pub(crate) splits_compacted: Counter,
    pub(crate) duplicate_records_removed: Counter,
    pub(crate) splits_retired: Counter,
    pub(crate) build_seconds: Counter<f64, AtomicU64>,
    pub(crate) wal_torn_bytes: Counter,
    pub(crate) hot_records: Gauge,
    pub(crate) hot_bytes: Gauge,
    pub(crate) wal_bytes: Gauge,
    pub(crate) splits: Gauge,
    pub(crate) split_bytes: Gauge,
    pub(crate) split_records: Gauge,
    pub(crate) cache_bytes: Gauge,
    pub(crate) disk_free_bytes: Gauge,
}

impl StoreMetrics {
    pub(crate) fn register(metrics: &mut Metrics) -> Self {
        let own = Self::default();
        metrics.with_prefix("store", |registry| {
            registry.register("records", "Records stored", own.records.clone());
            registry.register(
                "request_bytes",
                "Bytes of requests stored, uncompressed",
                own.request_bytes.clone(),
            );
            registry.register(
                "duplicate_requests",
                "Requests recognised as sent again and not stored twice",
                own.duplicate_requests.clone(),
            );
            registry.register("splits_published", "Splits published", own.splits_published.clone());
            registry.register("publish_failures", "Failed attempts to publish", own.publish_failures.clone());
            registry.register(
                "splits_compacted",
                "Small splits merged into larger ones",
                own.splits_compacted.clone(),
            );
            registry.register(
                "duplicate_records_removed",
                "Records removed in compaction because another was the same",
                own.duplicate_records_removed.clone(),
            );
            registry.register("splits_retired", "Splits dropped by retention", own.splits_retired.clone());
            registry.register("build_seconds", "Time spent building splits", own.build_seconds.clone());
            registry.register(
                "wal_torn_bytes",
                "Bytes cut off the write-ahead log at start, never acknowledged",
                own.wal_torn_bytes.clone(),
            );
            registry.register("hot_records", "Records that are not in a split yet", own.hot_records.clone());
            registry.register("hot_bytes", "Memory of hot rows", own.hot_bytes.clone());
            registry.register("wal_bytes", "Size of the write-ahead log", own.wal_bytes.clone());
            registry.register("splits", "Splits that exist", own.splits.clone());
            registry.register("split_bytes", "Size of all splits", own.split_bytes.clone());
            registry.register("split_records", "Records in splits", own.split_records.clone());
            registry.register(
                "cache_bytes",
                "Memory of decompressed blocks and pages",
                own.cache_bytes.clone(),
            );
            registry.register(
                "disk_free_bytes",
                "Free space in the data directory",
                own.disk_free_bytes.clone(),
            );
        });
        own
    }
}
