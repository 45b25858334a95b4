//! Version 3's answers.

use serde_json::{Value as Json, json};
use spoor_proto::otlp::KeyValue;

use super::{AROUND_V3, checkout, later};
use crate::world::{T, World, span};

/// Every path at which a value is null: clients that check shapes refuse those.
fn nulls(value: &Json, path: &str, found: &mut Vec<String>) {
    match value {
        Json::Null => found.push(path.to_owned()),
        Json::Array(items) => items.iter().for_each(|item| nulls(item, &format!("{path}/-"), found)),
        Json::Object(map) => map.iter().for_each(|(key, item)| nulls(item, &format!("{path}/{key}"), found)),
        _ => {}
    }
}

#[tokio::test]
async fn a_trace_comes_as_otlp_by_id_and_by_search() {
    let world = World::new().await;
    world.append(checkout()).await;
    world.publish().await;
    let nothing = KeyValue { key: "nothing".to_owned(), ..KeyValue::default() };
    world.append(vec![later(), span("bare", 9, 1, T).without_resource().attribute(nothing)]).await;
    let trace = world.get("/api/v3/traces/2a?startTime=2027-01-15T06:59:00Z").await;
    let groups = trace["result"]["resourceSpans"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    let first = &groups[0]["scopeSpans"][0]["spans"][0];
    assert_eq!(
        (&first["traceId"], &first["spanId"], &first["startTimeUnixNano"], &first["kind"]),
        (&json!(crate::world::trace_hex(0x2a)), &json!("0000000000000001"), &json!(T.to_string()), &json!(2))
    );
    assert_eq!(groups[0]["scopeSpans"][0]["scope"]["name"], "io.web");
    assert_eq!(first["status"], json!({"message": "boom", "code": 2}));
    assert_eq!(first["attributes"][0], json!({"key": "big", "value": {"intValue": "9007199254740992"}}));
    let raw = first["attributes"].as_array().unwrap().iter().find(|one| one["key"] == "raw").unwrap();
    assert_eq!(raw["value"], json!({"bytesValue": "AQI="}));
    for path in [
        format!("/api/v3/traces?query.serviceName=cart&{AROUND_V3}"),
        format!("/api/v3/traces?query.service_name=cart&query.num_traces=1&query.attributes=%7B%22link.reason%22%3A%22retry%22%7D&{AROUND_V3}"),
        "/api/v3/traces?query.service_name=cart&query.start_time_min=2027-01-15T07:59:00+01:00&query.start_time_max=2027-01-15T08:00:00-00:00".to_owned(),
    ] {
        assert_eq!(world.get(&path).await, trace, "{path}");
    }
    for path in ["/api/v3/traces/2a", "/api/v3/traces/9", "/api/v3/traces/9?rawTraces=true"] {
        let mut found = Vec::new();
        nulls(&world.get(path).await, "", &mut found);
        assert_eq!(found, Vec::<String>::new(), "{path}");
    }
}

#[tokio::test]
async fn services_operations_and_summaries() {
    let world = World::new().await;
    assert_eq!(world.get("/api/v3/services").await, json!({"services": []}));
    assert_eq!(world.get(&format!("/api/v3/trace-summaries?{AROUND_V3}")).await, json!({"summaries": []}));
    world.append(checkout()).await;
    world.append(vec![span("cart", 0x2a, 3, T + 9).under(99).span(|span| span.kind = 0)]).await;
    for _ in 0..2 {
        assert_eq!(world.get("/api/v3/services").await, json!({"services": ["cart", "web"]}));
        let operation = |name: &str, kind: &str| json!({"name": name, "spanKind": kind});
        assert_eq!(
            world.get("/api/v3/operations?service=cart").await,
            json!({"operations": [operation("cart 2", "client"), operation("cart 3", "internal")]})
        );
        for name in ["spanKind", "span_kind"] {
            let answer = world.get(&format!("/api/v3/operations?service=cart&{name}=client")).await;
            assert_eq!(answer, json!({"operations": [operation("cart 2", "client")]}));
        }
        assert_eq!(
            world.get(&format!("/api/v3/trace-summaries?query.serviceName=web&{AROUND_V3}")).await,
            json!({"summaries": [{
                "traceId": crate::world::trace_hex(0x2a),
                "rootServiceName": "web",
                "rootOperationName": "web 1",
                "minStartTimeUnixNano": T.to_string(),
                "maxEndTimeUnixNano": (T + 9 + crate::world::SECOND).to_string(),
                "spanCount": 3,
                "errorSpanCount": 1,
                "orphanSpanCount": 1,
                "services": [
                    {"name": "cart", "spanCount": 2, "errorSpanCount": 0},
                    {"name": "web", "spanCount": 1, "errorSpanCount": 1},
                ],
            }]})
        );
        world.publish().await;
    }
}
