//! The file system.
#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "the one place that opens files")]

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::{Disk, DiskEntry, DiskFile, DiskLock, file_error};
use crate::error::{Error, Result};

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RealDisk;

#[derive(Debug)]
struct RealFile {
    file: File,
    path: PathBuf,
}

/// The operating system lets go of the lock when the file is closed, however the process ends.
#[derive(Debug)]
struct RealLock {
    _file: File,
}

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(path)
            .map_err(file_error("create", path))?;
        Ok(Arc::new(RealFile { file, path: path.to_path_buf() }))
    }

    fn read(&self, path: &Path) -> Result<Bytes> {
        fs::read(path).map(Bytes::from).map_err(file_error("read", path))
    }

    fn read_at(&self, path: &Path, offset: u64, len: usize) -> Result<Bytes> {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::with_capacity(len);
            file.take(len as u64).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map(Bytes::from).map_err(file_error("read", path))
    }

    fn cut(&self, path: &Path, len: u64) -> Result<()> {
        let cut = || -> io::Result<()> {
            let file = OpenOptions::new().write(true).open(path)?;
            if file.metadata()?.len() < len {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the file is shorter than that"));
            }
            file.set_len(len)?;
            file.sync_all()
        };
        cut().map_err(file_error("cut", path))
    }

    fn list(&self, dir: &Path) -> Result<Vec<DiskEntry>> {
        let list = || -> io::Result<Vec<DiskEntry>> {
            let mut entries = Vec::new();
            for entry in fs::read_dir(dir)? {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                match entry.metadata() {
                    Ok(metadata) if metadata.is_file() => {
                        entries.push(DiskEntry { name, bytes: metadata.len() });
                    }
                    // Removed since the folder was read.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Ok(_) => {}
                    Err(error) => return Err(error),
                }
            }
            entries.sort_by(|left, right| left.name.cmp(&right.name));
            Ok(entries)
        };
        list().map_err(file_error("list", dir))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        fs::rename(from, to).map_err(file_error("rename", from))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        fs::remove_file(path).map_err(file_error("remove", path))
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(file_error("sync", dir))
    }

    fn create_dir_all(&self, dir: &Path) -> Result<()> {
        let missing: Vec<&Path> =
            dir.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.is_dir()).collect();
        for path in missing.into_iter().rev() {
            match fs::create_dir(path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
                Err(error) => return Err(file_error("create", path)(error)),
            }
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            self.sync_dir(parent.unwrap_or(Path::new(".")))?;
        }
        Ok(())
    }

    fn free_bytes(&self, dir: &Path) -> Result<u64> {
        let stat = rustix::fs::statvfs(dir)
            .map_err(|errno| file_error("measure free space of", dir)(errno.into()))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn DiskLock>> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(file_error("open", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(RealLock { _file: file })),
            Err(TryLockError::WouldBlock) => {
                Err(Error::Locked { path: path.parent().unwrap_or(path).to_path_buf() })
            }
            Err(TryLockError::Error(error)) => Err(file_error("lock", path)(error)),
        }
    }
}

impl DiskFile for RealFile {
    fn write_all(&self, bytes: &[u8]) -> Result<()> {
        (&self.file).write_all(bytes).map_err(file_error("write", &self.path))
    }

    fn sync_data(&self) -> Result<()> {
        self.file.sync_data().map_err(file_error("sync", &self.path))
    }
}

impl DiskLock for RealLock {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::contract;

    #[test]
    fn real_disk_behaves() {
        let root = tempfile::tempdir().expect("a temporary folder");
        contract::behaves(&RealDisk, root.path());
    }

    #[test]
    fn a_folder_is_not_listed_and_a_file_in_the_way_of_a_folder_is_an_error() {
        let root = tempfile::tempdir().expect("a temporary folder");
        RealDisk.create_dir_all(&root.path().join("folder")).expect("created");
        RealDisk.create(&root.path().join("file")).expect("created");
        let names: Vec<_> = RealDisk.list(root.path()).expect("listed");
        assert_eq!(names, [DiskEntry { name: "file".to_owned(), bytes: 0 }]);
        let error =
            RealDisk.create_dir_all(&root.path().join("file/below")).expect_err("a file is in the way");
        assert!(error.to_string().starts_with("failed to create "), "{error}");
    }
}
