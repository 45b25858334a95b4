//! Moments to columns. Idle times that would leave no room for what happened are cut out.

use super::super::time::duration;

/// Columns of an idle time that is cut out.
pub(super) const GAP_COLUMNS: usize = 3;
/// Idle times that are cut out, the longest ones.
const GAPS_MAX: usize = 4;
/// Part of the whole from which an idle time is cut out.
const GAP_PART_MIN: f64 = 0.2;
/// Columns that must be left for what happened.
const BUSY_COLUMNS_MIN: usize = 10;
/// Columns between two labels of the axis.
const LABEL_COLUMNS: usize = 14;

/// Where moments stand.
#[derive(Debug)]
pub(super) struct Scale {
    pub(super) columns: usize,
    origin: u64,
    pieces: Vec<Piece>,
}

/// A stretch of time with one width for each nanosecond.
#[derive(Debug, PartialEq)]
struct Piece {
    from: u64,
    to: u64,
    first_column: f64,
    columns: f64,
    is_gap: bool,
}

impl Scale {
    /// A scale over all of `busy`, which are moments from and to; it need not be sorted.
    pub(super) fn new(mut busy: Vec<(u64, u64)>, columns: usize) -> Self {
        busy.sort_unstable();
        let origin = busy.first().map_or(0, |(from, _)| *from);
        let end = busy.iter().map(|(_, to)| *to).max().unwrap_or(origin).max(origin + 1);
        let gaps = gaps(&busy, end - origin, columns);
        let idle: u64 = gaps.iter().map(|(from, to)| to - from).sum();
        let room = (columns - gaps.len() * GAP_COLUMNS) as f64;
        let each = room / (end - origin - idle).max(1) as f64;
        let mut scale = Self { columns, origin, pieces: Vec::new() };
        let mut from = origin;
        for (gap_from, gap_to) in gaps {
            scale.piece(from, gap_from, (gap_from - from) as f64 * each, false);
            scale.piece(gap_from, gap_to, GAP_COLUMNS as f64, true);
            from = gap_to;
        }
        scale.piece(from, end, (end - from) as f64 * each, false);
        scale
    }

    fn piece(&mut self, from: u64, to: u64, columns: f64, is_gap: bool) {
        let first_column = self.pieces.last().map_or(0.0, |last| last.first_column + last.columns);
        self.pieces.push(Piece { from, to, first_column, columns, is_gap });
    }

    /// The column of a moment, from 0 to `columns`.
    pub(super) fn column(&self, moment: u64) -> f64 {
        let piece = self.pieces.iter().find(|piece| moment <= piece.to).or(self.pieces.last());
        let Some(piece) = piece else { return 0.0 };
        let part = moment.saturating_sub(piece.from) as f64 / (piece.to - piece.from).max(1) as f64;
        (piece.first_column + part * piece.columns).clamp(0.0, self.columns as f64)
    }

    /// First columns of the idle times that are cut out, and how long these are.
    pub(super) fn gaps(&self) -> impl Iterator<Item = (usize, u64)> {
        let gaps = self.pieces.iter().filter(|piece| piece.is_gap);
        gaps.map(|piece| (piece.first_column.round() as usize, piece.to - piece.from))
    }

    /// Labels of the axis, and the columns that they begin in; none overlap.
    pub(super) fn labels(&self) -> Vec<(usize, String)> {
        let busy: u64 =
            self.pieces.iter().filter(|piece| !piece.is_gap).map(|piece| piece.to - piece.from).sum();
        let step = round_step(busy / (self.columns / LABEL_COLUMNS).max(1) as u64);
        let mut labels: Vec<(usize, String)> = Vec::new();
        for (index, piece) in self.pieces.iter().enumerate().filter(|(_, piece)| !piece.is_gap) {
            // Where time goes on after a gap is worth a label, round or not.
            let next =
                self.pieces.get(index + 2).map_or(usize::MAX, |next| next.first_column.round() as usize);
            let first = piece.from - self.origin;
            let rest = (first / step + 1..).map(|multiple| multiple.saturating_mul(step));
            let last = piece.to - self.origin;
            for offset in std::iter::once(first).chain(rest.take_while(|offset| *offset <= last)) {
                let column = self.column(self.origin.saturating_add(offset)).round() as usize;
                let label = if offset == 0 { "0".to_owned() } else { duration(offset) };
                let free = labels.last().map_or(0, |(column, label)| column + label.len() + 2);
                let is_first = offset == first;
                let has_room = is_first || column + label.len() + 2 <= next;
                if column >= free && has_room && column + label.len() <= self.columns {
                    labels.push((column, label));
                }
            }
        }
        labels
    }
}

/// The longest times in which nothing happened, by time.
fn gaps(busy: &[(u64, u64)], whole: u64, columns: usize) -> Vec<(u64, u64)> {
    let mut gaps = Vec::new();
    let mut reached = busy.first().map_or(0, |(_, to)| *to);
    for (from, to) in busy {
        if *from > reached && (from - reached) as f64 > whole as f64 * GAP_PART_MIN {
            gaps.push((reached, *from));
        }
        reached = reached.max(*to);
    }
    gaps.sort_unstable_by_key(|(from, to)| std::cmp::Reverse(to - from));
    let room = columns.saturating_sub(BUSY_COLUMNS_MIN) / GAP_COLUMNS;
    gaps.truncate(GAPS_MAX.min(room));
    gaps.sort_unstable();
    gaps
}

/// The next larger of 1, 2 and 5 times a power of ten.
fn round_step(nanos: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            if power.saturating_mul(factor) >= nanos {
                return power.saturating_mul(factor).max(1);
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_long_idle_time_is_cut_out_and_the_axis_goes_on_after_it() {
        let scale = Scale::new(vec![(0, 1_000 * MS), (41_000 * MS, 42_000 * MS)], 63);
        assert_eq!(scale.gaps().collect::<Vec<_>>(), [(30, 40_000 * MS)]);
        for (moment, column) in [(0, 0.0), (500, 15.0), (41_500, 48.0), (42_000, 63.0)] {
            assert!((scale.column(moment * MS) - column).abs() < 1e-6, "{moment}");
        }
        let labels: Vec<String> = scale.labels().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0", "500 ms", "41 s", "41.5 s"]);
    }

    #[test]
    fn one_moment_is_a_scale_too() {
        let scale = Scale::new(vec![(7, 7)], 40);
        assert_eq!(scale.column(7), 0.0);
        assert_eq!(Scale::new(Vec::new(), 40).labels().len(), 1);
    }

    proptest! {
        #[test]
        fn moments_keep_their_order_and_stay_inside(
            busy in prop::collection::vec((0_u64..u64::MAX / 4, 0_u64..u64::MAX / 4), 1..12),
            columns in 16_usize..200,
        ) {
            let busy: Vec<(u64, u64)> = busy.into_iter().map(|(from, length)| (from, from + length)).collect();
            let scale = Scale::new(busy.clone(), columns);
            let mut moments: Vec<u64> = busy.iter().flat_map(|(from, to)| [*from, *to]).collect();
            moments.sort_unstable();
            let places: Vec<f64> = moments.iter().map(|moment| scale.column(*moment)).collect();
            prop_assert!(places.is_sorted(), "{places:?}");
            prop_assert!(places.iter().all(|place| (0.0..=columns as f64).contains(place)));
            let labels = scale.labels();
            prop_assert!(labels.windows(2).all(|two| two[0].0 + two[0].1.len() < two[1].0));
            prop_assert!(labels.iter().all(|(column, label)| column + label.len() <= columns));
        }
    }
}
