//! Request fingerprints as bytes: one row per split instead of one per request.

use crate::model::UnixNanos;

const FINGERPRINT_BYTES: usize = 16;
const ENTRY_BYTES: usize = 24;

pub(super) fn pack(fingerprints: &[(u128, UnixNanos)]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(fingerprints.len() * ENTRY_BYTES);
    for (fingerprint, arrival) in fingerprints {
        packed.extend_from_slice(&fingerprint.to_le_bytes());
        packed.extend_from_slice(&arrival.to_le_bytes());
    }
    packed
}

/// `None` when the length is not that of whole entries.
pub(super) fn unpack(packed: &[u8]) -> Option<Vec<(u128, UnixNanos)>> {
    let entries = packed.chunks(ENTRY_BYTES).map(|entry| {
        let (fingerprint, arrival) = entry.split_at_checked(FINGERPRINT_BYTES)?;
        let fingerprint = u128::from_le_bytes(fingerprint.try_into().ok()?);
        Some((fingerprint, u64::from_le_bytes(arrival.try_into().ok()?)))
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_fingerprints_are_24_bytes_and_read_back() {
        let fingerprints = [(1 | 2 << 64, 3), (u128::MAX, u64::MAX)];
        let packed = pack(&fingerprints);
        let mut golden = [0; 24];
        (golden[0], golden[8], golden[16]) = (1, 2, 3);
        assert_eq!(packed[..24], golden);
        assert_eq!(unpack(&packed).as_deref(), Some(fingerprints.as_slice()));
        assert_eq!(unpack(&packed[..47]), None);
        assert_eq!(unpack(&packed[..10]), None);
    }
}
