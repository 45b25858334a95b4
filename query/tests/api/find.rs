//! `GET /find`: what an unknown string is.

use serde_json::json;

use crate::world::{T, World, log, span, span_hex, text, trace_hex};

#[tokio::test]
async fn an_id_is_found_as_all_that_it_is_in_hot_rows_and_splits_alike() {
    let world = World::new().await;
    world
        .append(vec![
            span("checkout", 7, 1, T).correlated("order.id", "ord-1"),
            span("payment", 7, 2, T + 5).under(1),
        ])
        .await;
    world.publish().await;
    world
        .append(vec![
            log("payment", "charged ord-1", T + 9).within(7, 2).correlated("order.id", "ord-1"),
            log("cart", "packed", T + 3).correlated("request.id", "ord-1"),
        ])
        .await;

    assert_eq!(
        world.get("/api/v1/find?id=ord-1").await,
        json!({"id": "ord-1", "normalized": "ord-1", "matches": [
            {"kind": "flow", "key": "order.id", "id": "ord-1", "first": T.to_string(), "last": (T + 9).to_string(), "spans": 1, "logs": 1},
            {"kind": "flow", "key": "request.id", "id": "ord-1", "first": (T + 3).to_string(), "last": (T + 3).to_string(), "spans": 0, "logs": 1},
        ]})
    );
    let trace = trace_hex(7);
    let found = world.get(&format!("/api/v1/find?id=00-{trace}-{}-01", span_hex(2))).await;
    assert_eq!(
        (&found["normalized"], &found["matches"][0]),
        (
            &json!(trace),
            &json!({"kind": "trace", "key": null, "id": trace, "first": T.to_string(), "last": (T + 9).to_string(), "spans": 2, "logs": 1})
        )
    );
    assert_eq!(found["matches"][1]["kind"], "span");
    let found = world.get(&format!("/api/v1/find?id={}", span_hex(2).to_uppercase())).await;
    assert_eq!(
        found["matches"],
        json!([{"kind": "span", "key": null, "id": span_hex(2), "trace_id": trace, "first": (T + 5).to_string(), "last": (T + 9).to_string(), "spans": 1, "logs": 1}])
    );
    assert_eq!(
        world.get("/api/v1/find?id=%20nothing%20").await,
        json!({"id": " nothing ", "normalized": "nothing", "matches": []})
    );
}

#[tokio::test]
async fn records_older_than_a_configured_key_are_found_by_its_aliases() {
    let world = World::new().await;
    world.append(vec![span("checkout", 7, 1, T).attribute(text("orderId", "ord-9"))]).await;
    world.publish().await;
    // Hot rows are never older than the keys.
    world.append(vec![span("checkout", 8, 1, T).attribute(text("orderId", "ord-9"))]).await;
    let found = world.get("/api/v1/find?id=ord-9").await;
    assert_eq!((&found["matches"][0]["key"], &found["matches"][0]["spans"]), (&json!("order.id"), &json!(1)));
}
