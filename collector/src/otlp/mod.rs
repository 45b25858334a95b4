//! OTLP on the wire: both transports, both encodings, one meaning.
//!
//! | file | owns |
//! |---|---|
//! | `routes.rs` | the table of paths |
//! | `grpc.rs` | a unary gRPC call around one export |
//! | `http.rs` | a POST around one export |
//! | `body.rs` | a body, read within the budget |
//! | `payload.rs` | decompression with a cap; JSON to protobuf |
//! | `json/` | OTLP/JSON |
//! | `answer.rs` | outcomes and refusals as either protocol tells them; `status.rs` the messages it needs |

mod answer;
mod body;
mod grpc;
mod http;
mod json;
mod payload;
mod routes;
mod status;

pub(crate) use body::read;
pub(crate) use grpc::unframe as payload_over_grpc;
pub(crate) use http::whole as payload_over_http;
pub(crate) use payload::{Encoding, Format, Payload};
pub(crate) use routes::routes;

/// What is exported; OTLP has one service and one path for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Export {
    Logs,
    Traces,
    Metrics,
}

impl Export {
    pub(crate) const ALL: [Self; 3] = [Self::Logs, Self::Traces, Self::Metrics];

    /// The name it has in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Traces => "spans",
            Self::Metrics => "metrics",
        }
    }

    /// Path of OTLP/HTTP.
    pub(crate) fn http_path(self) -> &'static str {
        match self {
            Self::Logs => "/v1/logs",
            Self::Traces => "/v1/traces",
            Self::Metrics => "/v1/metrics",
        }
    }

    /// Name of the gRPC service.
    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Logs => "opentelemetry.proto.collector.logs.v1.LogsService",
            Self::Traces => "opentelemetry.proto.collector.trace.v1.TraceService",
            Self::Metrics => "opentelemetry.proto.collector.metrics.v1.MetricsService",
        }
    }
}

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Grpc,
    Http,
}

impl Transport {
    /// The name it has in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}
