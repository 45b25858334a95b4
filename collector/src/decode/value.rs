//! Checks `KeyValue` and `AnyValue` messages while reading them.
//!
//! Everything the store reads later without checking is checked here: wire format, UTF-8, nesting.

use spoor_proto::wire::Fields;
use spoor_store::model::value::DEPTH_MAX;
use spoor_store::model::{KeyValueRef, ValueRef};

use super::fault::{Fault, Reason};

/// Reads a string.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| Fault::Rejected(Reason::Utf8))
}

/// Reads and checks a `KeyValue` of a record, resource, scope, event or link.
#[inline]
pub(super) fn attribute(message: &[u8]) -> Result<KeyValueRef<'_>, Fault> {
    key_value(message, DEPTH_MAX)
}

/// Reads and checks the `AnyValue` of a body.
#[inline]
pub(super) fn body(message: &[u8]) -> Result<ValueRef<'_>, Fault> {
    any_value(message, DEPTH_MAX)
}

fn key_value(message: &[u8], depth: usize) -> Result<KeyValueRef<'_>, Fault> {
    let mut parsed = KeyValueRef { key: "", value: ValueRef::Empty };
    for field in Fields::new(message) {
        let field = field?;
        match field.number {
            1 => parsed.key = text(field.bytes()?)?,
            2 => parsed.value = any_value(field.bytes()?, depth)?,
            // Index into a string table that only profiles have.
            3 => drop(field.varint()?),
            _ => {}
        }
    }
    Ok(parsed)
}

fn any_value(message: &[u8], depth: usize) -> Result<ValueRef<'_>, Fault> {
    let mut value = ValueRef::Empty;
    for field in Fields::new(message) {
        let field = field?;
        value = match field.number {
            1 => ValueRef::Str(text(field.bytes()?)?),
            2 => ValueRef::Bool(field.varint()? != 0),
            3 => ValueRef::Int(field.varint()? as i64),
            4 => ValueRef::Double(f64::from_bits(field.fixed64()?)),
            5 => {
                let array = field.bytes()?;
                check_array(array, deeper(depth)?)?;
                ValueRef::Array(array)
            }
            6 => {
                let map = field.bytes()?;
                check_map(map, deeper(depth)?)?;
                ValueRef::Map(map)
            }
            7 => ValueRef::Bytes(field.bytes()?),
            8 => {
                // Index into a string table that only profiles have.
                field.varint()?;
                value
            }
            _ => value,
        };
    }
    Ok(value)
}

fn deeper(depth: usize) -> Result<usize, Fault> {
    depth.checked_sub(1).ok_or(Fault::Rejected(Reason::Depth))
}

fn check_array(message: &[u8], depth: usize) -> Result<(), Fault> {
    for field in Fields::new(message) {
        let field = field?;
        if field.number == 1 {
            any_value(field.bytes()?, depth)?;
        }
    }
    Ok(())
}

fn check_map(message: &[u8], depth: usize) -> Result<(), Fault> {
    for field in Fields::new(message) {
        let field = field?;
        if field.number == 1 {
            key_value(field.bytes()?, depth)?;
        }
    }
    Ok(())
}
