//! The classic API's answers, exactly.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use spoor_proto::otlp::span::{Event, Link};
use spoor_query::Config;

use super::{T_MICROS, around, checkout, later};
use crate::world::{T, World, span, span_hex, text};

fn envelope(data: &Json) -> Json {
    json!({"data": data, "total": 0, "limit": 0, "offset": 0, "errors": null})
}

fn checkout_json() -> Json {
    let string = |key: &str, value: &str| json!({"key": key, "type": "string", "value": value});
    json!({
        "traceID": "000000000000002a",
        "spans": [
            {
                "traceID": "000000000000002a",
                "spanID": "0000000000000001",
                "operationName": "web 1",
                "references": [],
                "startTime": T_MICROS,
                "duration": 2_000,
                "tags": [
                    string("otel.scope.name", "io.web"),
                    string("otel.scope.version", "1.2"),
                    {"key": "big", "type": "int64", "value": "9007199254740992"},
                    {"key": "cached", "type": "bool", "value": true},
                    {"key": "http.status_code", "type": "int64", "value": 500},
                    string("list", "[1,\"b\"]"),
                    string("map", "{\"a\":false,\"k\":\"v\"}"),
                    {"key": "ratio", "type": "float64", "value": 72.5},
                    {"key": "raw", "type": "binary", "value": "AQI="},
                    string("span.kind", "server"),
                    string("otel.status_code", "ERROR"),
                    {"key": "error", "type": "bool", "value": true},
                    string("otel.status_description", "boom"),
                    string("w3c.tracestate", "a=b"),
                ],
                "logs": [{
                    "timestamp": T_MICROS + 5,
                    "fields": [string("event", "exception"), string("exception.type", "Timeout")],
                }],
                "processID": "p1",
                "warnings": null,
            },
            {
                "traceID": "000000000000002a",
                "spanID": "0000000000000002",
                "operationName": "cart 2",
                "references": [
                    {"refType": "CHILD_OF", "traceID": "000000000000002a", "spanID": "0000000000000001"},
                    {"refType": "FOLLOWS_FROM", "traceID": "0000000000000007", "spanID": "0000000000000009"},
                ],
                "startTime": T_MICROS + 1,
                "duration": 1,
                "tags": [string("span.kind", "client")],
                "logs": [],
                "processID": "p2",
                "warnings": null,
            },
        ],
        "processes": {
            "p1": {"serviceName": "web", "tags": [string("host.name", "h1")]},
            "p2": {"serviceName": "cart", "tags": []},
        },
        "warnings": null,
    })
}

#[tokio::test]
async fn a_trace_is_the_same_by_id_and_by_search_in_hot_rows_and_in_a_split() {
    let world = World::new().await;
    world.append(checkout()).await;
    world.append(vec![later()]).await;
    for _ in 0..2 {
        for id in ["2a", "2A", "000000000000002a", "0000000000000000000000000000002A"] {
            let answer = world.get(&format!("/api/traces/{id}?start=1&end=2&unknown=1")).await;
            assert_eq!(answer, envelope(&json!([checkout_json()])), "{id}");
        }
        let found = world.get(&format!("/api/traces?service=cart&lookback=custom&{}", around())).await;
        assert_eq!(found, envelope(&json!([checkout_json()])));
        let newest_first = world.get(&format!("/api/traces?service=web&{}", around())).await;
        let ids: Vec<&str> =
            newest_first["data"].as_array().unwrap().iter().map(|t| t["traceID"].as_str().unwrap()).collect();
        assert_eq!(ids, ["000000000000002b", "000000000000002a"]);
        world.publish().await;
    }
}

#[tokio::test]
async fn services_and_operations() {
    let world = World::new().await;
    let empty = json!({"data": [], "total": 0, "limit": 0, "offset": 0, "errors": null});
    assert_eq!(world.get("/api/services").await, empty);
    assert_eq!(world.get("/api/services/none/operations").await, empty);
    world.append(checkout()).await;
    world.append(vec![span("a/b", 3, 1, T), span("a/b", 3, 2, T).span(|span| span.kind = 0)]).await;
    world.append(vec![span("x", 4, 1, T).without_resource(), crate::world::log("only-logs", "x", T)]).await;
    for _ in 0..2 {
        assert_eq!(
            world.get("/api/services").await,
            json!({"data": ["OTLPResourceNoServiceName", "a/b", "cart", "web"], "total": 4, "limit": 0, "offset": 0,
                   "errors": null})
        );
        let names = world.get("/api/services/a%2Fb/operations").await;
        assert_eq!((&names["data"], &names["total"]), (&json!(["a/b 1", "a/b 2"]), &json!(2)));
        let operation = |name: &str, kind: &str| json!({"name": name, "spanKind": kind});
        for (query, expected) in [
            ("service=a%2Fb", json!([operation("a/b 1", "server"), operation("a/b 2", "")])),
            ("service=a%2Fb&spanKind=server", json!([operation("a/b 1", "server")])),
            ("service=cart&spanKind=client", json!([operation("cart 2", "client")])),
            ("service=cart&spanKind=nonsense", json!([])),
            ("service=OTLPResourceNoServiceName", json!([operation("x 1", "server")])),
        ] {
            assert_eq!(world.get(&format!("/api/operations?{query}")).await["data"], expected, "{query}");
        }
        world.publish().await;
    }
    let nameless = world.get("/api/traces/4").await;
    assert_eq!(nameless["data"][0]["processes"]["p1"]["serviceName"], "OTLPResourceNoServiceName");
}

#[tokio::test]
async fn raw_reads_leave_duplicates_and_others_do_not() {
    let world = World::new().await;
    let one = || span("web", 5, 1, T).attribute(text("b", "1")).attribute(text("a", "2"));
    world.append(vec![one(), span("web", 5, 2, T + 1).under(1)]).await;
    world.publish().await;
    world.append(vec![one()]).await;
    let spans = |answer: &Json| answer["data"][0]["spans"].as_array().unwrap().len();
    let adjusted = world.get("/api/traces/5").await;
    let raw = world.get("/api/traces/5?raw=true").await;
    assert_eq!((spans(&adjusted), spans(&raw)), (2, 3));
    let keys = |answer: &Json| {
        let tags = answer["data"][0]["spans"][0]["tags"].as_array().unwrap();
        tags.iter().map(|tag| tag["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (keys(&adjusted), keys(&raw)),
        (
            ["a", "b", "span.kind"].map(str::to_owned).to_vec(),
            ["b", "a", "span.kind"].map(str::to_owned).to_vec()
        )
    );
    assert_eq!(spans(&world.get(&format!("/api/traces?service=web&raw=1&{}", around())).await), 3);
}

#[tokio::test]
async fn several_ids_come_in_their_order_and_what_is_missing_is_told() {
    let world = World::new().await;
    world.append(vec![span("web", 1, 1, T), span("web", 2, 1, T)]).await;
    let answer = world.get("/api/traces?traceID=2&traceID=9&traceID=1&traceID=2&traceID=0").await;
    let ids: Vec<&Json> = answer["data"].as_array().unwrap().iter().map(|trace| &trace["traceID"]).collect();
    assert_eq!(ids, ["0000000000000002", "0000000000000001"]);
    assert_eq!(
        answer["errors"],
        json!([
            {"msg": "trace not found", "traceID": "0000000000000009"},
            {"msg": "trace not found", "traceID": "0000000000000000"},
        ])
    );
}

#[tokio::test]
async fn a_file_of_otlp_is_translated_and_kept_nowhere() {
    let world = World::new().await;
    let file = json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "telemetrygen"}}]},
        "scopeSpans": [{"scope": {"name": "telemetrygen"}, "spans": [{
            "traceId": "83A9EFD15C1C98A977E0711CC93EE28B", "spanId": "e127af99e3b3e074", "parentSpanId": "909541b92cf05311",
            "name": "okey-dokey-0", "kind": 2, "startTimeUnixNano": "1706678909209712000", "endTimeUnixNano": "1706678909209835000",
            "attributes": [{"key": "n", "value": {"intValue": "7"}}], "status": {}
        }]}]
    }]});
    let (status, answer) = world.send("/api/transform", file.to_string()).await;
    assert_eq!(status, 200, "{answer}");
    let trace = &answer["data"][0];
    assert_eq!(trace["traceID"], "83a9efd15c1c98a977e0711cc93ee28b");
    assert_eq!(
        (&trace["spans"][0]["duration"], &trace["spans"][0]["startTime"]),
        (&json!(123), &json!(1_706_678_909_209_712_u64))
    );
    assert_eq!(trace["spans"][0]["references"][0]["spanID"], "909541b92cf05311");
    assert_eq!(world.get("/api/services").await["data"], json!([]));
    let (status, answer) = world.send("/api/transform", "{").await;
    assert_eq!((status, &answer["errors"][0]["code"]), (400, &json!(400)));
    assert!(answer["errors"][0]["msg"].as_str().unwrap().starts_with("cannot unmarshal OTLP: "), "{answer}");
    let (status, _) = world.send("/api/transform", vec![b' '; (16 << 20) + 1]).await;
    assert_eq!(status, 413);
}

#[tokio::test]
async fn the_same_api_stands_under_a_path_of_its_own_and_each_tenant_sees_its_own() {
    let world = World::with(Config { jaeger_base_path: "/jaeger/ui".to_owned(), ..Config::default() }).await;
    let tenant = spoor_store::model::Tenant::new("acme").unwrap();
    world.append_for(&tenant, vec![span("web", 1, 1, T)]).await;
    for path in ["/api/services", "/jaeger/ui/api/services", "/jaeger/ui/api/v3/services"] {
        for (headers, expected) in [
            (vec![], json!([])),
            (vec![("x-tenant", "acme")], json!(["web"])),
            (vec![("X-Scope-OrgID", "acme"), ("x-tenant", "other")], json!(["web"])),
        ] {
            let (status, _, answer) = world.call(Method::GET, path, &headers).await;
            assert_eq!(status, StatusCode::OK);
            let services = if path.contains("v3") { &answer["services"] } else { &answer["data"] };
            assert_eq!(services, &expected, "{path} {headers:?}");
        }
    }
    assert_eq!(world.call(Method::GET, "/api/v1/services", &[]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_link_may_say_that_it_is_a_parent_and_an_event_its_own_name() {
    let world = World::new().await;
    let event = Event { name: "log".to_owned(), attributes: vec![text("event", "own")], ..Event::default() };
    let one = span("web", 1, 2, T).linked_to(1, 9).span(|span| {
        span.links[0].attributes.push(text("opentracing.ref_type", "child_of"));
        span.links.push(Link::default());
        span.events.push(event);
    });
    world.append(vec![one]).await;
    let answer = world.get("/api/traces/1").await;
    let shown = &answer["data"][0]["spans"][0];
    let reference = json!({"refType": "CHILD_OF", "traceID": "0000000000000001", "spanID": span_hex(9)});
    assert_eq!(shown["references"], json!([reference]));
    assert_eq!(shown["warnings"], json!(["Invalid span link removed"]));
    assert_eq!(shown["logs"][0]["fields"], json!([{"key": "event", "type": "string", "value": "own"}]));
    let raw = world.get("/api/traces/1?raw=true").await;
    assert_eq!(raw["data"][0]["spans"][0]["references"].as_array().unwrap().len(), 2);
    let otlp = world.get("/api/v3/traces/1").await;
    let attributes = &otlp["result"]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"];
    assert_eq!(attributes[0]["key"], "@jaeger@warnings");
}

#[tokio::test]
async fn server_spans_with_their_clients_id_get_one_of_their_own() {
    let world = World::new().await;
    let client = span("web", 6, 9, T).span(|span| span.kind = 3);
    world.append(vec![client, span("cart", 6, 9, T + 1), span("cart", 6, 4, T + 2).under(9)]).await;
    let answer = world.get("/api/traces/6").await;
    let spans = answer["data"][0]["spans"].as_array().unwrap();
    let ids: Vec<&Json> = spans.iter().map(|span| &span["spanID"]).collect();
    assert_eq!(ids, [&json!(span_hex(9)), &json!(span_hex(1)), &json!(span_hex(4))]);
    assert_eq!(spans[1]["references"][0]["spanID"], span_hex(9));
    assert_eq!(spans[2]["references"][0]["spanID"], span_hex(1));
}
