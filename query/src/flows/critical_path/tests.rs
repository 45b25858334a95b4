//! Critical paths of hand-made flows, and what holds of every one.

use proptest::prelude::*;
use spoor_store::model::{SpanId, SpanKind};

use super::{Segment, SegmentKind, critical_path};
use crate::flows::assemble::Assembly;
use crate::samples::{Sample, log, span, trace_id};

fn path(samples: Vec<Sample>) -> Vec<Segment> {
    critical_path(&Assembly::of(samples.into_iter().map(Sample::build).collect()))
}

/// Each segment as text: a span by the last digits of its id, `q` for the wait before it, `-` for a gap.
fn told(samples: Vec<Sample>) -> String {
    let mut text = Vec::new();
    for Segment { kind, span_id, start, end, .. } in path(samples) {
        let id = span_id.trim_start_matches('0');
        let what = match kind {
            SegmentKind::Span => id.to_owned(),
            SegmentKind::Queue => format!("q{id}"),
            SegmentKind::Gap => "-".to_owned(),
        };
        text.push(format!("{what}:{start}-{end}"));
    }
    text.join(" ")
}

fn producer(id: u8) -> Sample {
    span("checkout", id).kind(SpanKind::Producer)
}

fn consumer(id: u8) -> Sample {
    span("accounting", id).kind(SpanKind::Consumer)
}

#[test]
fn in_a_trace_the_child_that_ended_last_is_on_the_path() {
    for (name, samples, expected) in [
        ("one span", vec![span("a", 1).at(0, 9)], "1:0-9"),
        (
            "one after another",
            vec![span("a", 1).at(0, 100), span("a", 2).under(1).at(10, 40), span("a", 3).under(1).at(50, 90)],
            "1:0-10 2:10-40 1:40-50 3:50-90 1:90-100",
        ),
        (
            "at once: the one that ended last",
            vec![span("a", 1).at(0, 100), span("a", 2).under(1).at(10, 80), span("a", 3).under(1).at(20, 90)],
            "1:0-20 3:20-90 1:90-100",
        ),
        (
            "deeper",
            vec![span("a", 1).at(0, 100), span("a", 2).under(1).at(10, 90), span("a", 3).under(2).at(20, 30)],
            "1:0-10 2:10-20 3:20-30 2:30-90 1:90-100",
        ),
        (
            "of two that end together the longer",
            vec![span("a", 1).at(0, 50), span("a", 2).under(1).at(30, 50), span("a", 3).under(1).at(10, 50)],
            "1:0-10 3:10-50",
        ),
        (
            "a child that outlives its parent carries the path on",
            vec![span("a", 1).at(0, 100), span("a", 2).under(1).at(50, 300)],
            "1:0-50 2:50-300",
        ),
        (
            "a child by a clock that is behind is cut to its parent",
            vec![
                span("a", 1).at(0, 5),
                span("a", 2).under(1).at(100, 200),
                span("b", 3).under(2).at(90, 150),
                span("a", 4).under(2).at(160, 170),
            ],
            "1:0-5 -:5-100 3:100-150 2:150-160 4:160-170 2:170-200",
        ),
        (
            "a missing parent",
            vec![span("a", 2).under(1).at(0, 5), span("a", 3).under(1).at(8, 9)],
            "2:0-5 -:5-8 3:8-9",
        ),
        ("a span that has not ended", vec![span("a", 1).at(4, 9), span("a", 2).under(1).at(5, 0)], "1:4-9"),
        ("no time at all", vec![span("a", 1).at(4, 4)], ""),
        ("no span", vec![log("a", "x").at(4, 4), log("a", "x").at(9, 9)], ""),
        (
            "logs before and after",
            vec![log("a", "x").at(1, 1), span("a", 1).at(4, 9), log("a", "x").at(12, 12)],
            "-:1-4 1:4-9 -:9-12",
        ),
    ] {
        assert_eq!(told(samples), expected, "{name}");
    }
}

#[test]
fn over_traces_the_path_follows_what_caused_each() {
    let batch = || {
        vec![
            producer(1).of_trace(1).at(0, 10),
            producer(2).of_trace(2).at(5, 30),
            consumer(3).of_trace(3).at(50, 60).linked_to(1, 1).linked_to(2, 2).linked_to(9, 9),
        ]
    };
    let circle = vec![
        span("a", 1).of_trace(1).at(0, 10).linked_to(2, 2),
        span("b", 2).of_trace(2).at(20, 30).linked_to(1, 1),
    ];
    for (name, samples, expected) in [
        (
            "a queue over a link",
            vec![
                span("frontend", 1).at(0, 100),
                producer(2).under(1).at(70, 80),
                consumer(3).of_trace(2).at(500, 600).linked_to(1, 2),
            ],
            "1:0-70 2:70-80 q3:80-500 3:500-600",
        ),
        (
            "a consumer that is its producer's child",
            vec![
                span("frontend", 1).at(0, 100),
                producer(2).under(1).at(70, 80),
                consumer(3).under(2).at(500, 600),
            ],
            "1:0-70 2:70-80 q3:80-500 3:500-600",
        ),
        (
            "a child that began after its parent, without a queue",
            vec![span("a", 1).at(0, 100), span("a", 2).under(1).at(150, 160)],
            "1:0-100 -:100-150 2:150-160",
        ),
        ("of a batch the message that came last", batch(), "1:0-5 2:5-30 q3:30-50 3:50-60"),
        (
            "a consumer in a polling loop was caused by its message",
            vec![
                span("frontend", 1).at(10, 40),
                producer(2).under(1).at(20, 30),
                span("accounting", 3).of_trace(2).at(0, 200),
                consumer(4).of_trace(2).under(3).at(100, 150).linked_to(1, 2),
            ],
            "3:0-10 1:10-20 2:20-30 q4:30-100 4:100-150 3:150-200",
        ),
        ("links in a circle", circle, "1:0-10 q2:10-20 2:20-30"),
        (
            "traces that only share the id",
            vec![span("a", 1).of_trace(1).at(0, 60), span("b", 2).of_trace(2).at(50, 100)],
            "1:0-50 2:50-100",
        ),
        (
            "a message taken before its producer ended",
            vec![producer(1).at(0, 50), consumer(2).of_trace(2).at(40, 90).linked_to(1, 1)],
            "1:0-40 2:40-90",
        ),
    ] {
        assert_eq!(told(samples), expected, "{name}");
    }
}

#[test]
fn a_segment_names_its_span() {
    let segments = path(vec![
        producer(1).at(0, 10),
        consumer(2).of_trace(2).at(40, 90).linked_to(1, 1),
        log("a", "x").at(95, 95),
    ]);
    let json = serde_json::to_value(&segments).unwrap();
    let record = segments[1].record.unwrap().to_string();
    let trace = trace_id(2).to_string();
    assert_eq!(
        json[1],
        serde_json::json!({
            "kind": "queue", "record": record, "trace_id": trace, "span_id": "0000000000000002",
            "service": "accounting", "start": "10", "end": "40", "self_ns": "30"
        })
    );
    assert_eq!(
        json[3],
        serde_json::json!({
            "kind": "gap", "trace_id": "", "span_id": "", "service": "", "start": "90", "end": "95", "self_ns": "5"
        })
    );
}

/// A span of trace 1 numbered past what fits a byte.
fn numbered(number: u64, parent: Option<u64>, start: u64, end: u64) -> Sample {
    let id = |number: u64| SpanId::from_bytes(&(number + 1).to_be_bytes());
    span("a", 1).at(start, end).change(|record| {
        record.span_id = id(number);
        record.parent_span_id = parent.and_then(id);
    })
}

#[test]
fn the_deepest_and_the_widest_flow_are_walked_in_one_go() {
    const SPANS: u64 = 20_000;
    let deep = (0..SPANS).map(|number| numbered(number, number.checked_sub(1), number, 3 * SPANS - number));
    assert_eq!(path(deep.collect()).len() as u64, 2 * SPANS - 1);
    let wide = (0..SPANS).map(|number| match number {
        0 => numbered(0, None, 0, 3 * SPANS),
        _ => numbered(number, Some(0), 3 * number, 3 * number + 2),
    });
    assert_eq!(path(wide.collect()).len() as u64, 2 * SPANS - 1);
    let late = (0..SPANS).map(|number| numbered(number, number.checked_sub(1), 3 * number, 3 * number + 2));
    assert_eq!(path(late.collect()).len() as u64, 2 * SPANS - 1);
}

/// Spans of up to three traces with any parents, kinds, times and links, and a log record.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let span_plan =
        (1_u8..4, prop::option::of(1_u8..14), 0_u64..60, 0_u64..30, 0_u8..6, prop::option::of(1_u8..14));
    (prop::collection::vec(span_plan, 1..14), prop::option::of(0_u64..100)).prop_map(|(plans, log_at)| {
        let mut samples: Vec<Sample> = log_at.map(|time| log("a", "x").at(time, time)).into_iter().collect();
        for ((trace, parent, start, length, kind, link), id) in plans.into_iter().zip(1_u8..) {
            let mut sample =
                span("a", id).of_trace(trace).at(start, start + length).kind(SpanKind::from_u8(kind));
            if let Some(parent) = parent {
                sample = sample.under(parent);
            }
            if let Some(link) = link {
                sample = sample.linked_to(link % 3 + 1, link);
            }
            samples.push(sample);
        }
        samples
    })
}

proptest! {
    #[test]
    fn every_path_covers_the_flow_once_and_each_span_within_its_times(samples in samples()) {
        let flow = Assembly::of(samples.into_iter().map(Sample::build).collect());
        let segments = critical_path(&flow);
        let extent = flow.times.extent().unwrap();
        let mut at = extent.start;
        for segment in &segments {
            prop_assert_eq!(segment.start, at, "no overlap, nothing left out: {:?}", segments);
            prop_assert!(segment.start < segment.end && segment.self_ns == segment.end - segment.start);
            at = segment.end;
            if segment.kind == SegmentKind::Span {
                let is_within = flow.spans.iter().zip(&flow.times.spans).any(|(span, times)| {
                    Some(span.id) == segment.record && times.start <= segment.start && segment.end <= times.end
                });
                prop_assert!(is_within, "{:?} is not within its span", segment);
            }
        }
        prop_assert_eq!(at, extent.end);
        let of_spans: u64 =
            segments.iter().filter(|segment| segment.kind == SegmentKind::Span).map(|segment| segment.self_ns).sum();
        prop_assert!(of_spans <= extent.length());
        prop_assert_eq!(&segments, &critical_path(&flow), "the same every time");
    }
}
