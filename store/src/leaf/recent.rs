//! The correlation ids that the newest records of a leaf carry, each once: what a list of recent flows begins with.
//!
//! Blocks are read from the newest on, and of each the correlation ids alone, until no older block can add one.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Budget, DocSet};
use crate::columns::{BLOCK_RECORDS, Summary};
use crate::error::Result;
use crate::index::evaluate::Source;
use crate::model::{TimeRange, UnixNanos};

/// Blocks between two looks at the deadline.
const BLOCKS_PER_CHECK: usize = 64;

/// A correlation id under its key, and when a record last carried it. Ascends from the newest to the oldest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentId {
    /// Time of the newest record that carries the id.
    pub time: UnixNanos,
    /// Correlation key.
    pub key: String,
    /// The id.
    pub id: String,
}

/// Which ids are asked for.
#[derive(Debug, Clone, Copy)]
pub struct RecentQuery<'a> {
    /// Of records in this range alone.
    pub range: TimeRange,
    /// Under these keys.
    pub keys: &'a BTreeSet<String>,
    /// Only what comes after this one.
    pub after: Option<&'a RecentId>,
    /// None of these, by key and id.
    pub except: &'a HashSet<(String, String)>,
    /// Most of them.
    pub limit: usize,
}

/// What hot rows and splits tell of the correlation ids of their records, each in their own way.
pub(crate) trait Correlated: Source {
    /// The records that carry an id under one of `keys`, when that is cheaply known; `None`: any may.
    fn carriers(&self, keys: &BTreeSet<String>, budget: &Budget) -> Result<Option<DocSet>>;
    /// Calls `visit` with the place in the block and the number of every id that its records carry.
    fn correlations_in(&self, block: usize, visit: &mut dyn FnMut(usize, u32)) -> Result<()>;
    /// Key and id of a number.
    fn correlation_pair(&self, number: u32) -> Result<Option<(String, String)>>;
}

impl Ord for RecentId {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time.cmp(&self.time))
            .then_with(|| self.key.cmp(&other.key))
            .then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for RecentId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl RecentId {
    /// Memory held, in bytes.
    fn memory(&self) -> usize {
        size_of::<Self>() + self.key.len() + self.id.len()
    }
}

/// See [`super::Leaf::recent`].
pub(super) fn recent(
    source: &dyn Correlated,
    query: &RecentQuery<'_>,
    budget: &Budget,
) -> Result<Vec<RecentId>> {
    let newest = query.after.map_or(query.range.end, |after| after.time.min(query.range.end));
    let range = TimeRange { start: query.range.start, end: newest };
    let carriers = source.carriers(query.keys, budget)?;
    let mut found = Found { query, range, met: HashMap::new(), best: BTreeSet::new(), held: 0 };
    let mut times = [0; BLOCK_RECORDS];
    for (checked, (summary, block)) in newest_first(source, range, carriers.as_ref()).into_iter().enumerate()
    {
        if checked % BLOCKS_PER_CHECK == 0 {
            budget.check()?;
        }
        if !found.wants(summary.time_max) {
            break;
        }
        source.columns().times(block, &mut times);
        let mut carried = Vec::new();
        source.correlations_in(block, &mut |place, number| carried.push((place, number)))?;
        let held = found.held;
        for (place, number) in carried {
            found.meet(source, times[place], number)?;
        }
        budget.hold(found.held - held)?;
    }
    budget.release(found.held);
    Ok(found.best.into_iter().collect())
}

/// The blocks that may have a record in `range`, those with the newest records first.
fn newest_first(
    source: &dyn Correlated,
    range: TimeRange,
    carriers: Option<&DocSet>,
) -> Vec<(Summary, usize)> {
    let columns = source.columns();
    let numbers: Vec<usize> = match carriers {
        None => (0..(columns.records() as usize).div_ceil(BLOCK_RECORDS)).collect(),
        Some(docs) => {
            let mut numbers: Vec<usize> = docs.iter().map(|doc| doc as usize / BLOCK_RECORDS).collect();
            numbers.dedup();
            numbers
        }
    };
    let mut blocks: Vec<(Summary, usize)> =
        numbers.into_iter().map(|block| (columns.summary(block), block)).collect();
    blocks
        .retain(|(summary, _)| range.overlaps(&TimeRange { start: summary.time_min, end: summary.time_max }));
    blocks.sort_unstable_by_key(|(summary, block)| std::cmp::Reverse((summary.time_max, *block)));
    blocks
}

/// What was met so far.
struct Found<'a> {
    query: &'a RecentQuery<'a>,
    range: TimeRange,
    /// By number; `None` for an id that was not asked for.
    met: HashMap<u32, Option<RecentId>>,
    /// The first `limit` of those that were.
    best: BTreeSet<RecentId>,
    /// Memory of what was met, in bytes.
    held: usize,
}

impl Found<'_> {
    /// Whether a record of `time` can still change the answer.
    fn wants(&self, time: UnixNanos) -> bool {
        self.best.len() < self.query.limit || self.best.last().is_none_or(|last| time >= last.time)
    }

    fn meet(&mut self, source: &dyn Correlated, time: UnixNanos, number: u32) -> Result<()> {
        if !self.range.contains(time) || !self.wants(time) {
            return Ok(());
        }
        let (key, id) = match self.met.get(&number) {
            Some(None) => return Ok(()),
            Some(Some(known)) if known.time >= time => return Ok(()),
            Some(Some(known)) => (known.key.clone(), known.id.clone()),
            None => {
                let pair = source.correlation_pair(number)?;
                let asked = |pair: &(String, String)| {
                    self.query.keys.contains(&pair.0) && !self.query.except.contains(pair)
                };
                let Some(pair) = pair.filter(asked) else {
                    self.met.insert(number, None);
                    self.held += size_of::<(u32, Option<RecentId>)>();
                    return Ok(());
                };
                pair
            }
        };
        let recent = RecentId { time, key, id };
        if self.query.after.is_some_and(|after| recent <= *after) {
            return Ok(());
        }
        match self.met.insert(number, Some(recent.clone())).flatten() {
            Some(older) => {
                self.best.remove(&older);
            }
            None => self.held += 2 * recent.memory(),
        }
        self.best.insert(recent);
        if self.best.len() > self.query.limit {
            self.best.pop_last();
        }
        Ok(())
    }
}
