//! Shortens bodies past the limit and says so inside them.
//!
//! Only the limit decides what is kept, so that replay cuts exactly as ingest did.

use spoor_proto::wire::{Fields, put_bytes_field, put_varint};
use spoor_store::model::ValueRef;

/// Name of the map entry that stands in for what was cut from a structured body.
const MARKER_KEY: &str = "spoor.cut";

/// Writes the first `max` bytes of `text` (fewer where that would split a character) and a marker into `out`.
pub(super) fn text(text: &str, max: usize, out: &mut String) {
    let mut kept = max.min(text.len());
    while !text.is_char_boundary(kept) {
        kept -= 1;
    }
    out.clear();
    out.push_str(text.get(..kept).unwrap_or_default());
    out.push_str("… ");
    marker(kept, text.len(), out);
}

/// Writes an `AnyValue` of at most about `max` bytes into `out`: a map or array keeps its first entries, bytes become
/// a text that says how many there were.
pub(super) fn value(value: ValueRef<'_>, max: usize, out: &mut Vec<u8>) {
    out.clear();
    let mut note = String::new();
    match value {
        ValueRef::Array(message) | ValueRef::Map(message) => {
            let mut kept = Vec::new();
            for field in Fields::new(message).map_while(Result::ok) {
                if kept.len() + field.raw.len() > max {
                    break;
                }
                kept.extend_from_slice(field.raw);
            }
            marker(kept.len(), message.len(), &mut note);
            let mut any_value = Vec::new();
            put_bytes_field(&mut any_value, 1, note.as_bytes());
            let is_map = matches!(value, ValueRef::Map(_));
            if is_map {
                let mut entry = Vec::new();
                put_bytes_field(&mut entry, 1, MARKER_KEY.as_bytes());
                put_bytes_field(&mut entry, 2, &any_value);
                put_bytes_field(&mut kept, 1, &entry);
            } else {
                put_bytes_field(&mut kept, 1, &any_value);
            }
            put_bytes_field(out, if is_map { 6 } else { 5 }, &kept);
        }
        ValueRef::Bytes(bytes) => {
            marker(0, bytes.len(), &mut note);
            put_bytes_field(out, 1, note.as_bytes());
        }
        ValueRef::Str(long) => {
            text(long, max, &mut note);
            put_bytes_field(out, 1, note.as_bytes());
        }
        // A scalar padded with unknown fields: the padding goes.
        ValueRef::Bool(bool) => put_scalar(out, 2, u64::from(bool)),
        ValueRef::Int(int) => put_scalar(out, 3, int as u64),
        ValueRef::Double(double) => spoor_proto::wire::put_fixed64_field(out, 4, double.to_bits()),
        ValueRef::Empty => {}
    }
}

fn put_scalar(out: &mut Vec<u8>, number: u64, value: u64) {
    put_varint(out, number << 3);
    put_varint(out, value);
}

fn marker(kept: usize, total: usize, out: &mut String) {
    out.push_str(&format!("[cut: kept {kept} of {total} bytes]"));
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use spoor_proto::otlp::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value};

    use super::*;

    #[test]
    fn text_is_cut_between_characters_and_says_so() {
        let mut out = String::new();
        text("aéé", 2, &mut out);
        assert_eq!(out, "a… [cut: kept 1 of 5 bytes]");
    }

    #[test]
    fn maps_and_arrays_keep_their_first_entries() {
        let text_value = |text: &str| AnyValue { value: Some(Value::StringValue(text.into())) };
        let entry = |key: &str, text: &str| KeyValue {
            key: key.into(),
            value: Some(text_value(text)),
            ..Default::default()
        };
        let list = KeyValueList { values: vec![entry("a", "1"), entry("b", &"x".repeat(100))] };
        let mut out = Vec::new();
        value(ValueRef::Map(&list.encode_to_vec()), 50, &mut out);
        let Some(Value::KvlistValue(cut)) = AnyValue::decode(&*out).unwrap().value else { panic!("a map") };
        let keys: Vec<&str> = cut.values.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["a", MARKER_KEY]);

        let array = ArrayValue { values: vec![text_value("1"), text_value(&"x".repeat(100))] };
        value(ValueRef::Array(&array.encode_to_vec()), 50, &mut out);
        let Some(Value::ArrayValue(cut)) = AnyValue::decode(&*out).unwrap().value else { panic!("an array") };
        assert_eq!(cut.values.len(), 2);
        assert_eq!(cut.values[0], text_value("1"));
    }

    #[test]
    fn bytes_become_a_note() {
        let mut out = Vec::new();
        value(ValueRef::Bytes(&[0; 100]), 50, &mut out);
        assert_eq!(
            AnyValue::decode(&*out).unwrap().value,
            Some(Value::StringValue("[cut: kept 0 of 100 bytes]".into()))
        );
    }
}
