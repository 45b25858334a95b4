//! Latencies of one kind of query.

use std::time::Duration;

/// Latencies, with their quantiles.
#[derive(Clone, Debug, Default)]
pub(super) struct Timing {
    taken: Vec<Duration>,
}

impl Timing {
    /// Adds one.
    pub(super) fn add(&mut self, took: Duration) {
        let at = self.taken.partition_point(|other| *other <= took);
        self.taken.insert(at, took);
    }

    /// Adds all of another.
    pub(super) fn extend(&mut self, other: &Self) {
        other.taken.iter().for_each(|took| self.add(*took));
    }

    /// A quantile in milliseconds (nearest rank); 0 when there is none.
    pub(super) fn ms(&self, quantile: f64) -> f64 {
        let rank = (quantile * self.taken.len() as f64).ceil() as usize;
        self.taken.get(rank.max(1) - 1).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    }

    /// How many.
    pub(super) fn count(&self) -> usize {
        self.taken.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let mut timing = Timing::default();
        for ms in (1..=100).rev() {
            timing.add(Duration::from_millis(ms));
        }
        assert_eq!((timing.ms(0.5), timing.ms(0.99), timing.ms(1.0)), (50.0, 99.0, 100.0));
        assert_eq!(Timing::default().ms(0.5), 0.0);
    }
}
