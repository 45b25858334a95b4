//! What every query needs, and what each begins with: a turn, a deadline, a snapshot.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use serde::Serialize;
use spoor_runtime::clock::Clock;
use spoor_runtime::cpu::CpuPool;
use spoor_runtime::shutdown::ShutdownTrigger;
use spoor_store::model::{Tenant, TimeRange};
use spoor_store::predicate::Predicate;
use spoor_store::{Arrivals, Reader, Snapshot};
use utoipa::ToSchema;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::execute::fan_out::Run;
use crate::execute::permits::{Bounds, Permit, Permits};
use crate::export::places::Places;
use crate::keys::Keys;
use crate::live::streams::Streams;
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
    streams: Streams,
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stats {
    /// Leaves looked into: splits, and the hot rows.
    pub splits: usize,
    /// Leaves left out because their times lie outside the range, or others had enough.
    pub skipped: usize,
    /// Milliseconds from the turn to the answer.
    pub elapsed_ms: u64,
    /// Records of the leaves looked into, counted at each look.
    pub records: u64,
    /// Records read back whole.
    pub read: u64,
    /// Bytes that the query held for its answer.
    pub held_bytes: u64,
}

/// A query that has its turn.
pub(crate) struct Turn<'a> {
    pub(crate) run: Run,
    clock: &'a Clock,
    began: Duration,
    running: &'a Gauge,
    _permit: Permit,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.running.dec();
    }
}

impl Turn<'_> {
    /// Ends the turn.
    pub(crate) fn end(self, splits: usize, skipped: usize) -> Stats {
        let elapsed = self.clock.monotonic().saturating_sub(self.began);
        let budget = self.run.budget();
        Stats {
            splits,
            skipped,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            records: budget.looked(),
            read: budget.read(),
            held_bytes: budget.held(),
        }
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
        let bounds = Bounds {
            concurrent_max: config.concurrent_max,
            concurrent_per_tenant_max: config.concurrent_per_tenant_max,
            waiting_max: config.waiting_max,
        };
        let permits = Permits::new(bounds, clock.clone());
        let streams = Streams::new(config.tails_max, metrics.tails.clone());
        let stalled = Duration::from_secs(config.export_stalled_seconds);
        let exports = Places::new(config.exports_max, stalled, clock.clone());
        let shared = Shared { config, keys, owners, reader, cpu, clock, permits, streams, exports, metrics };
        Self { shared: Arc::new(shared) }
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

    /// Hears of records that arrive from now on.
    pub(crate) fn arrivals(&self) -> Arrivals {
        self.shared.reader.arrivals()
    }

    pub(crate) fn streams(&self) -> &Streams {
        &self.shared.streams
    }

    /// Ends tails and live flows once it is pulled, so that they do not hold up a stop.
    pub fn end_of_streams(&self) -> ShutdownTrigger {
        self.shared.streams.end()
    }

    /// Starts the time of work that needs no turn: a tail's look at what is new.
    pub(crate) fn run(&self) -> Run {
        Run::start(self.shared.cpu.clone(), &self.shared.clock, &self.shared.config)
    }

    /// Waits for a turn of `tenant` and starts the query's time.
    pub(crate) async fn turn(&self, tenant: &Tenant) -> Result<Turn<'_>> {
        let shared = &*self.shared;
        let deadline = shared.config.deadline();
        let permit = shared.permits.acquire(tenant, deadline).await.inspect_err(|error| {
            if matches!(error, Error::Busy { .. }) {
                shared.metrics.rejected.inc();
            }
        })?;
        let run = self.run();
        let running = &shared.metrics.running;
        running.inc();
        Ok(Turn { run, clock: &shared.clock, began: shared.clock.monotonic(), running, _permit: permit })
    }
}
