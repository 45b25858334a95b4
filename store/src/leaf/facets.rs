//! Counts by value that columns decide, and what counting by other values shares.

use std::collections::HashMap;

use super::{Buckets, Budget, DocSet, Facet};
use crate::columns::scan::{Breakdown, count_by, histogram as scan_histogram};
use crate::error::{Error, Result};
use crate::index::evaluate::Source;
use crate::model::value::{KeyValueRef, flatten};
use crate::model::{Severity, Signal, SpanKind, SpanStatus, Stream};

/// The groups of a breakdown and their names; the breakdown's group `n` is called `names[n]`.
struct Groups {
    of_streams: Vec<u32>,
    names: Vec<String>,
    facet: Facet,
}

impl Groups {
    /// `None` when columns do not decide the facet.
    fn new(source: &dyn Source, facet: &Facet) -> Option<Self> {
        let names = |names: &mut dyn Iterator<Item = &'static str>| {
            std::iter::once("").chain(names).map(str::to_owned).collect::<Vec<_>>()
        };
        let mut of_streams = Vec::new();
        let names = match facet {
            Facet::Signal => vec![Signal::Logs.as_str().to_owned(), Signal::Spans.as_str().to_owned()],
            Facet::Severity => names(&mut (0..=u8::MAX).map(|number| Severity::from_number(number).as_str())),
            Facet::Kind => names(&mut (0..=u8::MAX).map(|number| SpanKind::from_u8(number).as_str())),
            Facet::Status => names(&mut SpanStatus::ALL.into_iter().map(SpanStatus::as_str)),
            Facet::Service | Facet::ScopeName => {
                let name = |stream: &Stream| match facet {
                    Facet::Service => stream.service.clone(),
                    _ => stream.scope_name.clone(),
                };
                let mut names = vec![String::new()];
                for stream in source.streams() {
                    let name = name(&stream);
                    let known = names.iter().position(|other| *other == name);
                    of_streams.push(known.unwrap_or(names.len()) as u32);
                    if known.is_none() {
                        names.push(name);
                    }
                }
                names
            }
            Facet::Name | Facet::Correlation(_) | Facet::Attribute(_) => return None,
        };
        Some(Self { of_streams, names, facet: facet.clone() })
    }

    fn breakdown(&self) -> Breakdown<'_> {
        match self.facet {
            Facet::Signal => Breakdown::Signal,
            Facet::Severity => Breakdown::Severity,
            Facet::Kind => Breakdown::Kind,
            Facet::Status => Breakdown::Status,
            _ => Breakdown::Stream(&self.of_streams),
        }
    }

    fn name(&self, group: usize) -> String {
        self.names.get(group).cloned().unwrap_or_default()
    }
}

/// See [`super::Leaf::histogram`].
pub(super) fn histogram(
    source: &dyn Source,
    docs: &DocSet,
    buckets: Buckets,
    by: Option<&Facet>,
    budget: &Budget,
) -> Result<HashMap<String, Vec<u64>>> {
    let groups = by.map(|facet| {
        Groups::new(source, facet).ok_or_else(|| Error::TooCostly {
            reason:
                "a histogram can be broken down by signal, service, severity, kind, status or scope name only"
                    .to_owned(),
        })
    });
    let groups = groups.transpose()?;
    let breakdown = groups.as_ref().map_or(Breakdown::None, Groups::breakdown);
    let mut named: HashMap<String, Vec<u64>> = HashMap::new();
    for (group, counts) in
        scan_histogram(source.columns(), docs, buckets, &breakdown, budget)?.into_iter().enumerate()
    {
        if counts.is_empty() {
            continue;
        }
        let name = groups.as_ref().map_or_else(String::new, |groups| groups.name(group));
        let sum = named.entry(name).or_insert_with(|| vec![0; buckets.count]);
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    Ok(named)
}

/// Counts by a facet that columns decide; `None` for any other.
pub(super) fn by_column(
    source: &dyn Source,
    docs: &DocSet,
    facet: &Facet,
    budget: &Budget,
) -> Result<Option<HashMap<String, u64>>> {
    let Some(groups) = Groups::new(source, facet) else { return Ok(None) };
    let mut counts = HashMap::new();
    for (group, count) in
        count_by(source.columns(), docs, &groups.breakdown(), budget)?.into_iter().enumerate()
    {
        let name = groups.name(group);
        if count > 0 && !name.is_empty() {
            *counts.entry(name).or_insert(0) += count;
        }
    }
    Ok(Some(counts))
}

/// Counts the scalars at `key` among attributes, each value once a record.
pub(crate) fn count_attributes<'a>(
    attributes: impl Iterator<Item = KeyValueRef<'a>>,
    key: &str,
    weight: u64,
    counts: &mut HashMap<String, u64>,
) {
    let mut values: Vec<String> = Vec::new();
    for attribute in attributes {
        collect_values(attribute, key, &mut values);
    }
    values.sort_unstable();
    values.dedup();
    for value in values {
        *counts.entry(value).or_insert(0) += weight;
    }
}

/// Adds the scalars at `key` in one attribute (a `KeyValue` message).
pub(crate) fn values_at(key_value: &[u8], key: &str, values: &mut Vec<String>) {
    collect_values(KeyValueRef::parse(key_value), key, values);
}

fn collect_values(attribute: KeyValueRef<'_>, key: &str, values: &mut Vec<String>) {
    if key.starts_with(attribute.key) {
        flatten(attribute.key, attribute.value, &mut |path, text| {
            if path == key {
                values.push(text.to_owned());
            }
        });
    }
}

/// Adds what the records' resources and scopes say, by streams.
pub(crate) fn count_stream_attributes(
    source: &dyn Source,
    docs: &DocSet,
    key: &str,
    budget: &Budget,
    counts: &mut HashMap<String, u64>,
) -> Result<()> {
    let streams = source.streams();
    let own: Vec<u32> = (0..streams.len() as u32).collect();
    let per_stream = count_by(source.columns(), docs, &Breakdown::Stream(&own), budget)?;
    for (stream, count) in streams.iter().zip(per_stream) {
        if count > 0 {
            count_attributes(
                stream.resource_attributes().chain(stream.scope_attributes()),
                key,
                count,
                counts,
            );
        }
    }
    Ok(())
}
