//! All spans of some traces, whatever leaf they are in, one round for each leaf; and what is made of them.

use std::collections::HashMap;

use spoor_store::Snapshot;
use spoor_store::leaf::{Budget, Leaf};
use spoor_store::model::{Record, Signal, Tenant, TimeRange, TraceId};
use spoor_store::predicate::Predicate;

use super::adjust::adjust;
use super::find::newest_traces;
use super::question::Question;
use super::summary::Summary;
use super::trace::{self, Trace};
use crate::engine::{Engine, Turn};
use crate::error::Result;
use crate::plan::prune::prune;

/// Leaves up to which waking a second thread costs more than it saves.
const ALONE_MAX: usize = 2;

impl Engine {
    /// The newest traces that `question` finds, each made into an answer by `shape`; adjusted unless `raw`.
    pub(crate) async fn find_traces<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        question: Question,
        raw: bool,
        shape: impl Fn(Trace) -> T + Send + 'static,
    ) -> Result<Vec<T>> {
        let turn = self.turn(tenant).await?;
        let snapshot = self.snapshot(tenant);
        let ids = newest_traces(&turn, &snapshot, &question).await?;
        traces(&turn, &snapshot, ids, raw, shape).await
    }

    /// The traces of these ids, in their order, each once; one that has no spans is left out.
    pub(crate) async fn load_traces<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        ids: Vec<TraceId>,
        raw: bool,
        shape: impl Fn(Trace) -> T + Send + 'static,
    ) -> Result<Vec<T>> {
        let turn = self.turn(tenant).await?;
        traces(&turn, &self.snapshot(tenant), ids, raw, shape).await
    }

    /// What [`Self::find_traces`] finds, counted.
    pub(crate) async fn find_summaries(&self, tenant: &Tenant, question: Question) -> Result<Vec<Summary>> {
        let turn = self.turn(tenant).await?;
        let snapshot = self.snapshot(tenant);
        let ids = newest_traces(&turn, &snapshot, &question).await?;
        let loaded = spans(&turn, &snapshot, &ids).await?;
        let count = move |id: &TraceId| Some(Summary::of_records(*id, loaded.get(id)?));
        turn.run.once(move |_| Ok(ids.iter().filter_map(count).collect())).await
    }
}

async fn traces<T: Send + 'static>(
    turn: &Turn<'_>,
    snapshot: &Snapshot,
    ids: Vec<TraceId>,
    raw: bool,
    shape: impl Fn(Trace) -> T + Send + 'static,
) -> Result<Vec<T>> {
    let mut loaded = spans(turn, snapshot, &ids).await?;
    let shape = move |budget: &Budget| {
        let mut shaped = Vec::with_capacity(loaded.len());
        for id in ids {
            budget.check()?;
            let Some(records) = loaded.remove(&id) else { continue };
            budget.hold(records.iter().map(trace::memory).sum())?;
            let mut trace = Trace::of_records(id, &records);
            drop(records);
            if !raw {
                adjust(&mut trace);
            }
            shaped.push(shape(trace));
        }
        Ok(shaped)
    };
    turn.run.once(shape).await
}

/// The spans of each of `traces`; one that has none is left out.
pub(crate) async fn spans(
    turn: &Turn<'_>,
    snapshot: &Snapshot,
    traces: &[TraceId],
) -> Result<HashMap<TraceId, Vec<Record>>> {
    let mut loaded: HashMap<TraceId, Vec<Record>> = HashMap::new();
    if traces.is_empty() {
        return Ok(loaded);
    }
    let any = Predicate::Or(traces.iter().map(|trace| Predicate::Trace(*trace)).collect());
    let predicate = Predicate::And(vec![any, Predicate::Signal(Signal::Spans)]);
    let leaves = prune(snapshot, TimeRange::ALL).leaves;
    let lanes = if leaves.len() <= ALONE_MAX { 1 } else { turn.run.lanes() };
    let fetch = move |leaf: &Leaf, budget: &Budget| {
        let ordinals: Vec<u32> = leaf.select(&predicate, budget)?.iter().collect();
        leaf.fetch(&ordinals, budget)
    };
    for record in turn.run.each(leaves, lanes, fetch).await?.into_iter().flatten() {
        if let Some(trace) = record.trace_id {
            loaded.entry(trace).or_default().push(record);
        }
    }
    Ok(loaded)
}
