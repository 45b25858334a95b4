//! The log when the disk fails, fills up or stops at any step.

use super::*;

#[test]
fn after_a_failed_sync_or_write_nothing_is_appended_synced_or_truncated() {
    for step in 0..2 {
        let disk = FaultyDisk::new(1);
        let (mut writer, syncer, _) = open(&disk);
        append(&mut writer, 1..=2);
        disk.fault_at(disk.steps() + step, Fault::Fail(io::ErrorKind::Other));
        let failed = append_one(&mut writer, 3).and_then(|_| syncer.sync());
        assert!(matches!(failed, Err(Error::File { .. })), "step {step}: {failed:?}");
        let durable = syncer.durable();
        for error in [
            syncer.sync().unwrap_err(),
            append_one(&mut writer, 4).unwrap_err(),
            writer.flush().unwrap_err(),
            syncer.truncate(2).unwrap_err(),
        ] {
            assert!(
                matches!(&error, Error::WalStopped { reason } if reason.contains("failed to ")),
                "{error}"
            );
        }
        assert_eq!((syncer.durable(), durable), (0, 0));
    }
}

#[test]
fn a_full_disk_stops_the_log_and_a_restart_finds_what_was_acknowledged() {
    let disk = FaultyDisk::new(1);
    disk.set_capacity(2_000);
    let (mut writer, syncer, _) = open_with(&disk, small_files()).unwrap();
    let mut acknowledged = 0;
    let error = loop {
        let number = acknowledged + 1;
        match append_one(&mut writer, number).and_then(|_| syncer.sync()) {
            Ok(durable) => acknowledged = durable,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::File { source, .. } if source.kind() == io::ErrorKind::StorageFull));
    let restarted = disk.after_power_loss(9);
    restarted.set_capacity(10_000);
    assert_eq!(replayed(&restarted).unwrap(), (1..=acknowledged).map(frame).collect::<Vec<_>>());
}

#[test]
fn a_sync_on_another_thread_covers_what_was_written_before_it() {
    let disk = FaultyDisk::new(1);
    let (mut writer, syncer, _) =
        open_with(&disk, WalConfig { file_bytes: 4_000, ..WalConfig::default() }).unwrap();
    std::thread::scope(|scope| {
        let (written, syncs) = mpsc::sync_channel(4);
        scope.spawn(move || {
            for sequence in syncs {
                assert!(syncer.sync().unwrap() >= sequence);
            }
        });
        for number in 1..=300 {
            append(&mut writer, number..=number);
            written.send(number).unwrap();
        }
    });
    assert_eq!(replayed(&disk.after_power_loss(1)).unwrap().len(), 300);
}

/// A file whose first sync fails, once the test lets it.
#[derive(Debug)]
struct FirstSyncFails {
    entered: Mutex<mpsc::SyncSender<()>>,
    go: Mutex<mpsc::Receiver<()>>,
}

impl DiskFile for FirstSyncFails {
    fn write_all(&self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        self.entered.lock().unwrap().send(()).unwrap();
        match self.go.lock().unwrap().recv() {
            Ok(()) => {
                Err(Error::File { action: "sync", path: "f".into(), source: io::ErrorKind::Other.into() })
            }
            // The kernel reports a failure once.
            Err(_) => Ok(()),
        }
    }
}

#[test]
fn a_sync_that_waited_for_one_that_failed_fails_too() {
    let ((entered, has_entered), (let_go, go)) = (mpsc::sync_channel(2), mpsc::sync_channel(1));
    let file = Arc::new(FirstSyncFails { entered: Mutex::new(entered), go: Mutex::new(go) });
    let disk = Arc::new(FaultyDisk::new(1));
    let shared = Arc::new(Shared::new(disk, Path::new(DIR), file, VecDeque::new(), 0));
    shared.wrote(1);
    let syncer = WalSyncer { shared };
    std::thread::scope(|scope| {
        let first = scope.spawn(|| syncer.sync());
        has_entered.recv().unwrap();
        let second = scope.spawn(|| syncer.sync());
        // Gives the second time to arrive; were it late, it would fail all the same.
        for _ in 0..10_000 {
            std::thread::yield_now();
        }
        let_go.send(()).unwrap();
        drop(let_go);
        assert!(matches!(first.join().unwrap(), Err(Error::File { .. })));
        assert!(matches!(second.join().unwrap(), Err(Error::WalStopped { .. })));
    });
    assert_eq!(syncer.durable(), 0);
}

/// Appends, syncs, rolls and truncates until the disk stops at `step`. Returns the highest sequence known durable,
/// the highest appended, and the highest truncated through; `None` when the disk never stopped.
fn run_until_stopped(disk: &FaultyDisk, step: u64) -> Option<(u64, u64, u64)> {
    disk.fault_at(step, Fault::Stop);
    let (mut durable, mut appended, mut truncated) = (0, 0, 0);
    let mut run = || -> Result<()> {
        let (mut writer, syncer, _) = open_with(disk, small_files())?;
        for number in 1..=12 {
            appended = number;
            append_one(&mut writer, number)?;
            if number % 3 != 0 {
                durable = syncer.sync()?;
            }
            if number % 5 == 0 {
                truncated = number - 3;
                syncer.truncate(truncated)?;
            }
        }
        Ok(())
    };
    run().is_err().then_some((durable, appended, truncated))
}

#[test]
fn stopping_at_any_step_loses_nothing_durable_and_repeats_nothing() {
    let mut step = 0;
    loop {
        for seed in 0..40 {
            let disk = FaultyDisk::new(seed);
            let Some((durable, appended, truncated)) = run_until_stopped(&disk, step) else {
                assert!(step > 40, "{step}");
                return;
            };
            for restarted in [disk.after_kill(), disk.after_power_loss(seed)] {
                let frames =
                    replayed(&restarted).unwrap_or_else(|error| panic!("step {step} seed {seed}: {error}"));
                let last = frames.last().map_or(truncated, |frame| frame.sequence);
                assert!(
                    last >= durable && last <= appended,
                    "step {step} seed {seed}: {durable} {last} {appended}"
                );
                let first = frames.first().map_or(last + 1, |frame| frame.sequence);
                assert!(first <= truncated + 1, "step {step} seed {seed}: {truncated} {first}");
                assert_eq!(frames, (first..=last).map(frame).collect::<Vec<_>>(), "step {step} seed {seed}");
            }
        }
        step += 1;
    }
}
