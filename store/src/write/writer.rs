//! The handle that batches are appended with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use spoor_runtime::clock::Clock;
use tokio::sync::{mpsc, oneshot};

use super::admission::Admission;
use super::appender::{Append, Command};
use crate::error::{Error, Result};
use crate::model::Batch;
use crate::wal::{Payload, PayloadEncoder};

/// How long a batch waits for a place in the appender's queue; then its sender is told to try again.
const ENTRY_MAX: Duration = Duration::from_secs(5);

/// When a sender that was told so should try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Appends batches; cheap to clone.
#[derive(Clone)]
pub struct Writer {
    clock: Clock,
    commands: mpsc::Sender<Command>,
    admission: Admission,
    /// Idle encoders; each is some hundred KB of tables, so they are kept. Locked to take one and to give it back.
    encoders: Arc<Mutex<Vec<PayloadEncoder>>>,
}

/// What became of an appended batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Stored, visible, durable.
    Stored,
    /// The same bytes were stored within the last ten minutes; nothing was added.
    Duplicate,
}

impl Writer {
    pub(crate) fn new(commands: mpsc::Sender<Command>, admission: Admission, clock: Clock) -> Self {
        Self { clock, commands, admission, encoders: Arc::default() }
    }

    /// Whether `bytes` more may come in: budgets of hot rows, WAL and disk. Cheap; ask before reading a body.
    pub fn admit(&self, bytes: usize) -> Result<()> {
        self.admission.check(bytes)
    }

    /// Appends a batch; returns when it is visible and durable. When the future is dropped the batch may or may not
    /// be stored.
    pub async fn append(&self, batch: Batch) -> Result<Appended> {
        let queued = self.admission.enter(batch.bytes.len())?;
        let payload = self.pack(&batch);
        let (answer, answered) = oneshot::channel();
        let append = Append { batch, payload, answer, _queued: queued };
        let sent = self.commands.send(Command::Append(Box::new(append)));
        match self.clock.timeout(ENTRY_MAX, sent).await {
            Ok(sent) => sent.map_err(|_| Error::Closed)?,
            Err(_elapsed) => return Err(Error::Budget { budget: "append queue", retry_after: RETRY_AFTER }),
        }
        answered.await.map_err(|_| Error::Closed)?
    }

    fn pack(&self, batch: &Batch) -> Payload {
        let idle = || self.encoders.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut encoder = taken.unwrap_or_else(PayloadEncoder::new);
        let payload = encoder.encode(&batch.bytes);
        idle().push(encoder);
        payload
    }
}
