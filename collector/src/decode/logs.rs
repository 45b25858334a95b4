//! One `LogRecord`.

use spoor_proto::wire::{Fields, put_varint_field};
use spoor_store::model::{Body, Row, Signal, SpanStatus, ValueRef};

use super::fault::{Fault, Reason};
use super::message::join;
use super::request::{Decoded, Job, Scratch};
use super::{cut, ids, time, value};
use crate::correlation::Found;

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

/// Decodes one record; the row's stream and correlations are left to the caller.
pub(super) fn record<'r, 'a>(
    message: &'a [u8],
    job: &Job<'_>,
    scratch: &'r mut Scratch<'a>,
    found: &mut Found,
) -> Result<Decoded<'r>, Fault> {
    scratch.attributes.clear();
    scratch.rest.begin(message);
    let (mut own_time, mut observed, mut flags, mut severity) = (0, 0, 0, 0_i32);
    let (mut severity_text, mut name) = ("", "");
    let (mut trace_id, mut span_id): (&[u8], &[u8]) = (&[], &[]);
    let mut body = None;
    for field in Fields::new(message) {
        let field = field?;
        match field.number {
            TIME => own_time = field.fixed64()?,
            SEVERITY_NUMBER => severity = field.varint()? as i32,
            SEVERITY_TEXT => severity_text = value::text(field.bytes()?)?,
            BODY => join(&mut body, field.bytes()?),
            ATTRIBUTES => {
                let raw = field.bytes()?;
                job.extractor.attribute(&value::attribute(raw)?, found);
                scratch.attributes.push(raw);
            }
            DROPPED_ATTRIBUTES => {
                field.varint()?;
                scratch.rest.raw(field.raw);
            }
            FLAGS => flags = field.fixed32()?,
            TRACE_ID => trace_id = field.bytes()?,
            SPAN_ID => span_id = field.bytes()?,
            OBSERVED_TIME => observed = field.fixed64()?,
            EVENT_NAME => name = value::text(field.bytes()?)?,
            _ => scratch.rest.raw(field.raw),
        }
    }
    if scratch.attributes.len() > job.limits.attributes_max {
        return Err(Fault::Rejected(Reason::Attributes));
    }
    let rest = &mut scratch.rest;
    let severity_or_kind = u8::try_from(severity).unwrap_or_else(|_| {
        put_varint_field(rest.written(), SEVERITY_NUMBER, severity as u64);
        0
    });
    let trace_id = ids::trace(trace_id, TRACE_ID, rest)?;
    let span_id = ids::span(span_id, SPAN_ID, Reason::SpanIdLength, rest)?;
    let index = time::index_time(own_time, observed, job.arrival, TIME, rest);
    let body: Option<&'r [u8]> = match body {
        None => None,
        Some(std::borrow::Cow::Borrowed(body)) => Some(body),
        Some(std::borrow::Cow::Owned(merged)) => {
            scratch.merged = merged;
            Some(&scratch.merged)
        }
    };
    let spaces = BodySpace { text: &mut scratch.text, value: &mut scratch.value };
    let (body, body_cut) = match body {
        None => (Body::None, false),
        Some(message) => {
            let value = value::body(message)?;
            match value {
                ValueRef::Str(text) => job.extractor.text(text, &mut scratch.texts, found),
                _ => job.extractor.structured(value, found),
            }
            spaces.body(message, value, job.limits.body_bytes_max)
        }
    };
    let row = Row {
        stream: 0,
        signal: Signal::Logs,
        time: index.time,
        time_is_set: index.is_set,
        end_or_observed: observed,
        severity_or_kind,
        status: SpanStatus::Unset,
        status_is_set: false,
        flags,
        trace_id,
        span_id,
        parent_span_id: None,
        name,
        severity_text,
        body,
        attributes: &scratch.attributes,
        correlations: &[],
        rest: scratch.rest.as_slice(),
    };
    Ok(Decoded { row, body_cut, time_clamped: index.clamped })
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
