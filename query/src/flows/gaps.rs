//! Stretches of a flow that nothing tells of: no span ran, no log was written.

use serde::Serialize;
use spoor_store::model::{Record, RecordId};
use utoipa::ToSchema;

use super::assemble::Assembly;
use super::queues::Wait;
use super::timeline::Extent;
use crate::json;

/// A gap is at least this many nanoseconds long.
const LENGTH_MIN: u64 = 10_000_000;

/// A gap is at least one part in so many of the flow, so that there are fewer of them than this.
const PARTS_MAX: u64 = 20;

/// A stretch without telemetry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Gap {
    /// The last moment before it.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub start: u64,
    /// The first moment after it.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub end: u64,
    /// Nanoseconds between the two.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub duration_ns: u64,
    /// The record that was last before it.
    pub before: Neighbour,
    /// The record that was first after it.
    pub after: Neighbour,
    /// Whether a message waited in a queue all the while.
    pub queue: bool,
}

/// A record beside a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Neighbour {
    /// The record.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use spoor_store::model::SpanKind;

    use super::super::queues::waits;
    use super::*;
    use crate::samples::{Sample, log, span};

    const MS: u64 = 1_000_000;

    fn flow(samples: Vec<Sample>) -> Assembly {
        Assembly::of(samples.into_iter().map(Sample::build).collect())
    }

    fn found(samples: Vec<Sample>) -> Vec<(u64, u64, String, String, bool)> {
        let flow = flow(samples);
        let told = |gap: Gap| (gap.start / MS, gap.end / MS, gap.before.name, gap.after.name, gap.queue);
        gaps(&flow, &waits(&flow)).into_iter().map(told).collect()
    }

    #[test]
    fn a_gap_lies_between_what_ended_last_and_what_began_first() {
        let at = |sample: Sample, start: u64, end: u64| sample.at(start * MS, end * MS);
        let gap = |start, end, before: &str, after: &str, queue| {
            (start, end, before.to_owned(), after.to_owned(), queue)
        };
        let long_and_short = || vec![at(span("a", 1), 0, 100), at(span("a", 2), 10, 20)];
        let queue = |sent: u64| {
            vec![
                at(span("a", 1), 0, 100),
                at(span("a", 2).kind(SpanKind::Producer), 0, sent),
                at(span("b", 3).of_trace(2).linked_to(1, 2), 150, 200),
            ]
        };
        let mut after_log = long_and_short();
        after_log.push(at(log("a", "x"), 105, 105));
        after_log.push(at(span("a", 3), 130, 140));
        for (samples, expected) in [
            (long_and_short(), vec![]),
            (after_log, vec![gap(105, 130, "", "span 3", false)]),
            (queue(90), vec![gap(100, 150, "span 1", "span 3", true)]),
            (queue(100), vec![gap(100, 150, "span 2", "span 3", true)]),
            (
                vec![at(span("a", 1), 0, 100), at(span("b", 2), 150, 160)],
                vec![gap(100, 150, "span 1", "span 2", false)],
            ),
            (
                vec![at(span("a", 1), 0, 190), at(span("b", 2), 200, 200)],
                vec![gap(190, 200, "span 1", "span 2", false)],
            ),
            (vec![at(span("a", 1), 0, 190), at(span("b", 2), 200, 201)], vec![]),
            (vec![at(span("a", 1), 0, 3), at(span("b", 2), 12, 13)], vec![]),
        ] {
            assert_eq!(found(samples), expected);
        }
    }

    proptest! {
        #[test]
        fn gaps_are_the_long_stretches_that_nothing_covers(
            spans in prop::collection::vec((0_u64..400, 0_u64..80), 0..10),
            logs in prop::collection::vec(0_u64..400, 0..6),
        ) {
            let mut samples: Vec<Sample> = spans
                .iter()
                .zip(1_u8..)
                .map(|((start, length), id)| span("a", id).at(start * MS, (start + length) * MS))
                .collect();
            samples.extend(logs.iter().map(|time| log("a", &format!("log {time}")).at(time * MS, time * MS)));
            let flow = flow(samples);
            // Halves of milliseconds, so that moments stand apart from what lies between them.
            let mut is_covered = [false; 1_000];
            let moments = logs.iter().map(|time| (*time, 0)).chain(spans.iter().copied());
            for (start, length) in moments {
                is_covered[2 * start as usize..=2 * (start + length) as usize].fill(true);
            }
            let first = is_covered.iter().position(|covered| *covered).unwrap_or(0);
            let last = is_covered.iter().rposition(|covered| *covered).unwrap_or(0);
            let mut expected = Vec::new();
            let mut at = first;
            while at < last {
                let end = (at + 1..=last).find(|place| is_covered[*place]).unwrap_or(last);
                // In halves of milliseconds: 10 ms, and a twentieth of the whole.
                if end - at >= 20 && 20 * (end - at) >= last - first {
                    expected.push((at as u64 * MS / 2, end as u64 * MS / 2));
                }
                at = end;
            }
            let found: Vec<(u64, u64)> = gaps(&flow, &[]).iter().map(|gap| (gap.start, gap.end)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
