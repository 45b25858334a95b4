//! Why a request, or one record of it, is not accepted.

use spoor_proto::wire::WireError;

/// A request that is not a protobuf message of its type; nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", if place.is_empty() { "request" } else { place })]
pub struct Malformed {
    /// Where, as a path from the request's root: `resource_logs[0].scope_logs[2]`.
    pub place: String,
    /// What is wrong there.
    pub why: WireError,
}

/// Why one record is rejected while its neighbours are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Reason {
    /// `trace_id` is neither absent nor 16 bytes long.
    TraceIdLength,
    /// `span_id` is neither absent nor 8 bytes long.
    SpanIdLength,
    /// `parent_span_id` is neither absent nor 8 bytes long.
    ParentSpanIdLength,
    /// A span without a trace id, or with one of zeros.
    TraceIdMissing,
    /// A span without a span id, or with one of zeros.
    SpanIdMissing,
    /// A string is not UTF-8.
    Utf8,
    /// Arrays and maps nested too deeply.
    Depth,
    /// More attributes than a record may have.
    Attributes,
    /// The name of an attribute, or of a map's entry, is too long.
    KeyLength,
    /// The request already held as many records as one may.
    Records,
    /// Resources and scopes repeated over too many streams.
    Streams,
}

impl Reason {
    /// Every reason, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::TraceIdLength,
        Self::SpanIdLength,
        Self::ParentSpanIdLength,
        Self::TraceIdMissing,
        Self::SpanIdMissing,
        Self::Utf8,
        Self::Depth,
        Self::Attributes,
        Self::KeyLength,
        Self::Records,
        Self::Streams,
    ];

    /// The name it has in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::TraceIdLength => "trace_id_length",
            Self::SpanIdLength => "span_id_length",
            Self::ParentSpanIdLength => "parent_span_id_length",
            Self::TraceIdMissing => "trace_id_missing",
            Self::SpanIdMissing => "span_id_missing",
            Self::Utf8 => "utf8",
            Self::Depth => "depth",
            Self::Attributes => "attributes",
            Self::KeyLength => "key_length",
            Self::Records => "records",
            Self::Streams => "streams",
        }
    }

    /// What a person must change, for the answer's `error_message`.
    pub fn advice(self) -> &'static str {
        match self {
            Self::TraceIdLength => "trace_id must be 16 bytes",
            Self::SpanIdLength => "span_id must be 8 bytes",
            Self::ParentSpanIdLength => "parent_span_id must be 8 bytes or absent",
            Self::TraceIdMissing => "trace_id of a span must be set and not all zeros",
            Self::SpanIdMissing => "span_id of a span must be set and not all zeros",
            Self::Utf8 => "a string is not valid UTF-8; send other bytes as bytes_value",
            Self::Depth => "values are nested more than 64 levels deep",
            Self::Attributes => "a record may have at most 1000 attributes",
            Self::KeyLength => "names of attributes and map entries may have at most 4096 bytes",
            Self::Records => "a request may hold at most 100000 records; send smaller batches",
            Self::Streams => {
                "resources and scopes of the request are too large; send fewer scopes in one request"
            }
        }
    }
}

/// What can be wrong inside a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not protobuf: the whole request goes.
    Wire(WireError),
    /// The record goes, its neighbours stay.
    Rejected(Reason),
}

impl From<WireError> for Fault {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

impl From<Reason> for Fault {
    fn from(reason: Reason) -> Self {
        Self::Rejected(reason)
    }
}

impl Malformed {
    pub(crate) fn here(why: WireError) -> Self {
        Self { place: String::new(), why }
    }

    /// The same fault, seen from the message that holds it.
    pub(crate) fn inside(mut self, field: &str, index: usize) -> Self {
        let dot = if self.place.is_empty() { "" } else { "." };
        self.place = format!("{field}[{index}]{dot}{}", self.place);
        self
    }
}
