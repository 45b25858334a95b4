//! The web page over HTTP: its files with caching, the page itself for every address that is no call.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use spoor_ui::Asset;

/// The name of a file of the page changes with its content.
const CACHE_FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The page is asked for again each time, and answered by "not changed".
const CACHE_ASK: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers any request that no route took.
pub(crate) async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    if is_call(path) {
        let body = r#"{"error":{"code":"no_such_call","message":"there is no such call"}}"#;
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        return (StatusCode::NOT_FOUND, json, body).into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let allow = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
        return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
    }
    match spoor_ui::asset(path) {
        Some(file) => respond(file, request.headers()),
        None if path.starts_with("/assets/") => (StatusCode::NOT_FOUND, "no such file\n").into_response(),
        None => respond(spoor_ui::page(path), request.headers()),
    }
}

fn is_call(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

fn respond(file: Asset, asked: &HeaderMap) -> Response {
    let mut headers = HeaderMap::new();
    let cache = if file.immutable { CACHE_FOR_EVER } else { CACHE_ASK };
    headers.insert(header::CACHE_CONTROL, cache);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    headers
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(spoor_ui::CONTENT_SECURITY_POLICY));
    // Addresses of the page carry ids; links out must not.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if let Ok(etag) = HeaderValue::from_str(&file.etag) {
        headers.insert(header::ETAG, etag);
    }
    if matches(asked, &file.etag) {
        headers.remove(header::CONTENT_TYPE);
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, file.bytes.into_owned()).into_response()
}

/// Weak comparison (RFC 9110, 8.8.3.2): a proxy that compressed the answer marks the tag as weak.
fn matches(asked: &HeaderMap, etag: &str) -> bool {
    let lists = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn get(path: &str, etag: Option<&HeaderValue>) -> Response {
        let mut request = Request::get(path);
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        serve(request.body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn every_address_that_is_no_call_is_the_page_under_the_strict_policy() {
        for path in ["/", "/flow/ord-1", "/a/b/c"] {
            let response = get(path, None).await;
            assert_eq!(response.status(), StatusCode::OK);
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
            assert_eq!(response.headers()[header::CACHE_CONTROL], CACHE_ASK);
        }
    }

    #[tokio::test]
    async fn the_page_is_not_sent_again_when_it_has_not_changed() {
        let etag = get("/", None).await.headers()[header::ETAG].clone();
        assert_eq!(get("/", Some(&etag)).await.status(), StatusCode::NOT_MODIFIED);
        let weak = HeaderValue::from_str(&format!("\"other\", W/{}", etag.to_str().unwrap())).unwrap();
        assert_eq!(get("/", Some(&weak)).await.status(), StatusCode::NOT_MODIFIED);
        let other = HeaderValue::from_static("\"other\"");
        assert_eq!(get("/", Some(&other)).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn unknown_calls_and_files_are_not_the_page() {
        let call = get("/api/v1/nothing", None).await;
        assert_eq!(call.status(), StatusCode::NOT_FOUND);
        assert_eq!(call.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(get("/assets/gone-123.js", None).await.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn the_page_cannot_be_posted_to() {
        let request = Request::post("/").body(Body::empty()).unwrap();
        assert_eq!(serve(request).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
