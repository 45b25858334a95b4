//! The same record, stored twice: by a client that sent a batch again in other company.
//!
//! A span is the same when trace id, span id, kind, start and name are; a log record when all of it is.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};

use spoor_store::model::{Record, Signal};

/// Keeps each record once; returns how many were dropped. Of spans the one that ends last is kept.
pub(crate) fn dedupe(records: Vec<Record>) -> (Vec<Record>, u64) {
    let mut keep = vec![true; records.len()];
    let mut first: HashMap<Identity<'_>, usize> = HashMap::with_capacity(records.len());
    for (index, record) in records.iter().enumerate() {
        match first.entry(Identity(record)) {
            Entry::Vacant(vacant) => {
                vacant.insert(index);
            }
            Entry::Occupied(mut occupied) => {
                let other = *occupied.get();
                let later = records[other].end_or_observed < record.end_or_observed;
                keep[if later { other } else { index }] = false;
                if later {
                    occupied.insert(index);
                }
            }
        }
    }
    drop(first);
    let before = records.len();
    let kept: Vec<Record> =
        records.into_iter().zip(keep).filter_map(|(record, keep)| keep.then_some(record)).collect();
    let dropped = (before - kept.len()) as u64;
    (kept, dropped)
}

/// Tells records apart that [`dedupe`] would: equal ones have equal fingerprints, whatever split they are in.
pub(crate) fn fingerprint(record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    Identity(record).hash(&mut hasher);
    if record.signal == Signal::Logs {
        record.end_or_observed.hash(&mut hasher);
        record.attributes.hash(&mut hasher);
        record.rest.hash(&mut hasher);
        record.stream.service.hash(&mut hasher);
    }
    hasher.finish()
}

struct Identity<'a>(&'a Record);

impl Hash for Identity<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let record = self.0;
        record.signal.hash(state);
        record.time.hash(state);
        record.trace_id.hash(state);
        record.span_id.hash(state);
        record.severity_or_kind.hash(state);
        record.name.hash(state);
        record.body_text().hash(state);
    }
}

impl PartialEq for Identity<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (left, right) = (self.0, other.0);
        let same = left.signal == right.signal
            && left.time == right.time
            && left.trace_id == right.trace_id
            && left.span_id == right.span_id
            && left.severity_or_kind == right.severity_or_kind
            && left.name == right.name;
        if !same || left.signal == Signal::Spans {
            return same;
        }
        left.body == right.body
            && left.end_or_observed == right.end_or_observed
            && left.severity_text == right.severity_text
            && left.flags == right.flags
            && left.attributes == right.attributes
            && left.rest == right.rest
            && left.stream.parts == right.stream.parts
    }
}

impl Eq for Identity<'_> {}
