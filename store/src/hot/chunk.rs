//! 256 hot rows: fixed part, numbers, bytes. A full chunk never changes and is shared with queries; it becomes one
//! record block of the split.

use crate::model::batch::BodyKind;
use crate::model::{Signal, SpanStatus};

/// Rows in a chunk, and records in a block of a split.
pub(crate) const CHUNK_ROWS: usize = 256;

/// Stands for "none" wherever a number of a dictionary is expected.
pub(crate) const NONE: u32 = u32::MAX;

/// Stands in a row's attribute list for one kept inline; see [`Chunk::inline`].
pub(crate) const INLINE: u32 = u32::MAX - 1;

/// The fixed part of a row. The `*_end` fields are positions in the chunk's `ids` and `bytes`, each list beginning
/// where the one before it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HotRow {
    pub(crate) time: u64,
    pub(crate) end_or_observed: u64,
    pub(crate) stream: u32,
    pub(crate) trace: u32,
    /// The row before this one in the same trace.
    pub(crate) trace_previous: u32,
    pub(crate) span: u32,
    pub(crate) parent: u32,
    pub(crate) name: u32,
    pub(crate) severity_text: u32,
    pub(crate) flags: u32,
    pub(crate) attributes_end: u32,
    pub(crate) tokens_end: u32,
    pub(crate) terms_end: u32,
    pub(crate) correlations_end: u32,
    pub(crate) body_end: u32,
    pub(crate) inline_end: u32,
    pub(crate) rest_end: u32,
    pub(crate) severity_or_kind: u8,
    pub(crate) bits: RowBits,
}

/// Signal, status, body kind and presence flags of a record in one byte; the same byte in memory and on disk.
///
/// | bits | meaning |
/// |---|---|
/// | 0 | signal (1: span) |
/// | 1–2 | status |
/// | 3 | has a parent span |
/// | 4–5 | body kind |
/// | 6 | time is set |
/// | 7 | status is set |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowBits(pub(crate) u8);

/// Up to [`CHUNK_ROWS`] rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chunk {
    pub(crate) rows: Vec<HotRow>,
    pub(crate) ids: Vec<u32>,
    pub(crate) bytes: Vec<u8>,
}

impl RowBits {
    pub(crate) fn new(
        signal: Signal,
        status: SpanStatus,
        has_parent: bool,
        body: BodyKind,
        time_is_set: bool,
        status_is_set: bool,
    ) -> Self {
        Self(
            signal as u8
                | (status as u8) << 1
                | u8::from(has_parent) << 3
                | (body as u8) << 4
                | u8::from(time_is_set) << 6
                | u8::from(status_is_set) << 7,
        )
    }

    pub(crate) fn signal(self) -> Signal {
        if self.is_span() { Signal::Spans } else { Signal::Logs }
    }

    pub(crate) fn is_span(self) -> bool {
        self.0 & 1 == 1
    }

    pub(crate) fn status(self) -> SpanStatus {
        SpanStatus::from_u8(self.0 >> 1 & 3)
    }

    pub(crate) fn has_parent(self) -> bool {
        self.0 >> 3 & 1 == 1
    }

    pub(crate) fn body_kind(self) -> BodyKind {
        match self.0 >> 4 & 3 {
            1 => BodyKind::Text,
            2 => BodyKind::Value,
            _ => BodyKind::None,
        }
    }

    pub(crate) fn time_is_set(self) -> bool {
        self.0 >> 6 & 1 == 1
    }

    pub(crate) fn status_is_set(self) -> bool {
        self.0 >> 7 & 1 == 1
    }

    /// A span with status error, or a log record of severity error or above.
    pub(crate) fn is_error(self, severity_or_kind: u8) -> bool {
        if self.is_span() {
            self.status() == SpanStatus::Error
        } else {
            (17..=24).contains(&severity_or_kind)
        }
    }
}

impl HotRow {
    /// Length of a span; 0 for log records and ends before the start.
    pub(crate) fn duration(&self) -> u64 {
        if self.bits.is_span() { self.end_or_observed.saturating_sub(self.time) } else { 0 }
    }
}

impl Chunk {
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= CHUNK_ROWS
    }

    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.rows.capacity() * size_of::<HotRow>() + self.ids.capacity() * 4 + self.bytes.capacity()
    }

    fn ids_start(&self, row: usize) -> usize {
        if row == 0 { 0 } else { self.rows[row - 1].correlations_end as usize }
    }

    fn bytes_start(&self, row: usize) -> usize {
        if row == 0 { 0 } else { self.rows[row - 1].rest_end as usize }
    }

    /// Attributes by number, in order; [`INLINE`] for each one kept inline.
    pub(crate) fn attributes(&self, row: usize) -> &[u32] {
        &self.ids[self.ids_start(row)..self.rows[row].attributes_end as usize]
    }

    /// Tokens of the body, in order.
    pub(crate) fn tokens(&self, row: usize) -> &[u32] {
        let fixed = &self.rows[row];
        &self.ids[fixed.attributes_end as usize..fixed.tokens_end as usize]
    }

    /// Further index terms: events, links, structured body, inline attributes by bucket.
    pub(crate) fn terms(&self, row: usize) -> &[u32] {
        let fixed = &self.rows[row];
        &self.ids[fixed.tokens_end as usize..fixed.terms_end as usize]
    }

    /// Correlation ids.
    pub(crate) fn correlations(&self, row: usize) -> &[u32] {
        let fixed = &self.rows[row];
        &self.ids[fixed.terms_end as usize..fixed.correlations_end as usize]
    }

    /// The body: text, or an `AnyValue` message.
    pub(crate) fn body(&self, row: usize) -> &[u8] {
        &self.bytes[self.bytes_start(row)..self.rows[row].body_end as usize]
    }

    /// Attributes kept inline, one after another, each after its length as a varint.
    pub(crate) fn inline(&self, row: usize) -> &[u8] {
        let fixed = &self.rows[row];
        &self.bytes[fixed.body_end as usize..fixed.inline_end as usize]
    }

    /// The remaining fields of the record.
    pub(crate) fn rest(&self, row: usize) -> &[u8] {
        let fixed = &self.rows[row];
        &self.bytes[fixed.inline_end as usize..fixed.rest_end as usize]
    }
}
