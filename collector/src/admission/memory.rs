//! Bytes in flight: memory is asked for before it is taken, and given back on drop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prometheus_client::metrics::gauge::Gauge;

/// A budget of bytes; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    used: AtomicUsize,
    bytes_max: usize,
    gauge: Gauge,
}

/// The budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UsedUp;

/// Bytes held by one request.
#[derive(Debug)]
pub(crate) struct Permit {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Memory {
    /// A budget of `bytes_max`, shown in `gauge`.
    pub(crate) fn new(bytes_max: usize, gauge: Gauge) -> Self {
        Self { shared: Arc::new(Shared { used: AtomicUsize::new(0), bytes_max, gauge }) }
    }

    /// A permit for nothing yet.
    pub(crate) fn permit(&self) -> Permit {
        Permit { shared: Arc::clone(&self.shared), bytes: 0 }
    }
}

impl Permit {
    /// Takes `bytes` more.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), UsedUp> {
        // Only the sum matters; no other memory is published by it.
        let taken = self.shared.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|sum| *sum <= self.shared.bytes_max)
        });
        taken.map_err(|_| UsedUp)?;
        self.bytes += bytes;
        self.shared.gauge.inc_by(bytes as i64);
        Ok(())
    }

    /// Gives back `bytes` of what it holds.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.shared.used.fetch_sub(bytes, Ordering::Relaxed);
        self.shared.gauge.dec_by(bytes as i64);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_share_the_budget_and_give_back_what_they_hold() {
        let gauge = Gauge::default();
        let memory = Memory::new(10, gauge.clone());
        let mut first = memory.permit();
        first.grow(6).unwrap();
        let mut second = memory.permit();
        assert_eq!(second.grow(5), Err(UsedUp));
        second.grow(4).unwrap();
        assert_eq!(gauge.get(), 10);
        drop(first);
        second.grow(6).unwrap();
        drop(second);
        assert_eq!(gauge.get(), 0);
    }
}
