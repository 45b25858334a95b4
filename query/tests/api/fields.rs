//! `GET /fields/{name}/values`: values with counts.

use serde_json::json;

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
