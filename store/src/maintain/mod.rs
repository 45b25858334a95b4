//! Keeps the splits in order: seals old hot rows, merges small splits, drops what is past retention, deletes files
//! that nobody reads, and watches the disk.
//!
//! | file | owns |
//! |---|---|
//! | `compactor.rs` | which small splits to merge |
//! | `merge.rs` | many splits → hot rows of one, each record once |
//! | `retention.rs` | which splits to drop |
//! | `garbage.rs` | when a file may go |

mod compactor;
#[cfg(test)]
mod crash_tests;
pub(crate) mod garbage;
pub(crate) mod merge;
mod retention;
#[cfg(test)]
pub(crate) mod sample;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::WeakSender;

use self::compactor::CompactionLimits;
use self::garbage::Retired;
use self::retention::RetentionLimits;
use crate::catalog::SplitMeta;
use crate::config::Config;
use crate::error::Result;
use crate::model::{SplitId, Tenant};
use crate::origins::Part;
use crate::split::SplitHandle;
use crate::write::Command;
use crate::write::admission::Admission;
use crate::write::publisher::Publisher;

/// How often hot rows are looked at for their age, and the disk for its space.
const TICK: Duration = Duration::from_secs(1);

/// How many ticks from one look at the splits to the next.
const TICKS_PER_ROUND: u32 = 10;

/// The maintenance task.
pub(crate) struct Maintainer {
    config: Config,
    publisher: Publisher,
    admission: Admission,
    /// Weak: the appender ends when those who write are gone.
    commands: WeakSender<Command>,
    retired: Retired<SplitHandle>,
}

impl Maintainer {
    pub(crate) fn new(
        config: Config,
        publisher: Publisher,
        admission: Admission,
        commands: WeakSender<Command>,
    ) -> Self {
        Self { config, publisher, admission, commands, retired: Retired::default() }
    }

    /// Runs until it is dropped. A failure is logged and what failed is tried again in the next round.
    pub(crate) async fn run(mut self) {
        for tick in 0_u32.. {
            self.watch_disk().await;
            self.measure();
            if let Some(commands) = self.commands.upgrade() {
                // Gone with the appender; then there is nothing to tidy.
                drop(commands.send(Command::Tidy).await);
            }
            if tick % TICKS_PER_ROUND == 0
                && let Err(error) = self.round().await
            {
                tracing::warn!(error = &error as &dyn std::error::Error, "maintenance failed; trying again");
            }
            // One merge a tick: a merge takes seconds, and old hot rows and a full disk must not wait for many.
            self.compact().await;
            self.publisher.clock.sleep(TICK).await;
        }
    }

    /// One look at all splits.
    pub(crate) async fn round(&mut self) -> Result<()> {
        self.retire().await?;
        let Publisher { files, catalog, .. } = &self.publisher;
        garbage::collect(&**files, &**catalog, &mut self.retired).await
    }

    /// Drops what is past retention.
    async fn retire(&mut self) -> Result<()> {
        let splits = self.metas();
        let now = self.publisher.clock.now_unix_nanos();
        let expired = retention::plan(&splits, RetentionLimits::new(&self.config), now);
        if expired.is_empty() {
            return Ok(());
        }
        self.publisher.catalog.drop_splits(&expired).await?;
        tracing::info!(splits = expired.len(), "dropped splits past retention");
        self.publisher.metrics.splits_retired.inc_by(expired.len() as u64);
        for tenant in by_tenant(splits).into_keys() {
            self.take_out(&tenant, &expired, None);
        }
        Ok(())
    }

    /// Does one merge, of the first tenant that has one to do. One that fails does not keep others from theirs.
    pub(crate) async fn compact(&mut self) {
        let now = self.publisher.clock.now_unix_nanos();
        let limits = CompactionLimits::new(&self.config);
        for (tenant, metas) in by_tenant(self.metas()) {
            let Some(plan) = compactor::plan(&metas, limits, now) else { continue };
            match self.merge(&tenant, &plan).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, %tenant, "failed to merge splits");
                }
            }
        }
    }

    async fn merge(&mut self, tenant: &Tenant, plan: &[SplitId]) -> Result<()> {
        let view = self.publisher.views.get();
        let find = |id: &SplitId| view.splits().find(|split| split.meta.id == *id).cloned();
        let splits: Vec<Arc<SplitHandle>> = plan.iter().filter_map(find).collect();
        let (owner, inputs) = (tenant.clone(), splits.clone());
        let merged = self.publisher.on_cpu(move || merge::merge(&owner, &inputs)).await?;
        let built = self.publisher.build(&merged.rows).await?;
        let metrics = &self.publisher.metrics;
        metrics.splits_compacted.inc_by(splits.len() as u64);
        metrics.duplicate_records_removed.inc_by(merged.duplicates);
        let Some(built) = built else { return Ok(()) };
        let meta = SplitMeta {
            first_sequence: splits.iter().map(|split| split.meta.first_sequence).min().unwrap_or_default(),
            last_sequence: splits.iter().map(|split| split.meta.last_sequence).max().unwrap_or_default(),
            ..self.publisher.meta(&merged.rows, &built)
        };
        let handle = self.publisher.store(&meta, built).await?;
        self.publisher.catalog.replace(plan, std::slice::from_ref(&meta)).await?;
        tracing::info!(
            splits = splits.len(),
            records = meta.records,
            duplicates = merged.duplicates,
            "merged splits"
        );
        self.take_out(tenant, plan, Some((handle, merged.parts)));
        Ok(())
    }

    /// Takes splits out of the view of new queries; their files go when running ones are done.
    fn take_out(&mut self, tenant: &Tenant, old: &[SplitId], new: Option<(Arc<SplitHandle>, Vec<Part>)>) {
        for handle in self.publisher.views.replace(tenant, old, new) {
            self.retired.add(handle.meta.id, handle);
        }
    }

    fn metas(&self) -> Vec<SplitMeta> {
        self.publisher.views.get().splits().map(|split| split.meta.clone()).collect()
    }

    async fn watch_disk(&self) {
        let (disk, folder) = (Arc::clone(&self.publisher.disk), self.publisher.paths.root().to_owned());
        match self.publisher.on_cpu(move || disk.free_bytes(&folder)).await {
            Ok(free) => {
                self.publisher.metrics.disk_free_bytes.set(free.cast_signed());
                self.admission.set_disk_is_full(free < self.config.disk_free_min);
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "failed to read free disk space")
            }
        }
    }

    fn measure(&self) {
        let (view, metrics) = (self.publisher.views.get(), &self.publisher.metrics);
        let signed = |value: u64| value.cast_signed();
        metrics.hot_records.set(view.hot().map(|rows| i64::from(rows.len())).sum());
        metrics.hot_bytes.set(signed(view.hot().map(|rows| rows.memory()).sum()));
        metrics.wal_bytes.set(signed(self.publisher.wal.bytes()));
        metrics.splits.set(view.splits().count() as i64);
        metrics.split_bytes.set(signed(view.splits().map(|split| split.meta.bytes).sum()));
        metrics.split_records.set(view.splits().map(|split| i64::from(split.meta.records)).sum());
        metrics.cache_bytes.set(signed(self.publisher.cache.memory()));
    }
}

fn by_tenant(metas: Vec<SplitMeta>) -> BTreeMap<Tenant, Vec<SplitMeta>> {
    let mut tenants: BTreeMap<Tenant, Vec<SplitMeta>> = BTreeMap::new();
    for meta in metas {
        tenants.entry(meta.tenant.clone()).or_default().push(meta);
    }
    tenants
}
