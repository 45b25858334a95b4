//! The columns of records that are scanned rather than looked up: time, duration, stream, severity or kind, bits.
//!
//! Hot rows and splits both offer them in blocks of [`BLOCK_RECORDS`], with a summary of each, so that filters, top-k,
//! histograms and counts are written once ([`scan`]).

mod packed;
mod patched;
pub(crate) mod scan;

pub(crate) use packed::{PackedColumns, pack_block, summarise};

use crate::hot::chunk::{CHUNK_ROWS, RowBits};

/// Records in a block.
pub(crate) const BLOCK_RECORDS: usize = CHUNK_ROWS;

/// What is known of a block without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) len: usize,
    pub(crate) time_min: u64,
    pub(crate) time_max: u64,
    pub(crate) duration_max: u64,
    pub(crate) stream_min: u32,
    pub(crate) stream_max: u32,
    pub(crate) kind_min: u8,
    pub(crate) kind_max: u8,
    /// Bits that every record has.
    pub(crate) bits_and: u8,
    /// Bits that some record has.
    pub(crate) bits_or: u8,
}

/// Columns in blocks. Each method fills the first `summary(block).len` places of `out`.
pub(crate) trait Columns {
    /// Records in all blocks; every block but the last is full.
    fn records(&self) -> u32;
    /// What is known of a block without reading it.
    fn summary(&self, block: usize) -> Summary;
    /// Indexed times.
    fn times(&self, block: usize, out: &mut [u64; BLOCK_RECORDS]);
    /// Span durations; 0 for log records.
    fn durations(&self, block: usize, out: &mut [u64; BLOCK_RECORDS]);
    /// Stream ordinals.
    fn streams(&self, block: usize, out: &mut [u32; BLOCK_RECORDS]);
    /// Severity numbers of log records, kinds of spans.
    fn kinds(&self, block: usize, out: &mut [u8; BLOCK_RECORDS]);
    /// Bits.
    fn bits(&self, block: usize, out: &mut [RowBits; BLOCK_RECORDS]);
}
