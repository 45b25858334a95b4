//! Runs tasks, notices when one fails, stops them in order.
#![expect(clippy::disallowed_methods, reason = "the one place that spawns")]

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::error_kind::chain;
use crate::shutdown::ShutdownTrigger;
use crate::task::{OnError, OnStop, Task, TaskError};

/// Failures kept until somebody asks; the first one already stops the process.
const FAILURES_MAX: usize = 16;

/// A task that may not fail did.
#[derive(Debug, thiserror::Error)]
#[error("task {task} failed")]
pub struct Failure {
    /// The failed task.
    pub task: &'static str,
    /// What it returned, or what it panicked with.
    pub source: TaskError,
}

/// A task ended by a panic.
#[derive(Debug, thiserror::Error)]
#[error("panicked: {message}")]
pub struct Panicked {
    /// The panic's message.
    pub message: String,
}

/// Owns the running background tasks.
#[derive(Debug)]
pub struct Supervisor {
    clock: Clock,
    running: Vec<Running>,
    failures_in: mpsc::Sender<Failure>,
    failures: mpsc::Receiver<Failure>,
    pub(super) failed_total: Family<TaskLabel, Counter>,
}

impl Supervisor {
    /// Creates a supervisor without tasks.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let (failures_in, failures) = mpsc::channel(FAILURES_MAX);
        Self { clock, running: Vec::new(), failures_in, failures, failed_total: Family::default() }
    }

    /// Registers the count of failed tasks.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "task_failures",
            "Background tasks that failed or panicked",
            self.failed_total.clone(),
        );
    }

    /// Starts a task. Tasks stop in the reverse of the order they were started in.
    pub fn start(&mut self, task: Task) {
        let Task { name, on_error, on_stop, stop, future } = task;
        let failures = self.failures_in.clone();
        let failed_total = self.failed_total.clone();
        let handle = tokio::spawn(async move {
            let source: TaskError = match AssertUnwindSafe(future).catch_unwind().await {
                Ok(Ok(())) => return tracing::debug!(task = name, "task ended"),
                Ok(Err(source)) => source,
                Err(panic) => Box::new(Panicked { message: panic_message(&*panic) }),
            };
            failed_total.get_or_create(&TaskLabel { task: name }).inc();
            tracing::error!(task = name, error = chain(&*source), "task failed");
            if on_error == OnError::ShutDown {
                // A full queue means the process is shutting down for an earlier failure.
                drop(failures.try_send(Failure { task: name, source }));
            }
        });
        self.running.push(Running { name, on_stop, stop, handle });
    }

    /// Starts all of `tasks`, in order.
    pub fn start_all(&mut self, tasks: impl IntoIterator<Item = Task>) {
        for task in tasks {
            self.start(task);
        }
    }

    /// Waits until a task that may not fail has failed; for ever when none does.
    pub async fn failure(&mut self) -> Failure {
        match self.failures.recv().await {
            Some(failure) => failure,
            // Unreachable while `failures_in` lives; waiting is the honest answer anyway.
            None => std::future::pending().await,
        }
    }

    /// Stops every task, last started first, each with at most `limit` to finish.
    ///
    /// Returns the names of the tasks that did not finish in time and were dropped.
    pub async fn stop(&mut self, limit: Duration) -> Vec<&'static str> {
        let mut late = Vec::new();
        while let Some(mut running) = self.running.pop() {
            if !running.stop(&self.clock, limit).await {
                late.push(running.name);
            }
        }
        late
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        for running in &self.running {
            running.handle.abort();
        }
    }
}

#[derive(Debug)]
struct Running {
    name: &'static str,
    on_stop: OnStop,
    stop: ShutdownTrigger,
    handle: JoinHandle<()>,
}

impl Running {
    /// Returns whether the task ended in time.
    async fn stop(&mut self, clock: &Clock, limit: Duration) -> bool {
        self.stop.shut_down();
        if self.on_stop == OnStop::Abort {
            self.handle.abort();
        }
        // A task that was aborted ends with a join error, which is an end all the same.
        if clock.timeout(limit, &mut self.handle).await.is_ok() {
            return true;
        }
        tracing::warn!(
            task = self.name,
            limit_seconds = limit.as_secs_f64(),
            "task did not stop in time and was dropped"
        );
        self.handle.abort();
        false
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct TaskLabel {
    pub(super) task: &'static str,
}

pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
