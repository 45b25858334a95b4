//! The spellings of a moment: RFC 3339; Unix seconds, milliseconds, microseconds or nanoseconds; `now`, `-15m`.

use spoor_store::model::UnixNanos;

/// What a message says was expected.
pub(super) const EXPECTED: &str =
    "a time such as 2026-01-31T12:00:00Z, Unix seconds, milliseconds or nanoseconds, now, or -15m";

/// Reads a moment; `now` is what relative ones count from.
pub(super) fn parse(text: &str, now: UnixNanos) -> Option<UnixNanos> {
    let text = text.trim();
    if text == "now" {
        return Some(now);
    }
    if let Some(ago) = text.strip_prefix('-') {
        return Some(now.saturating_sub(length(ago)?));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return unix(text);
    }
    // A plus that was not percent-encoded arrives as a space.
    let timestamp: jiff::Timestamp = text.replace(' ', "+").parse().ok()?;
    u64::try_from(timestamp.as_nanosecond()).ok()
}

/// By magnitude; each unit reaches from 1973 to past 5000.
fn unix(text: &str) -> Option<UnixNanos> {
    const UNITS: [(u64, u64); 3] = [
        (100_000_000_000, 1_000_000_000),
        (100_000_000_000_000, 1_000_000),
        (100_000_000_000_000_000, 1_000),
    ];
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = whole.parse().ok()?;
    let nanos_each = UNITS.iter().find(|(below, _)| whole < *below).map_or(1, |(_, nanos)| *nanos);
    let mut nanos = whole.checked_mul(nanos_each)?;
    let mut place = nanos_each;
    for digit in fraction.bytes() {
        place /= 10;
        nanos = nanos.checked_add(u64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?) * place)?;
    }
    Some(nanos)
}

fn length(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
        ("w", 604_800_000_000_000),
    ];
    let split = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(split)?;
    let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Some(number.parse::<u64>().ok()?.saturating_mul(*nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_moment() {
        const NOW: u64 = 1_800_000_000_000_000_000;
        for (text, nanos) in [
            ("2023-11-14T22:13:20Z", Some(1_700_000_000_000_000_000)),
            ("2023-11-14T23:13:20.5+01:00", Some(1_700_000_000_500_000_000)),
            ("2023-11-14T23:13:20 01:00", Some(1_700_000_000_000_000_000)),
            ("1700000000", Some(1_700_000_000_000_000_000)),
            ("1700000000.25", Some(1_700_000_000_250_000_000)),
            ("1700000000000", Some(1_700_000_000_000_000_000)),
            ("1700000000000000", Some(1_700_000_000_000_000_000)),
            ("1700000000000000001", Some(1_700_000_000_000_000_001)),
            ("0", Some(0)),
            ("now", Some(NOW)),
            ("-15m", Some(NOW - 900_000_000_000)),
            ("-2w", Some(NOW - 1_209_600_000_000_000)),
            ("-100000w", Some(0)),
            ("", None),
            ("-", None),
            ("-15", None),
            ("15m", None),
            ("yesterday", None),
            ("1.2.3", None),
            ("99999999999999999999999", None),
            ("-99999999999999999999999h", None),
            ("1969-12-31T23:59:59Z", None),
        ] {
            assert_eq!(parse(text, NOW), nanos, "{text}");
        }
    }
}
