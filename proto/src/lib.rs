//! Wire types: OTLP, re-exported from `opentelemetry-proto`, Jaeger's query service, and a borrowed reader of the
//! protobuf wire format.
//!
//! | module | holds |
//! |---|---|
//! | [`jaeger`] | Jaeger's gRPC query service, generated |
//! | [`otlp`] | the OTLP messages that Spoor uses, owned (prost) |
//! | [`wire`] | fields of a message without copying it; a writer for single fields |

pub mod jaeger;
pub mod otlp;
pub mod wire;
