//! Every file and folder name in the data directory.
//!
//! | name | holds |
//! |---|---|
//! | `lock` | nothing; held locked by the process that has the directory open |
//! | `catalog.db` | the SQLite catalog (with `-wal` and `-shm` beside it) |
//! | `wal/NUMBER.wal` | the write-ahead log |
//! | `staging/ID.split` | splits being built; removed at start |
//! | `splits/ID.split` | published splits, when they are kept in a folder |
//! | `cache/ID.split` | local copies of splits that are kept in an object store |

use std::path::{Path, PathBuf};

use crate::model::SplitId;

const SPLIT_EXTENSION: &str = ".split";
const WAL_EXTENSION: &str = ".wal";
/// Digits of a WAL file's number, so that names sort as numbers do.
const WAL_DIGITS: usize = 12;

/// Names under one data directory.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    root: PathBuf,
}

impl Paths {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(crate) fn catalog(&self) -> PathBuf {
        self.root.join("catalog.db")
    }

    pub(crate) fn wal(&self) -> PathBuf {
        self.root.join("wal")
    }

    pub(crate) fn staging(&self) -> PathBuf {
        self.root.join("staging")
    }

    pub(crate) fn splits(&self) -> PathBuf {
        self.root.join("splits")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// Where a split is written before it is put among the finished ones.
    pub(crate) fn staged(&self, id: SplitId) -> PathBuf {
        self.staging().join(split_name(id))
    }
}

/// File name of a split, the same in every folder and object store.
pub(crate) fn split_name(id: SplitId) -> String {
    format!("{id}{SPLIT_EXTENSION}")
}

/// The split a file is named after; `None` for any other file.
pub(crate) fn parse_split_name(name: &str) -> Option<SplitId> {
    SplitId::parse(name.strip_suffix(SPLIT_EXTENSION)?)
}

/// File name of a WAL file.
pub(crate) fn wal_name(number: u64) -> String {
    format!("{number:0WAL_DIGITS$}{WAL_EXTENSION}")
}

/// The number a WAL file is named after; `None` for any other file.
pub(crate) fn parse_wal_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(WAL_EXTENSION)?;
    if digits.len() < WAL_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_foreign_names_do_not() {
        assert_eq!(wal_name(7), "000000000007.wal");
        assert_eq!(parse_wal_name(&wal_name(7)), Some(7));
        assert_eq!(parse_wal_name(&wal_name(u64::MAX)), Some(u64::MAX));
        for foreign in ["7.wal", "00000000000x.wal", "+00000000007.wal", "000000000007.wal.bak", ".wal"] {
            assert_eq!(parse_wal_name(foreign), None, "{foreign}");
        }
        let id = SplitId::generate();
        assert_eq!(parse_split_name(&split_name(id)), Some(id));
        assert_eq!(parse_split_name("lost+found"), None);
    }
}
