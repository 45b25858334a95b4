//! The metric registry of the process; every name of ours starts with `spoor_`.

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

/// The prefix of every metric of ours.
const PREFIX: &str = "spoor";

/// Writes metrics of its own, whole families in the OpenMetrics text format, when somebody asks.
pub trait Source: Send + Sync {
    /// Appends them to `out`.
    fn write(&self, out: &mut String);
}

/// Collects every part's metrics and writes them in the OpenMetrics text format.
pub struct Metrics {
    registry: Registry,
    sources: Vec<Box<dyn Source>>,
}

impl Metrics {
    /// Creates an empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self { registry: Registry::default(), sources: Vec::new() }
    }

    /// Lets one part register its metrics as `spoor_PART_…`.
    pub fn with_prefix<T>(&mut self, part: &str, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(self.registry.sub_registry_with_prefix(PREFIX).sub_registry_with_prefix(part))
    }

    /// Registers metrics whose names others have fixed, such as `process_cpu_seconds_total`.
    pub fn with_root<T>(&mut self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(&mut self.registry)
    }

    /// Adds metrics that write themselves, under names that others have fixed.
    pub fn add(&mut self, source: Box<dyn Source>) {
        self.sources.push(source);
    }

    /// Returns every metric in the OpenMetrics text format, which Prometheus reads.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        // Writing into a String cannot fail, and a metric that reports an error is left out.
        if text::encode_registry(&mut out, &self.registry).is_err() {
            tracing::error!("failed to encode metrics");
        }
        for source in &self.sources {
            source.write(&mut out);
        }
        if text::encode_eof(&mut out).is_err() {
            tracing::error!("failed to end the metrics");
        }
        out
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").field("registry", &self.registry).finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;

    use super::*;

    #[test]
    fn names_carry_the_process_and_the_part() {
        let mut metrics = Metrics::new();
        let appended: Counter = Counter::default();
        metrics
            .with_prefix("store", |registry| registry.register("wal_appends", "Appends", appended.clone()));
        appended.inc();
        assert!(metrics.encode().contains("spoor_store_wal_appends_total 1\n"), "{}", metrics.encode());
    }
}
