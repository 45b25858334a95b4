//! A borrowed reader of the protobuf wire format, and a writer for single fields.
//!
//! Decoding a request into prost structs costs ten times what walking it costs, and copies every string; the write
//! path walks it. Groups (wire types 3 and 4, deprecated and absent from OTLP) are refused.

/// Why bytes are not a protobuf message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireError {
    /// The message ends inside a field.
    Truncated,
    /// A varint longer than ten bytes, or larger than 64 bits.
    Varint,
    /// Field number zero or past 2^29 - 1.
    FieldNumber,
    /// A wire type that OTLP does not use (groups, 6, 7).
    WireType(u8),
    /// A known field carries another wire type than its definition says.
    Mismatch {
        /// Number of the field.
        field: u32,
    },
}

impl std::fmt::Display for WireError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Truncated => write!(f, "message ends inside a field"),
            Self::Varint => write!(f, "varint is longer than 64 bits"),
            Self::FieldNumber => write!(f, "field number is out of range"),
            Self::WireType(t) => write!(f, "wire type {t} is not supported"),
            Self::Mismatch { field } => write!(f, "field {field} has the wrong wire type"),
        }
    }
}

impl std::error::Error for WireError {}

/// The payload of one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Payload<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1, little endian.
    Fixed64(u64),
    /// Wire type 2: string, bytes, or an embedded message.
    Bytes(&'a [u8]),
    /// Wire type 5, little endian.
    Fixed32(u32),
}

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'a> {
    /// Field number.
    pub number: u32,
    /// What it carries.
    pub payload: Payload<'a>,
    /// Tag and payload as they stand in the message.
    pub raw: &'a [u8],
}

impl<'a> Field<'a> {
    /// The payload of a string, bytes or message field.
    #[inline(always)]
    pub fn bytes(&self) -> Result<&'a [u8], WireError> {
        match self.payload {
            Payload::Bytes(bytes) => Ok(bytes),
            _ => Err(WireError::Mismatch { field: self.number }),
        }
    }

    /// The payload of an integer, enum or bool field.
    #[inline(always)]
    pub fn varint(&self) -> Result<u64, WireError> {
        match self.payload {
            Payload::Varint(value) => Ok(value),
            _ => Err(WireError::Mismatch { field: self.number }),
        }
    }

    /// The payload of a fixed64 or double field.
    #[inline(always)]
    pub fn fixed64(&self) -> Result<u64, WireError> {
        match self.payload {
            Payload::Fixed64(value) => Ok(value),
            _ => Err(WireError::Mismatch { field: self.number }),
        }
    }

    /// The payload of a fixed32 field.
    #[inline(always)]
    pub fn fixed32(&self) -> Result<u32, WireError> {
        match self.payload {
            Payload::Fixed32(value) => Ok(value),
            _ => Err(WireError::Mismatch { field: self.number }),
        }
    }
}

/// Walks the fields of one message; ends after the first error.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Starts at the first field of `message`.
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The next field of a message that has one; leaves nothing behind a fault.
    // Inlined into every loop over fields: returned through memory, the item costs more than the parsing.
    #[inline(always)]
    fn field(&mut self) -> Result<Field<'a>, WireError> {
        let start = self.rest;
        let tag = varint(&mut self.rest)?;
        let number = tag >> 3;
        if number == 0 || number > (1 << 29) - 1 {
            return Err(WireError::FieldNumber);
        }
        let payload = match tag & 7 {
            2 => {
                let len = usize::try_from(varint(&mut self.rest)?).map_err(|_| WireError::Truncated)?;
                let (bytes, rest) = self.rest.split_at_checked(len).ok_or(WireError::Truncated)?;
                self.rest = rest;
                Payload::Bytes(bytes)
            }
            0 => Payload::Varint(varint(&mut self.rest)?),
            1 => {
                let (bytes, rest) = self.rest.split_first_chunk::<8>().ok_or(WireError::Truncated)?;
                self.rest = rest;
                Payload::Fixed64(u64::from_le_bytes(*bytes))
            }
            5 => {
                let (bytes, rest) = self.rest.split_first_chunk::<4>().ok_or(WireError::Truncated)?;
                self.rest = rest;
                Payload::Fixed32(u32::from_le_bytes(*bytes))
            }
            other => return Err(WireError::WireType(other as u8)),
        };
        let raw = &start[..start.len() - self.rest.len()];
        Ok(Field { number: number as u32, payload, raw })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, WireError>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Reads one varint off the front of `bytes`.
#[inline(always)]
pub fn varint(bytes: &mut &[u8]) -> Result<u64, WireError> {
    match bytes.split_first() {
        Some((&first, rest)) if first < 0x80 => {
            *bytes = rest;
            Ok(u64::from(first))
        }
        _ => long_varint(bytes),
    }
}

#[inline(never)]
fn long_varint(bytes: &mut &[u8]) -> Result<u64, WireError> {
    let mut value = 0_u64;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        if index == 9 && byte > 1 {
            return Err(WireError::Varint);
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *bytes = &bytes[index + 1..];
            return Ok(value);
        }
    }
    Err(if bytes.len() < 10 { WireError::Truncated } else { WireError::Varint })
}

/// Appends one varint.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a varint field.
pub fn put_varint_field(out: &mut Vec<u8>, number: u32, value: u64) {
    put_varint(out, u64::from(number) << 3);
    put_varint(out, value);
}

/// Appends a fixed64 field.
pub fn put_fixed64_field(out: &mut Vec<u8>, number: u32, value: u64) {
    put_varint(out, u64::from(number) << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a fixed32 field.
pub fn put_fixed32_field(out: &mut Vec<u8>, number: u32, value: u32) {
    put_varint(out, u64::from(number) << 3 | 5);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a string, bytes or message field.
pub fn put_bytes_field(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_varint(out, u64::from(number) << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_fields_read_back() {
        let mut message = Vec::new();
        put_varint_field(&mut message, 1, u64::MAX);
        put_fixed64_field(&mut message, 2, 7);
        put_bytes_field(&mut message, 300, b"abc");
        put_fixed32_field(&mut message, 4, 9);
        let fields: Vec<_> = Fields::new(&message).map(|field| field.expect("well formed")).collect();
        assert_eq!(fields[0].varint(), Ok(u64::MAX));
        assert_eq!(fields[1].fixed64(), Ok(7));
        assert_eq!((fields[2].number, fields[2].bytes()), (300, Ok(&b"abc"[..])));
        assert_eq!(fields[3].fixed32(), Ok(9));
        assert_eq!(fields.iter().map(|field| field.raw.len()).sum::<usize>(), message.len());
        assert_eq!(fields[0].bytes(), Err(WireError::Mismatch { field: 1 }));
    }

    #[test]
    fn every_cut_of_a_message_is_truncated_or_shorter() {
        let mut message = Vec::new();
        put_bytes_field(&mut message, 1, b"hello");
        put_fixed64_field(&mut message, 2, 7);
        for cut in 1..message.len() {
            let last = Fields::new(&message[..cut]).last().expect("one item");
            assert!(cut == 7 || last == Err(WireError::Truncated), "cut at {cut}: {last:?}");
        }
    }

    #[test]
    fn hostile_tags_are_refused() {
        fn first(bytes: &[u8]) -> Result<Field<'_>, WireError> {
            Fields::new(bytes).next().expect("one item")
        }
        assert_eq!(first(&[0x03]), Err(WireError::FieldNumber));
        assert_eq!(first(&[0x0b]), Err(WireError::WireType(3)));
        assert_eq!(first(&[0xff; 12]), Err(WireError::Varint));
        assert_eq!(
            first(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
            Err(WireError::Truncated)
        );
    }
}
