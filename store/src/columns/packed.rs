//! One block of columns on disk, bit-packed.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 2 | records |
//! | 2 | 4 × 1 | bit widths: time, duration, stream, kind |
//! | 6 | 1 | distinct values of the bits column |
//! | 7 | 2 × 1 | scales of time and duration (0: 1, 1: 1,000, 2: 1,000,000 ns) |
//! | 9 | 4 × 1 | least and greatest kind; bits that all, that some records have |
//! | 13 | 3 | zero |
//! | 16 | 3 × 8 | least and greatest time, greatest duration |
//! | 40 | 2 × 4 | least and greatest stream |
//! | 48 | | times less the least, over the scale |
//! | | | durations of the spans only, over the scale |
//! | | | streams less the least |
//! | | | kinds less the least |
//! | | | distinct values of the bits column; if several, an index into them for each record |
//!
//! Integers are little endian. A section is its blocks, then the end of each as u32, then their number as u32.

use tantivy::directory::OwnedBytes;
use tantivy_bitpacker::{BitPacker, BitUnpacker, compute_num_bits};

use super::{BLOCK_RECORDS, Columns, Summary};
use crate::hot::chunk::{HotRow, RowBits};

const HEADER: usize = 48;
const SCALES: [u64; 3] = [1, 1_000, 1_000_000];

/// The columns section of a split.
pub(crate) struct PackedColumns {
    records: u32,
    bytes: OwnedBytes,
    blocks: usize,
    ends_at: usize,
}

/// Appends the block made of `rows` (at most [`BLOCK_RECORDS`], at least one).
pub(crate) fn pack_block(rows: &[HotRow], out: &mut Vec<u8>) {
    let summary = summarise(rows);
    let durations: Vec<u64> = rows.iter().filter(|row| row.bits.is_span()).map(HotRow::duration).collect();
    let time_scale = scale(rows.iter().map(|row| row.time - summary.time_min));
    let duration_scale = scale(durations.iter().copied());
    let time_bits = compute_num_bits((summary.time_max - summary.time_min) / SCALES[time_scale]);
    let duration_bits = compute_num_bits(summary.duration_max / SCALES[duration_scale]);
    let stream_bits = compute_num_bits(u64::from(summary.stream_max - summary.stream_min));
    let kind_bits = compute_num_bits(u64::from(summary.kind_max - summary.kind_min));
    let mut distinct: Vec<u8> = rows.iter().map(|row| row.bits.0).collect();
    distinct.sort_unstable();
    distinct.dedup();

    out.extend_from_slice(&(rows.len() as u16).to_le_bytes());
    out.extend_from_slice(&[time_bits, duration_bits, stream_bits, kind_bits, (distinct.len() - 1) as u8]);
    out.extend_from_slice(&[time_scale as u8, duration_scale as u8]);
    out.extend_from_slice(&[summary.kind_min, summary.kind_max, summary.bits_and, summary.bits_or, 0, 0, 0]);
    out.extend_from_slice(&summary.time_min.to_le_bytes());
    out.extend_from_slice(&summary.time_max.to_le_bytes());
    out.extend_from_slice(&summary.duration_max.to_le_bytes());
    out.extend_from_slice(&summary.stream_min.to_le_bytes());
    out.extend_from_slice(&summary.stream_max.to_le_bytes());
    pack(time_bits, rows.iter().map(|row| (row.time - summary.time_min) / SCALES[time_scale]), out);
    pack(duration_bits, durations.iter().map(|duration| duration / SCALES[duration_scale]), out);
    pack(stream_bits, rows.iter().map(|row| u64::from(row.stream - summary.stream_min)), out);
    pack(kind_bits, rows.iter().map(|row| u64::from(row.severity_or_kind - summary.kind_min)), out);
    out.extend_from_slice(&distinct);
    let index = |row: &HotRow| distinct.partition_point(|value| *value < row.bits.0) as u64;
    pack(compute_num_bits(distinct.len() as u64 - 1), rows.iter().map(index), out);
}

/// Summary of rows in memory.
pub(crate) fn summarise(rows: &[HotRow]) -> Summary {
    let mut summary = Summary {
        len: rows.len(),
        time_min: u64::MAX,
        time_max: 0,
        duration_max: 0,
        stream_min: u32::MAX,
        stream_max: 0,
        kind_min: u8::MAX,
        kind_max: 0,
        bits_and: u8::MAX,
        bits_or: 0,
    };
    for row in rows {
        summary.time_min = summary.time_min.min(row.time);
        summary.time_max = summary.time_max.max(row.time);
        summary.duration_max = summary.duration_max.max(row.duration());
        summary.stream_min = summary.stream_min.min(row.stream);
        summary.stream_max = summary.stream_max.max(row.stream);
        summary.kind_min = summary.kind_min.min(row.severity_or_kind);
        summary.kind_max = summary.kind_max.max(row.severity_or_kind);
        summary.bits_and &= row.bits.0;
        summary.bits_or |= row.bits.0;
    }
    summary
}

/// The largest scale that every value is a multiple of: clocks of microseconds and milliseconds are common.
fn scale(values: impl Iterator<Item = u64> + Clone) -> usize {
    (0..SCALES.len()).rev().find(|scale| values.clone().all(|value| value % SCALES[*scale] == 0)).unwrap_or(0)
}

fn pack(bits: u8, values: impl Iterator<Item = u64>, out: &mut Vec<u8>) {
    if bits == 0 {
        return;
    }
    let mut packer = BitPacker::new();
    for value in values {
        // Writing to a Vec cannot fail.
        let _: std::io::Result<()> = packer.write(value, bits, out);
    }
    let _: std::io::Result<()> = packer.close(out);
}

fn packed_len(bits: u8, values: usize) -> usize {
    (values * bits as usize).div_ceil(8)
}

/// One block, its parts found.
struct Block<'a> {
    bytes: &'a [u8],
    len: usize,
    data: &'a [u8],
}

impl PackedColumns {
    /// Reads a section; `None` when it is not one.
    pub(crate) fn open(bytes: OwnedBytes, records: u32) -> Option<Self> {
        let count_at = bytes.len().checked_sub(4)?;
        let blocks = u32::from_le_bytes(bytes.get(count_at..)?.try_into().ok()?) as usize;
        let ends_at = count_at.checked_sub(blocks.checked_mul(4)?)?;
        let complete = blocks == (records as usize).div_ceil(BLOCK_RECORDS);
        let columns = Self { records, bytes, blocks, ends_at };
        let last_end = if blocks == 0 { 0 } else { columns.end(blocks - 1) };
        (complete && last_end == ends_at).then_some(columns)
    }

    fn end(&self, block: usize) -> usize {
        let at = self.ends_at + 4 * block;
        read_u32(&self.bytes, at) as usize
    }

    fn block(&self, block: usize) -> Block<'_> {
        assert!(block < self.blocks, "block {block} of {} was asked for", self.blocks);
        let start = if block == 0 { 0 } else { self.end(block - 1) };
        let bytes = &self.bytes[start..self.end(block)];
        let len = usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        Block { bytes, len, data: &bytes[HEADER..] }
    }
}

fn read_u32(bytes: &[u8], at: usize) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(value)
}

fn read_u64(bytes: &[u8], at: usize) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(value)
}

impl<'a> Block<'a> {
    fn bits(&self, column: usize) -> u8 {
        self.bytes[2 + column]
    }

    fn spans(&self, bits: &[RowBits; BLOCK_RECORDS]) -> usize {
        bits[..self.len].iter().filter(|bits| bits.is_span()).count()
    }

    /// How many spans there are, reading the bits column only when the block is mixed.
    fn span_count(&self) -> usize {
        let (bits_and, bits_or) = (self.bytes[11], self.bytes[12]);
        if bits_and & 1 == bits_or & 1 {
            return if bits_and & 1 == 1 { self.len } else { 0 };
        }
        // The bits column is last, so it can be found from the end without knowing this count.
        let mut bits = [RowBits(0); BLOCK_RECORDS];
        self.read_bits(&mut bits);
        self.spans(&bits)
    }

    fn read_bits(&self, out: &mut [RowBits; BLOCK_RECORDS]) {
        let distinct = usize::from(self.bytes[6]) + 1;
        let width = compute_num_bits(distinct as u64 - 1);
        let start = self.data.len() - packed_len(width, self.len) - distinct;
        let (values, packed) = self.data[start..].split_at(distinct);
        let unpacker = BitUnpacker::new(width);
        for (index, place) in out.iter_mut().enumerate().take(self.len) {
            *place = RowBits(values[unpacker.get(index as u32, packed) as usize % distinct]);
        }
    }

    /// The packed column and its unpacker.
    fn column(&self, column: usize) -> (&'a [u8], BitUnpacker) {
        let times = packed_len(self.bits(0), self.len);
        let durations = if column > 0 { packed_len(self.bits(1), self.span_count()) } else { 0 };
        let streams = packed_len(self.bits(2), self.len);
        let start = [0, times, times + durations, times + durations + streams][column];
        (&self.data[start..], BitUnpacker::new(self.bits(column)))
    }
}

impl Columns for PackedColumns {
    fn records(&self) -> u32 {
        self.records
    }

    fn summary(&self, block: usize) -> Summary {
        let block = self.block(block);
        let bytes = block.bytes;
        Summary {
            len: block.len,
            time_min: read_u64(bytes, 16),
            time_max: read_u64(bytes, 24),
            duration_max: read_u64(bytes, 32),
            stream_min: read_u32(bytes, 40),
            stream_max: read_u32(bytes, 44),
            kind_min: bytes[9],
            kind_max: bytes[10],
            bits_and: bytes[11],
            bits_or: bytes[12],
        }
    }

    fn times(&self, block: usize, out: &mut [u64; BLOCK_RECORDS]) {
        let block = self.block(block);
        let least = read_u64(block.bytes, 16);
        let scale = SCALES[usize::from(block.bytes[7]) % SCALES.len()];
        let (packed, unpacker) = block.column(0);
        for (index, place) in out.iter_mut().enumerate().take(block.len) {
            *place = least + unpacker.get(index as u32, packed) * scale;
        }
    }

    fn durations(&self, block: usize, out: &mut [u64; BLOCK_RECORDS]) {
        let block = self.block(block);
        let scale = SCALES[usize::from(block.bytes[8]) % SCALES.len()];
        let mut bits = [RowBits(0); BLOCK_RECORDS];
        block.read_bits(&mut bits);
        let (packed, unpacker) = block.column(1);
        let mut span = 0;
        for (index, place) in out.iter_mut().enumerate().take(block.len) {
            *place = 0;
            if bits[index].is_span() {
                *place = unpacker.get(span, packed) * scale;
                span += 1;
            }
        }
    }

    fn streams(&self, block: usize, out: &mut [u32; BLOCK_RECORDS]) {
        let block = self.block(block);
        let least = read_u32(block.bytes, 40);
        let (packed, unpacker) = block.column(2);
        for (index, place) in out.iter_mut().enumerate().take(block.len) {
            *place = least + unpacker.get(index as u32, packed) as u32;
        }
    }

    fn kinds(&self, block: usize, out: &mut [u8; BLOCK_RECORDS]) {
        let block = self.block(block);
        let least = block.bytes[9];
        let (packed, unpacker) = block.column(3);
        for (index, place) in out.iter_mut().enumerate().take(block.len) {
            *place = least.wrapping_add(unpacker.get(index as u32, packed) as u8);
        }
    }

    fn bits(&self, block: usize, out: &mut [RowBits; BLOCK_RECORDS]) {
        self.block(block).read_bits(out);
    }
}
