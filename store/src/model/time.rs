//! Times and ranges of time.

/// Nanoseconds since 1970-01-01T00:00:00Z.
pub type UnixNanos = u64;

/// A range of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// First nanosecond inside.
    pub start: UnixNanos,
    /// Last nanosecond inside.
    pub end: UnixNanos,
}

impl TimeRange {
    /// All of time.
    pub const ALL: Self = Self { start: 0, end: u64::MAX };

    /// Whether `time` lies inside.
    pub fn contains(&self, time: UnixNanos) -> bool {
        self.start <= time && time <= self.end
    }

    /// Whether the two ranges share a nanosecond.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// Whether every nanosecond of `other` lies inside.
    pub fn covers(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The part that both share; empty (start after end) when there is none.
    pub fn intersect(&self, other: &Self) -> Self {
        Self { start: self.start.max(other.start), end: self.end.min(other.end) }
    }
}
