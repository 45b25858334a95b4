//! A catalog in memory for tests that stop the machine: each change is one step of a [`FaultyDisk`], made or not.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Catalog, CatalogState, Conflict, SplitMeta};
use crate::config::Config;
use crate::disk::faulty::FaultyDisk;
use crate::error::{Error, Result};
use crate::model::{SplitId, UnixNanos};

type Changed = std::result::Result<(), Conflict>;

/// A catalog that survives the machine; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct MemoryCatalog {
    kept: Arc<Mutex<Kept>>,
    disk: FaultyDisk,
}

#[derive(Debug, Clone, Default)]
struct Kept {
    state: CatalogState,
    garbage: BTreeSet<SplitId>,
    fingerprints: Vec<(SplitId, Vec<(u128, UnixNanos)>)>,
}

impl MemoryCatalog {
    /// An empty catalog whose changes are steps of `disk`.
    pub(crate) fn new(disk: &FaultyDisk) -> Self {
        Self { kept: Arc::default(), disk: disk.clone() }
    }

    /// What is in it now, for a machine with another disk.
    pub(crate) fn on(&self, disk: &FaultyDisk) -> Self {
        Self { kept: Arc::new(Mutex::new(self.kept().clone())), disk: disk.clone() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a change whole or not at all.
    fn change(&self, change: impl FnOnce(&mut Kept) -> Changed) -> Result<u64> {
        let mut kept = self.kept();
        let mut next = kept.clone();
        let failed =
            |source: Box<dyn std::error::Error + Send + Sync>| Error::Catalog { action: "change", source };
        change(&mut next).map_err(|conflict| failed(conflict.into()))?;
        next.state.version += 1;
        next.state.splits.sort_by_key(|split| split.id);
        next.fingerprints.sort_by_key(|(split, _)| *split);
        next.state.fingerprints =
            next.fingerprints.iter().flat_map(|(_, fingerprints)| fingerprints.clone()).collect();
        let version = next.state.version;
        self.disk.outside(|| *kept = next).map_err(|error| failed(error.into()))?;
        Ok(version)
    }
}

impl Kept {
    fn add(&mut self, split: &SplitMeta) -> Changed {
        if self.state.splits.iter().any(|other| other.id == split.id) {
            return Err(Conflict::Exists { split: split.id });
        }
        self.state.splits.push(split.clone());
        Ok(())
    }

    fn retire(&mut self, split: SplitId) -> Changed {
        let at = self.state.splits.iter().position(|other| other.id == split);
        self.state.splits.remove(at.ok_or(Conflict::Gone { split })?);
        self.garbage.insert(split);
        Ok(())
    }

    fn publish(&mut self, split: &SplitMeta, fingerprints: &[(u128, UnixNanos)]) -> Changed {
        let published = self.state.published.get(&split.tenant).copied().unwrap_or(0);
        self.add(split)?;
        if split.first_sequence <= published {
            let (tenant, first_sequence) = (split.tenant.clone(), split.first_sequence);
            return Err(Conflict::Published { split: split.id, tenant, first_sequence, published });
        }
        self.state.published.insert(split.tenant.clone(), split.last_sequence);
        let window = u64::try_from(Config::DUPLICATE_WINDOW.as_nanos()).unwrap_or(u64::MAX);
        let oldest = split.created_at.saturating_sub(window);
        self.fingerprints.retain(|(_, kept)| kept.iter().any(|(_, arrival)| *arrival >= oldest));
        if !fingerprints.is_empty() {
            self.fingerprints.push((split.id, fingerprints.to_vec()));
        }
        Ok(())
    }
}

#[async_trait]
impl Catalog for MemoryCatalog {
    async fn load(&self) -> Result<CatalogState> {
        Ok(self.kept().state.clone())
    }

    async fn publish(&self, split: &SplitMeta, fingerprints: &[(u128, UnixNanos)]) -> Result<u64> {
        let (version, known) = {
            let kept = self.kept();
            let known = kept.state.splits.iter().find(|other| other.id == split.id).cloned();
            (kept.state.version, known)
        };
        if known.is_some_and(|known| known == SplitMeta { created_at: known.created_at, ..split.clone() }) {
            return Ok(version);
        }
        self.change(|kept| kept.publish(split, fingerprints))
    }

    async fn replace(&self, old: &[SplitId], new: &[SplitMeta]) -> Result<u64> {
        self.change(|kept| {
            old.iter().try_for_each(|split| kept.retire(*split))?;
            new.iter().try_for_each(|split| kept.add(split))
        })
    }

    async fn drop_splits(&self, splits: &[SplitId]) -> Result<u64> {
        self.change(|kept| {
            for split in splits {
                if kept.state.splits.iter().any(|other| other.id == *split) {
                    kept.retire(*split)?;
                }
            }
            Ok(())
        })
    }

    async fn garbage(&self) -> Result<Vec<SplitId>> {
        Ok(self.kept().garbage.iter().copied().collect())
    }

    async fn collected(&self, splits: &[SplitId]) -> Result<()> {
        let version = self.kept().state.version;
        self.change(|kept| {
            kept.garbage.retain(|split| !splits.contains(split));
            Ok(())
        })?;
        self.kept().state.version = version;
        Ok(())
    }

    async fn close(&self) {}
}

#[tokio::test]
async fn memory_catalog_behaves() {
    let catalog = MemoryCatalog::new(&FaultyDisk::new(1));
    super::contract::behaves(&move || {
        let catalog = catalog.clone();
        Box::pin(async move { Box::new(catalog) as Box<dyn Catalog> })
    })
    .await;
}
