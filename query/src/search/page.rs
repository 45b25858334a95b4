//! A page of records, newest first.

use std::collections::HashMap;
use std::sync::Arc;

use spoor_store::leaf::{Budget, Leaf};
use spoor_store::model::{Record, RecordId};

use crate::engine::{Engine, Selection, Stats};
use crate::error::Result;
use crate::execute::cursor::{Bookmark, Cursor};
use crate::execute::merge::Newest;
use crate::plan::prune::{prune, within};

/// A page of records.
#[derive(Debug)]
pub struct SearchAnswer {
    /// The records, newest first.
    pub records: Vec<Record>,
    /// Where the next page begins; `None` when this is the last.
    pub cursor: Option<String>,
    /// Records selected over all pages, when every leaf was looked into.
    pub total: Option<u64>,
    /// What the answer cost.
    pub stats: Stats,
}

impl Engine {
    /// The newest `limit` records of `selection`, after `cursor` when given.
    ///
    /// # Errors
    /// A parameter error when `cursor` did not come from an answer, and what any query can meet.
    pub async fn search(
        &self,
        selection: Selection,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<SearchAnswer> {
        let after = cursor.map(|text| {
            Bookmark::decode(text)
                .ok_or_else(|| crate::Error::parameter("cursor", "not a cursor of an earlier answer"))
        });
        let after = after.transpose()?;
        let turn = self.turn(&selection.tenant).await?;
        let snapshot = self.snapshot(&selection.tenant);
        let newest_split = snapshot.leaves().iter().map(Leaf::id).max();
        let visited = prune(&snapshot, selection.range);
        let newest = Arc::new(Newest::new(limit));
        let page = PageOf { selection, limit, after, newest: Arc::clone(&newest) };
        let lanes = turn.run.lanes();
        let looked =
            turn.run.each(visited.leaves.clone(), lanes, move |leaf, budget| page.look(leaf, budget)).await?;
        let found = newest.take_sorted();
        let last = if found.len() == limit { found.last() } else { None };
        let next = last.zip(newest_split).map(|(last, newest)| Bookmark { last: *last, newest }.encode());
        let records = fetch(&turn.run, &visited.leaves, &found).await?;
        let asked = looked.iter().flatten().count();
        let total = (asked == looked.len()).then(|| looked.iter().flatten().sum());
        let stats = turn.end(asked, visited.skipped + looked.len() - asked);
        Ok(SearchAnswer { records, cursor: next, total, stats })
    }
}

struct PageOf {
    selection: Selection,
    limit: usize,
    after: Option<Bookmark>,
    newest: Arc<Newest>,
}

impl PageOf {
    /// How many records of the leaf are selected; `None` when it need not be asked.
    fn look(&self, leaf: &Leaf, budget: &Budget) -> spoor_store::Result<Option<u64>> {
        let Some(times) = leaf.time_range() else { return Ok(Some(0)) };
        let is_past = self.after.is_some_and(|after| times.start > after.last.time);
        if is_past || !self.newest.wants(times.end) {
            return Ok(None);
        }
        let docs = leaf.select(&within(leaf, &self.selection.predicate, self.selection.range), budget)?;
        let before = self.after.and_then(|after| after.before_in(leaf.id()));
        self.newest.add(leaf.id(), &leaf.newest(&docs, before, self.limit)?);
        Ok(Some(docs.len() as u64))
    }
}

/// The records at `places`, in their order.
pub(crate) async fn fetch(
    run: &crate::execute::fan_out::Run,
    leaves: &[Leaf],
    places: &[Cursor],
) -> Result<Vec<Record>> {
    let mut wanted: Vec<(Leaf, Vec<u32>)> = Vec::new();
    for leaf in leaves {
        let split = leaf.id();
        let mut ordinals: Vec<u32> =
            places.iter().filter(|place| place.split == split).map(|place| place.ordinal).collect();
        if !ordinals.is_empty() {
            // Ascending, so that each block of records is read once.
            ordinals.sort_unstable();
            wanted.push((leaf.clone(), ordinals));
        }
    }
    let lanes = run.lanes();
    let fetched = run.each(wanted, lanes, |(leaf, ordinals), budget| leaf.fetch(ordinals, budget)).await?;
    let mut by_id: HashMap<RecordId, Record> =
        fetched.into_iter().flatten().map(|record| (record.id, record)).collect();
    Ok(places
        .iter()
        .filter_map(|place| by_id.remove(&RecordId { split: place.split, ordinal: place.ordinal }))
        .collect())
}
