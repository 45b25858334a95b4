//! Removes the files of splits that nothing names any more: not the catalog, not a query that is running.

use std::collections::HashSet;
use std::sync::Arc;

use crate::catalog::{Catalog, SplitMeta};
use crate::error::Result;
use crate::model::SplitId;
use crate::objects::{SplitFile, SplitFiles};

/// Splits that left the catalog while queries may still read them.
#[derive(Debug)]
pub(crate) struct Retired<T> {
    splits: Vec<(SplitId, Arc<T>)>,
}

impl<T> Default for Retired<T> {
    fn default() -> Self {
        Self { splits: Vec::new() }
    }
}

impl<T> Retired<T> {
    /// Takes the handle of a split that new queries cannot reach any more. Queries that run hold clones of it.
    pub(crate) fn add(&mut self, split: SplitId, handle: Arc<T>) {
        self.splits.push((split, handle));
    }

    /// Gives up the splits that no query holds. Nobody can take hold of one again, so their files may go.
    pub(crate) fn take_unread(&mut self) -> Vec<SplitId> {
        self.splits
            .extract_if(.., |(_, handle)| Arc::strong_count(handle) == 1)
            .map(|(split, _)| split)
            .collect()
    }
}

/// What a sweep found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Swept {
    /// Files removed.
    pub(crate) removed: usize,
    /// Splits that the catalog names and that have no file: their records are lost.
    pub(crate) missing: Vec<SplitId>,
}

/// Removes the files of splits that left the catalog; what a crash leaves undone, the next [`sweep`] does.
pub(crate) async fn collect(files: &dyn SplitFiles, catalog: &dyn Catalog, splits: &[SplitId]) -> Result<()> {
    for split in splits {
        files.remove(*split).await?;
    }
    catalog.collected(splits).await
}

/// Brings the files in line with the catalog after a crash.
///
/// Only at start: a split being published has a file before the catalog names it, and a query that runs may read what the
/// catalog does not name any more.
pub(crate) async fn sweep(
    files: &dyn SplitFiles,
    catalog: &dyn Catalog,
    splits: &[SplitMeta],
) -> Result<Swept> {
    let garbage = catalog.garbage().await?;
    let (orphans, missing) = compare(&files.list().await?, splits);
    for split in &orphans {
        files.remove(*split).await?;
    }
    if !garbage.is_empty() {
        catalog.collected(&garbage).await?;
    }
    Ok(Swept { removed: orphans.len(), missing })
}

/// Files without a split, and splits without a file.
fn compare(files: &[SplitFile], splits: &[SplitMeta]) -> (Vec<SplitId>, Vec<SplitId>) {
    let named: HashSet<SplitId> = splits.iter().map(|split| split.id).collect();
    let there: HashSet<SplitId> = files.iter().map(|file| file.split).collect();
    let orphans = files.iter().map(|file| file.split).filter(|split| !named.contains(split)).collect();
    let missing = splits.iter().map(|split| split.id).filter(|split| !there.contains(split)).collect();
    (orphans, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_given_up_only_once_and_only_when_no_query_holds_it() {
        let mut retired = Retired::default();
        let (read, unread) = (SplitId::generate(), SplitId::generate());
        let query = Arc::new("handle");
        retired.add(read, Arc::clone(&query));
        retired.add(unread, Arc::new("other"));
        assert_eq!(retired.take_unread(), [unread]);
        assert_eq!(retired.take_unread(), []);
        drop(query);
        assert_eq!(retired.take_unread(), [read]);
        assert_eq!(retired.take_unread(), []);
    }
}
