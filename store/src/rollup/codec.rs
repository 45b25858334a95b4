//! A summary as a section of a split: zstd of what stands in this table. Integers are varints.
//!
//! | part | holds |
//! |---|---|
//! | width | of the buckets of time, in nanoseconds |
//! | names | how many, then of each its length and bytes |
//! | calls | how many, then of each: service (number of its name), span name (the same), kind + 8 when roots, cells |
//! | edges | how many, then of each: from (number of its name), to (the same), kind, cells |
//! | cells | how many, then of each: its start less that of the one before, in nanoseconds; what was counted |
//! | counted of a call | count, errors, sum of durations, durations, 0 or 1 + trace id (16 bytes) and duration |
//! | counted of an edge | count, errors, durations of callee and of caller, times in the queue |
//! | durations | parts that occur, then of each its number less that of the one before, and its count |

use std::collections::HashMap;
use std::sync::Arc;

use spoor_proto::wire::{put_varint, varint};

use super::cells::total;
use super::sketch::{PART_LAST, Sketch};
use super::tally::{CallSeries, Cell, EdgeKind, EdgeSeries, EdgeTally, Exemplar, Summary, Tally};
use crate::model::{SpanKind, TraceId};

const ZSTD_LEVEL: i32 = 3;

/// Largest section, decompressed: more than the bounds of a rollup allow.
const PLAIN_BYTES_MAX: usize = 1 << 30;

/// Added to the kind of spans without a parent.
const ROOT: u8 = 8;

/// Makes a section.
pub(crate) fn write(summary: &Summary) -> std::io::Result<Vec<u8>> {
    let mut names = Names::default();
    let mut body = Vec::new();
    put_varint(&mut body, summary.calls.len() as u64);
    for series in &summary.calls {
        put_varint(&mut body, names.number(&series.service));
        put_varint(&mut body, names.number(&series.name));
        body.push(series.kind as u8 + if series.is_root { ROOT } else { 0 });
        put_cells(&mut body, &series.cells, put_tally);
    }
    put_varint(&mut body, summary.edges.len() as u64);
    for series in &summary.edges {
        put_varint(&mut body, names.number(&series.from));
        put_varint(&mut body, names.number(&series.to));
        body.push(series.kind as u8);
        put_cells(&mut body, &series.cells, put_edge);
    }
    let mut plain = Vec::with_capacity(body.len() + 1_024);
    put_varint(&mut plain, summary.width);
    put_varint(&mut plain, names.in_order.len() as u64);
    for name in &names.in_order {
        put_varint(&mut plain, name.len() as u64);
        plain.extend_from_slice(name.as_bytes());
    }
    plain.extend_from_slice(&body);
    zstd::bulk::compress(&plain, ZSTD_LEVEL)
}

/// Reads a section; `None` when it is not one.
pub(crate) fn read(section: &[u8]) -> Option<Summary> {
    let size = usize::try_from(zstd::zstd_safe::get_frame_content_size(section).ok()??).ok()?;
    if size > PLAIN_BYTES_MAX {
        return None;
    }
    let plain = zstd::bulk::decompress(section, size).ok()?;
    let mut rest = plain.as_slice();
    let width = number(&mut rest)?;
    let names: Vec<Arc<str>> = list(&mut rest, |rest| {
        let len = usize::try_from(number(rest)?).ok()?;
        Some(std::str::from_utf8(take(rest, len)?).ok()?.into())
    })?;
    let name = |rest: &mut &[u8]| names.get(usize::try_from(number(rest)?).ok()?).map(Arc::clone);
    let calls = list(&mut rest, |rest| {
        let (service, span_name, kind) = (name(rest)?, name(rest)?, byte(rest)?);
        let cells = take_cells(rest, take_tally)?;
        let (is_root, kind) = (kind & ROOT != 0, SpanKind::from_u8(kind & !ROOT));
        Some(CallSeries { service, name: span_name, kind, is_root, cells })
    })?;
    let edges = list(&mut rest, |rest| {
        let (from, to, kind) = (name(rest)?, name(rest)?, EdgeKind::from_u8(byte(rest)?)?);
        Some(EdgeSeries { from, to, kind, cells: take_cells(rest, take_edge)? })
    })?;
    rest.is_empty().then_some(Summary { width, calls, edges })
}

/// The same with one cell for each series.
pub(crate) fn totals(summary: &Summary) -> Summary {
    let calls = summary.calls.iter().map(|series| CallSeries {
        cells: total(&series.cells).into_iter().collect(),
        service: Arc::clone(&series.service),
        name: Arc::clone(&series.name),
        ..*series
    });
    let edges = summary.edges.iter().map(|series| EdgeSeries {
        cells: total(&series.cells).into_iter().collect(),
        from: Arc::clone(&series.from),
        to: Arc::clone(&series.to),
        ..*series
    });
    Summary { width: summary.width, calls: calls.collect(), edges: edges.collect() }
}

#[derive(Default)]
struct Names<'a> {
    in_order: Vec<&'a str>,
    numbers: HashMap<&'a str, u64>,
}

impl<'a> Names<'a> {
    fn number(&mut self, name: &'a str) -> u64 {
        *self.numbers.entry(name).or_insert_with(|| {
            self.in_order.push(name);
            (self.in_order.len() - 1) as u64
        })
    }
}

fn put_cells<T>(out: &mut Vec<u8>, cells: &[Cell<T>], put: impl Fn(&mut Vec<u8>, &T)) {
    put_varint(out, cells.len() as u64);
    let mut before = 0;
    for cell in cells {
        put_varint(out, cell.start - before);
        before = cell.start;
        put(out, &cell.tally);
    }
}

fn put_tally(out: &mut Vec<u8>, tally: &Tally) {
    put_varint(out, tally.count);
    put_varint(out, tally.errors);
    put_varint(out, tally.sum);
    put_sketch(out, &tally.durations);
    match &tally.slowest {
        None => out.push(0),
        Some(slowest) => {
            out.push(1);
            out.extend_from_slice(slowest.trace.as_bytes());
            put_varint(out, slowest.duration);
        }
    }
}

fn put_edge(out: &mut Vec<u8>, tally: &EdgeTally) {
    put_varint(out, tally.count);
    put_varint(out, tally.errors);
    for sketch in [&tally.callee, &tally.caller, &tally.queue] {
        put_sketch(out, sketch);
    }
}

fn put_sketch(out: &mut Vec<u8>, sketch: &Sketch) {
    put_varint(out, sketch.parts().count() as u64);
    let mut before = 0;
    for (part, count) in sketch.parts() {
        put_varint(out, u64::from(part - before));
        put_varint(out, u64::from(count));
        before = part;
    }
}

fn take_cells<T>(rest: &mut &[u8], take: impl Fn(&mut &[u8]) -> Option<T>) -> Option<Vec<Cell<T>>> {
    let mut before = 0_u64;
    list(rest, |rest| {
        let start = before.checked_add(number(rest)?)?;
        before = start;
        Some(Cell { start, tally: take(rest)? })
    })
}

fn take_tally(rest: &mut &[u8]) -> Option<Tally> {
    let (count, errors, sum) = (number(rest)?, number(rest)?, number(rest)?);
    let durations = take_sketch(rest)?;
    let slowest = match byte(rest)? {
        0 => None,
        _ => Some(Exemplar { trace: TraceId::from_bytes(take(rest, 16)?)?, duration: number(rest)? }),
    };
    Some(Tally { count, errors, sum, durations, slowest })
}

fn take_edge(rest: &mut &[u8]) -> Option<EdgeTally> {
    Some(EdgeTally {
        count: number(rest)?,
        errors: number(rest)?,
        callee: take_sketch(rest)?,
        caller: take_sketch(rest)?,
        queue: take_sketch(rest)?,
    })
}

fn take_sketch(rest: &mut &[u8]) -> Option<Sketch> {
    let mut before = 0_u16;
    let parts = list(rest, |rest| {
        let part = before.checked_add(u16::try_from(number(rest)?).ok()?)?;
        before = part;
        let count = u32::try_from(number(rest)?).ok()?;
        (part <= PART_LAST).then_some((part, count))
    })?;
    Some(Sketch::of(parts))
}

/// A count, and as many items; a count that the bytes cannot hold ends with them.
fn list<T>(rest: &mut &[u8], mut item: impl FnMut(&mut &[u8]) -> Option<T>) -> Option<Vec<T>> {
    let count = number(rest)?;
    let mut items = Vec::with_capacity(usize::try_from(count).ok()?.min(rest.len()).min(4_096));
    for _ in 0..count {
        items.push(item(rest)?);
    }
    Some(items)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    varint(rest).ok()
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    take(rest, 1).map(|byte| byte[0])
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch() -> impl Strategy<Value = Sketch> {
        prop::collection::vec(any::<u64>(), 0..8).prop_map(|values| {
            let mut sketch = Sketch::default();
            values.iter().for_each(|value| sketch.add(*value));
            sketch
        })
    }

    fn cells<T: std::fmt::Debug>(tally: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<Cell<T>>> {
        prop::collection::vec((any::<u64>(), tally), 0..5).prop_map(|mut cells| {
            cells.sort_by_key(|(start, _)| *start);
            cells.into_iter().map(|(start, tally)| Cell { start, tally }).collect()
        })
    }

    fn tally() -> impl Strategy<Value = Tally> {
        let slowest = proptest::option::of((1_u8.., any::<u64>()));
        (any::<[u64; 3]>(), sketch(), slowest).prop_map(|([count, errors, sum], durations, slowest)| Tally {
            count,
            errors,
            sum,
            durations,
            slowest: slowest.and_then(|(trace, duration)| {
                Some(Exemplar { trace: TraceId::from_bytes(&[trace; 16])?, duration })
            }),
        })
    }

    fn edge_tally() -> impl Strategy<Value = EdgeTally> {
        (any::<[u64; 2]>(), [sketch(), sketch(), sketch()]).prop_map(
            |([count, errors], [callee, caller, queue])| EdgeTally { count, errors, callee, caller, queue },
        )
    }

    fn summary() -> impl Strategy<Value = Summary> {
        let name = || prop::sample::select(vec!["", "checkout", "größe", "GET /orders"]);
        let call = (name(), name(), 0_usize..6, any::<bool>(), cells(tally())).prop_map(
            |(service, name, kind, is_root, cells)| CallSeries {
                service: service.into(),
                name: name.into(),
                kind: SpanKind::ALL[kind],
                is_root,
                cells,
            },
        );
        let edge =
            (name(), name(), any::<bool>(), cells(edge_tally())).prop_map(|(from, to, queue, cells)| {
                let kind = if queue { EdgeKind::Queue } else { EdgeKind::Call };
                EdgeSeries { from: from.into(), to: to.into(), kind, cells }
            });
        (any::<u64>(), prop::collection::vec(call, 0..4), prop::collection::vec(edge, 0..4))
            .prop_map(|(width, calls, edges)| Summary { width, calls, edges })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(summary in summary()) {
            prop_assert_eq!(read(&write(&summary).unwrap()), Some(summary));
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_as_something_else(
            summary in summary(), cut in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let section = write(&summary).unwrap();
            prop_assert_eq!(read(&section[..cut.index(section.len())]), None);
            // No bytes make it fail in another way.
            read(&zstd::bulk::compress(&bytes, ZSTD_LEVEL).unwrap());
        }
    }

    #[test]
    fn a_section_has_these_bytes() {
        let mut durations = Sketch::default();
        [5, 70, 70].into_iter().for_each(|nanos| durations.add(nanos));
        let slowest = Some(Exemplar { trace: TraceId::from_bytes(&[7; 16]).unwrap(), duration: 70 });
        let tally = Tally { count: 3, errors: 1, sum: 145, durations: durations.clone(), slowest };
        let edge = EdgeTally { count: 1, callee: durations, ..EdgeTally::default() };
        let cells = vec![Cell { start: 20, tally }];
        let call = CallSeries {
            service: "a".into(),
            name: "b".into(),
            kind: SpanKind::Server,
            is_root: true,
            cells,
        };
        let cells = vec![Cell { start: 10, tally: edge }];
        let edge = EdgeSeries { from: "a".into(), to: "c".into(), kind: EdgeKind::Queue, cells };
        let section = write(&Summary { width: 10, calls: vec![call], edges: vec![edge] }).unwrap();
        let size = zstd::zstd_safe::get_frame_content_size(&section).unwrap().unwrap();
        let plain = zstd::bulk::decompress(&section, size as usize).unwrap();
        let hex: String = plain.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            concat!(
                "0a",
                "03",
                "0161",
                "0162",
                "0163", // width, names
                "01",
                "00",
                "01",
                "0a",
                "01",
                "14",
                "03",
                "01",
                "9101",
                "02",
                "0501",
                "3e02", // calls
                "01",
                "07070707070707070707070707070707",
                "46",
                "01",
                "00",
                "02",
                "01",
                "01",
                "0a",
                "01",
                "00",
                "02",
                "0501",
                "3e02",
                "00",
                "00", // edges
            )
        );
    }
}
