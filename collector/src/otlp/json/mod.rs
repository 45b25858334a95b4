//! OTLP/JSON to protobuf, in one pass and without building the messages.
//!
//! | file | owns |
//! |---|---|
//! | `schema.rs` | the messages of OTLP as tables: JSON name, number, kind |
//! | `transcode.rs` | JSON text to protobuf by those tables |
//! | `number.rs` | numbers, in strings or not |
//!
//! Follows the OTLP specification's JSON encoding: lowerCamelCase names, ids in hexadecimal, enums as integers, unknown
//! fields ignored; and proto3's JSON mapping: `null` is unset, numbers may be strings, `NaN` and infinities are strings.

mod number;
mod schema;
#[cfg(test)]
mod tests;
mod transcode;

pub(crate) use schema::{LOGS, METRICS, TRACES};
pub(crate) use transcode::to_protobuf;
