//! One block of columns on disk, bit-packed.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 2 | records |
//! | 2 | 2 × 2 | lengths of the time and the duration column |
//! | 6 | 2 × 1 | bit widths of stream and kind |
//! | 8 | 1 | distinct values of the bits column, less 1 |
//! | 9 | 2 × 1 | scales of time and duration (0: 1, 1: 1,000, 2: 1,000,000 ns) |
//! | 11 | 4 × 1 | least and greatest kind; bits that all, that some records have |
//! | 15 | 1 | zero |
//! | 16 | 3 × 8 | least and greatest time, greatest duration |
//! | 40 | 2 × 4 | least and greatest stream |
//! | 48 | | times less the least, over the scale, each less the one before; patched |
//! | | | durations of the spans only, over the scale; patched |
//! | | | streams less the least |
//! | | | kinds less the least |
//! | | | distinct values of the bits column; if several, an index into them for each record |
//!
//! A batch comes from one sender in order of time, so times grow by little from one record to the next; where the next
//! batch begins they leap, which [`super::patched`] keeps apart. Integers are little endian. A section is its blocks,
//! then the end of each as u32, then their number as u32.

use tantivy::directory::OwnedBytes;
use tantivy_bitpacker::{BitPacker, BitUnpacker, compute_num_bits};

use super::{BLOCK_RECORDS, Columns, Summary, patched};
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
    let stream_bits = compute_num_bits(u64::from(summary.stream_max - summary.stream_min));
    let kind_bits = compute_num_bits(u64::from(summary.kind_max - summary.kind_min));
    let mut distinct: Vec<u8> = rows.iter().map(|row| row.bits.0).collect();
    distinct.sort_unstable();
    distinct.dedup();

    let mut times = Vec::new();
    let mut before = 0;
    let scaled = rows.iter().map(|row| (row.time - summary.time_min) / SCALES[time_scale]);
    let steps = scaled.map(|time| time.wrapping_sub(std::mem::replace(&mut before, time)));
    patched::pack(&steps.collect::<Vec<_>>(), &mut times);
    let mut spans = Vec::new();
    patched::pack(
        &durations.iter().map(|duration| duration / SCALES[duration_scale]).collect::<Vec<_>>(),
        &mut spans,
    );

    for short in [rows.len(), times.len(), spans.len()] {
        out.extend_from_slice(&(short as u16).to_le_bytes());
    }
    out.extend_from_slice(&[
        stream_bits,
        kind_bits,
        (distinct.len() - 1) as u8,
        time_scale as u8,
        duration_scale as u8,
    ]);
    out.extend_from_slice(&[summary.kind_min, summary.kind_max, summary.bits_and, summary.bits_or, 0]);
    out.extend_from_slice(&summary.time_min.to_le_bytes());
    out.extend_from_slice(&summary.time_max.to_le_bytes());
    out.extend_from_slice(&summary.duration_max.to_le_bytes());
    out.extend_from_slice(&summary.stream_min.to_le_bytes());
    out.extend_from_slice(&summary.stream_max.to_le_bytes());
    out.extend_from_slice(&times);
    out.extend_from_slice(&spans);
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

/// Appends the low `bits` of each value.
pub(super) fn pack(bits: u8, values: impl Iterator<Item = u64>, out: &mut Vec<u8>) {
    if bits == 0 {
        return;
    }
    let mut packer = BitPacker::new();
    let pack = || {
        for value in values {
            packer.write(value, bits, out)?;
        }
        packer.close(out)
    };
    let packed: std::io::Result<()> = pack();
    assert!(packed.is_ok(), "writing to memory does not fail");
}

/// Bytes that [`pack`] makes of so many values.
pub(super) fn packed_len(bits: u8, values: usize) -> usize {
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
    fn short(&self, at: usize) -> usize {
        usize::from(u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]]))
    }

    fn times(&self) -> &'a [u8] {
        &self.data[..self.short(2)]
    }

    fn durations(&self) -> &'a [u8] {
        &self.data[self.short(2)..self.short(2) + self.short(4)]
    }

    fn scale(&self, at: usize) -> u64 {
        SCALES[usize::from(self.bytes[at]) % SCALES.len()]
    }

    fn streams(&self) -> (&'a [u8], BitUnpacker) {
        (&self.data[self.short(2) + self.short(4)..], BitUnpacker::new(self.bytes[6]))
    }

    fn kinds(&self) -> (&'a [u8], BitUnpacker) {
        let (streams, _) = self.streams();
        (&streams[packed_len(self.bytes[6], self.len)..], BitUnpacker::new(self.bytes[7]))
    }

    fn read_bits(&self, out: &mut [RowBits; BLOCK_RECORDS]) {
        let distinct = usize::from(self.bytes[8]) + 1;
        let (kinds, _) = self.kinds();
        let (values, packed) = kinds[packed_len(self.bytes[7], self.len)..].split_at(distinct);
        let unpacker = BitUnpacker::new(compute_num_bits(distinct as u64 - 1));
        for (index, place) in out.iter_mut().enumerate().take(self.len) {
            *place = RowBits(values[unpacker.get(index as u32, packed) as usize % distinct]);
        }
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
            kind_min: bytes[11],
            kind_max: bytes[12],
            bits_and: bytes[13],
            bits_or: bytes[14],
        }
    }

    fn times(&self, block: usize, out: &mut [u64; BLOCK_RECORDS]) {
        let block = self.block(block);
        patched::unpack(block.times(), &mut out[..block.len]);
        let (least, scale) = (read_u64(block.bytes, 16), block.scale(9));
        let mut time = 0_u64;
        for place in &mut out[..block.len] {
            time = time.wrapping_add(*place);
            *place = least.wrapping_add(time.wrapping_mul(scale));
        }
    }

    fn durations(&self, block: usize, out: &mut [u64; BLOCK_RECORDS]) {
        let block = self.block(block);
        let mut bits = [RowBits(0); BLOCK_RECORDS];
        block.read_bits(&mut bits);
        let spans = bits[..block.len].iter().filter(|bits| bits.is_span()).count();
        let mut of_spans = [0; BLOCK_RECORDS];
        patched::unpack(block.durations(), &mut of_spans[..spans]);
        let mut next = of_spans.iter();
        for (place, bits) in out.iter_mut().zip(bits).take(block.len) {
            let duration = if bits.is_span() { next.next() } else { None };
            *place = duration.map_or(0, |duration| duration.wrapping_mul(block.scale(10)));
        }
    }

    fn streams(&self, block: usize, out: &mut [u32; BLOCK_RECORDS]) {
        let block = self.block(block);
        let least = read_u32(block.bytes, 40);
        let (packed, unpacker) = block.streams();
        for (index, place) in out.iter_mut().enumerate().take(block.len) {
            *place = least + unpacker.get(index as u32, packed) as u32;
        }
    }

    fn kinds(&self, block: usize, out: &mut [u8; BLOCK_RECORDS]) {
        let block = self.block(block);
        let least = block.bytes[11];
        let (packed, unpacker) = block.kinds();
        for (index, place) in out.iter_mut().enumerate().take(block.len) {
            *place = least.wrapping_add(unpacker.get(index as u32, packed) as u8);
        }
    }

    fn bits(&self, block: usize, out: &mut [RowBits; BLOCK_RECORDS]) {
        self.block(block).read_bits(out);
    }
}
