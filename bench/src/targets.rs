//! The table's rows: what each measure is called, its unit, and what Spoor must show (DESIGN.md section 9, second table,
//! and what its section 5 asks of services and the graph).
//!
//! "Of it, from request bytes to published split" has no row: it cannot be told apart from outside the process.

use crate::figures::Measure;

/// What must hold for a target to be met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// At least target, better stretch.
    AtLeast(f64, Option<f64>),
    /// At most target, better stretch.
    AtMost(f64, Option<f64>),
    /// No target: told for its own sake.
    Told,
}

impl Goal {
    /// Whether a value meets the target; none without a target.
    pub fn met(self, value: f64) -> Option<bool> {
        match self {
            Self::AtLeast(target, _) => Some(value >= target),
            Self::AtMost(target, _) => Some(value <= target),
            Self::Told => None,
        }
    }

    /// Whether a value reaches the stretch goal; none without one.
    pub fn stretched(self, value: f64) -> Option<bool> {
        match self {
            Self::AtLeast(_, stretch) => stretch.map(|stretch| value >= stretch),
            Self::AtMost(_, stretch) => stretch.map(|stretch| value <= stretch),
            Self::Told => None,
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its measure.
    pub measure: Measure,
    /// What it is called, unit included.
    pub label: &'static str,
    /// Digits after the point.
    pub digits: usize,
    /// What must hold.
    pub goal: Goal,
}

const fn row(measure: Measure, label: &'static str, digits: usize, goal: Goal) -> Row {
    Row { measure, label, digits, goal }
}

/// Every row, top to bottom. Latencies with one target are judged by their median; the 99th percentile stands beside it.
pub const ROWS: [Row; 40] = [
    row(Measure::IngestRate, "acknowledged ingest, records/s", 0, Goal::AtLeast(300_000.0, Some(600_000.0))),
    row(Measure::CpuPerRecord, "server CPU all in, µs/record", 2, Goal::AtMost(4.0, Some(2.5))),
    row(Measure::DiskPerRecord, "disk once settled, B/record", 1, Goal::AtMost(50.0, Some(40.0))),
    row(Measure::PeakRss, "peak RSS at full load, MB", 0, Goal::AtMost(500.0, Some(250.0))),
    row(Measure::PeakAnonymous, "of it anonymous, MB", 0, Goal::Told),
    row(Measure::AckHalfLoadP50, "ack at half load, p50 ms", 2, Goal::Told),
    row(Measure::AckHalfLoadP99, "ack at half load, p99 ms", 2, Goal::AtMost(25.0, Some(10.0))),
    row(Measure::AckFullLoadP99, "ack at full load, p99 ms", 2, Goal::Told),
    row(Measure::SenderCpu, "the sender's own CPU, µs/record", 2, Goal::Told),
    row(Measure::FlowP50, "id → whole flow, p50 ms", 2, Goal::AtMost(4.0, Some(1.5))),
    row(Measure::FlowP99, "id → whole flow, p99 ms", 2, Goal::AtMost(12.0, Some(5.0))),
    row(Measure::FindKnown, "what is this id (/find), ms", 2, Goal::Told),
    row(Measure::AbsentFlow, "absent id, /flows, ms", 2, Goal::AtMost(2.0, Some(0.3))),
    row(Measure::AbsentFind, "absent id, /find, ms", 2, Goal::AtMost(2.0, Some(0.3))),
    row(Measure::AbsentManySplits, "absent id, many splits, ms", 2, Goal::AtMost(2.0, Some(0.3))),
    row(Measure::SearchManyHits, "text, newest 100, many hits, ms", 2, Goal::AtMost(15.0, Some(5.0))),
    row(Measure::SearchFewHits, "text, newest 100, few hits, ms", 2, Goal::AtMost(15.0, Some(5.0))),
    row(Measure::SearchAttribute, "attribute, newest 100, ms", 2, Goal::AtMost(15.0, Some(5.0))),
    row(Measure::Histogram, "histogram of everything, ms", 2, Goal::AtMost(50.0, Some(15.0))),
    row(Measure::HistogramQuery, "histogram of a text query, ms", 2, Goal::AtMost(50.0, Some(15.0))),
    row(Measure::Facet, "values of service, ms", 2, Goal::AtMost(50.0, Some(15.0))),
    row(Measure::Services, "services with rates, ms", 2, Goal::AtMost(10.0, None)),
    row(Measure::Graph, "service graph, ms", 2, Goal::AtMost(10.0, None)),
    row(Measure::ServiceSeries, "services over 60 steps, ms", 2, Goal::AtMost(10.0, None)),
    row(Measure::JaegerTraces, "Jaeger trace search, limit 20, ms", 2, Goal::AtMost(50.0, Some(15.0))),
    row(Measure::StatsByService, "p95 of everything by service, ms", 2, Goal::AtMost(150.0, None)),
    row(Measure::StatsByName, "p95 of everything by name, ms", 2, Goal::AtMost(150.0, None)),
    row(Measure::StatsByAttribute, "p95 of everything by attribute, ms", 2, Goal::AtMost(150.0, None)),
    row(Measure::ReadyAfterKill, "kill -9, start to ready, s", 3, Goal::AtMost(1.0, Some(0.3))),
    row(Measure::AckedLeft, "acknowledged left after kill -9, %", 3, Goal::AtLeast(100.0, None)),
    row(Measure::VisibleAtOnce, "visible at the acknowledgement, %", 0, Goal::AtLeast(100.0, None)),
    row(Measure::IngestBesideQueries, "ingest lost to ten querying clients, %", 0, Goal::AtMost(30.0, None)),
    row(Measure::QueryBesideIngest, "their queries, p50 ms", 2, Goal::Told),
    row(Measure::GrowthIngest, "ingest time, many / few splits", 2, Goal::AtMost(1.5, None)),
    row(Measure::GrowthLookup, "id lookup, many / few splits", 2, Goal::AtMost(1.5, None)),
    row(Measure::HighCardinalityRate, "high cardinality: records/s", 0, Goal::Told),
    row(Measure::HighCardinalityCpu, "high cardinality: CPU µs/record", 2, Goal::Told),
    row(Measure::HighCardinalityDisk, "high cardinality: disk B/record", 1, Goal::Told),
    row(Measure::HighCardinalityRss, "high cardinality: peak RSS MB", 0, Goal::AtMost(500.0, Some(250.0))),
    row(Measure::HighCardinalityFlowP50, "high cardinality: flow p50 ms", 2, Goal::Told),
];
