//! Flows of hand-made records: trees, causes, links, completeness, duplicates.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use spoor_proto::otlp::span::Event;
use spoor_store::model::{Record, SpanKind};

use super::assemble::Assembly;
use super::closure::Gathered;
use super::completeness::completeness;
use super::flow::Judge;
use super::forest::{Forest, Parent};
use super::seed::Seed;
use super::state::Patience;
use super::*;
use crate::owners::Owners;
use crate::samples::{Sample, log, span, text, trace_id};

const MS: u64 = 1_000_000;

fn build(samples: Vec<Sample>) -> Vec<Record> {
    samples.into_iter().map(Sample::build).collect()
}

fn judged(id: &str, samples: Vec<Sample>) -> Flow {
    let owners = BTreeMap::from([("payment".to_owned(), "payments".to_owned())]);
    let patience = Patience { running: Duration::from_secs(60), settle: Duration::from_secs(600) };
    let judge = Judge { owners: Owners::new(owners), patience, now: u64::MAX / 2 };
    judge.flow(&Seed::new(id, None), Gathered { records: build(samples), truncated: None }, false)
}

fn cause_of(samples: Vec<Sample>) -> Option<(String, String)> {
    judged("x", samples).cause.map(|cause| (cause.service, cause.message))
}

fn is(service: &str, message: &str) -> Option<(String, String)> {
    Some((service.to_owned(), message.to_owned()))
}

/// frontend → checkout → payment, and a consumer in another trace linked to checkout.
fn order() -> Vec<Sample> {
    vec![
        span("frontend", 1).at(0, 100).kind(SpanKind::Server),
        span("checkout", 2).under(1).at(10, 90).kind(SpanKind::Server).correlated("order.id", "ord-1"),
        span("payment", 3).under(2).at(20, 60).kind(SpanKind::Server),
        span("checkout", 4).under(2).at(70, 75).kind(SpanKind::Producer),
        span("accounting", 5).of_trace(2).at(500, 600).kind(SpanKind::Consumer).linked_to(1, 4),
        log("payment", "charged").of_trace(1).under(3).at(30, 30),
        log("warehouse", "order ord-1 packed").at(700, 700).correlated("order.id", "ord-1"),
    ]
}

#[test]
fn an_order_is_one_flow_of_two_traces_joined_by_a_queue() {
    let flow = judged("ord-1", order());
    assert_eq!((flow.id.as_str(), flow.keys.as_slice()), ("ord-1", &["order.id".to_owned()][..]));
    assert_eq!((flow.start, flow.end, flow.busy_ns), (0, 700, 200));
    assert_eq!((flow.spans.len(), flow.logs.len(), flow.error_count, flow.state), (5, 2, 0, FlowState::Ok));
    let traces: Vec<_> = flow
        .traces
        .iter()
        .map(|trace| {
            (trace.root_service.as_str(), trace.root_name.as_str(), trace.span_count, trace.log_count)
        })
        .collect();
    assert_eq!(traces, [("frontend", "span 1", 4, 1), ("accounting", "span 5", 1, 0)]);
    let from = flow.traces[1].linked_from.as_ref().unwrap();
    assert_eq!((from.trace_id, from.service.as_str(), from.queue_ns), (trace_id(1), "checkout", Some(425)));
    assert_eq!(flow.links.len(), 1);
    assert_eq!(flow.links[0].queue_ns, Some(425));
    let services: Vec<_> =
        flow.services.iter().map(|service| (service.name.as_str(), service.owner.as_deref())).collect();
    let expected = [
        ("frontend", None),
        ("checkout", None),
        ("payment", Some("payments")),
        ("accounting", None),
        ("warehouse", None),
    ];
    assert_eq!(services, expected);
    assert_eq!(flow.completeness, Completeness { verdict: Verdict::Complete, reasons: vec![] });
}

#[test]
fn of_spans_that_start_together_the_upper_ones_come_first() {
    // Stored, as exporters send them, in the order in which they ended.
    let flow = judged(
        "x",
        vec![
            span("a", 4).under(3).at(5, 6),
            span("a", 3).under(2).at(5, 7),
            span("a", 5).under(1).at(5, 7),
            span("a", 2).under(1).at(5, 8),
            span("a", 1).at(5, 9),
            span("a", 6).at(4, 4),
        ],
    );
    let names: Vec<&str> = flow.spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!((names[0], names[1], names[4], names[5]), ("span 6", "span 1", "span 3", "span 4"));
    let root = flow.traces.first().map(|trace| trace.root_name.as_str());
    assert_eq!(root, Some("span 6"));
    let forest = Forest::grow(&flow.spans);
    for index in 0..flow.spans.len() {
        if let Parent::Span(above) = forest.parent(index) {
            assert!(above < index, "{names:?}");
        }
    }
}

#[test]
fn the_cause_is_the_deepest_error_with_none_beneath() {
    let chain = |last: Sample| {
        vec![
            span("frontend", 1).at(0, 100).failed("500"),
            span("checkout", 2).under(1).at(10, 90).failed("call failed"),
            last,
        ]
    };
    assert_eq!(
        cause_of(chain(span("payment", 3).under(2).at(20, 60).failed("card declined"))),
        is("payment", "card declined")
    );
    assert_eq!(cause_of(chain(span("payment", 3).under(2).at(20, 60))), is("checkout", "call failed"));
    assert_eq!(cause_of(order()), None);
}

#[test]
fn a_recovered_failure_near_the_top_is_not_the_cause_of_a_deeper_one() {
    let flow = vec![
        span("frontend", 1).at(0, 100).failed("500"),
        span("cart", 2).under(1).at(1, 5).failed("cache miss"),
        span("checkout", 3).under(1).at(10, 90).failed(""),
        span("payment", 4).under(3).at(20, 60).failed("declined"),
    ];
    assert_eq!(cause_of(flow), is("payment", "declined"));
}

#[test]
fn of_several_causes_the_earliest_counts_and_logs_only_without_error_spans() {
    let twins = vec![
        span("frontend", 1).at(0, 100),
        span("payment", 3).under(1).at(30, 40).failed("second"),
        span("payment", 2).under(1).at(20, 60).failed("first"),
        log("fraud", "boom").at(5, 5).failed(""),
    ];
    assert_eq!(cause_of(twins), is("payment", "first"));
    let logs = vec![
        span("frontend", 1).at(0, 100),
        log("fraud", "later").at(50, 50).failed(""),
        log("fraud", "earlier").at(5, 5).failed(""),
    ];
    assert_eq!(cause_of(logs), is("fraud", "earlier"));
}

#[test]
fn a_cause_without_status_text_speaks_through_its_exception_or_its_log() {
    let exception = Event {
        name: "exception".to_owned(),
        attributes: vec![text("exception.type", "Timeout"), text("exception.message", "gateway timed out")],
        ..Event::default()
    };
    let with_exception = vec![span("payment", 1).failed("").event(exception)];
    assert_eq!(cause_of(with_exception), is("payment", "gateway timed out"));
    let with_log = vec![
        span("payment", 1).failed(""),
        log("payment", "other span").of_trace(1).under(9).failed(""),
        log("payment", "card refused").of_trace(1).under(1).failed(""),
    ];
    assert_eq!(cause_of(with_log), is("payment", "card refused"));
}

#[test]
fn missing_parents_links_and_spans_are_told() {
    let reasons = |samples: Vec<Sample>| {
        let judged = completeness(&Assembly::of(build(samples)), None, None, &[]);
        let said: Vec<String> =
            judged.reasons.iter().map(|reason| format!("{}: {}", reason.code, reason.message)).collect();
        (judged.verdict, said.join("; "))
    };
    assert_eq!(
        reasons(vec![span("a", 2).under(1), span("a", 3).under(1)]),
        (Verdict::Incomplete, "missing_parents: 2 spans name a parent that has not arrived".to_owned())
    );
    assert_eq!(
        reasons(vec![span("a", 2).linked_to(7, 7)]),
        (Verdict::Incomplete, "missing_links: 1 link leads to a span not found here".to_owned())
    );
    assert_eq!(
        reasons(vec![span("a", 2), log("a", "x").of_trace(5)]).1,
        "sampled: 1 trace has log records but no span: sampled out, or not arrived"
    );
    assert_eq!(reasons(vec![log("a", "x")]), (Verdict::Unknown, String::new()));
    let cut = Truncated { reason: "a flow shows 1 records at most".to_owned(), spans: 2, logs: 1, traces: 0 };
    let judged = completeness(&Assembly::of(build(vec![span("a", 1)])), Some(&cut), None, &[]);
    assert_eq!(
        (judged.verdict, judged.reasons[0].code, judged.reasons[0].count),
        (Verdict::Incomplete, "truncated", 3)
    );
}

#[test]
fn clocks_that_differ_are_told_and_raw_times_stay() {
    let pair = |start: u64, end: u64| {
        vec![
            span("checkout", 1).at(1_000 * MS, 1_100 * MS).kind(SpanKind::Client),
            span("payment", 2).under(1).at(start * MS, end * MS).kind(SpanKind::Server),
        ]
    };
    let said = |samples: Vec<Sample>| {
        let flow = judged("x", samples);
        assert_eq!(flow.completeness.verdict, Verdict::Complete);
        flow.completeness.reasons.first().map(|reason| reason.message.clone())
    };
    assert_eq!(said(pair(1_010, 1_090)), None);
    assert_eq!(said(pair(999, 1_090)), None, "within tolerance");
    assert_eq!(said(pair(1_050, 1_300)), None, "the client gave up waiting");
    assert_eq!(
        said(pair(940, 1_020)).unwrap(),
        "the clock of payment is at least 60.0 ms behind that of checkout"
    );
    assert_eq!(
        said(pair(1_200, 1_250)).unwrap(),
        "the clock of payment is at least 150.0 ms ahead of that of checkout"
    );
}

#[test]
fn the_same_record_stored_twice_counts_once() {
    let mut twice = order();
    twice.extend(order());
    twice.push(log("payment", "charged").of_trace(1).under(3).at(30, 30).attribute(&text("try", "2")));
    let flow = judged("ord-1", twice);
    assert_eq!((flow.spans.len(), flow.logs.len(), flow.duplicate_count), (5, 3, 7));
    assert_eq!(flow.completeness.reasons[0].message, "7 records were stored more than once and shown once");
    let still_running = span("a", 1).at(5, 0);
    let ended = span("a", 1).at(5, 9);
    assert_eq!(judged("x", vec![still_running, ended]).end, 9);
}

#[test]
fn a_client_and_a_server_that_share_an_id_are_parent_and_child() {
    let shared = build(vec![
        span("a", 1).at(0, 10).kind(SpanKind::Client),
        span("b", 1).at(2, 8).kind(SpanKind::Server),
        span("b", 2).under(1).at(3, 4),
    ]);
    let forest = Forest::grow(&shared);
    assert_eq!(
        (forest.parent(0), forest.parent(1), forest.parent(2)),
        (Parent::None, Parent::Span(0), Parent::Span(1))
    );
}

#[test]
fn an_id_is_named_by_what_it_turned_out_to_be() {
    let named =
        |id: &str, key: Option<&str>, samples: Vec<Sample>| Seed::new(id, key).meanings(&build(samples));
    let trace = "00000000-0000-0000-0000-000000000001";
    let canonical = "00000000000000000000000000000001";
    assert_eq!(named(trace, None, vec![span("a", 1)]), (vec!["trace_id".to_owned()], canonical.to_owned()));
    let both = vec![span("a", 1).correlated("order.id", trace).correlated("request.id", trace)];
    let keys = ["order.id", "request.id", "trace_id"].map(str::to_owned).to_vec();
    assert_eq!(named(trace, None, both), (keys, trace.to_owned()));
    let aged = vec![span("a", 1).attribute(&text("orderId", "ord-1"))];
    assert_eq!(named(" ord-1 ", Some("order.id"), aged), (vec!["order.id".to_owned()], "ord-1".to_owned()));
}

proptest! {
    #[test]
    fn any_parents_make_a_forest_without_circles(parents in prop::collection::vec(prop::option::of(0_u8..12), 1..12)) {
        let spans = build(
            parents
                .iter()
                .zip(1_u8..)
                .map(|(parent, id)| parent.filter(|parent| *parent > 0).into_iter().fold(span("a", id), Sample::under))
                .collect(),
        );
        let forest = Forest::grow(&spans);
        for index in 0..spans.len() {
            match forest.parent(index) {
                Parent::Span(above) => prop_assert_eq!(forest.depth(index), forest.depth(above) + 1),
                Parent::None | Parent::Missing => prop_assert_eq!(forest.depth(index), 0),
            }
        }
    }

    #[test]
    fn busy_time_is_the_length_of_the_union(intervals in prop::collection::vec((0_u64..60, 0_u64..30), 0..12)) {
        let mut covered = [false; 100];
        for (start, length) in &intervals {
            for moment in *start..start + length {
                covered[moment as usize] = true;
            }
        }
        let spans = intervals.iter().zip(1_u8..).map(|((start, length), id)| span("a", id).at(*start, start + length));
        let assembly = Assembly::of(build(spans.collect()));
        prop_assert_eq!(assembly.times.busy(), covered.iter().filter(|moment| **moment).count() as u64);
    }
}
