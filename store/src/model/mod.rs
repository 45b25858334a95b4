//! The records as the store keeps them: identifiers, values, one record, one stream, one batch.
//!
//! Attribute values stay in OTLP's wire form (`KeyValue`, `AnyValue`) from the socket to the answer, which is what
//! makes storage lossless; [`value`] reads them. Fields that have no column of their own stay together as
//! [`record::Record::rest`].

pub mod batch;
pub mod ids;
pub mod record;
pub mod signal;
pub mod stream;
pub mod tenant;
pub mod time;
pub mod value;

pub use batch::{Batch, BatchBuilder, Body, Row};
pub use ids::{RecordId, SpanId, SplitId, TraceId};
pub use record::{Record, RecordBody};
pub use signal::{Severity, Signal, SpanKind, SpanStatus};
pub use stream::{Stream, StreamParts, UNKNOWN_SERVICE};
pub use tenant::Tenant;
pub use time::{TimeRange, UnixNanos};
pub use value::{KeyValueRef, ValueRef};
