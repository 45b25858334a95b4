//! Reads attribute values, which the store keeps in OTLP's wire form (`KeyValue` and `AnyValue` messages).
//!
//! The collector has checked them at ingest (well formed, UTF-8, nesting ≤ [`DEPTH_MAX`]); bytes that are not are
//! read as [`ValueRef::Empty`] rather than refused, so that reading stored data cannot fail on them.

use std::borrow::Cow;

use base64::Engine as _;
use spoor_proto::wire::{Fields, Payload};

/// Deepest nesting of arrays and maps that is read; the collector refuses deeper ones.
pub const DEPTH_MAX: usize = 64;

/// One attribute value, borrowed from its wire form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// No value set.
    Empty,
    /// `string_value`.
    Str(&'a str),
    /// `bool_value`.
    Bool(bool),
    /// `int_value`.
    Int(i64),
    /// `double_value`.
    Double(f64),
    /// `bytes_value`.
    Bytes(&'a [u8]),
    /// `array_value`: the bytes of an `ArrayValue` message; see [`array_items`].
    Array(&'a [u8]),
    /// `kvlist_value`: the bytes of a `KeyValueList` message; see [`map_entries`].
    Map(&'a [u8]),
}

/// One attribute, borrowed from its wire form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeyValueRef<'a> {
    /// Its name.
    pub key: &'a str,
    /// Its value; [`ValueRef::Empty`] when none is set.
    pub value: ValueRef<'a>,
}

impl<'a> ValueRef<'a> {
    /// Reads an `AnyValue` message.
    pub fn parse(any_value: &'a [u8]) -> Self {
        let mut value = Self::Empty;
        for field in Fields::new(any_value) {
            let Ok(field) = field else { return Self::Empty };
            value = match (field.number, field.payload) {
                (1, Payload::Bytes(bytes)) => std::str::from_utf8(bytes).map_or(Self::Empty, Self::Str),
                (2, Payload::Varint(bool)) => Self::Bool(bool != 0),
                (3, Payload::Varint(int)) => Self::Int(int as i64),
                (4, Payload::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
                (5, Payload::Bytes(bytes)) => Self::Array(bytes),
                (6, Payload::Bytes(bytes)) => Self::Map(bytes),
                (7, Payload::Bytes(bytes)) => Self::Bytes(bytes),
                _ => value,
            };
        }
        value
    }

    /// The text under which a scalar is indexed and compared: `500`, `true`, `1.5`, base64 for bytes.
    ///
    /// `None` for [`ValueRef::Empty`], arrays and maps. An integer and a string that read the same have the same text.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match *self {
            Self::Str(text) => Some(Cow::Borrowed(text)),
            Self::Bool(bool) => Some(Cow::Borrowed(if bool { "true" } else { "false" })),
            Self::Int(int) => Some(Cow::Owned(int.to_string())),
            Self::Double(double) => Some(Cow::Owned(double.to_string())),
            Self::Bytes(bytes) => Some(Cow::Owned(base64::engine::general_purpose::STANDARD.encode(bytes))),
            Self::Empty | Self::Array(_) | Self::Map(_) => None,
        }
    }
}

impl<'a> KeyValueRef<'a> {
    /// Reads a `KeyValue` message.
    pub fn parse(key_value: &'a [u8]) -> Self {
        let mut parsed = Self { key: "", value: ValueRef::Empty };
        for field in Fields::new(key_value) {
            let Ok(field) = field else { return parsed };
            match (field.number, field.payload) {
                (1, Payload::Bytes(bytes)) => parsed.key = std::str::from_utf8(bytes).unwrap_or_default(),
                (2, Payload::Bytes(bytes)) => parsed.value = ValueRef::parse(bytes),
                _ => {}
            }
        }
        parsed
    }
}

/// The items of an `ArrayValue` message.
pub fn array_items(array: &[u8]) -> impl Iterator<Item = ValueRef<'_>> {
    embedded(array, 1).map(ValueRef::parse)
}

/// The entries of a `KeyValueList` message, in order, repeated keys included.
pub fn map_entries(map: &[u8]) -> impl Iterator<Item = KeyValueRef<'_>> {
    embedded(map, 1).map(KeyValueRef::parse)
}

/// The payloads of every length-delimited field `number` of a message.
pub fn embedded(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::new(message).map_while(Result::ok).filter_map(move |field| match field.payload {
        Payload::Bytes(bytes) if field.number == number => Some(bytes),
        _ => None,
    })
}

/// Calls `visit(path, text)` for every scalar under `value`: map keys joined by dots, array items under the array's
/// own path.
pub fn flatten(path: &str, value: ValueRef<'_>, visit: &mut impl FnMut(&str, &str)) {
    flatten_at(path, value, DEPTH_MAX, visit);
}

fn flatten_at(path: &str, value: ValueRef<'_>, depth: usize, visit: &mut impl FnMut(&str, &str)) {
    match value {
        ValueRef::Array(array) if depth > 0 => {
            for item in array_items(array) {
                flatten_at(path, item, depth - 1, visit);
            }
        }
        ValueRef::Map(map) if depth > 0 => {
            for entry in map_entries(map) {
                flatten_at(&format!("{path}.{}", entry.key), entry.value, depth - 1, visit);
            }
        }
        scalar => {
            if let Some(text) = scalar.text() {
                visit(path, &text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use spoor_proto::otlp::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value};

    use super::*;

    fn any(value: Value) -> AnyValue {
        AnyValue { value: Some(value) }
    }

    #[test]
    fn scalars_read_as_prost_wrote_them() {
        let read = |value: Value| {
            let bytes = any(value).encode_to_vec();
            ValueRef::parse(&bytes).text().map(Cow::into_owned)
        };
        assert_eq!(read(Value::StringValue("é".into())).as_deref(), Some("é"));
        assert_eq!(read(Value::IntValue(-5)).as_deref(), Some("-5"));
        assert_eq!(read(Value::BoolValue(false)).as_deref(), Some("false"));
        assert_eq!(read(Value::DoubleValue(500.0)).as_deref(), Some("500"));
        assert_eq!(read(Value::BytesValue(vec![1, 2])).as_deref(), Some("AQI="));
        assert_eq!(ValueRef::parse(&[]), ValueRef::Empty);
    }

    #[test]
    fn nested_values_flatten_to_dotted_paths() {
        let list = KeyValueList {
            values: vec![KeyValue {
                key: "order".into(),
                value: Some(any(Value::ArrayValue(ArrayValue {
                    values: vec![any(Value::IntValue(1)), any(Value::StringValue("b".into()))],
                }))),
                ..Default::default()
            }],
        };
        let bytes = any(Value::KvlistValue(list)).encode_to_vec();
        let mut seen = Vec::new();
        flatten("body", ValueRef::parse(&bytes), &mut |path, text| seen.push(format!("{path}={text}")));
        assert_eq!(seen, ["body.order=1", "body.order=b"]);
    }
}
