//! The names of the fields that a leaf's records have.

use std::collections::{BTreeMap, BTreeSet};

use super::{Budget, StreamCount};
use crate::error::{Error, Result};
use crate::index::term;
use crate::model::value::{KeyValueRef, flatten};

/// Most names that one leaf tells.
const NAMES_MAX: usize = 50_000;

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldPlace {
    /// On records; in structured log bodies, as `body.PATH`.
    Record,
    /// On resources.
    Resource,
    /// On instrumentation scopes.
    Scope,
    /// On span events.
    Event,
}

/// What one leaf knows of a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FieldUse {
    /// Distinct values; `None` where there are too many, or too long ones, to be kept as terms.
    pub values: Option<u64>,
    /// Records that have it, where counting them reads no record.
    pub records: Option<u64>,
}

/// The fields of a leaf.
pub type FieldNames = BTreeMap<(FieldPlace, String), FieldUse>;

/// Gathers names from terms that come in order.
pub(crate) struct FieldTerms<'a> {
    budget: &'a Budget,
    pub(crate) names: FieldNames,
}

impl<'a> FieldTerms<'a> {
    pub(crate) fn new(budget: &'a Budget) -> Self {
        Self { budget, names: FieldNames::new() }
    }

    /// Adds a name that has `values` terms under `tag`; other tags name no fields.
    pub(crate) fn add(&mut self, tag: u8, name: &[u8], values: u64) -> Result<()> {
        let place = match tag {
            term::ATTRIBUTE | term::BUCKET => FieldPlace::Record,
            term::EVENT_ATTRIBUTE => FieldPlace::Event,
            _ => return Ok(()),
        };
        let name = String::from_utf8_lossy(name).into_owned();
        self.budget.hold(name.len() + size_of::<FieldUse>())?;
        let known = self.names.entry((place, name)).or_insert(FieldUse { values: Some(0), records: None });
        known.values = match known.values {
            Some(so_far) if tag != term::BUCKET => Some(so_far + values),
            _ => None,
        };
        if self.names.len() > NAMES_MAX {
            let reason =
                format!("there are more than {NAMES_MAX} fields; give a `prefix`, or narrow the time range");
            return Err(Error::TooCostly { reason });
        }
        Ok(())
    }
}

/// The part of a term that names the field: the tag, and the name up to the byte 0.
pub(crate) fn name_in(term: &[u8]) -> Option<(u8, &[u8])> {
    let (tag, rest) = term.split_first()?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    Some((*tag, rest.get(..end)?))
}

/// Adds what resources and scopes have.
pub(crate) fn add_streams(streams: &[StreamCount], prefix: &str, names: &mut FieldNames) {
    let mut seen: BTreeMap<(FieldPlace, String), BTreeSet<String>> = BTreeMap::new();
    for count in streams {
        let records = count.spans + count.logs;
        let mut of_stream: FieldNames = FieldNames::new();
        let mut add = |place: FieldPlace, attribute: KeyValueRef<'_>| {
            flatten(attribute.key, attribute.value, &mut |path, text| {
                if path.starts_with(prefix) {
                    let key = (place, path.to_owned());
                    seen.entry(key.clone()).or_default().insert(text.to_owned());
                    of_stream.insert(key, FieldUse { values: None, records: Some(records) });
                }
            });
        };
        count.stream.resource_attributes().for_each(|attribute| add(FieldPlace::Resource, attribute));
        count.stream.scope_attributes().for_each(|attribute| add(FieldPlace::Scope, attribute));
        for (key, found) in of_stream {
            let known = names.entry(key).or_default();
            known.records = Some(known.records.unwrap_or(0) + found.records.unwrap_or(0));
        }
    }
    for (key, values) in seen {
        names.entry(key).or_default().values = Some(values.len() as u64);
    }
}
