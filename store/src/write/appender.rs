//! The one thread that appends: WAL first, then hot rows. Being alone, it keeps WAL order and row order the same, so
//! that a split covers a range of the WAL.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use spoor_runtime::clock::Clock;
use tokio::sync::{mpsc, oneshot};

use super::admission::{Admission, Queued};
use super::committer::Waiting;
use super::duplicates::Duplicates;
use super::writer::Appended;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::hot::HotRows;
use crate::metrics::StoreMetrics;
use crate::model::{Batch, Tenant};
use crate::rollup::Rollups;
use crate::view::Views;
use crate::wal::{FrameHead, Payload, WalWriter};

/// Most commands taken together: one WAL write, one group for the committer.
const GROUP_MAX: usize = 64;

/// Most tenants with hot rows at a time; each has dictionaries of its own.
const HOT_TENANTS_MAX: usize = 1_000;

/// A set of rows is large from this part of the memory at which it is sealed.
const LARGE_PART: u64 = 4;

/// What the appender is told.
pub(crate) enum Command {
    /// Append a batch.
    Append(Box<Append>),
    /// Seal hot rows that are past the age limit; when there are none at all, let the WAL go of everything.
    Tidy,
    /// Seal all hot rows, and say when they have been handed over.
    SealAll(oneshot::Sender<()>),
}

/// Rows on their way to the publisher.
pub(crate) struct Sealed {
    pub(crate) rows: Arc<HotRows>,
    /// Dropped once they are published.
    pub(crate) _published: Option<oneshot::Sender<()>>,
}

/// A batch to append, and whom to answer.
pub(crate) struct Append {
    pub(crate) batch: Batch,
    pub(crate) payload: Payload,
    pub(crate) answer: oneshot::Sender<Result<Appended>>,
    /// Held until the batch is in the hot rows, which count it from then on.
    pub(crate) _queued: Queued,
}

/// Everything the thread owns.
pub(crate) struct Appender {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) wal: WalWriter,
    pub(crate) views: Views,
    pub(crate) open: OpenRows,
    pub(crate) duplicates: Duplicates,
    pub(crate) admission: Admission,
    pub(crate) committer: SyncSender<Vec<Waiting>>,
    pub(crate) publisher: mpsc::Sender<Sealed>,
    /// Hears when the last large set of rows that was handed over is published.
    pub(crate) large_on_its_way: Option<oneshot::Receiver<()>>,
    pub(crate) metrics: StoreMetrics,
}

/// The hot rows that take records now, by tenant.
pub(crate) struct OpenRows {
    rollups: Rollups,
    rows: HashMap<Tenant, (Arc<HotRows>, Duration)>,
}

impl OpenRows {
    pub(crate) fn new(rollups: Rollups) -> Self {
        Self { rollups, rows: HashMap::new() }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<HotRows>> {
        self.rows.values().map(|(rows, _)| rows)
    }

    /// The rows of `tenant`, opened now when there are none.
    pub(crate) fn get(&mut self, tenant: &Tenant, views: &Views, now: Duration) -> Arc<HotRows> {
        if let Some((rows, _)) = self.rows.get(tenant) {
            return Arc::clone(rows);
        }
        let rows = Arc::new(HotRows::with(tenant.clone(), self.rollups.open(tenant)));
        views.add_hot(Arc::clone(&rows));
        self.rows.insert(tenant.clone(), (Arc::clone(&rows), now));
        rows
    }

    /// Takes out the rows for which `ripe(rows, since when open)`.
    pub(crate) fn take(&mut self, ripe: impl Fn(&HotRows, Duration) -> bool) -> Vec<Arc<HotRows>> {
        self.rows.extract_if(|_, (rows, since)| ripe(rows, *since)).map(|(_, (rows, _))| rows).collect()
    }
}

impl Appender {
    /// Runs until every sender of commands is gone.
    pub(crate) fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut group = Vec::new();
        while let Some(first) = commands.blocking_recv() {
            let mut next = Some(first);
            while let Some(command) = next {
                match command {
                    Command::Append(append) => group.push(*append),
                    Command::Tidy => {
                        self.append(&mut group);
                        self.tidy();
                    }
                    Command::SealAll(done) => {
                        self.append(&mut group);
                        let all = self.open.take(|_, _| true);
                        self.hand_over(all);
                        if done.send(()).is_err() {
                            tracing::debug!("who asked to seal stopped waiting");
                        }
                    }
                }
                next = if group.len() < GROUP_MAX { commands.try_recv().ok() } else { None };
            }
            self.append(&mut group);
        }
    }

    fn tidy(&mut self) {
        let (age, now) = (Duration::from_secs(self.config.split_age_seconds), self.clock.monotonic());
        let old = self.open.take(|_, since| now.saturating_sub(since) >= age);
        self.hand_over(old);
        if self.views.get().hot().next().is_none()
            && let Err(error) = self.wal.clear()
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "failed to truncate the write-ahead log"
            );
        }
    }

    fn append(&mut self, group: &mut Vec<Append>) {
        if group.is_empty() {
            return;
        }
        let mut stored: Vec<(Append, u64)> = Vec::with_capacity(group.len());
        let mut waiting = Vec::with_capacity(group.len());
        let mut failed = Vec::new();
        for append in group.drain(..) {
            match self.log(&append) {
                Ok(Some(sequence)) => stored.push((append, sequence)),
                Ok(None) => waiting.push(Waiting { answer: append.answer, outcome: Appended::Duplicate }),
                Err(error) => failed.push((append.answer, error)),
            }
        }
        if self.wal.flush().is_err() {
            for (append, _) in stored.drain(..) {
                // Asked again so that each gets its own error: the log stays stopped.
                let error = self.wal.flush().err().unwrap_or(Error::Closed);
                failed.push((append.answer, error));
            }
        }
        for (append, sequence) in stored {
            self.show(&append.batch, sequence);
            waiting.push(Waiting { answer: append.answer, outcome: Appended::Stored });
        }
        for (answer, error) in failed {
            drop(answer.send(Err(error)));
        }
        if !waiting.is_empty() {
            self.views.announce();
        }
        self.account();
        // The committer outlives this thread, which holds the only sender.
        drop(self.committer.send(waiting));
        let full = self.open.take(|rows, _| rows.is_full(&self.config));
        self.hand_over(full);
    }

    /// Writes a batch to the WAL's buffer; `None` for one that was stored before.
    fn log(&mut self, append: &Append) -> Result<Option<u64>> {
        let batch = &append.batch;
        if self.duplicates.contains(batch.fingerprint, batch.arrival) {
            self.metrics.duplicate_requests.inc();
            return Ok(None);
        }
        let known = self.open.rows.contains_key(&batch.tenant);
        if !known && self.open.rows.len() >= HOT_TENANTS_MAX {
            return Err(Error::Budget { budget: "tenants", retry_after: Duration::from_secs(10) });
        }
        let head = FrameHead {
            tenant: batch.tenant.clone(),
            signal: batch.signal,
            arrival: batch.arrival,
            fingerprint: batch.fingerprint,
        };
        let sequence = self.wal.buffer(&head, &append.payload)?;
        self.duplicates.note(batch.fingerprint, batch.arrival);
        Ok(Some(sequence))
    }

    /// Makes a batch visible.
    fn show(&mut self, batch: &Batch, sequence: u64) {
        let now = self.clock.monotonic();
        self.open.get(&batch.tenant, &self.views, now).append(batch, sequence);
        self.metrics.records.inc_by(batch.len() as u64);
        self.metrics.request_bytes.inc_by(batch.bytes.len() as u64);
    }

    fn account(&self) {
        let view = self.views.get();
        self.admission.set_hot_bytes(view.hot().map(|rows| rows.memory()).sum());
    }

    /// Gives sealed rows to the publisher. Two large sets exist at most, this one and the one that opens after it: the
    /// appender, and with it all who write, waits for the large one before this to be published.
    fn hand_over(&mut self, sealed: Vec<Arc<HotRows>>) {
        for rows in sealed {
            let mut published = None;
            if rows.memory() >= self.config.split_bytes / LARGE_PART {
                if let Some(before) = self.large_on_its_way.take() {
                    // Nothing is ever sent; the sender goes when the rows are published.
                    drop(before.blocking_recv());
                }
                let (sender, receiver) = oneshot::channel();
                (published, self.large_on_its_way) = (Some(sender), Some(receiver));
            }
            if self.publisher.blocking_send(Sealed { rows, _published: published }).is_err() {
                tracing::debug!("publisher is gone; the rows stay in the write-ahead log");
            }
        }
    }
}
