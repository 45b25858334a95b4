//! Counts by values that columns do not decide, row by row.

use std::collections::HashMap;

use super::chunk::{Chunk, INLINE};
use super::rows::HotView;
use crate::error::Result;
use crate::index::term;
use crate::leaf::facets::{count_attributes, count_stream_attributes};
use crate::leaf::{Budget, DocSet, Facet};
use crate::model::value::KeyValueRef;
use crate::split::inline_items;

impl HotView {
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
        for (id, count) in self.count_ids(docs, Chunk::attributes) {
            if id != INLINE {
                let state = self.rows.read();
                let attribute = KeyValueRef::parse(state.tables.attributes.get(id));
                count_attributes(std::iter::once(attribute), key, count, counts);
            }
        }
        for (chunk, index) in docs.iter().filter_map(|ordinal| self.row(ordinal)) {
            let inline = inline_items(chunk.inline(index)).map(KeyValueRef::parse);
            count_attributes(inline, key, 1, counts);
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
