//! A page of recent flows.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use spoor_store::Snapshot;
use spoor_store::leaf::{Budget, Leaf, RecentId};
use spoor_store::model::{Tenant, TimeRange};
use spoor_store::predicate::Predicate;

use super::answer::{FlowListAnswer, ListTruncated, ListedFlow};
use super::candidates::{Wanted, candidates};
use super::cursor::ListCursor;
use super::examine::{Examiner, Matched};
use super::matches::ids_of_matches;
use crate::engine::{Engine, Turn};
use crate::error::{Error, Result};
use crate::flows::FlowState;
use crate::language::quote;
use crate::nearest::nearest;
use crate::plan::prune::prune;

/// Most flows looked at for one page.
const EXAMINED_MAX: usize = 1_000;

/// Fewest flows looked for at once when some may not be listed.
const BATCH_MIN: usize = 32;

/// Which flows.
#[derive(Debug, Clone)]
pub struct FlowListRequest {
    /// Whose.
    pub tenant: Tenant,
    /// A flow is listed when one of its records satisfies it.
    pub predicate: Predicate,
    /// The correlation key; `None` is all.
    pub key: Option<String>,
    /// How they must stand.
    pub state: Option<FlowState>,
    /// Records that carry the id lie in it; the flow itself is not cut by it.
    pub range: TimeRange,
    /// Most of them.
    pub limit: usize,
    /// Where an earlier page ended.
    pub cursor: Option<String>,
}

/// A page while it fills.
struct Page {
    flows: Vec<ListedFlow>,
    examined: usize,
    /// Every id looked at.
    known: HashSet<(String, String)>,
    last: Option<RecentId>,
    is_over: bool,
}

impl Engine {
    /// Flows by their newest records, the newest first, each key and id once.
    ///
    /// # Errors
    /// A parameter error for a key that neither the configuration nor a record knows, or a cursor that did not come from
    /// an answer, and what any query can meet.
    pub async fn flows(&self, request: &FlowListRequest) -> Result<FlowListAnswer> {
        let wrong = || Error::parameter("cursor", "not a cursor of an earlier answer");
        let after = request.cursor.as_deref().map(|text| ListCursor::decode(text).ok_or_else(wrong));
        let after = after.transpose()?;
        let turn = self.turn(&request.tenant).await?;
        let snapshot = self.snapshot(&request.tenant);
        let keys = self.listed_keys(request.key.as_deref(), &turn, &snapshot).await?;
        let ends = snapshot.leaves().iter().filter_map(Leaf::time_range).map(|times| times.end);
        let newest = ends.max().unwrap_or_default().min(request.range.end);
        let until = after.as_ref().map_or(newest, |after| after.until.min(newest));
        let range = TimeRange { start: request.range.start, end: until };
        let visited = prune(&snapshot, range);
        let mut page = Page::new(after.map(|after| after.last));
        if range.start <= range.end {
            let matched = matched(&turn, &snapshot, &request.predicate).await?;
            let leaves = snapshot.leaves();
            let examiner = Examiner { engine: self, run: &turn.run, leaves, range, matched };
            page.fill(&examiner, &visited.leaves, keys, request).await?;
        }
        let last = page.last.filter(|_| !page.is_over);
        let cursor = last.map(|last| ListCursor { until, last }.encode()).transpose()?;
        let reason = format!("{EXAMINED_MAX} flows were looked at; the cursor goes on after them");
        let is_cut = cursor.is_some() && page.flows.len() < request.limit;
        Ok(FlowListAnswer {
            flows: page.flows,
            cursor,
            examined: page.examined,
            truncated: is_cut.then_some(ListTruncated { reason }),
            stats: turn.end(visited.leaves.len(), visited.skipped),
        })
    }

    /// The keys that flows are listed by: every known one, or the one given.
    async fn listed_keys(
        &self,
        key: Option<&str>,
        turn: &Turn<'_>,
        snapshot: &Snapshot,
    ) -> Result<BTreeSet<String>> {
        let Some(key) = key else { return Ok(self.keys().names().map(str::to_owned).collect()) };
        let keys = BTreeSet::from([key.to_owned()]);
        if self.keys().get(key).is_some() {
            return Ok(keys);
        }
        // Records may have been extracted under a key that the configuration has lost.
        let wanted = key.to_owned();
        let look = move |leaf: &Leaf, budget: &Budget| leaf.has_correlation_key(&wanted, budget);
        let lanes = turn.run.lanes();
        if turn.run.each(snapshot.leaves().to_vec(), lanes, look).await?.contains(&true) {
            return Ok(keys);
        }
        let meant = nearest(key, self.keys().names(), 2);
        let hint = meant.map_or_else(
            || format!("one of {}", self.keys().names().collect::<Vec<_>>().join(", ")),
            |meant| format!("did you mean `{meant}`?"),
        );
        Err(Error::parameter("key", format!("`{}` is no correlation key; {hint}", quote(key))))
    }
}

/// The records that satisfy `predicate`, wherever they are: of a flow any record counts.
async fn matched(
    turn: &Turn<'_>,
    snapshot: &Snapshot,
    predicate: &Predicate,
) -> Result<Option<Arc<Matched>>> {
    if matches!(predicate, Predicate::All) {
        return Ok(None);
    }
    let predicate = predicate.clone();
    let look = move |leaf: &Leaf, budget: &Budget| {
        let docs = leaf.select(&predicate, budget)?;
        budget.hold(leaf.len() as usize / 8)?;
        Ok((leaf.id(), docs))
    };
    let lanes = turn.run.lanes();
    let found = turn.run.each(snapshot.leaves().to_vec(), lanes, look).await?;
    Ok(Some(Arc::new(found.into_iter().filter(|(_, docs)| !docs.is_empty()).collect())))
}

impl Page {
    fn new(after: Option<RecentId>) -> Self {
        Self { flows: Vec::new(), examined: 0, known: HashSet::new(), last: after, is_over: false }
    }

    /// Looks at flows until there are enough, none is left, or the bound is reached.
    async fn fill(
        &mut self,
        examiner: &Examiner<'_>,
        leaves: &[Leaf],
        keys: BTreeSet<String>,
        request: &FlowListRequest,
    ) -> Result<()> {
        if let Some(matched) = &examiner.matched
            && let Some(mut ids) = ids_of_matches(examiner, matched, &keys, EXAMINED_MAX).await?
        {
            ids.retain(|id| self.last.as_ref().is_none_or(|last| id > last));
            self.is_over = self.take(examiner, ids, request).await?;
            return Ok(());
        }
        let may_pass_over = examiner.matched.is_some() || request.state.is_some() || request.cursor.is_some();
        while !self.is_over && self.flows.len() < request.limit && self.examined < EXAMINED_MAX {
            let missing = request.limit - self.flows.len();
            let some = if may_pass_over { missing.max(BATCH_MIN) } else { missing };
            let limit = some.min(EXAMINED_MAX - self.examined);
            let wanted = Wanted {
                keys: keys.clone(),
                range: examiner.range,
                after: self.last.clone(),
                except: std::mem::take(&mut self.known),
                limit,
            };
            let wanted = Arc::new(wanted);
            let batch = candidates(examiner.run, leaves.to_vec(), Arc::clone(&wanted)).await?;
            // The work is done; nobody else holds what was wanted.
            self.known =
                Arc::try_unwrap(wanted).map_or_else(|shared| shared.except.clone(), |wanted| wanted.except);
            let is_last = batch.len() < limit;
            let all = self.take(examiner, batch, request).await?;
            self.is_over = is_last && all;
        }
        Ok(())
    }

    /// Examines a batch in order, until there are enough; whether it went through all of it.
    async fn take(
        &mut self,
        examiner: &Examiner<'_>,
        batch: Vec<RecentId>,
        request: &FlowListRequest,
    ) -> Result<bool> {
        let count = batch.len();
        let lanes = examiner.run.lanes();
        let mut examined = stream::iter(batch)
            .map(async |candidate| (examiner.examine(&candidate).await, candidate))
            .buffered(lanes);
        let mut taken = 0;
        while self.flows.len() < request.limit
            && let Some((flow, candidate)) = examined.next().await
        {
            taken += 1;
            self.examined += 1;
            self.known.insert((candidate.key.clone(), candidate.id.clone()));
            self.last = Some(candidate);
            let passes = |flow: &ListedFlow| request.state.is_none_or(|state| flow.state == state);
            self.flows.extend(flow?.filter(passes));
        }
        Ok(taken == count)
    }
}
