//! What merged splits were made of, and what of a tenant's records somebody has seen.
//!
//! Hot rows keep their id and their ordinals when they become a split. A merge gives records other ones; what it was
//! made of is remembered for the newest merges, so that who follows arrivals, or holds a record's id, finds his place.
//!
//! Invariant: a [`Position`] either tells exactly what is new since it was taken, or says that it cannot.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use crate::leaf::{DocSet, Leaf};
use crate::model::{RecordId, SplitId};

/// Merges remembered for each tenant.
const MERGES_MAX: usize = 256;

/// A merge that left out more records than this is not remembered.
const LEFT_OUT_MAX: usize = 100_000;

/// One split that went into a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) split: SplitId,
    /// Ordinal of its first record in the merged split.
    pub(crate) first: u32,
    /// Records it had.
    pub(crate) records: u32,
    /// Its ordinals that were left out, because another record was the same; ascending.
    pub(crate) left_out: Vec<u32>,
}

/// The merges of one tenant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    merges: HashMap<SplitId, Arc<[Part]>>,
    order: VecDeque<SplitId>,
    /// The newest split that may be a merge of which nothing is remembered.
    forgotten: Option<SplitId>,
}

/// What of a tenant's records somebody has seen. Small; only the newest one is worth keeping.
#[derive(Debug, Clone)]
pub struct Position {
    /// How many records of a leaf, from its first.
    seen: HashMap<SplitId, u32>,
    /// Every split older than this one.
    before: Option<SplitId>,
}

/// Records that are new to somebody, and arrived in one split.
pub struct Unseen {
    /// The leaf they are in.
    pub leaf: Leaf,
    /// Which of its records.
    pub docs: DocSet,
    /// For records that a merge moved: the id that stands for having seen all of these, and what arrived before them.
    /// The id of any other record stands for itself and what arrived before it.
    pub moved_place: Option<RecordId>,
}

/// Records of a leaf that arrived in the split `base`, up to its end.
struct Piece {
    base: SplitId,
    base_records: u32,
    range: Range<u32>,
}

/// Too much was merged since a position was taken to tell what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostPosition;

impl Part {
    /// How many of the first `ordinal` records were kept.
    fn kept_before(&self, ordinal: u32) -> u32 {
        ordinal - self.left_out.partition_point(|left| *left < ordinal) as u32
    }

    /// The ordinal in the merged split; `None` for one that was left out.
    fn place(&self, ordinal: u32) -> Option<u32> {
        let is_there = ordinal < self.records && self.left_out.binary_search(&ordinal).is_err();
        is_there.then(|| self.first + self.kept_before(ordinal))
    }
}

impl Origins {
    /// Notes what `merged` was made of.
    pub(crate) fn note(&mut self, merged: SplitId, parts: Vec<Part>) {
        if parts.iter().map(|part| part.left_out.len()).sum::<usize>() > LEFT_OUT_MAX {
            self.forget(merged);
            return;
        }
        self.merges.insert(merged, parts.into());
        self.order.push_back(merged);
        if self.order.len() > MERGES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.merges.remove(&oldest);
            self.forget(oldest);
        }
    }

    /// Notes a split of which it is not known whether it is a merge.
    pub(crate) fn forget(&mut self, split: SplitId) {
        self.forgotten = self.forgotten.max(Some(split));
    }

    fn is_part(&self, split: SplitId) -> bool {
        self.merges.values().flat_map(|parts| parts.iter()).any(|part| part.split == split)
    }

    /// Where a record went in the next merge; `None` when it was in none.
    fn next_place(&self, record: RecordId) -> Option<RecordId> {
        self.merges.iter().find_map(|(merged, parts)| {
            let part = parts.iter().find(|part| part.split == record.split)?;
            Some(RecordId { split: *merged, ordinal: part.place(record.ordinal)? })
        })
    }

    /// Where a record that was in a split before is now, among `leaves`.
    pub(crate) fn find(&self, leaves: &[Leaf], mut record: RecordId) -> Option<(Leaf, u32)> {
        for _ in 0..=MERGES_MAX {
            if let Some(leaf) = leaves.iter().find(|leaf| leaf.id() == record.split) {
                return (record.ordinal < leaf.len()).then(|| (leaf.clone(), record.ordinal));
            }
            record = self.next_place(record)?;
        }
        None
    }
}

impl Position {
    /// Everything in `leaves` is seen.
    pub(crate) fn all_of(leaves: &[Leaf]) -> Self {
        Self { seen: leaves.iter().map(|leaf| (leaf.id(), leaf.len())).collect(), before: None }
    }

    /// Everything up to `record`, itself included, in order of arrival; `None` when its split is not known any more.
    pub(crate) fn after(record: RecordId, leaves: &[Leaf], origins: &Origins) -> Option<Self> {
        let is_known = leaves.iter().any(|leaf| leaf.id() == record.split) || origins.is_part(record.split);
        let seen = HashMap::from([(record.split, record.ordinal.saturating_add(1))]);
        is_known.then_some(Self { seen, before: Some(record.split) })
    }

    /// What in `leaves` is not seen, in order of arrival.
    pub(crate) fn unseen(&self, leaves: &[Leaf], origins: &Origins) -> Result<Vec<Unseen>, LostPosition> {
        let mut found = Vec::new();
        for leaf in leaves {
            for Piece { base, base_records, range } in
                self.pieces(leaf.id(), leaf.len(), leaf.is_hot(), origins)?
            {
                let docs = DocSet::from_ordinals(leaf.len(), range.collect());
                let end = RecordId { split: base, ordinal: base_records.saturating_sub(1) };
                let moved_place = (base != leaf.id()).then_some(end);
                found.push((base, Unseen { leaf: leaf.clone(), docs, moved_place }));
            }
        }
        found.sort_by_key(|(base, _)| *base);
        Ok(found.into_iter().map(|(_, unseen)| unseen).collect())
    }

    /// What of a split is not seen, by where it arrived.
    fn pieces(
        &self,
        split: SplitId,
        len: u32,
        is_hot: bool,
        origins: &Origins,
    ) -> Result<Vec<Piece>, LostPosition> {
        let from = |first: u32| {
            let piece = Piece { base: split, base_records: len, range: first..len };
            Ok(Vec::from_iter((first < len).then_some(piece)))
        };
        if let Some(seen) = self.seen.get(&split) {
            return from(*seen);
        }
        if let Some(parts) = origins.merges.get(&split) {
            let mut pieces = Vec::new();
            for part in parts.iter() {
                let place = |ordinal| part.first + part.kept_before(ordinal);
                let inner = self.pieces(part.split, part.records, false, origins)?;
                let moved = inner
                    .into_iter()
                    .map(|piece| Piece { range: place(piece.range.start)..place(piece.range.end), ..piece });
                pieces.extend(moved.filter(|piece| !piece.range.is_empty()));
            }
            return Ok(pieces);
        }
        if self.before.is_some_and(|before| split < before) {
            return Ok(Vec::new());
        }
        if !is_hot && origins.forgotten >= Some(split) {
            return Err(LostPosition);
        }
        from(0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::time::Duration;

    use bytes::Bytes;
    use proptest::prelude::*;
    use spoor_runtime::clock::Clock;

    use super::*;
    use crate::catalog::SplitMeta;
    use crate::disk::{Disk as _, RealDisk};
    use crate::hot::HotRows;
    use crate::leaf::Budget;
    use crate::maintain::merge::merge;
    use crate::maintain::sample::split as sample;
    use crate::model::{BatchBuilder, Body, Row, Signal, SpanStatus, StreamParts, Tenant};
    use crate::split::{SplitCache, SplitHandle, build};

    /// What happens to a tenant's records.
    #[derive(Debug, Clone)]
    enum Event {
        /// Records with these numbers arrive; equal numbers are equal records.
        Append(Vec<u16>),
        Publish,
        /// The splits at these places, oldest first, become one.
        Merge(usize, usize),
        /// Somebody looks.
        Look,
        /// Somebody who saw all up to the record seen last comes back with its id alone.
        ComeBack,
    }

    fn events() -> impl Strategy<Value = Event> {
        prop_oneof![
            3 => prop::collection::vec(0_u16..200, 1..40).prop_map(Event::Append),
            2 => Just(Event::Publish),
            2 => (0_usize..4, 2_usize..4).prop_map(|(from, count)| Event::Merge(from, count)),
            2 => Just(Event::Look),
            1 => Just(Event::ComeBack),
        ]
    }

    struct World<'a> {
        folder: &'a Path,
        hot: Arc<HotRows>,
        splits: Vec<Arc<SplitHandle>>,
        origins: Origins,
    }

    impl World<'_> {
        fn leaves(&self) -> Vec<Leaf> {
            let hot = [Leaf::hot(self.hot.view())].into_iter().filter(|leaf| !leaf.is_empty());
            hot.chain(self.splits.iter().cloned().map(Leaf::split)).collect()
        }

        fn append(&self, numbers: &[u16]) {
            let mut builder = BatchBuilder::new(Tenant::default(), Signal::Logs, 1, Bytes::new());
            let stream = builder.stream(StreamParts::default());
            for number in numbers {
                builder.row(&Row {
                    stream,
                    signal: Signal::Logs,
                    time: u64::from(*number),
                    time_is_set: true,
                    end_or_observed: 0,
                    severity_or_kind: 9,
                    status: SpanStatus::Unset,
                    status_is_set: false,
                    flags: 0,
                    trace_id: None,
                    span_id: None,
                    parent_span_id: None,
                    name: "",
                    severity_text: "",
                    body: Body::None,
                    attributes: &[],
                    correlations: &[],
                    rest: &[],
                });
            }
            self.hot.append(&builder.finish(), 1);
        }

        fn split_of(&self, rows: &Arc<HotRows>) -> Option<Arc<SplitHandle>> {
            let built = build(&rows.read(), &rows.rollup.summary(rows)).expect("built")?;
            let path = self.folder.join(format!("{}.split", rows.id));
            RealDisk.create(&path).expect("created").write_all(&built.bytes).expect("written");
            let meta = SplitMeta { id: rows.id, ..sample(built.records) };
            Some(Arc::new(SplitHandle::new(meta, path, SplitCache::new(1 << 20))))
        }

        fn publish(&mut self) {
            let split = self.split_of(&self.hot);
            self.splits.extend(split);
            self.hot = Arc::new(HotRows::new(Tenant::default()));
        }

        fn merge(&mut self, from: usize, count: usize) {
            let end = self.splits.len().min(from + count);
            if end < from + 2 {
                return;
            }
            let inputs: Vec<_> = self.splits.drain(from..end).collect();
            let merged = merge(&Tenant::default(), &inputs).expect("merged");
            let split = self.split_of(&merged.rows).expect("not empty");
            self.origins.note(split.meta.id, merged.parts);
            self.splits.insert(from, split);
        }

        /// The numbers of what is new, and the last id that tells a place.
        fn look(&self, position: &Position) -> (Vec<u16>, Option<RecordId>) {
            let budget = Budget::new(Clock::system(), Duration::MAX, u64::MAX);
            let mut numbers = Vec::new();
            let mut last = None;
            for unseen in position.unseen(&self.leaves(), &self.origins).expect("nothing is forgotten") {
                let ordinals: Vec<u32> = unseen.docs.iter().collect();
                let records = unseen.leaf.fetch(&ordinals, &budget).expect("read");
                numbers.extend(records.iter().map(|record| record.time as u16));
                last = unseen.moved_place.or(records.last().map(|record| record.id));
            }
            (numbers, last)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whoever_follows_sees_each_record_as_often_as_it_came_at_most_and_once_at_least(
            events in prop::collection::vec(events(), 1..24),
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let hot = Arc::new(HotRows::new(Tenant::default()));
            let mut world = World { folder: folder.path(), hot, splits: Vec::new(), origins: Origins::default() };
            world.append(&[1_000]);
            let mut position = Position::all_of(&world.leaves());
            let (mut came, mut seen) = (BTreeMap::<u16, u32>::new(), BTreeMap::<u16, u32>::new());
            let mut last = None;
            for event in events.into_iter().chain([Event::Look]) {
                match event {
                    Event::Append(numbers) => {
                        numbers.iter().for_each(|number| *came.entry(*number).or_default() += 1);
                        world.append(&numbers);
                    }
                    Event::Publish => world.publish(),
                    Event::Merge(from, count) => world.merge(from, count),
                    Event::Look => {
                        let (numbers, place) = world.look(&position);
                        numbers.iter().for_each(|number| *seen.entry(*number).or_default() += 1);
                        last = place.or(last);
                        position = Position::all_of(&world.leaves());
                    }
                    Event::ComeBack => {
                        if let Some(back) = last.and_then(|last| {
                            Position::after(last, &world.leaves(), &world.origins)
                        }) {
                            position = back;
                        }
                    }
                }
            }
            prop_assert!(seen.iter().all(|(number, times)| times <= came.get(number).unwrap_or(&0)), "{seen:?} {came:?}");
            prop_assert_eq!(seen.keys().collect::<Vec<_>>(), came.keys().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_forgotten_is_said_and_ids_are_found_through_merges() {
        let folder = tempfile::tempdir().expect("a folder");
        let hot = Arc::new(HotRows::new(Tenant::default()));
        let mut world = World { folder: folder.path(), hot, splits: Vec::new(), origins: Origins::default() };
        let position = Position::all_of(&world.leaves());
        let mut ids = Vec::new();
        for numbers in [[1, 2, 3], [2, 4, 5], [6, 1, 7]] {
            world.append(&numbers);
            ids.extend((0..3).map(|ordinal| RecordId { split: world.hot.id, ordinal }));
            world.publish();
        }
        world.merge(0, 2);
        world.merge(0, 2);
        let found = |id: &RecordId| world.origins.find(&world.leaves(), *id).map(|(_, ordinal)| ordinal);
        let places: Vec<Option<u32>> = ids.iter().map(found).collect();
        // 2 and 1 came again: those copies are gone.
        let expected = [Some(0), Some(1), Some(2), None, Some(3), Some(4), Some(5), None, Some(6)];
        assert_eq!(places, expected);
        let mut forgetful = Origins::default();
        forgetful.forget(world.splits[0].meta.id);
        assert_eq!(position.unseen(&world.leaves(), &forgetful).err(), Some(LostPosition));
        assert!(Position::after(ids[0], &world.leaves(), &forgetful).is_none());
    }
}
