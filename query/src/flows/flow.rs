//! The whole answer about one flow: gather, assemble, judge.

use std::time::Duration;

use spoor_store::Snapshot;
use spoor_store::model::{Tenant, TimeRange};

use super::answer::{Flow, FlowState, Truncated};
use super::assemble::Assembly;
use super::cause::cause;
use super::closure::{Bounds, Closure, Gathered};
use super::completeness::completeness;
use super::critical_path::critical_path;
use super::gaps::gaps;
use super::queues::{queues, waits};
use super::seed::Seed;
use super::skew::Estimate;
use super::state::{Patience, Signs, state};
use super::timeline::Extent;
use crate::engine::{Engine, Stats};
use crate::error::Result;
use crate::owners::Owners;

/// Assembling more records than this is not done on the async threads.
pub(crate) const INLINE_RECORDS_MAX: usize = 200;

/// Which flow.
#[derive(Debug, Clone)]
pub struct FlowRequest {
    /// Whose.
    pub tenant: Tenant,
    /// Any spelling of an id.
    pub id: String,
    /// The correlation key it stands under, `trace_id`, `span_id`; `None` is any.
    pub key: Option<String>,
    /// Within which the first records are looked for; the flow itself is not cut by it.
    pub range: TimeRange,
    /// Most records; the configured bound holds too.
    pub limit: Option<usize>,
    /// Whether its times are put on the clock of its first service, as far as calls tell of the others' clocks.
    pub adjusted: bool,
}

impl Engine {
    /// Everything that shares an id.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] when nothing carries the id, [`crate::Error::TooCommon`] when too many traces do and
    /// no range narrows it, and what any query can meet.
    pub async fn flow(&self, request: &FlowRequest) -> Result<Flow> {
        self.flow_at(&self.snapshot(&request.tenant), request).await
    }

    /// The flow in what a snapshot has.
    pub(crate) async fn flow_at(&self, snapshot: &Snapshot, request: &FlowRequest) -> Result<Flow> {
        let turn = self.turn(&request.tenant).await?;
        let leaves = snapshot.leaves();
        let seed = Seed::new(&request.id, request.key.as_deref());
        let records_max = self.config().flow_records_max;
        let bounds = Bounds {
            traces_max: self.config().traces_per_flow_max,
            records_max: request.limit.map_or(records_max, |limit| limit.min(records_max)),
        };
        let closure = Closure::new(&turn.run, leaves, bounds);
        let gathered = closure.gather(&seed, self.keys(), request.range).await?;
        let judge = self.judge();
        let mut flow = if gathered.records.len() <= INLINE_RECORDS_MAX {
            judge.flow(&seed, gathered, request.adjusted)
        } else {
            let adjusted = request.adjusted;
            turn.run.once(move |_| Ok(judge.flow(&seed, gathered, adjusted))).await?
        };
        if flow.truncated.is_some() {
            self.metrics().truncated.inc();
        }
        flow.stats = turn.end(leaves.len(), 0);
        Ok(flow)
    }

    pub(crate) fn judge(&self) -> Judge {
        Judge {
            owners: self.owners().clone(),
            patience: Patience {
                running: Duration::from_secs(self.config().running_seconds),
                settle: Duration::from_secs(self.config().settle_seconds),
            },
            now: self.clock().now_unix_nanos(),
        }
    }
}

/// What is needed to make a flow of its records.
pub(crate) struct Judge {
    pub(crate) owners: Owners,
    pub(crate) patience: Patience,
    pub(crate) now: u64,
}

impl Judge {
    /// The answer about one flow; its times are `adjusted` on demand.
    pub(crate) fn flow(&self, seed: &Seed, gathered: Gathered, adjusted: bool) -> Flow {
        let Gathered { records, truncated } = gathered;
        let (keys, id) = seed.meanings(&records);
        let mut assembly = Assembly::of(records);
        let state = self.state(&assembly);
        let skew = Estimate::of(&assembly);
        if adjusted {
            assembly.adjust(&skew);
        }
        let adjusted = adjusted.then(|| assembly.times.clone());
        let flow = self.assembled((id, keys), state, assembly, skew, truncated);
        Flow { adjusted, ..flow }
    }

    fn assembled(
        &self,
        (id, keys): (String, Vec<String>),
        state: FlowState,
        assembly: Assembly,
        skew: Estimate,
        truncated: Option<Truncated>,
    ) -> Flow {
        let extent = assembly.times.extent().unwrap_or(Extent { start: 0, end: 0 });
        let waits = waits(&assembly);
        let queues = queues(&assembly, &waits);
        let gaps = gaps(&assembly, &waits);
        Flow {
            id,
            keys,
            state,
            cause: (state == FlowState::Error).then(|| cause(&assembly, &self.owners)).flatten(),
            completeness: completeness(&assembly, truncated.as_ref(), skew.skew.as_ref(), &gaps),
            start: extent.start,
            end: extent.end,
            busy_ns: assembly.times.busy(),
            traces: assembly.traces(),
            services: assembly.services(&self.owners),
            span_count: assembly.spans.len() as u64,
            log_count: assembly.logs.len() as u64,
            error_count: assembly.error_count(),
            duplicate_count: assembly.duplicates,
            truncated,
            links: assembly.links(),
            queue_ns: queues.iter().fold(0, |sum: u64, queue| sum.saturating_add(queue.queue_ns)),
            queues,
            critical_path: critical_path(&assembly),
            gaps,
            skew: skew.skew,
            stats: Stats::default(),
            spans: assembly.spans,
            logs: assembly.logs,
            adjusted: None,
        }
    }

    /// How a flow stands.
    pub(crate) fn state(&self, assembly: &Assembly) -> FlowState {
        let signs = Signs {
            has_error: assembly.error_count() > 0,
            awaits_parents: assembly.forest.missing_parents() > 0,
            end: assembly.times.extent().map_or(0, |extent| extent.end),
        };
        state(signs, self.patience, self.now)
    }
}
