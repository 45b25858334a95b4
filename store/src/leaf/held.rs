//! Memory that a query holds for a while only.

use super::Budget;
use crate::error::Result;

/// Bytes counted for a query; dropping it gives them back.
pub struct Held {
    budget: Budget,
    bytes: usize,
}

impl Held {
    /// Nothing yet.
    pub fn new(budget: &Budget) -> Self {
        Self { budget: budget.clone(), bytes: 0 }
    }

    /// Counts `bytes` more.
    ///
    /// # Errors
    /// As [`Budget::hold`].
    pub fn add(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.budget.hold(bytes)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.release(self.bytes);
    }
}
