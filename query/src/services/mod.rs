//! What services do, out of what the store counted when their spans came in: rates, errors, durations, and who reaches
//! whom. None of it reads records but for the counts of logs.
//!
//! | file | owns |
//! |---|---|
//! | `gather.rs` | the counts of all leaves that a range touches |
//! | `steps.rs` | the same over time |
//! | `stats.rs` | counts as they are answered |
//! | `list.rs` | the services |
//! | `operations.rs` | what one service does, span name by span name |
//! | `latency.rs` | how long it takes, over time |
//! | `graph.rs` | who reaches whom |

pub(crate) mod gather;
pub(crate) mod graph;
pub(crate) mod latency;
pub(crate) mod list;
pub(crate) mod operations;
pub(crate) mod stats;
pub(crate) mod steps;

pub use graph::{EdgeStats, GraphAnswer};
pub use latency::{LatencyAnswer, LatencyCell, LatencyStep};
pub use list::{ServiceStats, ServicesAnswer};
pub use operations::{OperationStats, OperationsAnswer};
pub use stats::{ExemplarJson, Quantiles, StepStats};
pub use steps::{CallFilter, CallSteps};
