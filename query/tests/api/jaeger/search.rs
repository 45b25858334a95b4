//! What a search means: one span satisfies everything at once, and its whole trace comes back.

use serde_json::Value as Json;
use spoor_proto::otlp::InstrumentationScope;
use spoor_proto::otlp::any_value::Value;

use super::{AROUND_V3, T_MICROS, around, checkout, later};
use crate::world::{SECOND, T, World, attribute, span, text};

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// The ids of the traces a search finds, their last two digits.
async fn found(world: &World, query: &str) -> Vec<String> {
    let answer = world.get(&format!("/api/traces?{query}")).await;
    let ids = answer["data"].as_array().unwrap().iter().map(|trace| trace["traceID"].as_str().unwrap());
    ids.map(|id| id.trim_start_matches("00000000000000").to_owned()).collect()
}

#[tokio::test]
async fn every_place_of_a_tag_is_looked_into_and_all_tags_hold_for_one_span() {
    let world = World::new().await;
    let scope = InstrumentationScope {
        attributes: vec![text("scope.tag", "s")],
        name: "io.web".to_owned(),
        version: "9".to_owned(),
        ..InstrumentationScope::default()
    };
    world.append(checkout()).await;
    world.append(vec![later(), span("web", 0x2c, 1, T).scope(scope).attribute(text("code", "123"))]).await;
    world.append(vec![span("web", 0x2d, 1, T + 7).attribute(attribute("code", Value::IntValue(123)))]).await;
    for _ in 0..2 {
        for (service, tags, expected) in [
            ("web", "{\"http.status_code\":\"500\"}", &["2a"][..]),
            ("cart", "{\"http.status_code\":\"500\"}", &[]),
            ("web", "{\"code\":\"123\"}", &["2d", "2c"]),
            ("web", "{\"ratio\":\"72.5\",\"cached\":\"true\"}", &["2a"]),
            ("web", "{\"host.name\":\"h1\",\"exception.type\":\"Timeout\",\"ratio\":\"72.5\"}", &["2a"]),
            ("cart", "{\"link.reason\":\"retry\"}", &["2a"]),
            ("web", "{\"link.reason\":\"retry\"}", &[]),
            ("web", "{\"scope.tag\":\"s\"}", &["2c"]),
            ("web", "{\"scope.name\":\"io.web\"}", &["2c", "2a"]),
            ("web", "{\"scope.name\":\"io.web\",\"scope.version\":\"9\"}", &["2c"]),
            ("web", "{\"otel.scope.version\":\"1.2\"}", &["2a"]),
            ("web", "{\"resource.host.name\":\"h1\"}", &["2a"]),
            ("web", "{\"resource.code\":\"123\"}", &[]),
            ("web", "{\"error\":\"true\"}", &["2a"]),
            ("web", "{\"otel.status_code\":\"ERROR\"}", &["2a"]),
            ("web", "{\"span.status\":\"error\"}", &["2a"]),
            ("cart", "{\"error\":\"false\"}", &["2a"]),
            ("web", "{\"error\":\"false\",\"code\":\"123\"}", &["2d", "2c"]),
            ("cart", "{\"span.kind\":\"client\"}", &["2a"]),
            ("web", "{\"span.kind\":\"client\"}", &[]),
            ("web", "{\"span.kind\":\"nonsense\"}", &[]),
        ] {
            let query = format!("service={service}&tags={}&{}", encode(tags), around());
            assert_eq!(found(&world, &query).await, expected, "{service} {tags}");
        }
        let both = format!("service=web&tag=code:123&tag=scope.tag:s&{}", around());
        assert_eq!(found(&world, &both).await, ["2c"]);
        world.publish().await;
    }
}

#[tokio::test]
async fn times_durations_and_operations_bound_the_span_and_not_its_trace() {
    let world = World::new().await;
    world.append(checkout()).await;
    world.append(vec![later()]).await;
    world.publish().await;
    let range = |start: u64, end: u64| format!("start={start}&end={end}");
    for (query, expected) in [
        (format!("service=cart&{}", range(T_MICROS + 1, T_MICROS + 1)), &["2a"][..]),
        (format!("service=cart&{}", range(T_MICROS + 2, T_MICROS + 9)), &[]),
        (format!("service=web&{}", range(T_MICROS, T_MICROS)), &["2a"]),
        (format!("service=web&minDuration=1.5s&{}", around()), &[]),
        (format!("service=web&minDuration=1s&{}", around()), &["2b"]),
        (format!("service=cart&minDuration=1000ns&maxDuration=1us&{}", around()), &["2a"]),
        (format!("service=cart&maxDuration=999ns&{}", around()), &[]),
        (format!("service=web&operation=web+1&{}", around()), &["2b", "2a"]),
        (format!("service=web&operation=cart+2&{}", around()), &[]),
        (format!("service=web&limit=1&{}", around()), &["2b"]),
        // Without a range, the two days before now.
        ("service=web".to_owned(), &["2b", "2a"]),
    ] {
        assert_eq!(found(&world, &query).await, expected, "{query}");
    }
    let whole = world.get(&format!("/api/traces?service=cart&{}", around())).await;
    assert_eq!(whole["data"][0]["spans"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_newest_traces_come_over_all_leaves_whatever_each_holds() {
    let world = World::new().await;
    // Each trace is in every leaf, its spans interleaved with the others', one of them very large.
    for leaf in 0..4_u64 {
        let mut samples = Vec::new();
        for trace in 1..=30_u8 {
            samples.push(span("web", trace, leaf as u8 + 1, T + u64::from(trace) * SECOND + leaf));
        }
        for id in 0..200_u8 {
            samples.push(span("web", 200, id.max(1), T + 100 * SECOND + u64::from(id)));
        }
        world.append(samples).await;
        if leaf < 3 {
            world.publish().await;
        }
    }
    let answer = world.get(&format!("/api/v3/trace-summaries?query.searchDepth=5&{AROUND_V3}")).await;
    let ids: Vec<String> = answer["summaries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|summary| summary["traceId"].as_str().unwrap().trim_start_matches("0").to_owned())
        .collect();
    assert_eq!(ids, ["c8", "1e", "1d", "1c", "1b"]);
    assert_eq!(answer["summaries"][1]["spanCount"], 4);
    let all = world.get(&format!("/api/traces?service=web&limit=1000&{}", around())).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 31);
    assert_ne!(all["data"][0]["spans"], Json::Null);
}

#[tokio::test]
async fn links_can_be_searched_in_the_search_language_too() {
    let world = World::new().await;
    world.append(checkout()).await;
    for _ in 0..2 {
        for (query, expected) in [
            ("link.link.reason:retry", 1),
            ("link.reason:retry", 1),
            ("link.link.reason:*", 1),
            ("link.link.reason:re*", 1),
            ("event.link.reason:retry", 0),
            ("attributes.link.reason:retry", 0),
        ] {
            let answer = world.get(&format!("/api/v1/search?q={}", encode(query))).await;
            assert_eq!(answer["records"].as_array().unwrap().len(), expected, "{query}");
        }
        world.publish().await;
    }
}
