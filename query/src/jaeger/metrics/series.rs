//! Counts by series and time, from what the leaves counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use spoor_store::leaf::Budget;
use spoor_store::model::UnixNanos;
use spoor_store::rollup::{Cell, Summary, Tally};

use super::question::MetricsQuestion;
use crate::jaeger::operations::stored_name;

/// Cells in a window, about: one that is longer has wider cells.
const WINDOW_CELLS: u64 = 1_000;

/// How time is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    /// Nanoseconds of a cell; cells begin at its multiples.
    pub(super) cell: u64,
    /// Nanoseconds that a point tells of: whole cells.
    pub(super) window: u64,
}

/// Counts over time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) service: String,
    pub(super) operation: Option<String>,
    /// By time, ascending.
    pub(super) cells: Vec<Cell<Tally>>,
}

impl Grid {
    /// For counts that are told apart by `resolution`, and rates over `rate_per`, which is rounded up to whole cells:
    /// a window shorter than what counts can be told apart by would tell more of them than there were.
    pub(super) fn of(resolution: u64, rate_per: u64) -> Self {
        let cell = resolution.saturating_mul((rate_per / resolution / WINDOW_CELLS).max(1));
        Self { cell, window: rate_per.div_ceil(cell).saturating_mul(cell) }
    }
}

type Cells = BTreeMap<UnixNanos, Tally>;

/// The series that `question` asks for, by service and operation.
pub(super) fn collect(
    summaries: &[Summary],
    question: &MetricsQuestion,
    grid: Grid,
    budget: &Budget,
) -> spoor_store::Result<Vec<Series>> {
    let named: HashMap<&str, &str> =
        question.services.iter().rev().map(|name| (stored_name(name), name.as_str())).collect();
    let mut found: BTreeMap<(&str, Option<Arc<str>>), Cells> = BTreeMap::new();
    for summary in summaries {
        budget.check()?;
        for calls in &summary.calls {
            let Some(service) = named.get(&*calls.service).filter(|_| question.kinds.contains(&calls.kind))
            else {
                continue;
            };
            let operation = question.by_operation.then(|| Arc::clone(&calls.name));
            let cells = found.entry((*service, operation)).or_default();
            for cell in &calls.cells {
                let sum = cells.entry(cell.start - cell.start % grid.cell).or_default();
                sum.add(&question.measure.part(&cell.tally));
            }
        }
    }
    let cells: usize = found.values().map(BTreeMap::len).sum();
    budget.hold(cells * size_of::<Cell<Tally>>() + found.len() * size_of::<Series>())?;
    let series = found.into_iter().map(|((service, operation), cells)| Series {
        service: service.to_owned(),
        operation: operation.map(|name| name.to_string()),
        cells: cells.into_iter().map(|(start, tally)| Cell { start, tally }).collect(),
    });
    Ok(series.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_window_is_whole_cells_and_few() {
        for (resolution, rate_per, cell, window) in [
            (10, 600, 10, 600),
            (10, 5, 10, 10),
            (10, 15, 10, 20),
            (3_600, 600, 3_600, 3_600),
            (3_600, 5_400, 3_600, 7_200),
            (10, 86_400, 80, 86_400),
        ] {
            let grid = Grid::of(resolution * SECOND, rate_per * SECOND);
            assert_eq!(
                grid,
                Grid { cell: cell * SECOND, window: window * SECOND },
                "{resolution} {rate_per}"
            );
        }
        assert!(Grid::of(10 * SECOND, u64::MAX).window >= u64::MAX / 2);
    }
}
