//! Settings of the queries, their defaults and their bounds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Settings of the queries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Seconds after which a query is ended.
    pub deadline_seconds: u64,
    /// Queries that run at once.
    pub concurrent_max: usize,
    /// Queries of one tenant that run at once.
    pub concurrent_per_tenant_max: usize,
    /// Queries that wait for their turn; past it clients are told to come back.
    pub waiting_max: usize,
    /// Computing threads that one query may use at once; 0 is one for each core.
    pub threads_per_query: usize,
    /// Bytes that one query may hold; one that needs more is refused.
    pub memory_per_query_max: u64,
    /// Records in one answer of a search.
    pub records_max: usize,
    /// Names in one list of fields.
    pub fields_max: usize,
    /// Values in one answer about a field.
    pub values_max: usize,
    /// Buckets of one histogram.
    pub buckets_max: usize,
    /// Groups of one report; records that make more are refused.
    pub stats_groups_max: usize,
    /// Exports that run at once; past it clients are told to come back.
    pub exports_max: usize,
    /// Seconds after which an export that its client does not read gives way when another needs its place.
    pub export_stalled_seconds: u64,
    /// Traces of one flow; an id that more traces share is too common.
    pub traces_per_flow_max: usize,
    /// Records of one flow; what is past it is counted and left out.
    pub flow_records_max: usize,
    /// Tails and live flows that are open at once.
    pub tails_max: usize,
    /// Records that a tail gives at once; a reader that is too slow loses the older ones past it, and is told how many.
    pub tail_records_max: usize,
    /// Seconds after its newest record in which a flow counts as running.
    pub running_seconds: u64,
    /// Seconds after its newest record in which a flow whose parents are missing still waits for them.
    pub settle_seconds: u64,
    /// Path under which Jaeger's API is found too, such as `/jaeger/ui`; at the root it always is.
    pub jaeger_base_path: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            deadline_seconds: 30,
            concurrent_max: 16,
            concurrent_per_tenant_max: 12,
            waiting_max: 64,
            threads_per_query: 0,
            memory_per_query_max: 256 << 20,
            records_max: 10_000,
            fields_max: 10_000,
            values_max: 1_000,
            buckets_max: 1_000,
            stats_groups_max: 10_000,
            exports_max: 4,
            export_stalled_seconds: 60,
            traces_per_flow_max: 1_000,
            flow_records_max: 20_000,
            tails_max: 64,
            tail_records_max: 1_000,
            running_seconds: 60,
            settle_seconds: 600,
            jaeger_base_path: String::new(),
        }
    }
}

impl Config {
    /// Checks bounds.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn validate(&self) -> Result<(), String> {
        let bounds = [
            ("deadline_seconds", self.deadline_seconds, 1, 3_600),
            ("concurrent_max", self.concurrent_max as u64, 1, 1_024),
            ("concurrent_per_tenant_max", self.concurrent_per_tenant_max as u64, 1, 1_024),
            ("waiting_max", self.waiting_max as u64, 0, 65_536),
            ("threads_per_query", self.threads_per_query as u64, 0, 256),
            ("memory_per_query_max", self.memory_per_query_max, 1 << 20, 1 << 40),
            ("records_max", self.records_max as u64, 1, 1_000_000),
            ("fields_max", self.fields_max as u64, 1, 100_000),
            ("values_max", self.values_max as u64, 1, 100_000),
            ("buckets_max", self.buckets_max as u64, 1, 100_000),
            ("stats_groups_max", self.stats_groups_max as u64, 1, 1_000_000),
            ("exports_max", self.exports_max as u64, 1, 1_024),
            ("export_stalled_seconds", self.export_stalled_seconds, 1, 86_400),
            ("traces_per_flow_max", self.traces_per_flow_max as u64, 1, 100_000),
            ("flow_records_max", self.flow_records_max as u64, 1, 1_000_000),
            ("tails_max", self.tails_max as u64, 1, 10_000),
            ("tail_records_max", self.tail_records_max as u64, 1, 100_000),
            ("running_seconds", self.running_seconds, 0, 86_400),
            ("settle_seconds", self.settle_seconds, 0, 864_000),
        ];
        for (key, value, min, max) in bounds {
            if !(min..=max).contains(&value) {
                return Err(format!("query.{key} is {value}; it must be from {min} to {max}"));
            }
        }
        let base = &self.jaeger_base_path;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
        let is_path =
            base.starts_with('/') && !base.ends_with('/') && !base.contains("//") && base.bytes().all(plain);
        if !is_path && !base.is_empty() {
            return Err(format!(
                "query.jaeger_base_path `{base}` must be empty or start with `/`, not end with it, and hold letters, \
                 digits and `-_.~` between single slashes"
            ));
        }
        Ok(())
    }

    /// Time a query may take.
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline_seconds)
    }

    /// Computing threads one query may use.
    pub(crate) fn lanes(&self) -> usize {
        match self.threads_per_query {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            given => given,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_a_fault_names_its_key() {
        assert_eq!(Config::default().validate(), Ok(()));
        let wrong = Config { deadline_seconds: 0, ..Config::default() };
        assert_eq!(
            wrong.validate(),
            Err("query.deadline_seconds is 0; it must be from 1 to 3600".to_owned())
        );
        for (path, valid) in
            [("/jaeger/ui", true), ("jaeger", false), ("/jaeger/", false), ("/a//b", false), ("/{x}", false)]
        {
            let config = Config { jaeger_base_path: path.to_owned(), ..Config::default() };
            assert_eq!(config.validate().is_ok(), valid, "{path}");
        }
    }
}
