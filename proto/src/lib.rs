//! Wire types: OTLP, re-exported from `opentelemetry-proto`, and a borrowed reader of the protobuf wire format.
//!
//! | module | holds |
//! |---|---|
//! | [`otlp`] | the OTLP messages that Spoor uses, owned (prost) |
//! | [`wire`] | fields of a message without copying it; a writer for single fields |

pub mod otlp;
pub mod wire;
