//! The workload: flow after flow until there are enough records, exported as time passes.

use super::batches::{Exporters, Request};
use super::estate::Estate;
use super::flow;
use super::rng::Rng;
use crate::truth::Truth;

/// Flows that start each second of the workload's own time.
const FLOWS_PER_SECOND: u64 = 400;
/// Records a flow has on average, to know when the first one starts; a test holds it.
pub const FLOW_RECORDS_AVERAGE: u64 = 49;
/// Longest a flow lasts, so that the last one ends before the workload's end.
const FLOW_NANOS_MAX: u64 = 12_000_000_000;

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Decides everything random.
    pub seed: u64,
    /// Separates workloads that share a seed and so an estate: other flows, other ids.
    pub wave: u64,
    /// At least this many records; the last flow is whole.
    pub records: u64,
    /// When the last flow has ended, in unix nanoseconds.
    pub end: u64,
    /// Unique 36 byte values on every record.
    pub unique_attributes: usize,
}

/// Requests ready to send, and what must be found once they are acknowledged.
#[derive(Debug)]
pub struct Generated {
    /// In the order they were made.
    pub requests: Vec<Request>,
    /// What they hold.
    pub truth: Truth,
}

impl Generated {
    /// Bytes of protobuf over all requests.
    pub fn bytes(&self) -> u64 {
        self.requests.iter().map(|request| request.message().len() as u64).sum()
    }
}

/// Generates a workload.
pub fn generate(workload: &Workload) -> Generated {
    let estate = Estate::new(workload.seed);
    let lane_seed = Rng::new(workload.seed, workload.wave).next_u64();
    let mut rng = Rng::new(lane_seed, 0xf10);
    let mut exporters = Exporters::new(&estate, lane_seed);
    let mut truth = Truth::default();

    let gap = 1_000_000_000 / FLOWS_PER_SECOND;
    let flows = workload.records / FLOW_RECORDS_AVERAGE + 1;
    let mut start = workload.end.saturating_sub(FLOW_NANOS_MAX + flows * gap);
    let mut made = 0;
    while made < workload.records {
        let number = u32::try_from(truth.flows.len()).unwrap_or(u32::MAX);
        let (records, flow) = flow::play(&estate, &mut rng, number, start, workload.unique_attributes);
        made += records.len() as u64;
        truth.flows.push(flow);
        exporters.add(records);
        // Flows start after each other, so nothing that comes later can be due before this.
        start += rng.between(gap / 2, gap * 3 / 2);
        exporters.run_until(start, &mut truth);
    }
    let requests = exporters.finish(&mut truth);
    truth.finish();
    Generated { requests, truth }
}
