//! Rollups against a plain model: random spans in random batches and rows count what a list of them counts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message as _;
use spoor_proto::otlp::{AnyValue, KeyValue, Resource, any_value::Value, span::Link};
use spoor_runtime::clock::{Clock, ManualClock};
use spoor_runtime::metrics::Source as _;

use super::rollup::CALL_CELLS_MAX;
use super::*;
use crate::config::SpanMetricNames;
use crate::hot::HotRows;
use crate::leaf::{Budget, Detail, Leaf};
use crate::maintain::merge::merge;
use crate::model::{
    Batch, BatchBuilder, Body, Row, Signal, SpanId, SpanKind, SpanStatus, StreamParts, Tenant, TimeRange,
    TraceId,
};
use crate::split::SplitHandle;

const SECOND: u64 = 1_000_000_000;

/// A span of the tests; ids of 0 are none.
#[derive(Debug, Clone)]
struct Span {
    service: u8,
    name: u8,
    kind: SpanKind,
    trace: u8,
    id: u8,
    parent: u8,
    links: Vec<(u8, u8)>,
    start: u64,
    duration: u64,
    is_error: bool,
}

fn span(service: u8, kind: SpanKind, trace: u8, id: u8, parent: u8) -> Span {
    let (links, start) = (Vec::new(), 1_000 * SECOND + u64::from(id));
    Span { service, name: 0, kind, trace, id, parent, links, start, duration: SECOND, is_error: false }
}

fn service(number: u8) -> String {
    format!("service-{number}")
}

fn batch(spans: &[Span]) -> Batch {
    let mut builder = BatchBuilder::new(Tenant::default(), Signal::Spans, 1, Bytes::new());
    for span in spans {
        let value = Some(AnyValue { value: Some(Value::StringValue(service(span.service))) });
        let name = KeyValue { key: "service.name".to_owned(), value, ..KeyValue::default() };
        let resource = Resource { attributes: vec![name], ..Resource::default() };
        let stream = builder
            .stream(StreamParts { resource: Some(resource.encode_to_vec()), ..StreamParts::default() });
        let links = span.links.iter().map(|(trace, id)| Link {
            trace_id: vec![*trace; 16],
            span_id: vec![*id; 8],
            ..Link::default()
        });
        let rest = spoor_proto::otlp::Span { links: links.collect(), ..Default::default() }.encode_to_vec();
        builder.row(&Row {
            stream,
            signal: Signal::Spans,
            time: span.start,
            time_is_set: true,
            end_or_observed: span.start + span.duration,
            severity_or_kind: span.kind as u8,
            status: if span.is_error { SpanStatus::Error } else { SpanStatus::Unset },
            status_is_set: true,
            flags: 0,
            trace_id: TraceId::from_bytes(&[span.trace; 16]),
            span_id: SpanId::from_bytes(&[span.id; 8]),
            parent_span_id: SpanId::from_bytes(&[span.parent; 8]),
            name: &format!("name {}", span.name),
            severity_text: "",
            body: Body::None,
            attributes: &[],
            correlations: &[],
            rest: &rest,
        });
    }
    builder.finish()
}

/// Rollups with a clock, and the rows of one tenant, oldest first.
struct World {
    rollups: Rollups,
    metrics: SpanMetrics,
    hand: ManualClock,
    rows: Vec<Arc<HotRows>>,
    ended: usize,
}

impl World {
    fn new() -> Self {
        let (clock, hand) = Clock::manual(0);
        let metrics = SpanMetrics::new(SpanMetricNames::Tempo);
        let rollups = Rollups::new(clock, metrics.clone());
        let mut world = Self { rollups, metrics, hand, rows: Vec::new(), ended: 0 };
        world.seal();
        world
    }

    /// Opens the next rows.
    fn seal(&mut self) {
        let tenant = Tenant::default();
        self.rows.push(Arc::new(HotRows::with(tenant.clone(), self.rollups.open(&tenant))));
    }

    fn append(&self, spans: &[Span]) {
        if !spans.is_empty() {
            self.rows.last().unwrap().append(&batch(spans), 1);
        }
    }

    fn catch_up(&self) {
        for (at, rows) in self.rows.iter().enumerate() {
            rows.rollup.catch_up(rows, at == self.ended);
        }
    }

    /// Ends the oldest rows that are sealed.
    fn end_one(&mut self) {
        if self.ended + 1 < self.rows.len() {
            self.rows[self.ended].rollup.end(&self.rows[self.ended]);
            self.ended += 1;
        }
    }

    /// Ends all and tells what each has.
    fn end(&mut self) -> Vec<Summary> {
        self.ended = self.rows.len();
        self.rows.iter().map(|rows| rows.rollup.end(rows)).collect()
    }

    fn scrape(&self) -> String {
        let mut text = String::new();
        self.metrics.write(&mut text);
        text
    }
}

type Calls = BTreeMap<(String, String, u8, bool), Tally>;
type Edges = BTreeMap<(String, String, EdgeKind), EdgeTally>;

fn calls<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> Calls {
    let mut calls = Calls::new();
    for series in summaries.into_iter().flat_map(|summary| &summary.calls) {
        let key = (series.service.to_string(), series.name.to_string(), series.kind as u8, series.is_root);
        let sum = calls.entry(key).or_default();
        series.cells.iter().for_each(|cell| sum.add(&cell.tally));
    }
    calls
}

fn edges<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> Edges {
    let mut edges = Edges::new();
    for series in summaries.into_iter().flat_map(|summary| &summary.edges) {
        let sum = edges.entry((series.from.to_string(), series.to.to_string(), series.kind)).or_default();
        series.cells.iter().for_each(|cell| sum.add(&cell.tally));
    }
    edges
}

/// What a list of spans, each once, counts to.
fn expected_calls(spans: &[Span]) -> Calls {
    let mut calls = Calls::new();
    for span in spans {
        let key = (service(span.service), format!("name {}", span.name), span.kind as u8, span.parent == 0);
        let trace = TraceId::from_bytes(&[span.trace; 16]);
        calls.entry(key).or_default().count(span.duration, span.is_error, || trace);
    }
    calls
}

/// What a list of spans with the rows they came in counts to.
fn expected_edges(spans: &[(usize, Span)]) -> Edges {
    let mut edges = Edges::new();
    for (at, (rows, callee)) in spans.iter().enumerate() {
        let by_link = callee.kind == SpanKind::Consumer && !callee.links.is_empty();
        let mut callers = if by_link { callee.links.clone() } else { vec![(callee.trace, callee.parent)] };
        callers.retain(|(trace, id)| *trace > 0 && *id > 0);
        for (trace, id) in callers {
            let found = spans.iter().enumerate().find(|(_, (_, span))| (span.trace, span.id) == (trace, id));
            let Some((caller_at, (caller_rows, caller))) = found else { continue };
            let kinds = (caller.kind, callee.kind);
            let kind = match kinds {
                (SpanKind::Producer, SpanKind::Consumer) => EdgeKind::Queue,
                _ if by_link => continue,
                (SpanKind::Client, SpanKind::Server) => EdgeKind::Call,
                _ if caller.service == callee.service => continue,
                (SpanKind::Producer, _) | (_, SpanKind::Consumer) => EdgeKind::Queue,
                _ => EdgeKind::Call,
            };
            // Of spans that others do not call as a rule, none waits beyond its rows for its parent.
            let waits = by_link || matches!(callee.kind, SpanKind::Server | SpanKind::Consumer);
            if rows != caller_rows && at < caller_at && !waits {
                continue;
            }
            let sum = edges.entry((service(caller.service), service(callee.service), kind)).or_default();
            sum.count += 1;
            sum.errors += u64::from(caller.is_error || callee.is_error);
            sum.callee.add(callee.duration);
            if matches!(caller.kind, SpanKind::Client | SpanKind::Producer) {
                sum.caller.add(caller.duration);
            }
            if kind == EdgeKind::Queue {
                sum.queue.add(callee.start.saturating_sub(caller.start + caller.duration));
            }
        }
    }
    edges
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Span>),
    CatchUp,
    Seal,
    EndOne,
}

/// Spans whose ids are all different, so that each is one.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let span = (
        (0_u8..3, 0_u8..3, 0_usize..6, 1_u8..4, 0_u8..60),
        prop::collection::vec((1_u8..4, 1_u8..60), 0..3),
        (0_u64..200 * SECOND, 0_u64..5 * SECOND, any::<bool>()),
    );
    let span = span.prop_map(|((service, name, kind, trace, parent), links, (start, duration, is_error))| {
        let kind = SpanKind::ALL[kind];
        Span { service, name, kind, trace, id: 0, parent, links, start, duration, is_error }
    });
    let step = prop_oneof![
        6 => prop::collection::vec(span, 1..12).prop_map(Step::Append),
        2 => Just(Step::CatchUp),
        1 => Just(Step::Seal),
        1 => Just(Step::EndOne),
    ];
    (prop::collection::vec(step, 1..20), any::<u64>()).prop_map(|(mut steps, seed)| {
        let mut ids: Vec<u8> = (1..60).collect();
        let mut state = seed | 1;
        // Shuffled, so that parents come before and after their children.
        for at in (1..ids.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ids.swap(at, (state >> 33) as usize % (at + 1));
        }
        let mut taken = [0_usize; 4];
        for step in &mut steps {
            let Step::Append(spans) = step else { continue };
            spans.retain_mut(|span| {
                let next = &mut taken[usize::from(span.trace)];
                let Some(id) = ids.get(*next) else { return false };
                (span.id, *next) = (*id, *next + 1);
                span.parent != span.id
            });
        }
        steps
    })
}

fn play(world: &mut World, steps: Vec<Step>) -> Vec<(usize, Span)> {
    let mut played = Vec::new();
    for step in steps {
        match step {
            Step::Append(spans) => {
                world.append(&spans);
                let rows = world.rows.len();
                played.extend(spans.into_iter().map(|span| (rows, span)));
            }
            Step::CatchUp => world.catch_up(),
            Step::Seal => world.seal(),
            Step::EndOne => world.end_one(),
        }
    }
    played
}

fn publish(rows: &Arc<HotRows>, folder: &Path) -> Option<Arc<SplitHandle>> {
    crate::leaf::tests::handle_of(rows, folder)
}

fn budget() -> Budget {
    Budget::new(Clock::system(), Duration::MAX, u64::MAX)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn rollups_count_what_a_list_of_the_spans_counts(steps in steps()) {
        let mut world = World::new();
        let played = play(&mut world, steps);
        let summaries = world.end();
        let spans: Vec<Span> = played.iter().map(|(_, span)| span.clone()).collect();
        prop_assert_eq!(calls(&summaries), expected_calls(&spans));
        prop_assert_eq!(edges(&summaries), expected_edges(&played));
        for (rows, summary) in world.rows.iter().zip(&summaries) {
            let Some(times) = rows.read().times else { continue };
            let covers = |start: u64| times.start < start + summary.width && start <= times.end;
            prop_assert!(summary.edges.iter().flat_map(|edge| &edge.cells).all(|cell| covers(cell.start)));
            prop_assert!(summary.calls.iter().flat_map(|call| &call.cells).all(|cell| covers(cell.start)));
        }
        let sum = |calls: &Calls| calls.values().map(|tally| tally.count).sum::<u64>();
        prop_assert_eq!(count(&world.scrape(), "traces_spanmetrics_calls_total{"), sum(&calls(&summaries)));
        let pairs: u64 = edges(&summaries).values().map(|tally| tally.count).sum();
        prop_assert_eq!(count(&world.scrape(), "traces_service_graph_request_total{"), pairs);
    }

    #[test]
    fn hot_rows_splits_and_what_is_merged_of_them_tell_the_same(
        steps in steps(), start in 0_u64..200, length in 0_u64..200,
    ) {
        let mut world = World::new();
        play(&mut world, steps);
        world.end();
        let folder = tempfile::tempdir().unwrap();
        let range = TimeRange { start: start * SECOND, end: (start + length) * SECOND };
        let (mut hot, mut split, mut handles) = (Vec::new(), Vec::new(), Vec::new());
        for rows in &world.rows {
            let Some(handle) = publish(rows, folder.path()) else { continue };
            for range in [range, TimeRange::ALL] {
                for detail in [Detail::Totals, Detail::OverTime] {
                    let of_hot = Leaf::hot(rows.view()).rollup(range, detail, &budget()).unwrap();
                    let of_split = Leaf::split(Arc::clone(&handle)).rollup(range, detail, &budget()).unwrap();
                    prop_assert_eq!(&of_hot, &of_split);
                    hot.push((range, of_hot));
                    split.push((range, of_split));
                }
            }
            handles.push(handle);
        }
        if handles.is_empty() {
            return Ok(());
        }
        let merged = merge(&Tenant::default(), &handles).unwrap();
        let handle = publish(&merged.rows, folder.path()).unwrap();
        for range in [range, TimeRange::ALL] {
            let apart: Vec<&Summary> = split.iter().filter(|(of, _)| *of == range).map(|(_, one)| one).collect();
            for detail in [Detail::Totals, Detail::OverTime] {
                let of_merged = Leaf::split(Arc::clone(&handle)).rollup(range, detail, &budget()).unwrap();
                let twice = [of_merged.clone(), of_merged];
                prop_assert_eq!(calls(&twice), calls(apart.iter().copied()));
                prop_assert_eq!(edges(&twice), edges(apart.iter().copied()));
            }
        }
    }
}

/// The values of all lines that begin so, added up.
fn count(text: &str, line: &str) -> u64 {
    let values = text.lines().filter(|found| found.starts_with(line));
    values.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn a_span_that_came_twice_counts_once() {
    let mut world = World::new();
    let spans = [span(1, SpanKind::Client, 1, 1, 0), span(2, SpanKind::Server, 1, 2, 1)];
    world.append(&spans);
    world.append(&spans[1..]);
    let summaries = world.end();
    assert_eq!(calls(&summaries), expected_calls(&spans));
    assert_eq!(edges(&summaries).values().map(|tally| tally.count).collect::<Vec<_>>(), [1]);
}

#[test]
fn one_message_reaches_every_consumer_also_in_later_rows() {
    let mut world = World::new();
    world.append(&[span(1, SpanKind::Producer, 1, 1, 0)]);
    let consumer =
        |service, trace| Span { links: vec![(1, 1)], ..span(service, SpanKind::Consumer, trace, 9, 0) };
    world.append(&[consumer(2, 2)]);
    world.seal();
    world.append(&[consumer(3, 3)]);
    world.seal();
    world.append(&[consumer(4, 4)]);
    let summaries = world.end();
    assert_eq!(summaries.iter().map(|summary| summary.edges.len()).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(count(&world.scrape(), "traces_service_graph_unpaired_spans_total{"), 0);
}

#[test]
fn who_waits_too_long_is_counted_as_unpaired() {
    let mut world = World::new();
    world.append(&[span(1, SpanKind::Client, 1, 1, 0), span(2, SpanKind::Server, 1, 3, 2)]);
    world.end();
    world.hand.advance(Duration::from_secs(601));
    world.rollups.expire();
    let text = world.scrape();
    let expected =
        "traces_service_graph_unpaired_spans_total{client=\"service-1\",server=\"\",connection_type=\"\"} 1";
    assert!(text.contains(expected), "{text}");
    assert_eq!(count(&text, "traces_service_graph_unpaired_spans_total{"), 2);
    world.seal();
    world.append(&[span(2, SpanKind::Server, 1, 2, 1)]);
    assert!(edges(&world.end()).is_empty());
}

#[test]
fn rows_that_are_replayed_are_told_of_but_not_counted_again() {
    let mut world = World::new();
    world.append(&[span(1, SpanKind::Client, 1, 1, 0)]);
    let rows = &world.rows[0];
    rows.rollup.keep_quiet_until(rows.len());
    world.append(&[span(2, SpanKind::Server, 1, 2, 1)]);
    let summaries = world.end();
    assert_eq!(calls(&summaries).values().map(|tally| tally.count).sum::<u64>(), 2);
    let text = world.scrape();
    assert_eq!(count(&text, "traces_spanmetrics_calls_total{"), 1);
    assert_eq!(count(&text, "traces_service_graph_request_total{"), 1);
}

#[test]
fn many_names_over_a_long_time_stay_within_the_bounds() {
    let mut world = World::new();
    let spans = (0..CALL_CELLS_MAX as u64 + 500).map(|number| Span {
        trace: 0,
        id: 0,
        name: (number % 3) as u8,
        start: number * 10 * SECOND,
        ..span(1, SpanKind::Internal, 0, 0, 0)
    });
    let spans: Vec<Span> = spans.collect();
    world.append(&spans);
    let summaries = world.end();
    assert_eq!(summaries[0].width, 60 * SECOND);
    assert_eq!(calls(&summaries), expected_calls(&spans));
}

/// The names, types and labels that dashboards for Tempo ask for, and exemplars as OpenMetrics writes them.
#[test]
fn metrics_read_as_those_of_tempo() {
    let mut world = World::new();
    let mut callee = span(2, SpanKind::Server, 1, 2, 1);
    callee.is_error = true;
    world.append(&[span(1, SpanKind::Client, 1, 1, 0), callee]);
    world.end();
    let text = world.scrape();
    let trace = "01".repeat(16);
    let labels = "service=\"service-2\",span_name=\"name 0\",span_kind=\"SPAN_KIND_SERVER\",status_code=\"STATUS_CODE_ERROR\"";
    for line in [
        "# TYPE traces_spanmetrics_calls counter".to_owned(),
        format!("traces_spanmetrics_calls_total{{{labels}}} 1"),
        "# TYPE traces_spanmetrics_latency histogram".to_owned(),
        format!("traces_spanmetrics_latency_bucket{{{labels},le=\"0.512\"}} 0"),
        format!("traces_spanmetrics_latency_bucket{{{labels},le=\"1.024\"}} 1 # {{trace_id=\"{trace}\"}} 1.0"),
        format!("traces_spanmetrics_latency_bucket{{{labels},le=\"+Inf\"}} 1"),
        format!("traces_spanmetrics_latency_sum{{{labels}}} 1.0"),
        format!("traces_spanmetrics_latency_count{{{labels}}} 1"),
        "traces_service_graph_request_total{client=\"service-1\",server=\"service-2\",connection_type=\"\"} 1".to_owned(),
        "traces_service_graph_request_failed_total{client=\"service-1\",server=\"service-2\",connection_type=\"\"} 1".to_owned(),
        "# TYPE traces_service_graph_request_server_seconds histogram".to_owned(),
        "# TYPE traces_service_graph_request_client_seconds histogram".to_owned(),
        "# TYPE traces_service_graph_request_messaging_system_seconds histogram".to_owned(),
        "# TYPE traces_service_graph_dropped_spans counter".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
    }
}

#[test]
fn metrics_take_the_names_asked_for_and_a_bounded_number_of_series() {
    let tenant = Tenant::new("shop").unwrap();
    let metrics = SpanMetrics::new(SpanMetricNames::Connector);
    let mut sink = metrics.for_tenant(&tenant);
    for number in 0..2_005 {
        let series = sink.call(&format!("a\"{number}"), "n", SpanKind::Server);
        sink.count_call(series, SpanStatus::Ok, 3_000_000, None);
    }
    drop(sink);
    let mut text = String::new();
    metrics.write(&mut text);
    assert!(
        text.contains(
            "traces_span_metrics_calls_total{tenant=\"shop\",service_name=\"a\\\"7\",span_name=\"n\""
        )
    );
    assert!(text.contains("traces_span_metrics_duration_milliseconds_bucket{tenant=\"shop\""));
    let of_all = "{tenant=\"otel.metric.overflow\",service_name=\"otel.metric.overflow\",span_name=\"otel.metric.overflow\"";
    assert_eq!(count(&text, &format!("traces_span_metrics_calls_total{of_all}")), 5);
    let off = SpanMetrics::new(SpanMetricNames::Off);
    text.clear();
    off.write(&mut text);
    assert_eq!(text, "");
}
