//! A [`FaultyDisk`] whose files stand in the file system too, for parts that map files: tests of the whole store.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::faulty::FaultyDisk;
use super::{Disk, DiskEntry, DiskFile, DiskLock, RealDisk};
use crate::error::Result;

/// The faulty disk decides what happens; what it lets happen is done in the file system as well.
#[derive(Debug, Clone)]
pub(crate) struct MirrorDisk {
    pub(crate) faulty: FaultyDisk,
}

#[derive(Debug)]
struct MirrorFile {
    faulty: Arc<dyn DiskFile>,
    real: Arc<dyn DiskFile>,
}

impl MirrorDisk {
    /// Makes the file system hold what `faulty` holds in the folders below `root`. Files in `root` itself are left
    /// alone: the catalog's database survives on its own.
    pub(crate) fn restart(faulty: FaultyDisk, root: &Path) -> Self {
        for dir in faulty.dirs().iter().filter(|dir| dir.parent() == Some(root)) {
            RealDisk.create_dir_all(dir).expect("created");
            for left in RealDisk.list(dir).expect("listed") {
                RealDisk.remove(&dir.join(left.name)).expect("removed");
            }
        }
        for (path, content) in faulty.files() {
            let file = RealDisk.create(&path).expect("created");
            file.write_all(&content).expect("written");
        }
        Self { faulty }
    }
}

impl Disk for MirrorDisk {
    fn create(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        let faulty = self.faulty.create(path)?;
        Ok(Arc::new(MirrorFile { faulty, real: RealDisk.create(path)? }))
    }

    fn read(&self, path: &Path) -> Result<Bytes> {
        self.faulty.read(path)
    }

    fn read_at(&self, path: &Path, offset: u64, len: usize) -> Result<Bytes> {
        self.faulty.read_at(path, offset, len)
    }

    fn cut(&self, path: &Path, len: u64) -> Result<()> {
        self.faulty.cut(path, len)?;
        RealDisk.cut(path, len)
    }

    fn list(&self, dir: &Path) -> Result<Vec<DiskEntry>> {
        self.faulty.list(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.faulty.rename(from, to)?;
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.faulty.remove(path)?;
        RealDisk.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        self.faulty.sync_dir(dir)
    }

    fn create_dir_all(&self, dir: &Path) -> Result<()> {
        self.faulty.create_dir_all(dir)?;
        RealDisk.create_dir_all(dir)
    }

    fn free_bytes(&self, dir: &Path) -> Result<u64> {
        self.faulty.free_bytes(dir)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn DiskLock>> {
        self.faulty.lock(path)
    }
}

impl DiskFile for MirrorFile {
    fn write_all(&self, bytes: &[u8]) -> Result<()> {
        self.faulty.write_all(bytes)?;
        self.real.write_all(bytes)
    }

    fn sync_data(&self) -> Result<()> {
        self.faulty.sync_data()
    }
}

#[test]
fn mirror_disk_behaves() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let faulty = FaultyDisk::new(1);
    faulty.create_dir_all(root.path()).expect("created");
    super::contract::behaves(&MirrorDisk { faulty }, root.path());
}
