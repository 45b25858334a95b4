//! Counts by series and time, in buckets that widen so that there are never more than a bound.

use super::tally::{Add, Cell};
use crate::model::{TimeRange, UnixNanos};

const SECOND: u64 = 1_000_000_000;

/// Widths of buckets of time; each is a multiple of the one before it, and past the last they double.
const WIDTHS: [u64; 5] = [10 * SECOND, 60 * SECOND, 300 * SECOND, 3_600 * SECOND, 86_400 * SECOND];

/// The narrowest buckets that spans are counted in, in nanoseconds.
pub const WIDTH_MIN: u64 = WIDTHS[0];

/// Counts by series, a number, and time.
#[derive(Debug)]
pub(crate) struct Cells<T> {
    width: u64,
    series: Vec<Vec<Cell<T>>>,
    count: usize,
    count_max: usize,
}

impl<T: Add> Cells<T> {
    /// At most `count_max` cells, which must be more than there are series.
    pub(crate) fn new(count_max: usize) -> Self {
        Self { width: WIDTH_MIN, series: Vec::new(), count: 0, count_max }
    }

    /// Width of the buckets, in nanoseconds.
    pub(crate) fn width(&self) -> u64 {
        self.width
    }

    /// The cell of `series` that `time` lies in.
    #[inline]
    pub(crate) fn at(&mut self, series: u32, time: UnixNanos) -> &mut T {
        let (series, start) = (series as usize, floor(time, self.width));
        if self.series.len() <= series {
            self.series.resize_with(series + 1, Vec::new);
        }
        let at = match self.series[series].last() {
            Some(last) if last.start == start => self.series[series].len() - 1,
            _ => self.place(series, start),
        };
        &mut self.series[series][at].tally
    }

    /// Where the cell is; made when it is not there. `start` may widen with all others.
    fn place(&mut self, series: usize, start: UnixNanos) -> usize {
        let find = |cells: &[Cell<T>], start| cells.binary_search_by_key(&start, |cell| cell.start);
        let at = match find(&self.series[series], start) {
            Ok(at) => return at,
            Err(at) => at,
        };
        self.series[series].insert(at, Cell { start, tally: T::default() });
        self.count += 1;
        if self.count <= self.count_max {
            return at;
        }
        while self.count > self.count_max {
            self.widen(wider(self.width));
        }
        find(&self.series[series], floor(start, self.width)).unwrap_or_default()
    }

    /// Makes the buckets at least `width` wide, one of the widths that buckets have.
    pub(crate) fn widen(&mut self, width: u64) {
        if width <= self.width {
            return;
        }
        self.width = width;
        for cells in &mut self.series {
            *cells = widened(std::mem::take(cells), width);
        }
        self.count = self.series.iter().map(Vec::len).sum();
    }

    /// Adds cells of buckets no wider than these.
    pub(crate) fn add(&mut self, series: u32, cells: &[Cell<T>]) {
        for cell in cells {
            self.at(series, cell.start).add(&cell.tally);
        }
    }

    /// Cells of `series`.
    pub(crate) fn of(&self, series: u32) -> &[Cell<T>] {
        self.series.get(series as usize).map_or(&[], Vec::as_slice)
    }

    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        let cells = self.series.iter().flatten().map(|cell| cell.tally.memory());
        cells.sum::<usize>() + self.series.iter().map(Vec::capacity).sum::<usize>() * size_of::<Cell<T>>()
    }
}

/// Cells in buckets of `width`, one of the widths that buckets have and not narrower than theirs.
fn widened<T: Add>(cells: Vec<Cell<T>>, width: u64) -> Vec<Cell<T>> {
    let mut wide: Vec<Cell<T>> = Vec::new();
    for cell in cells {
        let start = floor(cell.start, width);
        match wide.last_mut().filter(|last| last.start == start) {
            Some(last) => last.tally.add(&cell.tally),
            None => wide.push(Cell { start, ..cell }),
        }
    }
    wide
}

/// One cell that holds all; `None` when there are none.
pub(crate) fn total<T: Add>(cells: &[Cell<T>]) -> Option<Cell<T>> {
    let mut total = Cell { start: cells.first()?.start, tally: T::default() };
    cells.iter().for_each(|cell| total.tally.add(&cell.tally));
    Some(total)
}

/// Keeps the cells that `range` touches, for buckets of `width`.
pub(crate) fn within<T>(cells: &mut Vec<Cell<T>>, range: TimeRange, width: u64) {
    let first = floor(range.start, width);
    cells.retain(|cell| (first..=range.end).contains(&cell.start));
}

fn floor(time: UnixNanos, width: u64) -> UnixNanos {
    time - time % width
}

fn wider(width: u64) -> u64 {
    WIDTHS.into_iter().find(|wider| *wider > width).unwrap_or(width.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tally::Tally;
    use super::*;

    proptest! {
        #[test]
        fn cells_stay_within_the_bound_and_lose_nothing(
            spans in prop::collection::vec((0_u32..5, 0_u32..64, any::<u64>()), 1..400),
        ) {
            let mut cells: Cells<Tally> = Cells::new(12);
            for (series, bits, time) in &spans {
                cells.at(*series, time >> bits).count(1, false, || None);
                prop_assert!(cells.count <= 12);
            }
            for series in 0..5 {
                let counted: u64 = cells.of(series).iter().map(|cell| cell.tally.count).sum();
                prop_assert_eq!(counted, spans.iter().filter(|(of, ..)| *of == series).count() as u64);
                prop_assert!(cells.of(series).is_sorted_by_key(|cell| cell.start));
                prop_assert!(cells.of(series).iter().all(|cell| cell.start % cells.width() == 0));
            }
        }
    }

    #[test]
    fn widths_follow_the_ladder_and_then_double() {
        let widths: Vec<u64> =
            std::iter::successors(Some(WIDTH_MIN), |width| Some(wider(*width))).take(8).collect();
        assert_eq!(widths[..5], WIDTHS);
        assert_eq!(widths[5..], [2 * WIDTHS[4], 4 * WIDTHS[4], 8 * WIDTHS[4]]);
        assert!(widths.windows(2).all(|pair| pair[1] % pair[0] == 0));
        assert_eq!(wider(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_range_takes_the_buckets_it_touches() {
        let mut cells: Vec<Cell<()>> = (0..6).map(|n| Cell { start: n * WIDTH_MIN, tally: () }).collect();
        within(&mut cells, TimeRange { start: WIDTH_MIN + 5, end: 3 * WIDTH_MIN }, WIDTH_MIN);
        assert_eq!(cells.iter().map(|cell| cell.start / WIDTH_MIN).collect::<Vec<_>>(), [1, 2, 3]);
    }
}
