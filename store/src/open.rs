//! Opens a data directory, in this order: lock, catalog, split files, WAL replay, threads and tasks.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use spoor_runtime::clock::Clock;
use spoor_runtime::cpu::CpuPool;
use spoor_runtime::metrics::Metrics;
use spoor_runtime::task::{OnError, OnStop, Task};
use tokio::sync::mpsc;

use crate::catalog::{self, Catalog, CatalogState};
use crate::config::Config;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::hot::HotRows;
use crate::maintain::{Maintainer, garbage};
use crate::metrics::StoreMetrics;
use crate::objects::{self, SplitFiles};
use crate::paths::{Paths, split_name};
use crate::rollup::{Roller, Rollups, SpanMetrics};
use crate::split::{SplitCache, SplitHandle};
use crate::store::{Decoder, Store};
use crate::view::Views;
use crate::wal::{Replay, Wal, WalConfig};
use crate::write::admission::Admission;
use crate::write::appender::{Appender, OpenRows};
use crate::write::duplicates::Duplicates;
use crate::write::publisher::Publisher;
use crate::write::{Writer, committer};

/// Commands on their way to the appender; senders wait past it.
const COMMANDS_MAX: usize = 256;

/// Sealed hot rows on their way to the publisher; the appender waits past it. Large ones it lets go one by one.
const SEALED_MAX: usize = 64;

/// Groups on their way to the committer; the appender waits past it.
const GROUPS_MAX: usize = 64;

/// Threads that build splits and do the store's file work.
const THREADS: usize = 2;

/// Pieces of work waiting for those threads.
const WORK_MAX: usize = 64;

/// Memory for decompressed blocks and pages, in bytes.
const CACHE_BYTES_MAX: u64 = 48 << 20;

/// Opens the store on any disk.
pub(crate) async fn open(
    config: Config,
    clock: Clock,
    metrics: &mut Metrics,
    decoder: Arc<dyn Decoder>,
    disk: Arc<dyn Disk>,
) -> Result<(Store, Vec<Task>)> {
    let paths = Paths::new(&config.data_dir);
    disk.create_dir_all(paths.root())?;
    let lock = disk.lock(&paths.lock())?;
    disk.create_dir_all(&paths.staging())?;
    for leftover in disk.list(&paths.staging())? {
        disk.remove(&paths.staging().join(leftover.name))?;
    }
    let catalog = catalog::open(&paths.catalog()).await?;
    let state = catalog.load().await?;
    let files = objects::open(&config.objects_url, &paths, Arc::clone(&disk)).await?;
    let cache = SplitCache::new(CACHE_BYTES_MAX);
    let views = Views::default();
    views.add_splits(handles(&state, &*files, &*catalog, &cache).await?);

    let first_sequence = state.highest_sequence() + 1;
    let wal_config = WalConfig { first_sequence, ..WalConfig::within(config.wal_bytes_max) };
    let (wal_writer, wal, replay) = Wal::open(Arc::clone(&disk), &paths.wal(), wal_config)?;
    let publisher = Publisher {
        clock: clock.clone(),
        cpu: CpuPool::new(THREADS, WORK_MAX),
        disk,
        paths,
        files,
        catalog,
        views: views.clone(),
        wal: wal.clone(),
        cache,
        metrics: StoreMetrics::register(metrics),
    };
    publisher.metrics.wal_torn_bytes.inc_by(replay.torn_bytes());
    let admission = Admission::new(&config, wal.clone());
    let rollups = rollups(&config, &clock, metrics);
    let mut recovery = Recovery {
        rollups: &rollups,
        publisher: &publisher,
        config: &config,
        state: &state,
        decoder: &*decoder,
    };
    let (open, duplicates) = recovery.replay(replay).await?;

    let (commands, commands_in) = mpsc::channel(COMMANDS_MAX);
    let (sealed, sealed_in) = mpsc::channel(SEALED_MAX);
    let (groups, groups_in) = sync_channel(GROUPS_MAX);
    let (syncer, sync, time) = (wal.clone(), config.sync, clock.clone());
    thread("spoor-commit", move || committer::run(&groups_in, &syncer, sync, &time))?;
    let appender = Appender {
        config: config.clone(),
        clock: clock.clone(),
        wal: wal_writer,
        views: views.clone(),
        open,
        duplicates,
        admission: admission.clone(),
        committer: groups,
        publisher: sealed,
        large_on_its_way: None,
        metrics: publisher.metrics.clone(),
    };
    thread("spoor-append", move || appender.run(commands_in))?;
    let maintainer = Maintainer::new(config, publisher.clone(), admission.clone(), commands.downgrade());
    let roller = Roller::new(rollups, publisher.clone());
    let tasks = vec![
        task("publish splits", async move { publisher.run(sealed_in).await }),
        task("maintain splits", maintainer.run()),
        task("roll up spans", roller.run()),
    ];
    let writer = Writer::new(commands.clone(), admission, clock.clone());
    Ok((Store { clock, views, commands, writer, wal, _lock: lock }, tasks))
}

fn rollups(config: &Config, clock: &Clock, metrics: &mut Metrics) -> Rollups {
    let span_metrics = SpanMetrics::new(config.span_metrics);
    metrics.add(Box::new(span_metrics.clone()));
    Rollups::new(clock.clone(), span_metrics)
}

/// Brings files and catalog in line, and makes a handle for each split.
async fn handles(
    state: &CatalogState,
    files: &dyn SplitFiles,
    catalog: &dyn Catalog,
    cache: &SplitCache,
) -> Result<Vec<Arc<SplitHandle>>> {
    let swept = garbage::sweep(files, catalog, &state.splits).await?;
    if let Some(split) = swept.missing.first() {
        let reason = format!("its file is missing, and those of {} others", swept.missing.len() - 1);
        return Err(Error::Corrupt { path: split_name(*split).into(), reason });
    }
    let mut handles = Vec::with_capacity(state.splits.len());
    for meta in &state.splits {
        let path = files.open(meta.id).await?;
        handles.push(Arc::new(SplitHandle::new(meta.clone(), path, cache.clone())));
    }
    Ok(handles)
}

/// A task without which the store cannot go on, and which may be stopped at any point.
fn task(name: &'static str, work: impl Future<Output = ()> + Send + 'static) -> Task {
    Task::new(name, OnError::ShutDown, OnStop::Abort, async move {
        work.await;
        Ok(())
    })
}

/// Starts a thread without which the store cannot go on: should it panic, the process ends, and the next start reads
/// back what is acknowledged.
fn thread(name: &'static str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let guarded = move || {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err() {
            tracing::error!(thread = name, "a thread of the store panicked; stopping");
            std::process::abort();
        }
    };
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(guarded);
    spawned.map(drop).map_err(|source| Error::File {
        action: "start a thread for",
        path: name.into(),
        source,
    })
}

/// What replay needs.
struct Recovery<'a> {
    rollups: &'a Rollups,
    publisher: &'a Publisher,
    config: &'a Config,
    state: &'a CatalogState,
    decoder: &'a dyn Decoder,
}

impl Recovery<'_> {
    /// Brings back as hot rows what is in the WAL and in no split.
    async fn replay(&mut self, replay: Replay) -> Result<(OpenRows, Duplicates)> {
        let mut open = OpenRows::new(self.rollups.clone());
        let mut duplicates = Duplicates::default();
        for (fingerprint, arrival) in &self.state.fingerprints {
            duplicates.note(*fingerprint, *arrival);
        }
        let mut records = 0_usize;
        for frame in replay.pass_over(self.state.published.clone()) {
            let frame = frame?;
            let (head, sequence) = (frame.head, frame.sequence);
            let batch = self
                .decoder
                .decode(head.tenant, head.signal, head.arrival, frame.body)
                .map_err(|source| Error::Decode { sequence, source })?;
            records += batch.len();
            duplicates.note(batch.fingerprint, batch.arrival);
            let now = self.publisher.clock.monotonic();
            let rows = open.get(batch.tenant(), &self.publisher.views, now);
            rows.rollup.keep_quiet_until(u32::MAX);
            rows.append(&batch, sequence);
            self.publish_full(&mut open).await?;
        }
        open.iter().for_each(|rows| rows.rollup.keep_quiet_until(rows.len()));
        if records > 0 {
            tracing::info!(records, "replayed the write-ahead log");
        }
        Ok((open, duplicates))
    }

    /// A WAL larger than memory is published on the way.
    async fn publish_full(&self, open: &mut OpenRows) -> Result<()> {
        let full: Vec<Arc<HotRows>> = open.take(|rows, _| rows.is_full(self.config));
        for rows in full {
            self.publisher.publish(&rows).await?;
        }
        Ok(())
    }
}
