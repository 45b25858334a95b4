//! The messages of `google.rpc` that OTLP's errors are made of.

use std::time::Duration;

use prost::Message;

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Status {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<prost_types::Any>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) retry_delay: Option<prost_types::Duration>,
}

/// `google.rpc.BadRequest`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    pub(super) field_violations: Vec<FieldViolation>,
}

/// `google.rpc.BadRequest.FieldViolation`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct FieldViolation {
    #[prost(string, tag = "1")]
    pub(super) field: String,
    #[prost(string, tag = "2")]
    pub(super) description: String,
}

/// One of the details an error may carry.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Detail {
    Retry(Duration),
    Violation { field: String, description: String },
}

impl Detail {
    const RETRY: &'static str = "type.googleapis.com/google.rpc.RetryInfo";
    const BAD_REQUEST: &'static str = "type.googleapis.com/google.rpc.BadRequest";

    /// As it stands in a protobuf `Status`.
    pub(super) fn to_any(&self) -> prost_types::Any {
        match self {
            Self::Retry(delay) => {
                let retry_delay = prost_types::Duration {
                    seconds: i64::try_from(delay.as_secs()).unwrap_or(i64::MAX),
                    nanos: delay.subsec_nanos() as i32,
                };
                let info = RetryInfo { retry_delay: Some(retry_delay) };
                prost_types::Any { type_url: Self::RETRY.to_owned(), value: info.encode_to_vec() }
            }
            Self::Violation { field, description } => {
                let violation = FieldViolation { field: field.clone(), description: description.clone() };
                let bad = BadRequest { field_violations: vec![violation] };
                prost_types::Any { type_url: Self::BAD_REQUEST.to_owned(), value: bad.encode_to_vec() }
            }
        }
    }

    /// As it stands in a JSON `Status`.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Retry(delay) => serde_json::json!({
                "@type": Self::RETRY,
                "retryDelay": format!("{}s", delay.as_secs_f64()),
            }),
            Self::Violation { field, description } => serde_json::json!({
                "@type": Self::BAD_REQUEST,
                "fieldViolations": [{ "field": field, "description": description }],
            }),
        }
    }
}
