//! One flow as it grows: its new records, and how it stands.
//!
//! What arrives is asked whether it touches the flow; when it does, the flow is gathered anew, so that traces joined by
//! links, late parents and the state come out as a first look would have them.

use std::collections::HashSet;

use spoor_store::Position;
use spoor_store::model::{Record, TraceId};
use spoor_store::predicate::Predicate;

use super::streams::{Pace, Place, Wake};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::flows::flow::FlowRequest;
use crate::flows::identity::fingerprint;
use crate::flows::seed::Seed;
use crate::flows::{Flow, FlowState};

/// A stream about one flow.
pub(crate) struct LiveFlow {
    engine: Engine,
    request: FlowRequest,
    seed: Seed,
    position: Position,
    pace: Pace,
    /// What of the flow was given; bounded as the flow is.
    given: HashSet<u64>,
    traces: HashSet<TraceId>,
    is_running: bool,
    _place: Place,
}

/// What the stream begins with.
pub(crate) enum Opening {
    /// The flow.
    Flow(Box<Flow>),
    /// Nothing carries the id yet.
    Waiting,
}

/// What the stream has to say.
pub(crate) enum FlowNews {
    /// The flow that was waited for.
    Flow(Box<Flow>),
    /// The flow with new records alone, or none.
    Change(Box<Flow>),
    /// Nothing for a while.
    Silence,
    /// The process stops.
    End,
}

impl LiveFlow {
    /// Opens the stream with what there is.
    pub(crate) async fn open(engine: &Engine, request: FlowRequest) -> Result<(Self, Opening)> {
        let place = engine.streams().open()?;
        // First, so that nothing falls between the flow and what is heard of.
        let arrivals = engine.arrivals();
        let snapshot = engine.snapshot(&request.tenant);
        let opening = match engine.flow_at(&snapshot, &request).await {
            Ok(flow) => Opening::Flow(Box::new(flow)),
            Err(Error::NotFound { .. }) => Opening::Waiting,
            Err(error) => return Err(error),
        };
        let mut this = Self {
            engine: engine.clone(),
            seed: Seed::new(&request.id, request.key.as_deref()),
            request,
            position: snapshot.position(),
            pace: engine.streams().pace(engine.clock().clone(), arrivals),
            given: HashSet::new(),
            traces: HashSet::new(),
            is_running: false,
            _place: place,
        };
        if let Opening::Flow(flow) = &opening {
            this.note(flow);
        }
        Ok((this, opening))
    }

    /// Waits for the next news.
    pub(crate) async fn next(&mut self) -> Result<FlowNews> {
        loop {
            match self.pace.wake().await {
                Wake::End => return Ok(FlowNews::End),
                // Time alone ends a running flow.
                Wake::Silence if self.is_running => {}
                Wake::Silence => return Ok(FlowNews::Silence),
                Wake::Arrival => {
                    let began = self.pace.begin();
                    let is_touched = self.is_touched().await;
                    self.pace.looked(began);
                    if !is_touched? {
                        continue;
                    }
                }
            }
            let began = self.pace.begin();
            let gathered = self.gather().await;
            self.pace.looked(began);
            if let Some(news) = gathered? {
                self.pace.said();
                return Ok(news);
            }
        }
    }

    /// Whether something that arrived belongs to the flow, or leads to it.
    async fn is_touched(&mut self) -> Result<bool> {
        let snapshot = self.engine.snapshot(&self.request.tenant);
        let unseen = snapshot.since(&self.position);
        self.position = snapshot.position();
        let Ok(unseen) = unseen else { return Ok(true) };
        if unseen.is_empty() {
            return Ok(false);
        }
        let predicate = self.touching();
        let look = move |budget: &_| {
            for one in &unseen {
                if !one.leaf.select_among(&predicate, &one.docs, budget)?.is_empty() {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        self.engine.run().once(look).await
    }

    /// What carries the id, is of a trace of the flow, or links to one.
    fn touching(&self) -> Predicate {
        let mut ways = vec![self.seed.predicate()];
        ways.extend(self.seed.fallback(self.engine.keys()).map(|fallback| fallback.predicate));
        for trace in &self.traces {
            ways.extend([Predicate::Trace(*trace), Predicate::Link(*trace)]);
        }
        Predicate::Or(ways)
    }

    async fn gather(&mut self) -> Result<Option<FlowNews>> {
        let mut flow = match self.engine.flow(&self.request).await {
            Ok(flow) => flow,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        if self.given.is_empty() {
            self.note(&flow);
            return Ok(Some(FlowNews::Flow(Box::new(flow))));
        }
        let is_new = |record: &Record| !self.given.contains(&fingerprint(record));
        let keep: Vec<bool> = flow.spans.iter().chain(&flow.logs).map(is_new).collect();
        self.note(&flow);
        let mut keep = keep.into_iter();
        flow.spans.retain(|_| keep.next().unwrap_or(false));
        flow.logs.retain(|_| keep.next().unwrap_or(false));
        Ok(Some(FlowNews::Change(Box::new(flow))))
    }

    fn note(&mut self, flow: &Flow) {
        let records = || flow.spans.iter().chain(&flow.logs);
        self.given = records().map(fingerprint).collect();
        self.traces = records().filter_map(|record| record.trace_id).collect();
        self.traces.extend(flow.traces.iter().map(|trace| trace.trace_id));
        // A trace that a link names may begin later.
        self.traces.extend(flow.links.iter().map(|link| link.to_trace_id));
        self.is_running = flow.state == FlowState::Running;
    }
}
