//! What the rows of one building split share: streams, attributes, terms, traces, span ids, tokens, names.

use std::collections::HashMap;
use std::sync::Arc;

use hashbrown::HashTable;

use super::chunk::NONE;
use super::dictionary::Dictionary;
use crate::index::{term, tokenizer};
use crate::model::batch::ItemHasher;
use crate::model::value::KeyValueRef;
use crate::model::{SpanId, Stream, StreamParts, TraceId};

/// A key with more distinct values than this, and more than one for every [`ROWS_PER_VALUE_MIN`] rows, is of high
/// cardinality: further values are kept inline and indexed by bucket, so that unique ids, URLs and statements neither
/// fill the dictionary nor the memory.
const DISTINCT_MAX: u32 = 4_096;

/// See [`DISTINCT_MAX`].
const ROWS_PER_VALUE_MIN: u32 = 8;

/// The dictionaries of one building split.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) hasher: ItemHasher,
    pub(crate) streams: Vec<Arc<Stream>>,
    stream_numbers: HashMap<StreamParts, u32>,
    /// `KeyValue` messages.
    pub(crate) attributes: Dictionary,
    /// Terms of every attribute, one after another; see [`Self::attribute_terms`].
    attribute_terms: Vec<u32>,
    attribute_terms_end: Vec<u32>,
    keys: HashMap<Box<str>, KeyUse>,
    pub(crate) terms: Dictionary,
    /// Rows with a link, by the link's term.
    pub(crate) link_rows: HashMap<u32, Vec<u32>>,
    /// Terms of the attributes of events and links, by the part that all values of one key share.
    pub(crate) part_terms: HashMap<Box<[u8]>, Vec<u32>>,
    part_terms_len: usize,
    /// Correlation terms.
    pub(crate) correlations: Dictionary,
    /// Rows of each correlation id, ascending.
    pub(crate) correlation_rows: Vec<Vec<u32>>,
    pub(crate) traces: Vec<[u8; 16]>,
    trace_numbers: HashTable<u32>,
    /// The last row of each trace; the start of the chain through `HotRow::trace_previous`.
    pub(crate) trace_last: Vec<u32>,
    pub(crate) spans: SpanTable,
    pub(crate) tokens: Dictionary,
    pub(crate) names: Dictionary,
    name_tokens: Vec<u32>,
    name_tokens_end: Vec<u32>,
    pub(crate) severity_texts: Dictionary,
    correlation_rows_len: usize,
}

/// What is known of an attribute name.
#[derive(Debug, Default)]
struct KeyUse {
    /// Values interned.
    distinct: u32,
    /// Whether values are kept inline.
    has_inline: bool,
}

/// Span ids by trace: the same span id in two traces is two entries.
#[derive(Debug, Default)]
pub(crate) struct SpanTable {
    pub(crate) ids: Vec<[u8; 8]>,
    pub(crate) traces: Vec<u32>,
    /// The row that named it first; ascending.
    pub(crate) first_rows: Vec<u32>,
    numbers: HashTable<u32>,
}

impl Tables {
    pub(crate) fn stream(&mut self, parts: &StreamParts) -> u32 {
        if let Some(number) = self.stream_numbers.get(parts) {
            return *number;
        }
        let number = self.streams.len() as u32;
        self.streams.push(Arc::new(Stream::new(parts.clone())));
        self.stream_numbers.insert(parts.clone(), number);
        number
    }

    /// The number of an attribute, or `None` when it is to be kept inline. `rows` is how many rows there are.
    #[inline]
    pub(crate) fn attribute(&mut self, hash: u64, key_value: &[u8], rows: u32) -> Option<u32> {
        match self.attributes.find(hash, key_value) {
            Some(id) => Some(id),
            None => self.new_attribute(hash, key_value, rows),
        }
    }

    fn new_attribute(&mut self, hash: u64, key_value: &[u8], rows: u32) -> Option<u32> {
        let key = KeyValueRef::parse(key_value).key;
        let usage = match self.keys.get_mut(key) {
            Some(usage) => usage,
            None => self.keys.entry(key.into()).or_default(),
        };
        if usage.distinct > DISTINCT_MAX.max(rows / ROWS_PER_VALUE_MIN) {
            usage.has_inline = true;
            return None;
        }
        usage.distinct += 1;
        let (id, _) = self.attributes.intern(hash, key_value);
        let (hasher, terms, list) = (&self.hasher, &mut self.terms, &mut self.attribute_terms);
        term::of_attribute(key_value, false, &mut |bytes| {
            list.push(terms.intern(hasher.hash(bytes), bytes).0)
        });
        self.attribute_terms_end.push(self.attribute_terms.len() as u32);
        Some(id)
    }

    /// Whether some row keeps an attribute inline that may have a value at the dotted path `path`.
    pub(crate) fn has_inline(&self, path: &str) -> bool {
        self.keys.iter().any(|(key, usage)| usage.has_inline && path.starts_with(&**key))
    }

    /// Numbers of the terms that attribute `id` is found by.
    #[inline]
    pub(crate) fn attribute_terms(&self, id: u32) -> &[u32] {
        range(&self.attribute_terms, &self.attribute_terms_end, id)
    }

    pub(crate) fn term(&mut self, bytes: &[u8]) -> u32 {
        self.terms.intern(self.hasher.hash(bytes), bytes).0
    }

    /// The number of a term of one record; those of events and links are found by their key as well.
    pub(crate) fn record_term(&mut self, hash: u64, bytes: &[u8]) -> u32 {
        let (id, new) = self.terms.intern(hash, bytes);
        let of_part =
            bytes.first().is_some_and(|tag| [term::EVENT_ATTRIBUTE, term::LINK_ATTRIBUTE].contains(tag));
        if new
            && of_part
            && let Some(zero) = bytes.iter().position(|byte| *byte == 0)
        {
            let prefix = &bytes[..=zero];
            match self.part_terms.get_mut(prefix) {
                Some(terms) => terms.push(id),
                None => drop(self.part_terms.insert(prefix.into(), vec![id])),
            }
            self.part_terms_len += 1;
        }
        id
    }

    pub(crate) fn correlation(&mut self, hash: u64, bytes: &[u8], row: u32) -> u32 {
        let (id, new) = self.correlations.intern(hash, bytes);
        if new {
            self.correlation_rows.push(Vec::new());
        }
        let rows = &mut self.correlation_rows[id as usize];
        if rows.last() != Some(&row) {
            rows.push(row);
            self.correlation_rows_len += 1;
        }
        id
    }

    /// The number of a trace, and the row before `row` in it.
    #[inline]
    pub(crate) fn trace(&mut self, id: Option<TraceId>, row: u32) -> (u32, u32) {
        let Some(id) = id else { return (NONE, NONE) };
        let traces = &self.traces;
        let entry = self.trace_numbers.entry(
            trace_hash(id.as_bytes()),
            |number| traces[*number as usize] == *id.as_bytes(),
            |number| trace_hash(&traces[*number as usize]),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(found) => {
                let number = *found.get();
                (number, std::mem::replace(&mut self.trace_last[number as usize], row))
            }
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                let number = self.traces.len() as u32;
                vacant.insert(number);
                self.traces.push(*id.as_bytes());
                self.trace_last.push(row);
                (number, NONE)
            }
        }
    }

    pub(crate) fn find_trace(&self, id: &TraceId) -> Option<u32> {
        self.trace_numbers
            .find(trace_hash(id.as_bytes()), |number| self.traces[*number as usize] == *id.as_bytes())
            .copied()
    }

    pub(crate) fn name(&mut self, hash: u64, name: &[u8]) -> u32 {
        let (id, new) = self.names.intern(hash, name);
        if new {
            let text = String::from_utf8_lossy(name);
            let (hasher, tokens, list) = (&self.hasher, &mut self.tokens, &mut self.name_tokens);
            tokenizer::tokens(&text, &mut Vec::new(), &mut |token| {
                list.push(tokens.intern(hasher.hash(token), token).0);
            });
            self.name_tokens_end.push(self.name_tokens.len() as u32);
        }
        id
    }

    /// Numbers of the tokens of name `id`, in order.
    pub(crate) fn name_tokens(&self, id: u32) -> &[u32] {
        range(&self.name_tokens, &self.name_tokens_end, id)
    }

    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        let dictionaries = [
            &self.attributes,
            &self.terms,
            &self.correlations,
            &self.tokens,
            &self.names,
            &self.severity_texts,
        ];
        dictionaries.iter().map(|dictionary| dictionary.memory()).sum::<usize>()
            + (self.attribute_terms.capacity() + self.attribute_terms_end.capacity()) * 4
            + self.correlation_rows.capacity() * size_of::<Vec<u32>>()
            + self.correlation_rows_len * 8
            + self.traces.capacity() * (16 + 4 + 6)
            + self.spans.ids.capacity() * (8 + 4 + 4 + 6)
            + self.link_rows.capacity() * (size_of::<Vec<u32>>() + 16)
            + self.part_terms.capacity() * (size_of::<Vec<u32>>() + 48)
            + self.part_terms_len * 8
    }
}

impl SpanTable {
    #[inline]
    pub(crate) fn intern(&mut self, trace: u32, id: Option<SpanId>, row: u32) -> u32 {
        let Some(id) = id else { return NONE };
        let (ids, traces) = (&self.ids, &self.traces);
        let entry = self.numbers.entry(
            span_hash(id.as_bytes(), trace),
            |number| ids[*number as usize] == *id.as_bytes() && traces[*number as usize] == trace,
            |number| span_hash(&ids[*number as usize], traces[*number as usize]),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(found) => *found.get(),
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                let number = self.ids.len() as u32;
                vacant.insert(number);
                self.ids.push(*id.as_bytes());
                self.traces.push(trace);
                self.first_rows.push(row);
                number
            }
        }
    }
}

impl SpanTable {
    /// The number of an id in a trace, if some row names it.
    pub(crate) fn find(&self, trace: u32, id: &SpanId) -> Option<u32> {
        let same = |number: &u32| {
            self.ids[*number as usize] == *id.as_bytes() && self.traces[*number as usize] == trace
        };
        self.numbers.find(span_hash(id.as_bytes(), trace), same).copied()
    }

    /// Every number of an id: one for each trace that has it. Looks at all of them; only queries for a span ask.
    pub(crate) fn find_all(&self, id: &SpanId) -> impl Iterator<Item = u32> {
        let wanted = *id.as_bytes();
        self.ids.iter().enumerate().filter(move |(_, id)| **id == wanted).map(|(number, _)| number as u32)
    }
}

fn range<'a>(list: &'a [u32], ends: &[u32], id: u32) -> &'a [u32] {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] as usize };
    &list[start..ends[id] as usize]
}

/// Ids are random by their specification, but not every sender keeps to it: mix all bytes.
#[inline]
fn trace_hash(id: &[u8; 16]) -> u64 {
    let number = u128::from_le_bytes(*id);
    mix(number as u64 ^ (number >> 64) as u64)
}

#[inline]
fn span_hash(id: &[u8; 8], trace: u32) -> u64 {
    mix(u64::from_le_bytes(*id) ^ u64::from(trace).wrapping_mul(0xff51_afd7_ed55_8ccd))
}

#[inline]
fn mix(value: u64) -> u64 {
    let product = u128::from(value) * 0x9e37_79b9_7f4a_7c15_u128;
    (product >> 64) as u64 ^ product as u64
}
