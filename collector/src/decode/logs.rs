//! One `LogRecord`.

use std::borrow::Cow;

use spoor_proto::wire::{Fields, put_varint_field};
use spoor_store::model::{Body, Row, Signal, SpanStatus, ValueRef};

use super::fault::{Fault, Reason};
use super::message::join;
use super::request::{Decoded, Job, Scratch};
use super::{cut, ids, time, value};
use crate::correlation::{Extractor, Found};

const TIME: u32 = 1;
const SEVERITY_NUMBER: u32 = 2;
const SEVERITY_TEXT: u32 = 3;
const BODY: u32 = 5;
const ATTRIBUTES: u32 = 6;
const DROPPED_ATTRIBUTES: u32 = 7;
const FLAGS: u32 = 8;
const TRACE_ID: u32 = 9;
const SPAN_ID: u32 = 10;
const OBSERVED_TIME: u32 = 11;
const EVENT_NAME: u32 = 12;

/// The fields that have a column, as they came.
#[derive(Default)]
struct Read<'a> {
    time: u64,
    observed_time: u64,
    severity_number: i32,
    severity_text: &'a str,
    body: Option<Cow<'a, [u8]>>,
    flags: u32,
    trace_id: &'a [u8],
    span_id: &'a [u8],
    event_name: &'a str,
}

/// Decodes one record; the row's stream and correlations are left to the caller.
pub(super) fn record<'r, 'a>(
    message: &'a [u8],
    job: &Job<'_>,
    scratch: &'r mut Scratch<'a>,
    found: &mut Found,
) -> Result<Decoded<'r>, Fault> {
    let read = read(message, job.extractor, scratch, found)?;
    if scratch.attributes.len() > job.limits.attributes_max {
        return Err(Fault::Rejected(Reason::Attributes));
    }
    let rest = &mut scratch.rest;
    let severity_or_kind = u8::try_from(read.severity_number).unwrap_or_else(|_| {
        put_varint_field(rest.written(), SEVERITY_NUMBER, read.severity_number as u64);
        0
    });
    let trace_id = ids::trace(read.trace_id, TRACE_ID, rest)?;
    let span_id = ids::span(read.span_id, SPAN_ID, Reason::SpanIdLength, rest)?;
    let index = time::index_time(read.time, read.observed_time, job.arrival, TIME, rest);
    let body: Option<&'r [u8]> = match read.body {
        None => None,
        Some(Cow::Borrowed(body)) => Some(body),
        Some(Cow::Owned(merged)) => {
            scratch.merged = merged;
            Some(&scratch.merged)
        }
    };
    let space = BodySpace { text: &mut scratch.text, value: &mut scratch.value };
    let (body, body_cut) = match body {
        None => (Body::None, false),
        Some(message) => {
            value::body(message)?;
            let value = ValueRef::parse(message);
            match value {
                ValueRef::Str(text) => job.extractor.text(text, &mut scratch.texts, found),
                _ => job.extractor.structured(value, found),
            }
            space.body(message, value, job.limits.body_bytes_max)
        }
    };
    let row = Row {
        stream: 0,
        signal: Signal::Logs,
        time: index.time,
        time_is_set: index.is_set,
        end_or_observed: read.observed_time,
        severity_or_kind,
        status: SpanStatus::Unset,
        status_is_set: false,
        flags: read.flags,
        trace_id,
        span_id,
        parent_span_id: None,
        name: read.event_name,
        severity_text: read.severity_text,
        body,
        attributes: &scratch.attributes,
        correlations: &[],
        rest: scratch.rest.as_slice(),
    };
    Ok(Decoded { row, body_cut, time_clamped: index.clamped })
}

/// Reads and checks every field but the body; attributes and what has no column go to `scratch`, ids to `found`.
#[inline]
fn read<'a>(
    message: &'a [u8],
    extractor: &Extractor,
    scratch: &mut Scratch<'a>,
    found: &mut Found,
) -> Result<Read<'a>, Fault> {
    scratch.attributes.clear();
    scratch.rest.begin(message);
    let mut read = Read::default();
    for field in Fields::new(message) {
        let field = field?;
        match field.number {
            TIME => read.time = field.fixed64()?,
            SEVERITY_NUMBER => read.severity_number = field.varint()? as i32,
            SEVERITY_TEXT => read.severity_text = value::text(field.bytes()?)?,
            BODY => join(&mut read.body, field.bytes()?),
            ATTRIBUTES => {
                let raw = field.bytes()?;
                extractor.attribute(value::attribute(raw)?, raw, found);
                scratch.attributes.push(raw);
            }
            DROPPED_ATTRIBUTES => {
                field.varint()?;
                scratch.rest.raw(field.raw);
            }
            FLAGS => read.flags = field.fixed32()?,
            TRACE_ID => read.trace_id = field.bytes()?,
            SPAN_ID => read.span_id = field.bytes()?,
            OBSERVED_TIME => read.observed_time = field.fixed64()?,
            EVENT_NAME => read.event_name = value::text(field.bytes()?)?,
            _ => scratch.rest.raw(field.raw),
        }
    }
    Ok(read)
}

/// Where a cut body is written.
struct BodySpace<'r> {
    text: &'r mut String,
    value: &'r mut Vec<u8>,
}

impl<'r> BodySpace<'r> {
    /// The body to keep, and whether it was cut.
    fn body(self, message: &'r [u8], value: ValueRef<'r>, bytes_max: usize) -> (Body<'r>, bool) {
        let is_cut = message.len() > bytes_max;
        match value {
            ValueRef::Str(text) if is_cut => {
                cut::text(text, bytes_max, self.text);
                (Body::Text(self.text), true)
            }
            // Anything beside the one string field would be lost as text, so then the message stays whole.
            ValueRef::Str(text) if message.len() == string_value_len(text) => (Body::Text(text), false),
            value if is_cut => {
                cut::value(value, bytes_max, self.value);
                (Body::Value(self.value), true)
            }
            _ => (Body::Value(message), false),
        }
    }
}

/// Length of an `AnyValue` that holds just `text`, written the shortest way.
#[inline]
fn string_value_len(text: &str) -> usize {
    let bits = usize::BITS - text.len().max(1).leading_zeros();
    1 + bits.div_ceil(7) as usize + text.len()
}
