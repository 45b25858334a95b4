//! The workload: a seeded estate of services, its flows, and the export requests they lead to, with the truth about them.
//!
//! workload (the loop) → estate (who), flow (one order: `checkout` and queue `hops`, played on `records`' stage), batches (requests).
//! Everything follows from the seed and the end time, so two runs send the same bytes.

mod batches;
mod calls;
mod checkout;
mod estate;
mod flow;
mod hops;
mod records;
mod rng;
#[cfg(test)]
mod tests;
mod values;
mod workload;

pub use batches::{BATCH_RECORDS_MAX, GRPC_HEADER, Request, Signal, frame};
pub use estate::{Estate, Service};
pub use records::{Emitted, Record, UNIQUE_KEYS};
pub use rng::{Rng, hex};
pub use workload::{FLOW_RECORDS_AVERAGE, Generated, Workload, generate};
