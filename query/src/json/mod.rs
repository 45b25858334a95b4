//! How answers look in JSON: numbers that may pass 2^53 as decimal strings, records flat and typed.

pub(crate) mod otlp_fields;
pub(crate) mod record;
#[cfg(test)]
mod tests;
pub(crate) mod value;

use serde::Serializer;

/// Writes nanoseconds as a decimal string.
pub(crate) fn nanos<S: Serializer>(nanos: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(nanos)
}

/// Writes nanoseconds as a decimal string, or null.
#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
pub(crate) fn optional_nanos<S: Serializer>(nanos: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match nanos {
        Some(nanos) => serializer.collect_str(nanos),
        None => serializer.serialize_none(),
    }
}

/// Writes whatever prints itself as a string, or null.
#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
pub(crate) fn optional_text<T: std::fmt::Display, S: Serializer>(
    shown: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match shown {
        Some(shown) => serializer.collect_str(shown),
        None => serializer.serialize_none(),
    }
}

/// Writes an id, or an empty string.
#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
pub(crate) fn id_or_empty<T: std::fmt::Display, S: Serializer>(
    id: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.collect_str(id),
        None => serializer.serialize_str(""),
    }
}

/// Writes whatever prints itself as a string.
pub(crate) fn text<T: std::fmt::Display, S: Serializer>(shown: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(shown)
}
