//! One `Span`.

use std::borrow::Cow;

use spoor_proto::wire::{Fields, put_bytes_field, put_varint_field};
use spoor_store::model::{Body, Row, Signal, SpanStatus};

use super::fault::{Fault, Reason};
use super::message::join;
use super::request::{Decoded, Job, Scratch};
use super::rest::Rest;
use super::{ids, time, value};
use crate::correlation::{Extractor, Found};

const TRACE_ID: u32 = 1;
const SPAN_ID: u32 = 2;
const TRACE_STATE: u32 = 3;
const PARENT_SPAN_ID: u32 = 4;
const NAME: u32 = 5;
const KIND: u32 = 6;
const START: u32 = 7;
const END: u32 = 8;
const ATTRIBUTES: u32 = 9;
const DROPPED_ATTRIBUTES: u32 = 10;
const EVENTS: u32 = 11;
const DROPPED_EVENTS: u32 = 12;
const LINKS: u32 = 13;
const DROPPED_LINKS: u32 = 14;
const STATUS: u32 = 15;
const FLAGS: u32 = 16;

const STATUS_MESSAGE: u32 = 2;
const STATUS_CODE: u32 = 3;

/// The fields that have a column, as they came.
#[derive(Default)]
struct Read<'a> {
    trace_id: &'a [u8],
    span_id: &'a [u8],
    parent_span_id: &'a [u8],
    name: &'a str,
    kind: i32,
    start: u64,
    end: u64,
    status: Option<Cow<'a, [u8]>>,
    flags: u32,
}

/// Decodes one span; the row's stream and correlations are left to the caller.
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
    let kind = u8::try_from(read.kind).unwrap_or_else(|_| {
        put_varint_field(rest.written(), KIND, read.kind as u64);
        0
    });
    let trace_id = ids::trace(read.trace_id, TRACE_ID, rest)?.ok_or(Reason::TraceIdMissing)?;
    let span_id =
        ids::span(read.span_id, SPAN_ID, Reason::SpanIdLength, rest)?.ok_or(Reason::SpanIdMissing)?;
    let parent_span_id = ids::span(read.parent_span_id, PARENT_SPAN_ID, Reason::ParentSpanIdLength, rest)?;
    let index = time::index_time(read.start, read.end, job.arrival, START, rest);
    let status = match &read.status {
        Some(message) => span_status(message, rest)?,
        None => SpanStatus::Unset,
    };
    let row = Row {
        stream: 0,
        signal: Signal::Spans,
        time: index.time,
        time_is_set: index.is_set,
        end_or_observed: read.end,
        severity_or_kind: kind,
        status,
        status_is_set: read.status.is_some(),
        flags: read.flags,
        trace_id: Some(trace_id),
        span_id: Some(span_id),
        parent_span_id,
        name: read.name,
        severity_text: "",
        body: Body::None,
        attributes: &scratch.attributes,
        correlations: &[],
        rest: scratch.rest.as_slice(),
    };
    Ok(Decoded { row, body_cut: false, time_clamped: index.clamped })
}

/// Reads and checks every field; attributes and what has no column go to `scratch`, ids to `found`.
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
            TRACE_ID => read.trace_id = field.bytes()?,
            SPAN_ID => read.span_id = field.bytes()?,
            PARENT_SPAN_ID => read.parent_span_id = field.bytes()?,
            NAME => read.name = value::text(field.bytes()?)?,
            KIND => read.kind = field.varint()? as i32,
            START => read.start = field.fixed64()?,
            END => read.end = field.fixed64()?,
            ATTRIBUTES => {
                let raw = field.bytes()?;
                extractor.attribute(value::attribute(raw)?, raw, found);
                scratch.attributes.push(raw);
            }
            STATUS => join(&mut read.status, field.bytes()?),
            FLAGS => read.flags = field.fixed32()?,
            number => {
                match number {
                    TRACE_STATE => value::check_text(field.bytes()?)?,
                    EVENTS => event(field.bytes()?, extractor, found)?,
                    LINKS => link(field.bytes()?)?,
                    DROPPED_ATTRIBUTES | DROPPED_EVENTS | DROPPED_LINKS => drop(field.varint()?),
                    _ => {}
                }
                scratch.rest.raw(field.raw);
            }
        }
    }
    Ok(read)
}

/// Reads a `Status`; one that says more than a known code goes to `rest` whole.
fn span_status(message: &[u8], rest: &mut Rest<'_>) -> Result<SpanStatus, Fault> {
    let mut code = 0_i32;
    for field in Fields::new(message) {
        let field = field?;
        match field.number {
            STATUS_MESSAGE => value::check_text(field.bytes()?)?,
            STATUS_CODE => code = field.varint()? as i32,
            _ => {}
        }
    }
    let status = u8::try_from(code).map_or(SpanStatus::Unset, SpanStatus::from_u8);
    let plain: &[u8] = &[(STATUS_CODE << 3) as u8, status as u8];
    if !message.is_empty() && message != plain {
        put_bytes_field(rest.written(), STATUS, message);
    }
    Ok(status)
}

fn event(message: &[u8], extractor: &Extractor, found: &mut Found) -> Result<(), Fault> {
    for field in Fields::new(message) {
        let field = field?;
        match field.number {
            1 => drop(field.fixed64()?),
            2 => value::check_text(field.bytes()?)?,
            3 => {
                let raw = field.bytes()?;
                extractor.attribute(value::attribute(raw)?, raw, found);
            }
            4 => drop(field.varint()?),
            _ => {}
        }
    }
    Ok(())
}

fn link(message: &[u8]) -> Result<(), Fault> {
    for field in Fields::new(message) {
        let field = field?;
        match field.number {
            1 | 2 => drop(field.bytes()?),
            3 => value::check_text(field.bytes()?)?,
            4 => drop(value::attribute(field.bytes()?)?),
            5 => drop(field.varint()?),
            6 => drop(field.fixed32()?),
            _ => {}
        }
    }
    Ok(())
}
