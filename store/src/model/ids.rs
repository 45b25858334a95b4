//! Identifiers: trace, span, split, record.

use std::fmt;

/// W3C trace id; never all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId([u8; 16]);

/// W3C span id; never all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId([u8; 8]);

/// Names a split, and the hot rows that will become it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SplitId(uuid::Uuid);

/// Names one record: its split (or the hot rows that will become it) and its ordinal there.
///
/// Stable from acknowledgement over publishing; compaction gives the record another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    /// Where it is.
    pub split: SplitId,
    /// Its ordinal there.
    pub ordinal: u32,
}

impl TraceId {
    /// From the wire; `None` unless 16 bytes and not all zeros.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let id: [u8; 16] = bytes.try_into().ok()?;
        (id != [0; 16]).then_some(Self(id))
    }

    /// From 32 hexadecimal digits of either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        Self::from_bytes(&hex_decode::<16>(text)?)
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl SpanId {
    /// From the wire; `None` unless 8 bytes and not all zeros.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let id: [u8; 8] = bytes.try_into().ok()?;
        (id != [0; 8]).then_some(Self(id))
    }

    /// From 16 hexadecimal digits of either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        Self::from_bytes(&hex_decode::<8>(text)?)
    }

    /// The 8 bytes.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl SplitId {
    /// A fresh id; sorts by creation time (UUID version 7).
    pub fn generate() -> Self {
        Self(uuid::Uuid::now_v7())
    }

    /// From its text form.
    pub fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::try_parse(text).ok().map(Self)
    }
}

impl RecordId {
    /// From its text form, `SPLIT-ORDINAL`.
    pub fn parse(text: &str) -> Option<Self> {
        let (split, ordinal) = text.rsplit_once('-')?;
        Some(Self { split: SplitId::parse(split)?, ordinal: ordinal.parse().ok()? })
    }
}

fn hex_decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut id = [0; N];
    for (byte, pair) in id.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = (high << 4 | low) as u8;
    }
    Some(id)
}

fn hex_format(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for byte in bytes {
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex_format(&self.0, f)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex_format(&self.0, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex_format(&self.0, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex_format(&self.0, f)
    }
}

impl fmt::Display for SplitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

impl fmt::Debug for SplitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.split, self.ordinal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_read_back() {
        let trace = TraceId::from_hex("0102030405060708090A0B0C0D0E0F10").expect("32 digits");
        assert_eq!(trace.to_string(), "0102030405060708090a0b0c0d0e0f10");
        assert_eq!(
            SpanId::from_hex("00000000000000ff").map(|id| id.to_string()).as_deref(),
            Some("00000000000000ff")
        );
        let record = RecordId { split: SplitId::generate(), ordinal: 4_000_000_000 };
        assert_eq!(RecordId::parse(&record.to_string()), Some(record));
    }

    #[test]
    fn zero_short_and_foreign_ids_are_none() {
        assert_eq!(TraceId::from_hex(&"0".repeat(32)), None);
        assert_eq!(SpanId::from_bytes(&[0; 8]), None);
        assert_eq!(SpanId::from_bytes(&[1; 7]), None);
        assert_eq!(TraceId::from_hex("zz02030405060708090a0b0c0d0e0f10"), None);
        assert_eq!(RecordId::parse("nothing"), None);
    }
}
