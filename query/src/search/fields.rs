//! The names of fields: of all records, or of those that a query selects.

use std::collections::BTreeMap;

use serde::Serialize;
use spoor_store::leaf::{Budget, FieldNames, FieldPlace, FieldUse, Leaf};
use spoor_store::model::value::{embedded, flatten};
use spoor_store::model::{KeyValueRef, Record, Signal};
use spoor_store::predicate::Predicate;
use utoipa::ToSchema;

use crate::engine::{Engine, Selection, Stats};
use crate::error::Result;
use crate::json::otlp_fields::{event, span};
use crate::plan::fields::FIELDS;
use crate::plan::prune::prune;

/// Records that are looked at for the fields of a query's records: the newest ones.
const SAMPLE_RECORDS: usize = 1_000;

/// Fields by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldsAnswer {
    /// Those that every record may have first, then correlation keys, then attributes.
    pub fields: Vec<FieldName>,
    /// Names left out.
    pub truncated: usize,
    /// Records that were looked at; null when the names of all records are listed.
    pub sampled: Option<usize>,
    /// What the answer cost.
    pub stats: Stats,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldName {
    /// Its name, as a query writes it.
    pub name: String,
    /// What it is.
    pub kind: FieldKind,
    /// Distinct values that it has at least; null when that is not known without reading records.
    pub values: Option<u64>,
    /// Records that have it, of those looked at; null when that is not known without reading records.
    pub records: Option<u64>,
}

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// Known to the search language.
    Builtin,
    /// A correlation key.
    Correlation,
    /// An attribute of records, or `body.PATH` of structured log bodies.
    Attribute,
    /// An attribute of resources.
    Resource,
    /// An attribute of instrumentation scopes.
    Scope,
    /// An attribute of span events.
    Event,
}

impl From<FieldPlace> for FieldKind {
    fn from(place: FieldPlace) -> Self {
        match place {
            FieldPlace::Record => Self::Attribute,
            FieldPlace::Resource => Self::Resource,
            FieldPlace::Scope => Self::Scope,
            FieldPlace::Event => Self::Event,
        }
    }
}

impl Engine {
    /// The fields whose names begin with `prefix`, at most `limit`: of all records in the selection's range, or, when
    /// it has a condition, of the newest records that it selects.
    ///
    /// # Errors
    /// What any query can meet.
    pub async fn fields(&self, selection: Selection, prefix: &str, limit: usize) -> Result<FieldsAnswer> {
        let (names, sampled, stats) = if matches!(selection.predicate, Predicate::All) {
            let (names, stats) = self.field_names(&selection, prefix).await?;
            (names, None, stats)
        } else {
            let found = self.search(selection, SAMPLE_RECORDS, None).await?;
            (names_of(&found.records, prefix), Some(found.records.len()), found.stats)
        };
        let builtin = FIELDS.iter().map(|(name, _)| (*name, FieldKind::Builtin));
        let keys = self.keys().names().map(|name| (name, FieldKind::Correlation));
        let known = builtin.chain(keys).filter(|(name, _)| name.starts_with(prefix));
        let known =
            known.map(|(name, kind)| FieldName { name: name.to_owned(), kind, values: None, records: None });
        let mut attributes: Vec<FieldName> = names
            .into_iter()
            .map(|((place, name), FieldUse { values, records })| FieldName {
                name,
                kind: place.into(),
                values,
                records,
            })
            .collect();
        attributes.sort_by(|left, right| (&left.name, left.kind).cmp(&(&right.name, right.kind)));
        let mut fields: Vec<FieldName> = known.chain(attributes).collect();
        let truncated = fields.len().saturating_sub(limit);
        fields.truncate(limit);
        Ok(FieldsAnswer { fields, truncated, sampled, stats })
    }

    /// The attributes of all records in the leaves of the selection's range.
    pub(crate) async fn field_names(
        &self,
        selection: &Selection,
        prefix: &str,
    ) -> Result<(FieldNames, Stats)> {
        let turn = self.turn(&selection.tenant).await?;
        let visited = prune(&self.snapshot(&selection.tenant), selection.range);
        let (visits, lanes) = (visited.leaves.len(), turn.run.lanes());
        let prefix = prefix.to_owned();
        let look = move |leaf: &Leaf, budget: &Budget| leaf.fields(&prefix, budget);
        let mut names = FieldNames::new();
        for leaf in turn.run.each(visited.leaves, lanes, look).await? {
            for (field, found) in leaf {
                names.entry(field).and_modify(|known| *known = both(*known, found)).or_insert(found);
            }
        }
        Ok((names, turn.end(visits, visited.skipped)))
    }
}

/// What two leaves know together: one may have the values of the other.
fn both(left: FieldUse, right: FieldUse) -> FieldUse {
    FieldUse {
        values: left.values.zip(right.values).map(|(left, right)| left.max(right)),
        records: left.records.zip(right.records).map(|(left, right)| left + right),
    }
}

/// The fields that these records have.
fn names_of(records: &[Record], prefix: &str) -> FieldNames {
    let mut names: BTreeMap<(FieldPlace, String), (usize, FieldUse)> = BTreeMap::new();
    for (at, record) in records.iter().enumerate() {
        let mut add = |place, key: &str, value| {
            flatten(key, value, &mut |path, _| {
                if !path.starts_with(prefix) {
                    return;
                }
                let fresh = (usize::MAX, FieldUse { values: None, records: Some(0) });
                let (last, known) = names.entry((place, path.to_owned())).or_insert(fresh);
                // A record counts once, however often it has the field.
                if *last != at {
                    *last = at;
                    known.records = known.records.map(|count| count + 1);
                }
            });
        };
        record.attributes().for_each(|item| add(FieldPlace::Record, item.key, item.value));
        add(FieldPlace::Record, "body", structured(record));
        record.stream.resource_attributes().for_each(|item| add(FieldPlace::Resource, item.key, item.value));
        record.stream.scope_attributes().for_each(|item| add(FieldPlace::Scope, item.key, item.value));
        if record.signal == Signal::Spans {
            let events = embedded(&record.rest, span::EVENTS);
            for item in events.flat_map(|one| embedded(one, event::ATTRIBUTES)).map(KeyValueRef::parse) {
                add(FieldPlace::Event, item.key, item.value);
            }
        }
    }
    names.into_iter().map(|(field, (_, found))| (field, found)).collect()
}

/// A body that has fields of its own.
fn structured(record: &Record) -> spoor_store::model::ValueRef<'_> {
    match record.body_value() {
        map @ spoor_store::model::ValueRef::Map(_) => map,
        _ => spoor_store::model::ValueRef::Empty,
    }
}
