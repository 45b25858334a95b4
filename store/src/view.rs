//! What exists now: the published splits and the hot rows of each tenant. Queries take it whole, so that records move
//! from hot rows to a split without being seen twice or not at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::hot::HotRows;
use crate::leaf::Leaf;
use crate::model::{SplitId, Tenant};
use crate::origins::{Origins, Part};
use crate::split::SplitHandle;

/// What exists now; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Views {
    /// Held while one is exchanged for another.
    current: Arc<Mutex<Arc<View>>>,
    /// Counts what was appended; whoever follows arrivals waits on it.
    arrivals: Arc<watch::Sender<u64>>,
}

/// One state of affairs.
#[derive(Clone, Default)]
pub(crate) struct View {
    tenants: HashMap<Tenant, TenantView>,
}

#[derive(Clone, Default)]
struct TenantView {
    hot: Vec<Arc<HotRows>>,
    splits: Vec<Arc<SplitHandle>>,
    origins: Arc<Origins>,
}

impl Views {
    /// The state now.
    pub(crate) fn get(&self) -> Arc<View> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells who waits that records arrived.
    pub(crate) fn announce(&self) {
        self.arrivals.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Hears of what arrives from now on.
    pub(crate) fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }

    fn change(&self, change: impl FnOnce(&mut View)) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = View::clone(&current);
        change(&mut next);
        next.tenants.retain(|_, tenant| !tenant.hot.is_empty() || !tenant.splits.is_empty());
        *current = Arc::new(next);
    }

    /// Adds hot rows that are about to take records.
    pub(crate) fn add_hot(&self, rows: Arc<HotRows>) {
        self.change(|view| view.tenants.entry(rows.tenant.clone()).or_default().hot.push(rows));
    }

    /// Exchanges hot rows for the split made of them (`None`: there were no records).
    pub(crate) fn publish(&self, rows: &HotRows, split: Option<Arc<SplitHandle>>) {
        self.change(|view| {
            let tenant = view.tenants.entry(rows.tenant.clone()).or_default();
            tenant.hot.retain(|other| other.id != rows.id);
            tenant.splits.extend(split);
        });
    }

    /// Adds splits that the catalog knew at start.
    pub(crate) fn add_splits(&self, splits: Vec<Arc<SplitHandle>>) {
        self.change(|view| {
            for split in splits {
                let tenant = view.tenants.entry(split.meta.tenant.clone()).or_default();
                Arc::make_mut(&mut tenant.origins).forget(split.meta.id);
                tenant.splits.push(split);
            }
        });
    }

    /// Exchanges splits of one tenant for the one they were merged into, or for none; returns those taken out.
    pub(crate) fn replace(
        &self,
        tenant: &Tenant,
        old: &[SplitId],
        new: Option<(Arc<SplitHandle>, Vec<Part>)>,
    ) -> Vec<Arc<SplitHandle>> {
        let mut removed = Vec::new();
        self.change(|view| {
            let tenant = view.tenants.entry(tenant.clone()).or_default();
            let (out, kept) = std::mem::take(&mut tenant.splits)
                .into_iter()
                .partition(|split| old.contains(&split.meta.id));
            removed = out;
            tenant.splits = kept;
            if let Some((split, parts)) = new {
                Arc::make_mut(&mut tenant.origins).note(split.meta.id, parts);
                tenant.splits.push(split);
            }
        });
        removed
    }
}

impl View {
    /// Every leaf of a tenant, newest first; hot rows before splits.
    pub(crate) fn leaves(&self, tenant: &Tenant) -> Vec<Leaf> {
        let Some(tenant) = self.tenants.get(tenant) else { return Vec::new() };
        let mut splits = tenant.splits.clone();
        splits.sort_by_key(|split| std::cmp::Reverse((split.meta.max_time, split.meta.id)));
        let hot = tenant.hot.iter().rev().map(|rows| Leaf::hot(rows.view())).filter(|leaf| !leaf.is_empty());
        hot.chain(splits.into_iter().map(Leaf::split)).collect()
    }

    /// What the tenant's merged splits were made of.
    pub(crate) fn origins(&self, tenant: &Tenant) -> Arc<Origins> {
        self.tenants.get(tenant).map(|tenant| Arc::clone(&tenant.origins)).unwrap_or_default()
    }

    /// Every split.
    pub(crate) fn splits(&self) -> impl Iterator<Item = &Arc<SplitHandle>> {
        self.tenants.values().flat_map(|tenant| &tenant.splits)
    }

    /// All hot rows.
    pub(crate) fn hot(&self) -> impl Iterator<Item = &Arc<HotRows>> {
        self.tenants.values().flat_map(|tenant| &tenant.hot)
    }

    /// The lowest WAL sequence that only hot rows hold; `None` when they hold none.
    pub(crate) fn oldest_hot_sequence(&self) -> Option<u64> {
        self.hot().filter_map(|rows| rows.sequences()).map(|(first, _)| first).min()
    }
}
