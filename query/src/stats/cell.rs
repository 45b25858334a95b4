//! The running sums of one group in one bucket.

use sketches_ddsketch::{Config, DDSketch};

use super::distinct::Distinct;
use super::plan::PartOf;

/// Relative accuracy of quantiles.
const ACCURACY: f64 = 0.01;

/// Most bins of a sketch; at this accuracy they span a ratio of 10^17.
const BINS_MAX: u32 = 2_048;

/// Smallest number told from 0.
const NUMBER_MIN: f64 = 1e-9;

/// Bytes of a sketch of durations, about.
const SKETCH_BYTES: usize = 4_096;

/// Records, and what was measured of them.
pub(super) struct Cell {
    pub(super) count: u64,
    pub(super) parts: Box<[Part]>,
}

/// One running sum.
pub(super) enum Part {
    Matches(u64),
    Moments(Moments),
    Sketch(Box<DDSketch>),
    Distinct(Box<Distinct>),
}

/// Sum, least and greatest of some numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Cell {
    pub(super) fn new(parts: &[PartOf]) -> Self {
        let parts = parts.iter().map(|part| match part {
            PartOf::Matches(_) => Part::Matches(0),
            PartOf::Moments(_) => {
                Part::Moments(Moments { count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY })
            }
            PartOf::Sketch(_) => {
                Part::Sketch(Box::new(DDSketch::new(Config::new(ACCURACY, BINS_MAX, NUMBER_MIN))))
            }
            PartOf::Distinct(_) => Part::Distinct(Box::default()),
        });
        Self { count: 0, parts: parts.collect() }
    }

    /// Bytes of a new cell, about.
    pub(super) fn bytes(parts: &[PartOf]) -> usize {
        let sketches = parts.iter().filter(|part| matches!(part, PartOf::Sketch(_))).count();
        size_of::<Self>() + parts.len() * (size_of::<Part>() + 64) + sketches * SKETCH_BYTES
    }

    /// Adds what another has; how many bytes that takes.
    pub(super) fn merge(&mut self, other: Self) -> usize {
        self.count += other.count;
        self.parts.iter_mut().zip(other.parts).map(|(mine, theirs)| mine.merge(theirs)).sum()
    }
}

impl Part {
    fn merge(&mut self, other: Self) -> usize {
        match (self, other) {
            (Self::Matches(mine), Self::Matches(theirs)) => *mine += theirs,
            (Self::Moments(mine), Self::Moments(theirs)) => mine.merge(theirs),
            // Sketches of one configuration always merge.
            (Self::Sketch(mine), Self::Sketch(theirs)) => drop(mine.merge(&theirs)),
            (Self::Distinct(mine), Self::Distinct(theirs)) => return mine.merge(*theirs),
            // Cells of one plan have the same parts.
            _ => {}
        }
        0
    }
}

impl Moments {
    #[inline]
    pub(super) fn add(&mut self, number: f64) {
        self.count += 1;
        self.sum += number;
        self.min = self.min.min(number);
        self.max = self.max.max(number);
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}
