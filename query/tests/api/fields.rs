//! `GET /fields`: names; `GET /fields/{name}/values`: values with counts.

use serde_json::{Value as Json, json};
use spoor_proto::otlp::{AnyValue, KeyValueList, any_value::Value, span::Event};

use crate::world::{T, World, log, span, text};

#[tokio::test]
async fn values_are_counted_over_leaves_the_most_frequent_first() {
    let world = World::new().await;
    world
        .append(vec![
            span("cart", 1, 1, T).attribute(text("region", "eu")).correlated("order.id", "o-1"),
            log("cart", "x", T).attribute(text("region", "us")).failed(""),
        ])
        .await;
    world.publish().await;
    world.append(vec![log("payment", "x", T).attribute(text("region", "eu"))]).await;
    for (call, expected) in [
        (
            "service/values",
            json!({"values": [{"value": "cart", "count": 2}, {"value": "payment", "count": 1}], "truncated": 0}),
        ),
        ("service/values?limit=1", json!({"values": [{"value": "cart", "count": 2}], "truncated": 1})),
        (
            "region/values?q=signal:logs",
            json!({"values": [{"value": "eu", "count": 1}, {"value": "us", "count": 1}], "truncated": 0}),
        ),
        (
            "severity/values?signal=logs",
            json!({"values": [{"value": "error", "count": 1}, {"value": "info", "count": 1}], "truncated": 0}),
        ),
        ("order.id/values", json!({"values": [{"value": "o-1", "count": 1}], "truncated": 0})),
        ("kind/values", json!({"values": [{"value": "server", "count": 1}], "truncated": 0})),
        ("nothing/values", json!({"values": [], "truncated": 0})),
    ] {
        assert_eq!(world.get(&format!("/api/v1/fields/{call}")).await, expected, "{call}");
    }
}

/// Name, kind, values, records of each field.
fn listed(answer: &Json) -> Vec<String> {
    let fields = answer["fields"].as_array().unwrap().iter();
    let shown = fields.map(|field| {
        format!("{} {} {} {}", field["name"], field["kind"], field["values"], field["records"])
            .replace('"', "")
    });
    shown.collect()
}

#[tokio::test]
async fn names_of_fields_with_what_they_are() {
    let world = World::new().await;
    let map = Value::KvlistValue(KeyValueList { values: vec![text("order", "o-1")] });
    world
        .append(vec![
            span("cart", 1, 1, T).attribute(text("http.route", "/a")).resource(text("host.name", "h")),
            span("cart", 1, 2, T).attribute(text("http.route", "/b")).span(|span| {
                span.events.push(Event { attributes: vec![text("http.retry", "1")], ..Event::default() });
            }),
            log("cart", "x", T).log(|log| log.body = Some(AnyValue { value: Some(map) })),
        ])
        .await;
    for _ in 0..2 {
        let answer = world.get("/api/v1/fields").await;
        let names = listed(&answer);
        for expected in [
            "service builtin null null",
            "order.id correlation null null",
            "body.order attribute 1 null",
            "host.name resource 1 1",
            "http.retry event 1 null",
            "http.route attribute 2 null",
            "service.name resource 1 3",
        ] {
            assert!(names.iter().any(|name| name == expected), "{expected} not in {names:?}");
        }
        assert_eq!((&answer["truncated"], &answer["sampled"]), (&json!(0), &Json::Null));
        let http = world.get("/api/v1/fields?prefix=http.").await;
        assert_eq!(listed(&http), ["http.retry event 1 null", "http.route attribute 2 null"]);
        let found = world.get("/api/v1/fields?prefix=h&q=http.route:*").await;
        assert_eq!(
            listed(&found),
            ["host.name resource null 1", "http.retry event null 1", "http.route attribute null 2"]
        );
        assert_eq!(found["sampled"], 2);
        let cut = world.get("/api/v1/fields?prefix=h&limit=1").await;
        assert_eq!((listed(&cut).len(), &cut["truncated"]), (1, &json!(2)));
        assert_eq!(world.get("/api/v1/fields?start=-1m&prefix=h").await["fields"], json!([]));
        world.publish().await;
    }
}
