//! Counts by values that columns do not decide, row by row.

use std::collections::HashMap;

use super::chunk::{Chunk, INLINE};
use super::rows::HotView;
use crate::error::Result;
use crate::index::term;
use crate::leaf::facets::{count_stream_attributes, values_at};
use crate::leaf::field_names::{FieldTerms, name_in};
use crate::leaf::{Budget, DocSet, Facet, FieldNames};
use crate::split::inline_items;

impl HotView {
    /// The fields of records and span events whose names begin with `prefix`.
    pub(crate) fn fields(&self, prefix: &str, budget: &Budget) -> Result<FieldNames> {
        let state = self.rows.read();
        let mut found = FieldTerms::new(budget);
        for (_, bytes) in state.tables.terms.iter() {
            if let Some((tag, name)) = name_in(bytes)
                && name.starts_with(prefix.as_bytes())
            {
                found.add(tag, name, 1)?;
            }
        }
        Ok(found.names)
    }

    /// Counts by a facet that columns do not decide.
    pub(crate) fn values(
        &self,
        docs: &DocSet,
        facet: &Facet,
        budget: &Budget,
    ) -> Result<HashMap<String, u64>> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match facet {
            Facet::Name => {
                for (name, count) in
                    self.count_ids(docs, |chunk, index| std::slice::from_ref(&chunk.rows[index].name))
                {
                    let name = text(self.rows.read().tables.names.get(name));
                    if !name.is_empty() {
                        counts.insert(name, count);
                    }
                }
            }
            Facet::Correlation(key) => {
                for (id, count) in self.count_ids(docs, Chunk::correlations) {
                    let state = self.rows.read();
                    if let Some((found, value)) = term::split_correlation(state.tables.correlations.get(id))
                        && found == key
                    {
                        counts.insert(value.to_owned(), count);
                    }
                }
            }
            Facet::Attribute(key) => self.count_attribute(docs, key, budget, &mut counts)?,
            _ => {}
        }
        Ok(counts)
    }

    fn count_attribute(
        &self,
        docs: &DocSet,
        key: &str,
        budget: &Budget,
        counts: &mut HashMap<String, u64>,
    ) -> Result<()> {
        count_stream_attributes(self, docs, key, budget, counts)?;
        // What each interned attribute says at `key`, read once; a record counts a value once however often it has it.
        let mut said: HashMap<u32, Vec<String>> = HashMap::new();
        for (chunk, index) in docs.iter().filter_map(|ordinal| self.row(ordinal)) {
            let mut values: Vec<String> = Vec::new();
            let mut inline = inline_items(chunk.inline(index));
            for id in chunk.attributes(index) {
                if *id == INLINE {
                    values_at(inline.next().unwrap_or_default(), key, &mut values);
                    continue;
                }
                let known = said.entry(*id).or_insert_with(|| {
                    let mut values = Vec::new();
                    values_at(self.rows.read().tables.attributes.get(*id), key, &mut values);
                    values
                });
                values.extend(known.iter().cloned());
            }
            values.sort_unstable();
            values.dedup();
            for value in values {
                *counts.entry(value).or_insert(0) += 1;
            }
        }
        Ok(())
    }

    fn count_ids<'a>(
        &'a self,
        docs: &DocSet,
        ids: impl Fn(&'a Chunk, usize) -> &'a [u32],
    ) -> HashMap<u32, u64> {
        let mut counts = HashMap::new();
        for (chunk, index) in docs.iter().filter_map(|ordinal| self.row(ordinal)) {
            for id in ids(chunk, index) {
                *counts.entry(*id).or_insert(0) += 1;
            }
        }
        counts
    }
}
