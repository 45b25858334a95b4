//! `GET /flows/{id}`: everything that shares an id.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use spoor_query::Config;
use spoor_store::model::Tenant;

use crate::world::{NOW, SECOND, Sample, T, World, log, span, span_hex, text, trace_hex};

/// An order over three traces: 1 → queue → 2 → queue → 3, and log records with the id alone.
fn order() -> Vec<Sample> {
    vec![
        span("frontend", 1, 1, T),
        span("checkout", 1, 2, T + 10).under(1).correlated("order.id", "ord-1"),
        span("payment", 1, 3, T + 20).under(2).failed("card declined"),
        span("accounting", 2, 4, T + 5 * SECOND).linked_to(1, 2),
        span("archive", 3, 5, T + 9 * SECOND).linked_to(2, 4),
        log("payment", "charge failed", T + 21).within(1, 3).failed(""),
        log("warehouse", "packed ord-1", T + 7 * SECOND).correlated("order.id", "ord-1"),
        span("frontend", 9, 9, T),
        log("frontend", "other", T),
    ]
}

fn names(list: &Json, field: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn one_id_brings_back_all_traces_linked_in_either_direction_and_all_logs() {
    let world = World::new().await;
    // Each record in a leaf of its own kind: some in splits, the last in hot rows.
    let mut records = order();
    let last = records.split_off(4);
    world.append(records).await;
    world.publish().await;
    world.append(last).await;

    for id in ["ord-1", &trace_hex(3), &trace_hex(2), &span_hex(5)] {
        let flow = world.get(&format!("/api/v1/flows/{id}")).await;
        assert_eq!(names(&flow["traces"], "trace_id"), [trace_hex(1), trace_hex(2), trace_hex(3)], "{id}");
        assert_eq!(names(&flow["traces"], "root_service"), ["frontend", "accounting", "archive"]);
        assert_eq!((&flow["span_count"], &flow["state"]), (&json!(5), &json!("error")));
        assert_eq!(flow["cause"]["service"], "payment");
        assert_eq!(
            (&flow["cause"]["owner"], &flow["cause"]["message"]),
            (&json!("payments"), &json!("card declined"))
        );
        assert_eq!(flow["traces"][1]["linked_from"]["queue_ns"], (4 * SECOND - 10).to_string());
        assert_eq!(flow["completeness"]["verdict"], "complete", "{flow}");
        assert_eq!(flow["truncated"], Json::Null);
    }
    let flow = world.get("/api/v1/flows/ord-1").await;
    assert_eq!(flow["keys"], json!(["order.id"]));
    assert_eq!(
        names(&flow["spans"], "service"),
        ["frontend", "checkout", "payment", "accounting", "archive"]
    );
    assert_eq!(names(&flow["logs"], "service"), ["payment", "warehouse"]);
    assert_eq!((&flow["log_count"], &flow["error_count"]), (&json!(2), &json!(2)));
    assert_eq!(
        (&flow["start"], &flow["end"]),
        (&json!(T.to_string()), &json!((T + 10 * SECOND).to_string()))
    );
    assert_eq!(flow["busy_ns"], (SECOND + 20 + 2 * SECOND).to_string());
    assert_eq!(
        flow["links"],
        json!([
            {"trace_id": trace_hex(2), "span_id": span_hex(4), "to_trace_id": trace_hex(1), "to_span_id": span_hex(2), "queue_ns": (4 * SECOND - 10).to_string()},
            {"trace_id": trace_hex(3), "span_id": span_hex(5), "to_trace_id": trace_hex(2), "to_span_id": span_hex(4), "queue_ns": (3 * SECOND).to_string()},
        ])
    );
    assert_eq!(flow["stats"]["splits"], 2);
}

#[tokio::test]
async fn keys_tenants_and_ranges_narrow_what_an_id_begins_with() {
    let world = World::new().await;
    let other = Tenant::new("other").unwrap();
    world.append(order()).await;
    world.append_for(&other, vec![span("secret", 4, 1, T).correlated("order.id", "ord-1")]).await;
    let (status, _, flow) =
        world.call(Method::GET, "/api/v1/flows/ord-1", &[("X-Scope-OrgID", "other")]).await;
    assert_eq!((status, &flow["span_count"]), (StatusCode::OK, &json!(1)));
    assert_eq!(world.get("/api/v1/flows/ord-1?key=order.id").await["span_count"], 5);
    assert_eq!(world.refused("/api/v1/flows/ord-1?key=request.id").await.0, 404);
    assert_eq!(world.refused("/api/v1/flows/ord-1?key=trace_id").await.0, 404);
    // The range finds the log record alone; its flow has no trace.
    let narrow = format!("/api/v1/flows/ord-1?start={}", T + 6 * SECOND);
    assert_eq!(world.get(&narrow).await["span_count"], 0);
    // A range that finds the flow does not cut it.
    let narrow = format!("/api/v1/flows/ord-1?start={}&end={}", T + 5, T + 15);
    assert_eq!(world.get(&narrow).await["span_count"], 5);
    assert_eq!(world.refused("/api/v1/flows/ord-1?end=2001-01-01T00:00:00Z").await.0, 404);
}

#[tokio::test]
async fn an_id_of_too_many_traces_is_refused_without_a_range_and_cut_with_one() {
    let config = Config { traces_per_flow_max: 3, ..Config::default() };
    let world = World::with(config).await;
    let spans = (1..=5).map(|trace| span("a", trace, trace, T).correlated("order.id", "common"));
    world.append(spans.collect()).await;
    let (status, error) = world.refused("/api/v1/flows/common").await;
    assert_eq!((status, &error["code"]), (422, &json!("too_common")));
    assert_eq!(
        error["message"],
        "`common` is too common: 5 traces share it, 3 is the most for one flow; give a time range"
    );
    let flow = world.get(&format!("/api/v1/flows/common?start={}", T - 1)).await;
    assert_eq!(
        (&flow["truncated"]["traces"], &flow["completeness"]["verdict"]),
        (&json!(2), &json!("incomplete"))
    );
    assert!(world.metrics().contains("spoor_query_truncated_total 1\n"));
}

#[tokio::test]
async fn traces_that_are_not_followed_take_no_room_from_those_that_are() {
    let world = World::with(Config { traces_per_flow_max: 2, ..Config::default() }).await;
    let spans = (1..=30).map(|id| span("a", 10 - (id - 1) / 3, id, T).correlated("order.id", "common"));
    world.append(spans.collect()).await;
    let flow = world.get(&format!("/api/v1/flows/common?start={}&limit=6", T - 1)).await;
    assert_eq!(names(&flow["traces"], "trace_id"), [trace_hex(1), trace_hex(2)]);
    assert_eq!(flow["span_count"], 6);
    assert_eq!((&flow["truncated"]["spans"], &flow["truncated"]["traces"]), (&json!(24), &json!(8)));
}

#[tokio::test]
async fn a_chain_of_links_past_the_bound_is_cut_and_said() {
    let world = World::with(Config { traces_per_flow_max: 3, ..Config::default() }).await;
    let mut spans = vec![span("a", 1, 1, T).correlated("order.id", "chain")];
    spans.extend((2..=6).map(|trace| span("a", trace, trace, T).linked_to(trace - 1, trace - 1)));
    world.append(spans).await;
    let flow = world.get("/api/v1/flows/chain").await;
    assert_eq!(flow["span_count"], 3);
    assert_eq!(
        flow["truncated"],
        json!({"reason": "a flow shows 3 traces at most", "spans": 1, "logs": 0, "traces": 1})
    );
}

#[tokio::test]
async fn records_past_the_limit_are_counted() {
    let world = World::new().await;
    let mut records: Vec<Sample> =
        (0..20).map(|n| log("a", &format!("line {n}"), T + n).within(1, 1)).collect();
    records.push(span("a", 1, 1, T));
    world.append(records).await;
    let flow = world.get(&format!("/api/v1/flows/{}?limit=5", trace_hex(1))).await;
    let shown = flow["span_count"].as_u64().unwrap() + flow["log_count"].as_u64().unwrap();
    let left = flow["truncated"]["spans"].as_u64().unwrap() + flow["truncated"]["logs"].as_u64().unwrap();
    assert_eq!((shown, left), (5, 16));
    assert_eq!(flow["truncated"]["reason"], "a flow shows 5 records at most");
}

#[tokio::test]
async fn a_flow_runs_while_records_arrive_and_waits_a_while_for_parents() {
    let world = World::new().await;
    world.append(vec![span("a", 1, 2, NOW - 2 * SECOND).under(1).correlated("order.id", "x")]).await;
    let state = async || world.get("/api/v1/flows/x").await["state"].clone();
    assert_eq!(state().await, "running");
    world.hand.advance(Duration::from_secs(120));
    assert_eq!(state().await, "running");
    world.hand.advance(Duration::from_secs(600));
    assert_eq!(state().await, "ok");
    let flow = world.get("/api/v1/flows/x").await;
    assert_eq!(flow["completeness"]["reasons"][0]["code"], "missing_parents");
}

#[tokio::test]
async fn a_record_stored_twice_is_shown_once() {
    let world = World::new().await;
    world.append(order()).await;
    world.publish().await;
    world.append(order()).await;
    let flow = world.get("/api/v1/flows/ord-1").await;
    assert_eq!(
        (&flow["span_count"], &flow["log_count"], &flow["duplicate_count"]),
        (&json!(5), &json!(2), &json!(7))
    );
}

#[tokio::test]
async fn ids_of_any_spelling_and_characters_work_in_the_path() {
    let world = World::new().await;
    world.append(vec![span("a", 1, 1, T).correlated("order.id", "a/b c?ü%")]).await;
    let flow = world.get("/api/v1/flows/a%2Fb%20c%3F%C3%BC%25").await;
    assert_eq!((&flow["id"], &flow["span_count"]), (&json!("a/b c?ü%"), &json!(1)));
    let flow = world.get("/api/v1/flows/00000000-0000-0000-0000-000000000001").await;
    assert_eq!((&flow["id"], &flow["keys"]), (&json!(trace_hex(1)), &json!(["trace_id"])));
    let (status, error) = world.refused("/api/v1/flows/nothing").await;
    assert_eq!((status, &error["code"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn a_key_falls_back_to_its_aliases_for_records_older_than_it() {
    let world = World::new().await;
    world
        .append(vec![span("a", 1, 1, T).attribute(text("orderId", "old-1")), span("b", 1, 2, T).under(1)])
        .await;
    // A key that no configuration names is looked for as an attribute of its name.
    let unknown_key = "/api/v1/flows/old-1?key=orderId";
    assert_eq!(world.get(unknown_key).await["span_count"], 2);
    world.publish().await;
    for path in ["/api/v1/flows/old-1?key=order.id", "/api/v1/flows/old-1", unknown_key] {
        assert_eq!(world.get(path).await["span_count"], 2, "{path}");
    }
}
