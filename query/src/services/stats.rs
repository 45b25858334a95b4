//! Counts as they are answered.

use serde::Serialize;
use spoor_store::leaf::Buckets;
use spoor_store::rollup::{Exemplar, Sketch, Tally};
use utoipa::ToSchema;

use crate::json;

/// Durations that a half, 95 and 99 of a hundred stay within; null of nothing. Within 2 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Quantiles {
    /// The median, in nanoseconds.
    #[serde(serialize_with = "json::optional_nanos")]
    #[schema(value_type = Option<String>)]
    pub p50_ns: Option<u64>,
    /// In nanoseconds.
    #[serde(serialize_with = "json::optional_nanos")]
    #[schema(value_type = Option<String>)]
    pub p95_ns: Option<u64>,
    /// In nanoseconds.
    #[serde(serialize_with = "json::optional_nanos")]
    #[schema(value_type = Option<String>)]
    pub p99_ns: Option<u64>,
}

/// One step over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepStats {
    /// Its first nanosecond.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub start: u64,
    /// Calls in it.
    pub count: u64,
    /// Of them, failed.
    pub error_count: u64,
    /// In nanoseconds.
    #[serde(serialize_with = "json::optional_nanos")]
    #[schema(value_type = Option<String>)]
    pub p95_ns: Option<u64>,
}

/// The slowest call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExemplarJson {
    /// Its trace, in hex.
    pub trace_id: String,
    /// In nanoseconds.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub duration_ns: u64,
}

impl Quantiles {
    pub(crate) fn of(durations: &Sketch) -> Self {
        let at = |q| durations.quantile(q);
        Self { p50_ns: at(0.5), p95_ns: at(0.95), p99_ns: at(0.99) }
    }
}

impl From<Exemplar> for ExemplarJson {
    fn from(exemplar: Exemplar) -> Self {
        Self { trace_id: exemplar.trace.to_string(), duration_ns: exemplar.duration }
    }
}

/// Every step, empty ones too.
pub(crate) fn steps(tallies: &[Tally], layout: Buckets) -> Vec<StepStats> {
    let step = |at: usize| {
        let tally = tallies.get(at);
        StepStats {
            start: start_of(layout, at),
            count: tally.map_or(0, |tally| tally.count),
            error_count: tally.map_or(0, |tally| tally.errors),
            p95_ns: tally.and_then(|tally| tally.durations.quantile(0.95)),
        }
    };
    (0..layout.count).map(step).collect()
}

/// Start of a step.
pub(crate) fn start_of(layout: Buckets, at: usize) -> u64 {
    layout.start.saturating_add((at as u64).saturating_mul(layout.width))
}
