//! Every kind of error and its HTTP status.

use std::time::Duration;

use axum::body::to_bytes;
use http::header::RETRY_AFTER;
use serde_json::{Value as Json, json};
use spoor_runtime::cpu::CpuError;

use super::error::response;
use crate::error::Error;

async fn told(error: Error) -> (u16, Option<String>, Json) {
    let response = response(&error, 7);
    let status = response.status().as_u16();
    let retry = response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let json: Json = serde_json::from_slice(&body).unwrap();
    (status, retry, json["error"].clone())
}

#[tokio::test]
async fn kinds_become_statuses_as_the_table_says() {
    use spoor_store::Error as Store;
    let too_costly = Store::TooCostly { reason: "too many terms; narrow `x`".to_owned() };
    for (error, status, code) in [
        (Error::parameter("q", "wrong"), 400, "invalid"),
        (Error::NotFound { id: "x".to_owned() }, 404, "not_found"),
        (Error::TooCommon { id: "x".to_owned(), traces: 2, traces_max: 1 }, 422, "too_common"),
        (Error::Deadline { deadline: Duration::from_secs(30) }, 504, "deadline"),
        (Error::Compute(CpuError::Full), 503, "unavailable"),
        (Error::Store(Store::Closed), 503, "unavailable"),
        (Error::Store(too_costly), 422, "too_costly"),
    ] {
        let shown = error.to_string();
        let (got, retry, body) = told(error).await;
        assert_eq!((got, retry, &body["code"]), (status, None, &json!(code)), "{shown}");
    }
    let (status, retry, _) = told(Error::Busy { retry_after: Duration::from_secs(1) }).await;
    assert_eq!((status, retry.as_deref()), (429, Some("1")));
}

#[tokio::test]
async fn what_the_caller_cannot_help_is_hidden_behind_a_number() {
    let path = std::path::PathBuf::from("/secret/place");
    let corrupt = spoor_store::Error::Corrupt { path, reason: "checksum".to_owned() };
    for error in [Error::Compute(CpuError::Panicked), Error::Store(corrupt)] {
        let (status, _, body) = told(error).await;
        let message = body["message"].as_str().unwrap();
        assert_eq!(status, 500);
        assert!(
            message.starts_with("the query failed through a fault of the server (fault 7 in its log)"),
            "{message}"
        );
        assert!(!body.to_string().contains("secret"), "{body}");
    }
    let costly = spoor_store::Error::TooCostly { reason: "too many terms; narrow `x`".to_owned() };
    let (_, _, body) = told(Error::Store(costly)).await;
    assert_eq!(body["message"], "query is too costly: too many terms; narrow `x`");
}

#[test]
fn every_route_is_in_the_table_and_described_under_its_own_path() {
    use utoipa::OpenApi as _;
    let described: Vec<String> = super::Description::openapi().paths.paths.into_keys().collect();
    let mut table: Vec<&str> = super::PATHS.to_vec();
    table.sort_unstable();
    assert_eq!(described, table);
    // A route that stands beside the table has no description.
    let beside = include_str!("mod.rs").matches(".route(\"").count();
    assert_eq!(beside, 2, "the description itself, and what does not exist");
}
