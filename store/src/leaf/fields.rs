//! One value for each record: what records are grouped by, counted distinct by, and measured with.
//!
//! A record with several values in one place has the first of them in byte order, so that hot rows and splits, whose
//! terms are in that order, agree.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Budget, DocSet, Held, Kind, Leaf};
use crate::columns::scan::{BLOCKS_PER_CHECK, blocks, ones};
use crate::columns::{BLOCK_RECORDS, Columns};
use crate::error::{Error, Result};
use crate::hot::chunk::RowBits;
use crate::index::term;
use crate::model::record::{EVENT_ATTRIBUTES, EVENT_NAME, SPAN_EVENTS};
use crate::model::value::{KeyValueRef, embedded, flatten};
use crate::model::{Record, RecordBody, Severity, Signal, SpanKind, SpanStatus, Stream, ValueRef};

/// Up to this many records are read; of more, values come from columns, dictionaries and postings.
const READ_MAX: usize = 4_096;

/// Most distinct values of one field in one leaf.
const VALUES_MAX: usize = 2_000_000;

/// What a stream says of all its records; `None` when it has no value.
pub type StreamValue = Arc<dyn Fn(&Stream) -> Option<String> + Send + Sync>;

/// A place where a record's value may stand.
#[derive(Clone)]
pub enum Origin {
    /// `logs` or `spans`.
    Signal,
    /// Severity of log records, by name.
    Severity,
    /// Kind of spans.
    Kind,
    /// Status of spans.
    Status,
    /// Whether a span has no parent: `true` or `false`.
    Root,
    /// Span name, or event name of a log record; an empty one is none.
    Name,
    /// Event name of a log record.
    LogName,
    /// Name of a span event.
    EventName,
    /// Trace id, in hex.
    Trace,
    /// Trace id of a link, in hex.
    Link,
    /// An id under a correlation key.
    Correlation(String),
    /// The record's own attribute, or `body.PATH` of a structured body, by dotted name.
    Attribute(String),
    /// An attribute of the span's events, by dotted name.
    EventAttribute(String),
    /// What the resource and scope say.
    Stream(StreamValue),
}

/// The value of each record of a leaf, by number; 0 stands for none.
pub struct FieldValues {
    numbers: Vec<u32>,
    texts: Vec<String>,
    _held: Held,
}

impl FieldValues {
    /// The number of a record's value; 0 when it has none.
    #[inline]
    pub fn number(&self, ordinal: u32) -> u32 {
        self.numbers.get(ordinal as usize).copied().unwrap_or(0)
    }

    /// The values: number 1 is the first. Not every one need belong to a record that was asked about.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }
}

/// Values on their way to their records.
pub(crate) struct Filling<'a> {
    numbers: Vec<u32>,
    texts: Vec<String>,
    known: HashMap<String, u32, foldhash::fast::RandomState>,
    held: Held,
    budget: &'a Budget,
}

impl<'a> Filling<'a> {
    fn new(records: u32, budget: &'a Budget) -> Result<Self> {
        let mut held = Held::new(budget);
        held.add(records as usize * size_of::<u32>())?;
        let numbers = vec![0; records as usize];
        Ok(Self { numbers, texts: Vec::new(), known: HashMap::default(), held, budget })
    }

    /// The number of a value.
    pub(crate) fn intern(&mut self, text: &str) -> Result<u32> {
        // Key, value and table entry, about.
        const ENTRY_BYTES: usize = 2 * size_of::<String>() + 16;
        if let Some(number) = self.known.get(text) {
            return Ok(*number);
        }
        if self.texts.len() >= VALUES_MAX {
            let reason = format!("a field has more than {VALUES_MAX} values; narrow the time range");
            return Err(Error::TooCostly { reason });
        }
        self.held.add(2 * text.len() + ENTRY_BYTES)?;
        self.texts.push(text.to_owned());
        let number = self.texts.len() as u32;
        self.known.insert(text.to_owned(), number);
        Ok(number)
    }

    /// Gives a record its value if it has none yet.
    #[inline]
    pub(crate) fn offer(&mut self, ordinal: u32, number: u32) {
        if let Some(place) = self.numbers.get_mut(ordinal as usize)
            && *place == 0
        {
            *place = number;
        }
    }

    /// Whether a record has its value.
    #[inline]
    pub(crate) fn has(&self, ordinal: u32) -> bool {
        self.numbers.get(ordinal as usize).is_some_and(|number| *number != 0)
    }

    /// Takes what the record itself says at `origins`.
    pub(crate) fn read(&mut self, record: &Record, origins: &[Origin]) -> Result<()> {
        if let Some(text) = origins.iter().find_map(|origin| origin.of(record)) {
            let number = self.intern(&text)?;
            self.offer(record.id.ordinal, number);
        }
        Ok(())
    }

    /// Looks at the deadline.
    pub(crate) fn check(&self) -> Result<()> {
        self.budget.check()
    }

    /// What the query may cost.
    pub(crate) fn budget(&self) -> &'a Budget {
        self.budget
    }
}

/// See [`Leaf::field`].
pub(super) fn field(leaf: &Leaf, docs: &DocSet, origins: &[Origin], budget: &Budget) -> Result<FieldValues> {
    field_reading(leaf, docs, origins, budget, READ_MAX)
}

/// As [`field`], reading up to `read_max` records.
pub(super) fn field_reading(
    leaf: &Leaf,
    docs: &DocSet,
    origins: &[Origin],
    budget: &Budget,
    read_max: usize,
) -> Result<FieldValues> {
    let mut filling = Filling::new(leaf.len(), budget)?;
    if docs.len() <= read_max && !origins.iter().all(Origin::is_column) {
        let ordinals: Vec<u32> = docs.iter().collect();
        for some in ordinals.chunks(BLOCK_RECORDS) {
            for record in leaf.peek(some, budget)? {
                filling.read(&record, origins)?;
            }
        }
    } else {
        for origin in origins {
            if origin.is_column() {
                leaf.with(|source| {
                    by_column(source.columns(), &source.streams(), docs, origin, &mut filling)
                })?;
                continue;
            }
            match &leaf.kind {
                Kind::Split(handle) => handle.reader()?.fill(docs, origin, &mut filling)?,
                Kind::Hot(view) => view.fill_field(docs, origin, &mut filling)?,
            }
        }
    }
    let Filling { numbers, texts, held, .. } = filling;
    Ok(FieldValues { numbers, texts, _held: held })
}

impl Origin {
    /// A resource attribute by dotted name. `service.name` always has a value.
    pub fn resource(key: &str) -> Self {
        let key = key.to_owned();
        Self::Stream(Arc::new(move |stream| {
            if key == "service.name" {
                return Some(stream.service.clone());
            }
            least_of(stream.resource_attributes(), &key)
        }))
    }

    /// A scope attribute by dotted name.
    pub fn scope(key: &str) -> Self {
        let key = key.to_owned();
        Self::Stream(Arc::new(move |stream| least_of(stream.scope_attributes(), &key)))
    }

    fn is_column(&self) -> bool {
        matches!(
            self,
            Self::Signal | Self::Severity | Self::Kind | Self::Status | Self::Root | Self::Stream(_)
        )
    }

    /// The record's value here.
    pub fn of(&self, record: &Record) -> Option<String> {
        let is_span = record.signal == Signal::Spans;
        let named = |name: &str| (!name.is_empty()).then(|| indexed(name));
        match self {
            Self::Signal => Some(record.signal.as_str().to_owned()),
            Self::Severity => (!is_span).then(|| record.severity().as_str().to_owned()),
            Self::Kind => is_span.then(|| record.kind().as_str().to_owned()),
            Self::Status => is_span.then(|| record.status.as_str().to_owned()),
            Self::Root => is_span.then(|| record.parent_span_id.is_none().to_string()),
            Self::Name => named(&record.name),
            Self::LogName if !is_span => named(&record.name),
            Self::LogName => None,
            Self::EventName => least_event_name(span_rest(record)),
            Self::Trace => record.trace_id.map(|id| id.to_string()),
            Self::Link => record.links().map(|(trace, _)| trace).min().map(|trace| trace.to_string()),
            Self::Correlation(key) => {
                let ids = record.correlations.iter().filter(|(found, _)| found == key);
                ids.map(|(_, value)| value).min().cloned()
            }
            Self::Attribute(key) => {
                let mut least = Least::default();
                record.attributes.iter().for_each(|raw| least.attribute(raw, key));
                if let RecordBody::Value(value) = &record.body {
                    least.value("body", ValueRef::parse(value), key);
                }
                least.0
            }
            Self::EventAttribute(key) => least_event_attribute(span_rest(record), key),
            Self::Stream(value) => value(&record.stream),
        }
    }
}

fn span_rest(record: &Record) -> &[u8] {
    if record.signal == Signal::Spans { &record.rest } else { &[] }
}

/// As the index has it: without zero bytes.
pub(crate) fn indexed(text: &str) -> String {
    text.replace('\0', "\u{1}")
}

/// The first in byte order of some values.
#[derive(Default)]
pub(crate) struct Least(pub(crate) Option<String>);

impl Least {
    pub(crate) fn offer(&mut self, text: &str) {
        let text = indexed(text);
        if self.0.as_ref().is_none_or(|least| text < *least) {
            self.0 = Some(text);
        }
    }

    /// Offers the scalars at `key` in one attribute (a `KeyValue` message).
    pub(crate) fn attribute(&mut self, key_value: &[u8], key: &str) {
        let attribute = KeyValueRef::parse(key_value);
        self.value(attribute.key, attribute.value, key);
    }

    /// Offers the scalars at `key` under `path`, of those that are indexed.
    pub(crate) fn value(&mut self, path: &str, value: ValueRef<'_>, key: &str) {
        if !key.starts_with(path) {
            return;
        }
        let mut left = term::STRUCTURED_MAX;
        flatten(path, value, &mut |found, text| {
            if left > 0 && found == key {
                self.offer(text);
            }
            left = left.saturating_sub(1);
        });
    }
}

fn least_of<'a>(attributes: impl Iterator<Item = KeyValueRef<'a>>, key: &str) -> Option<String> {
    let mut least = Least::default();
    attributes.for_each(|attribute| least.value(attribute.key, attribute.value, key));
    least.0
}

/// The first event name in a span's remaining fields.
pub(crate) fn least_event_name(rest: &[u8]) -> Option<String> {
    let mut least = Least::default();
    for event in embedded(rest, SPAN_EVENTS) {
        let name = embedded(event, EVENT_NAME).last().and_then(|name| std::str::from_utf8(name).ok());
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            least.offer(name);
        }
    }
    least.0
}

/// The first value of an event attribute in a span's remaining fields.
pub(crate) fn least_event_attribute(rest: &[u8], key: &str) -> Option<String> {
    let mut least = Least::default();
    for event in embedded(rest, SPAN_EVENTS) {
        for raw in embedded(event, EVENT_ATTRIBUTES) {
            let attribute = KeyValueRef::parse(raw);
            flatten(attribute.key, attribute.value, &mut |found, text| {
                if found == key {
                    least.offer(text);
                }
            });
        }
    }
    least.0
}

fn by_column(
    columns: &dyn Columns,
    streams: &[Arc<Stream>],
    docs: &DocSet,
    origin: &Origin,
    filling: &mut Filling<'_>,
) -> Result<()> {
    let mut of_streams = Vec::new();
    if let Origin::Stream(value) = origin {
        for stream in streams {
            of_streams.push(value(stream).map_or(Ok(0), |text| filling.intern(&text))?);
        }
        if of_streams.iter().all(|number| *number == 0) {
            return Ok(());
        }
    }
    let mut of_codes = [0_u32; 256];
    let mut stream_numbers = [0; BLOCK_RECORDS];
    let mut kinds = [0; BLOCK_RECORDS];
    let mut bits = [RowBits(0); BLOCK_RECORDS];
    for (checked, (block, mask)) in blocks(docs).into_iter().enumerate() {
        if checked % BLOCKS_PER_CHECK == 0 {
            filling.check()?;
        }
        if matches!(origin, Origin::Stream(_)) {
            columns.streams(block, &mut stream_numbers);
        } else {
            columns.kinds(block, &mut kinds);
            columns.bits(block, &mut bits);
        }
        for index in ones(&mask) {
            let number = if matches!(origin, Origin::Stream(_)) {
                of_streams.get(stream_numbers[index] as usize).copied().unwrap_or(0)
            } else {
                let Some((code, text)) = coded(origin, kinds[index], bits[index]) else { continue };
                if of_codes[code] == 0 {
                    of_codes[code] = filling.intern(text)?;
                }
                of_codes[code]
            };
            if number != 0 {
                filling.offer((block * BLOCK_RECORDS + index) as u32, number);
            }
        }
    }
    Ok(())
}

/// A number below 256 and the text of a value that a record's code and bits decide.
fn coded(origin: &Origin, kind: u8, bits: RowBits) -> Option<(usize, &'static str)> {
    let is_span = bits.is_span();
    match origin {
        Origin::Signal => Some((usize::from(is_span), bits.signal().as_str())),
        Origin::Severity if !is_span => Some((usize::from(kind), Severity::from_number(kind).as_str())),
        Origin::Kind if is_span => Some((usize::from(kind), SpanKind::from_u8(kind).as_str())),
        Origin::Status if is_span => {
            let status: SpanStatus = bits.status();
            Some((status as usize, status.as_str()))
        }
        Origin::Root if is_span => {
            let is_root = !bits.has_parent();
            Some((usize::from(is_root), if is_root { "true" } else { "false" }))
        }
        _ => None,
    }
}
