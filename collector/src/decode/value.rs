//! Checks `KeyValue` and `AnyValue` messages.
//!
//! Everything the store reads later without checking is checked here: wire format, UTF-8, nesting.

use spoor_proto::wire::Fields;
use spoor_store::model::value::DEPTH_MAX;

use super::fault::{Fault, Reason};
use super::limits::KEY_BYTES_MAX;

/// Reads a string.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| Fault::Rejected(Reason::Utf8))
}

/// Checks a string that is kept as it came.
#[inline(always)]
pub(super) fn check_text(bytes: &[u8]) -> Result<(), Fault> {
    // Nearly all text is short and ASCII, which is told without a call.
    if bytes.is_ascii() || std::str::from_utf8(bytes).is_ok() {
        return Ok(());
    }
    Err(Fault::Rejected(Reason::Utf8))
}

/// Checks a `KeyValue` of a record, resource, scope, event or link, and returns its key.
// Returning the value as well costs more than the check: it goes through memory, and few callers want it.
#[inline(always)]
pub(super) fn attribute(message: &[u8]) -> Result<&[u8], Fault> {
    key_value(message, DEPTH_MAX)
}

/// Checks the `AnyValue` of a body.
#[inline]
pub(super) fn body(message: &[u8]) -> Result<(), Fault> {
    any_value(message, DEPTH_MAX)
}

#[inline(always)]
fn key_value(message: &[u8], depth: usize) -> Result<&[u8], Fault> {
    let mut key = &[][..];
    for field in Fields::new(message) {
        let field = field?;
        match field.number {
            1 => {
                key = field.bytes()?;
                if key.len() > KEY_BYTES_MAX {
                    return Err(Fault::Rejected(Reason::KeyLength));
                }
                check_text(key)?;
            }
            2 => any_value(field.bytes()?, depth)?,
            // Index into a string table that only profiles have.
            3 => drop(field.varint()?),
            _ => {}
        }
    }
    Ok(key)
}

#[inline(always)]
fn any_value(message: &[u8], depth: usize) -> Result<(), Fault> {
    for field in Fields::new(message) {
        let field = field?;
        match field.number {
            1 => check_text(field.bytes()?)?,
            // Booleans, integers, and the index into a string table that only profiles have.
            2 | 3 | 8 => drop(field.varint()?),
            4 => drop(field.fixed64()?),
            5 => array(field.bytes()?, deeper(depth)?)?,
            6 => map(field.bytes()?, deeper(depth)?)?,
            7 => drop(field.bytes()?),
            _ => {}
        }
    }
    Ok(())
}

fn deeper(depth: usize) -> Result<usize, Fault> {
    depth.checked_sub(1).ok_or(Fault::Rejected(Reason::Depth))
}

#[inline(never)]
fn array(message: &[u8], depth: usize) -> Result<(), Fault> {
    for field in Fields::new(message) {
        let field = field?;
        if field.number == 1 {
            any_value(field.bytes()?, depth)?;
        }
    }
    Ok(())
}

#[inline(never)]
fn map(message: &[u8], depth: usize) -> Result<(), Fault> {
    for field in Fields::new(message) {
        let field = field?;
        if field.number == 1 {
            key_value(field.bytes()?, depth)?;
        }
    }
    Ok(())
}
