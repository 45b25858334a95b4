//! Flows: everything that shares a correlation id, its traces, and the traces linked to them.
//!
//! | module | owns |
//! |---|---|
//! | `find` | what an unknown string is |
//! | `seed` | what records an id begins with |
//! | `closure` | from those to all records of the flow, within bounds |
//! | [`flow`] | the whole answer about one flow |
//! | `identity` | the same record, stored twice |
//! | `forest` | spans to trees, whatever is missing |
//! | `assemble` | records to traces, services and links |
//! | `timeline` | when the records were, by their own clocks or by one |
//! | `skew` | how far the services' clocks are apart |
//! | `queues` | waits between producers and consumers |
//! | `critical_path` | which spans made the flow take as long as it did |
//! | `gaps` | stretches that nothing tells of |
//! | `cause`, `state`, `completeness` | what failed, how the flow stands, what may be missing |
//! | `list` | the recent flows |
//!
//! All but `find`, `closure`, `flow` and `list` are pure.

pub(crate) mod answer;
pub(crate) mod assemble;
pub(crate) mod cause;
pub(crate) mod closure;
pub(crate) mod completeness;
pub(crate) mod critical_path;
pub(crate) mod find;
pub mod flow;
pub(crate) mod forest;
pub(crate) mod gaps;
pub(crate) mod identity;
pub(crate) mod list;
pub(crate) mod queues;
pub(crate) mod seed;
pub(crate) mod skew;
pub(crate) mod state;
#[cfg(test)]
mod tests;
pub(crate) mod timeline;

pub use answer::{
    Cause, Completeness, Flow, FlowLink, FlowState, LinkedFrom, Reason, ServiceSummary, TraceSummary,
    Truncated, Verdict,
};
pub use critical_path::{Segment, SegmentKind};
pub use find::{FindAnswer, Match, MatchKind};
pub use gaps::{Gap, Neighbour};
pub use list::{FlowListAnswer, FlowListRequest, ListedCause, ListedFlow};
pub use queues::Queue;
pub use skew::{ServiceOffset, Skew, SkewPair};
