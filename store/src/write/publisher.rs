//! Sealed hot rows → a split in its place → the catalog → queries → the WAL let go of what it held of them.

use std::sync::Arc;
use std::time::Duration;

use spoor_runtime::clock::Clock;
use spoor_runtime::cpu::CpuPool;
use tokio::sync::mpsc;

use super::appender::Sealed;
use super::duplicates;
use crate::catalog::{Catalog, SplitMeta};
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::hot::HotRows;
use crate::metrics::StoreMetrics;
use crate::model::Tenant;
use crate::objects::SplitFiles;
use crate::paths::Paths;
use crate::split::{self, BuiltSplit, FORMAT_VERSION, SplitCache, SplitHandle};
use crate::view::Views;
use crate::wal::WalSyncer;

/// Wait between tries to publish; the rows stay hot and the WAL keeps them meanwhile.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What building and publishing needs; cheap to clone.
#[derive(Clone)]
pub(crate) struct Publisher {
    pub(crate) clock: Clock,
    pub(crate) cpu: CpuPool,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) paths: Paths,
    pub(crate) files: Arc<dyn SplitFiles>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) views: Views,
    pub(crate) wal: WalSyncer,
    pub(crate) cache: SplitCache,
    pub(crate) metrics: StoreMetrics,
}

impl Publisher {
    /// Publishes whatever is sealed, in order, until the appender hangs up.
    pub(crate) async fn run(self, mut sealed: mpsc::Receiver<Sealed>) {
        while let Some(sealed) = sealed.recv().await {
            while let Err(error) = self.publish(&sealed.rows).await {
                self.metrics.publish_failures.inc();
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "failed to publish a split; trying again"
                );
                self.clock.sleep(RETRY_AFTER).await;
            }
        }
    }

    /// Publishes one.
    pub(crate) async fn publish(&self, rows: &Arc<HotRows>) -> Result<()> {
        let Some(built) = self.build(rows).await? else {
            self.views.publish(rows, None);
            return Ok(());
        };
        let (first_sequence, last_sequence) = rows.sequences().unwrap_or_default();
        let meta = SplitMeta { first_sequence, last_sequence, ..self.meta(rows, &built) };
        let handle = self.store(&meta, built).await?;
        let oldest = duplicates::oldest(self.clock.now_unix_nanos());
        let fingerprints: Vec<_> =
            rows.fingerprints().into_iter().filter(|(_, arrival)| *arrival >= oldest).collect();
        self.catalog.publish(&meta, &fingerprints).await?;
        self.views.publish(rows, Some(handle));
        self.metrics.splits_published.inc();
        // Published is published: what stays in the log is passed over at replay, and the next publish tries again.
        if let Err(error) = self.truncate(last_sequence).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "failed to truncate the write-ahead log"
            );
        }
        Ok(())
    }

    /// Builds the split of sealed rows; `None` when they are empty.
    pub(crate) async fn build(&self, rows: &Arc<HotRows>) -> Result<Option<BuiltSplit>> {
        let started = self.clock.monotonic();
        let rows = Arc::clone(rows);
        let build = move || {
            let rollup = rows.rollup.end(&rows);
            split::build(&rows.read(), &rollup)
        };
        let built = self.on_cpu(build).await?;
        self.metrics.build_seconds.inc_by((self.clock.monotonic() - started).as_secs_f64());
        Ok(built)
    }

    /// What the catalog will say of a built split.
    pub(crate) fn meta(&self, rows: &HotRows, built: &BuiltSplit) -> SplitMeta {
        SplitMeta {
            id: rows.id,
            tenant: Tenant::clone(&rows.tenant),
            records: built.records,
            spans: built.spans,
            logs: built.records - built.spans,
            min_time: built.times.start,
            max_time: built.times.end,
            bytes: built.bytes.len() as u64,
            created_at: self.clock.now_unix_nanos(),
            first_sequence: 0,
            last_sequence: 0,
            format: FORMAT_VERSION,
        }
    }

    /// Puts a built split in its place, durably, and opens it once to be sure that it reads.
    pub(crate) async fn store(&self, meta: &SplitMeta, built: BuiltSplit) -> Result<Arc<SplitHandle>> {
        let (disk, staged) = (Arc::clone(&self.disk), self.paths.staged(meta.id));
        let path = staged.clone();
        self.on_cpu(move || write_staged(&*disk, &path, &built.bytes)).await?;
        self.files.put(meta.id, &staged).await?;
        let handle =
            Arc::new(SplitHandle::new(meta.clone(), self.files.open(meta.id).await?, self.cache.clone()));
        let opened = Arc::clone(&handle);
        self.on_cpu(move || opened.reader().map(drop)).await?;
        Ok(handle)
    }

    /// Lets the WAL go of everything that no hot rows hold alone, after `published` was the last sequence to go.
    ///
    /// What is logged but not shown yet has a higher sequence than all that was shown, so it stays.
    async fn truncate(&self, published: u64) -> Result<()> {
        let oldest = self.views.get().oldest_hot_sequence();
        let through = oldest.map_or(published, |oldest| oldest.saturating_sub(1));
        let wal = self.wal.clone();
        self.on_cpu(move || wal.truncate(through)).await
    }

    /// Runs blocking or long work on the store's own threads.
    pub(crate) async fn on_cpu<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.cpu.run(work).await.map_err(|error| Error::Worker { source: error })?
    }
}

fn write_staged(disk: &dyn Disk, path: &std::path::Path, bytes: &[u8]) -> Result<()> {
    // Left by an attempt that failed after this point.
    let leftover = path.parent().map_or(Ok(Vec::new()), |folder| disk.list(folder))?;
    if leftover.iter().any(|entry| path.file_name().is_some_and(|name| name == entry.name.as_str())) {
        disk.remove(path)?;
    }
    let file = disk.create(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}
