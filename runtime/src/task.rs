//! A unit of background work, with its answers to "it failed" and "stop" decided before its loop is written.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::shutdown::{Shutdown, ShutdownTrigger};

/// Why a task failed.
pub type TaskError = Box<dyn Error + Send + Sync>;

/// What the process does when the task returns an error or panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The process shuts down: without this task it cannot keep its promises.
    ShutDown,
    /// The failure is logged and counted; the process goes on without the task.
    Degrade,
}

/// What stopping means for the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStop {
    /// The task is told to stop and gets time to finish.
    Finish,
    /// The task is dropped at its next `.await`.
    Abort,
}

/// Work that a part returns from its `build` and the supervisor runs.
pub struct Task {
    pub(crate) name: &'static str,
    pub(crate) on_error: OnError,
    pub(crate) on_stop: OnStop,
    pub(crate) stop: ShutdownTrigger,
    pub(crate) future: Pin<Box<dyn Future<Output = Result<(), TaskError>> + Send>>,
}

impl Task {
    /// Creates a task. With [`OnStop::Finish`] the future must end by itself once its part is closed;
    /// one that wants to be told uses [`Task::told`].
    pub fn new(
        name: &'static str,
        on_error: OnError,
        on_stop: OnStop,
        future: impl Future<Output = Result<(), TaskError>> + Send + 'static,
    ) -> Self {
        let (stop, _) = ShutdownTrigger::new();
        Self { name, on_error, on_stop, stop, future: Box::pin(future) }
    }

    /// Creates a task that is told when to stop, and then has the supervisor's limit to finish.
    pub fn told<F>(name: &'static str, on_error: OnError, start: impl FnOnce(Shutdown) -> F) -> Self
    where
        F: Future<Output = Result<(), TaskError>> + Send + 'static,
    {
        let (stop, token) = ShutdownTrigger::new();
        Self { name, on_error, on_stop: OnStop::Finish, stop, future: Box::pin(start(token)) }
    }

    /// Returns the name the task has in logs and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the task here, without a supervisor: for tests of the part that made it.
    ///
    /// # Errors
    /// Whatever the task fails with.
    pub async fn run(self) -> Result<(), TaskError> {
        self.future.await
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Task")
            .field("name", &self.name)
            .field("on_error", &self.on_error)
            .field("on_stop", &self.on_stop)
            .finish_non_exhaustive()
    }
}
