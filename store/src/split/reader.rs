//! An open split: its parts, and whole records by number.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tantivy::directory::OwnedBytes;
use tantivy::index::InvertedIndexReader;
use tantivy::{Directory as _, SegmentReader, directory::MmapDirectory};

use super::block::{Block, BlockRow, End, unzigzag};
use super::cache::{DictionaryKind, SplitCache};
use super::correlations::KeyIds;
use super::decompressors::Decompressors;
use super::dictionary::{Page, PagedDictionary};
use super::file::SplitFile;
use super::filter::IdFilter;
use super::spans::SpanIds;
use super::{index, streams};
use crate::columns::scan::Counts;
use crate::columns::{BLOCK_RECORDS, Columns as _, PackedColumns};
use crate::error::{Error, Result};
use crate::hot::chunk::RowBits;
use crate::index::term;
use crate::leaf::{Budget, FieldNames};
use crate::model::batch::BodyKind;
use crate::model::{Record, RecordBody, RecordId, SplitId, Stream, TraceId};
use crate::rollup::{Summary, codec};

/// An open split.
pub(crate) struct SplitReader {
    pub(crate) id: SplitId,
    path: PathBuf,
    cache: SplitCache,
    file: SplitFile,
    pub(super) columns: PackedColumns,
    blocks: OwnedBytes,
    block_ends: OwnedBytes,
    attributes: PagedDictionary,
    names: PagedDictionary,
    severity_texts: PagedDictionary,
    correlations: PagedDictionary,
    /// What stands under each correlation key; read when first asked for.
    pub(super) key_ids: OnceLock<HashMap<String, KeyIds>>,
    traces: OwnedBytes,
    pub(super) filter: IdFilter,
    pub(super) spans: SpanIds,
    /// Streams with their counts, by ordinal.
    pub(crate) streams: Vec<(Arc<Stream>, Counts)>,
    rollup: OwnedBytes,
    rollup_totals: OwnedBytes,
    pub(super) segment: SegmentReader,
    pub(super) exact: Arc<InvertedIndexReader>,
    pub(super) text: Arc<InvertedIndexReader>,
    /// Names of fields, once asked for, unless there are very many.
    pub(super) field_names: OnceLock<FieldNames>,
}

/// The pages a fetch has met, so that each is asked of the shared cache once.
#[derive(Default)]
struct Pages {
    held: HashMap<(DictionaryKind, u32), Arc<Page>>,
}

impl SplitReader {
    /// Opens and checks the split file at `path`, which holds `records` records.
    pub(crate) fn open(id: SplitId, path: &Path, records: u32, cache: SplitCache) -> Result<Self> {
        let corrupt = |reason: &str| Error::Corrupt { path: path.to_owned(), reason: reason.to_owned() };
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(corrupt("path has no file name"));
        };
        let directory = MmapDirectory::open(folder).map_err(tantivy::TantivyError::from)?;
        let mapped = directory.open_read(Path::new(name)).map_err(tantivy::TantivyError::from)?;
        let bytes = mapped.read_bytes().map_err(|source| Error::File {
            action: "map",
            path: path.to_owned(),
            source,
        })?;
        let file = SplitFile::open(bytes, path)?;
        let section =
            |name: &str| file.section(name).ok_or_else(|| corrupt(&format!("section {name} is missing")));
        let malformed = |name: &'static str| move || corrupt(&format!("section {name} is malformed"));
        let dictionary =
            |name: &'static str| PagedDictionary::open(section(name)?).ok_or_else(malformed(name));
        let files = file.sections_under("index/").map(|(name, bytes)| (PathBuf::from(name), bytes)).collect();
        let segment = index::open(files)?;
        let (_, fields) = index::schema();
        let reader = Self {
            id,
            path: path.to_owned(),
            cache,
            columns: PackedColumns::open(section("columns")?, records).ok_or_else(malformed("columns"))?,
            blocks: section("blocks")?,
            block_ends: section("block_ends")?,
            attributes: dictionary("attributes")?,
            names: dictionary("names")?,
            severity_texts: dictionary("severity_texts")?,
            correlations: dictionary("correlations")?,
            key_ids: OnceLock::new(),
            traces: section("traces")?,
            filter: IdFilter::open(section("filter")?).ok_or_else(malformed("filter"))?,
            spans: SpanIds::open(section("spans")?).ok_or_else(malformed("spans"))?,
            streams: streams::read(&section("streams")?).ok_or_else(malformed("streams"))?,
            rollup: section("rollup")?,
            rollup_totals: section("rollup_totals")?,
            exact: segment.inverted_index(fields.exact)?,
            text: segment.inverted_index(fields.text)?,
            field_names: OnceLock::new(),
            segment,
            file,
        };
        if reader.block_ends.len() != (records as usize).div_ceil(BLOCK_RECORDS) * 8 {
            return Err(reader.corrupt("section block_ends is malformed"));
        }
        Ok(reader)
    }

    /// Records in it.
    pub(crate) fn records(&self) -> u32 {
        self.columns.records()
    }

    /// Reads everything and checks it against its checksums.
    pub(crate) fn verify(&self) -> Result<()> {
        self.file.verify().map_err(|reason| self.corrupt(&reason))
    }

    /// Name and length of every section.
    pub(crate) fn section_sizes(&self) -> impl Iterator<Item = (&str, usize)> {
        self.file.sizes()
    }

    /// What is counted of its spans, by time.
    pub(crate) fn rollup(&self) -> Result<Summary> {
        codec::read(&self.rollup).ok_or_else(|| self.corrupt("section rollup is malformed"))
    }

    /// The same with one cell for each series.
    pub(crate) fn rollup_totals(&self) -> Result<Summary> {
        codec::read(&self.rollup_totals).ok_or_else(|| self.corrupt("section rollup_totals is malformed"))
    }

    pub(super) fn corrupt(&self, reason: &str) -> Error {
        Error::Corrupt { path: self.path.clone(), reason: reason.to_owned() }
    }

    /// The block, from the cache or the file.
    pub(super) fn block(&self, block: usize) -> Result<Arc<Block>> {
        let read = |zstd: &Decompressors| Block::decode(self.block_bytes(block), zstd);
        self.cache
            .block(self.id, block as u32, read)
            .ok_or_else(|| self.corrupt(&format!("record block {block} is damaged")))
    }

    /// The block as the file has it; empty when there is none.
    pub(super) fn block_bytes(&self, block: usize) -> &[u8] {
        let end_of = |block: usize| {
            let bytes = self.block_ends.get(block * 8..block * 8 + 8)?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?) as usize)
        };
        let start = if block == 0 { Some(0) } else { end_of(block - 1) };
        let range = start.zip(end_of(block));
        range.and_then(|(start, end)| self.blocks.get(start..end)).unwrap_or_default()
    }

    pub(super) fn zstd(&self) -> &Decompressors {
        self.cache.zstd()
    }

    /// The term of the correlation id numbered so.
    pub(super) fn correlation_term(&self, number: u32) -> Result<Vec<u8>> {
        let mut pages = Pages::default();
        self.item(&mut pages, DictionaryKind::Correlations, number).map(<[u8]>::to_vec)
    }

    /// Calls `visit` for the term of every correlation id, in the order of their numbers.
    pub(super) fn each_correlation(&self, budget: &Budget, visit: &mut dyn FnMut(&[u8])) -> Result<()> {
        for page in 0..self.correlations.pages() {
            budget.check()?;
            let page = self.correlations.page(page, self.zstd());
            let page = page.ok_or_else(|| self.corrupt("dictionary page is damaged"))?;
            page.items().for_each(&mut *visit);
        }
        Ok(())
    }

    /// The rows of a block up to the last of `ordinals`, which ascend and are all in it.
    pub(super) fn rows_up_to(&self, block: &Block, ordinals: &[u32]) -> Vec<BlockRow> {
        let last = ordinals.last().map_or(0, |ordinal| *ordinal as usize % BLOCK_RECORDS);
        block.rows().take(last + 1).collect()
    }

    /// The trace numbered so.
    pub(super) fn trace(&self, number: u32) -> Option<TraceId> {
        let at = number as usize * 16;
        TraceId::from_bytes(self.traces.get(at..at + 16)?)
    }

    /// The records, in the order asked for; an ordinal past the end is left out.
    pub(crate) fn fetch(&self, ordinals: &[u32], budget: &Budget) -> Result<Vec<Record>> {
        let mut order: Vec<usize> = (0..ordinals.len()).filter(|at| ordinals[*at] < self.records()).collect();
        order.sort_unstable_by_key(|at| ordinals[*at]);
        let mut found: Vec<Option<Record>> = vec![None; ordinals.len()];
        let mut pages = Pages::default();
        for same_block in order
            .chunk_by(|a, b| ordinals[*a] as usize / BLOCK_RECORDS == ordinals[*b] as usize / BLOCK_RECORDS)
        {
            budget.check()?;
            let number = ordinals[same_block[0]] as usize / BLOCK_RECORDS;
            let block = self.block(number)?;
            let columns = BlockColumns::read(&self.columns, number);
            let wanted: Vec<u32> = same_block.iter().map(|at| ordinals[*at]).collect();
            let rows = self.rows_up_to(&block, &wanted);
            for (at, ordinal) in same_block.iter().zip(wanted) {
                let row = rows.get(ordinal as usize % BLOCK_RECORDS);
                let row = row.ok_or_else(|| self.corrupt("record block is shorter than its columns"))?;
                found[*at] = Some(self.record(ordinal, (&block, row), &columns, &mut pages)?);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    fn record(
        &self,
        ordinal: u32,
        (block, row): (&Block, &BlockRow),
        columns: &BlockColumns,
        pages: &mut Pages,
    ) -> Result<Record> {
        let index = ordinal as usize % BLOCK_RECORDS;
        let bits = columns.bits[index];
        let stream = self.streams.get(columns.streams[index] as usize).map(|(stream, _)| Arc::clone(stream));
        Ok(Record {
            id: RecordId { split: self.id, ordinal },
            signal: bits.signal(),
            stream: stream.ok_or_else(|| self.corrupt("record refers to a stream that is not there"))?,
            time: columns.times[index],
            time_is_set: bits.time_is_set(),
            end_or_observed: columns.end_or_observed(index, row.end),
            severity_or_kind: columns.kinds[index],
            status: bits.status(),
            status_is_set: bits.status_is_set(),
            flags: row.flags,
            trace_id: row.trace.and_then(|number| self.trace(number)),
            span_id: row.span.and_then(|number| self.spans.get(number)),
            parent_span_id: row.parent.and_then(|number| self.spans.get(number)),
            name: self.text(pages, DictionaryKind::Names, row.name)?,
            severity_text: self.text(pages, DictionaryKind::SeverityTexts, row.severity_text)?,
            body: match bits.body_kind() {
                BodyKind::None => RecordBody::None,
                BodyKind::Text => RecordBody::Text(String::from_utf8_lossy(block.body(row)).into_owned()),
                BodyKind::Value => RecordBody::Value(block.body(row).to_vec()),
            },
            attributes: self.attributes(block, row, pages)?,
            correlations: self.correlations(block, row, pages)?,
            rest: block.rest(row).to_vec(),
        })
    }

    fn attributes(&self, block: &Block, row: &BlockRow, pages: &mut Pages) -> Result<Vec<Vec<u8>>> {
        let mut inline = block.inline(row);
        let mut attributes = Vec::new();
        for number in block.attributes(row) {
            attributes.push(match number {
                Some(number) => self.item(pages, DictionaryKind::Attributes, number)?.to_vec(),
                None => inline.next().ok_or_else(|| self.corrupt("inline attribute is missing"))?.to_vec(),
            });
        }
        Ok(attributes)
    }

    fn correlations(
        &self,
        block: &Block,
        row: &BlockRow,
        pages: &mut Pages,
    ) -> Result<Vec<(String, String)>> {
        let mut correlations = Vec::new();
        for number in block.correlations(row) {
            let item = self.item(pages, DictionaryKind::Correlations, number)?;
            let (key, value) = term::split_correlation(item)
                .ok_or_else(|| self.corrupt("correlation entry is malformed"))?;
            correlations.push((key.to_owned(), value.to_owned()));
        }
        Ok(correlations)
    }

    fn text(&self, pages: &mut Pages, kind: DictionaryKind, number: u32) -> Result<String> {
        Ok(String::from_utf8_lossy(self.item(pages, kind, number)?).into_owned())
    }

    fn item<'p>(&self, pages: &'p mut Pages, kind: DictionaryKind, number: u32) -> Result<&'p [u8]> {
        let dictionary = match kind {
            DictionaryKind::Attributes => &self.attributes,
            DictionaryKind::Names => &self.names,
            DictionaryKind::SeverityTexts => &self.severity_texts,
            DictionaryKind::Correlations => &self.correlations,
        };
        let damaged = || self.corrupt("dictionary entry is missing or damaged");
        let page = dictionary.page_of(number).ok_or_else(damaged)?;
        let held = match pages.held.entry((kind, page)) {
            std::collections::hash_map::Entry::Occupied(held) => held.into_mut(),
            std::collections::hash_map::Entry::Vacant(vacant) => {
                let read = self
                    .cache
                    .page(self.id, kind, page, |zstd| dictionary.page(page, zstd))
                    .ok_or_else(damaged)?;
                vacant.insert(read)
            }
        };
        held.get(number).ok_or_else(damaged)
    }
}

/// The columns of one block, unpacked.
struct BlockColumns {
    times: [u64; BLOCK_RECORDS],
    durations: [u64; BLOCK_RECORDS],
    streams: [u32; BLOCK_RECORDS],
    kinds: [u8; BLOCK_RECORDS],
    bits: [RowBits; BLOCK_RECORDS],
}

impl BlockColumns {
    fn read(columns: &PackedColumns, block: usize) -> Self {
        let mut read = Self {
            times: [0; BLOCK_RECORDS],
            durations: [0; BLOCK_RECORDS],
            streams: [0; BLOCK_RECORDS],
            kinds: [0; BLOCK_RECORDS],
            bits: [RowBits(0); BLOCK_RECORDS],
        };
        columns.times(block, &mut read.times);
        columns.durations(block, &mut read.durations);
        columns.streams(block, &mut read.streams);
        columns.kinds(block, &mut read.kinds);
        columns.bits(block, &mut read.bits);
        read
    }

    fn end_or_observed(&self, index: usize, end: End) -> u64 {
        let is_span = self.bits[index].is_span();
        match end {
            End::Implied if is_span => self.times[index].wrapping_add(self.durations[index]),
            End::Implied => 0,
            End::Explicit(raw) if is_span => raw,
            End::Explicit(delta) => self.times[index].wrapping_add(unzigzag(delta) as u64),
        }
    }
}
