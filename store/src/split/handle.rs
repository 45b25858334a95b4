//! A published split: what the catalog says of it, and its reader, opened when first asked for.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::cache::SplitCache;
use super::reader::SplitReader;
use crate::catalog::SplitMeta;
use crate::error::Result;

/// A published split.
pub(crate) struct SplitHandle {
    pub(crate) meta: SplitMeta,
    path: PathBuf,
    cache: SplitCache,
    /// Opening is done under the lock, so that a split is opened once.
    reader: Mutex<Option<Arc<SplitReader>>>,
}

impl SplitHandle {
    pub(crate) fn new(meta: SplitMeta, path: PathBuf, cache: SplitCache) -> Self {
        Self { meta, path, cache, reader: Mutex::new(None) }
    }

    /// The open split.
    pub(crate) fn reader(&self) -> Result<Arc<SplitReader>> {
        let mut slot = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = slot.as_ref() {
            return Ok(Arc::clone(reader));
        }
        let opened =
            Arc::new(SplitReader::open(self.meta.id, &self.path, self.meta.records, self.cache.clone())?);
        *slot = Some(Arc::clone(&opened));
        Ok(opened)
    }
}
