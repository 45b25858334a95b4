//! Filters, newest-first, histograms and counts over [`Columns`], block by block; a summary often decides a whole
//! block.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;

use super::{BLOCK_RECORDS, Columns, Summary};
use crate::error::Result;
use crate::hot::chunk::RowBits;
use crate::leaf::{Buckets, Budget, DocSet, Place};
use crate::model::{Signal, SpanKind, SpanStatus, TimeRange};

pub(crate) const WORDS: usize = BLOCK_RECORDS / 64;

/// Blocks between two looks at the deadline.
pub(crate) const BLOCKS_PER_CHECK: usize = 64;

/// A condition that columns decide.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Time(TimeRange),
    Duration(RangeInclusive<u64>),
    Severity(RangeInclusive<u8>),
    Kind(SpanKind),
    Status(SpanStatus),
    Signal(Signal),
    Root,
    /// One flag for each stream ordinal.
    Streams(Vec<bool>),
}

/// What a row of a breakdown is counted under.
pub(crate) enum Breakdown<'a> {
    /// All under 0.
    None,
    /// 0 for log records, 1 for spans.
    Signal,
    /// The severity number of log records plus one; 0 for spans.
    Severity,
    /// The kind of spans plus one; 0 for log records.
    Kind,
    /// The status of spans plus one; 0 for log records.
    Status,
    /// What is given for the record's stream.
    Stream(&'a [u32]),
}

/// Spans, log records and errors of one stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) spans: u64,
    pub(crate) logs: u64,
    pub(crate) errors: u64,
}

impl Test {
    /// What the summary alone says: all records of the block, none, or read it.
    fn verdict(&self, block: &Summary) -> Option<bool> {
        let uniform = |bit: u8| (block.bits_and >> bit & 1) == (block.bits_or >> bit & 1);
        let all_spans = block.bits_and & 1 == 1;
        let all_logs = block.bits_or & 1 == 0;
        match self {
            Self::Time(range) => {
                let times = TimeRange { start: block.time_min, end: block.time_max };
                match () {
                    () if range.covers(&times) => Some(true),
                    () if !range.overlaps(&times) => Some(false),
                    () => None,
                }
            }
            Self::Duration(range) => (all_logs || *range.start() > block.duration_max).then_some(false),
            Self::Severity(range) if all_spans || !overlap(range, block.kind_min, block.kind_max) => {
                Some(false)
            }
            Self::Severity(range) => {
                (all_logs && *range.start() <= block.kind_min && block.kind_max <= *range.end())
                    .then_some(true)
            }
            Self::Kind(kind) => {
                (all_logs || !(block.kind_min..=block.kind_max).contains(&(*kind as u8))).then_some(false)
            }
            Self::Status(_) => all_logs.then_some(false),
            Self::Signal(signal) => uniform(0).then_some(all_spans == (*signal == Signal::Spans)),
            Self::Root => (all_logs || block.bits_and >> 3 & 1 == 1).then_some(false),
            Self::Streams(wanted) if block.stream_min == block.stream_max => {
                Some(wanted.get(block.stream_min as usize).copied().unwrap_or(false))
            }
            Self::Streams(_) => None,
        }
    }

    /// Which records of a block satisfy it, one bit each.
    fn mask(&self, columns: &dyn Columns, block: usize, len: usize) -> [u64; WORDS] {
        let mut bits = [RowBits(0); BLOCK_RECORDS];
        if !matches!(self, Self::Time(_) | Self::Streams(_)) {
            columns.bits(block, &mut bits);
        }
        let mut mask = [0_u64; WORDS];
        let mut fill = |accepts: &dyn Fn(usize) -> bool| {
            for index in 0..len {
                mask[index / 64] |= u64::from(accepts(index)) << (index % 64);
            }
        };
        match self {
            Self::Time(range) => {
                let mut times = [0; BLOCK_RECORDS];
                columns.times(block, &mut times);
                fill(&|index| range.contains(times[index]));
            }
            Self::Duration(range) => {
                let mut durations = [0; BLOCK_RECORDS];
                columns.durations(block, &mut durations);
                fill(&|index| bits[index].is_span() && range.contains(&durations[index]));
            }
            Self::Severity(range) => {
                let mut kinds = [0; BLOCK_RECORDS];
                columns.kinds(block, &mut kinds);
                fill(&|index| !bits[index].is_span() && range.contains(&kinds[index]));
            }
            Self::Kind(kind) => {
                let mut kinds = [0; BLOCK_RECORDS];
                columns.kinds(block, &mut kinds);
                fill(&|index| bits[index].is_span() && SpanKind::from_u8(kinds[index]) == *kind);
            }
            Self::Status(status) => fill(&|index| bits[index].is_span() && bits[index].status() == *status),
            Self::Signal(signal) => fill(&|index| bits[index].signal() == *signal),
            Self::Root => fill(&|index| bits[index].is_span() && !bits[index].has_parent()),
            Self::Streams(wanted) => {
                let mut streams = [0; BLOCK_RECORDS];
                columns.streams(block, &mut streams);
                fill(&|index| wanted.get(streams[index] as usize).copied().unwrap_or(false));
            }
        }
        mask
    }
}

fn overlap(range: &RangeInclusive<u8>, low: u8, high: u8) -> bool {
    *range.start() <= high && low <= *range.end()
}

/// Those of `candidates` that satisfy `test`.
pub(crate) fn filter(
    columns: &dyn Columns,
    test: &Test,
    candidates: &DocSet,
    budget: &Budget,
) -> Result<DocSet> {
    let mut words = vec![0_u64; (columns.records() as usize).div_ceil(64)];
    for (checked, (block, mut mask)) in blocks(candidates).into_iter().enumerate() {
        if checked % BLOCKS_PER_CHECK == 0 {
            budget.check()?;
        }
        let summary = columns.summary(block);
        match test.verdict(&summary) {
            Some(false) => continue,
            Some(true) => {}
            None => {
                let found = test.mask(columns, block, summary.len);
                for (word, found) in mask.iter_mut().zip(found) {
                    *word &= found;
                }
            }
        }
        let at = block * WORDS;
        for (word, mask) in words[at..].iter_mut().zip(mask) {
            *word = mask;
        }
    }
    Ok(DocSet::from_words(columns.records(), words))
}

/// The newest `limit` of `docs` before `before`, newest first.
pub(crate) fn newest(
    columns: &dyn Columns,
    docs: &DocSet,
    before: Option<Place>,
    limit: usize,
) -> Vec<Place> {
    let mut order: Vec<(u64, usize, [u64; WORDS])> = blocks(docs)
        .into_iter()
        .map(|(block, mask)| (columns.summary(block), block, mask))
        .filter(|(summary, ..)| before.is_none_or(|before| summary.time_min <= before.time))
        .map(|(summary, block, mask)| (summary.time_max, block, mask))
        .collect();
    order.sort_unstable_by_key(|(time_max, block, _)| Reverse((*time_max, *block)));
    let mut kept: BinaryHeap<Reverse<Place>> = BinaryHeap::with_capacity(limit + 1);
    let mut times = [0; BLOCK_RECORDS];
    for (time_max, block, mask) in order {
        let worst = kept.peek().map(|Reverse(place)| place.time);
        if kept.len() >= limit && worst.is_some_and(|worst| time_max < worst) {
            break;
        }
        columns.times(block, &mut times);
        for index in ones(&mask) {
            let place = Place { time: times[index], ordinal: (block * BLOCK_RECORDS + index) as u32 };
            if before.is_none_or(|before| place < before) {
                kept.push(Reverse(place));
                if kept.len() > limit {
                    kept.pop();
                }
            }
        }
    }
    kept.into_sorted_vec().into_iter().map(|Reverse(place)| place).collect()
}

/// The oldest `limit` of `docs` after `after`, oldest first.
pub(crate) fn oldest(columns: &dyn Columns, docs: &DocSet, after: Option<Place>, limit: usize) -> Vec<Place> {
    let mut order: Vec<(u64, usize, [u64; WORDS])> = blocks(docs)
        .into_iter()
        .map(|(block, mask)| (columns.summary(block), block, mask))
        .filter(|(summary, ..)| after.is_none_or(|after| summary.time_max >= after.time))
        .map(|(summary, block, mask)| (summary.time_min, block, mask))
        .collect();
    order.sort_unstable_by_key(|(time_min, block, _)| (*time_min, *block));
    let mut kept: BinaryHeap<Place> = BinaryHeap::with_capacity(limit + 1);
    let mut times = [0; BLOCK_RECORDS];
    for (time_min, block, mask) in order {
        let worst = kept.peek().map(|place| place.time);
        if kept.len() >= limit && worst.is_some_and(|worst| time_min > worst) {
            break;
        }
        columns.times(block, &mut times);
        for index in ones(&mask) {
            let place = Place { time: times[index], ordinal: (block * BLOCK_RECORDS + index) as u32 };
            if after.is_none_or(|after| place > after) {
                kept.push(place);
                if kept.len() > limit {
                    kept.pop();
                }
            }
        }
    }
    kept.into_sorted_vec()
}

/// Counts of `docs` by bucket, for each group of the breakdown: `result[group][bucket]`.
pub(crate) fn histogram(
    columns: &dyn Columns,
    docs: &DocSet,
    buckets: Buckets,
    by: &Breakdown<'_>,
    budget: &Budget,
) -> Result<Vec<Vec<u64>>> {
    let mut counts: Vec<Vec<u64>> = Vec::new();
    let mut times = [0; BLOCK_RECORDS];
    let mut groups = [0_u32; BLOCK_RECORDS];
    let bucket_of =
        |time: u64| time.checked_sub(buckets.start).map(|offset| (offset / buckets.width) as usize);
    for (checked, (block, mask)) in blocks(docs).into_iter().enumerate() {
        if checked % BLOCKS_PER_CHECK == 0 {
            budget.check()?;
        }
        let summary = columns.summary(block);
        let single_group = by.single(&summary);
        if let Some(group) = single_group {
            groups.fill(group);
            let (first, last) = (bucket_of(summary.time_min), bucket_of(summary.time_max));
            if first == last {
                let count: u64 = mask.iter().map(|word| u64::from(word.count_ones())).sum();
                add(&mut counts, group, first, count, buckets.count);
                continue;
            }
        } else {
            by.groups(columns, block, &mut groups);
        }
        columns.times(block, &mut times);
        for index in ones(&mask) {
            add(&mut counts, groups[index], bucket_of(times[index]), 1, buckets.count);
        }
    }
    Ok(counts)
}

/// Counts of `docs` for each group of the breakdown.
pub(crate) fn count_by(
    columns: &dyn Columns,
    docs: &DocSet,
    by: &Breakdown<'_>,
    budget: &Budget,
) -> Result<Vec<u64>> {
    let whole = Buckets { start: 0, width: u64::MAX, count: 1 };
    let mut counts = vec![];
    for row in histogram(columns, docs, whole, by, budget)? {
        counts.push(row.first().copied().unwrap_or(0));
    }
    Ok(counts)
}

/// From the first time of `docs` to the last.
pub(crate) fn extent(columns: &dyn Columns, docs: &DocSet) -> Option<TimeRange> {
    let mut extent: Option<TimeRange> = None;
    let mut times = [0; BLOCK_RECORDS];
    for (block, mask) in blocks(docs) {
        columns.times(block, &mut times);
        for time in ones(&mask).map(|index| times[index]) {
            let all = extent.get_or_insert(TimeRange { start: time, end: time });
            *all = TimeRange { start: all.start.min(time), end: all.end.max(time) };
        }
    }
    extent
}

/// Spans, log records and errors of each stream among `docs`.
pub(crate) fn stream_counts(
    columns: &dyn Columns,
    docs: &DocSet,
    streams: usize,
    budget: &Budget,
) -> Result<Vec<Counts>> {
    let mut counts = vec![Counts::default(); streams];
    let mut ordinals = [0; BLOCK_RECORDS];
    let mut kinds = [0; BLOCK_RECORDS];
    let mut bits = [RowBits(0); BLOCK_RECORDS];
    for (checked, (block, mask)) in blocks(docs).into_iter().enumerate() {
        if checked % BLOCKS_PER_CHECK == 0 {
            budget.check()?;
        }
        columns.streams(block, &mut ordinals);
        columns.kinds(block, &mut kinds);
        columns.bits(block, &mut bits);
        for index in ones(&mask) {
            if let Some(count) = counts.get_mut(ordinals[index] as usize) {
                count.spans += u64::from(bits[index].is_span());
                count.logs += u64::from(!bits[index].is_span());
                count.errors += u64::from(bits[index].is_error(kinds[index]));
            }
        }
    }
    Ok(counts)
}

fn add(counts: &mut Vec<Vec<u64>>, group: u32, bucket: Option<usize>, count: u64, buckets: usize) {
    let Some(bucket) = bucket.filter(|bucket| *bucket < buckets) else { return };
    let group = group as usize;
    if counts.len() <= group {
        counts.resize_with(group + 1, Vec::new);
    }
    if counts[group].is_empty() {
        counts[group].resize(buckets, 0);
    }
    counts[group][bucket] += count;
}

impl Breakdown<'_> {
    /// The one group that a whole block belongs to, when the summary tells.
    fn single(&self, block: &Summary) -> Option<u32> {
        let all_spans = block.bits_and & 1 == 1;
        let all_logs = block.bits_or & 1 == 0;
        match self {
            Self::None => Some(0),
            Self::Signal => (all_spans || all_logs).then_some(u32::from(all_spans)),
            Self::Severity if all_spans => Some(0),
            Self::Kind | Self::Status if all_logs => Some(0),
            Self::Severity => {
                (all_logs && block.kind_min == block.kind_max).then_some(u32::from(block.kind_min) + 1)
            }
            Self::Kind | Self::Status => None,
            Self::Stream(groups) => (block.stream_min == block.stream_max)
                .then(|| groups.get(block.stream_min as usize).copied().unwrap_or(0)),
        }
    }

    fn groups(&self, columns: &dyn Columns, block: usize, out: &mut [u32; BLOCK_RECORDS]) {
        let mut bits = [RowBits(0); BLOCK_RECORDS];
        let mut kinds = [0; BLOCK_RECORDS];
        match self {
            Self::None => out.fill(0),
            Self::Signal | Self::Status => {
                columns.bits(block, &mut bits);
                let status = matches!(self, Self::Status);
                for (place, bits) in out.iter_mut().zip(bits) {
                    let status_group = bits.status() as u32 + 1;
                    *place = u32::from(bits.is_span()) * if status { status_group } else { 1 };
                }
            }
            Self::Severity | Self::Kind => {
                columns.bits(block, &mut bits);
                columns.kinds(block, &mut kinds);
                let of_spans = matches!(self, Self::Kind);
                for (place, (bits, kind)) in out.iter_mut().zip(bits.into_iter().zip(kinds)) {
                    *place = if bits.is_span() == of_spans { u32::from(kind) + 1 } else { 0 };
                }
            }
            Self::Stream(groups) => {
                columns.streams(block, out);
                for place in out.iter_mut() {
                    *place = groups.get(*place as usize).copied().unwrap_or(0);
                }
            }
        }
    }
}

/// The blocks that hold one of `docs`, each with a bit for every one that it holds.
pub(crate) fn blocks(docs: &DocSet) -> Vec<(usize, [u64; WORDS])> {
    let mut found: Vec<(usize, [u64; WORDS])> = Vec::new();
    if let Some(ordinals) = docs.as_few() {
        for ordinal in ordinals {
            let (block, index) = (*ordinal as usize / BLOCK_RECORDS, *ordinal as usize % BLOCK_RECORDS);
            if found.last().is_none_or(|(last, _)| *last != block) {
                found.push((block, [0; WORDS]));
            }
            if let Some((_, mask)) = found.last_mut() {
                mask[index / 64] |= 1 << (index % 64);
            }
        }
        return found;
    }
    for (block, chunk) in docs.words().chunks(WORDS).enumerate() {
        let mut mask = [0; WORDS];
        mask[..chunk.len()].copy_from_slice(chunk);
        if mask != [0; WORDS] {
            found.push((block, mask));
        }
    }
    found
}

pub(crate) fn ones(mask: &[u64; WORDS]) -> impl Iterator<Item = usize> {
    mask.iter().enumerate().flat_map(|(index, word)| {
        let mut word = *word;
        std::iter::from_fn(move || {
            let bit = word.trailing_zeros() as usize;
            (word != 0).then(|| {
                word &= word - 1;
                index * 64 + bit
            })
        })
    })
}
