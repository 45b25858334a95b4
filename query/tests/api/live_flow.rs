//! `GET /flows/{id}?live=1`: one flow as it grows.

use std::time::Duration;

use serde_json::json;
use spoor_query::Config;

use crate::world::{NOW, T, World, log, span, trace_hex};

#[tokio::test]
async fn a_flow_is_waited_for_and_grows_over_links_in_both_directions() {
    let world = World::live(Config::default()).await;
    // Linked to by what comes later; carries nothing of the flow itself.
    world.append(vec![span("billing", 3, 30, T)]).await;
    let mut live = world.stream("/api/v1/flows/ord-1?key=order.id&live=1", None).await;
    assert_eq!(live.expect("waiting").await.data, json!({ "id": "ord-1" }));
    world.append(vec![log("cart", "of nothing", T)]).await;

    world.append(vec![span("shop", 1, 1, T).correlated("order.id", "ord-1")]).await;
    let flow = live.expect("flow").await.data;
    assert_eq!(
        (&flow["span_count"], &flow["state"], &flow["spans"][0]["service"]),
        (&json!(1), &json!("running"), &json!("shop"))
    );
    world.publish().await;

    // Of its trace; of a trace that links to it; of one that this one links to.
    world.append(vec![log("shop", "hello", T + 1).within(1, 1)]).await;
    let records = live.expect("records").await.data;
    assert_eq!(
        (records["spans"].as_array().unwrap().len(), &records["logs"][0]["body"]),
        (0, &json!("hello"))
    );
    let state = live.expect("state").await.data;
    assert_eq!((&state["log_count"], state.get("spans")), (&json!(1), None));

    world.append(vec![span("worker", 2, 20, T + 2).linked_to(1, 1).linked_to(3, 30).failed("boom")]).await;
    let records = live.expect("records").await.data;
    let services: Vec<&str> =
        records["spans"].as_array().unwrap().iter().map(|span| span["service"].as_str().unwrap()).collect();
    assert_eq!(services, ["billing", "worker"]);
    let state = live.expect("state").await.data;
    assert_eq!((&state["state"], &state["cause"]["service"]), (&json!("error"), &json!("worker")));
    assert_eq!(state["traces"].as_array().unwrap().len(), 3);
    assert_eq!(state["traces"][0]["trace_id"], trace_hex(1));

    world.end.shut_down();
    assert_eq!(live.next().await, None);
}

#[tokio::test]
async fn a_flow_that_is_there_comes_whole_and_only_what_is_new_follows() {
    let world = World::live(Config::default()).await;
    let own = |id: u8| span("shop", 1, id, T + u64::from(id)).correlated("order.id", "ord-1");
    world.append(vec![own(1), own(2)]).await;
    let mut live = world.stream("/api/v1/flows/ord-1?live=1", None).await;
    assert_eq!(live.expect("flow").await.data["spans"].as_array().unwrap().len(), 2);
    for id in 3..8 {
        world.append(vec![own(id)]).await;
        let records = live.expect("records").await.data;
        let spans = records["spans"].as_array().unwrap();
        assert_eq!((spans.len(), &spans[0]["name"]), (1, &json!(format!("shop {id}"))));
        assert_eq!(live.expect("state").await.data["span_count"], u64::from(id));
        world.publish().await;
    }
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused() {
    let world = World::live(Config { traces_per_flow_max: 1, ..Config::default() }).await;
    world.append((1..4).map(|id| span("a", id, id, T).correlated("order.id", "x")).collect()).await;
    for (path, status, code) in [
        ("/api/v1/flows/x?live=1", 422, "too_common"),
        ("/api/v1/flows/x?live=maybe", 400, "invalid"),
        ("/api/v1/flows/x?live=1&format=otlp-json", 400, "invalid"),
    ] {
        let (got, error) = world.refused(path).await;
        assert_eq!((got, error["code"].as_str()), (status, Some(code)), "{path}: {error}");
    }
}

#[tokio::test]
async fn time_alone_ends_a_running_flow_and_says_so() {
    let world = World::new().await;
    world.append(vec![log("shop", "x", NOW - 1).correlated("order.id", "ord-1")]).await;
    let mut live = world.stream("/api/v1/flows/ord-1?live=1", None).await;
    assert_eq!(live.expect("flow").await.data["state"], "running");
    world.hand.advance(Duration::from_secs(75));
    let state = live.expect("state").await.data;
    assert_eq!((&state["state"], &state["log_count"]), (&json!("ok"), &json!(1)));
}
