//! A record block: all of 256 records that is not in the columns section, column by column, zstd-compressed.
//!
//! Records (varint), compressed length of each group (varint), then the groups, each a zstd frame: the length of each of
//! its columns (varint), then those columns. Like columns stand together: four frames take a tenth less than one.
//! All numbers are varints; "number + 1" leaves 0 for none; deltas are zigzag.
//!
//! | column | of each record |
//! |---|---|
//! | flags | flags |
//! | trace | trace number + 1, as delta to the record before |
//! | span | span number + 1, as delta to the record before |
//! | parent | parent's span number + 1, as delta to the span |
//! | name | name number |
//! | severity text | severity text number |
//! | end | 0: a log record never observed, a span that ends at time + duration; 1: then the observed time as delta to the time, or the raw end |
//! | attributes | count, then number + 1 of each; 0 for one that stands inline |
//! | inline | length, then attributes kept inline, each after its length |
//! | body lengths, bodies | |
//! | correlations | count, then numbers |
//! | rest lengths, rests | |

use spoor_proto::wire::{put_varint, varint};

use super::decompressors::Decompressors;
use crate::hot::chunk::{Chunk, HotRow, INLINE, NONE};

const COLUMNS: usize = 13;

/// Which columns each group holds: ids and small numbers, attributes, bodies, correlations and rests.
const GROUPS: [std::ops::Range<usize>; 4] = [0..7, 7..9, 9..11, 11..13];

const ZSTD_LEVEL: i32 = 1;

/// A block, decompressed. Its rows are parsed when they are asked for: bytes alone are a third of their size, so that a
/// cache holds three times as many blocks.
#[derive(Debug)]
pub(crate) struct Block {
    records: usize,
    starts: [usize; COLUMNS],
    bytes: Vec<u8>,
}

/// A record of a block; ranges are positions in the block's bytes.
#[derive(Debug, Clone)]
pub(crate) struct BlockRow {
    pub(crate) flags: u32,
    pub(crate) trace: Option<u32>,
    pub(crate) span: Option<u32>,
    pub(crate) parent: Option<u32>,
    pub(crate) name: u32,
    pub(crate) severity_text: u32,
    pub(crate) end: End,
    attributes: (u32, u32),
    inline: (u32, u32),
    body: (u32, u32),
    correlations: (u32, u32),
    rest: (u32, u32),
}

/// How `end_or_observed` is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Log record: 0. Span: time plus duration.
    Implied,
    /// Log record: this (zigzag) past the time. Span: this.
    Explicit(u64),
}

/// Scratch space for encoding, reused from block to block.
pub(crate) struct BlockEncoder {
    columns: [Vec<u8>; COLUMNS],
    plain: Vec<u8>,
    zstd: zstd::bulk::Compressor<'static>,
}

impl BlockEncoder {
    pub(crate) fn new() -> std::io::Result<Self> {
        let zstd = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
        Ok(Self { columns: Default::default(), plain: Vec::new(), zstd })
    }

    /// Appends the compressed block of `chunk`.
    pub(crate) fn encode(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> std::io::Result<()> {
        self.columns.iter_mut().for_each(Vec::clear);
        let mut previous = (0_u32, 0_u32);
        for (index, row) in chunk.rows.iter().enumerate() {
            previous = self.fixed(row, previous);
            self.variable(chunk, index);
        }
        put_varint(out, chunk.rows.len() as u64);
        let mut frames = Vec::with_capacity(GROUPS.len());
        for group in GROUPS {
            self.plain.clear();
            for column in &self.columns[group.clone()] {
                put_varint(&mut self.plain, column.len() as u64);
            }
            self.columns[group].iter().for_each(|column| self.plain.extend_from_slice(column));
            let frame = self.zstd.compress(&self.plain)?;
            put_varint(out, frame.len() as u64);
            frames.push(frame);
        }
        frames.iter().for_each(|frame| out.extend_from_slice(frame));
        Ok(())
    }

    fn fixed(&mut self, row: &HotRow, previous: (u32, u32)) -> (u32, u32) {
        let [flags, trace, span, parent, name, severity_text, end, ..] = &mut self.columns;
        let (trace_now, span_now, parent_now) =
            (plus_one(row.trace), plus_one(row.span), plus_one(row.parent));
        put_varint(flags, u64::from(row.flags));
        put_varint(trace, delta(trace_now, previous.0));
        put_varint(span, delta(span_now, previous.1));
        put_varint(parent, delta(parent_now, span_now));
        put_varint(name, u64::from(row.name));
        put_varint(severity_text, u64::from(row.severity_text));
        let implied = if row.bits.is_span() { row.time.wrapping_add(row.duration()) } else { 0 };
        if row.end_or_observed == implied {
            end.push(0);
        } else {
            end.push(1);
            let value = if row.bits.is_span() {
                row.end_or_observed
            } else {
                zigzag(row.end_or_observed.wrapping_sub(row.time) as i64)
            };
            put_varint(end, value);
        }
        (trace_now, span_now)
    }

    fn variable(&mut self, chunk: &Chunk, index: usize) {
        let [.., attributes, inline, body_lens, bodies, correlations, rests] = &mut self.columns;
        let list = chunk.attributes(index);
        put_varint(attributes, list.len() as u64);
        for id in list {
            put_varint(attributes, if *id == INLINE { 0 } else { u64::from(*id) + 1 });
        }
        put_varint(inline, chunk.inline(index).len() as u64);
        inline.extend_from_slice(chunk.inline(index));
        put_varint(body_lens, chunk.body(index).len() as u64);
        bodies.extend_from_slice(chunk.body(index));
        let list = chunk.correlations(index);
        put_varint(correlations, list.len() as u64);
        for id in list {
            put_varint(correlations, u64::from(*id));
        }
        put_varint(rests, chunk.rest(index).len() as u64);
        rests.extend_from_slice(chunk.rest(index));
    }
}

impl Block {
    /// Reads a compressed block; `None` when it is damaged.
    pub(crate) fn decode(compressed: &[u8], zstd: &Decompressors) -> Option<Self> {
        let (records, frames) = frames(compressed)?;
        let mut bytes = Vec::new();
        let mut starts = [0_usize; COLUMNS];
        for (group, frame) in GROUPS.into_iter().zip(frames) {
            let plain_at = bytes.len();
            zstd.decompress_into(frame, &mut bytes)?;
            let mut plain = &bytes[plain_at..];
            let mut lens = [0_usize; COLUMNS];
            for column in group.clone() {
                lens[column] = varint(&mut plain).ok()? as usize;
            }
            let mut at = bytes.len() - plain.len();
            for column in group {
                starts[column] = at;
                at = at.checked_add(lens[column]).filter(|end| *end <= bytes.len())?;
            }
        }
        Some(Self { records, starts, bytes })
    }

    /// Calls `visit` with place and number of every correlation id in a compressed block, the rest of which stays
    /// compressed; `None` when it is damaged.
    pub(crate) fn decode_correlations(
        compressed: &[u8],
        zstd: &Decompressors,
        visit: &mut dyn FnMut(usize, u32),
    ) -> Option<()> {
        let (records, [.., frame]) = frames(compressed)?;
        let plain = zstd.decompress(frame)?;
        let mut column = plain.as_slice();
        for _ in GROUPS[GROUPS.len() - 1].clone() {
            varint(&mut column).ok()?;
        }
        for place in 0..records {
            for _ in 0..varint(&mut column).ok()? {
                visit(place, varint(&mut column).ok()? as u32);
            }
        }
        Some(())
    }

    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>() + self.bytes.capacity()
    }

    /// The rows in order; ends early when the block is damaged.
    pub(crate) fn rows(&self) -> impl Iterator<Item = BlockRow> {
        let mut cursor = Cursor { bytes: &self.bytes, at: self.starts };
        let mut previous = (0, 0);
        (0..self.records).map_while(move |_| cursor.row(&mut previous))
    }

    /// Attribute numbers; `None` for each one that stands inline.
    pub(crate) fn attributes(&self, row: &BlockRow) -> impl Iterator<Item = Option<u32>> {
        numbers(self.slice(row.attributes)).map(|id| id.checked_sub(1))
    }

    /// Attributes kept inline, in order.
    pub(crate) fn inline(&self, row: &BlockRow) -> impl Iterator<Item = &[u8]> {
        inline_items(self.slice(row.inline))
    }

    /// Correlation numbers.
    pub(crate) fn correlations(&self, row: &BlockRow) -> impl Iterator<Item = u32> {
        numbers(self.slice(row.correlations))
    }

    /// The body.
    pub(crate) fn body(&self, row: &BlockRow) -> &[u8] {
        self.slice(row.body)
    }

    /// The remaining fields.
    pub(crate) fn rest(&self, row: &BlockRow) -> &[u8] {
        self.slice(row.rest)
    }

    fn slice(&self, range: (u32, u32)) -> &[u8] {
        &self.bytes[range.0 as usize..range.1 as usize]
    }
}

/// How many records a compressed block has, and the frame of each group.
fn frames(compressed: &[u8]) -> Option<(usize, [&[u8]; GROUPS.len()])> {
    let mut header = compressed;
    let records = varint(&mut header).ok()? as usize;
    let mut lens = [0_usize; GROUPS.len()];
    for len in &mut lens {
        *len = varint(&mut header).ok()? as usize;
    }
    let mut rest = header;
    let mut frames = [rest; GROUPS.len()];
    for (frame, len) in frames.iter_mut().zip(lens) {
        (*frame, rest) = rest.split_at_checked(len)?;
    }
    Some((records, frames))
}

/// Items that stand one after another, each after its length.
pub(crate) fn inline_items(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let len = varint(&mut bytes).ok()? as usize;
        let (item, rest) = bytes.split_at_checked(len)?;
        bytes = rest;
        Some(item)
    })
}

/// Numbers that stand one after another.
fn numbers(mut bytes: &[u8]) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || if bytes.is_empty() { None } else { Some(varint(&mut bytes).ok()? as u32) })
}

/// Reads the columns in step.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: [usize; COLUMNS],
}

impl Cursor<'_> {
    fn number(&mut self, column: usize) -> Option<u64> {
        let mut rest = self.bytes.get(self.at[column]..)?;
        let before = rest.len();
        let value = varint(&mut rest).ok()?;
        self.at[column] += before - rest.len();
        Some(value)
    }

    fn take(&mut self, column: usize, len: usize) -> Option<(u32, u32)> {
        let start = self.at[column];
        let end = start.checked_add(len).filter(|end| *end <= self.bytes.len())?;
        self.at[column] = end;
        Some((start as u32, end as u32))
    }

    /// Where the numbers of a list stand, its count read.
    fn list(&mut self, column: usize) -> Option<(u32, u32)> {
        let mut left = self.number(column)?;
        let start = self.at[column];
        let mut end = start;
        while left > 0 {
            // The last byte of a varint is below 128.
            left -= u64::from(*self.bytes.get(end)? < 0x80);
            end += 1;
        }
        self.at[column] = end;
        Some((start as u32, end as u32))
    }

    fn row(&mut self, previous: &mut (u32, u32)) -> Option<BlockRow> {
        let flags = self.number(0)? as u32;
        let trace = undelta(self.number(1)?, previous.0);
        let span = undelta(self.number(2)?, previous.1);
        *previous = (trace, span);
        let parent = undelta(self.number(3)?, span);
        let name = self.number(4)? as u32;
        let severity_text = self.number(5)? as u32;
        let end = if self.number(6)? == 0 { End::Implied } else { End::Explicit(self.number(6)?) };
        let attributes = self.list(7)?;
        let inline_len = self.number(8)? as usize;
        let inline = self.take(8, inline_len)?;
        let body_len = self.number(9)? as usize;
        let body = self.take(10, body_len)?;
        let correlations = self.list(11)?;
        let rest_len = self.number(12)? as usize;
        let rest = self.take(12, rest_len)?;
        Some(BlockRow {
            flags,
            trace: trace.checked_sub(1),
            span: span.checked_sub(1),
            parent: parent.checked_sub(1),
            name,
            severity_text,
            end,
            attributes,
            inline,
            body,
            correlations,
            rest,
        })
    }
}

fn plus_one(number: u32) -> u32 {
    if number == NONE { 0 } else { number + 1 }
}

fn delta(now: u32, before: u32) -> u64 {
    zigzag(i64::from(now) - i64::from(before))
}

fn undelta(delta: u64, before: u32) -> u32 {
    (i64::from(before).wrapping_add(unzigzag(delta))) as u32
}

/// Maps small negative and positive numbers to small numbers.
fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// The number that [`zigzag`] mapped.
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
