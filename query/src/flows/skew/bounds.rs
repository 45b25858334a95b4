//! What calls say of the difference of two clocks, and what most of them agree on.

use crate::flows::timeline::Extent;

/// By how much the server's clock may be ahead of the client's, in nanoseconds, as one call tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    /// `None`: the server outlasted the client, which may have given up; its end says nothing.
    min: Option<i64>,
    max: i64,
}

/// The bounds that most of several calls agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) min: Option<i64>,
    pub(super) max: i64,
    /// Calls that allow them.
    pub(super) agreeing: u64,
    /// All calls.
    pub(super) calls: u64,
}

impl Bound {
    pub(super) fn of(client: Extent, server: Extent) -> Self {
        let fits = server.length() <= client.length();
        Self {
            min: fits.then(|| difference(server.end, client.end)),
            max: difference(server.start, client.start),
        }
    }
}

impl Agreed {
    /// The estimate; 0 when the clocks may be in step, give or take `tolerance`, or no majority agrees.
    pub(super) fn offset(&self, tolerance: i64) -> i64 {
        let apart = self.max < -tolerance || self.min.is_some_and(|min| min > tolerance);
        if !apart || self.agreeing * 2 <= self.calls {
            return 0;
        }
        self.min.map_or(self.max, |min| min.midpoint(self.max))
    }

    /// Width of the bounds; the narrower, the surer.
    pub(super) fn width(&self) -> u64 {
        self.min.map_or(u64::MAX, |min| self.max.abs_diff(min))
    }
}

fn difference(left: u64, right: u64) -> i64 {
    let difference = i128::from(left) - i128::from(right);
    difference.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// Marzullo's algorithm: the stretch that lies within most bounds; of several, the one nearest to clocks in step.
pub(super) fn agree(bounds: impl Iterator<Item = Bound>) -> Agreed {
    /// Sorts before `CLOSES`: bounds that touch agree.
    const OPENS: u8 = 0;
    const CLOSES: u8 = 1;
    let mut borders: Vec<(Option<i64>, u8)> = Vec::new();
    for bound in bounds {
        // `None`, the lowest, is where bounds open that have no lower end.
        borders.push((bound.min, OPENS));
        borders.push((Some(bound.max), CLOSES));
    }
    borders.sort_unstable();
    let calls = borders.len() as u64 / 2;
    let mut best = Agreed { min: None, max: 0, agreeing: 0, calls };
    let mut open = 0_u64;
    for pair in borders.windows(2) {
        let ((from, border), (to, next)) = (pair[0], pair[1]);
        if border == OPENS {
            open += 1;
        } else {
            open -= 1;
            continue;
        }
        let (CLOSES, Some(max)) = (next, to) else { continue };
        let found = Agreed { min: from, max, agreeing: open, calls };
        if open > best.agreeing || (open == best.agreeing && found.beyond_step() < best.beyond_step()) {
            best = found;
        }
    }
    best
}

impl Agreed {
    /// How far the bounds are from clocks in step; 0 when they allow it.
    fn beyond_step(&self) -> u64 {
        match self.min {
            Some(min) if min > 0 => min.unsigned_abs(),
            _ if self.max < 0 => self.max.unsigned_abs(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(min: i64, max: i64) -> Bound {
        Bound { min: (min > -1_000).then_some(min), max }
    }

    #[test]
    fn most_calls_win_and_of_equals_the_one_nearest_to_step() {
        for (bounds, min, max, agreeing) in [
            (vec![(8, 12), (11, 13), (10, 12)], 11, 12, 3),
            (vec![(8, 12), (11, 13), (14, 15)], 11, 12, 2),
            (vec![(40, 50), (-9, -5), (20, 30)], -9, -5, 1),
            (vec![(10, 10), (10, 20)], 10, 10, 2),
            (vec![(-1_000, -7), (-1_000, -5)], -1_000, -7, 2),
            (vec![(-1_000, 5), (-3, 30)], -3, 5, 2),
        ] {
            let agreed = agree(bounds.iter().map(|(min, max)| bound(*min, *max)));
            let expected = Agreed { min: bound(min, max).min, max, agreeing, calls: bounds.len() as u64 };
            assert_eq!(agreed, expected, "{bounds:?}");
        }
    }

    #[test]
    fn an_offset_is_said_only_outside_what_containment_allows() {
        for (min, max, agreeing, calls, offset) in [
            (Some(-5), 9, 3, 3, 0),
            (Some(3), 9, 3, 3, 6),
            (Some(2), 9, 3, 3, 0),
            (Some(-9), -3, 3, 3, -6),
            (None, -3, 3, 3, -3),
            (None, 7, 3, 3, 0),
            (Some(3), 9, 2, 4, 0),
            (Some(3), 9, 3, 5, 6),
        ] {
            assert_eq!(Agreed { min, max, agreeing, calls }.offset(2), offset, "{min:?} to {max}");
        }
    }

    #[test]
    fn times_at_the_ends_of_what_a_number_holds_are_survived() {
        let all = Extent { start: 0, end: u64::MAX };
        let late = Extent { start: u64::MAX, end: u64::MAX };
        assert_eq!(Bound::of(all, late), Bound { min: Some(0), max: i64::MAX });
    }
}
