//! Moments, durations and counts as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How moments are written.
#[derive(Clone, Debug)]
pub(crate) enum Moments {
    /// RFC 3339 in UTC with every digit: each takes the same columns, and sorts as text.
    Exact,
    /// To the millisecond in a zone.
    Short(TimeZone),
}

impl Moments {
    /// Writes a moment; one that no calendar shows is written as its number.
    pub(crate) fn show(&self, unix_nanos: u64) -> String {
        let Ok(timestamp) = Timestamp::from_nanosecond(i128::from(unix_nanos)) else {
            return unix_nanos.to_string();
        };
        match self {
            Self::Exact => timestamp.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string(),
            Self::Short(zone) => {
                timestamp.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()
            }
        }
    }

    /// Writes a moment and the zone it is told in, to the millisecond.
    pub(crate) fn show_with_zone(&self, unix_nanos: u64) -> String {
        let Ok(timestamp) = Timestamp::from_nanosecond(i128::from(unix_nanos)) else {
            return unix_nanos.to_string();
        };
        let zone = match self {
            Self::Exact => TimeZone::UTC,
            Self::Short(zone) => zone.clone(),
        };
        timestamp.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S.%3f %Z").to_string()
    }
}

/// Writes nanoseconds with about three digits that matter.
pub(crate) fn duration(nanos: u64) -> String {
    let two = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {small_unit}"),
    };
    match nanos {
        0..MICRO => format!("{nanos} ns"),
        MICRO..MILLI => decimal(nanos, MICRO, "us"),
        MILLI..SECOND => decimal(nanos, MILLI, "ms"),
        SECOND..MINUTE => decimal(nanos, SECOND, "s"),
        MINUTE..HOUR => two(nanos / MINUTE, "min", nanos % MINUTE / SECOND, "s"),
        HOUR..DAY => two(nanos / HOUR, "h", nanos % HOUR / MINUTE, "min"),
        DAY.. => two(nanos / DAY, "d", nanos % DAY / HOUR, "h"),
    }
}

fn decimal(nanos: u64, unit: u64, name: &str) -> String {
    let value = nanos as f64 / unit as f64;
    let digits = match nanos / unit {
        0..10 => 2,
        10..100 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {name}")
}

/// Writes a count with a comma at each thousand.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Writes a count and what is counted, in the singular or the plural.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Writes bytes in units of 1024.
pub(crate) fn bytes(number: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = number as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 100.0);
    format!("{value:.digits$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_what_matters() {
        for (nanos, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.5 us"),
            (20_000_000, "20 ms"),
            (350_400_000, "350 ms"),
            (1_508_000_000, "1.51 s"),
            (41_230_000_000, "41.2 s"),
            (125_000_000_000, "2 min 5 s"),
            (11_520_000_000_000, "3 h 12 min"),
            (172_800_000_000_000, "2 d"),
        ] {
            assert_eq!(duration(nanos), text);
        }
    }

    #[test]
    fn moments_are_exact_or_short_and_never_fail() {
        let moment = 1_768_464_000_123_456_789;
        assert_eq!(Moments::Exact.show(moment), "2026-01-15T08:00:00.123456789Z");
        assert_eq!(Moments::Short(TimeZone::UTC).show(moment), "2026-01-15 08:00:00.123");
        assert_eq!(Moments::Exact.show_with_zone(moment), "2026-01-15 08:00:00.123 UTC");
        assert_eq!(Moments::Exact.show(0), "1970-01-01T00:00:00.000000000Z");
        assert!(!Moments::Exact.show(u64::MAX).is_empty());
    }

    #[test]
    fn counts_and_sizes() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "span", "spans"), "1 span");
        assert_eq!(bytes(1_023), "1023 B");
        assert_eq!(bytes(1_536), "1.5 KiB");
        assert_eq!(bytes(300 << 20), "300 MiB");
    }
}
