//! OTLP/HTTP: methods, content types, JSON, browsers, metrics.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may panic")]

mod support;

use futures_util::StreamExt as _;
use prost::Message as _;
use serde_json::json;
use spoor_collector::Config;
use spoor_proto::otlp::{
    ExportMetricsServiceRequest, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric,
};
use support::{Server, eventually, log, logs};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

async fn post(
    server: &Server,
    path: &str,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> (u16, String, String) {
    let client = reqwest::Client::new();
    let answer =
        client.post(server.url(path)).header("content-type", content_type).body(body).send().await.unwrap();
    let told_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), told_type, answer.text().await.unwrap())
}

fn json_log(trace_id: &str) -> String {
    json!({"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"logRecords": [
        {"timeUnixNano": "1700000000000000000", "body": {"stringValue": "hello"}},
        {"timeUnixNano": 1_700_000_000_000_000_000_u64, "traceId": trace_id, "body": null},
    ]}]}]})
    .to_string()
}

#[tokio::test]
async fn json_success_is_an_empty_object() {
    let server = Server::start().await;
    let told = post(&server, "/v1/logs", JSON, json_log("5B8EFFF798038103D269B633813FC60C")).await;
    assert_eq!(told, (200, JSON.to_owned(), "{}".to_owned()));
    assert_eq!(server.store.records(), 2);
}

#[tokio::test]
async fn json_partial_success_has_count_as_text() {
    let server = Server::start().await;
    let (status, _, body) =
        post(&server, "/v1/logs", "application/json; charset=utf-8", json_log("5b8e")).await;
    assert_eq!(status, 200);
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["partialSuccess"]["rejectedLogRecords"], "1");
    let message = body["partialSuccess"]["errorMessage"].as_str().unwrap();
    assert_eq!(
        message,
        "1 of 2 log records rejected: resource_logs[0].scope_logs[0].log_records[1]: trace_id must be 16 bytes"
    );
    assert_eq!(server.store.records(), 1);
}

#[tokio::test]
async fn json_that_names_nothing_known_is_refused_with_a_hint() {
    let server = Server::start().await;
    let (status, told_type, body) = post(&server, "/v1/traces", JSON, r#"{"resource_spans":[{}]}"#).await;
    assert_eq!((status, told_type.as_str()), (400, JSON));
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["code"], 3);
    assert!(body["message"].as_str().unwrap().contains("did you mean `resourceSpans`"), "{body}");
}

#[tokio::test]
async fn json_faults_name_line_and_column() {
    let server = Server::start().await;
    let (status, _, body) = post(&server, "/v1/logs", JSON, "{\n \"resourceLogs\": [}").await;
    assert_eq!(status, 400);
    assert!(body.contains("line 2 column 19"), "{body}");
}

#[tokio::test]
async fn other_content_types_are_refused() {
    let server = Server::start().await;
    let (status, _, body) = post(&server, "/v1/logs", "text/plain", "hello").await;
    assert_eq!(status, 415);
    assert!(body.contains("application/x-protobuf or application/json (got text/plain)"), "{body}");
    let answer = reqwest::Client::new().post(server.url("/v1/logs")).body("hello").send().await.unwrap();
    assert_eq!(answer.status(), 415);
}

#[tokio::test]
async fn other_methods_are_told_what_is_allowed() {
    let server = Server::start().await;
    for path in ["/v1/logs", "/v1/traces", "/v1/metrics"] {
        let answer = reqwest::get(server.url(path)).await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["allow"]), (405, &"POST".parse().unwrap()));
    }
}

#[tokio::test]
async fn other_paths_say_where_otlp_is() {
    let server = Server::start().await;
    let (status, _, body) = post(&server, "/logs", PROTOBUF, "").await;
    assert_eq!(status, 404);
    assert!(body.contains("/v1/logs"), "{body}");
}

#[tokio::test]
async fn the_tenant_comes_from_its_header() {
    let server = Server::start().await;
    let client = reqwest::Client::new();
    let call = client.post(server.url("/v1/logs")).header("content-type", PROTOBUF);
    let call = call.header("X-Scope-OrgID", "team-a").body(logs(vec![log("one")]).encode_to_vec());
    assert_eq!(call.send().await.unwrap().status(), 200);
    assert_eq!(server.store.stored(), [("team-a".to_owned(), 1)]);
}

#[tokio::test]
async fn browsers_of_allowed_origins_may_send() {
    let config = Config { cors_origins: vec!["https://shop.example".to_owned()], ..Config::default() };
    let server = Server::with(config).await;
    let client = reqwest::Client::new();
    let preflight = |origin: &'static str| {
        let call = client.request(reqwest::Method::OPTIONS, server.url("/v1/traces"));
        call.header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,traceparent,baggage")
    };
    let allowed = preflight("https://shop.example").send().await.unwrap();
    assert_eq!(allowed.status(), 200);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://shop.example");
    assert_eq!(allowed.headers()["access-control-allow-methods"], "POST");
    assert_eq!(allowed.headers()["access-control-allow-headers"], "content-type,traceparent,baggage");
    let other = preflight("https://evil.example").send().await.unwrap();
    assert!(!other.headers().contains_key("access-control-allow-origin"));
}

fn metrics() -> Vec<u8> {
    let gauge = Gauge { data_points: vec![NumberDataPoint::default(); 3] };
    let metric =
        Metric { name: "queue".to_owned(), data: Some(metric::Data::Gauge(gauge)), ..Default::default() };
    let scope_metrics = vec![ScopeMetrics { metrics: vec![metric], ..Default::default() }];
    let resource_metrics = vec![ResourceMetrics { scope_metrics, ..Default::default() }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

#[tokio::test]
async fn metrics_are_accepted_counted_and_dropped() {
    let server = Server::start().await;
    let told = post(&server, "/v1/metrics", PROTOBUF, metrics()).await;
    assert_eq!(told, (200, PROTOBUF.to_owned(), String::new()));
    assert_eq!(server.metric("metric_data_points_total"), Some(3.0));
    assert_eq!(server.metric("metrics_forward_dropped_total{reason=\"no_endpoint\"}"), Some(1.0));
    let (status, _, _) = post(&server, "/v1/metrics", PROTOBUF, "garbage").await;
    assert_eq!(status, 400);
}

/// Another collector stands in for the endpoint, and counts what arrives.
#[tokio::test]
async fn metrics_are_forwarded_as_they_came() {
    let mut endpoint = Server::start().await;
    let config = Config { forward_metrics_to: format!("http://{}", endpoint.address), ..Config::default() };
    let mut server = Server::with(config).await;
    for _ in 0..5 {
        assert_eq!(post(&server, "/v1/metrics", PROTOBUF, metrics()).await.0, 200);
    }
    eventually("five requests arrive", || endpoint.metric("metric_data_points_total") == Some(15.0)).await;
    eventually("five are counted", || server.metric("metrics_forwarded_total") == Some(5.0)).await;
    assert_eq!(server.metric("metrics_forward_queue_bytes"), Some(0.0));
    server.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn metrics_that_cannot_wait_are_dropped_and_counted() {
    // Nothing listens there: the first request is tried again and again while the others wait.
    let config = Config {
        forward_metrics_to: "http://127.0.0.1:9/".to_owned(),
        forward_queue_bytes_max: metrics().len() * 2,
        ..Config::default()
    };
    let mut server = Server::with(config).await;
    for _ in 0..6 {
        assert_eq!(post(&server, "/v1/metrics", PROTOBUF, metrics()).await.0, 200);
    }
    assert!(server.metric("metrics_forward_dropped_total{reason=\"queue_full\"}") >= Some(3.0));
    assert!(server.metric("metrics_forward_queue_bytes") <= Some(metrics().len() as f64 * 2.0));
    server.stop().await;
}

/// A body that stalls holds memory; it must not hold it for ever.
#[tokio::test]
async fn a_body_that_does_not_arrive_is_refused() {
    let config = Config { body_seconds_max: 1, ..Config::default() };
    let server = Server::with(config).await;
    let stalling = futures_util::stream::once(async { Ok::<_, std::io::Error>("begun") })
        .chain(futures_util::stream::pending());
    let (status, _, body) = post(&server, "/v1/logs", JSON, reqwest::Body::wrap_stream(stalling)).await;
    assert_eq!(status, 503);
    assert!(body.contains("did not arrive within 1 s"), "{body}");
    assert_eq!(server.metric("in_flight_bytes"), Some(0.0));
}
