//! Attribute values in JSON.
//!
//! | OTLP | JSON |
//! |---|---|
//! | string, bool | themselves |
//! | int | number, or a decimal string past ±(2^53 − 1) |
//! | double | number; `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | bytes | `{"bytes": base64}` |
//! | array, kvlist | array, object |
//! | none | null |

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use spoor_store::model::value::{DEPTH_MAX, array_items, map_entries};
use spoor_store::model::{KeyValueRef, ValueRef};

/// Largest integer that every JSON reader keeps exact.
const EXACT_MAX: u64 = (1 << 53) - 1;

/// One value.
pub(crate) struct ValueJson<'a> {
    value: ValueRef<'a>,
    depth: usize,
}

impl<'a> ValueJson<'a> {
    pub(crate) fn new(value: ValueRef<'a>) -> Self {
        Self { value, depth: DEPTH_MAX }
    }
}

impl Serialize for ValueJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            ValueRef::Str(text) => serializer.serialize_str(text),
            ValueRef::Bool(bool) => serializer.serialize_bool(bool),
            ValueRef::Int(int) if int.unsigned_abs() <= EXACT_MAX => serializer.serialize_i64(int),
            ValueRef::Int(int) => serializer.collect_str(&int),
            ValueRef::Double(double) => serialize_double(double, serializer),
            ValueRef::Bytes(bytes) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("bytes", &STANDARD.encode(bytes))?;
                map.end()
            }
            ValueRef::Array(array) if self.depth > 0 => {
                let mut list = serializer.serialize_seq(None)?;
                for value in array_items(array) {
                    list.serialize_element(&ValueJson { value, depth: self.depth - 1 })?;
                }
                list.end()
            }
            ValueRef::Map(map) if self.depth > 0 => {
                serialize_entries(map_entries(map).collect(), self.depth - 1, serializer)
            }
            ValueRef::Empty | ValueRef::Array(_) | ValueRef::Map(_) => serializer.serialize_none(),
        }
    }
}

fn serialize_double<S: Serializer>(double: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if double.is_nan() {
        serializer.serialize_str("NaN")
    } else if double.is_infinite() {
        serializer.serialize_str(if double > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        serializer.serialize_f64(double)
    }
}

/// Attributes as an object; of a repeated key the last value stays.
pub(crate) struct AttributesJson<F>(pub(crate) F);

impl<'a, I, F> Serialize for AttributesJson<F>
where
    F: Fn() -> I,
    I: Iterator<Item = KeyValueRef<'a>>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_entries((self.0)().collect(), DEPTH_MAX, serializer)
    }
}

fn serialize_entries<S: Serializer>(
    entries: Vec<KeyValueRef<'_>>,
    depth: usize,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    /// Below it, comparing each key with those after it is cheaper than a table.
    const COMPARED_MAX: usize = 32;
    let mut map = serializer.serialize_map(None)?;
    let last_of: Option<HashMap<&str, usize>> = (entries.len() > COMPARED_MAX)
        .then(|| entries.iter().enumerate().map(|(index, entry)| (entry.key, index)).collect());
    for (index, entry) in entries.iter().enumerate() {
        let repeated_later = match &last_of {
            Some(last_of) => last_of.get(entry.key) != Some(&index),
            None => entries[index + 1..].iter().any(|later| later.key == entry.key),
        };
        if !repeated_later {
            map.serialize_entry(entry.key, &ValueJson { value: entry.value, depth })?;
        }
    }
    map.end()
}
