//! What is refused, with which status and which words.

use http::{Method, StatusCode};
use serde_json::{Value as Json, json};

use spoor_query::Config;

use crate::world::{T, World, log};

#[tokio::test]
async fn bad_input_is_refused_in_words_that_help() {
    let world = World::new().await;
    for (path, status, code, message) in [
        ("/api/v1/find", 400, "invalid", "parameter `id`: missing"),
        ("/api/v1/search?limt=5", 400, "invalid", "parameter `limt`: unknown; did you mean `limit`?"),
        (
            "/api/v1/services?frobnicate=5",
            400,
            "invalid",
            "parameter `frobnicate`: unknown; this call takes start, end, buckets",
        ),
        ("/api/v1/search?q=a&q=b", 400, "invalid", "parameter `q`: given more than once"),
        (
            "/api/v1/search?limit=0",
            400,
            "invalid",
            "parameter `limit`: `0` is no whole number from 1 to 10000",
        ),
        (
            "/api/v1/search?limit=99999999",
            400,
            "invalid",
            "parameter `limit`: `99999999` is no whole number from 1 to 10000",
        ),
        (
            "/api/v1/search?limit=x",
            400,
            "invalid",
            "parameter `limit`: `x` is no whole number from 1 to 10000",
        ),
        ("/api/v1/search?start=2&end=1", 400, "invalid", "parameter `start`: later than `end`"),
        (
            "/api/v1/search?cursor=xyz",
            400,
            "invalid",
            "parameter `cursor`: not a cursor of an earlier answer",
        ),
        (
            "/api/v1/search?signal=metrics",
            400,
            "invalid",
            "parameter `signal`: `metrics` is neither `logs` nor `spans`",
        ),
        (
            "/api/v1/search?format=xml",
            400,
            "invalid",
            "parameter `format`: `xml` is neither `json` nor `otlp-json`",
        ),
        (
            "/api/v1/histogram?by=name",
            400,
            "invalid",
            "parameter `by`: `name` is none of `severity`, `service`, `signal`",
        ),
        (
            "/api/v1/histogram?buckets=1000000",
            400,
            "invalid",
            "parameter `buckets`: `1000000` is no whole number from 1 to 1000",
        ),
        (
            "/api/v1/fields/body/values",
            400,
            "invalid",
            "parameter `name`: the values of `body` are not listed; search them",
        ),
        ("/api/v1/flows/%ff", 400, "invalid", "parameter `id`: not percent-encoded UTF-8"),
        ("/api/v1/flow", 404, "no_such_call", "there is no `/api/v1/flow` in this API"),
    ] {
        let (got, error) = world.refused(path).await;
        assert_eq!(
            (got, error["code"].as_str(), error["message"].as_str()),
            (status, Some(code), Some(message)),
            "{path}"
        );
    }
    let (_, error) = world.refused("/api/v1/search?start=yesterday").await;
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("parameter `start`: `yesterday` is not a time such as 2026-01-31T12:00:00Z"),
        "{message}"
    );
}

#[tokio::test]
async fn a_syntax_error_names_its_place_and_what_was_expected() {
    let world = World::new().await;
    let (status, error) = world.refused("/api/v1/search?q=severity%3A%3E%3Dwran").await;
    assert_eq!(status, 400);
    assert_eq!(
        error,
        json!({
            "code": "syntax",
            "message": "`wran` is no severity; did you mean `warn`? (column 10)",
            "position": 9,
            "expected": ["unspecified", "trace", "debug", "info", "warn", "error", "fatal"],
        })
    );
    let long = format!("/api/v1/search?q={}", "a".repeat(60_000));
    assert_eq!(world.refused(&long).await.0, 200, "long but allowed");
}

#[tokio::test]
async fn an_answer_larger_than_a_query_may_hold_is_refused_and_a_smaller_one_is_given() {
    let world = World::with(Config { memory_per_query_max: 1 << 20, ..Config::default() }).await;
    let body = "x".repeat(2_000);
    world.append((0..1_000).map(|at| log("cart", &body, T + at)).collect()).await;
    for _ in 0..2 {
        let (status, error) = world.refused("/api/v1/search?limit=1000").await;
        assert_eq!((status, &error["code"]), (422, &json!("too_costly")), "{error}");
        assert!(error["message"].as_str().unwrap().contains("more than 1 MB of memory; narrow"), "{error}");
        assert_eq!(world.get("/api/v1/search?limit=100").await["records"].as_array().unwrap().len(), 100);
        world.publish().await;
    }
}

#[tokio::test]
async fn tenants_methods_and_headers() {
    let world = World::new().await;
    let (status, _, answer) = world.call(Method::GET, "/api/v1/search", &[("X-Scope-OrgID", "../x")]).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::BAD_REQUEST, &json!("invalid")));
    let (status, headers, _) = world.call(Method::PUT, "/api/v1/search", &[]).await;
    assert_eq!(
        (status, headers["allow"].to_str().unwrap()),
        (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD, POST")
    );
    let (_, headers, answer) = world.call(Method::GET, "/api/v1/search", &[]).await;
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["cache-control"], "no-store");
    assert_ne!(answer, Json::Null);
    let metrics = world.metrics();
    assert!(metrics.contains("spoor_query_requests_total{call=\"search\",outcome=\"ok\"} 1\n"), "{metrics}");
    assert!(
        metrics.contains("spoor_query_requests_total{call=\"search\",outcome=\"invalid\"} 1\n"),
        "{metrics}"
    );
}
