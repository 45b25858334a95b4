//! The correlation ids of one record.

use super::extractor::Extractor;

/// Ids of one record; more are left out and counted.
pub(crate) const IDS_MAX: usize = 16;
/// Longest value, in bytes; a longer one is no id, and is left out and counted.
const VALUE_BYTES_MAX: usize = 256;

/// Ids found so far: those of the resource, then of the scope, then of the record.
///
/// Used like a stack: what resource and scope share stays while record after record is rewound.
#[derive(Debug, Default)]
pub(crate) struct Found {
    text: String,
    /// Number of the key, and where its value ends in `text`.
    ends: Vec<(u16, usize)>,
    skipped: u64,
}

/// A height of the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    text: usize,
    ends: usize,
}

impl Found {
    /// Adds an id, trimmed, unless it is empty or there already.
    pub(crate) fn add(&mut self, key: u16, value: &str) {
        let value = value.trim();
        if value.is_empty() || self.iter().any(|known| known == (key, value)) {
            return;
        }
        if value.len() > VALUE_BYTES_MAX || self.ends.len() >= IDS_MAX {
            self.skipped += 1;
            return;
        }
        self.text.push_str(value);
        self.ends.push((key, self.text.len()));
    }

    /// Whether another id would be left out.
    pub(crate) fn is_full(&self) -> bool {
        self.ends.len() >= IDS_MAX
    }

    /// Ids left out since the beginning.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped
    }

    pub(crate) fn clear(&mut self) {
        self.rewind(Mark { text: 0, ends: 0 });
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { text: self.text.len(), ends: self.ends.len() }
    }

    /// Forgets what was added since `mark`.
    #[inline]
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.text.truncate(mark.text);
        self.ends.truncate(mark.ends);
    }

    /// Writes (key, value) pairs into `space` and returns those written.
    #[inline]
    pub(crate) fn pairs<'p>(
        &'p self,
        extractor: &'p Extractor,
        space: &'p mut [(&'p str, &'p str); IDS_MAX],
    ) -> &'p [(&'p str, &'p str)] {
        for (slot, (key, value)) in space.iter_mut().zip(self.iter()) {
            *slot = (extractor.name(key), value);
        }
        &space[..self.ends.len()]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, &str)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts
            .zip(&self.ends)
            .map(|(start, (key, end))| (*key, self.text.get(start..*end).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(found: &Found) -> Vec<(u16, &str)> {
        found.iter().collect()
    }

    #[test]
    fn pairs_are_trimmed_and_never_repeat() {
        let mut found = Found::default();
        found.add(1, " ord-1 ");
        found.add(1, "ord-1");
        found.add(2, "ord-1");
        found.add(2, "  ");
        assert_eq!(list(&found), [(1, "ord-1"), (2, "ord-1")]);
        assert_eq!(found.skipped(), 0);
    }

    #[test]
    fn what_resource_and_scope_share_stays_after_a_rewind() {
        let mut found = Found::default();
        found.add(1, "resource");
        let mark = found.mark();
        found.add(1, "record");
        found.rewind(mark);
        assert_eq!(list(&found), [(1, "resource")]);
        found.clear();
        assert_eq!(list(&found), []);
    }

    #[test]
    fn too_many_and_too_long_ids_are_counted() {
        let mut found = Found::default();
        found.add(0, &"x".repeat(VALUE_BYTES_MAX));
        found.add(0, &"y".repeat(VALUE_BYTES_MAX + 1));
        assert_eq!((list(&found).len(), found.skipped()), (1, 1));
        for number in 0..IDS_MAX {
            found.add(0, &number.to_string());
        }
        assert_eq!((list(&found).len(), found.skipped()), (IDS_MAX, 2));
        assert!(found.is_full());
    }
}
