//! Interns byte strings as consecutive numbers.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Byte strings numbered in the order they first came.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    table: HashTable<Slot>,
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// 32 bits of the hash spare a comparison of bytes for nearly every miss, and rehash without reading them.
#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    id: u32,
}

impl Dictionary {
    /// The number of `item`, and whether it is new. `hash` must come from the same hasher for equal items.
    #[inline]
    pub(crate) fn intern(&mut self, hash: u64, item: &[u8]) -> (u32, bool) {
        let short = (hash >> 32) as u32;
        let (bytes, ends) = (&self.bytes, &self.ends);
        let entry = self.table.entry(
            spread(short),
            |slot| slot.hash == short && slice(bytes, ends, slot.id) == item,
            |slot| spread(slot.hash),
        );
        match entry {
            Entry::Occupied(found) => (found.get().id, false),
            Entry::Vacant(vacant) => {
                let id = self.ends.len() as u32;
                vacant.insert(Slot { hash: short, id });
                self.bytes.extend_from_slice(item);
                self.ends.push(self.bytes.len() as u32);
                (id, true)
            }
        }
    }

    /// The number of `item`, if it was interned.
    #[inline]
    pub(crate) fn find(&self, hash: u64, item: &[u8]) -> Option<u32> {
        let short = (hash >> 32) as u32;
        let found = |slot: &Slot| slot.hash == short && self.get(slot.id) == item;
        self.table.find(spread(short), found).map(|slot| slot.id)
    }

    /// The bytes numbered `id`, which must have been given out.
    #[inline]
    pub(crate) fn get(&self, id: u32) -> &[u8] {
        slice(&self.bytes, &self.ends, id)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Every item in the order of its number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        (0..self.ends.len() as u32).map(|id| (id, self.get(id)))
    }

    /// Memory held, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.table.capacity() * (size_of::<Slot>() + 1) + self.bytes.capacity() + self.ends.capacity() * 4
    }
}

/// The table picks buckets by the low bits and tags by the high ones; both must vary.
#[inline]
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[inline]
fn slice<'a>(bytes: &'a [u8], ends: &[u32], id: u32) -> &'a [u8] {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] as usize };
    &bytes[start..ends[id] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::batch::ItemHasher;

    #[test]
    fn equal_items_share_a_number_and_read_back() {
        let (hasher, mut dictionary) = (ItemHasher::default(), Dictionary::default());
        for round in 0..2 {
            for n in 0..5_000_u32 {
                let item = format!("item {n}");
                let (id, new) = dictionary.intern(hasher.hash(item.as_bytes()), item.as_bytes());
                assert_eq!((id, new), (n, round == 0));
            }
        }
        assert_eq!(dictionary.get(4_321), b"item 4321");
        assert_eq!(dictionary.find(hasher.hash(b"absent"), b"absent"), None);
        assert_eq!(dictionary.find(hasher.hash(b"item 7"), b"item 7"), Some(7));
    }
}
