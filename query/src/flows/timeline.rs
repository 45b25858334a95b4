//! When a flow's records were, by their own clocks or by that of its first service.

use spoor_store::model::{Record, Signal, UnixNanos};

/// First and last moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) start: UnixNanos,
    /// Not before the start.
    pub(crate) end: UnixNanos,
}

/// The times of a flow's records, in the order of its lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Timeline {
    pub(crate) spans: Vec<Extent>,
    pub(crate) logs: Vec<UnixNanos>,
}

impl Extent {
    /// A record's own; of a span that has not ended, its start.
    pub(crate) fn of(record: &Record) -> Self {
        let end = match record.signal {
            Signal::Spans => record.end_or_observed.max(record.time),
            Signal::Logs => record.time,
        };
        Self { start: record.time, end }
    }

    /// As it would be by a clock `ahead` nanoseconds behind this one.
    pub(crate) fn earlier_by(self, ahead: i64) -> Self {
        Self { start: earlier_by(self.start, ahead), end: earlier_by(self.end, ahead) }
    }

    pub(crate) fn length(self) -> u64 {
        self.end - self.start
    }
}

impl Timeline {
    pub(crate) fn raw(spans: &[Record], logs: &[Record]) -> Self {
        Self {
            spans: spans.iter().map(Extent::of).collect(),
            logs: logs.iter().map(|log| log.time).collect(),
        }
    }

    /// From the first moment to the last; `None` without records.
    pub(crate) fn extent(&self) -> Option<Extent> {
        let logs = self.logs.iter().map(|time| Extent { start: *time, end: *time });
        self.spans
            .iter()
            .copied()
            .chain(logs)
            .reduce(|all, one| Extent { start: all.start.min(one.start), end: all.end.max(one.end) })
    }

    /// Nanoseconds in which at least one span ran.
    pub(crate) fn busy(&self) -> u64 {
        let mut spans = self.spans.clone();
        spans.sort_by_key(|span| span.start);
        let (mut busy, mut covered_to) = (0, 0);
        for span in spans {
            let from = span.start.max(covered_to);
            busy += span.end.saturating_sub(from);
            covered_to = covered_to.max(span.end);
        }
        busy
    }
}

/// A moment by a clock `ahead` nanoseconds behind this one.
pub(crate) fn earlier_by(time: UnixNanos, ahead: i64) -> UnixNanos {
    if ahead < 0 {
        time.saturating_add(ahead.unsigned_abs())
    } else {
        time.saturating_sub(ahead.unsigned_abs())
    }
}
