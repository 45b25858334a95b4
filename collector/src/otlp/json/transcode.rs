//! JSON text to protobuf, by the tables.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use spoor_proto::wire::{put_bytes_field, put_varint, put_varint_field};

use super::number::{Number, put_number, put_packed};
use super::schema::{Field, Kind, Message, Role};

/// A body that is no OTLP/JSON request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonError {
    /// Not JSON, or a field of the wrong type; the message tells line and column.
    #[error("body is not OTLP/JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// It holds no record, and a field that OTLP does not know where one would hold them.
    #[error(
        "body has no field that OTLP knows beside an unknown `{field}`; did you mean `{known}`? \
         (OTLP/JSON names are lowerCamelCase)"
    )]
    NothingKnown {
        /// The unknown field.
        field: String,
        /// What stands there in OTLP.
        known: &'static str,
    },
}

/// Base64 as proto3's JSON mapping takes it: either alphabet, padded or not.
const BASE64: [GeneralPurpose; 2] = [lenient(&alphabet::STANDARD), lenient(&alphabet::URL_SAFE)];

const fn lenient(alphabet: &alphabet::Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

/// Turns a JSON request into the protobuf message of the same meaning.
///
/// # Errors
/// [`JsonError`]; nesting is limited to 128 levels of JSON.
pub(crate) fn to_protobuf(json: &[u8], message: &'static Message) -> Result<Vec<u8>, JsonError> {
    let mut out = Vec::with_capacity(json.len() / 2);
    let mut seen = Seen::default();
    let mut document = serde_json::Deserializer::from_slice(json);
    Object { message, out: &mut out, seen: &mut seen }.deserialize(&mut document)?;
    document.end()?;
    match seen.unknown {
        Some((field, known)) if seen.records == 0 => Err(JsonError::NothingKnown { field, known }),
        _ => Ok(out),
    }
}

/// What was met, to tell an empty request from a misspelt one.
#[derive(Debug, Default)]
struct Seen {
    records: u64,
    /// The first unknown field of a frame, and the field of that frame that leads to records.
    unknown: Option<(String, &'static str)>,
}

/// Reads a JSON object as the fields of a message, without a tag of its own.
struct Object<'o> {
    message: &'static Message,
    out: &'o mut Vec<u8>,
    seen: &'o mut Seen,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Name { message: self.message, seen: &mut *self.seen })? {
            match name {
                Some(field) => map.next_value_seed(Slot {
                    field,
                    out: &mut *self.out,
                    seen: &mut *self.seen,
                    is_item: false,
                })?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Reads a field's name as the field.
struct Name<'o> {
    message: &'static Message,
    seen: &'o mut Seen,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<&'static Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<&'static Field>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let field = self.message.fields.iter().find(|field| field.name == name);
        if field.is_none() && self.message.role == Role::Frame && self.seen.unknown.is_none() {
            let lists = self.message.fields.iter().find(|field| matches!(field.kind, Kind::Many(_)));
            let shown: String = name.chars().take(64).collect();
            self.seen.unknown = Some((shown, lists.map_or("", |field| field.name)));
        }
        Ok(field)
    }
}

/// Reads a JSON value as a field of a message.
struct Slot<'o> {
    field: &'static Field,
    out: &'o mut Vec<u8>,
    seen: &'o mut Seen,
    /// Whether the value is an item of the field's list.
    is_item: bool,
}

impl Slot<'_> {
    fn wrong<E: serde::de::Error>(&self) -> E {
        E::custom(format_args!("field `{}` must be {}", self.field.name, self.field.kind.described()))
    }

    fn number<E: serde::de::Error>(self, number: Number) -> Result<(), E> {
        match put_number(self.out, self.field.number, self.field.kind, number) {
            Some(()) => Ok(()),
            None => Err(self.wrong()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Slot<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Slot<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.field.kind.described())
    }

    /// `null` is unset; as an item of a list it is an empty message.
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        match self.field.kind {
            Kind::Many(_) if self.is_item => put_bytes_field(self.out, self.field.number, &[]),
            _ if self.is_item => return Err(self.wrong()),
            _ => {}
        }
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        let Kind::Bool = self.field.kind else { return Err(self.wrong()) };
        put_varint_field(self.out, self.field.number, u64::from(value));
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.number(Number::Unsigned(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.number(Number::Signed(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.number(Number::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        let Field { number, kind, .. } = *self.field;
        match kind {
            Kind::Text => put_bytes_field(self.out, number, text.as_bytes()),
            Kind::ManyTexts if self.is_item => put_bytes_field(self.out, number, text.as_bytes()),
            Kind::Hex => match hex(text) {
                Some(bytes) => put_bytes_field(self.out, number, &bytes),
                None => return Err(self.wrong()),
            },
            Kind::Base64 => match BASE64.iter().find_map(|engine| engine.decode(text).ok()) {
                Some(bytes) => put_bytes_field(self.out, number, &bytes),
                None => return Err(self.wrong()),
            },
            _ => match Number::parse(text) {
                Some(number) => return self.number(number),
                None => return Err(self.wrong()),
            },
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let message = match self.field.kind {
            Kind::One(message) => message,
            Kind::Many(message) if self.is_item => message,
            _ => return Err(self.wrong()),
        };
        self.seen.records += u64::from(message.role == Role::Record);
        put_varint(self.out, u64::from(self.field.number) << 3 | 2);
        let start = self.out.len();
        Object { message, out: &mut *self.out, seen: self.seen }.visit_map(map)?;
        prefix_length(self.out, start);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { field, out, seen, is_item } = self;
        if is_item {
            return Err(A::Error::custom(format_args!(
                "field `{}` must not hold lists in its list",
                field.name
            )));
        }
        let packed = match field.kind {
            Kind::Many(_) | Kind::ManyTexts => {
                while items
                    .next_element_seed(Slot { field, out: &mut *out, seen: &mut *seen, is_item: true })?
                    .is_some()
                {}
                return Ok(());
            }
            Kind::ManyDoubles => Kind::Double,
            Kind::ManyFixed64 => Kind::Fixed64,
            Kind::ManyUint64 => Kind::Uint64,
            _ => {
                let expected = field.kind.described();
                return Err(A::Error::custom(format_args!("field `{}` must be {expected}", field.name)));
            }
        };
        put_varint(out, u64::from(field.number) << 3 | 2);
        let start = out.len();
        while let Some(number) = items.next_element::<Number>()? {
            put_packed(out, packed, number).ok_or_else(|| {
                A::Error::custom(format_args!("field `{}` must be {}", field.name, field.kind.described()))
            })?;
        }
        prefix_length(out, start);
        Ok(())
    }
}

impl Kind {
    fn described(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Hex => "hexadecimal digits in a string",
            Self::Base64 => "base64 in a string",
            Self::Bool => "true or false",
            Self::Fixed64 | Self::Uint64 => "an integer from 0 to 2^64-1, in a string or not",
            Self::Sfixed64 | Self::Int64 => "an integer from -2^63 to 2^63-1, in a string or not",
            Self::Fixed32 | Self::Uint32 => "an integer from 0 to 2^32-1",
            Self::Sint32 => "an integer from -2^31 to 2^31-1",
            Self::Enum => "an integer (OTLP/JSON has no names of enum values)",
            Self::Double => "a number, or one of \"NaN\", \"Infinity\", \"-Infinity\"",
            Self::One(_) => "an object",
            Self::Many(_) => "a list of objects",
            Self::ManyTexts => "a list of strings",
            Self::ManyDoubles | Self::ManyFixed64 | Self::ManyUint64 => "a list of numbers",
        }
    }
}

/// Puts the length of what was written since `start` before it.
fn prefix_length(out: &mut Vec<u8>, start: usize) {
    let written = out.len();
    put_varint(out, (written - start) as u64);
    let length_bytes = out.len() - written;
    out[start..].rotate_right(length_bytes);
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = text.as_bytes().chunks_exact(2);
    pairs.map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8)).collect()
}
