//! `GET /histogram`: counts over time.

use serde_json::json;

use crate::world::{SECOND, T, World, log, span};

#[tokio::test]
async fn counts_by_severity_over_hot_rows_and_splits() {
    let world = World::new().await;
    world.append(vec![log("a", "x", T), log("a", "y", T + 61 * SECOND).failed("")]).await;
    world.publish().await;
    world.append(vec![log("b", "x", T + 62 * SECOND), span("b", 1, 1, T + 65 * SECOND)]).await;
    let path =
        |more: &str| format!("/api/v1/histogram?start={T}&end={}&buckets=3{more}", T + 180 * SECOND - 1);
    let start = |minute: u64| (T + minute * 60 * SECOND).to_string();
    let answer = world.get(&path("&by=severity")).await;
    assert_eq!(
        (&answer["interval_ns"], &answer["total"], &answer["start"]),
        (&json!("60000000000"), &json!(4), &json!(T.to_string()))
    );
    assert_eq!(
        answer["buckets"],
        json!([
            {"start": start(0), "count": 1, "by": {"info": 1}},
            {"start": start(1), "count": 3, "by": {"error": 1, "info": 1}},
            {"start": start(2), "count": 0, "by": {}},
        ])
    );
    let answer = world.get(&path("&by=service&q=x&signal=logs")).await;
    assert_eq!(
        (&answer["buckets"][0]["by"], &answer["buckets"][1]["by"]),
        (&json!({"a": 1}), &json!({"b": 1}))
    );
    let answer = world.get(&path("&by=signal")).await;
    assert_eq!(answer["buckets"][1]["by"], json!({"logs": 2, "spans": 1}));
    assert_eq!(world.get(&path("")).await["buckets"][1], json!({"start": start(1), "count": 3, "by": {}}));
}

#[tokio::test]
async fn without_a_range_it_covers_what_is_stored() {
    let world = World::new().await;
    world.append(vec![log("a", "x", T), log("a", "y", T + 100 * SECOND)]).await;
    let answer = world.get("/api/v1/histogram").await;
    assert_eq!(
        (&answer["start"], &answer["end"]),
        (&json!(T.to_string()), &json!((T + 100 * SECOND).to_string()))
    );
    assert!(answer["buckets"].as_array().unwrap().len() <= 60);
    assert_eq!(answer["total"], 2);
    assert_eq!(World::new().await.get("/api/v1/histogram").await["total"], 0);
}
