//! Jaeger's spelling of ids: hexadecimal digits of either case, leading zeros optional.

use spoor_store::model::TraceId;

use crate::error::{Error, Result};

/// Digits of a 64-bit half.
const HALF: usize = 16;

/// Reads a trace id; `None` for the id of zeros, which no trace has.
///
/// # Errors
/// [`Error::Malformed`], in Jaeger's words.
pub(crate) fn parse(text: &str) -> Result<Option<TraceId>> {
    let number = bits(text)?;
    Ok(TraceId::from_bytes(&number.to_be_bytes()))
}

fn bits(text: &str) -> Result<u128> {
    if text.len() > 2 * HALF {
        return Err(Error::malformed(format!("TraceID cannot be longer than 32 hex characters: {text}")));
    }
    let wrong = |half: &str| {
        Error::malformed(format!("strconv.ParseUint: parsing {}: invalid syntax", super::go::quoted(half)))
    };
    let low_at = text.len().saturating_sub(HALF);
    let (high, low) = text.split_at_checked(low_at).ok_or_else(|| wrong(text))?;
    let half = |half: &str| {
        let is_hex = half.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(half, 16).ok().filter(|_| is_hex).ok_or_else(|| wrong(half))
    };
    let high = if high.is_empty() { 0 } else { half(high)? };
    Ok(u128::from(high) << 64 | u128::from(half(low)?))
}

/// Writes a trace id as Jaeger's classic API does: 16 digits when the high half is zero, else 32. Bytes that are no
/// trace id read as zero.
pub(crate) fn classic(id: &[u8]) -> String {
    let number = id.try_into().map_or(0, u128::from_be_bytes);
    if number >> 64 == 0 { format!("{number:016x}") } else { format!("{number:032x}") }
}

/// Writes a span id: 16 digits. Bytes that are no span id read as zero.
pub(crate) fn span(id: &[u8]) -> String {
    format!("{:016x}", id.try_into().map_or(0, u64::from_be_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_are_padded_and_written_short_again() {
        for (text, written) in [
            ("1", "0000000000000001"),
            ("123456aBC", "0000000123456abc"),
            ("FFFFFFFFFFFFFFFF", "ffffffffffffffff"),
            ("10000000000000000", "00000000000000010000000000000000"),
            ("0af7651916cd43dd8448eb211c80319c", "0af7651916cd43dd8448eb211c80319c"),
        ] {
            let id = parse(text).unwrap().unwrap();
            assert_eq!(classic(id.as_bytes()), written, "{text}");
        }
        assert_eq!(parse("0").unwrap(), None);
        assert_eq!((classic(&[]), span(&[1])), ("0".repeat(16), "0".repeat(16)));
    }

    #[test]
    fn what_is_no_id_is_refused_in_jaegers_words() {
        for (text, message) in [
            ("xyz", "strconv.ParseUint: parsing \"xyz\": invalid syntax"),
            ("", "strconv.ParseUint: parsing \"\": invalid syntax"),
            ("+1", "strconv.ParseUint: parsing \"+1\": invalid syntax"),
            ("g0000000000000001", "strconv.ParseUint: parsing \"g\": invalid syntax"),
            (
                "000000000000000000000000000000001",
                "TraceID cannot be longer than 32 hex characters: 000000000000000000000000000000001",
            ),
            ("éééééééééé", "strconv.ParseUint: parsing \"éé\": invalid syntax"),
            ("aééééééééb", "strconv.ParseUint: parsing \"aééééééééb\": invalid syntax"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), message);
        }
    }
}
