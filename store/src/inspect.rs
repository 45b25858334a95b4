//! What is in a data directory, told without opening the store: nothing is repaired, replayed or removed.

use std::path::Path;
use std::sync::Arc;

use spoor_runtime::error_kind::chain;

use crate::catalog;
use crate::disk::{Disk as _, DiskLock, RealDisk};
use crate::error::{Error, Result};
use crate::objects;
use crate::paths::Paths;
use crate::split::{SplitCache, SplitReader};
use crate::wal;

pub use crate::catalog::SplitMeta;

/// One file of the write-ahead log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalFile {
    /// Its name in the log's folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Sequence of its first frame.
    pub first_sequence: u64,
    /// Frames up to its end, or up to the damage.
    pub frames: u64,
    /// How it ends.
    pub state: WalFileState,
}

/// How a file of the write-ahead log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WalFileState {
    /// With a whole frame.
    Whole,
    /// In what was never acknowledged; the next start cuts it off.
    Torn {
        /// Where.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// In what was acknowledged, or cannot be told; the next start refuses.
    Damaged {
        /// Where.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
}

/// What the catalog says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogReport {
    /// Rises with every change of the set of splits.
    pub version: u64,
    /// Every split, oldest first.
    pub splits: Vec<SplitMeta>,
    /// Tenants with the last sequence of the log that stands in a split, by name.
    pub published: Vec<(String, u64)>,
    /// Splits that were replaced or dropped, and whose files are not removed yet.
    pub garbage: usize,
}

/// Looks at the write-ahead log.
///
/// # Errors
/// When there is no data directory, when a server has it open, or when a file cannot be read.
pub fn wal(data_dir: &Path) -> Result<Vec<WalFile>> {
    let (paths, _lock) = hold(data_dir)?;
    wal::inspect(&RealDisk, &paths.wal())
}

/// Looks at the catalog.
///
/// # Errors
/// When there is no data directory, when a server has it open, or when the catalog cannot be read.
pub async fn catalog(data_dir: &Path) -> Result<CatalogReport> {
    let (paths, _lock) = hold(data_dir)?;
    exists(&paths.catalog())?;
    let catalog = catalog::open(&paths.catalog()).await?;
    let state = catalog.load().await?;
    let garbage = catalog.garbage().await?.len();
    catalog.close().await;
    let published = state.published.iter().map(|(tenant, sequence)| (tenant.as_str().to_owned(), *sequence));
    let mut published: Vec<(String, u64)> = published.collect();
    published.sort();
    Ok(CatalogReport { version: state.version, splits: state.splits, published, garbage })
}

/// A split as inspected.
#[derive(Debug)]
pub struct SplitReport {
    /// What the catalog says.
    pub meta: SplitMeta,
    /// Name and bytes of each section of its file.
    pub sections: Vec<(String, usize)>,
    /// What is wrong with the file; `None` when it reads and all its checksums match.
    pub damage: Option<String>,
}

/// Reads every split whole and checks it.
///
/// # Errors
/// When there is no data directory, when a server has it open, or when the catalog cannot be read; what is wrong with
/// one split stands in its report.
pub async fn splits(data_dir: &Path, objects_url: &str) -> Result<Vec<SplitReport>> {
    let report = catalog(data_dir).await?;
    let (paths, _lock) = hold(data_dir)?;
    let files = objects::open(objects_url, &paths, Arc::new(RealDisk)).await?;
    let mut reports = Vec::new();
    for meta in report.splits {
        let path = files.open(meta.id).await;
        let opened =
            path.and_then(|path| SplitReader::open(meta.id, &path, meta.records, SplitCache::new(0)));
        let mut sections = Vec::new();
        let checked = opened.and_then(|reader| {
            sections = reader.section_sizes().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
            reader.verify()
        });
        reports.push(SplitReport { meta, sections, damage: checked.err().map(|error| chain(&error)) });
    }
    Ok(reports)
}

/// A server that runs would change what is being looked at.
fn hold(data_dir: &Path) -> Result<(Paths, Box<dyn DiskLock>)> {
    let paths = Paths::new(data_dir);
    exists(&paths.lock())?;
    let lock = RealDisk.lock(&paths.lock())?;
    Ok((paths, lock))
}

fn exists(path: &Path) -> Result<()> {
    let known = std::fs::metadata(path);
    known.map(drop).map_err(|source| Error::File { action: "find", path: path.to_path_buf(), source })
}
