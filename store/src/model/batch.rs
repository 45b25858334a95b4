//! One decoded request on its way into the store: its bytes, and every record as ranges into them.
//!
//! The collector (and WAL replay, and compaction) fills a [`BatchBuilder`] on a request's own thread. All that can be
//! computed without the hot rows — tokens, hashes, index terms — is computed here, in parallel, so that the one writer
//! only probes tables.

use std::hash::BuildHasher as _;

use bytes::Bytes;

use super::ids::{SpanId, TraceId};
use super::signal::{Signal, SpanStatus};
use super::stream::StreamParts;
use super::tenant::Tenant;
use super::time::UnixNanos;
use super::value::ValueRef;
use crate::index::{term, tokenizer};

/// A record as the collector hands it over, borrowed from the request or from scratch space.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Number given by [`BatchBuilder::stream`].
    pub stream: u32,
    /// Log record or span.
    pub signal: Signal,
    /// The time to index under: never 0 in practice; see [`crate::model::Record::time`].
    pub time: UnixNanos,
    /// Whether the record itself carries `time`. When it carries another, that one stands in `rest`.
    pub time_is_set: bool,
    /// `end_time_unix_nano` or `observed_time_unix_nano`; 0 when unset.
    pub end_or_observed: UnixNanos,
    /// `severity_number` or `kind`; a number past 255 stands in `rest`, 0 here.
    pub severity_or_kind: u8,
    /// Status code of a span.
    pub status: SpanStatus,
    /// Whether a `Status` message was present. One with a text or an unknown code stands in `rest` whole.
    pub status_is_set: bool,
    /// `flags`.
    pub flags: u32,
    /// Trace id; an invalid one of a log record (all zeros) stands in `rest`, `None` here.
    pub trace_id: Option<TraceId>,
    /// Span id; as the trace id.
    pub span_id: Option<SpanId>,
    /// Parent span id; as the trace id.
    pub parent_span_id: Option<SpanId>,
    /// Name of a span, `event_name` of a log record.
    pub name: &'a str,
    /// `severity_text` of a log record.
    pub severity_text: &'a str,
    /// Body of a log record.
    pub body: Body<'a>,
    /// `KeyValue` messages in order.
    pub attributes: &'a [&'a [u8]],
    /// Correlation ids found: (key, value), no pair twice.
    pub correlations: &'a [(&'a str, &'a str)],
    /// Every other field, as a fragment of the OTLP message.
    pub rest: &'a [u8],
}

/// Body of a log record, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Body<'a> {
    /// No body.
    None,
    /// A string.
    Text(&'a str),
    /// Any other value, as an `AnyValue` message.
    Value(&'a [u8]),
}

/// A decoded request, ready for the store.
#[derive(Debug)]
pub struct Batch {
    pub(crate) tenant: Tenant,
    pub(crate) signal: Signal,
    pub(crate) arrival: UnixNanos,
    pub(crate) bytes: Bytes,
    pub(crate) fingerprint: u128,
    pub(crate) arena: Vec<u8>,
    pub(crate) streams: Vec<StreamParts>,
    pub(crate) rows: Vec<BatchRow>,
    pub(crate) attributes: Vec<Hashed>,
    pub(crate) tokens: Vec<Hashed>,
    pub(crate) terms: Vec<Hashed>,
    pub(crate) correlations: Vec<Hashed>,
}

/// Fills a [`Batch`].
#[derive(Debug)]
pub struct BatchBuilder {
    batch: Batch,
    hasher: ItemHasher,
    scratch: Vec<u8>,
}

/// A range of the request's bytes, or (top bit of `start` set) of the batch's arena.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slice {
    start: u32,
    len: u32,
}

/// A slice with the hash of what it holds, for the writer's tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hashed {
    pub(crate) hash: u64,
    pub(crate) slice: Slice,
}

/// A record of a batch. Ranges count into the batch's lists.
#[derive(Debug, Clone)]
pub(crate) struct BatchRow {
    pub(crate) stream: u32,
    pub(crate) signal: Signal,
    pub(crate) time: UnixNanos,
    pub(crate) time_is_set: bool,
    pub(crate) end_or_observed: UnixNanos,
    pub(crate) severity_or_kind: u8,
    pub(crate) status: SpanStatus,
    pub(crate) status_is_set: bool,
    pub(crate) flags: u32,
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) span_id: Option<SpanId>,
    pub(crate) parent_span_id: Option<SpanId>,
    pub(crate) name: Hashed,
    pub(crate) severity_text: Hashed,
    pub(crate) body: Slice,
    pub(crate) body_kind: BodyKind,
    pub(crate) attributes: std::ops::Range<u32>,
    pub(crate) tokens: std::ops::Range<u32>,
    pub(crate) terms: std::ops::Range<u32>,
    pub(crate) correlations: std::ops::Range<u32>,
    pub(crate) rest: Slice,
}

/// Which variant of [`Body`] a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum BodyKind {
    None = 0,
    Text = 1,
    Value = 2,
}

/// Hashes dictionary items the same way everywhere in the process; never stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct ItemHasher(foldhash::fast::FixedState);

impl ItemHasher {
    #[inline]
    pub(crate) fn hash(&self, item: &[u8]) -> u64 {
        self.0.hash_one(item)
    }
}

const ARENA: u32 = 1 << 31;

impl Batch {
    /// Largest request, in bytes: offsets into it are 31 bits wide.
    pub const BYTES_MAX: usize = (1 << 31) - 1;

    /// Records in it.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whose it is.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    #[inline]
    pub(crate) fn get(&self, slice: Slice) -> &[u8] {
        let start = (slice.start & !ARENA) as usize;
        let home = if slice.start & ARENA == 0 { self.bytes.as_ref() } else { self.arena.as_slice() };
        &home[start..start + slice.len as usize]
    }
}

impl BatchBuilder {
    /// Starts a batch. `bytes` is the request as the WAL keeps it and as the decoder will see it at replay; at most
    /// [`Batch::BYTES_MAX`].
    pub fn new(tenant: Tenant, signal: Signal, arrival: UnixNanos, bytes: Bytes) -> Self {
        let seed = xxhash_rust::xxh3::xxh3_64_with_seed(tenant.as_str().as_bytes(), signal as u64);
        let fingerprint = xxhash_rust::xxh3::xxh3_128_with_seed(&bytes, seed);
        let batch = Batch {
            tenant,
            signal,
            arrival,
            bytes,
            fingerprint,
            arena: Vec::new(),
            streams: Vec::new(),
            rows: Vec::new(),
            attributes: Vec::new(),
            tokens: Vec::new(),
            terms: Vec::new(),
            correlations: Vec::new(),
        };
        Self { batch, hasher: ItemHasher::default(), scratch: Vec::new() }
    }

    /// Announces the resource and scope of the rows to come.
    pub fn stream(&mut self, parts: StreamParts) -> u32 {
        if self.batch.streams.last() != Some(&parts) {
            self.batch.streams.push(parts);
        }
        (self.batch.streams.len() - 1) as u32
    }

    /// Adds one record.
    pub fn row(&mut self, row: &Row<'_>) {
        let attributes = self.batch.attributes.len() as u32;
        for &attribute in row.attributes {
            let item = self.hashed(attribute);
            self.batch.attributes.push(item);
        }
        let tokens = self.batch.tokens.len() as u32;
        let terms = self.batch.terms.len() as u32;
        let correlations = self.batch.correlations.len() as u32;
        for &(key, value) in row.correlations {
            let mut scratch = std::mem::take(&mut self.scratch);
            scratch.clear();
            term::correlation(&mut scratch, key, value);
            let item = self.hashed_copy(&scratch);
            self.batch.correlations.push(item);
            self.scratch = scratch;
        }
        let (body_kind, body) = self.body(row.body);
        if row.signal == Signal::Spans && !row.rest.is_empty() {
            self.span_terms(row.rest);
        }
        let added = BatchRow {
            stream: row.stream,
            signal: row.signal,
            time: row.time,
            time_is_set: row.time_is_set,
            end_or_observed: row.end_or_observed,
            severity_or_kind: row.severity_or_kind,
            status: row.status,
            status_is_set: row.status_is_set,
            flags: row.flags,
            trace_id: row.trace_id,
            span_id: row.span_id,
            parent_span_id: row.parent_span_id,
            name: self.hashed(row.name.as_bytes()),
            severity_text: self.hashed(row.severity_text.as_bytes()),
            body,
            body_kind,
            attributes: attributes..self.batch.attributes.len() as u32,
            tokens: tokens..self.batch.tokens.len() as u32,
            terms: terms..self.batch.terms.len() as u32,
            correlations: correlations..self.batch.correlations.len() as u32,
            rest: self.slice(row.rest),
        };
        self.batch.rows.push(added);
    }

    /// Ends the batch.
    pub fn finish(self) -> Batch {
        self.batch
    }

    fn body(&mut self, body: Body<'_>) -> (BodyKind, Slice) {
        match body {
            Body::None => (BodyKind::None, Slice::default()),
            Body::Text(text) => {
                self.tokens(text);
                (BodyKind::Text, self.slice(text.as_bytes()))
            }
            Body::Value(any_value) => {
                let mut terms = Vec::new();
                super::value::flatten("body", ValueRef::parse(any_value), &mut |path, text| {
                    self.tokens(text);
                    if terms.len() < term::STRUCTURED_MAX {
                        let mut bytes = Vec::new();
                        term::attribute(&mut bytes, path, text);
                        terms.push(bytes);
                    }
                });
                for bytes in terms {
                    self.push_term(&bytes);
                }
                (BodyKind::Value, self.slice(any_value))
            }
        }
    }

    fn tokens(&mut self, text: &str) {
        let mut lowered = std::mem::take(&mut self.scratch);
        tokenizer::tokens(text, &mut lowered, &mut |token| {
            let item = self.hashed(token);
            self.batch.tokens.push(item);
        });
        self.scratch = lowered;
    }

    fn span_terms(&mut self, rest: &[u8]) {
        let mut terms = Vec::new();
        term::of_span_rest(rest, &mut |bytes| terms.push(bytes.to_vec()));
        for bytes in terms {
            self.push_term(&bytes);
        }
    }

    fn push_term(&mut self, bytes: &[u8]) {
        let item = self.hashed_copy(bytes);
        self.batch.terms.push(item);
    }

    fn hashed(&mut self, item: &[u8]) -> Hashed {
        Hashed { hash: self.hasher.hash(item), slice: self.slice(item) }
    }

    fn hashed_copy(&mut self, item: &[u8]) -> Hashed {
        Hashed { hash: self.hasher.hash(item), slice: self.copy(item) }
    }

    /// A slice that lies in the request is kept as a range of it; anything else is copied into the arena.
    #[inline]
    fn slice(&mut self, item: &[u8]) -> Slice {
        let base = self.batch.bytes.as_ptr() as usize;
        let offset = (item.as_ptr() as usize).wrapping_sub(base);
        if offset < self.batch.bytes.len() && offset + item.len() <= self.batch.bytes.len() {
            Slice { start: offset as u32, len: item.len() as u32 }
        } else {
            self.copy(item)
        }
    }

    fn copy(&mut self, item: &[u8]) -> Slice {
        if item.is_empty() {
            return Slice::default();
        }
        let start = self.batch.arena.len() as u32;
        self.batch.arena.extend_from_slice(item);
        Slice { start: start | ARENA, len: item.len() as u32 }
    }
}
