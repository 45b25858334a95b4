//! `GET /flows`: the recent flows.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use spoor_query::Config;
use spoor_store::model::Tenant;

use crate::world::{NOW, SECOND, Sample, T, World, log, span, trace_hex};

const MS: u64 = 1_000_000;

fn ids(answer: &Json) -> Vec<String> {
    let flows = answer["flows"].as_array().unwrap();
    flows.iter().map(|flow| flow["id"].as_str().unwrap().to_owned()).collect()
}

/// An order of two spans and a log record, the id on the second span and on the record.
fn order(number: u8, start: u64) -> Vec<Sample> {
    let id = format!("ord-{number:03}");
    vec![
        span("frontend", number, 1, start),
        span("checkout", number, 2, start + MS).under(1).correlated("order.id", &id),
        log("warehouse", "packed", start + 2 * MS).correlated("order.id", &id),
    ]
}

#[tokio::test]
async fn flows_are_listed_once_with_what_they_come_to_the_newest_first() {
    let world = World::new().await;
    let mut records = order(1, T);
    records.push(span("payment", 1, 3, T + 5 * MS).under(2).failed("card declined"));
    records.push(span("accounting", 9, 9, T + 5 * SECOND).linked_to(1, 2).correlated("request.id", "req-1"));
    let late = records.split_off(2);
    world.append(records).await;
    world.append(order(2, T + 60 * SECOND)).await;
    world.publish().await;
    world.append(late).await;
    world.append(vec![log("frontend", "no id", T + 90 * SECOND)]).await;

    let answer = world.get("/api/v1/flows").await;
    let listed: Vec<_> =
        answer["flows"].as_array().unwrap().iter().map(|flow| (&flow["key"], &flow["id"])).collect();
    let expected = [("order.id", "ord-002"), ("request.id", "req-1"), ("order.id", "ord-001")];
    assert_eq!(
        listed,
        expected.map(|(key, id)| (json!(key), json!(id))).each_ref().map(|(key, id)| (key, id))
    );
    assert_eq!(
        answer["flows"][2],
        json!({
            "key": "order.id", "id": "ord-001", "state": "error",
            "cause": {"service": "payment", "owner": "payments", "message": "card declined", "time": (T + 5 * MS).to_string()},
            "start": T.to_string(), "end": (T + 6 * SECOND).to_string(), "duration_ns": (6 * SECOND).to_string(),
            "services": ["frontend", "checkout", "warehouse", "payment", "accounting"],
            "span_count": 4, "log_count": 1, "error_count": 1, "trace_count": 2, "truncated": null
        })
    );
    assert_eq!(
        (&answer["cursor"], &answer["truncated"], &answer["examined"]),
        (&json!(null), &json!(null), &json!(3))
    );
    assert_eq!(answer["stats"]["splits"], 2);
    // What a flow's page says of it is the same.
    let flow = world.get("/api/v1/flows/ord-001?key=order.id").await;
    for field in ["state", "start", "end", "span_count", "log_count", "error_count"] {
        assert_eq!(flow[field], answer["flows"][2][field], "{field}");
    }
    assert_eq!(ids(&world.get("/api/v1/flows?key=request.id").await), ["req-1"]);
    let narrow = format!("/api/v1/flows?end={}", T + 10 * SECOND);
    assert_eq!(ids(&world.get(&narrow).await), ["req-1", "ord-001"]);
    let narrow = format!("/api/v1/flows?start={}&end={}", T + MS, T + MS);
    assert_eq!(
        ids(&world.get(&narrow).await),
        ["ord-001"],
        "one record in the range is enough, and none cuts the flow"
    );
    assert_eq!(world.get(&narrow).await["flows"][0]["span_count"], 4);
    let (_, _, other) = world.call(Method::GET, "/api/v1/flows", &[("X-Scope-OrgID", "other")]).await;
    assert_eq!((&other["flows"], &other["cursor"]), (&json!([]), &json!(null)));
}

#[tokio::test]
async fn a_query_is_satisfied_by_any_record_of_the_flow() {
    let world = World::new().await;
    world.append(order(1, T)).await;
    world.publish().await;
    world.append(order(2, T + SECOND)).await;
    world.append(vec![span("payment", 1, 3, T - 500 * SECOND).under(2).failed("card declined")]).await;
    for (query, expected) in [
        ("service:payment", vec!["ord-001"]),
        ("status:error", vec!["ord-001"]),
        ("service:frontend", vec!["ord-002", "ord-001"]),
        ("packed", vec!["ord-002", "ord-001"]),
        ("service:payment packed", vec![]),
        ("nothing", vec![]),
        ("NOT service:nobody", vec!["ord-002", "ord-001"]),
    ] {
        let path = format!("/api/v1/flows?q={}", query.replace(' ', "%20"));
        assert_eq!(ids(&world.get(&path).await), expected, "{query}");
    }
    // The range is of the records that carry the id; the record that satisfies the query may lie outside.
    let path = format!("/api/v1/flows?q=service:payment&start={T}");
    assert_eq!(ids(&world.get(&path).await), ["ord-001"]);
}

#[tokio::test]
async fn states_are_looked_for_until_there_are_enough() {
    let world = World::new().await;
    for number in 1..=100 {
        let mut records = order(number, T + u64::from(number) * SECOND);
        if number % 20 == 0 {
            records[1] = records[1].clone().failed("boom");
        }
        world.append(records).await;
    }
    let answer = world.get("/api/v1/flows?state=error&limit=3").await;
    assert_eq!(ids(&answer), ["ord-100", "ord-080", "ord-060"]);
    assert_eq!(answer["examined"], 41);
    let next = format!("/api/v1/flows?state=error&limit=3&cursor={}", answer["cursor"].as_str().unwrap());
    let answer = world.get(&next).await;
    assert_eq!(ids(&answer), ["ord-040", "ord-020"]);
    assert_eq!((&answer["cursor"], &answer["truncated"]), (&json!(null), &json!(null)));
    assert_eq!(world.get("/api/v1/flows?state=ok&limit=500").await["flows"].as_array().unwrap().len(), 95);
    assert_eq!(ids(&world.get("/api/v1/flows?state=stuck").await), Vec::<String>::new());
    world.append(order(101, NOW - SECOND)).await;
    assert_eq!(ids(&world.get("/api/v1/flows?state=running").await), ["ord-101"]);
    world.hand.advance(Duration::from_secs(120));
    assert_eq!(ids(&world.get("/api/v1/flows?state=running").await), Vec::<String>::new());
}

#[tokio::test]
async fn the_bound_of_flows_looked_at_is_said_and_the_cursor_goes_on() {
    let world = World::new().await;
    let many = (0..1_200_u64).map(|n| log("a", "x", T + n * MS).correlated("order.id", &format!("o{n}")));
    world.append(many.collect()).await;
    world.append(vec![log("b", "y", T - MS).correlated("order.id", "wanted").failed("")]).await;
    let answer = world.get("/api/v1/flows?state=error").await;
    assert_eq!((ids(&answer), &answer["examined"]), (vec![], &json!(1_000)));
    assert_eq!(answer["truncated"]["reason"], "1000 flows were looked at; the cursor goes on after them");
    let next = format!("/api/v1/flows?state=error&cursor={}", answer["cursor"].as_str().unwrap());
    let answer = world.get(&next).await;
    assert_eq!((ids(&answer), &answer["cursor"]), (vec!["wanted".to_owned()], &Json::Null));
    assert_eq!(answer["truncated"], Json::Null);
    // A query that few records satisfy is answered from those, however old.
    let answer = world.get("/api/v1/flows?q=service:b").await;
    assert_eq!((ids(&answer), &answer["examined"]), (vec!["wanted".to_owned()], &json!(1)));
    // One that many do is looked for among the recent flows.
    let answer = world.get("/api/v1/flows?q=service:a&limit=3").await;
    assert_eq!(ids(&answer), ["o1199", "o1198", "o1197"]);
}

#[tokio::test]
async fn ids_that_too_much_shares_are_listed_as_such() {
    let world = World::with(Config { traces_per_flow_max: 20, ..Config::default() }).await;
    let crowd = (0..2_100_u64).map(|n| log("a", "x", T + n).correlated("order.id", "crowd"));
    world.append(crowd.collect()).await;
    let wide = (1..=30).map(|trace| span("b", trace, trace, T - SECOND).correlated("order.id", "wide"));
    world.append(wide.collect()).await;
    let long = (0..2_100_u64).map(|n| log("c", "x", T - 9 * SECOND + n).within(200, 1));
    world.append(long.collect()).await;
    world.append(vec![span("c", 200, 1, T - 9 * SECOND).correlated("order.id", "long")]).await;

    let answer = world.get("/api/v1/flows").await;
    let flows = answer["flows"].as_array().unwrap();
    assert_eq!(ids(&answer), ["crowd", "wide", "long"]);
    assert_eq!(
        (&flows[0]["log_count"], &flows[0]["services"], &flows[0]["state"]),
        (&json!(2_100), &json!(["a"]), &json!("ok"))
    );
    assert_eq!(
        flows[0]["truncated"]["reason"],
        "2100 records carry the id; of more than 2000 those alone are counted"
    );
    assert_eq!((&flows[1]["span_count"], &flows[1]["trace_count"]), (&json!(30), &json!(30)));
    assert_eq!(
        flows[1]["truncated"]["reason"],
        "30 traces share the id; of more than 20 the records that carry it are counted"
    );
    let shown = flows[2]["span_count"].as_u64().unwrap() + flows[2]["log_count"].as_u64().unwrap();
    let left =
        flows[2]["truncated"]["spans"].as_u64().unwrap() + flows[2]["truncated"]["logs"].as_u64().unwrap();
    assert_eq!((shown, left), (2_000, 101));
    assert_eq!(ids(&world.get("/api/v1/flows?q=service:b").await), ["wide"]);
    assert_eq!(ids(&world.get("/api/v1/flows?q=service:a").await), ["crowd"]);
}

#[tokio::test]
async fn what_arrives_while_somebody_pages_neither_repeats_nor_hides_a_flow() {
    let world = World::new().await;
    for number in 1..=9 {
        world.append(order(number, T + u64::from(number) * SECOND)).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/flows?limit=2".to_owned();
    for page in 0.. {
        let answer = world.get(&path).await;
        seen.extend(ids(&answer));
        let Some(cursor) = answer["cursor"].as_str() else { break };
        path = format!("/api/v1/flows?limit=2&cursor={cursor}");
        // A flow that was listed and one that was not go on, new ones come, and everything moves to another leaf.
        let later = T + 100 * SECOND + page * SECOND;
        world.append(order(9, later)).await;
        world.append(order(1, later)).await;
        world.append(order(50 + page as u8, later)).await;
        world.publish().await;
    }
    let expected: Vec<String> = (1..=9).rev().map(|number| format!("ord-{number:03}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_record_that_was_stored_twice_counts_once() {
    let world = World::new().await;
    world.append(order(1, T)).await;
    world.publish().await;
    world.append(order(1, T)).await;
    let flows = world.get("/api/v1/flows").await["flows"].clone();
    assert_eq!(
        (&flows[0]["span_count"], &flows[0]["log_count"], &flows[1]),
        (&json!(2), &json!(1), &Json::Null)
    );
}

#[tokio::test]
async fn impossible_questions_are_refused_with_what_to_write() {
    let world = World::new().await;
    let tenant = Tenant::default();
    world.append_for(&tenant, vec![log("a", "x", T).correlated("old.key", "o1")]).await;
    for (query, message) in [
        ("key=order_id", "parameter `key`: `order_id` is no correlation key; did you mean `order.id`?"),
        ("key=trace_id", "parameter `key`: `trace_id` is no correlation key; one of order.id, request.id"),
        ("state=failed", "parameter `state`: `failed` is none of `ok`, `error`, `running`, `stuck`"),
        ("limit=501", "parameter `limit`: `501` is no whole number from 1 to 500"),
        ("cursor=abc", "parameter `cursor`: not a cursor of an earlier answer"),
        (
            "format=json",
            "parameter `format`: unknown; this call takes q, key, state, start, end, limit, cursor",
        ),
    ] {
        let (status, error) = world.refused(&format!("/api/v1/flows?{query}")).await;
        assert_eq!((status, error["message"].as_str().unwrap()), (400, message));
    }
    let (status, error) = world.refused("/api/v1/flows?q=a%20AND").await;
    assert_eq!((status, &error["code"]), (400, &json!("syntax")));
    // A key that the configuration has lost still lists what was stored under it.
    assert_eq!(ids(&world.get("/api/v1/flows?key=old.key").await), ["o1"]);
    world.publish().await;
    assert_eq!(ids(&world.get("/api/v1/flows?key=old.key").await), ["o1"]);
    assert_eq!(ids(&world.get("/api/v1/flows").await), Vec::<String>::new());
    assert_eq!(world.refused("/api/v1/flows/a/b").await.0, 404);
}

/// Records by trace, link, id and word; where each lies.
type Plan = (u8, Option<u8>, Option<u8>, bool, usize);

async fn pages_hold_the_model(plans: Vec<Plan>, limit: usize) {
    let world = World::new().await;
    let mut carriers: Vec<(u64, String)> = Vec::new();
    for leaf in 0..3 {
        let mut samples = Vec::new();
        for (number, (trace, link, id, is_marked, _)) in
            plans.iter().enumerate().filter(|(_, plan)| plan.4 == leaf)
        {
            let time = T + number as u64 % 7;
            let service = if *is_marked { "marked" } else { "plain" };
            let mut sample = span(service, *trace, number as u8 + 1, time);
            if let Some(link) = link {
                sample = sample.linked_to(*link, 201);
            }
            if let Some(id) = id {
                sample = sample.correlated("order.id", &format!("id-{id}"));
                carriers.push((time, format!("id-{id}")));
            }
            samples.push(sample);
        }
        world.append(samples).await;
        if leaf < 2 {
            world.publish().await;
        }
    }
    let mut expected: Vec<(u64, String)> = Vec::new();
    carriers.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    for carrier in carriers {
        if expected.iter().all(|(_, id)| *id != carrier.1) {
            expected.push(carrier);
        }
    }
    for query in ["", "q=service:marked&"] {
        let mut wanted = BTreeSet::new();
        for (_, id) in &expected {
            let flow = world.get(&format!("/api/v1/flows/{id}")).await;
            let is_marked = flow["spans"].as_array().unwrap().iter().any(|span| span["service"] == "marked");
            if query.is_empty() || is_marked {
                wanted.insert(id.clone());
            }
        }
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = world.get(&format!("/api/v1/flows?{query}limit={limit}{cursor}")).await;
            found.extend(ids(&answer));
            let Some(next) = answer["cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let in_order: Vec<String> =
            expected.iter().map(|(_, id)| id.clone()).filter(|id| wanted.contains(id)).collect();
        assert_eq!(found, in_order, "{query}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn pages_list_every_flow_once_in_order_however_records_lie(
        plans in prop::collection::vec(
            (1_u8..12, prop::option::of(1_u8..12), prop::option::of(0_u8..12), any::<bool>(), 0_usize..3), 1..40),
        limit in 1_usize..6,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
        runtime.block_on(pages_hold_the_model(plans, limit));
    }
}

#[tokio::test]
async fn a_trace_opened_by_its_id_is_analysed_as_a_flow_is() {
    let world = World::new().await;
    world.append(order(1, T)).await;
    let by_order = world.get("/api/v1/flows/ord-001").await;
    let by_trace = world.get(&format!("/api/v1/flows/{}", trace_hex(1))).await;
    assert_eq!(by_order["critical_path"], by_trace["critical_path"]);
    assert_eq!(by_trace["skew"], Json::Null);
}
