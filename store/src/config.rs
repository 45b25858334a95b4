//! Settings of the store, their defaults and their bounds.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When an append is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// After an `fdatasync` that covers it; concurrent appends share one. Survives power loss.
    #[default]
    Group,
    /// After the write; synced every second. Survives `kill -9`, may lose a second at power loss.
    Interval,
    /// After the write; never synced. Survives `kill -9`, not power loss.
    Never,
}

/// Names of the metrics that are made from spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanMetricNames {
    /// Those of Tempo's metrics-generator.
    #[default]
    Tempo,
    /// Those of the OpenTelemetry Collector's span-metrics connector.
    Connector,
    /// None: no metrics are made from spans.
    Off,
}

/// Settings of the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder that holds everything.
    pub data_dir: PathBuf,
    /// When an append is acknowledged.
    pub sync: Sync,
    /// Records after which hot rows become a split.
    pub split_records: u32,
    /// Memory of one tenant's hot rows, in bytes, after which they become a split.
    pub split_bytes: u64,
    /// Seconds after its first record that hot rows become a split.
    pub split_age_seconds: u64,
    /// Memory of all hot rows, in bytes; past it clients are told to wait.
    pub hot_bytes_max: u64,
    /// Size of the WAL, in bytes; past it clients are told to wait.
    pub wal_bytes_max: u64,
    /// Free disk space, in bytes, below which clients are told to wait.
    pub disk_free_min: u64,
    /// Seconds after which records are dropped, by their newest record's time; 0 keeps them for ever.
    pub retention_seconds: u64,
    /// Bytes of splits to keep; the oldest go first; 0 is no bound.
    pub retention_bytes: u64,
    /// Where splits are kept: empty for a folder in `data_dir`, else an object store URL.
    pub objects_url: String,
    /// Under which names `/metrics` tells rates, errors and durations of spans: `tempo` as Tempo's metrics-generator,
    /// `connector` as the OpenTelemetry Collector's span-metrics connector, or `off`.
    pub span_metrics: SpanMetricNames,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            sync: Sync::Group,
            split_records: 500_000,
            split_bytes: 80 << 20,
            split_age_seconds: 120,
            hot_bytes_max: 256 << 20,
            wal_bytes_max: 4 << 30,
            disk_free_min: 1 << 30,
            retention_seconds: 30 * 24 * 3600,
            retention_bytes: 0,
            objects_url: String::new(),
            span_metrics: SpanMetricNames::Tempo,
        }
    }
}

impl Config {
    /// How long a request's fingerprint is remembered.
    pub const DUPLICATE_WINDOW: Duration = Duration::from_secs(600);

    /// Checks bounds; the error names the key.
    pub fn validate(&self) -> Result<(), String> {
        if !(1_000..=10_000_000).contains(&self.split_records) {
            return Err("store.split_records must be from 1000 to 10000000".to_owned());
        }
        if self.split_bytes < 1 << 20 || self.split_bytes > 2 << 30 {
            return Err("store.split_bytes must be from 1 MiB to 2 GiB".to_owned());
        }
        if self.split_age_seconds == 0 {
            return Err("store.split_age_seconds must be at least 1".to_owned());
        }
        if self.hot_bytes_max < 2 * self.split_bytes {
            return Err("store.hot_bytes_max must be at least twice store.split_bytes".to_owned());
        }
        if self.wal_bytes_max < 64 << 20 {
            return Err("store.wal_bytes_max must be at least 64 MiB".to_owned());
        }
        Ok(())
    }
}
