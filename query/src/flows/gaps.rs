//! Stretches of a flow that nothing tells of: no span ran, no log was written.

use serde::Serialize;
use spoor_store::model::{Record, RecordId};

use super::assemble::Assembly;
use super::queues::Wait;
use super::timeline::Extent;
use crate::json;

/// A gap is at least this many nanoseconds long.
const LENGTH_MIN: u64 = 10_000_000;

/// A gap is at least one part in so many of the flow, so that there are fewer of them than this.
const PARTS_MAX: u64 = 20;

/// A stretch without telemetry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The last moment before it.
    #[serde(serialize_with = "json::nanos")]
    pub start: u64,
    /// The first moment after it.
    #[serde(serialize_with = "json::nanos")]
    pub end: u64,
    /// Nanoseconds between the two.
    #[serde(serialize_with = "json::nanos")]
    pub duration_ns: u64,
    /// The record that was last before it.
    pub before: Neighbour,
    /// The record that was first after it.
    pub after: Neighbour,
    /// Whether a message waited in a queue all the while.
    pub queue: bool,
}

/// A record beside a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// The record.
    #[serde(serialize_with = "json::text")]
    pub record: RecordId,
    /// `spans` or `logs`.
    pub signal: &'static str,
    /// Its service.
    pub service: String,
    /// Span name, or event name of a log record.
    pub name: String,
}

/// The gaps of a flow in the order of time.
pub(crate) fn gaps(flow: &Assembly, waits: &[Wait]) -> Vec<Gap> {
    let Some(whole) = flow.times.extent() else { return Vec::new() };
    let length_min = LENGTH_MIN.max(whole.length().div_ceil(PARTS_MAX));
    let spans = flow.times.spans.iter().copied().zip(&flow.spans);
    let logs = flow.times.logs.iter().map(|time| Extent { start: *time, end: *time }).zip(&flow.logs);
    let mut by_start: Vec<(Extent, &Record)> = spans.chain(logs).collect();
    by_start.sort_by_key(|(extent, _)| extent.start);
    let mut gaps = Vec::new();
    let mut last: Option<(u64, &Record)> = None;
    for (extent, record) in by_start {
        if let Some((end, before)) = last
            && extent.start.saturating_sub(end) >= length_min
        {
            gaps.push(Gap {
                start: end,
                end: extent.start,
                duration_ns: extent.start - end,
                before: Neighbour::of(before),
                after: Neighbour::of(record),
                queue: is_queue(flow, waits, Extent { start: end, end: extent.start }),
            });
        }
        if last.is_none_or(|(end, _)| extent.end >= end) {
            last = Some((extent.end, record));
        }
    }
    gaps
}

/// Whether some message was sent before the gap and taken after it.
fn is_queue(flow: &Assembly, waits: &[Wait], gap: Extent) -> bool {
    waits.iter().any(|wait| {
        flow.times.spans[wait.producer].end <= gap.start && flow.times.spans[wait.consumer].start >= gap.end
    })
}

impl Neighbour {
    fn of(record: &Record) -> Self {
        Self {
            record: record.id,
            signal: record.signal.as_str(),
            service: record.stream.service.clone(),
            name: record.name.clone(),
        }
    }
}
