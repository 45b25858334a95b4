//! Which time a record is indexed under.

use spoor_proto::wire::put_fixed64_field;
use spoor_store::model::UnixNanos;

use super::limits::FUTURE_MAX_NANOS;
use super::rest::Rest;

/// The time to index under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IndexTime {
    pub(super) time: UnixNanos,
    /// Whether the record carries exactly that time.
    pub(super) is_set: bool,
    /// Whether it lies in the future and was clamped.
    pub(super) clamped: bool,
}

/// Chooses the record's own time, else `fallback`, else `arrival`; at most a day after arrival.
///
/// An own time that is clamped stays in `rest` as field `number`: raw time is never rewritten.
#[inline]
pub(super) fn index_time(
    own: UnixNanos,
    fallback: UnixNanos,
    arrival: UnixNanos,
    number: u32,
    rest: &mut Rest<'_>,
) -> IndexTime {
    let latest = arrival.saturating_add(FUTURE_MAX_NANOS);
    let wanted = [own, fallback, arrival].into_iter().find(|time| *time != 0).unwrap_or(0);
    if wanted <= latest {
        return IndexTime { time: wanted, is_set: own != 0, clamped: false };
    }
    if own != 0 {
        put_fixed64_field(rest.written(), number, own);
    }
    IndexTime { time: latest, is_set: false, clamped: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = FUTURE_MAX_NANOS;

    #[test]
    fn own_then_fallback_then_arrival_and_never_far_in_the_future() {
        let arrival = 1_000 * DAY;
        let rows = [
            (7, 9, 7, true, false),
            (0, 9, 9, false, false),
            (0, 0, arrival, false, false),
            (arrival + DAY, 0, arrival + DAY, true, false),
            (arrival + DAY + 1, 0, arrival + DAY, false, true),
            (0, u64::MAX, arrival + DAY, false, true),
        ];
        for (own, fallback, time, is_set, clamped) in rows {
            let mut rest = Rest::default();
            let chosen = index_time(own, fallback, arrival, 1, &mut rest);
            assert_eq!(chosen, IndexTime { time, is_set, clamped }, "own {own}, fallback {fallback}");
            assert_eq!(rest.as_slice().is_empty(), !(clamped && own != 0), "own {own}");
        }
    }
}
