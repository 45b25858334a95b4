//! What became of the records of one request.

use super::fault::Reason;

/// Rejections described in the answer; the rest is only counted.
const EXAMPLES_MAX: usize = 3;

/// Counts of one request's decode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records handed on.
    pub accepted: u64,
    /// Records rejected, by [`Reason`].
    pub rejected: [u64; Reason::ALL.len()],
    /// Where the first rejected records stand, and why they are rejected.
    pub examples: Vec<(String, Reason)>,
    /// Bodies that were cut.
    pub bodies_cut: u64,
    /// Records indexed under an earlier time than theirs, which lies too far in the future.
    pub times_clamped: u64,
    /// Correlation ids left out: longer than allowed, or more than a record may have.
    pub ids_skipped: u64,
}

impl Tally {
    /// Records rejected, for whatever reason.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.iter().sum()
    }

    /// Counts `count` records as rejected; `place` is asked only when it will be shown.
    pub(crate) fn reject(&mut self, reason: Reason, count: u64, place: impl FnOnce() -> String) {
        if count == 0 {
            return;
        }
        self.rejected[reason as usize] += count;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push((place(), reason));
        }
    }
}
