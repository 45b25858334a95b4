//! What was decompressed lately, over all splits, within one memory bound.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::block::Block;
use super::decompressors::Decompressors;
use super::dictionary::Page;
use crate::model::SplitId;

/// Decompressed blocks and pages; cheap to clone.
#[derive(Clone)]
pub(crate) struct SplitCache {
    entries: Arc<Cache<Key, Entry, ByMemory>>,
    zstd: Decompressors,
}

/// Which dictionary a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DictionaryKind {
    Attributes,
    Names,
    SeverityTexts,
    Correlations,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Block(SplitId, u32),
    Page(SplitId, DictionaryKind, u32),
}

#[derive(Clone)]
enum Entry {
    Block(Arc<Block>),
    Page(Arc<Page>),
}

#[derive(Clone)]
struct ByMemory;

impl Weighter<Key, Entry> for ByMemory {
    fn weight(&self, _key: &Key, entry: &Entry) -> u64 {
        let memory = match entry {
            Entry::Block(block) => block.memory(),
            Entry::Page(page) => page.memory(),
        };
        memory as u64 + 128
    }
}

impl SplitCache {
    /// A cache that holds up to `bytes_max`.
    pub(crate) fn new(bytes_max: u64) -> Self {
        // An average entry is a block of some 40 KB.
        let entries = Cache::with_weighter((bytes_max / 40_000).max(16) as usize, bytes_max, ByMemory);
        Self { entries: Arc::new(entries), zstd: Decompressors::default() }
    }

    /// The block, read by `read` when it is not there.
    pub(crate) fn block(
        &self,
        split: SplitId,
        block: u32,
        read: impl FnOnce(&Decompressors) -> Option<Block>,
    ) -> Option<Arc<Block>> {
        let key = Key::Block(split, block);
        if let Some(Entry::Block(block)) = self.entries.get(&key) {
            return Some(block);
        }
        let block = Arc::new(read(&self.zstd)?);
        self.entries.insert(key, Entry::Block(Arc::clone(&block)));
        Some(block)
    }

    /// The page, read by `read` when it is not there.
    pub(crate) fn page(
        &self,
        split: SplitId,
        kind: DictionaryKind,
        page: u32,
        read: impl FnOnce(&Decompressors) -> Option<Page>,
    ) -> Option<Arc<Page>> {
        let key = Key::Page(split, kind, page);
        if let Some(Entry::Page(page)) = self.entries.get(&key) {
            return Some(page);
        }
        let page = Arc::new(read(&self.zstd)?);
        self.entries.insert(key, Entry::Page(Arc::clone(&page)));
        Some(page)
    }

    /// Decompressors for what is not worth keeping.
    pub(super) fn zstd(&self) -> &Decompressors {
        &self.zstd
    }

    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.entries.weight()
    }
}
