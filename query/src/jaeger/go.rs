//! What Go reads and how it refuses the rest: numbers, booleans, durations, RFC 3339 times. Jaeger's clients know these
//! spellings and these words.

use spoor_store::model::UnixNanos;

/// A text in double quotes, cut when it is long.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 200;
    format!("{:?}", text.chars().take(SHOWN_MAX).collect::<String>())
}

/// `strconv.ParseInt(text, 10, bits)`.
pub(crate) fn integer(text: &str, bits: u32) -> Result<i64, String> {
    let wrong = |why: &str| format!("strconv.ParseInt: parsing {}: {why}", quoted(text));
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong("invalid syntax"));
    }
    let max = i64::MAX >> (64 - bits);
    let number = text.parse::<i64>().ok().filter(|number| (-max - 1..=max).contains(number));
    number.ok_or_else(|| wrong("value out of range"))
}

/// `strconv.ParseFloat(text, 64)`.
pub(crate) fn float(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("strconv.ParseFloat: parsing {}: invalid syntax", quoted(text)))
}

/// `strconv.ParseBool`.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {}: invalid syntax", quoted(text))),
    }
}

/// `time.ParseDuration`, in nanoseconds; one below zero reads as zero, which is no bound.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    let invalid = || format!("time: invalid duration {}", quoted(text));
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos: f64 = 0.0;
    let mut whole: u128 = 0;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(number_ends).ok_or_else(invalid)?;
        let unit_ends = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_ends).ok_or_else(invalid)?;
        if !number.contains(|c: char| c.is_ascii_digit()) || number.matches('.').count() > 1 {
            return Err(invalid());
        }
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {}", quoted(text)));
        }
        let factor = unit_nanos(unit)
            .ok_or_else(|| format!("time: unknown unit {} in duration {}", quoted(unit), quoted(text)))?;
        match number.parse::<u64>() {
            Ok(number) => whole += u128::from(number) * u128::from(factor),
            Err(_) => nanos += number.parse::<f64>().map_err(|_| invalid())? * factor as f64,
        }
        rest = tail;
    }
    let total = whole + nanos as u128;
    let total = u64::try_from(total).ok().filter(|total| *total <= i64::MAX as u64).ok_or_else(invalid)?;
    Ok(if negative { 0 } else { total })
}

fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// `time.Parse(time.RFC3339Nano, text)`. A `+` that came unencoded, and so as a space, is understood; a time before
/// 1970 reads as 1970, and one past what nanoseconds hold as their last.
pub(crate) fn time(text: &str) -> Result<UnixNanos, String> {
    let wrong = || {
        let (text, layout) = (quoted(text), "\"2006-01-02T15:04:05.999999999Z07:00\"");
        format!("parsing time {text} as {layout}: cannot parse {text}")
    };
    let has_zone = text.ends_with('Z') || text.get(10..).is_some_and(|time| time.contains(['+', '-', ' ']));
    if text.as_bytes().get(10) != Some(&b'T') || !has_zone {
        return Err(wrong());
    }
    let timestamp: jiff::Timestamp = text.replace(' ', "+").parse().map_err(|_| wrong())?;
    Ok(u64::try_from(timestamp.as_nanosecond().max(0)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_go_reads_them() {
        for (text, nanos) in [
            ("0", 0),
            ("100ms", 100_000_000),
            ("1.5s", 1_500_000_000),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006),
            ("1µs", 1_000),
            ("1μs", 1_000),
            (".5s", 500_000_000),
            ("5.s", 5_000_000_000),
            ("+2m", 120_000_000_000),
            ("-2m", 0),
            ("1000ns", 1_000),
        ] {
            assert_eq!(duration(text), Ok(nanos), "{text}");
        }
        for (text, message) in [
            ("", "time: invalid duration \"\""),
            ("abc", "time: invalid duration \"abc\""),
            ("5", "time: missing unit in duration \"5\""),
            ("5x", "time: unknown unit \"x\" in duration \"5x\""),
            ("1.2.3s", "time: invalid duration \"1.2.3s\""),
            ("9999999999h", "time: invalid duration \"9999999999h\""),
            ("é", "time: invalid duration \"é\""),
        ] {
            assert_eq!(duration(text), Err(message.to_owned()));
        }
    }

    #[test]
    fn numbers_and_booleans_read_as_go_reads_them() {
        assert_eq!((integer("20", 32), integer("-1", 64)), (Ok(20), Ok(-1)));
        assert_eq!(integer("x", 32).unwrap_err(), "strconv.ParseInt: parsing \"x\": invalid syntax");
        for text in ["99999999999", "-99999999999", "99999999999999999999"] {
            assert!(integer(text, 32).unwrap_err().ends_with(": value out of range"), "{text}");
        }
        assert_eq!((float("0.95"), float("1e-1"), float("1")), (Ok(0.95), Ok(0.1), Ok(1.0)));
        assert_eq!(float("").unwrap_err(), "strconv.ParseFloat: parsing \"\": invalid syntax");
        assert_eq!((boolean("true"), boolean("0")), (Ok(true), Ok(false)));
        assert_eq!(boolean("yes").unwrap_err(), "strconv.ParseBool: parsing \"yes\": invalid syntax");
    }

    #[test]
    fn times_are_rfc_3339_alone() {
        for (text, nanos) in [
            ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
            ("2023-11-14T22:13:20.000000001Z", 1_700_000_000_000_000_001),
            ("2023-11-14T23:13:20+01:00", 1_700_000_000_000_000_000),
            ("2023-11-14T23:13:20 01:00", 1_700_000_000_000_000_000),
            ("1969-01-01T00:00:00Z", 0),
        ] {
            assert_eq!(time(text), Ok(nanos), "{text}");
        }
        for text in
            ["", "1700000000", "2023-11-14", "2023-11-14T22:13:20", "yesterday", "2023-11-14 22:13:20Z"]
        {
            let message = time(text).unwrap_err();
            assert!(message.starts_with(&format!("parsing time \"{text}\" as")), "{message}");
        }
    }
}
