//! The whole answer about one flow: gather, assemble, judge.

use std::time::Duration;

use spoor_store::Snapshot;
use spoor_store::model::{Record, Tenant, TimeRange};

use super::answer::{Flow, FlowState, Truncated};
use super::assemble::{Assembly, Extent};
use super::cause::cause;
use super::closure::{Bounds, Closure, Gathered};
use super::completeness::completeness;
use super::seed::Seed;
use super::state::{Patience, Signs, state};
use crate::engine::{Engine, Stats};
use crate::error::Result;
use crate::owners::Owners;

/// Assembling more records than this is not done on the async threads.
const INLINE_RECORDS_MAX: usize = 200;

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
            judge.flow(&seed, gathered)
        } else {
            turn.run.once(move |_| Ok(judge.flow(&seed, gathered))).await?
        };
        if flow.truncated.is_some() {
            self.metrics().truncated.inc();
        }
        flow.stats = turn.end(leaves.len(), 0);
        Ok(flow)
    }

    fn judge(&self) -> Judge {
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
    pub(crate) fn flow(&self, seed: &Seed, gathered: Gathered) -> Flow {
        let Gathered { records, truncated } = gathered;
        let (keys, id) = seed.meanings(&records);
        self.assembled(id, keys, records, truncated)
    }

    fn assembled(
        &self,
        id: String,
        keys: Vec<String>,
        records: Vec<Record>,
        truncated: Option<Truncated>,
    ) -> Flow {
        let assembly = Assembly::of(records);
        let extent = assembly.extent().unwrap_or(Extent { start: 0, end: 0 });
        let error_count = assembly.error_count();
        let signs = Signs {
            has_error: error_count > 0,
            awaits_parents: assembly.forest.missing_parents() > 0,
            end: extent.end,
        };
        let state = state(signs, self.patience, self.now);
        Flow {
            id,
            keys,
            state,
            cause: (state == FlowState::Error).then(|| cause(&assembly, &self.owners)).flatten(),
            completeness: completeness(&assembly, truncated.as_ref()),
            start: extent.start,
            end: extent.end,
            busy_ns: assembly.busy(),
            traces: assembly.traces(),
            services: assembly.services(&self.owners),
            span_count: assembly.spans.len() as u64,
            log_count: assembly.logs.len() as u64,
            error_count,
            duplicate_count: assembly.duplicates,
            truncated,
            links: assembly.links(),
            stats: Stats::default(),
            spans: assembly.spans,
            logs: assembly.logs,
        }
    }
}
