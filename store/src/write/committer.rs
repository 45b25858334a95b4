//! Group commit: one thread that makes what was appended durable and answers whoever waits for it.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::writer::Appended;
use crate::config::Sync;
use crate::error::Result;
use crate::wal::WalSyncer;

/// How often the WAL is synced with [`Sync::Interval`].
const INTERVAL: Duration = Duration::from_secs(1);

/// Somebody who waits for an append to be durable.
pub(crate) struct Waiting {
    pub(crate) answer: oneshot::Sender<Result<Appended>>,
    pub(crate) outcome: Appended,
}

/// Runs until the appender hangs up; then syncs once more.
pub(crate) fn run(groups: &Receiver<Vec<Waiting>>, wal: &WalSyncer, sync: Sync) {
    loop {
        let group = match groups.recv_timeout(INTERVAL) {
            Ok(group) => group,
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let waiting: Vec<Waiting> = group.into_iter().chain(groups.try_iter().flatten()).collect();
        match sync {
            Sync::Group if waiting.is_empty() => {}
            Sync::Group => answer(waiting, || wal.sync().map(drop)),
            Sync::Never => answer(waiting, || Ok(())),
            Sync::Interval => {
                let idle = waiting.is_empty();
                answer(waiting, || Ok(()));
                if idle {
                    report(wal.sync());
                }
            }
        }
    }
    if sync != Sync::Never {
        report(wal.sync());
    }
}

/// Answers all with the outcome of one `commit`.
fn answer(waiting: Vec<Waiting>, commit: impl Fn() -> Result<()>) {
    let mut failed = commit().is_err();
    for one in waiting {
        let answer = if failed { commit().map(|()| one.outcome) } else { Ok(one.outcome) };
        failed |= answer.is_err();
        // Who no longer listens does not need the answer.
        drop(one.answer.send(answer));
    }
}

fn report(synced: Result<u64>) {
    if let Err(error) = synced {
        tracing::error!(error = &error as &dyn std::error::Error, "failed to sync the write-ahead log");
    }
}
