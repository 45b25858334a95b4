//! Stops the machine at every step of append, publish, merge, drop and collect: what was acknowledged is found once.
//!
//! The order of steps is that of the publisher and the maintainer; a split's file holds the numbers of its requests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::garbage::{Retired, collect, sweep};
use crate::catalog::memory::MemoryCatalog;
use crate::catalog::{Catalog as _, SplitMeta};
use crate::disk::Disk as _;
use crate::disk::faulty::{Fault, FaultyDisk};
use crate::error::Result;
use crate::maintain::sample;
use crate::model::{Signal, SplitId, Tenant};
use crate::objects::{self, SplitFiles};
use crate::paths::Paths;
use crate::wal::{FrameHead, Payload, Wal, WalConfig, WalSyncer, WalWriter};

/// What the world outside knows of the machine.
#[derive(Debug, Default)]
struct Outside {
    sent: u64,
    acknowledged: BTreeSet<u64>,
    /// Retention may have dropped these.
    dropped: BTreeSet<u64>,
}

/// The machine, running.
struct Machine {
    disk: FaultyDisk,
    paths: Paths,
    catalog: MemoryCatalog,
    files: Arc<dyn SplitFiles>,
    writer: WalWriter,
    syncer: WalSyncer,
    /// Sequence and number of what is in no split.
    hot: Vec<(u64, u64)>,
}

impl Machine {
    async fn start(disk: &FaultyDisk, catalog: &MemoryCatalog) -> Result<Self> {
        let paths = Paths::new(Path::new("/data"));
        disk.create_dir_all(&paths.staging())?;
        for leftover in disk.list(&paths.staging())? {
            disk.remove(&paths.staging().join(leftover.name))?;
        }
        let state = catalog.load().await?;
        let shared: Arc<dyn crate::disk::Disk> = Arc::new(disk.clone());
        let files = objects::open("", &paths, Arc::clone(&shared)).await?;
        let swept = sweep(&*files, catalog, &state.splits).await?;
        assert_eq!(swept.missing, [], "a published split has its file");
        let config = WalConfig { file_bytes: 400, first_sequence: state.highest_sequence() + 1 };
        let (writer, syncer, replay) = Wal::open(shared, &paths.wal(), config)?;
        let mut hot = Vec::new();
        for frame in replay.pass_over(state.published) {
            let frame = frame?;
            hot.push((frame.sequence, number(&frame.body)));
        }
        let (disk, catalog) = (disk.clone(), catalog.clone());
        Ok(Self { disk, paths, catalog, files, writer, syncer, hot })
    }

    fn append(&mut self, outside: &mut Outside) -> Result<()> {
        outside.sent += 1;
        let number = outside.sent;
        let head = FrameHead {
            tenant: Tenant::default(),
            signal: Signal::Logs,
            arrival: number,
            fingerprint: u128::from(number),
        };
        let payload = Payload::raw(Bytes::copy_from_slice(&number.to_le_bytes()));
        let sequence = self.writer.buffer(&head, &payload)?;
        self.writer.flush()?;
        self.hot.push((sequence, number));
        self.syncer.sync()?;
        outside.acknowledged.insert(number);
        Ok(())
    }

    async fn put(&self, split: SplitId, numbers: impl IntoIterator<Item = u64>) -> Result<()> {
        let staged = self.paths.staged(split);
        let content: Vec<u8> = numbers.into_iter().flat_map(u64::to_le_bytes).collect();
        let file = self.disk.create(&staged)?;
        file.write_all(&content)?;
        file.sync_data()?;
        self.files.put(split, &staged).await
    }

    async fn publish(&mut self) -> Result<()> {
        let [(first_sequence, _), .., (last_sequence, _)] = self.hot[..] else { return Ok(()) };
        let split = SplitMeta { first_sequence, last_sequence, ..sample::split(self.hot.len() as u32) };
        self.put(split.id, self.hot.iter().map(|(_, number)| *number)).await?;
        self.catalog.publish(&split, &[]).await?;
        self.hot.clear();
        self.syncer.truncate(last_sequence)
    }

    async fn merge(&mut self) -> Result<()> {
        let old = self.catalog.load().await?.splits;
        let mut numbers = Vec::new();
        for split in &old {
            numbers.extend(self.read(split.id).await?);
        }
        let merged = sample::split(numbers.len() as u32);
        self.put(merged.id, numbers).await?;
        let old: Vec<SplitId> = old.iter().map(|split| split.id).collect();
        self.catalog.replace(&old, &[merged]).await?;
        collect(&*self.files, &self.catalog, &mut Retired::<()>::default()).await
    }

    async fn drop_oldest(&mut self, outside: &mut Outside) -> Result<()> {
        let splits = self.catalog.load().await?.splits;
        let Some(oldest) = splits.first() else { return Ok(()) };
        outside.dropped.extend(self.read(oldest.id).await?);
        self.catalog.drop_splits(&[oldest.id]).await?;
        collect(&*self.files, &self.catalog, &mut Retired::<()>::default()).await
    }

    async fn read(&self, split: SplitId) -> Result<Vec<u64>> {
        let path: PathBuf = self.files.open(split).await?;
        Ok(self.disk.read(&path)?.chunks(8).map(number).collect())
    }

    /// Every number that a query would find, and the splits that have a file.
    async fn found(&self) -> Result<(Vec<u64>, BTreeSet<SplitId>)> {
        let mut numbers: Vec<u64> = self.hot.iter().map(|(_, number)| *number).collect();
        for split in self.catalog.load().await?.splits {
            numbers.extend(self.read(split.id).await?);
        }
        numbers.sort_unstable();
        Ok((numbers, self.files.list().await?.into_iter().map(|file| file.split).collect()))
    }
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

/// Two rounds of everything, with a restart between them.
async fn work(disk: &FaultyDisk, catalog: &MemoryCatalog, outside: &mut Outside) -> Result<()> {
    for _ in 0..2 {
        let mut machine = Machine::start(disk, catalog).await?;
        for _ in 0..3 {
            for _ in 0..3 {
                machine.append(outside)?;
            }
            machine.publish().await?;
        }
        machine.merge().await?;
        machine.append(outside)?;
        machine.append(outside)?;
        machine.publish().await?;
        machine.drop_oldest(outside).await?;
        machine.append(outside)?;
    }
    Ok(())
}

async fn check(disk: &FaultyDisk, catalog: &MemoryCatalog, outside: &Outside, context: &str) {
    let machine = match Machine::start(disk, catalog).await {
        Ok(machine) => machine,
        Err(error) => panic!("{context}: {}", spoor_runtime::error_kind::chain(&error)),
    };
    let (numbers, files) = machine.found().await.expect("readable");
    let found: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!(found.len(), numbers.len(), "{context}: twice in {numbers:?}");
    let owed: BTreeSet<u64> = outside.acknowledged.difference(&outside.dropped).copied().collect();
    assert!(owed.is_subset(&found), "{context}: {owed:?} are owed, {found:?} found");
    assert!(found.iter().all(|number| *number <= outside.sent), "{context}: {found:?}");
    let named = catalog.load().await.expect("loaded").splits.iter().map(|split| split.id).collect();
    assert_eq!(files, named, "{context}: files and catalog agree");
    assert_eq!(catalog.garbage().await.expect("loaded"), [], "{context}");
}

#[tokio::test]
async fn stopping_at_any_step_loses_nothing_acknowledged_and_doubles_nothing() {
    for step in 0.. {
        for seed in 0..6 {
            let disk = FaultyDisk::new(seed);
            let catalog = MemoryCatalog::new(&disk);
            let mut outside = Outside::default();
            disk.fault_at(step, Fault::Stop);
            let stopped = work(&disk, &catalog, &mut outside).await.is_err();
            for (restarted, how) in [(disk.after_kill(), "kill"), (disk.after_power_loss(seed), "power loss")]
            {
                let context = format!("{how} at step {step}, seed {seed}");
                check(&restarted, &catalog.on(&restarted), &outside, &context).await;
            }
            if !stopped {
                assert!(step > 150, "only {step} steps");
                return;
            }
        }
    }
}

#[tokio::test]
async fn an_operation_that_fails_once_at_any_step_loses_nothing_acknowledged() {
    for step in 0.. {
        let disk = FaultyDisk::new(step);
        let catalog = MemoryCatalog::new(&disk);
        let mut outside = Outside::default();
        disk.fault_at(step, Fault::Fail(std::io::ErrorKind::Other));
        let failed = work(&disk, &catalog, &mut outside).await.is_err();
        // The process ends with the failure, or the power does.
        for (restarted, how) in [(disk.after_kill(), "kill"), (disk.after_power_loss(step), "power loss")] {
            let context = format!("{how} after failure of step {step}");
            check(&restarted, &catalog.on(&restarted), &outside, &context).await;
        }
        if !failed {
            return;
        }
    }
}
