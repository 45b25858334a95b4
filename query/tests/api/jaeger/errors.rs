//! What is refused, with which status, in which shape, and in which words.

use http::{Method, StatusCode};
use serde_json::json;
use spoor_query::Config;

use super::{AROUND_V3, around};
use crate::world::{T, World, span, text};

#[tokio::test]
async fn the_classic_api_refuses_in_its_envelope() {
    let world = World::new().await;
    for (path, status, message) in [
        ("/api/traces", 400, "parameter 'service' is required"),
        ("/api/traces?service=", 400, "parameter 'service' is required"),
        (
            "/api/traces?service=x&start=abc",
            400,
            "unable to parse param 'start': strconv.ParseInt: parsing \"abc\": invalid syntax",
        ),
        (
            "/api/traces?service=x&end=1.5",
            400,
            "unable to parse param 'end': strconv.ParseInt: parsing \"1.5\": invalid syntax",
        ),
        ("/api/traces?service=x&limit=ten", 400, "strconv.ParseInt: parsing \"ten\": invalid syntax"),
        ("/api/traces?service=x&limit=0", 400, "invalid parameter: limit must be greater than 0"),
        ("/api/traces?service=x&limit=-1", 400, "invalid parameter: limit must be greater than 0"),
        ("/api/traces?service=x&limit=10001", 400, "invalid parameter: limit must be at most 10000"),
        ("/api/traces?service=x&start=2&end=1", 400, "invalid parameter: start time must be before end time"),
        (
            "/api/traces?service=x&minDuration=5",
            400,
            "unable to parse param 'minDuration': time: missing unit in duration \"5\"",
        ),
        (
            "/api/traces?service=x&minDuration=2s&maxDuration=1s",
            400,
            "'maxDuration' should be greater than 'minDuration'",
        ),
        (
            "/api/traces?service=x&tag=abc",
            400,
            "malformed 'tag' parameter, expecting key:value, received: abc",
        ),
        (
            "/api/traces?service=x&raw=maybe",
            400,
            "unable to parse param 'raw': strconv.ParseBool: parsing \"maybe\": invalid syntax",
        ),
        (
            "/api/traces?traceID=xyz",
            400,
            "cannot parse traceID param: strconv.ParseUint: parsing \"xyz\": invalid syntax",
        ),
        ("/api/traces/xyz", 400, "strconv.ParseUint: parsing \"xyz\": invalid syntax"),
        (
            "/api/traces/000000000000000000000000000000001",
            400,
            "TraceID cannot be longer than 32 hex characters: 000000000000000000000000000000001",
        ),
        (
            "/api/traces/1?start=x",
            400,
            "unable to parse param 'start': strconv.ParseInt: parsing \"x\": invalid syntax",
        ),
        ("/api/traces/1", 404, "trace not found"),
        ("/api/traces/0", 404, "trace not found"),
        ("/api/operations", 400, "parameter 'service' is required"),
        ("/api/nonsense", 404, "there is no `/api/nonsense` in this API"),
    ] {
        let (got, _, answer) = world.call(Method::GET, path, &[]).await;
        assert_eq!(got.as_u16(), status, "{path}: {answer}");
        let error = json!({"code": status, "msg": message});
        let expected = json!({"data": null, "total": 0, "limit": 0, "offset": 0, "errors": [error]});
        assert_eq!(answer, expected, "{path}");
    }
    for path in ["/api/traces?service=x&tags=abc", "/api/traces?service=x&tags=%7B%22a%22%3A1%7D"] {
        let (status, _, answer) = world.call(Method::GET, path, &[]).await;
        let message = answer["errors"][0]["msg"].as_str().unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(message.starts_with("malformed 'tags' parameter, cannot unmarshal JSON: "), "{message}");
    }
    let (status, _, answer) = world.call(Method::POST, "/api/archive/1", &[]).await;
    assert_eq!(status, StatusCode::NOT_IMPLEMENTED);
    assert_eq!(answer["errors"][0]["msg"], "archive span storage was not configured");
    assert_eq!(world.call(Method::POST, "/api/archive/x", &[]).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(world.call(Method::POST, "/api/services", &[]).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let (status, _, _) = world.call(Method::GET, "/api/services", &[("x-tenant", "../x")]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn version_3_refuses_as_the_gateway_does() {
    let world = World::new().await;
    let times = "query.startTimeMin and query.startTimeMax are required";
    for (path, http, grpc, reason, message) in [
        ("/api/v3/traces".to_owned(), 400, 3, "Bad Request", times),
        (
            "/api/v3/trace-summaries?query.startTimeMin=2027-01-15T06:59:00Z".to_owned(),
            400,
            3,
            "Bad Request",
            times,
        ),
        (
            "/api/v3/traces?query.startTimeMin=2027-01-15T08:00:00Z&query.startTimeMax=2027-01-15T08:00:00Z"
                .to_owned(),
            400,
            3,
            "Bad Request",
            "query.startTimeMin must be before query.startTimeMax",
        ),
        (
            "/api/v3/traces?query.start_time_min=abc".to_owned(),
            400,
            3,
            "Bad Request",
            "malformed parameter query.start_time_min: parsing time \"abc\" as \
             \"2006-01-02T15:04:05.999999999Z07:00\": cannot parse \"abc\"",
        ),
        (
            format!("/api/v3/traces?{AROUND_V3}&query.searchDepth=x"),
            400,
            3,
            "Bad Request",
            "malformed parameter query.searchDepth: strconv.ParseInt: parsing \"x\": invalid syntax",
        ),
        (
            format!("/api/v3/traces?{AROUND_V3}&query.num_traces=10001"),
            400,
            3,
            "Bad Request",
            "malformed parameter query.num_traces: must be at most 10000",
        ),
        (
            format!("/api/v3/traces?{AROUND_V3}&query.duration_max=1"),
            400,
            3,
            "Bad Request",
            "malformed parameter query.duration_max: time: missing unit in duration \"1\"",
        ),
        (
            format!("/api/v3/traces?{AROUND_V3}&query.filter=%7B%7D"),
            400,
            3,
            "Bad Request",
            "malformed parameter query.filter: structured filters are not supported",
        ),
        (
            "/api/v3/traces/xyz".to_owned(),
            400,
            3,
            "Bad Request",
            "malformed parameter trace_id: strconv.ParseUint: parsing \"xyz\": invalid syntax",
        ),
        (
            "/api/v3/traces/1?rawTraces=x".to_owned(),
            400,
            3,
            "Bad Request",
            "malformed parameter rawTraces: strconv.ParseBool: parsing \"x\": invalid syntax",
        ),
        ("/api/v3/operations".to_owned(), 400, 3, "Bad Request", "parameter service is required"),
        ("/api/v3/traces/1".to_owned(), 404, 5, "Not Found", "No traces found"),
        (format!("/api/v3/traces?{AROUND_V3}"), 404, 5, "Not Found", "No traces found"),
        ("/api/v3/x".to_owned(), 404, 12, "Not Found", "there is no `/api/v3/x` in this API"),
    ] {
        let (got, _, answer) = world.call(Method::GET, &path, &[]).await;
        assert_eq!(got.as_u16(), http, "{path}: {answer}");
        let error = json!({"grpcCode": grpc, "httpCode": http, "message": message, "httpStatus": reason});
        assert_eq!(answer, json!({"error": error}), "{path}");
    }
}

#[tokio::test]
async fn a_search_that_would_hold_too_much_is_refused_with_what_to_narrow() {
    let world = World::with(Config { memory_per_query_max: 1 << 20, ..Config::default() }).await;
    let body = "x".repeat(3_000);
    let one = |id: u64| {
        span("web", (id % 200) as u8 + 1, (id % 250) as u8 + 1, T + id).attribute(text("body", &body))
    };
    world.append((0..1_000).map(one).collect()).await;
    let (status, _, answer) =
        world.call(Method::GET, &format!("/api/traces?service=web&limit=200&{}", around()), &[]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let message = answer["errors"][0]["msg"].as_str().unwrap();
    assert!(message.contains("more than 1 MB of memory; narrow"), "{message}");
    let few = world.get(&format!("/api/traces?service=web&limit=2&{}", around())).await;
    assert_eq!(few["data"].as_array().unwrap().len(), 2);
}
