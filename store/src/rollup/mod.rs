//! Rates, errors and durations of spans, and which service reaches which, counted once when spans come in, so that
//! questions about any range cost what there is of services and names, not of records.
//!
//! | file | owns |
//! |---|---|
//! | `sketch.rs` | how long things took |
//! | `tally.rs` | what is counted; the answers |
//! | `cells.rs` | counts by time, in buckets that widen |
//! | `names.rs` | series and their bounds |
//! | `pairing.rs` | which span called which |
//! | `carried.rs` | spans without a partner on their way to later rows |
//! | `rollup.rs` | all of that for one set of rows |
//! | `roller.rs` | the task that keeps all rollups up to date |
//! | `codec.rs` | a rollup ↔ a section of a split |
//! | `span_metrics.rs`, `exposition.rs` | the same counts for `/metrics` |

mod carried;
mod cells;
pub(crate) mod codec;
mod exposition;
mod names;
mod pairing;
mod roller;
#[expect(clippy::module_inception, reason = "the folder's subject")]
mod rollup;
mod sketch;
mod span_metrics;
mod tally;
#[cfg(test)]
mod tests;

pub use cells::WIDTH_MIN as RESOLUTION_MIN;
pub(crate) use cells::within;
pub(crate) use roller::Roller;
pub(crate) use rollup::{Rollup, Rollups};
pub use sketch::Sketch;
pub(crate) use span_metrics::SpanMetrics;
pub use tally::{CallSeries, Cell, EdgeKind, EdgeSeries, EdgeTally, Exemplar, OVERFLOW, Summary, Tally};
