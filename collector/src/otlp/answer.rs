//! Outcomes and refusals as either protocol tells them; the only file that knows both.
//!
//! Follows "Full Success" to "OTLP/HTTP Throttling" of the OTLP specification. A client drops what it sent after any
//! answer that is not named retryable there, so a transient fault is never told as 400 or 500, and
//! `RESOURCE_EXHAUSTED` carries `RetryInfo` exactly when a retry can help.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use spoor_proto::wire::{put_bytes_field, put_varint_field};
use tonic::Code;

use super::status::{Detail, Status};
use super::{Export, Format};
use crate::outcome::{self, Outcome, Refusal};

/// Compressions that are understood, for the answer to one that is not.
const ENCODINGS: HeaderValue = HeaderValue::from_static("gzip, zstd, deflate, identity");
const GRPC_ENCODINGS: HeaderValue = HeaderValue::from_static("gzip,zstd,deflate,identity");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// A refusal in both protocols' terms.
struct Verdict {
    code: Code,
    http: StatusCode,
    detail: Option<Detail>,
}

/// The table.
fn verdict(refusal: &Refusal) -> Verdict {
    let (code, http) = match refusal {
        Refusal::Invalid(_) | Refusal::Malformed(_) => (Code::InvalidArgument, StatusCode::BAD_REQUEST),
        Refusal::TooLarge { .. } => (Code::ResourceExhausted, StatusCode::PAYLOAD_TOO_LARGE),
        Refusal::Unsupported(_) => (Code::InvalidArgument, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        Refusal::UnknownEncoding(_) => (Code::Unimplemented, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        Refusal::Throttled { .. } => (Code::ResourceExhausted, StatusCode::TOO_MANY_REQUESTS),
        Refusal::Unavailable(_) => (Code::Unavailable, StatusCode::SERVICE_UNAVAILABLE),
        Refusal::Cancelled => (Code::Cancelled, StatusCode::SERVICE_UNAVAILABLE),
        Refusal::Internal => (Code::Internal, StatusCode::INTERNAL_SERVER_ERROR),
    };
    let detail = match refusal {
        Refusal::Throttled { retry_after, .. } => Some(Detail::Retry(*retry_after)),
        Refusal::Unavailable(_) | Refusal::Cancelled => Some(Detail::Retry(outcome::RETRY_AFTER)),
        Refusal::Malformed(malformed) => {
            Some(Detail::Violation { field: malformed.place.clone(), description: malformed.why.to_string() })
        }
        _ => None,
    };
    Verdict { code, http, detail }
}

/// Answers a gRPC call.
pub(super) fn grpc(result: Result<Outcome, Refusal>) -> Response {
    match result {
        Ok(outcome) => {
            let message = response(&outcome);
            let mut frame = BytesMut::with_capacity(5 + message.len());
            frame.put_u8(0);
            frame.put_u32(message.len() as u32);
            frame.put_slice(&message);
            let trailers = HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("0"))]);
            let body = Full::new(frame.freeze()).with_trailers(async move { Some(Ok(trailers)) });
            let mut response = Response::new(Body::new(body));
            response.headers_mut().insert(CONTENT_TYPE, GRPC);
            response
        }
        Err(refusal) => {
            let Verdict { code, detail, .. } = verdict(&refusal);
            let message = refusal.message();
            let details =
                detail.map_or_else(Bytes::new, |detail| status(code, &message, Some(&detail)).into());
            let mut response = tonic::Status::with_details(code, message, details).into_http();
            if matches!(refusal, Refusal::UnknownEncoding(_)) {
                response.headers_mut().insert(GRPC_ACCEPT_ENCODING, GRPC_ENCODINGS);
            }
            response
        }
    }
}

/// Answers a gRPC call of a service or method that does not exist.
pub(super) fn grpc_unknown() -> Response {
    tonic::Status::unimplemented("no such service; OTLP's are LogsService, TraceService and MetricsService")
        .into_http()
}

/// Answers a POST, in the format of the request.
pub(super) fn http(export: Export, format: Format, result: Result<Outcome, Refusal>) -> Response {
    let refusal = match result {
        Ok(outcome) => {
            let body = match format {
                Format::Protobuf => response(&outcome),
                Format::Json => response_json(export, &outcome).into_bytes(),
            };
            return with_body(StatusCode::OK, format, body);
        }
        Err(refusal) => refusal,
    };
    let Verdict { code, http, detail } = verdict(&refusal);
    let mut response = http_status(http, format, code, &refusal.message(), detail.as_ref());
    if let Some(Detail::Retry(delay)) = detail {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(delay)));
    }
    if matches!(refusal, Refusal::UnknownEncoding(_)) {
        response.headers_mut().insert(ACCEPT_ENCODING, ENCODINGS);
    }
    response
}

/// Answers a request with another method than POST.
pub(super) fn http_method(format: Format) -> Response {
    let message = "OTLP/HTTP requests are sent with POST";
    let mut response =
        http_status(StatusCode::METHOD_NOT_ALLOWED, format, Code::Unimplemented, message, None);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

/// Answers a request for a path that does not exist.
pub(super) fn http_unknown(format: Format) -> Response {
    let message = "no such path; OTLP/HTTP is at /v1/logs, /v1/traces and /v1/metrics";
    http_status(StatusCode::NOT_FOUND, format, Code::NotFound, message, None)
}

/// `Export…ServiceResponse`; the three are alike on the wire. `partial_success` is unset on full success.
fn response(outcome: &Outcome) -> Vec<u8> {
    let mut response = Vec::new();
    if *outcome != Outcome::default() {
        let mut partial = Vec::new();
        if outcome.rejected > 0 {
            put_varint_field(&mut partial, 1, outcome.rejected);
        }
        put_bytes_field(&mut partial, 2, outcome.message.as_bytes());
        put_bytes_field(&mut response, 1, &partial);
    }
    response
}

fn response_json(export: Export, outcome: &Outcome) -> String {
    if *outcome == Outcome::default() {
        return "{}".to_owned();
    }
    let rejected = match export {
        Export::Logs => "rejectedLogRecords",
        Export::Traces => "rejectedSpans",
        Export::Metrics => "rejectedDataPoints",
    };
    let mut partial = serde_json::Map::new();
    if outcome.rejected > 0 {
        partial.insert(rejected.to_owned(), outcome.rejected.to_string().into());
    }
    partial.insert("errorMessage".to_owned(), outcome.message.as_str().into());
    serde_json::json!({ "partialSuccess": partial }).to_string()
}

fn status(code: Code, message: &str, detail: Option<&Detail>) -> Vec<u8> {
    let details = detail.map(Detail::to_any).into_iter().collect();
    Status { code: code as i32, message: message.to_owned(), details }.encode_to_vec()
}

fn http_status(
    http: StatusCode,
    format: Format,
    code: Code,
    message: &str,
    detail: Option<&Detail>,
) -> Response {
    let body = match format {
        Format::Protobuf => status(code, message, detail),
        Format::Json => {
            let mut status = serde_json::json!({ "code": code as i32, "message": message });
            if let Some(detail) = detail {
                status["details"] = serde_json::json!([detail.to_json()]);
            }
            status.to_string().into_bytes()
        }
    };
    with_body(http, format, body)
}

fn with_body(status: StatusCode, format: Format, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    response
}

/// `Retry-After` has whole seconds; a client must not come back early.
fn whole_seconds(delay: Duration) -> u64 {
    (delay.as_secs() + u64::from(delay.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use spoor_proto::otlp::{ExportLogsServiceResponse, ExportTraceServiceResponse};
    use spoor_proto::wire::WireError;

    use super::*;
    use crate::decode::Malformed;

    fn refusals() -> Vec<(Refusal, Code, u16, bool)> {
        let malformed = Malformed { place: "resource_logs[0]".into(), why: WireError::Truncated };
        let throttled = Refusal::Throttled { budget: "wal".into(), retry_after: Duration::from_millis(1500) };
        vec![
            (Refusal::Invalid("no".into()), Code::InvalidArgument, 400, false),
            (Refusal::Malformed(malformed), Code::InvalidArgument, 400, false),
            (Refusal::TooLarge { bytes_max: 9 }, Code::ResourceExhausted, 413, false),
            (Refusal::Unsupported("no".into()), Code::InvalidArgument, 415, false),
            (Refusal::UnknownEncoding("no".into()), Code::Unimplemented, 415, false),
            (throttled, Code::ResourceExhausted, 429, true),
            (Refusal::Unavailable("no".into()), Code::Unavailable, 503, true),
            (Refusal::Cancelled, Code::Cancelled, 503, true),
            (Refusal::Internal, Code::Internal, 500, false),
        ]
    }

    async fn body(response: Response) -> Bytes {
        response.into_body().collect().await.unwrap().to_bytes()
    }

    /// `RetryInfo` and `Retry-After` stand exactly on the answers that the specification lets clients retry.
    #[tokio::test]
    async fn refusals_answer_as_the_specification_says() {
        for (refusal, code, http_status, retryable) in refusals() {
            let name = refusal.name();
            let over_grpc = tonic::Status::from_header_map(grpc(Err(refusal.clone())).headers()).unwrap();
            assert_eq!(over_grpc.code(), code, "{name}");
            let has_retry_info = over_grpc.details().windows(9).any(|window| window == b"RetryInfo");
            assert_eq!(has_retry_info, retryable, "{name}");
            assert!(!over_grpc.message().is_empty(), "{name}");

            for format in [Format::Protobuf, Format::Json] {
                let answer = http(Export::Logs, format, Err(refusal.clone()));
                assert_eq!(answer.status().as_u16(), http_status, "{name}");
                assert_eq!(answer.headers()[CONTENT_TYPE], format.content_type(), "{name}");
                assert_eq!(answer.headers().contains_key(RETRY_AFTER), retryable, "{name}");
                assert_eq!(
                    matches!(http_status, 429 | 502 | 503 | 504),
                    retryable,
                    "{name}: these and only these are retryable"
                );
                let body = body(answer).await;
                let (told_code, told_message) = match format {
                    Format::Protobuf => {
                        let status = Status::decode(body).unwrap();
                        (status.code, status.message)
                    }
                    Format::Json => {
                        let status: serde_json::Value = serde_json::from_slice(&body).unwrap();
                        (
                            status["code"].as_i64().unwrap() as i32,
                            status["message"].as_str().unwrap().to_owned(),
                        )
                    }
                };
                assert_eq!((told_code, told_message), (code as i32, refusal.message()), "{name}");
            }
        }
    }

    #[tokio::test]
    async fn retry_after_is_rounded_up_and_retry_info_exact() {
        let refusal = Refusal::Throttled { budget: "wal".into(), retry_after: Duration::from_millis(1500) };
        let answer = http(Export::Logs, Format::Protobuf, Err(refusal));
        assert_eq!(answer.headers()[RETRY_AFTER], "2");
        let status = Status::decode(body(answer).await).unwrap();
        let info = super::super::status::RetryInfo::decode(&*status.details[0].value).unwrap();
        assert_eq!(info.retry_delay, Some(prost_types::Duration { seconds: 1, nanos: 500_000_000 }));
    }

    #[tokio::test]
    async fn full_success_has_no_partial_success() {
        let answer = http(Export::Logs, Format::Json, Ok(Outcome::default()));
        assert_eq!(body(answer).await, "{}");
        let answer = http(Export::Logs, Format::Protobuf, Ok(Outcome::default()));
        assert_eq!(body(answer).await, "");
        let answer = body(grpc(Ok(Outcome::default()))).await;
        assert_eq!(&*answer, [0; 5]);
    }

    #[tokio::test]
    async fn partial_success_has_count_and_message() {
        let outcome = Outcome { rejected: 3, message: "why".into() };
        let told = body(http(Export::Traces, Format::Protobuf, Ok(outcome.clone()))).await;
        let partial = ExportTraceServiceResponse::decode(told).unwrap().partial_success.unwrap();
        assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (3, "why"));
        let told = body(http(Export::Traces, Format::Json, Ok(outcome.clone()))).await;
        assert_eq!(told, r#"{"partialSuccess":{"errorMessage":"why","rejectedSpans":"3"}}"#);
        let told = body(grpc(Ok(outcome))).await.slice(5..);
        let partial = ExportLogsServiceResponse::decode(told).unwrap().partial_success.unwrap();
        assert_eq!((partial.rejected_log_records, partial.error_message.as_str()), (3, "why"));
    }

    #[tokio::test]
    async fn a_warning_rejects_nothing() {
        let outcome = Outcome { rejected: 0, message: "cut".into() };
        let told = body(http(Export::Logs, Format::Json, Ok(outcome))).await;
        assert_eq!(told, r#"{"partialSuccess":{"errorMessage":"cut"}}"#);
    }
}
