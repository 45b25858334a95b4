//! What every query needs, and what each begins with: a turn, a deadline, a snapshot.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use spoor_runtime::clock::Clock;
use spoor_runtime::cpu::CpuPool;
use spoor_store::model::{Tenant, TimeRange};
use spoor_store::predicate::Predicate;
use spoor_store::{Reader, Snapshot};
use tokio::sync::SemaphorePermit;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::execute::fan_out::Run;
use crate::execute::permits::Permits;
use crate::export::places::Places;
use crate::keys::Keys;
use crate::metrics::QueryMetrics;
use crate::owners::Owners;
use crate::plan::Resolver;

/// Answers queries; cheap to clone. Dropping a call's future ends its work.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    keys: Keys,
    owners: Owners,
    reader: Reader,
    cpu: CpuPool,
    clock: Clock,
    permits: Permits,
    exports: Places,
    metrics: QueryMetrics,
}

/// What a query selects.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Whose records.
    pub tenant: Tenant,
    /// Which of them.
    pub predicate: Predicate,
    /// From when; both ends included.
    pub range: TimeRange,
}

/// What an answer cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Leaves looked into: splits, and the hot rows.
    pub splits: usize,
    /// Leaves left out because their times lie outside the range, or others had enough.
    pub skipped: usize,
    /// Milliseconds from the turn to the answer.
    pub elapsed_ms: u64,
}

/// A query that has its turn.
pub(crate) struct Turn<'a> {
    pub(crate) run: Run,
    clock: &'a Clock,
    began: Duration,
    _permit: SemaphorePermit<'a>,
}

impl Turn<'_> {
    /// Ends the turn.
    pub(crate) fn end(self, splits: usize, skipped: usize) -> Stats {
        let elapsed = self.clock.monotonic().saturating_sub(self.began);
        Stats { splits, skipped, elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX) }
    }
}

impl Engine {
    pub(crate) fn new(
        config: Config,
        keys: Keys,
        owners: Owners,
        (reader, cpu, clock): (Reader, CpuPool, Clock),
        metrics: QueryMetrics,
    ) -> Self {
        let permits = Permits::new(config.concurrent_max, config.waiting_max, clock.clone());
        let stalled = Duration::from_secs(config.export_stalled_seconds);
        let exports = Places::new(config.exports_max, stalled, clock.clone());
        Self {
            shared: Arc::new(Shared { config, keys, owners, reader, cpu, clock, permits, exports, metrics }),
        }
    }

    /// Turns search text into a predicate.
    ///
    /// # Errors
    /// [`Error::Syntax`].
    pub fn predicate(&self, text: &str) -> Result<Predicate> {
        let resolver = Resolver { text, keys: self.keys(), owners: self.owners() };
        Ok(resolver.query()?)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.shared.config
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    pub(crate) fn owners(&self) -> &Owners {
        &self.shared.owners
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn cpu(&self) -> &CpuPool {
        &self.shared.cpu
    }

    pub(crate) fn metrics(&self) -> &QueryMetrics {
        &self.shared.metrics
    }

    pub(crate) fn exports(&self) -> &Places {
        &self.shared.exports
    }

    pub(crate) fn snapshot(&self, tenant: &Tenant) -> Snapshot {
        self.shared.reader.snapshot(tenant)
    }

    /// Waits for a turn and starts the query's time.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>> {
        let shared = &*self.shared;
        let deadline = shared.config.deadline();
        let permit = shared.permits.acquire(deadline).await.inspect_err(|error| {
            if matches!(error, Error::Busy { .. }) {
                shared.metrics.rejected.inc();
            }
        })?;
        let run = Run::start(shared.cpu.clone(), &shared.clock, &shared.config);
        Ok(Turn { run, clock: &shared.clock, began: shared.clock.monotonic(), _permit: permit })
    }
}
