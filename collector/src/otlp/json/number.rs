//! Numbers of JSON as numbers of protobuf.

use std::fmt;

use serde::de::{Deserializer, Visitor};
use spoor_proto::wire::{put_fixed32_field, put_fixed64_field, put_varint, put_varint_field};

use super::schema::Kind;

/// A JSON number, or a string that reads as one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl Number {
    /// Reads text as a number, in JSON's spelling and proto3's names of the infinities and NaN.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(value) = text.parse() {
            return Some(Self::Unsigned(value));
        }
        if let Ok(value) = text.parse() {
            return Some(Self::Signed(value));
        }
        match text {
            "NaN" => Some(Self::Float(f64::NAN)),
            "Infinity" => Some(Self::Float(f64::INFINITY)),
            "-Infinity" => Some(Self::Float(f64::NEG_INFINITY)),
            // Rust also reads `inf` and `nan`, which are not JSON's spelling.
            _ if text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) => {
                text.parse().ok().map(Self::Float)
            }
            _ => None,
        }
    }

    fn as_i128(self) -> Option<i128> {
        match self {
            Self::Unsigned(value) => Some(i128::from(value)),
            Self::Signed(value) => Some(i128::from(value)),
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 2_f64.powi(64) => Some(value as i128),
            Self::Float(_) => None,
        }
    }

    fn as_f64(self) -> f64 {
        match self {
            Self::Unsigned(value) => value as f64,
            Self::Signed(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

impl<'de> serde::Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNumber;
        impl Visitor<'_> for AnyNumber {
            type Value = Number;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, in a string or not")
            }

            fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
                Ok(Number::Unsigned(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
                Ok(Number::Signed(value))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
                Ok(Number::Float(value))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Number, E> {
                Number::parse(text).ok_or_else(|| E::custom("expected a number"))
            }
        }
        deserializer.deserialize_any(AnyNumber)
    }
}

/// Writes a number field; `None` when the kind takes no such number.
pub(super) fn put_number(out: &mut Vec<u8>, number: u32, kind: Kind, value: Number) -> Option<()> {
    match kind {
        Kind::Fixed64 => put_fixed64_field(out, number, u64::try_from(value.as_i128()?).ok()?),
        Kind::Sfixed64 => put_fixed64_field(out, number, i64::try_from(value.as_i128()?).ok()? as u64),
        Kind::Double => put_fixed64_field(out, number, value.as_f64().to_bits()),
        Kind::Fixed32 => put_fixed32_field(out, number, u32::try_from(value.as_i128()?).ok()?),
        Kind::Uint32 => put_varint_field(out, number, u32::try_from(value.as_i128()?).ok()?.into()),
        Kind::Uint64 => put_varint_field(out, number, u64::try_from(value.as_i128()?).ok()?),
        Kind::Int64 => put_varint_field(out, number, i64::try_from(value.as_i128()?).ok()? as u64),
        Kind::Enum => {
            put_varint_field(out, number, i64::from(i32::try_from(value.as_i128()?).ok()?) as u64);
        }
        Kind::Sint32 => {
            let value = i32::try_from(value.as_i128()?).ok()?;
            put_varint_field(out, number, u64::from(((value << 1) ^ (value >> 31)) as u32));
        }
        _ => return None,
    }
    Some(())
}

/// Writes an item of a packed list.
pub(super) fn put_packed(out: &mut Vec<u8>, kind: Kind, value: Number) -> Option<()> {
    match kind {
        Kind::Double => out.extend_from_slice(&value.as_f64().to_le_bytes()),
        Kind::Fixed64 => out.extend_from_slice(&u64::try_from(value.as_i128()?).ok()?.to_le_bytes()),
        _ => put_varint(out, u64::try_from(value.as_i128()?).ok()?),
    }
    Some(())
}
