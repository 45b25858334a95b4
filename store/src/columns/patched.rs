//! Numbers of which most are small: packed in as many bits as pays, the few larger ones kept apart.
//!
//! | bytes | field |
//! |---|---|
//! | 1 | bit width |
//! | 1 | exceptions |
//! | 9 each | exceptions: index (1), value (8, little endian) |
//! | rest | all values in that width; 0 for an exception |

use tantivy_bitpacker::{BitUnpacker, compute_num_bits};

use super::BLOCK_RECORDS;
use super::packed::{pack as pack_bits, packed_len};

const EXCEPTION_BYTES: usize = 9;

/// Appends up to [`BLOCK_RECORDS`] values.
pub(super) fn pack(values: &[u64], out: &mut Vec<u8>) {
    assert!(values.len() <= BLOCK_RECORDS, "an index is one byte");
    let width = best_width(values);
    let is_exception = |value: &u64| compute_num_bits(*value) > width;
    let exceptions: Vec<(usize, u64)> =
        values.iter().copied().enumerate().filter(|(_, value)| is_exception(value)).collect();
    out.extend_from_slice(&[width, exceptions.len() as u8]);
    for (index, value) in exceptions {
        out.push(index as u8);
        out.extend_from_slice(&value.to_le_bytes());
    }
    pack_bits(width, values.iter().map(|value| if is_exception(value) { 0 } else { *value }), out);
}

/// The width that takes the fewest bytes; all exceptions must be countable in a byte.
fn best_width(values: &[u64]) -> u8 {
    let mut of_width = [0_usize; 65];
    for value in values {
        of_width[compute_num_bits(*value) as usize] += 1;
    }
    let mut larger = 0;
    let mut best = (usize::MAX, 64);
    for width in (0..=64_u8).rev() {
        // The unpacker reads eight bytes at a time, which cannot hold 57 to 63 bits at any offset.
        let bytes = packed_len(width, values.len()) + larger * EXCEPTION_BYTES;
        if !(57..=63).contains(&width) && larger <= usize::from(u8::MAX) && bytes < best.0 {
            best = (bytes, width);
        }
        larger += of_width[usize::from(width)];
    }
    best.1
}

/// Fills `out` with the values; `bytes` must be what [`pack`] made of as many.
pub(super) fn unpack(bytes: &[u8], out: &mut [u64]) {
    let [width, exceptions, rest @ ..] = bytes else { return };
    let (exceptions, packed) = rest.split_at(usize::from(*exceptions) * EXCEPTION_BYTES);
    let unpacker = BitUnpacker::new(*width);
    for (index, place) in out.iter_mut().enumerate() {
        *place = unpacker.get(index as u32, packed);
    }
    for exception in exceptions.chunks_exact(EXCEPTION_BYTES) {
        let mut value = [0; 8];
        value.copy_from_slice(&exception[1..]);
        if let Some(place) = out.get_mut(usize::from(exception[0])) {
            *place = u64::from_le_bytes(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_read_back(values in prop::collection::vec(prop_oneof![0_u64..50, any::<u64>(), Just(u64::MAX)], 0..=256)) {
            let mut bytes = Vec::new();
            pack(&values, &mut bytes);
            let mut read = vec![7; values.len()];
            unpack(&bytes, &mut read);
            prop_assert_eq!(read, values);
        }
    }

    #[test]
    fn one_large_value_does_not_widen_the_others() {
        let mut values = vec![3_u64; 256];
        values[100] = u64::MAX;
        let mut bytes = Vec::new();
        pack(&values, &mut bytes);
        assert_eq!(bytes.len(), 2 + 9 + 64);
    }
}
