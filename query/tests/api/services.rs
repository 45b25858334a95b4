//! `GET /services`: who sent something.

use serde_json::json;

use crate::world::{SECOND, T, World, log, span, text};

#[tokio::test]
async fn services_are_told_with_owners_and_counts() {
    let world = World::new().await;
    world
        .append(vec![
            span("payment", 1, 1, T).failed("x"),
            log("payment", "x", T + 10 * SECOND).failed(""),
            log("cart", "x", T + 20 * SECOND).resource(text("service.owner.name", "shop")),
        ])
        .await;
    assert_eq!(
        world.get("/api/v1/services").await,
        json!({"services": [
            {"name": "cart", "owner": "shop", "span_count": 0, "log_count": 1, "error_count": 0},
            {"name": "payment", "owner": "payments", "span_count": 1, "log_count": 1, "error_count": 2},
        ]})
    );
    let narrow = world.get(&format!("/api/v1/services?end={}", T + 11 * SECOND)).await;
    assert_eq!(narrow["services"].as_array().unwrap().len(), 1);
}
