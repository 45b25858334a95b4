//! Fingerprints of the requests of the last ten minutes: an OTLP client that lost an answer sends the whole request
//! again, and it must not be stored twice.

use std::collections::{HashMap, VecDeque};

use crate::config::Config;
use crate::model::UnixNanos;

/// Most fingerprints remembered, whatever their age.
const ENTRIES_MAX: usize = 2_000_000;

/// The window.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    arrivals: HashMap<u128, UnixNanos>,
    order: VecDeque<(UnixNanos, u128)>,
}

impl Duplicates {
    /// Whether the fingerprint was noted within the window before `now`.
    pub(crate) fn contains(&self, fingerprint: u128, now: UnixNanos) -> bool {
        self.arrivals.get(&fingerprint).is_some_and(|arrival| *arrival >= oldest(now))
    }

    /// Notes a request that was appended.
    pub(crate) fn note(&mut self, fingerprint: u128, arrival: UnixNanos) {
        self.arrivals.insert(fingerprint, arrival);
        self.order.push_back((arrival, fingerprint));
        while let Some((first, fingerprint)) = self.order.front().copied() {
            if first >= oldest(arrival) && self.order.len() <= ENTRIES_MAX {
                break;
            }
            self.order.pop_front();
            // A fingerprint that was noted again since then stays.
            if self.arrivals.get(&fingerprint) == Some(&first) {
                self.arrivals.remove(&fingerprint);
            }
        }
    }
}

/// Arrival before which a fingerprint no longer counts.
pub(crate) fn oldest(now: UnixNanos) -> UnixNanos {
    now.saturating_sub(Config::DUPLICATE_WINDOW.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000_000_000;

    #[test]
    fn a_fingerprint_counts_for_ten_minutes() {
        let mut window = Duplicates::default();
        window.note(1, 100 * MINUTE);
        assert!(window.contains(1, 110 * MINUTE));
        assert!(!window.contains(1, 111 * MINUTE));
        assert!(!window.contains(2, 100 * MINUTE));
    }

    #[test]
    fn old_ones_are_let_go() {
        let mut window = Duplicates::default();
        for minute in 0..100 {
            window.note(u128::from(minute % 20), minute * MINUTE);
        }
        assert_eq!(window.arrivals.len(), 11);
        assert_eq!(window.order.len(), 11);
    }
}
