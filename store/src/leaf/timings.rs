//! When records were and how long they took, out of the columns.

use super::{Budget, DocSet};
use crate::columns::scan::{BLOCKS_PER_CHECK, blocks, ones};
use crate::columns::{BLOCK_RECORDS, Columns};
use crate::error::Result;
use crate::hot::chunk::RowBits;
use crate::model::UnixNanos;

/// A record's time and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Its ordinal in the leaf.
    pub ordinal: u32,
    /// Its indexed time.
    pub time: UnixNanos,
    /// Length of a span in nanoseconds; log records have none.
    pub duration: Option<u64>,
}

/// See [`super::Leaf::timings`].
pub(super) fn timings(
    columns: &dyn Columns,
    docs: &DocSet,
    budget: &Budget,
    visit: &mut dyn FnMut(&[Timing]) -> Result<()>,
) -> Result<()> {
    let mut times = [0; BLOCK_RECORDS];
    let mut durations = [0; BLOCK_RECORDS];
    let mut bits = [RowBits(0); BLOCK_RECORDS];
    let mut found = Vec::with_capacity(BLOCK_RECORDS);
    for (checked, (block, mask)) in blocks(docs).into_iter().enumerate() {
        if checked % BLOCKS_PER_CHECK == 0 {
            budget.check()?;
        }
        columns.times(block, &mut times);
        columns.durations(block, &mut durations);
        columns.bits(block, &mut bits);
        found.clear();
        found.extend(ones(&mask).map(|index| Timing {
            ordinal: (block * BLOCK_RECORDS + index) as u32,
            time: times[index],
            duration: bits[index].is_span().then_some(durations[index]),
        }));
        visit(&found)?;
    }
    Ok(())
}
