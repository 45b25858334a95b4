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

    /// Lets go of the splits that no query holds: nobody can take hold of one again, so their files may go.
    pub(crate) fn release_unread(&mut self) {
        self.splits.retain(|(_, handle)| Arc::strong_count(handle) > 1);
    }

    /// Whether a query may still read the split.
    pub(crate) fn is_read(&self, split: SplitId) -> bool {
        self.splits.iter().any(|(other, _)| *other == split)
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

/// Removes the files of the catalog's garbage, but for those that a query may still read. What fails stays garbage.
pub(crate) async fn collect<T>(
    files: &dyn SplitFiles,
    catalog: &dyn Catalog,
    retired: &mut Retired<T>,
) -> Result<()> {
    let garbage = catalog.garbage().await?;
    retired.release_unread();
    let unread: Vec<SplitId> = garbage.into_iter().filter(|split| !retired.is_read(*split)).collect();
    for split in &unread {
        files.remove(*split).await?;
    }
    if unread.is_empty() { Ok(()) } else { catalog.collected(&unread).await }
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
    use std::path::Path;

    use super::*;
    use crate::catalog::memory::MemoryCatalog;
    use crate::disk::Disk as _;
    use crate::disk::faulty::{Fault, FaultyDisk};
    use crate::maintain::sample::split;
    use crate::objects;
    use crate::paths::{Paths, split_name};

    #[test]
    fn a_split_is_read_until_no_query_holds_it() {
        let mut retired = Retired::default();
        let (read, unread) = (SplitId::generate(), SplitId::generate());
        let query = Arc::new("handle");
        retired.add(read, Arc::clone(&query));
        retired.add(unread, Arc::new("other"));
        retired.release_unread();
        assert_eq!([read, unread].map(|split| retired.is_read(split)), [true, false]);
        drop(query);
        retired.release_unread();
        assert!(!retired.is_read(read));
    }

    #[tokio::test]
    async fn garbage_that_is_read_or_could_not_be_removed_is_collected_later() {
        let disk = FaultyDisk::new(1);
        let catalog = MemoryCatalog::new(&disk);
        let paths = Paths::new(Path::new("/data"));
        let files = objects::open("", &paths, Arc::new(disk.clone())).await.unwrap();
        let splits = [split(1), split(1)].map(|meta| meta.id);
        for (number, id) in (1..).zip(splits) {
            disk.create(&paths.splits().join(split_name(id))).unwrap();
            let meta = SplitMeta { id, first_sequence: number, last_sequence: number, ..split(1) };
            catalog.publish(&meta, &[]).await.unwrap();
        }
        catalog.drop_splits(&splits).await.unwrap();
        let query = Arc::new(());
        let mut retired = Retired::default();
        retired.add(splits[0], Arc::clone(&query));
        retired.add(splits[1], Arc::new(()));

        disk.fault_at(disk.steps(), Fault::Fail(std::io::ErrorKind::Other));
        collect(&*files, &catalog, &mut retired).await.expect_err("a file could not be removed");
        assert_eq!(catalog.garbage().await.unwrap(), splits);
        collect(&*files, &catalog, &mut retired).await.unwrap();
        assert_eq!(catalog.garbage().await.unwrap(), splits[..1], "a query reads it");
        drop(query);
        collect(&*files, &catalog, &mut retired).await.unwrap();
        assert_eq!(catalog.garbage().await.unwrap(), []);
        assert_eq!(files.list().await.unwrap(), []);
    }
}
