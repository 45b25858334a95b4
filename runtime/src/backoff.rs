//! Delays between tries: exponential, with jitter, bounded.

use std::time::Duration;

/// Yields growing delays; equal seeds yield equal delays.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    tries: u32,
    random: u64,
}

impl Backoff {
    /// Starts at `first` and doubles up to `max`. `seed` spreads callers that fail together.
    #[must_use]
    pub fn new(first: Duration, max: Duration, seed: u64) -> Self {
        Self { first, max, tries: 0, random: seed }
    }

    /// Returns the next delay: between half of the step and the whole of it.
    pub fn next_delay(&mut self) -> Duration {
        let factor = 1_u32.checked_shl(self.tries.min(31)).unwrap_or(u32::MAX);
        let step = self.first.saturating_mul(factor).min(self.max);
        self.tries = self.tries.saturating_add(1);
        let half_nanos = u64::try_from(step.as_nanos() / 2).unwrap_or(u64::MAX);
        step - Duration::from_nanos(half_nanos) + Duration::from_nanos(self.random_below(half_nanos))
    }

    /// Starts again at the first delay, after a success.
    pub fn reset(&mut self) {
        self.tries = 0;
    }

    /// Returns how many delays were given out since the last reset.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// SplitMix64; 0 when the bound is 0.
    fn random_below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).checked_rem(bound).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum_and_stay_in_the_upper_half() {
        let max = Duration::from_secs(10);
        let mut backoff = Backoff::new(Duration::from_millis(100), max, 7);
        for attempt in 0..100_u32 {
            let step = Duration::from_millis(100).saturating_mul(1 << attempt.min(20)).min(max);
            let delay = backoff.next_delay();
            assert!(delay >= step / 2 && delay <= step, "attempt {attempt}: {delay:?} of {step:?}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= Duration::from_millis(100));
    }

    #[test]
    fn different_seeds_spread() {
        let first = Backoff::new(Duration::from_secs(1), Duration::from_secs(1), 1).next_delay();
        let second = Backoff::new(Duration::from_secs(1), Duration::from_secs(1), 2).next_delay();
        assert_ne!(first, second);
    }

    #[test]
    fn a_zero_delay_stays_zero() {
        assert_eq!(Backoff::new(Duration::ZERO, Duration::ZERO, 3).next_delay(), Duration::ZERO);
    }
}
