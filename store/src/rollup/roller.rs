//! Keeps the rollups of all hot rows up to date, so that metrics are fresh and queries have little left to do.

use std::collections::HashSet;
use std::time::Duration;

use super::rollup::Rollups;
use crate::write::publisher::Publisher;

/// Wait from one time to the next.
const TICK: Duration = Duration::from_millis(500);

/// Times from one look at spans that have waited too long to the next.
const TICKS_PER_EXPIRY: u32 = 60;

/// The task.
pub(crate) struct Roller {
    rollups: Rollups,
    publisher: Publisher,
}

impl Roller {
    pub(crate) fn new(rollups: Rollups, publisher: Publisher) -> Self {
        Self { rollups, publisher }
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(self) {
        for tick in 0_u32.. {
            self.publisher.clock.sleep(TICK).await;
            let (rollups, view) = (self.rollups.clone(), self.publisher.views.get());
            let caught_up = self.publisher.on_cpu(move || {
                if tick % TICKS_PER_EXPIRY == 0 {
                    rollups.expire();
                }
                let mut tenants = HashSet::new();
                for rows in view.hot() {
                    // Those of one tenant come oldest first.
                    let is_oldest = !rows.rollup.is_ended() && tenants.insert(&rows.tenant);
                    rows.rollup.catch_up(rows, is_oldest);
                }
                Ok(())
            });
            if let Err(error) = caught_up.await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "failed to roll up spans; trying again"
                );
            }
        }
    }
}
