//! `GET /services`, `/services/{name}/operations`, `/services/{name}/latency`, `/graph`: who sent something, what
//! services do and how long it takes, who reaches whom.

use serde_json::{Value as Json, json};
use spoor_store::model::Tenant;

use crate::world::{NOW, SECOND, Sample, T, World, log, span, text, trace_hex};

const CLIENT: i32 = 3;
const PRODUCER: i32 = 4;
const CONSUMER: i32 = 5;

/// A span of some kind and length, in tenths of a second.
fn sample(service: &str, ids: (u8, u8), kind: i32, start: u64, tenths: u64) -> Sample {
    span(service, ids.0, ids.1, start).span(|span| {
        span.kind = kind;
        span.name = format!("{service} does");
        span.end_time_unix_nano = start + tenths * SECOND / 10;
    })
}

/// Two orders: the cart calls payment, which fails once and tells billing over a queue.
fn orders() -> Vec<Sample> {
    let mut samples = Vec::new();
    for trace in [1, 2] {
        let at = T + u64::from(trace) * 20 * SECOND;
        let charge = sample("payment", (trace, 2), 2, at + SECOND, 10).under(1);
        samples.extend([
            sample("cart", (trace, 1), CLIENT, at, 30),
            if trace == 2 { charge.failed("declined") } else { charge },
            sample("payment", (trace, 3), PRODUCER, at + 2 * SECOND, 1).under(2),
            sample("billing", (trace + 10, 4), CONSUMER, at + 5 * SECOND, 5).linked_to(trace, 3),
        ]);
    }
    samples
}

/// A duration told as text is within 2 % of so many tenths of a second.
#[track_caller]
fn about(told: &Json, tenths: u64) {
    let (told, truth) = (told.as_str().unwrap().parse::<u64>().unwrap(), tenths * SECOND / 10);
    assert!(told.abs_diff(truth) <= truth / 50, "{told} for {truth}");
}

fn edge<'a>(graph: &'a Json, source: &str, target: &str) -> &'a Json {
    let edges = graph["edges"].as_array().unwrap();
    edges.iter().find(|edge| edge["source"] == source && edge["target"] == target).unwrap()
}

#[tokio::test]
async fn services_are_told_with_owners_counts_and_requests() {
    let world = World::new().await;
    world
        .append(vec![
            span("payment", 1, 1, T).failed("x"),
            log("payment", "x", T + 10 * SECOND).failed(""),
            log("cart", "x", T + 20 * SECOND).resource(text("service.owner.name", "shop")),
        ])
        .await;
    let mut answer = world.get("/api/v1/services").await;
    for quantile in ["p50_ns", "p95_ns", "p99_ns"] {
        about(&answer["services"][1][quantile], 10);
        answer["services"][1].as_object_mut().unwrap().remove(quantile);
    }
    assert_eq!(
        answer,
        json!({"services": [
            {"name": "cart", "owner": "shop", "span_count": 0, "log_count": 1, "error_count": 0,
             "request_count": 0, "request_error_count": 0, "request_rate": 0.0,
             "p50_ns": null, "p95_ns": null, "p99_ns": null},
            {"name": "payment", "owner": "payments", "span_count": 1, "log_count": 1, "error_count": 2,
             "request_count": 1, "request_error_count": 1, "request_rate": 0.05},
        ], "resolution_ns": "10000000000"})
    );
    let narrow = world.get(&format!("/api/v1/services?end={}", T + 11 * SECOND)).await;
    assert_eq!(narrow["services"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_service_that_serves_nothing_is_told_by_what_it_begins() {
    let world = World::new().await;
    world.append(orders()).await;
    let answer = world.get("/api/v1/services?buckets=10").await;
    let service = |name: &str| {
        answer["services"].as_array().unwrap().iter().find(|service| service["name"] == name).unwrap().clone()
    };
    for (name, requests, errors) in [("cart", 2, 0), ("payment", 2, 1), ("billing", 2, 0)] {
        assert_eq!(service(name)["request_count"], requests, "{name}");
        assert_eq!(service(name)["request_error_count"], errors, "{name}");
        let series = service(name)["series"].as_array().unwrap().clone();
        assert!(series.len() <= 10);
        assert_eq!(series.iter().map(|step| step["count"].as_u64().unwrap()).sum::<u64>(), requests);
        assert_eq!(series.iter().map(|step| step["error_count"].as_u64().unwrap()).sum::<u64>(), errors);
    }
    about(&service("cart")["p95_ns"], 30);
}

#[tokio::test]
async fn operations_are_told_with_an_example_and_over_time() {
    let world = World::new().await;
    world.append(orders()).await;
    world.publish().await;
    world.append(vec![sample("payment", (5, 9), 2, T + 60 * SECOND, 40)]).await;
    let path = "/api/v1/services/payment/operations";
    let answer = world.get(path).await;
    let operations = answer["operations"].as_array().unwrap();
    assert_eq!(operations.len(), 2);
    assert_eq!((&operations[0]["kind"], &operations[0]["count"]), (&json!("server"), &json!(3)));
    assert_eq!(operations[0]["name"], "payment does");
    assert_eq!(operations[0]["error_count"], 1);
    assert_eq!(
        operations[0]["exemplar"],
        json!({"trace_id": trace_hex(5), "duration_ns": (4 * SECOND).to_string()})
    );
    assert_eq!(operations[0]["series"], Json::Null);
    about(&operations[0]["p50_ns"], 10);
    about(&operations[0]["p99_ns"], 40);

    let producers = world.get(&format!("{path}?kind=PRODUCER")).await;
    assert_eq!(producers["operations"].as_array().unwrap().len(), 1);
    let (start, end) = (T + 60 * SECOND, NOW);
    let late = world.get(&format!("{path}?kind=server&start={start}&end={end}&buckets=5")).await;
    assert_eq!(late["operations"][0]["count"], 1);
    assert_eq!(late["operations"][0]["series"][0]["count"], 1);
    let nobody = world.get("/api/v1/services/nobody/operations").await;
    assert_eq!(nobody, json!({"operations": [], "truncated": 0, "resolution_ns": "10000000000"}));
}

#[tokio::test]
async fn latencies_are_told_as_cells_of_a_heat_map() {
    let world = World::new().await;
    world.append(orders()).await;
    let answer =
        world.get("/api/v1/services/payment/latency?operation=payment%20does&kind=server&buckets=2").await;
    let cells = answer["steps"].as_array().unwrap().iter().flat_map(|step| step["cells"].as_array().unwrap());
    let cells: Vec<(u64, u64)> = cells
        .map(|cell| (cell["from_ns"].as_str().unwrap().parse().unwrap(), cell["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(cells.iter().map(|(_, count)| count).sum::<u64>(), 2);
    assert!(cells.iter().all(|(from, _)| (*from..*from * 5 / 4).contains(&SECOND)), "{cells:?}");
}

#[tokio::test]
async fn the_graph_has_calls_and_queues_also_between_splits_and_hot_rows() {
    let world = World::new().await;
    let mut samples = orders();
    // The first order's payment comes before its cart, and in another split than the billing of either.
    samples.swap(0, 1);
    let (billing, others): (Vec<_>, Vec<_>) = samples.into_iter().partition(|sample| sample.is_of("billing"));
    world.append(others).await;
    world.publish().await;
    world.append(billing).await;
    for published in [false, true] {
        if published {
            world.publish().await;
        }
        // What earlier rows left is taken over by a task, soon.
        let mut graph = world.get("/api/v1/graph").await;
        while graph["edges"].as_array().unwrap().len() < 2 {
            tokio::task::yield_now().await;
            graph = world.get("/api/v1/graph").await;
        }
        assert_eq!(graph["nodes"].as_array().unwrap().len(), 3);
        let call = edge(&graph, "cart", "payment");
        assert_eq!(
            (&call["kind"], &call["count"], &call["error_count"]),
            (&json!("call"), &json!(2), &json!(1))
        );
        about(&call["p95_ns"], 10);
        about(&call["caller_p95_ns"], 30);
        assert_eq!(call["queue_p95_ns"], Json::Null);
        let queue = edge(&graph, "payment", "billing");
        assert_eq!((&queue["kind"], &queue["count"]), (&json!("queue"), &json!(2)));
        about(&queue["p50_ns"], 5);
        about(&queue["queue_p95_ns"], 29);
    }
    let early = world.get(&format!("/api/v1/graph?end={}", T + 30 * SECOND)).await;
    assert_eq!(edge(&early, "cart", "payment")["count"], 1);
    let nobody = world.get_for("nobody", "/api/v1/graph").await;
    assert_eq!(nobody["edges"], json!([]));
}

#[tokio::test]
async fn metrics_of_spans_name_the_tenant_unless_it_is_the_default_one() {
    let world = World::new().await;
    world.append(orders()).await;
    world.append_for(&Tenant::new("shop").unwrap(), orders()).await;
    world.publish().await;
    world.publish().await;
    let text = world.metrics();
    let sum = |start: &str| -> u64 {
        let lines = text.lines().filter(|line| line.starts_with(start));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    assert_eq!(sum("traces_spanmetrics_calls_total{service="), 8);
    assert_eq!(sum("traces_spanmetrics_calls_total{tenant=\"shop\",service="), 8);
    let edge = "client=\"payment\",server=\"billing\",connection_type=\"messaging_system\"}";
    assert_eq!(sum(&format!("traces_service_graph_request_total{{{edge}")), 2);
    assert_eq!(sum(&format!("traces_service_graph_request_total{{tenant=\"shop\",{edge}")), 2);
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn bad_parameters_are_refused() {
    let world = World::new().await;
    for (path, message) in [
        (
            "/api/v1/services/a/operations?kind=x",
            "parameter `kind`: `x` is none of unspecified, internal, server, client, producer, consumer",
        ),
        (
            "/api/v1/services/a/operations?buckets=0",
            "parameter `buckets`: `0` is no whole number from 1 to 1000",
        ),
        ("/api/v1/graph?q=a", "parameter `q`: unknown; this call takes start, end"),
        (
            "/api/v1/services/a/latency?limit=1",
            "parameter `limit`: unknown; this call takes operation, kind, start, end, buckets",
        ),
    ] {
        let (status, error) = world.refused(path).await;
        assert_eq!((status, &error["message"]), (400, &json!(message)), "{path}");
    }
}
