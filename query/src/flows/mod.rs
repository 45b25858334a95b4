//! Flows: everything that shares a correlation id, its traces, and the traces linked to them.
//!
//! | module | owns |
//! |---|---|
//! | [`find`] | what an unknown string is |
//! | [`seed`] | what records an id begins with |
//! | [`closure`] | from those to all records of the flow, within bounds |
//! | [`flow`] | the whole answer about one flow |
//! | [`identity`] | the same record, stored twice |
//! | [`forest`] | spans to trees, whatever is missing |
//! | [`assemble`] | records to traces, services and links |
//! | [`cause`], [`state`], [`completeness`] | what failed, how the flow stands, what may be missing |
//!
//! All but `find`, `closure` and `flow` are pure.

pub(crate) mod answer;
pub(crate) mod assemble;
pub(crate) mod cause;
pub(crate) mod closure;
pub(crate) mod completeness;
pub(crate) mod find;
pub mod flow;
pub(crate) mod forest;
pub(crate) mod identity;
pub(crate) mod seed;
pub(crate) mod state;
#[cfg(test)]
mod tests;

pub use answer::{
    Cause, Completeness, Flow, FlowLink, FlowState, LinkedFrom, Reason, ServiceSummary, TraceSummary,
    Truncated, Verdict,
};
pub use find::{FindAnswer, Match, MatchKind};
