//! What is asked of spans over time.

use spoor_store::model::{SpanKind, TimeRange, UnixNanos};
use spoor_store::rollup::Tally;

use super::POINTS_MAX;
use crate::error::{Error, Result};

const NANOS_PER_SECOND: f64 = 1e9;
const NANOS_PER_MILLI: f64 = 1e6;

/// What is told of spans.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measure {
    /// How many milliseconds this share of them stay within, from 0 to 1.
    Latency(f64),
    /// How many there are a second.
    Calls,
    /// Which share of them failed.
    Errors,
}

/// A question for points over time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MetricsQuestion {
    pub(crate) measure: Measure,
    pub(crate) services: Vec<String>,
    pub(crate) by_operation: bool,
    /// Of any of these kinds.
    pub(crate) kinds: Vec<SpanKind>,
    /// The first point, and where the last may be.
    pub(crate) range: TimeRange,
    /// Nanoseconds from a point to the next; more than 0.
    pub(crate) step: u64,
    /// Nanoseconds before a point that it tells of; more than 0.
    pub(crate) rate_per: u64,
}

impl Measure {
    /// What `tally`, counted in `window` nanoseconds, comes to; not a number when there is nothing to tell.
    pub(super) fn value(self, tally: &Tally, window: u64) -> f64 {
        match self {
            Self::Latency(share) => {
                tally.durations.quantile(share).map_or(f64::NAN, |nanos| nanos as f64 / NANOS_PER_MILLI)
            }
            Self::Calls => tally.count as f64 / (window as f64 / NANOS_PER_SECOND),
            // Nothing of nothing is not a number.
            Self::Errors => tally.errors as f64 / tally.count as f64,
        }
    }

    /// The part of `tally` that the value is made of.
    pub(super) fn part(self, tally: &Tally) -> Tally {
        match self {
            Self::Latency(_) => Tally { durations: tally.durations.clone(), ..Tally::default() },
            Self::Calls | Self::Errors => {
                Tally { count: tally.count, errors: tally.errors, ..Tally::default() }
            }
        }
    }
}

impl MetricsQuestion {
    /// Refuses more points than a series may have.
    pub(crate) fn check(self) -> Result<Self> {
        let count = self.points_count();
        if count > POINTS_MAX {
            let asked = "ask for a longer step or a shorter lookback";
            return Err(Error::malformed(format!(
                "{count} points are more than the {POINTS_MAX} that a series may have; {asked}"
            )));
        }
        Ok(self)
    }

    /// The time that all points tell of.
    pub(super) fn counted(&self) -> TimeRange {
        TimeRange { start: self.range.start.saturating_sub(self.rate_per), end: self.range.end }
    }

    pub(super) fn points_count(&self) -> u64 {
        (self.range.end - self.range.start) / self.step + 1
    }

    pub(super) fn points(&self) -> impl Iterator<Item = UnixNanos> {
        let (start, step) = (self.range.start, self.step);
        (0..self.points_count()).map(move |number| start.saturating_add(number.saturating_mul(step)))
    }
}
