//! Where the next page of a search begins: after the last record of this one, in newest-first order.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use spoor_store::leaf::Place;
use spoor_store::model::{RecordId, SplitId, UnixNanos};

/// A record's place over all leaves: by time, then split, then ordinal, so that no two are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    pub(crate) time: UnixNanos,
    pub(crate) split: SplitId,
    pub(crate) ordinal: u32,
}

impl Cursor {
    pub(crate) fn new(split: SplitId, place: Place) -> Self {
        Self { time: place.time, split, ordinal: place.ordinal }
    }

    /// The form clients carry; opaque to them.
    pub(crate) fn encode(&self) -> String {
        let id = RecordId { split: self.split, ordinal: self.ordinal };
        URL_SAFE_NO_PAD.encode(format!("{}.{id}", self.time))
    }

    /// Reads back what [`Self::encode`] wrote.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (time, id) = std::str::from_utf8(&bytes).ok()?.split_once('.')?;
        let id = RecordId::parse(id)?;
        Some(Self { time: time.parse().ok()?, split: id.split, ordinal: id.ordinal })
    }

    /// What of the leaf `split` lies after this place: everything before the place returned (exclusive).
    pub(crate) fn before_in(&self, split: SplitId) -> Option<Place> {
        match split.cmp(&self.split) {
            std::cmp::Ordering::Equal => Some(Place { time: self.time, ordinal: self.ordinal }),
            std::cmp::Ordering::Greater => Some(Place { time: self.time, ordinal: 0 }),
            // Records of the same time come after those of later splits.
            std::cmp::Ordering::Less => self.time.checked_add(1).map(|time| Place { time, ordinal: 0 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_meet_without_gap_or_overlap_whatever_the_leaf() {
        let mut splits: Vec<SplitId> = (0..3).map(|_| SplitId::generate()).collect();
        splits.sort();
        let mut all = Vec::new();
        for split in &splits {
            for ordinal in 0..6_u32 {
                all.push(Cursor { time: u64::from(ordinal / 2), split: *split, ordinal });
            }
        }
        all.sort_by(|left, right| right.cmp(left));
        for (index, last) in all.iter().enumerate() {
            let rest: Vec<Cursor> = all
                .iter()
                .filter(|cursor| {
                    let place = Place { time: cursor.time, ordinal: cursor.ordinal };
                    last.before_in(cursor.split).is_none_or(|before| place < before)
                })
                .copied()
                .collect();
            assert_eq!(rest, all[index + 1..], "after {last:?}");
        }
    }

    #[test]
    fn the_text_form_reads_back_and_anything_else_is_refused() {
        let cursor = Cursor { time: 7, split: SplitId::generate(), ordinal: 9 };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        for wrong in ["", "x", "AAAA", "MTIz"] {
            assert_eq!(Cursor::decode(wrong), None);
        }
    }
}
