//! The metric registry of the process; every name of ours starts with `spoor_`.

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

/// The prefix of every metric of ours.
const PREFIX: &str = "spoor";

/// Collects every part's metrics and writes them in the OpenMetrics text format.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
}

impl Metrics {
    /// Creates an empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self { registry: Registry::default() }
    }

    /// Lets one part register its metrics as `spoor_PART_…`.
    pub fn with_prefix<T>(&mut self, part: &str, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(self.registry.sub_registry_with_prefix(PREFIX).sub_registry_with_prefix(part))
    }

    /// Registers metrics whose names others have fixed, such as `process_cpu_seconds_total`.
    pub fn with_root<T>(&mut self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(&mut self.registry)
    }

    /// Returns every metric in the OpenMetrics text format, which Prometheus reads.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        // Writing into a String cannot fail, and a metric that reports an error is left out.
        if text::encode(&mut out, &self.registry).is_err() {
            tracing::error!("failed to encode metrics");
        }
        out
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
