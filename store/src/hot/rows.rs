//! The hot rows of one tenant that will become one split.
//!
//! One writer appends; queries take a [`HotView`], which pins the rows there are. Once sealed, nothing is appended.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::chunk::{CHUNK_ROWS, Chunk, HotRow, INLINE, NONE, RowBits};
use super::tables::Tables;
use crate::config::Config;
use crate::index::term;
use crate::model::batch::BatchRow;
use crate::model::{Batch, SplitId, Tenant, TimeRange, UnixNanos};
use crate::rollup::Rollup;
use spoor_proto::wire::put_varint;

/// The rows of one tenant that will become one split.
#[derive(Debug)]
pub(crate) struct HotRows {
    pub(crate) id: SplitId,
    pub(crate) tenant: Tenant,
    /// What is counted of the spans among them.
    pub(crate) rollup: Rollup,
    /// Locked for writing by the one writer, a batch at a time; for reading by queries, briefly.
    state: RwLock<State>,
}

/// What is behind the lock.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) tables: Tables,
    pub(crate) full: Vec<Arc<Chunk>>,
    pub(crate) head: Chunk,
    pub(crate) spans: u32,
    pub(crate) times: Option<TimeRange>,
    /// WAL sequences of the first and last batch.
    pub(crate) sequences: Option<(u64, u64)>,
    /// Fingerprint and arrival of each batch.
    pub(crate) fingerprints: Vec<(u128, UnixNanos)>,
    chunk_memory: usize,
}

/// The rows there were at one moment.
#[derive(Clone)]
pub(crate) struct HotView {
    pub(crate) rows: Arc<HotRows>,
    pub(crate) chunks: Vec<Arc<Chunk>>,
    pub(crate) len: u32,
    pub(crate) times: Option<TimeRange>,
}

impl HotRows {
    /// Rows whose spans are counted for themselves.
    #[cfg(test)]
    pub(crate) fn new(tenant: Tenant) -> Self {
        let rollup = Rollup::alone(&tenant);
        Self::with(tenant, rollup)
    }

    /// Rows whose spans `rollup` counts.
    pub(crate) fn with(tenant: Tenant, rollup: Rollup) -> Self {
        Self { id: SplitId::generate(), tenant, rollup, state: RwLock::default() }
    }

    /// Appends a batch under its WAL sequence.
    pub(crate) fn append(&self, batch: &Batch, sequence: u64) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.append(batch);
        let first = state.sequences.map_or(sequence, |(first, _)| first);
        state.sequences = Some((first, sequence));
        state.fingerprints.push((batch.fingerprint, batch.arrival));
    }

    /// Pins the rows there are.
    pub(crate) fn view(self: &Arc<Self>) -> HotView {
        let state = self.read();
        let mut chunks = state.full.clone();
        if !state.head.rows.is_empty() {
            chunks.push(Arc::new(state.head.clone()));
        }
        HotView { rows: Arc::clone(self), chunks, len: state.len(), times: state.times }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        self.read().len()
    }

    /// Whether it is time for them to become a split.
    pub(crate) fn is_full(&self, config: &Config) -> bool {
        let state = self.read();
        state.len() >= config.split_records || state.memory() as u64 >= config.split_bytes
    }

    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        (self.read().memory() + self.rollup.memory()) as u64
    }

    /// WAL sequences of the first and last batch.
    pub(crate) fn sequences(&self) -> Option<(u64, u64)> {
        self.read().sequences
    }

    /// Fingerprint and arrival of each batch.
    pub(crate) fn fingerprints(&self) -> Vec<(u128, UnixNanos)> {
        self.read().fingerprints.clone()
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(crate) fn len(&self) -> u32 {
        (self.full.len() * CHUNK_ROWS + self.head.rows.len()) as u32
    }

    /// A row by number.
    pub(crate) fn row(&self, number: u32) -> Option<&HotRow> {
        let (chunk, index) = (number as usize / CHUNK_ROWS, number as usize % CHUNK_ROWS);
        self.full.get(chunk).map_or(&self.head, Arc::as_ref).rows.get(index)
    }

    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.tables.memory() + self.chunk_memory + self.head.memory()
    }

    /// Every chunk, the unfinished one last.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        let head = (!self.head.rows.is_empty()).then_some(&self.head);
        self.full.iter().map(Arc::as_ref).chain(head)
    }

    fn append(&mut self, batch: &Batch) {
        let streams: Vec<u32> = batch.streams.iter().map(|parts| self.tables.stream(parts)).collect();
        for row in &batch.rows {
            if self.head.is_full() {
                self.close_head();
            }
            self.append_row(batch, row, streams[row.stream as usize]);
        }
    }

    fn close_head(&mut self) {
        let next = Chunk {
            rows: Vec::with_capacity(CHUNK_ROWS),
            ids: Vec::with_capacity(self.head.ids.len()),
            bytes: Vec::with_capacity(self.head.bytes.len()),
        };
        let mut full = std::mem::replace(&mut self.head, next);
        full.ids.shrink_to_fit();
        full.bytes.shrink_to_fit();
        self.chunk_memory += full.memory();
        self.full.push(Arc::new(full));
    }

    fn append_row(&mut self, batch: &Batch, row: &BatchRow, stream: u32) {
        let number = self.len();
        let (trace, trace_previous) = self.tables.trace(row.trace_id, number);
        let span = self.tables.spans.intern(trace, row.span_id, number);
        let parent = self.tables.spans.intern(trace, row.parent_span_id, number);
        self.head.bytes.extend_from_slice(batch.get(row.body));
        let body_end = self.head.bytes.len() as u32;
        let buckets = self.append_attributes(batch, row, number);
        let inline_end = self.head.bytes.len() as u32;
        let attributes_end = self.head.ids.len() as u32;
        for token in &batch.tokens[row.tokens.start as usize..row.tokens.end as usize] {
            self.head.ids.push(self.tables.tokens.intern(token.hash, batch.get(token.slice)).0);
        }
        let tokens_end = self.head.ids.len() as u32;
        self.append_terms(batch, row, number, &buckets);
        let terms_end = self.head.ids.len() as u32;
        for item in &batch.correlations[row.correlations.start as usize..row.correlations.end as usize] {
            self.head.ids.push(self.tables.correlation(item.hash, batch.get(item.slice), number));
        }
        self.head.bytes.extend_from_slice(batch.get(row.rest));
        let text = |slice| batch.get(slice);
        let fixed = HotRow {
            time: row.time,
            end_or_observed: row.end_or_observed,
            stream,
            trace,
            trace_previous,
            span,
            parent,
            name: self.tables.name(row.name.hash, text(row.name.slice)),
            severity_text: self
                .tables
                .severity_texts
                .intern(row.severity_text.hash, text(row.severity_text.slice))
                .0,
            flags: row.flags,
            attributes_end,
            tokens_end,
            terms_end,
            correlations_end: self.head.ids.len() as u32,
            body_end,
            inline_end,
            rest_end: self.head.bytes.len() as u32,
            severity_or_kind: row.severity_or_kind,
            bits: RowBits::new(
                row.signal,
                row.status,
                parent != NONE,
                row.body_kind,
                row.time_is_set,
                row.status_is_set,
            ),
        };
        self.spans += u32::from(fixed.bits.is_span());
        self.head.rows.push(fixed);
        let times = self.times.unwrap_or(TimeRange { start: row.time, end: row.time });
        self.times = Some(TimeRange { start: times.start.min(row.time), end: times.end.max(row.time) });
    }

    /// Appends the row's attributes, interned or inline; returns the index terms of the inline ones.
    fn append_attributes(&mut self, batch: &Batch, row: &BatchRow, rows: u32) -> Vec<u32> {
        let mut buckets = Vec::new();
        for item in &batch.attributes[row.attributes.start as usize..row.attributes.end as usize] {
            let key_value = batch.get(item.slice);
            if let Some(id) = self.tables.attribute(item.hash, key_value, rows) {
                self.head.ids.push(id);
                continue;
            }
            self.head.ids.push(INLINE);
            put_varint(&mut self.head.bytes, key_value.len() as u64);
            self.head.bytes.extend_from_slice(key_value);
            term::of_attribute(key_value, true, &mut |bytes| buckets.push(self.tables.term(bytes)));
        }
        buckets
    }

    fn append_terms(&mut self, batch: &Batch, row: &BatchRow, number: u32, buckets: &[u32]) {
        for item in &batch.terms[row.terms.start as usize..row.terms.end as usize] {
            let bytes = batch.get(item.slice);
            let id = self.tables.record_term(item.hash, bytes);
            self.head.ids.push(id);
            if bytes.first() == Some(&term::LINK) {
                self.tables.link_rows.entry(id).or_default().push(number);
            }
        }
        self.head.ids.extend_from_slice(buckets);
    }
}
