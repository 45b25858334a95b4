//! Sums over a window that moves on. A sketch of durations can be added to, not taken from; so the window is kept as
//! two parts: of the older one every sum that can be left is known, and the newer one only grows. Each cell is added
//! up twice, however many windows hold it.

use std::ops::Range;

use spoor_store::model::UnixNanos;
use spoor_store::rollup::{Cell, Tally};

/// A window over cells in order of time.
pub(super) struct Window<'a> {
    cells: &'a [Cell<Tally>],
    /// The cells inside.
    inside: Range<usize>,
    /// Where the newer part begins.
    newer_from: usize,
    /// Of each cell of the older part, the sum from it to the part's end; the oldest cell's last.
    older: Vec<Tally>,
    newer: Tally,
}

impl<'a> Window<'a> {
    /// An empty window before all `cells`.
    pub(super) fn over(cells: &'a [Cell<Tally>]) -> Self {
        Self { cells, inside: 0..0, newer_from: 0, older: Vec::new(), newer: Tally::default() }
    }

    /// Moves on to the cells that start in `times`, neither end of which may go back. Whether others are inside than before.
    pub(super) fn move_to(&mut self, times: Range<UnixNanos>) -> bool {
        let before = self.inside.clone();
        while let Some(cell) = self.cells.get(self.inside.end).filter(|cell| cell.start < times.end) {
            self.newer.add(&cell.tally);
            self.inside.end += 1;
        }
        while !self.inside.is_empty() && self.cells[self.inside.start].start < times.start {
            if self.inside.start == self.newer_from {
                self.turn();
            }
            self.older.pop();
            self.inside.start += 1;
        }
        self.inside != before
    }

    /// What the cells inside come to.
    pub(super) fn sum(&self) -> Tally {
        let mut sum = self.older.last().cloned().unwrap_or_default();
        sum.add(&self.newer);
        sum
    }

    /// Makes the newer part the older one.
    fn turn(&mut self) {
        let mut sum = Tally::default();
        for cell in self.cells[self.newer_from..self.inside.end].iter().rev() {
            sum.add(&cell.tally);
            self.older.push(sum.clone());
        }
        self.newer = Tally::default();
        self.newer_from = self.inside.end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_window_sums_what_it_holds(
            starts in prop::collection::btree_set(0_u64..200, 0..60),
            moves in prop::collection::vec((0_u64..20, 0_u64..40), 1..40),
        ) {
            let cell = |start: u64| {
                let mut tally = Tally { count: start + 1, errors: start % 3, ..Tally::default() };
                tally.durations.add(start * 1_000);
                Cell { start, tally }
            };
            let cells: Vec<Cell<Tally>> = starts.into_iter().map(cell).collect();
            let mut window = Window::over(&cells);
            let (mut from, mut to) = (0, 0);
            for (forward, length) in moves {
                from += forward;
                to = to.max(from + length);
                let held = window.sum();
                let changed = window.move_to(from..to);
                let mut truth = Tally::default();
                let inside = cells.iter().filter(|cell| (from..to).contains(&cell.start));
                inside.for_each(|cell| truth.add(&cell.tally));
                prop_assert_eq!(window.sum(), truth);
                prop_assert!(changed || window.sum() == held);
            }
        }
    }
}
