//! Group commit: one thread that makes what was appended durable and answers whoever waits for it.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use spoor_runtime::clock::Clock;
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
pub(crate) fn run(groups: &Receiver<Vec<Waiting>>, wal: &WalSyncer, sync: Sync, clock: &Clock) {
    let mut synced_at = clock.monotonic();
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
            Sync::Never | Sync::Interval => answer(waiting, || wal.check_running()),
        }
        if sync == Sync::Interval && clock.monotonic() - synced_at >= INTERVAL {
            report(wal.sync());
            synced_at = clock.monotonic();
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;

    use bytes::Bytes;

    use super::*;
    use crate::disk::faulty::FaultyDisk;
    use crate::model::{Signal, Tenant};
    use crate::wal::{FrameHead, Payload, Wal, WalConfig};

    fn group() -> (Vec<Waiting>, oneshot::Receiver<Result<Appended>>) {
        let (answer, answered) = oneshot::channel();
        (vec![Waiting { answer, outcome: Appended::Stored }], answered)
    }

    #[test]
    fn each_second_is_synced_though_the_groups_never_pause() {
        let disk = Arc::new(FaultyDisk::new(1));
        let (mut writer, wal, _) = Wal::open(disk, Path::new("/wal"), WalConfig::default()).expect("opened");
        let head = FrameHead { tenant: Tenant::default(), signal: Signal::Logs, arrival: 1, fingerprint: 1 };
        let sequence = writer.buffer(&head, &Payload::raw(Bytes::from_static(b"request"))).expect("buffered");
        writer.flush().expect("written");

        let (clock, hand) = Clock::manual(0);
        let (groups, groups_in) = sync_channel(1);
        let syncer = wal.clone();
        let thread = std::thread::spawn(move || run(&groups_in, &syncer, Sync::Interval, &clock));
        let mut seen = Vec::new();
        for _ in 0..3 {
            let (group, answered) = group();
            groups.send(group).expect("running");
            assert_eq!(answered.blocking_recv().expect("answered").expect("not failed"), Appended::Stored);
            seen.push(wal.durable() >= sequence);
            hand.advance(INTERVAL);
        }
        drop(groups);
        thread.join().expect("not panicked");
        assert_eq!((seen[0], seen[2]), (false, true), "after the first group, after the third");
    }
}
