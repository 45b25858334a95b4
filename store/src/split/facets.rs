//! Counts by values that columns do not decide: over few records by reading them, over many by postings.

use std::collections::HashMap;

use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;

use super::reader::SplitReader;
use super::search::each_name;
use crate::columns::BLOCK_RECORDS;
use crate::error::{Error, Result};
use crate::index::term;
use crate::leaf::facets::{count_attributes, count_stream_attributes};
use crate::leaf::field_names::FieldTerms;
use crate::leaf::{Budget, DocSet, Facet, FieldNames};
use crate::model::{Record, TraceId};

/// Up to this many names of fields are kept with an open split.
const NAMES_KEPT_MAX: usize = 2_000;

/// Up to this many records are read to count their values; more are counted by postings.
const READ_MAX: usize = 4_096;

impl SplitReader {
    /// The trace of each of `docs`, repeated as often as it occurs.
    pub(crate) fn traces(&self, docs: &DocSet, budget: &Budget) -> Result<Vec<TraceId>> {
        let mut found = Vec::new();
        let ordinals: Vec<u32> = docs.iter().collect();
        for same in ordinals.chunk_by(|a, b| *a as usize / BLOCK_RECORDS == *b as usize / BLOCK_RECORDS) {
            budget.check()?;
            let block = self.block(same[0] as usize / BLOCK_RECORDS)?;
            let rows = self.rows_up_to(&block, same);
            let wanted = same.iter().filter_map(|ordinal| rows.get(*ordinal as usize % BLOCK_RECORDS));
            found.extend(wanted.filter_map(|row| row.trace).filter_map(|number| self.trace(number)));
        }
        Ok(found)
    }

    /// The fields of records and span events whose names begin with `prefix`.
    pub(crate) fn fields(&self, prefix: &str, budget: &Budget) -> Result<FieldNames> {
        if let Some(names) = self.field_names.get() {
            let with_prefix = names.iter().filter(|((_, name), _)| name.starts_with(prefix));
            return Ok(with_prefix.map(|(field, found)| (field.clone(), *found)).collect());
        }
        let mut found = FieldTerms::new(budget);
        for tag in [term::ATTRIBUTE, term::BUCKET, term::EVENT_ATTRIBUTE] {
            each_name(&self.exact, tag, prefix, budget, &mut |name, terms| found.add(tag, name, terms))?;
        }
        if prefix.is_empty() && found.names.len() <= NAMES_KEPT_MAX {
            // Whoever else was as fast found the same.
            drop(self.field_names.set(found.names.clone()));
        }
        Ok(found.names)
    }

    /// The trace of each of `ordinals`, in their order.
    pub(crate) fn trace_of_each(&self, ordinals: &[u32], budget: &Budget) -> Result<Vec<Option<TraceId>>> {
        let block_of = |at: &usize| ordinals[*at] as usize / BLOCK_RECORDS;
        let mut order: Vec<usize> = (0..ordinals.len()).filter(|at| ordinals[*at] < self.records()).collect();
        order.sort_unstable_by_key(|at| ordinals[*at]);
        let mut found = vec![None; ordinals.len()];
        for same in order.chunk_by(|a, b| block_of(a) == block_of(b)) {
            budget.check()?;
            let block = self.block(block_of(&same[0]))?;
            let wanted: Vec<u32> = same.iter().map(|at| ordinals[*at]).collect();
            let rows = self.rows_up_to(&block, &wanted);
            for (at, ordinal) in same.iter().zip(wanted) {
                let row = rows.get(ordinal as usize % BLOCK_RECORDS);
                found[*at] = row.and_then(|row| row.trace).and_then(|number| self.trace(number));
            }
        }
        Ok(found)
    }

    /// Correlation keys under which `id` stands.
    pub(crate) fn correlation_keys(&self, id: &str) -> Result<Vec<String>> {
        let mut prefix = Vec::new();
        term::correlation_prefix(&mut prefix, id);
        if !self.filter.may_have(&prefix) {
            return Ok(Vec::new());
        }
        let mut keys = Vec::new();
        self.exact_terms(&prefix, &Budget::unlimited(), &mut |key, _| {
            keys.push(String::from_utf8_lossy(key).into_owned());
            Ok(())
        })?;
        Ok(keys)
    }

    /// Counts by a facet that columns do not decide.
    pub(crate) fn values(
        &self,
        docs: &DocSet,
        facet: &Facet,
        budget: &Budget,
    ) -> Result<HashMap<String, u64>> {
        if docs.len() <= READ_MAX {
            let ordinals: Vec<u32> = docs.iter().collect();
            return Ok(count_records(&self.fetch(&ordinals, budget)?, facet));
        }
        let mut counts = HashMap::new();
        let mut prefix = Vec::new();
        match facet {
            Facet::Name => prefix.push(term::NAME),
            Facet::Correlation(_) => prefix.push(term::CORRELATION),
            Facet::Attribute(key) => {
                count_stream_attributes(self, docs, key, budget, &mut counts)?;
                self.refuse_buckets(key, budget)?;
                term::key_prefix(&mut prefix, term::ATTRIBUTE, key);
            }
            _ => return Ok(counts),
        }
        self.exact_terms(&prefix, budget, &mut |rest, info| {
            let rest = String::from_utf8_lossy(rest);
            let value = match facet {
                Facet::Correlation(key) => {
                    rest.split_once('\0').filter(|(_, found)| found == key).map(|(value, _)| value)
                }
                _ => Some(rest.as_ref()),
            };
            let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(()) };
            let count = if docs.is_all() { u64::from(info.doc_freq) } else { self.count_in(info, docs)? };
            if count > 0 {
                *counts.entry(value.to_owned()).or_insert(0) += count;
            }
            Ok(())
        })?;
        Ok(counts)
    }

    /// Values kept by bucket cannot be counted by postings.
    fn refuse_buckets(&self, key: &str, budget: &Budget) -> Result<()> {
        let mut prefix = Vec::new();
        term::key_prefix(&mut prefix, term::BUCKET, key);
        self.exact_terms(&prefix, budget, &mut |_, _| {
            Err(Error::TooCostly {
                reason: format!(
                    "{key} has too many or too long values to count over this many records; narrow the query"
                ),
            })
        })
    }

    fn count_in(&self, info: &TermInfo, docs: &DocSet) -> Result<u64> {
        let mut blocks = self
            .exact
            .read_block_postings_from_terminfo(info, IndexRecordOption::Basic)
            .map_err(tantivy::TantivyError::from)?;
        let mut count = 0;
        while blocks.block_len() > 0 {
            count +=
                blocks.docs()[..blocks.block_len()].iter().filter(|doc| docs.contains(**doc)).count() as u64;
            blocks.advance();
        }
        Ok(count)
    }
}

fn count_records(records: &[Record], facet: &Facet) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    for record in records {
        match facet {
            Facet::Name if !record.name.is_empty() => *counts.entry(record.name.clone()).or_insert(0) += 1,
            Facet::Correlation(wanted) => {
                for (_, value) in record.correlations.iter().filter(|(key, _)| key == wanted) {
                    *counts.entry(value.clone()).or_insert(0) += 1;
                }
            }
            Facet::Attribute(key) => {
                let of_stream = record.stream.resource_attributes().chain(record.stream.scope_attributes());
                count_attributes(of_stream, key, 1, &mut counts);
                count_attributes(record.attributes(), key, 1, &mut counts);
            }
            _ => {}
        }
    }
    counts
}
