//! The correlation ids of hot rows, for the list of recent ones.

use std::collections::BTreeSet;

use super::rows::HotView;
use crate::error::Result;
use crate::index::term;
use crate::leaf::recent::Correlated;
use crate::leaf::{Budget, DocSet};

impl HotView {
    /// Whether a record carries an id under `key`.
    pub(crate) fn has_correlation_key(&self, key: &str) -> bool {
        let state = self.rows.read();
        state.tables.correlations.iter().any(|(number, bytes)| {
            let visible =
                state.tables.correlation_rows[number as usize].first().is_some_and(|row| *row < self.len);
            visible && term::split_correlation(bytes).is_some_and(|(found, _)| found == key)
        })
    }
}

impl Correlated for HotView {
    /// Rows in memory are read faster than the dictionary is.
    fn carriers(&self, _keys: &BTreeSet<String>, _budget: &Budget) -> Result<Option<DocSet>> {
        Ok(None)
    }

    fn correlations_in(&self, block: usize, visit: &mut dyn FnMut(usize, u32)) -> Result<()> {
        let Some(chunk) = self.chunks.get(block) else { return Ok(()) };
        for row in 0..chunk.rows.len() {
            chunk.correlations(row).iter().for_each(|number| visit(row, *number));
        }
        Ok(())
    }

    fn correlation_pair(&self, number: u32) -> Result<Option<(String, String)>> {
        let state = self.rows.read();
        let pair = term::split_correlation(state.tables.correlations.get(number));
        Ok(pair.map(|(key, id)| (key.to_owned(), id.to_owned())))
    }
}
