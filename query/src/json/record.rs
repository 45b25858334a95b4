//! A record in JSON: flat and typed.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use spoor_proto::wire::{Fields, Payload};
use spoor_store::model::value::embedded;
use spoor_store::model::{KeyValueRef, Record, Signal, Stream};

use super::otlp_fields::{event, link, log, span, status};
use super::value::{AttributesJson, ValueJson};
use crate::owners::Owners;

/// One record as the API shows it.
pub(crate) struct RecordJson<'a> {
    pub(crate) record: &'a Record,
    pub(crate) owner: Option<&'a str>,
}

/// Records in order.
pub(crate) struct RecordsJson<'a> {
    pub(crate) records: &'a [Record],
    pub(crate) owners: &'a Owners,
}

impl Serialize for RecordsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.records.len()))?;
        for record in self.records {
            list.serialize_element(&RecordJson { record, owner: self.owners.of(&record.stream) })?;
        }
        list.end()
    }
}

/// Something that prints itself, as a JSON string.
struct Shown<T>(T);

impl<T: std::fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An id, or an empty string.
fn id<T: std::fmt::Display>(id: Option<T>) -> Shown<IdOrEmpty<T>> {
    Shown(IdOrEmpty(id))
}

struct IdOrEmpty<T>(Option<T>);

impl<T: std::fmt::Display> std::fmt::Display for IdOrEmpty<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_ref().map_or(Ok(()), |id| id.fmt(f))
    }
}

impl Serialize for RecordJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.record;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("record", &Shown(record.id))?;
        map.serialize_entry("signal", record.signal.as_str())?;
        map.serialize_entry("time", &Shown(record.time))?;
        match record.signal {
            Signal::Spans => {
                map.serialize_entry("end", &Shown(record.end_or_observed))?;
                map.serialize_entry("duration_ns", &Shown(record.duration()))?;
            }
            Signal::Logs => map.serialize_entry("observed_time", &Shown(record.end_or_observed))?,
        }
        map.serialize_entry("service", &record.stream.service)?;
        map.serialize_entry("owner", &self.owner)?;
        map.serialize_entry("resource", &AttributesJson(|| record.stream.resource_attributes()))?;
        map.serialize_entry("scope", &ScopeJson(&record.stream))?;
        map.serialize_entry("trace_id", &id(record.trace_id))?;
        map.serialize_entry("span_id", &id(record.span_id))?;
        match record.signal {
            Signal::Spans => span_fields(&mut map, record)?,
            Signal::Logs => log_fields(&mut map, record)?,
        }
        map.serialize_entry("attributes", &AttributesJson(|| record.attributes()))?;
        rest_fields(&mut map, record)?;
        map.serialize_entry("correlation", &CorrelationsJson(record))?;
        map.end()
    }
}

fn span_fields<M: SerializeMap>(map: &mut M, record: &Record) -> Result<(), M::Error> {
    map.serialize_entry("parent_span_id", &id(record.parent_span_id))?;
    map.serialize_entry("name", &record.name)?;
    map.serialize_entry("kind", record.kind().as_str())?;
    map.serialize_entry("status", record.status.as_str())?;
    map.serialize_entry("status_message", status_message(record))?;
    map.serialize_entry("trace_state", last_text(&record.rest, span::TRACE_STATE))?;
    map.serialize_entry("events", &ListJson(|| embedded(&record.rest, span::EVENTS).map(EventJson)))?;
    map.serialize_entry("links", &ListJson(|| embedded(&record.rest, span::LINKS).map(LinkJson)))
}

fn log_fields<M: SerializeMap>(map: &mut M, record: &Record) -> Result<(), M::Error> {
    map.serialize_entry("severity", record.severity().as_str())?;
    let number = number_in(&record.rest, log::SEVERITY_NUMBER).unwrap_or(u64::from(record.severity_or_kind));
    map.serialize_entry("severity_number", &(number as i64))?;
    map.serialize_entry("severity_text", &record.severity_text)?;
    map.serialize_entry("body", &ValueJson::new(record.body_value()))?;
    map.serialize_entry("event_name", &record.name)
}

/// Fields that appear only when they say something.
fn rest_fields<M: SerializeMap>(map: &mut M, record: &Record) -> Result<(), M::Error> {
    if record.flags != 0 {
        map.serialize_entry("flags", &record.flags)?;
    }
    let (raw_time, counts): (u32, &[(&str, u32)]) = match record.signal {
        Signal::Spans => (
            span::START,
            &[
                ("dropped_attributes_count", span::DROPPED_ATTRIBUTES),
                ("dropped_events_count", span::DROPPED_EVENTS),
                ("dropped_links_count", span::DROPPED_LINKS),
            ],
        ),
        Signal::Logs => (log::TIME, &[("dropped_attributes_count", log::DROPPED_ATTRIBUTES)]),
    };
    if record.rest.is_empty() {
        return Ok(());
    }
    // A time that was too far in the future to index under is shown beside the one that was indexed.
    if let Some(raw) = number_in(&record.rest, raw_time) {
        map.serialize_entry("raw_time", &Shown(raw))?;
    }
    for (name, number) in counts {
        if let Some(count) = number_in(&record.rest, *number).filter(|count| *count > 0) {
            map.serialize_entry(name, &count)?;
        }
    }
    Ok(())
}

/// The text of a span's status.
pub(crate) fn status_message(record: &Record) -> &str {
    if record.signal != Signal::Spans || record.rest.is_empty() {
        return "";
    }
    embedded(&record.rest, span::STATUS).last().map_or("", |status| last_text(status, status::MESSAGE))
}

/// What an exception recorded on the span says: its message, else its type.
pub(crate) fn exception_message(record: &Record) -> Option<String> {
    if record.signal != Signal::Spans {
        return None;
    }
    let mut said = None;
    for occurrence in embedded(&record.rest, span::EVENTS) {
        for raw in embedded(occurrence, event::ATTRIBUTES) {
            let attribute = KeyValueRef::parse(raw);
            match (attribute.key, attribute.value.text()) {
                ("exception.message", Some(text)) if !text.is_empty() => return Some(text.into_owned()),
                ("exception.type", Some(text)) if !text.is_empty() => said = Some(text.into_owned()),
                _ => {}
            }
        }
    }
    said
}

/// The last string field `number`, or nothing.
fn last_text(message: &[u8], number: u32) -> &str {
    embedded(message, number).last().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
}

/// The last number in field `number`.
fn number_in(message: &[u8], number: u32) -> Option<u64> {
    let fields = Fields::new(message).map_while(Result::ok).filter(|field| field.number == number);
    fields
        .filter_map(|field| match field.payload {
            Payload::Varint(value) | Payload::Fixed64(value) => Some(value),
            Payload::Fixed32(value) => Some(u64::from(value)),
            Payload::Bytes(_) => None,
        })
        .last()
}

struct ScopeJson<'a>(&'a Stream);

impl Serialize for ScopeJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("name", &self.0.scope_name)?;
        map.serialize_entry("version", &self.0.scope_version)?;
        map.serialize_entry("attributes", &AttributesJson(|| self.0.scope_attributes()))?;
        map.end()
    }
}

/// A list made anew each time it is written.
struct ListJson<F>(F);

impl<I, F> Serialize for ListJson<F>
where
    F: Fn() -> I,
    I: Iterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for item in (self.0)() {
            list.serialize_element(&item)?;
        }
        list.end()
    }
}

/// A `Span.Event` message.
struct EventJson<'a>(&'a [u8]);

impl Serialize for EventJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("time", &Shown(number_in(self.0, event::TIME).unwrap_or_default()))?;
        map.serialize_entry("name", last_text(self.0, event::NAME))?;
        let attributes = || embedded(self.0, event::ATTRIBUTES).map(KeyValueRef::parse);
        map.serialize_entry("attributes", &AttributesJson(attributes))?;
        if let Some(count) = number_in(self.0, event::DROPPED_ATTRIBUTES).filter(|count| *count > 0) {
            map.serialize_entry("dropped_attributes_count", &count)?;
        }
        map.end()
    }
}

/// A `Span.Link` message.
struct LinkJson<'a>(&'a [u8]);

impl Serialize for LinkJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use spoor_store::model::{SpanId, TraceId};
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(
            "trace_id",
            &id(embedded(self.0, link::TRACE_ID).last().and_then(TraceId::from_bytes)),
        )?;
        map.serialize_entry(
            "span_id",
            &id(embedded(self.0, link::SPAN_ID).last().and_then(SpanId::from_bytes)),
        )?;
        let attributes = || embedded(self.0, link::ATTRIBUTES).map(KeyValueRef::parse);
        map.serialize_entry("attributes", &AttributesJson(attributes))?;
        let trace_state = last_text(self.0, link::TRACE_STATE);
        if !trace_state.is_empty() {
            map.serialize_entry("trace_state", trace_state)?;
        }
        if let Some(count) = number_in(self.0, link::DROPPED_ATTRIBUTES).filter(|count| *count > 0) {
            map.serialize_entry("dropped_attributes_count", &count)?;
        }
        map.end()
    }
}

struct CorrelationsJson<'a>(&'a Record);

impl Serialize for CorrelationsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Pair<'a> {
            key: &'a str,
            value: &'a str,
        }
        serializer.collect_seq(self.0.correlations.iter().map(|(key, value)| Pair { key, value }))
    }
}
