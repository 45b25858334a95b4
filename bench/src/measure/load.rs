//! Loading the server under test: waves of the workload, and a watch on its memory meanwhile.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::server::Server;
use crate::cli::{RunArgs, Transport};
use crate::clock::unix_nanos;
use crate::commands;
use crate::generate::{Generated, Workload, generate};
use crate::load::{LoadOptions, LoadReport, Prepared, prepare, send_all};
use crate::process::{self, Memory};

/// How often memory is looked at.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);

/// Makes waves that share a seed and nothing else.
pub(super) struct Waves {
    seed: u64,
    unique_attributes: usize,
    next: u64,
}

impl Waves {
    /// Waves of the workload that the arguments ask for.
    pub(super) fn new(arguments: &RunArgs) -> Self {
        Self {
            seed: arguments.workload.seed,
            unique_attributes: arguments.workload.unique_attributes,
            next: 0,
        }
    }

    /// Waves whose records carry unique values.
    pub(super) fn unique(arguments: &RunArgs, unique_attributes: usize) -> Self {
        Self { unique_attributes, ..Self::new(arguments) }
    }

    /// The next wave, ending now.
    pub(super) fn next(&mut self, records: u64) -> Generated {
        let workload = Workload {
            seed: self.seed,
            wave: self.next,
            records,
            end: unix_nanos(),
            unique_attributes: self.unique_attributes,
        };
        self.next += 1;
        generate(&workload)
    }
}

/// The options for a server.
pub(super) fn options(arguments: &RunArgs, server: &Server, rate: Option<f64>) -> Result<LoadOptions> {
    let address =
        if arguments.sender.transport == Transport::Grpc { server.otlp_grpc } else { server.otlp_http };
    commands::load_options(&arguments.sender, address, rate)
}

/// A generated workload in its wire form.
pub(super) fn encoded(generated: &Generated, options: &LoadOptions) -> Result<Arc<[Prepared]>> {
    Ok(prepare(&generated.requests, options.wire)?.into())
}

/// Sends everything; every request must be acknowledged in full.
pub(super) async fn send(generated: &Generated, options: &LoadOptions) -> Result<LoadReport> {
    let report = send_all(encoded(generated, options)?, options).await?;
    complete(&report)?;
    Ok(report)
}

/// Checks that every request was acknowledged in full.
pub(super) fn complete(report: &LoadReport) -> Result<()> {
    ensure!(
        report.refused == 0 && report.lost == 0 && report.rejected_records == 0,
        "{} requests refused {:?}, {} lost, {} records rejected",
        report.refused,
        report.refusals,
        report.lost,
        report.rejected_records
    );
    Ok(())
}

/// Watches a process's memory while it lives.
pub(super) struct MemoryWatch {
    largest: Arc<Mutex<Memory>>,
    // Stops when dropped.
    _task: JoinSet<()>,
}

impl MemoryWatch {
    /// Starts to watch.
    pub(super) fn start(pid: u32) -> Self {
        let largest = Arc::new(Mutex::new(Memory::default()));
        let mut task = JoinSet::new();
        let seen = Arc::clone(&largest);
        task.spawn(async move {
            while let Ok(memory) = process::memory(pid) {
                {
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.peak = seen.peak.max(memory.peak);
                    seen.anonymous = seen.anonymous.max(memory.anonymous);
                    seen.resident = seen.resident.max(memory.resident);
                }
                tokio::time::sleep(WATCH_INTERVAL).await;
            }
        });
        Self { largest, _task: task }
    }

    /// The largest values seen so far.
    pub(super) fn largest(&self) -> Memory {
        *self.largest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
