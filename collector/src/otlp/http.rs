//! A POST around one export.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::payload::{Encoding, Format, Payload};
use super::{Export, Transport, answer, grpc};
use crate::ingest::{Incoming, Ingest};
use crate::outcome::Refusal;

/// How long a browser remembers that it may send.
const PREFLIGHT_AGE: std::time::Duration = std::time::Duration::from_secs(7200);

/// Answers a POST of an export request.
pub(super) async fn export(ingest: Arc<Ingest>, export: Export, request: Request) -> Response {
    let format = answer_format(request.headers());
    let (head, body) = request.into_parts();
    let incoming = Incoming { transport: Transport::Http, export, headers: head.headers, body };
    answer::http(export, format, ingest.ingest(incoming).await)
}

/// Answers any other method.
pub(super) async fn wrong_method(headers: HeaderMap) -> Response {
    answer::http_method(answer_format(&headers))
}

/// Answers a path that does not exist, in the protocol of the request.
pub(super) async fn unknown(headers: HeaderMap) -> Response {
    if grpc::is_grpc(&headers) {
        return answer::grpc_unknown();
    }
    answer::http_unknown(answer_format(&headers))
}

/// Joins a body to what the headers say about it.
pub(crate) fn whole(headers: &HeaderMap, bytes: bytes::Bytes) -> Result<Payload, Refusal> {
    let format = Format::of(headers.get(CONTENT_TYPE))?;
    let encoding = Encoding::of(headers, &CONTENT_ENCODING)?;
    Ok(Payload { encoding, format, bytes })
}

/// Lets web pages of the configured origins send.
pub(super) fn cors(origins: &[String]) -> CorsLayer {
    let origins = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        let origins: Arc<[String]> = origins.into();
        AllowOrigin::predicate(move |origin: &HeaderValue, _| {
            let origin = origin.to_str().unwrap_or_default();
            origins.iter().any(|pattern| matches(pattern, origin))
        })
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([http::Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([http::header::RETRY_AFTER])
        .max_age(PREFLIGHT_AGE)
}

/// One `*` of the pattern stands for anything but a slash.
fn matches(pattern: &str, origin: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == origin,
        Some((start, end)) => origin
            .strip_prefix(start)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|middle| !middle.contains('/')),
    }
}

/// The format of answers: that of the request, and JSON, which people read, when the request has none.
fn answer_format(headers: &HeaderMap) -> Format {
    Format::of(headers.get(CONTENT_TYPE)).unwrap_or(Format::Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_matches_its_pattern_only() {
        let rows = [
            ("http://localhost:*", "http://localhost:5173", true),
            ("http://localhost:*", "http://localhost.evil.example", false),
            ("https://*.shop.example", "https://www.shop.example", true),
            ("https://*.shop.example", "https://evil.example/.shop.example", false),
            ("https://shop.example", "https://shop.example", true),
            ("https://shop.example", "https://shop.example.evil", false),
        ];
        for (pattern, origin, expected) in rows {
            assert_eq!(matches(pattern, origin), expected, "{pattern} {origin}");
        }
    }
}
