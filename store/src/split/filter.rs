//! A Bloom filter over the terms of a split: traces, links, correlation ids, attribute values. A lookup asks it before
//! the term dictionary, so that the many splits that do not have an id cost a cache line each.
//!
//! The section is a row of 64-byte blocks. An id is hashed once (XXH3, 64 bits): the upper half picks its block, nine
//! bits at a time of the lower half's product with a constant pick its bits in it. Blocked, because one cache miss an id
//! is what a lookup over hundreds of splits can afford.

use tantivy::directory::OwnedBytes;

const BLOCK_BYTES: usize = 64;

/// Bits for each id: one in some 150 lookups of an absent id passes.
const BITS_PER_ID: usize = 12;

/// Bits set for each id.
const BITS_SET: u32 = 6;

/// The `filter` section.
pub(crate) struct IdFilter {
    bytes: OwnedBytes,
}

/// Makes a section that holds the ids.
pub(crate) fn write<'a>(ids: impl Iterator<Item = &'a [u8]> + Clone) -> Vec<u8> {
    let blocks = (ids.clone().count() * BITS_PER_ID).div_ceil(BLOCK_BYTES * 8);
    let mut section = vec![0_u8; blocks * BLOCK_BYTES];
    for id in ids {
        let (block, bits) = places(id, blocks);
        for bit in bits {
            section[block * BLOCK_BYTES + bit / 8] |= 1 << (bit % 8);
        }
    }
    section
}

impl IdFilter {
    /// Reads a section; `None` when it is not one.
    pub(crate) fn open(bytes: OwnedBytes) -> Option<Self> {
        bytes.len().is_multiple_of(BLOCK_BYTES).then_some(Self { bytes })
    }

    /// Whether the split may have the id; `false` is certain.
    pub(crate) fn may_have(&self, id: &[u8]) -> bool {
        let blocks = self.bytes.len() / BLOCK_BYTES;
        if blocks == 0 {
            return false;
        }
        let (block, mut bits) = places(id, blocks);
        bits.all(|bit| self.bytes[block * BLOCK_BYTES + bit / 8] >> (bit % 8) & 1 == 1)
    }
}

/// The block of an id, and its bits there.
fn places(id: &[u8], blocks: usize) -> (usize, impl Iterator<Item = usize>) {
    let hash = xxhash_rust::xxh3::xxh3_64(id);
    let block = (((hash >> 32) * blocks as u64) >> 32) as usize;
    let spread = (hash & u64::from(u32::MAX)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (block, (0..BITS_SET).map(move |nth| (spread >> (9 * nth + 10)) as usize % (BLOCK_BYTES * 8)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_always_passes_and_little_else_does() {
        let ids: Vec<String> = (0..20_000).map(|n| format!("id {n}")).collect();
        let filter =
            IdFilter::open(OwnedBytes::new(write(ids.iter().map(String::as_bytes)))).expect("a section");
        assert!(ids.iter().all(|id| filter.may_have(id.as_bytes())));
        let passed = (0..20_000).filter(|n| filter.may_have(format!("absent {n}").as_bytes())).count();
        assert!(passed < 300, "{passed} of 20000 absent ids passed");
    }

    #[test]
    fn an_empty_filter_has_nothing() {
        let filter = IdFilter::open(OwnedBytes::new(write(std::iter::empty()))).expect("a section");
        assert!(!filter.may_have(b"x"));
        assert!(IdFilter::open(OwnedBytes::new(vec![0; 63])).is_none());
    }
}
