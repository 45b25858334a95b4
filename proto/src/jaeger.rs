//! Jaeger's query service, version 3, generated from `jaeger/api_v3/query_service.proto`.

/// `jaeger.api_v3`.
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated; the .proto file says what things are"
)]
pub mod api_v3 {
    tonic::include_proto!("jaeger.api_v3");
}

pub use opentelemetry_proto::tonic::trace::v1::TracesData;

/// The service's file descriptors, for reflection; those of OTLP that they import are [`crate::otlp::DESCRIPTORS`].
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/jaeger_api_v3.bin"));
