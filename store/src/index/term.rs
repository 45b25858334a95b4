//! The exact-match terms of a record, as bytes: a tag, then what the tag says.
//!
//! | tag | term | of |
//! |---|---|---|
//! | `t` | trace id, 16 bytes | every record with one |
//! | `l` | linked trace id, 16 bytes | spans with links |
//! | `c` | value `0` key | correlation ids; value first, so that an id opens under any key |
//! | `a` | key `0` text | attributes of the record (and `body.PATH` of structured bodies) |
//! | `b` | key `0` bucket, 2 bytes | attributes of high-cardinality keys and long values; hits are verified |
//! | `e` | key `0` text | attributes of span events |
//! | `k` | key `0` text | attributes of span links |
//! | `r` | key `0` text | attributes of resources and scopes; in the filter of a split only |
//! | `v` | name | span events |
//! | `n` | name | span name, or event name of a log record |
//!
//! Stream, severity, kind, status and times have no terms: they are columns, which are scanned.
//! Keys and values that hold the byte 0 have it replaced by 1, in the index and in queries alike.

use crate::model::ids::TraceId;
use crate::model::record::{
    EVENT_ATTRIBUTES, EVENT_NAME, LINK_ATTRIBUTES, LINK_TRACE_ID, SPAN_EVENTS, SPAN_LINKS,
};
use crate::model::value::{KeyValueRef, embedded, flatten};

/// Longest value indexed as itself, in bytes; longer ones go by bucket.
pub(crate) const VALUE_BYTES_MAX: usize = 128;

/// Most scalars indexed of one attribute or structured body.
pub(crate) const STRUCTURED_MAX: usize = 256;

pub(crate) const TRACE: u8 = b't';
pub(crate) const LINK: u8 = b'l';
pub(crate) const CORRELATION: u8 = b'c';
pub(crate) const ATTRIBUTE: u8 = b'a';
pub(crate) const BUCKET: u8 = b'b';
pub(crate) const EVENT_ATTRIBUTE: u8 = b'e';
pub(crate) const LINK_ATTRIBUTE: u8 = b'k';
pub(crate) const STREAM_ATTRIBUTE: u8 = b'r';
pub(crate) const EVENT: u8 = b'v';
pub(crate) const NAME: u8 = b'n';

/// Appends `text`, its zero bytes replaced.
fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().map(|byte| byte.max(1)));
}

/// What a span holds several of, each with attributes of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Event,
    Link,
}

impl Part {
    /// The tag of its attributes' terms.
    pub(crate) fn tag(self) -> u8 {
        match self {
            Self::Event => EVENT_ATTRIBUTE,
            Self::Link => LINK_ATTRIBUTE,
        }
    }

    /// Its attributes in a span's remaining fields, as `KeyValue` messages.
    pub(crate) fn attributes(self, rest: &[u8]) -> impl Iterator<Item = &[u8]> {
        let (parts, attributes) = match self {
            Self::Event => (SPAN_EVENTS, EVENT_ATTRIBUTES),
            Self::Link => (SPAN_LINKS, LINK_ATTRIBUTES),
        };
        embedded(rest, parts).flat_map(move |part| embedded(part, attributes))
    }
}

/// The part of a term that all values of one key share, under `tag`.
pub(crate) fn key_prefix(out: &mut Vec<u8>, tag: u8, key: &str) {
    out.push(tag);
    put_text(out, key);
    out.push(0);
}

/// The part of a correlation term that all keys of one value share.
pub(crate) fn correlation_prefix(out: &mut Vec<u8>, value: &str) {
    out.push(CORRELATION);
    put_text(out, value);
    out.push(0);
}

/// A correlation id under a key.
pub(crate) fn correlation(out: &mut Vec<u8>, key: &str, value: &str) {
    correlation_prefix(out, value);
    put_text(out, key);
}

/// Key and value of a correlation term.
pub(crate) fn split_correlation(term: &[u8]) -> Option<(&str, &str)> {
    let rest = term.strip_prefix(&[CORRELATION])?;
    let zero = rest.iter().position(|byte| *byte == 0)?;
    Some((std::str::from_utf8(&rest[zero + 1..]).ok()?, std::str::from_utf8(&rest[..zero]).ok()?))
}

/// An attribute of a record, as itself or by bucket when long.
pub(crate) fn attribute(out: &mut Vec<u8>, key: &str, text: &str) {
    if text.len() > VALUE_BYTES_MAX {
        bucket(out, key, text);
    } else {
        key_prefix(out, ATTRIBUTE, key);
        put_text(out, text);
    }
}

/// An attribute by bucket: one of 65,536 for each key, so that unique values cannot fill the dictionary.
pub(crate) fn bucket(out: &mut Vec<u8>, key: &str, text: &str) {
    key_prefix(out, BUCKET, key);
    let hash = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
    out.extend_from_slice(&(hash as u16).to_be_bytes());
}

/// A trace, under [`TRACE`] or [`LINK`].
pub(crate) fn trace(tag: u8, id: &TraceId) -> [u8; 17] {
    let mut term = [tag; 17];
    term[1..].copy_from_slice(id.as_bytes());
    term
}

/// A text under a tag that takes nothing else: [`NAME`], [`EVENT`]. Cut like [`part_attribute`].
pub(crate) fn tagged(out: &mut Vec<u8>, tag: u8, text: &str) {
    out.push(tag);
    put_text(out, cut(text));
}

/// An attribute of a span event or link; a long value by its first [`VALUE_BYTES_MAX`] bytes, whose hits are verified.
pub(crate) fn part_attribute(out: &mut Vec<u8>, part: Part, key: &str, text: &str) {
    key_prefix(out, part.tag(), key);
    put_text(out, cut(text));
}

/// An attribute of a resource or scope.
pub(crate) fn stream_attribute(out: &mut Vec<u8>, key: &str, text: &str) {
    key_prefix(out, STREAM_ATTRIBUTE, key);
    put_text(out, text);
}

/// The part of `text` that is indexed when it is cut.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(VALUE_BYTES_MAX)).unwrap_or_default()
}

/// Calls `visit` for each term that an attribute (a `KeyValue` message) is found by.
pub(crate) fn of_attribute(key_value: &[u8], by_bucket: bool, visit: &mut impl FnMut(&[u8])) {
    let attribute_ref = KeyValueRef::parse(key_value);
    let mut term = Vec::new();
    let mut left = STRUCTURED_MAX;
    flatten(attribute_ref.key, attribute_ref.value, &mut |path, text| {
        if left == 0 {
            return;
        }
        left -= 1;
        term.clear();
        if by_bucket {
            bucket(&mut term, path, text)
        } else {
            attribute(&mut term, path, text)
        }
        visit(&term);
    });
}

/// Calls `visit` for each term found in the remaining fields of a span: events and links.
pub(crate) fn of_span_rest(rest: &[u8], visit: &mut impl FnMut(&[u8])) {
    let mut term = Vec::new();
    for link in embedded(rest, SPAN_LINKS) {
        if let Some(id) = embedded(link, LINK_TRACE_ID).last().and_then(TraceId::from_bytes) {
            visit(&trace(LINK, &id));
        }
    }
    for event in embedded(rest, SPAN_EVENTS) {
        if let Some(name) = embedded(event, EVENT_NAME).last().and_then(|name| std::str::from_utf8(name).ok())
        {
            term.clear();
            tagged(&mut term, EVENT, name);
            visit(&term);
        }
    }
    for part in [Part::Event, Part::Link] {
        for key_value in part.attributes(rest) {
            let attribute_ref = KeyValueRef::parse(key_value);
            flatten(attribute_ref.key, attribute_ref.value, &mut |path, text| {
                term.clear();
                part_attribute(&mut term, part, path, text);
                visit(&term);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_term_gives_its_pair_back() {
        let mut bytes = Vec::new();
        correlation(&mut bytes, "order.id", "ord-1");
        assert_eq!(split_correlation(&bytes), Some(("order.id", "ord-1")));
        assert_eq!(split_correlation(b"t123"), None);
    }

    #[test]
    fn zero_bytes_cannot_forge_another_key() {
        let (mut forged, mut real) = (Vec::new(), Vec::new());
        attribute(&mut forged, "a", "b\0c");
        attribute(&mut real, "a\0b", "c");
        assert_ne!(forged, real);
    }
}
