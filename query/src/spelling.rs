//! The spellings of trace and span ids: hex of either case, short hex, dashes, base64, W3C `traceparent`.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use spoor_store::model::{SpanId, TraceId};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The trace that `text` may name.
///
/// Hex with its leading zeros dropped is understood from 16 digits on, as 64-bit tracers write it.
pub(crate) fn trace_id(text: &str) -> Option<TraceId> {
    let text = text.trim();
    if let Some((trace, _)) = traceparent(text) {
        return Some(trace);
    }
    let hex: String = match text.len() {
        36 if has_uuid_dashes(text) => text.chars().filter(|character| *character != '-').collect(),
        16..=32 => text.to_owned(),
        _ => return None,
    };
    TraceId::from_hex(&format!("{hex:0>32}")).or_else(|| TraceId::from_bytes(&decode_base64(text, 22..=24)?))
}

/// The span that `text` may name.
pub(crate) fn span_id(text: &str) -> Option<SpanId> {
    let text = text.trim();
    if let Some((_, span)) = traceparent(text) {
        return Some(span);
    }
    SpanId::from_hex(text).or_else(|| SpanId::from_bytes(&decode_base64(text, 11..=12)?))
}

/// Trace and span of a `traceparent` header.
fn traceparent(text: &str) -> Option<(TraceId, SpanId)> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2 || flags.len() != 2 {
        return None;
    }
    Some((TraceId::from_hex(trace)?, SpanId::from_hex(span)?))
}

fn has_uuid_dashes(text: &str) -> bool {
    text.bytes().enumerate().all(|(index, byte)| (byte == b'-') == matches!(index, 8 | 13 | 18 | 23))
}

fn decode_base64(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<Vec<u8>> {
    if !lengths.contains(&text.len()) {
        return None;
    }
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_trace_is_the_same_trace() {
        let canonical = "0af7651916cd43dd8448eb211c80319c";
        for spelling in [
            "0af7651916cd43dd8448eb211c80319c",
            "0AF7651916CD43DD8448EB211C80319C",
            " 0af7651916cd43dd8448eb211c80319c\n",
            "af7651916cd43dd8448eb211c80319c",
            "0af76519-16cd-43dd-8448-eb211c80319c",
            "CvdlGRbNQ92ESOshHIAxnA==",
            "CvdlGRbNQ92ESOshHIAxnA",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(trace_id(spelling).map(|id| id.to_string()).as_deref(), Some(canonical), "{spelling}");
        }
        assert_eq!(
            trace_id("b7ad6b7169203331").map(|id| id.to_string()).as_deref(),
            Some("0000000000000000b7ad6b7169203331")
        );
    }

    #[test]
    fn every_spelling_of_a_span_is_the_same_span() {
        for spelling in [
            "b7ad6b7169203331",
            "B7AD6B7169203331",
            "t61rcWkgMzE=",
            "t61rcWkgMzE",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(
                span_id(spelling).map(|id| id.to_string()).as_deref(),
                Some("b7ad6b7169203331"),
                "{spelling}"
            );
        }
    }

    #[test]
    fn other_strings_are_no_ids() {
        for text in
            ["", "ord-1", "00000000000000000000000000000000", "order 12345678901234567890", "é", "0af7"]
        {
            assert_eq!((trace_id(text), span_id(text)), (None, None), "{text}");
        }
    }
}
