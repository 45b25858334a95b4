//! `GET /search`: records, newest first, page by page.

use serde_json::{Value as Json, json};
use spoor_proto::otlp::any_value::Value;

use crate::world::{SECOND, Sample, T, World, attribute, log, span, text, trace_hex};

fn records() -> Vec<Sample> {
    vec![
        span("checkout", 1, 1, T)
            .attribute(attribute("http.response.status_code", Value::IntValue(500)))
            .failed("boom"),
        span("checkout", 1, 2, T + 1).under(1).attribute(text("http.response.status_code", "500")),
        span("cart", 2, 3, T + 2).span(|span| span.end_time_unix_nano = T + 2 + SECOND / 10),
        log("payment", "Card declined: insufficient funds", T + 3).failed(""),
        log("payment", "card accepted", T + 4)
            .resource(text("team", "card-team"))
            .attribute(text("orderId", "o-1")),
        log("cart", "declined the card", T + 5).log(|log| log.severity_number = 13),
    ]
}

/// Times of the records a query finds, counted from `T`.
async fn found(world: &World, query: &str) -> Vec<u64> {
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let answer = world.get(&format!("/api/v1/search?q={encoded}")).await;
    let times = answer["records"].as_array().unwrap().iter();
    times.map(|record| record["time"].as_str().unwrap().parse::<u64>().unwrap() - T).collect()
}

#[tokio::test]
async fn queries_select_alike_in_hot_rows_and_in_splits() {
    let world = World::new().await;
    world.append(records()).await;
    for published in [false, true] {
        for (query, expected) in [
            ("", &[5, 4, 3, 2, 1, 0][..]),
            ("declined", &[5, 3]),
            ("\"card declined\"", &[3]),
            ("card -declined", &[4]),
            ("CARD (accepted OR insufficient)", &[4, 3]),
            ("decl*", &[5, 3]),
            ("service:cart", &[5, 2]),
            ("service:c*", &[5, 2, 1, 0]),
            ("severity:>=warn", &[5, 3]),
            ("severity:info", &[4]),
            ("status:error OR severity:error", &[3, 0]),
            ("http.response.status_code:500", &[1, 0]),
            ("http.response.status_code:>=400", &[1, 0]),
            ("attributes.http.response.status_code:*", &[1, 0]),
            ("duration:<500ms", &[2]),
            ("duration:[1s TO 2s]", &[1, 0]),
            ("root:true", &[2, 0]),
            ("root:false", &[1]),
            ("signal:logs NOT service:cart", &[4, 3]),
            ("owner:payments", &[3]),
            ("owner:card-team", &[4]),
            ("order.id:o-1", &[4]),
            ("name:/checkout \\d/", &[1, 0]),
            ("kind:server name:cart*", &[2]),
            (&format!("trace_id:{}", trace_hex(2)), &[2]),
            ("service:(cart OR payment) card", &[5, 4, 3]),
            ("nothing", &[]),
        ] {
            assert_eq!(found(&world, query).await, expected, "{query} (published: {published})");
        }
        world.publish().await;
    }
}

#[tokio::test]
async fn pages_hold_every_record_once_whatever_leaf_it_is_in() {
    let world = World::new().await;
    // Equal times within and across leaves.
    for leaf in 0..3_u64 {
        world.append((0..10).map(|n| log("a", &format!("{leaf}/{n}"), T + n / 4)).collect()).await;
        if leaf < 2 {
            world.publish().await;
        }
    }
    let mut seen: Vec<(u64, String)> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.get(&format!("/api/v1/search?limit=7&cursor={cursor}")).await;
        for record in page["records"].as_array().unwrap() {
            let time = record["time"].as_str().unwrap().parse().unwrap();
            seen.push((time, record["body"].as_str().unwrap().to_owned()));
        }
        match &page["cursor"] {
            Json::String(next) => cursor.clone_from(next),
            _ => break,
        }
        // What is published keeps its place.
        world.publish().await;
    }
    assert_eq!(seen.len(), 30);
    assert!(seen.is_sorted_by_key(|(time, _)| std::cmp::Reverse(*time)));
    let mut bodies: Vec<String> = seen.into_iter().map(|(_, body)| body).collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 30);
}

#[tokio::test]
async fn ranges_signals_and_totals() {
    let world = World::new().await;
    world.append(records()).await;
    world.publish().await;
    world.append(vec![log("late", "x", T + 100 * SECOND)]).await;
    let all = world.get("/api/v1/search").await;
    assert_eq!((&all["total"], &all["cursor"], &all["stats"]["splits"]), (&json!(7), &Json::Null, &json!(2)));
    let spans = world.get("/api/v1/search?signal=spans").await;
    assert_eq!(spans["total"], 3);
    let narrow = world.get(&format!("/api/v1/search?start={}&end={}", T + 1, T + 3)).await;
    assert_eq!((&narrow["total"], &narrow["stats"]["skipped"]), (&json!(3), &json!(1)));
    // The newest leaf has enough. Unless another thread asked the other one meanwhile, nobody knows the total.
    let newest = world.get("/api/v1/search?limit=1").await;
    assert_eq!(newest["records"][0]["service"], "late");
    assert!(newest["total"].is_null() || newest["total"] == 7, "{newest}");
    assert_eq!(world.get("/api/v1/search?start=-30m").await["total"], 0);
}

#[tokio::test]
async fn an_empty_store_answers() {
    let world = World::new().await;
    let answer = world.get("/api/v1/search?q=x").await;
    assert_eq!((&answer["records"], &answer["total"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn pages_leave_nothing_out_when_splits_are_merged_between_them() {
    let world = World::new().await;
    for leaf in 0..5_u64 {
        world.append((0..6).map(|n| log("a", &format!("{leaf}/{n}"), T + leaf + n / 3)).collect()).await;
        world.publish().await;
    }
    let first = world.get("/api/v1/search?limit=10").await;
    world.wait_until_merged(5).await;
    let bodies = |page: &Json| -> Vec<String> {
        let records = page["records"].as_array().unwrap().iter();
        records.map(|record| record["body"].as_str().unwrap().to_owned()).collect()
    };
    let mut seen = bodies(&first);
    let mut cursor = first["cursor"].as_str().map(str::to_owned);
    while let Some(next) = cursor {
        let page = world.get(&format!("/api/v1/search?limit=10&cursor={next}")).await;
        seen.extend(bodies(&page));
        cursor = page["cursor"].as_str().map(str::to_owned);
    }
    assert!(seen.len() <= 30 + 6, "only the nanosecond at the border may repeat: {seen:?}");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 30);
}
