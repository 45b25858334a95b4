//! Who reached whom, in each of Jaeger's three words for it.

use http::Method;
use prost_types::Timestamp;
use serde_json::{Value as Json, json};
use spoor_proto::jaeger::api_v3::query_service_client::QueryServiceClient;
use spoor_proto::jaeger::api_v3::{Dependency, GetDependenciesRequest};
use tonic::Code;

use crate::world::{NOW, SECOND, T, World, span};

/// Milliseconds since 1970 of the tests' records.
const T_MILLIS: u64 = T / 1_000_000;

const AROUND: &str = "startTime=2027-01-15T06:59:00Z&endTime=2027-01-15T08:00:00Z";

/// Twice, a minute apart: the cart calls payment, and tells it something over a queue; payment tells billing.
async fn world() -> World {
    let world = World::new().await;
    for trace in [1, 2] {
        let at = T + u64::from(trace - 1) * 60 * SECOND;
        world
            .append(vec![
                span("cart", trace, 1, at).span(|span| span.kind = 3),
                span("payment", trace, 2, at + 1).under(1),
                span("payment", trace, 3, at + 2).under(2).span(|span| span.kind = 4),
                span("billing", trace + 10, 4, at + 3).linked_to(trace, 3).span(|span| span.kind = 5),
                span("cart", trace, 5, at + 4).under(2).span(|span| span.kind = 4),
                span("payment", trace + 20, 6, at + 5).linked_to(trace, 5).span(|span| span.kind = 5),
            ])
            .await;
    }
    world
}

/// The calls between two services.
fn calls(dependencies: &Json, parent: &str, child: &str) -> Json {
    let found = dependencies.as_array().unwrap().iter();
    let mut found = found.filter(|one| one["parent"] == parent && one["child"] == child);
    let count = found.next().map_or(Json::Null, |one| one["callCount"].clone());
    assert_eq!(found.next(), None, "each pair comes once");
    count
}

#[tokio::test]
async fn calls_and_messages_count_for_both_sides() {
    let world = world().await;
    for _ in 0..2 {
        let answer = world.get("/api/dependencies").await;
        let data = &answer["data"];
        assert_eq!(answer, json!({"data": data, "total": 0, "limit": 0, "offset": 0, "errors": null}));
        // Two calls and two messages.
        assert_eq!(calls(data, "cart", "payment"), 4);
        assert_eq!(calls(data, "payment", "billing"), 2);
        let of_billing = world.get("/api/dependencies?service=billing").await;
        assert_eq!(of_billing["data"], json!([{"parent": "payment", "child": "billing", "callCount": 2}]));
        assert_eq!(world.get("/api/dependencies?service=nobody").await["data"], json!([]));
        let early = format!("/api/dependencies?endTs={}&lookback=60000", T_MILLIS + 30_000);
        assert_eq!(calls(&world.get(&early).await["data"], "cart", "payment"), 2);
        assert_eq!(world.get("/api/dependencies?lookback=1000").await["data"], json!([]));

        let newest = world.get(&format!("/api/v3/dependencies?{AROUND}")).await;
        assert_eq!(calls(&newest["dependencies"], "cart", "payment"), "4");
        let older = "start_time=2027-01-15T06:00:00Z&end_time=2027-01-15T06:30:00+00:00";
        assert_eq!(world.get(&format!("/api/v3/dependencies?{older}")).await, json!({"dependencies": []}));
        world.publish().await;
    }
    assert_eq!(world.get_for("other", "/api/dependencies").await["data"], json!([]));
    let nameless = [
        span("x", 40, 1, T).without_resource().span(|span| span.kind = 3),
        span("cart", 40, 2, T + 1).under(1),
    ];
    world.append(nameless.to_vec()).await;
    for service in ["OTLPResourceNoServiceName", "unknown_service"] {
        let of_nameless = world.get(&format!("/api/dependencies?service={service}")).await;
        let edge = json!({"parent": "unknown_service", "child": "cart", "callCount": 1});
        assert_eq!(of_nameless["data"], json!([edge]), "{service}");
        let asked = format!("service={service}&spanKind=client&endTs={}", T_MILLIS + 60_000);
        let calls = world.get(&format!("/api/metrics/calls?{asked}")).await;
        assert_eq!(calls["metrics"][0]["labels"], json!([{"name": "service_name", "value": service}]));
    }
}

#[tokio::test]
async fn the_grpc_service_knows_them_too() {
    let world = world().await;
    let mut client = QueryServiceClient::new(world.jaeger_grpc.clone());
    let moment = |nanos: u64| Some(Timestamp { seconds: (nanos / SECOND) as i64, nanos: 0 });
    let asked = GetDependenciesRequest { start_time: moment(T), end_time: moment(NOW) };
    let found = client.get_dependencies(asked).await.unwrap().into_inner().dependencies;
    let billed = Dependency { parent: "payment".to_owned(), child: "billing".to_owned(), call_count: 2 };
    assert!(found.contains(&billed), "{found:?}");
    for (start, end, message) in [
        (None, moment(NOW), "start time and end time are required parameters"),
        (moment(T), moment(T), "start time must be before end time"),
    ] {
        let asked = GetDependenciesRequest { start_time: start, end_time: end };
        let refused = client.get_dependencies(asked).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, message));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let world = World::new().await;
    let integer = |name: &str| {
        format!("unable to parse param '{name}': strconv.ParseInt: parsing \"x\": invalid syntax")
    };
    for (query, message) in [
        ("endTs=x", integer("endTs")),
        ("lookback=x", integer("lookback")),
        ("lookback=-1", "unable to parse param 'lookback': must be at least 0".to_owned()),
    ] {
        let (status, _, answer) = world.call(Method::GET, &format!("/api/dependencies?{query}"), &[]).await;
        assert_eq!((status.as_u16(), &answer["errors"][0]["msg"]), (400, &json!(message)), "{query}");
    }
    for (query, message) in [
        ("", "startTime and endTime are required"),
        ("endTime=2027-01-15T06:59:00Z", "startTime and endTime are required"),
        ("startTime=2027-01-15T08:00:00Z&endTime=2027-01-15T07:00:00Z", "startTime must be before endTime"),
    ] {
        let (status, _, answer) =
            world.call(Method::GET, &format!("/api/v3/dependencies?{query}"), &[]).await;
        assert_eq!((status.as_u16(), &answer["error"]["message"]), (400, &json!(message)), "{query}");
    }
}
