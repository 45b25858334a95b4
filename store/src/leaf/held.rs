//! Memory that a query holds for a while only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Budget;
use crate::error::Result;

/// Bytes counted for a query; dropping it gives them back.
pub struct Held {
    memory: Arc<AtomicU64>,
    bytes: u64,
}

impl Held {
    /// Nothing yet.
    pub fn new(budget: &Budget) -> Self {
        Self { memory: Arc::clone(&budget.memory), bytes: 0 }
    }

    /// Counts `bytes` more.
    ///
    /// # Errors
    /// As [`Budget::hold`].
    pub fn add(&mut self, budget: &Budget, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        budget.hold(bytes)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
