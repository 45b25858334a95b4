//! The correlation ids of a split's records, for the list of recent ones: which keys there are, and the ids of a
//! block without the rest of it.

use std::collections::{BTreeSet, HashMap};

use super::block::Block;
use super::reader::SplitReader;
use crate::error::Result;
use crate::index::term;
use crate::leaf::recent::Correlated;
use crate::leaf::{Budget, DocSet};

/// A key with more ids than this is looked for block by block, any other by its ids.
const FEW_IDS_MAX: usize = 256;

/// The ids that stand under a key.
#[derive(Debug)]
pub(super) enum KeyIds {
    /// Their numbers.
    Few(Vec<u32>),
    /// More than [`FEW_IDS_MAX`].
    Many,
}

impl SplitReader {
    /// Whether a record carries an id under `key`.
    pub(crate) fn has_correlation_key(&self, key: &str, budget: &Budget) -> Result<bool> {
        Ok(self.correlation_keys_here(budget)?.contains_key(key))
    }

    /// The keys of the split, read from the dictionary the first time somebody asks.
    fn correlation_keys_here(&self, budget: &Budget) -> Result<&HashMap<String, KeyIds>> {
        if let Some(known) = self.key_ids.get() {
            return Ok(known);
        }
        let mut keys: HashMap<String, KeyIds> = HashMap::new();
        let mut number = 0;
        self.each_correlation(budget, &mut |item| {
            if let Some((key, _)) = term::split_correlation(item) {
                match keys.get_mut(key) {
                    Some(KeyIds::Many) => {}
                    Some(KeyIds::Few(ids)) if ids.len() < FEW_IDS_MAX => ids.push(number),
                    Some(few) => *few = KeyIds::Many,
                    None => {
                        keys.insert(key.to_owned(), KeyIds::Few(vec![number]));
                    }
                }
            }
            number += 1;
        })?;
        Ok(self.key_ids.get_or_init(|| keys))
    }
}

impl Correlated for SplitReader {
    fn carriers(&self, keys: &BTreeSet<String>, budget: &Budget) -> Result<Option<DocSet>> {
        let here = self.correlation_keys_here(budget)?;
        let mut sets = Vec::new();
        for ids in keys.iter().filter_map(|key| here.get(key)) {
            let KeyIds::Few(numbers) = ids else { return Ok(None) };
            for number in numbers {
                let term = self.correlation_term(*number)?;
                sets.push(self.exact_term(&term)?);
            }
        }
        Ok(Some(DocSet::union(self.records(), sets)))
    }

    fn correlations_in(&self, block: usize, visit: &mut dyn FnMut(usize, u32)) -> Result<()> {
        let lists = Block::decode_correlations(self.block_bytes(block), self.zstd(), visit);
        lists.ok_or_else(|| self.corrupt(&format!("record block {block} is damaged")))
    }

    fn correlation_pair(&self, number: u32) -> Result<Option<(String, String)>> {
        let term = self.correlation_term(number)?;
        Ok(term::split_correlation(&term).map(|(key, id)| (key.to_owned(), id.to_owned())))
    }
}
