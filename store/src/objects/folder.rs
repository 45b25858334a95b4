//! Splits in a folder: a finished file is renamed in, and the folder synced.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::{FileWork, SplitFile, SplitFiles, remove_if_there};
use crate::error::Result;
use crate::model::SplitId;
use crate::paths::{parse_split_name, split_name};

/// A folder of splits, on the same file system as the staging folder.
#[derive(Debug)]
pub(super) struct FolderFiles {
    files: FileWork,
    dir: PathBuf,
}

impl FolderFiles {
    /// Opens the folder, created when missing.
    pub(super) async fn open(files: FileWork, dir: &Path) -> Result<Self> {
        let created = dir.to_path_buf();
        files.run(move |disk| disk.create_dir_all(&created)).await?;
        Ok(Self { files, dir: dir.to_path_buf() })
    }

    fn path(&self, split: SplitId) -> PathBuf {
        self.dir.join(split_name(split))
    }
}

#[async_trait]
impl SplitFiles for FolderFiles {
    async fn put(&self, split: SplitId, staged: &Path) -> Result<()> {
        let (staged, path, dir) = (staged.to_path_buf(), self.path(split), self.dir.clone());
        // The staging folder needs no sync: a name that comes back there is swept at the next start.
        let put = move |disk: &dyn crate::disk::Disk| {
            disk.rename(&staged, &path)?;
            disk.sync_dir(&dir)
        };
        self.files.run(put).await
    }

    async fn open(&self, split: SplitId) -> Result<PathBuf> {
        Ok(self.path(split))
    }

    async fn remove(&self, split: SplitId) -> Result<()> {
        let path = self.path(split);
        // The folder needs no sync: a file that comes back after a crash has no split, and the sweep at start takes it.
        self.files.run(move |disk| remove_if_there(disk, &path)).await
    }

    async fn list(&self) -> Result<Vec<SplitFile>> {
        let dir = self.dir.clone();
        let entries = self.files.run(move |disk| disk.list(&dir)).await?;
        let splits = entries.into_iter().filter_map(|entry| {
            Some(SplitFile { split: parse_split_name(&entry.name)?, bytes: entry.bytes })
        });
        let mut splits: Vec<SplitFile> = splits.collect();
        splits.sort_unstable();
        Ok(splits)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use spoor_runtime::cpu::CpuPool;

    use super::*;
    use crate::disk::faulty::{Fault, FaultyDisk};
    use crate::disk::{Disk as _, RealDisk};
    use crate::objects::contract;

    #[tokio::test]
    async fn folder_behaves() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let files = FileWork { disk: Arc::new(RealDisk), threads: CpuPool::new(1, 8) };
        let dir = root.path().join("splits");
        let folder = FolderFiles::open(files, &dir).await.expect("opened");
        contract::behaves(&folder, &RealDisk, root.path()).await;
    }

    #[tokio::test]
    async fn a_put_that_returned_survives_power_loss_and_one_that_stopped_leaves_a_whole_file_or_none() {
        let (splits, staging) = (Path::new("/data/splits"), Path::new("/data/staging"));
        for (step, seed) in (0..8).flat_map(|step| (0..50).map(move |seed| (step, seed))) {
            let disk = FaultyDisk::new(seed);
            disk.create_dir_all(staging).unwrap();
            let files = FileWork { disk: Arc::new(disk.clone()), threads: CpuPool::new(1, 8) };
            let folder = FolderFiles::open(files, splits).await.unwrap();
            let split = SplitId::generate();
            let staged = contract::stage(&disk, staging, split, b"whole");
            disk.fault_at(disk.steps() + step, Fault::Stop);
            let put = folder.put(split, &staged).await;
            let restarted = disk.after_power_loss(seed);
            match restarted.read(&splits.join(split_name(split))) {
                Ok(data) => assert_eq!(data, "whole", "step {step} seed {seed}"),
                Err(_) => assert!(put.is_err(), "step {step} seed {seed}"),
            }
        }
    }
}
