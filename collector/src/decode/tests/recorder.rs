//! A sink that keeps rows, and puts each back together as the message it came from.

use prost::Message as _;
use spoor_proto::otlp::{LogRecord, Span};
use spoor_proto::wire::{put_bytes_field, put_fixed32_field, put_fixed64_field, put_varint_field};
use spoor_store::model::{Body, Row, Signal, StreamParts};

use crate::correlation::{CorrelationConfig, Extractor};
use crate::decode::Tally;
use crate::decode::fault::Malformed;
use crate::decode::limits::Limits;
use crate::decode::request::{Job, decode};
use crate::decode::sink::RecordSink;

/// Arrival of every request in these tests.
pub(super) const ARRIVAL: u64 = 1_700_000_000_000_000_000;

/// A row, owned.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recorded {
    pub(super) stream: usize,
    pub(super) time: u64,
    pub(super) time_is_set: bool,
    pub(super) correlations: Vec<(String, String)>,
    pub(super) rest: Vec<u8>,
    pub(super) body_text: Option<String>,
    /// Named fields, then `rest`: a message in which `rest` wins.
    pub(super) message: Vec<u8>,
}

/// Keeps everything.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) streams: Vec<StreamParts>,
    pub(super) rows: Vec<Recorded>,
}

impl RecordSink for Recorder {
    fn stream(&mut self, parts: StreamParts) -> u32 {
        self.streams.push(parts);
        self.streams.len() as u32 - 1
    }

    fn row(&mut self, row: &Row<'_>) {
        let own = |text: &&str| (*text).to_owned();
        self.rows.push(Recorded {
            stream: row.stream as usize,
            time: row.time,
            time_is_set: row.time_is_set,
            correlations: row.correlations.iter().map(|(key, value)| (own(key), own(value))).collect(),
            rest: row.rest.to_vec(),
            body_text: match row.body {
                Body::Text(text) => Some(text.to_owned()),
                Body::None | Body::Value(_) => None,
            },
            message: match row.signal {
                Signal::Logs => log_message(row),
                Signal::Spans => span_message(row),
            },
        });
    }
}

impl Recorded {
    pub(super) fn log(&self) -> LogRecord {
        LogRecord::decode(&*self.message).expect("rows hold valid messages")
    }

    pub(super) fn span(&self) -> Span {
        Span::decode(&*self.message).expect("rows hold valid messages")
    }
}

fn log_message(row: &Row<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    if row.time_is_set {
        put_fixed64_field(&mut out, 1, row.time);
    }
    put_fixed64_field(&mut out, 11, row.end_or_observed);
    put_varint_field(&mut out, 2, row.severity_or_kind.into());
    put_bytes_field(&mut out, 3, row.severity_text.as_bytes());
    let mut text = Vec::new();
    match row.body {
        Body::None => {}
        Body::Text(body) => {
            put_bytes_field(&mut text, 1, body.as_bytes());
            put_bytes_field(&mut out, 5, &text);
        }
        Body::Value(value) => put_bytes_field(&mut out, 5, value),
    }
    for attribute in row.attributes {
        put_bytes_field(&mut out, 6, attribute);
    }
    put_fixed32_field(&mut out, 8, row.flags);
    put_bytes_field(&mut out, 9, row.trace_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
    put_bytes_field(&mut out, 10, row.span_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
    put_bytes_field(&mut out, 12, row.name.as_bytes());
    out.extend_from_slice(row.rest);
    out
}

fn span_message(row: &Row<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes_field(&mut out, 1, row.trace_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
    put_bytes_field(&mut out, 2, row.span_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
    put_bytes_field(&mut out, 4, row.parent_span_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
    put_bytes_field(&mut out, 5, row.name.as_bytes());
    put_varint_field(&mut out, 6, row.severity_or_kind.into());
    if row.time_is_set {
        put_fixed64_field(&mut out, 7, row.time);
    }
    put_fixed64_field(&mut out, 8, row.end_or_observed);
    for attribute in row.attributes {
        put_bytes_field(&mut out, 9, attribute);
    }
    if row.status_is_set {
        let mut status = Vec::new();
        put_varint_field(&mut status, 3, row.status as u64);
        put_bytes_field(&mut out, 15, &status);
    }
    put_fixed32_field(&mut out, 16, row.flags);
    out.extend_from_slice(row.rest);
    out
}

/// Decodes with the built-in correlation keys and the standard limits.
pub(super) fn run(signal: Signal, request: &[u8]) -> (Result<Tally, Malformed>, Recorder) {
    run_within(signal, request, Limits::STANDARD)
}

/// Decodes with other limits.
pub(super) fn run_within(
    signal: Signal,
    request: &[u8],
    limits: Limits,
) -> (Result<Tally, Malformed>, Recorder) {
    let extractor = Extractor::new(&CorrelationConfig::default()).expect("built-in keys are valid");
    let job = Job { signal, arrival: ARRIVAL, extractor: &extractor, limits };
    let mut recorder = Recorder::default();
    let result = decode(request, &job, &mut recorder);
    (result, recorder)
}
