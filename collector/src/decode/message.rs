//! A singular message field, which protobuf allows to occur several times.

use std::borrow::Cow;

/// Joins another occurrence of a singular message field to what stood before.
///
/// Parsers must merge such occurrences, and the concatenation of two encodings is the encoding of their merge.
pub(super) fn join<'a>(slot: &mut Option<Cow<'a, [u8]>>, next: &'a [u8]) {
    match slot {
        None => *slot = Some(Cow::Borrowed(next)),
        Some(joined) => joined.to_mut().extend_from_slice(next),
    }
}
