//! What an OTLP answer means to a client: accepted, try again after a while, or refused for good.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};
use http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

use crate::generate::{GRPC_HEADER, Signal};

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Acknowledged, but for so many records that were rejected.
    Accepted {
        /// Records the server says it did not keep.
        rejected: u64,
    },
    /// Not kept; the client is asked to send it again.
    Retry {
        /// How long to wait first, if the server said.
        after: Option<Duration>,
    },
    /// Not kept, and not to be sent again.
    Refused {
        /// Code and message.
        why: String,
    },
}

const UNAVAILABLE: &str = "14";
const RESOURCE_EXHAUSTED: &str = "8";
/// The other codes the protocol calls retryable: CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, DATA_LOSS.
const RETRYABLE: [&str; 5] = ["1", "4", "10", "11", "15"];

/// Reads an OTLP/gRPC answer.
pub(super) fn grpc(headers: &HeaderMap, trailers: &HeaderMap, body: &[u8], signal: Signal) -> Reply {
    let field = |name: &str| {
        trailers
            .get(name)
            .or_else(|| headers.get(name))
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let after = retry_delay(field("grpc-status-details-bin"));
    match field("grpc-status") {
        "0" => accepted(body.get(GRPC_HEADER..).unwrap_or_default(), signal),
        UNAVAILABLE => Reply::Retry { after },
        RESOURCE_EXHAUSTED if after.is_some() => Reply::Retry { after },
        code if RETRYABLE.contains(&code) => Reply::Retry { after },
        code => Reply::Refused { why: format!("gRPC status {code}: {}", field("grpc-message")) },
    }
}

/// Reads an OTLP/HTTP answer.
pub(super) fn http(status: StatusCode, headers: &HeaderMap, body: &[u8], signal: Signal) -> Reply {
    match status.as_u16() {
        200 => accepted(body, signal),
        429 | 502 | 503 | 504 => {
            let seconds =
                headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Reply::Retry { after: seconds.map(Duration::from_secs) }
        }
        code => {
            let message = RpcStatus::decode(body).map(|status| status.message).unwrap_or_default();
            Reply::Refused { why: format!("HTTP status {code}: {message}") }
        }
    }
}

fn accepted(body: &[u8], signal: Signal) -> Reply {
    let rejected = match signal {
        Signal::Logs => ExportLogsServiceResponse::decode(body)
            .map(|answer| answer.partial_success.map_or(0, |partial| partial.rejected_log_records)),
        Signal::Spans => ExportTraceServiceResponse::decode(body)
            .map(|answer| answer.partial_success.map_or(0, |partial| partial.rejected_spans)),
    };
    match rejected {
        Ok(rejected) => Reply::Accepted { rejected: u64::try_from(rejected).unwrap_or(0) },
        Err(error) => Reply::Refused { why: format!("answer is not OTLP: {error}") },
    }
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

/// gRPC sends binary metadata as base64, padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn retry_delay(details: &str) -> Option<Duration> {
    let status = RpcStatus::decode(BASE64.decode(details).ok()?.as_slice()).ok()?;
    let info = status.details.iter().find(|detail| detail.type_url.ends_with("google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(info.value.as_slice()).ok()?.retry_delay.unwrap_or_default();
    Some(Duration::new(u64::try_from(delay.seconds).ok()?, u32::try_from(delay.nanos).ok()?))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn trailers(status: &'static str, details: Option<Vec<u8>>) -> HeaderMap {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static(status));
        if let Some(details) = details {
            trailers
                .insert("grpc-status-details-bin", HeaderValue::from_str(&BASE64.encode(details)).unwrap());
        }
        trailers
    }

    fn retry_info(millis: i32) -> Vec<u8> {
        let delay = prost_types::Duration { seconds: 0, nanos: millis * 1_000_000 };
        let detail = prost_types::Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
            value: RetryInfo { retry_delay: Some(delay) }.encode_to_vec(),
        };
        RpcStatus { code: 8, message: String::new(), details: vec![detail] }.encode_to_vec()
    }

    #[test]
    fn resource_exhausted_is_retried_only_with_retry_info() {
        let none = HeaderMap::new();
        let told = grpc(&none, &trailers("8", Some(retry_info(250))), &[], Signal::Logs);
        assert_eq!(told, Reply::Retry { after: Some(Duration::from_millis(250)) });
        let untold = grpc(&none, &trailers("8", None), &[], Signal::Logs);
        assert!(matches!(untold, Reply::Refused { .. }));
        assert_eq!(grpc(&none, &trailers("14", None), &[], Signal::Logs), Reply::Retry { after: None });
        assert!(matches!(grpc(&none, &trailers("3", None), &[], Signal::Logs), Reply::Refused { .. }));
    }

    #[test]
    fn status_in_the_headers_of_a_bodiless_answer_counts() {
        let reply = grpc(&trailers("14", None), &HeaderMap::new(), &[], Signal::Spans);
        assert_eq!(reply, Reply::Retry { after: None });
    }

    #[test]
    fn rejected_records_are_told() {
        let answer = ExportLogsServiceResponse {
            partial_success: Some(
                opentelemetry_proto::tonic::collector::logs::v1::ExportLogsPartialSuccess {
                    rejected_log_records: 3,
                    error_message: String::new(),
                },
            ),
        };
        let body = answer.encode_to_vec();
        assert_eq!(
            http(StatusCode::OK, &HeaderMap::new(), &body, Signal::Logs),
            Reply::Accepted { rejected: 3 }
        );
        let framed = crate::generate::frame(&body, false);
        let reply = grpc(&HeaderMap::new(), &trailers("0", None), &framed, Signal::Logs);
        assert_eq!(reply, Reply::Accepted { rejected: 3 });
    }
}
