//! OTLP requests to rows, borrowed from the request's bytes.
//!
//! | file | owns |
//! |---|---|
//! | `request.rs` | the walk: request → resource → scope → record |
//! | `stream.rs` | resource and scope |
//! | `logs.rs`, `spans.rs` | one record |
//! | `value.rs`, `ids.rs`, `time.rs`, `rest.rs`, `message.rs` | parts of a record |
//! | `cut.rs` | bodies past the limit |
//! | `fault.rs`, `tally.rs` | what is wrong, and how many records it cost |
//! | `limits.rs` | bounds |
//! | `sink.rs` | where rows go |
//! | `replay.rs` | the same decode, for the store's write-ahead log |
//! | `metrics.rs` | data points, counted |
//!
//! Invariant: the outcome depends on the bytes, the arrival time and the extraction rules alone, because replay repeats
//! it. A request that is not protobuf is refused whole; a record that breaks a rule of OTLP is rejected by itself.

mod cut;
mod fault;
mod ids;
mod limits;
mod logs;
mod message;
mod metrics;
mod replay;
mod request;
mod rest;
mod sink;
mod spans;
mod stream;
mod tally;
#[cfg(test)]
mod tests;
mod time;
mod value;

pub use fault::{Malformed, Reason};
pub(crate) use metrics::count_data_points;
pub use replay::OtlpDecoder;
pub use tally::Tally;
#[cfg(test)]
pub(crate) use tests::arbitrary;
