//! What is mended, and what is left alone.

use spoor_proto::otlp::any_value::Value;
use spoor_proto::otlp::span::{Event, Link, SpanKind};
use spoor_proto::otlp::{KeyValue, Resource, Span};

use super::adjust;
use crate::jaeger::trace::{Source, Trace, TraceSpan};
use crate::samples::{attribute, text};

fn trace(resource: Vec<KeyValue>, spans: Vec<Span>) -> Trace {
    let resource = Resource { attributes: resource, ..Resource::default() };
    let spans = spans.into_iter().map(|span| TraceSpan { span, ..TraceSpan::default() });
    Trace { id: vec![1; 16], sources: vec![Source { resource, ..Source::default() }], spans: spans.collect() }
}

fn span(id: u8, parent: u8, kind: SpanKind, start: u64) -> Span {
    let bytes = |id: u8| if id == 0 { Vec::new() } else { vec![0, 0, 0, 0, 0, 0, 0, id] };
    Span {
        span_id: bytes(id),
        parent_span_id: bytes(parent),
        kind: kind as i32,
        start_time_unix_nano: start,
        ..Span::default()
    }
}

fn adjusted(mut trace: Trace) -> Trace {
    adjust(&mut trace);
    trace
}

#[test]
fn a_span_sent_twice_is_one_span_whatever_the_order_of_its_attributes() {
    let one = |attributes| Span { attributes, ..span(1, 0, SpanKind::Server, 5) };
    let attributes = vec![text("b", "1"), text("a", "2")];
    let turned = vec![text("a", "2"), text("b", "1")];
    let other = vec![text("a", "2"), text("b", "3")];
    let trace = adjusted(trace(Vec::new(), vec![one(attributes), one(turned.clone()), one(other)]));
    assert_eq!(trace.spans.len(), 2);
    assert_eq!(trace.spans[0].span.attributes, turned);
}

#[test]
fn a_server_span_that_shares_its_id_with_a_client_span_gets_one_of_its_own() {
    let spans = vec![
        span(9, 0, SpanKind::Client, 1),
        span(9, 0, SpanKind::Server, 2),
        span(1, 9, SpanKind::Internal, 3),
        span(7, 0, SpanKind::Server, 4),
    ];
    let trace = adjusted(trace(Vec::new(), spans));
    let ids: Vec<(u8, u8)> = trace
        .spans
        .iter()
        .map(|one| (one.span.span_id[7], one.span.parent_span_id.last().copied().unwrap_or(0)))
        .collect();
    assert_eq!(ids, [(9, 0), (2, 9), (1, 2), (7, 0)]);
}

#[test]
fn addresses_are_written_out_and_texts_are_left() {
    let number = |first: i64| Value::IntValue(first << 24 | 2 << 16 | 3 << 8 | 4);
    let resource = vec![attribute("ip", number(1)), text("peer.ipv4", "something")];
    let one = Span {
        attributes: vec![
            attribute("a", Value::IntValue(42)),
            attribute("ip", Value::DoubleValue(67_240_708.0)),
        ],
        ..span(1, 0, SpanKind::Server, 1)
    };
    let trace = adjusted(trace(resource, vec![one]));
    let resource = &trace.sources[0].resource.attributes;
    assert_eq!(resource[..], [text("ip", "1.2.3.4"), text("peer.ipv4", "something")]);
    let attributes = &trace.spans[0].span.attributes;
    assert_eq!(attributes[..], [attribute("a", Value::IntValue(42)), text("ip", "4.2.3.4")]);
}

#[test]
fn what_tells_of_the_library_goes_to_the_resource_unless_that_says_otherwise() {
    let one = |language: &str, start| Span {
        attributes: vec![text("telemetry.sdk.language", language), text("x", "y")],
        ..span(1, 0, SpanKind::Server, start)
    };
    let trace = adjusted(trace(Vec::new(), vec![one("go", 1), one("java", 2)]));
    assert_eq!(trace.sources[0].resource.attributes, [text("telemetry.sdk.language", "go")]);
    assert_eq!(trace.spans[0].span.attributes, [text("x", "y")]);
    assert_eq!(trace.spans[1].span.attributes.len(), 2);
    assert_eq!(
        trace.spans[1].warnings,
        ["conflicting values between Span and Resource for attribute telemetry.sdk.language"]
    );
}

#[test]
fn links_to_nothing_go_and_events_stand_in_order() {
    let link = |trace: u8| Link { trace_id: vec![trace; 16], ..Link::default() };
    let event = |time_unix_nano| Event { time_unix_nano, ..Event::default() };
    let one = Span {
        links: vec![link(0), link(2)],
        events: vec![event(9), event(3)],
        ..span(1, 0, SpanKind::Server, 1)
    };
    let trace = adjusted(trace(Vec::new(), vec![one]));
    let TraceSpan { span, warnings, .. } = &trace.spans[0];
    assert_eq!(
        (&span.links[..], &warnings[..]),
        (&[link(2)][..], &["Invalid span link removed".to_owned()][..])
    );
    assert_eq!(span.events, [event(3), event(9)]);
}
