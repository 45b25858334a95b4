//! `GET /flows/{id}`: clocks, queues, the critical path, gaps.

use serde_json::{Value as Json, json};
use spoor_query::Config;

use crate::world::{SECOND, Sample, T, World, log, span, span_hex, text, trace_hex};

const MS: u64 = 1_000_000;

fn from_to(sample: Sample, kind: i32, start_ms: u64, end_ms: u64) -> Sample {
    sample.span(|span| {
        span.kind = kind;
        span.start_time_unix_nano = T + start_ms * MS;
        span.end_time_unix_nano = T + end_ms * MS;
    })
}

const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;

/// frontend calls payment, whose clock is 5 s ahead; a message goes over a queue to accounting, whose consumer is its
/// producer's child; another over a link to archive.
fn order() -> Vec<Sample> {
    vec![
        from_to(span("frontend", 1, 1, T), SERVER, 0, 400).correlated("order.id", "ord-1"),
        from_to(span("frontend", 1, 2, T).under(1), CLIENT, 10, 300),
        from_to(span("payment", 1, 3, T).under(2), SERVER, 5_020, 5_280),
        log("payment", "charged", T + 5_100 * MS).within(1, 3),
        from_to(span("frontend", 1, 4, T).under(1), PRODUCER, 310, 320),
        from_to(span("accounting", 1, 5, T).under(4), CONSUMER, 720, 800),
        from_to(span("archive", 2, 6, T), CONSUMER, 1_000, 1_200).linked_to(1, 5),
    ]
}

fn path(flow: &Json) -> Vec<(String, String, u64, u64)> {
    let ms = |time: &Json| (time.as_str().unwrap().parse::<u64>().unwrap() - T) / MS;
    let text = |field: &Json| field.as_str().unwrap().to_owned();
    let segments = flow["critical_path"].as_array().unwrap();
    segments
        .iter()
        .map(|part| (text(&part["kind"]), text(&part["service"]), ms(&part["start"]), ms(&part["end"])))
        .collect()
}

fn owned(expected: &[(&str, &str, u64, u64)]) -> Vec<(String, String, u64, u64)> {
    expected
        .iter()
        .map(|(kind, service, from, to)| ((*kind).to_owned(), (*service).to_owned(), *from, *to))
        .collect()
}

#[tokio::test]
async fn clocks_that_differ_are_estimated_and_times_adjusted_on_demand() {
    let world = World::new().await;
    world.append(order()).await;
    let raw = world.get("/api/v1/flows/ord-1").await;
    assert_eq!(
        raw["skew"],
        json!({
            "pairs": [{
                "from": "frontend", "from_instance": null, "to": "payment", "to_instance": null,
                "offset_min_ns": (4_980 * MS).to_string(), "offset_max_ns": (5_010 * MS).to_string(),
                "offset_ns": (4_995 * MS).to_string(), "pairs": 1, "agreeing": 1
            }],
            "services": [{"service": "payment", "instance": null, "offset_ns": (4_995 * MS).to_string()}]
        })
    );
    let reasons = raw["completeness"]["reasons"].as_array().unwrap();
    assert_eq!(reasons[0]["message"], "the clock of payment is at least 4980.0 ms ahead of that of frontend");
    assert_eq!((&raw["adjusted"], &raw["end"]), (&json!(false), &json!((T + 5_280 * MS).to_string())));
    assert_eq!(raw["spans"][0]["adjusted_time"], Json::Null);

    let adjusted = world.get("/api/v1/flows/ord-1?adjusted=1").await;
    assert_eq!(
        (&adjusted["adjusted"], &adjusted["end"]),
        (&json!(true), &json!((T + 1_200 * MS).to_string()))
    );
    let payment =
        adjusted["spans"].as_array().unwrap().iter().find(|span| span["service"] == "payment").unwrap();
    assert_eq!(
        (&payment["time"], &payment["adjusted_time"], &payment["adjusted_end"]),
        (
            &json!((T + 5_020 * MS).to_string()),
            &json!((T + 25 * MS).to_string()),
            &json!((T + 285 * MS).to_string())
        )
    );
    assert_eq!(adjusted["logs"][0]["adjusted_time"], (T + 105 * MS).to_string());
    assert_eq!(adjusted["logs"][0]["adjusted_end"], Json::Null);
    assert_eq!(adjusted["traces"][0]["end"], (T + 800 * MS).to_string());
    assert_eq!(
        path(&adjusted),
        owned(&[
            ("span", "frontend", 0, 10),
            ("span", "frontend", 10, 25),
            ("span", "payment", 25, 285),
            ("span", "frontend", 285, 300),
            ("span", "frontend", 300, 310),
            ("span", "frontend", 310, 320),
            ("queue", "accounting", 320, 720),
            ("span", "accounting", 720, 800),
            ("queue", "archive", 800, 1_000),
            ("span", "archive", 1_000, 1_200),
        ])
    );
    // Both views hold the same records, in the same order.
    let records = |flow: &Json| {
        flow["spans"].as_array().unwrap().iter().map(|span| span["record"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(records(&raw), records(&adjusted));
    let (status, error) = world.refused("/api/v1/flows/ord-1?adjusted=1&format=otlp-json").await;
    assert_eq!(
        (status, &error["message"]),
        (400, &json!("parameter `adjusted`: `otlp-json` holds times as they were sent"))
    );
    assert_eq!(world.refused("/api/v1/flows/ord-1?adjusted=yes").await.0, 400);
}

#[tokio::test]
async fn queues_are_told_over_links_and_from_producer_to_child() {
    let world = World::new().await;
    world.append(order()).await;
    let flow = world.get("/api/v1/flows/ord-1").await;
    let queue = |trace: u8, span: u8, from: u8, ms: u64| {
        json!({
            "trace_id": trace_hex(trace), "span_id": span_hex(span), "from_trace_id": trace_hex(1),
            "from_span_id": span_hex(from), "queue_ns": (ms * MS).to_string()
        })
    };
    assert_eq!(flow["queues"], json!([queue(1, 5, 4, 400), queue(2, 6, 5, 200)]));
    assert_eq!(flow["queue_ns"], (600 * MS).to_string());
}

#[tokio::test]
async fn gaps_say_what_is_beside_them_and_whether_a_queue_explains_them() {
    let world = World::new().await;
    let mut records = order();
    records.retain(|sample| !format!("{sample:?}").contains("payment"));
    records.push(log("warehouse", "packed", T + 3_000 * MS).correlated("order.id", "ord-1"));
    world.append(records).await;
    let flow = world.get("/api/v1/flows/ord-1").await;
    let gaps = flow["gaps"].as_array().unwrap();
    let told: Vec<_> = gaps
        .iter()
        .map(|gap| {
            (
                gap["duration_ns"].clone(),
                gap["before"]["service"].clone(),
                gap["after"]["service"].clone(),
                gap["queue"].clone(),
            )
        })
        .collect();
    let gap = |ms: u64, before: &str, after: &str, queue: bool| {
        (json!((ms * MS).to_string()), json!(before), json!(after), json!(queue))
    };
    assert_eq!(
        told,
        [
            gap(320, "frontend", "accounting", true),
            gap(200, "accounting", "archive", true),
            gap(1_800, "archive", "warehouse", false),
        ]
    );
    assert_eq!(gaps[2]["after"]["signal"], "logs");
    let reasons = &flow["completeness"]["reasons"];
    assert_eq!(
        reasons[0],
        json!({"code": "gaps", "message": "nothing tells of 1800.0 ms between archive and warehouse", "count": 1})
    );
    assert_eq!(flow["completeness"]["verdict"], "complete");
    // What is short beside the flow, or short at all, is no gap.
    world
        .append(vec![
            log("a", "x", T).correlated("order.id", "ord-2"),
            log("a", "y", T + 9 * MS).correlated("order.id", "ord-2"),
            log("a", "x", T).correlated("order.id", "ord-3"),
            log("a", "y", T + 49 * MS).correlated("order.id", "ord-3"),
            log("a", "z", T + 1_050 * MS).correlated("order.id", "ord-3"),
        ])
        .await;
    assert_eq!(world.get("/api/v1/flows/ord-2").await["gaps"], json!([]));
    assert_eq!(world.get("/api/v1/flows/ord-3").await["gaps"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn instances_with_clocks_of_their_own_are_told_apart() {
    let world = World::new().await;
    let pod = |sample: Sample, name: &str| sample.resource(text("service.instance.id", name));
    let call = |id: u8, ms: u64, server_ms: u64, name: &str| {
        vec![
            pod(from_to(span("a", 1, id, T).under(9), CLIENT, ms, ms + 100), "only"),
            pod(from_to(span("b", 1, id + 1, T).under(id), SERVER, server_ms, server_ms + 80), name),
        ]
    };
    world.append(vec![pod(from_to(span("a", 1, 9, T), SERVER, 0, 900), "only")]).await;
    world.append(call(1, 100, 110, "pod-1")).await;
    world.append(call(3, 300, 2_310, "pod-2")).await;
    let flow = world.get(&format!("/api/v1/flows/{}", trace_hex(1))).await;
    assert_eq!(
        flow["skew"]["services"],
        json!([{"service": "b", "instance": "pod-2", "offset_ns": (2_000 * MS).to_string()}])
    );
}

/// A chain of `length` traces, each linked to the one before.
fn chain(length: u8) -> Vec<Sample> {
    let mut spans = vec![span("a", 1, 1, T).correlated("order.id", "chain")];
    spans.extend((2..=length).map(|trace| {
        span("a", trace, trace, T + u64::from(trace) * 2 * SECOND).linked_to(trace - 1, trace - 1)
    }));
    spans
}

#[tokio::test]
async fn a_chain_of_64_links_is_followed_and_a_longer_one_is_cut_whole_and_said() {
    let world = World::new().await;
    world.append(chain(65)).await;
    let flow = world.get("/api/v1/flows/chain").await;
    assert_eq!((&flow["span_count"], &flow["truncated"]), (&json!(65), &Json::Null));
    assert_eq!(flow["critical_path"].as_array().unwrap().len(), 2 * 65 - 1);
    let world = World::with(Config::default()).await;
    world.append(chain(70)).await;
    let flow = world.get("/api/v1/flows/chain").await;
    assert_eq!(flow["span_count"], 65);
    assert_eq!(
        flow["truncated"],
        json!({"reason": "links are followed over 64 steps at most", "spans": 1, "logs": 0, "traces": 1})
    );
    assert_eq!(flow["completeness"]["verdict"], "incomplete");
    // From the middle both ends are near enough.
    assert_eq!(world.get(&format!("/api/v1/flows/{}", trace_hex(35))).await["span_count"], 70);
}

#[tokio::test]
async fn links_in_a_circle_are_one_flow() {
    let world = World::new().await;
    let circle = (1..=5_u8).map(|trace| {
        span("a", trace, trace, T + u64::from(trace) * SECOND).linked_to(trace % 5 + 1, trace % 5 + 1)
    });
    world.append(circle.collect()).await;
    let flow = world.get(&format!("/api/v1/flows/{}", trace_hex(3))).await;
    assert_eq!((&flow["span_count"], &flow["truncated"]), (&json!(5), &Json::Null));
}
