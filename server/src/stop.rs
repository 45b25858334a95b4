//! When the process stops, in which order, and how long each step may take.

use std::time::Duration;

use anyhow::Context as _;
use spoor_runtime::clock::Clock;
use spoor_runtime::error_kind::chain;
use spoor_runtime::shutdown::ShutdownTrigger;
use spoor_runtime::supervisor::Supervisor;
use spoor_store::Store;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::admin::Admin;

/// A listener lets requests in flight finish for ten seconds of these.
const LISTENER_LIMIT: Duration = Duration::from_secs(12);
/// What a background task may take to finish what it is at.
const TASK_LIMIT: Duration = Duration::from_secs(10);
/// How long hot rows are made into splits, so that the next start has nothing to read back. Orchestrators kill after
/// thirty seconds; what is not done by then is in the write-ahead log.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);

/// The signals that stop the process.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Starts to catch them; must run inside the async runtime.
    pub(crate) fn catch() -> anyhow::Result<Self> {
        let catch = |kind| signal(kind).context("failed to catch signals");
        Ok(Self { terminate: catch(SignalKind::terminate())?, interrupt: catch(SignalKind::interrupt())? })
    }

    /// Waits for the next one and returns its name.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// What runs, in the groups it stops in.
pub(crate) struct Running {
    pub admin: Admin,
    /// Ends tails and live flows, which would last as long as their readers; known once the parts are built.
    pub end_of_streams: Option<ShutdownTrigger>,
    /// Stopped first: nothing new comes in, requests in flight finish.
    pub listeners: Supervisor,
    /// Stopped next: what stands on the store.
    pub parts: Supervisor,
    /// Stopped last, once the store has published what it can.
    pub storage: Supervisor,
    /// The store, once it is open.
    pub store: Option<Store>,
    pub clock: Clock,
}

impl Running {
    /// Stops everything in order. What is acknowledged is in the write-ahead log, so a step that runs out of time
    /// loses nothing: the next start reads it back.
    pub(crate) async fn stop(mut self) {
        let begin = self.clock.monotonic();
        self.admin.stop();
        tracing::info!("stopping: not ready for new work");
        if let Some(end) = &self.end_of_streams {
            end.shut_down();
        }
        let late = self.listeners.stop(LISTENER_LIMIT).await;
        report("requests in flight have finished", &late, &self.clock, begin);
        let late = self.parts.stop(TASK_LIMIT).await;
        report("collector and query have finished", &late, &self.clock, begin);
        if let Some(store) = &self.store
            && let Err(error) = store.close(CLOSE_LIMIT).await
        {
            tracing::error!(error = chain(&error), "failed to close the store");
        }
        let late = self.storage.stop(TASK_LIMIT).await;
        report("the store is closed", &late, &self.clock, begin);
    }
}

fn report(step: &str, late: &[&str], clock: &Clock, begin: Duration) {
    let elapsed_ms = millis(clock.monotonic().saturating_sub(begin));
    if late.is_empty() {
        tracing::info!(elapsed_ms, "stopping: {step}");
    } else {
        tracing::warn!(elapsed_ms, dropped = late.join(" "), "stopping: {step}, some were dropped");
    }
}

/// JSON has no room for the 128 bits that the standard library counts in.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
