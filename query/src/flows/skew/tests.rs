//! Clocks of hand-made flows, and what holds of every estimate.

use proptest::prelude::*;
use spoor_store::model::SpanKind;

use super::{Estimate, ServiceOffset, Skew};
use crate::flows::assemble::Assembly;
use crate::samples::{Sample, log, span};

const MS: i64 = 1_000_000;

/// When the flows of these tests begin, in milliseconds.
const EPOCH_MS: u64 = 1_000_000;

fn flow(samples: Vec<Sample>) -> Assembly {
    Assembly::of(samples.into_iter().map(Sample::build).collect())
}

fn skew(samples: Vec<Sample>) -> Option<Skew> {
    Estimate::of(&flow(samples)).skew
}

fn at(sample: Sample, start_ms: i64, end_ms: i64) -> Sample {
    let nanos = |ms: i64| (EPOCH_MS * MS as u64).saturating_add_signed(ms * MS);
    sample.at(nanos(start_ms), nanos(end_ms))
}

/// A call: the client's span `id`, and the server's after it, in milliseconds.
fn call(
    (from, to): (&str, &str),
    id: u8,
    (start, end): (i64, i64),
    (server_start, server_end): (i64, i64),
) -> Vec<Sample> {
    vec![
        at(span(from, id).kind(SpanKind::Client), start, end),
        at(span(to, id + 1).under(id).kind(SpanKind::Server), server_start, server_end),
    ]
}

fn offset(service: &str, instance: Option<&str>, ms: i64) -> ServiceOffset {
    ServiceOffset { service: service.to_owned(), instance: instance.map(str::to_owned), offset_ns: ms * MS }
}

#[test]
fn a_slow_network_is_not_skew() {
    for server in [(0, 100), (90, 100), (0, 10), (-1, 60), (50, 300), (5, 95)] {
        assert_eq!(skew(call(("a", "b"), 1, (0, 100), server)), None, "{server:?}");
    }
    let clients_only = vec![at(span("a", 1), 0, 100), at(span("b", 2).under(1), 300, 400)];
    assert_eq!(skew(clients_only), None, "spans that are no call say nothing");
}

#[test]
fn calls_bound_the_difference_from_both_sides_and_the_middle_is_the_estimate() {
    let found = skew(call(("checkout", "payment"), 1, (0, 100), (940, 1_020))).unwrap();
    let pair = &found.pairs[0];
    assert_eq!((pair.from.as_str(), pair.to.as_str()), ("checkout", "payment"));
    assert_eq!((pair.offset_min_ns, pair.offset_max_ns), (Some(920 * MS), 940 * MS));
    assert_eq!((pair.offset_ns, pair.pairs, pair.agreeing), (930 * MS, 1, 1));
    assert_eq!(found.services, [offset("payment", None, 930)]);
    // A server that outlasts its client bounds one side alone.
    let found = skew(call(("a", "b"), 1, (0, 100), (-60, 300))).unwrap();
    assert_eq!((found.pairs[0].offset_min_ns, found.pairs[0].offset_ns), (None, -60 * MS));
    // More calls narrow the bounds; one that contradicts them is left out.
    let mut calls = call(("a", "b"), 1, (0, 100), (540, 580));
    calls.extend(call(("a", "b"), 3, (200, 300), (702, 790)));
    calls.extend(call(("a", "b"), 5, (400, 500), (410, 490)));
    let found = skew(calls).unwrap();
    let pair = &found.pairs[0];
    assert_eq!((pair.offset_min_ns, pair.offset_max_ns), (Some(490 * MS), 502 * MS));
    assert_eq!((pair.pairs, pair.agreeing), (3, 2));
}

#[test]
fn offsets_add_up_over_services_and_adjusted_times_fit() {
    let mut samples = vec![at(span("a", 9).kind(SpanKind::Server), 0, 1_000)];
    let first = |sample: Sample| sample.under(9);
    samples.extend(
        call(("a", "b"), 1, (10, 900), (5_020, 5_890))
            .into_iter()
            .enumerate()
            .map(|(index, sample)| if index == 0 { first(sample) } else { sample }),
    );
    samples.push(at(span("b", 3).under(2).kind(SpanKind::Client), 5_100, 5_500));
    samples.push(at(span("c", 4).under(3).kind(SpanKind::Server), 110, 490));
    samples.push(at(log("c", "x"), 300, 300));
    let flow = flow(samples);
    let estimate = Estimate::of(&flow);
    let found = estimate.skew.as_ref().unwrap();
    assert_eq!(found.services, [offset("b", None, 5_000)]);
    let times = estimate.adjusted(&flow.spans, &flow.logs);
    let of = |id: u8| {
        let span = flow.spans.iter().position(|span| span.name == format!("span {id}")).unwrap();
        times.spans[span]
    };
    assert!(of(9).start <= of(1).start && of(1).start <= of(2).start && of(2).end <= of(1).end);
    assert!(of(3).start <= of(4).start && of(4).end <= of(3).end);
    assert_eq!(times.logs, [flow.logs[0].time]);
    assert!(flow.spans.iter().zip(&flow.times.spans).all(|(span, times)| span.time == times.start));
}

#[test]
fn instances_of_one_service_have_clocks_of_their_own() {
    let instance = |samples: Vec<Sample>, id: &'static str| {
        samples.into_iter().enumerate().map(move |(at, sample)| match at {
            0 => sample.instance("only"),
            _ => sample.instance(id),
        })
    };
    let mut samples: Vec<Sample> = instance(call(("a", "b"), 1, (0, 100), (10, 90)), "pod-1").collect();
    samples.extend(instance(call(("a", "b"), 3, (200, 300), (1_210, 1_290)), "pod-2"));
    let found = skew(samples).unwrap();
    assert_eq!(found.pairs.len(), 1);
    assert_eq!(
        (&found.pairs[0].from_instance, found.pairs[0].to_instance.as_deref()),
        (&None, Some("pod-2"))
    );
    assert_eq!(found.services, [offset("b", Some("pod-2"), 1_000)]);
}

/// Calls along a chain of services whose clocks are off by `offsets`, each call's ways there and back in milliseconds.
fn chain(offsets: &[i64], ways: &[(i64, i64)]) -> Vec<Sample> {
    let mut samples = Vec::new();
    let (mut start, mut end) = (0, 10_000);
    for (call, (there, back)) in ways.iter().enumerate() {
        let (from, to) = (call % offsets.len(), (call + 1) % offsets.len());
        let service = |number: usize| format!("s{number}");
        let id = 2 * call as u8 + 1;
        let client = span(&service(from), id).kind(SpanKind::Client);
        let client = if call == 0 { client } else { client.under(id - 1) };
        samples.push(at(client, start + offsets[from], end + offsets[from]));
        (start, end) = (start + there, end - back);
        let server = span(&service(to), id + 1).under(id).kind(SpanKind::Server);
        samples.push(at(server, start + offsets[to], end + offsets[to]));
        (start, end) = (start + 1, end - 1);
    }
    samples
}

proptest! {
    #[test]
    fn clocks_in_step_are_never_said_to_differ(
        services in 2_usize..6,
        ways in prop::collection::vec((0_i64..400, 0_i64..400), 1..12),
    ) {
        prop_assert_eq!(skew(chain(&vec![0; services], &ways)), None);
    }

    #[test]
    fn the_true_difference_lies_within_what_is_said_and_times_fit_once_adjusted(
        offsets in prop::collection::vec(-20_000_i64..20_000, 2..6),
        ways in prop::collection::vec((0_i64..400, 0_i64..400), 1..12),
    ) {
        let flow = flow(chain(&offsets, &ways));
        let estimate = Estimate::of(&flow);
        let number = |service: &str| service.trim_start_matches('s').parse::<usize>().unwrap();
        for pair in estimate.skew.iter().flat_map(|skew| &skew.pairs) {
            let truth = (offsets[number(&pair.to)] - offsets[number(&pair.from)]) * MS;
            prop_assert!(pair.offset_min_ns.is_none_or(|min| min <= truth) && truth <= pair.offset_max_ns);
            prop_assert_eq!(pair.agreeing, pair.pairs);
        }
        // A chain has one way from each service to the next: all its calls fit once adjusted, but for the tolerance.
        if ways.len() < offsets.len() {
            let times = estimate.adjusted(&flow.spans, &flow.logs).spans;
            for (index, span) in flow.spans.iter().enumerate() {
                let crate::flows::forest::Parent::Span(parent) = flow.forest.parent(index) else { continue };
                if span.kind() == SpanKind::Server {
                    let slack = 2 * MS as u64;
                    prop_assert!(times[index].start + slack >= times[parent].start);
                    prop_assert!(times[index].end <= times[parent].end + slack);
                }
            }
        }
    }
}
