//! The recent flows: correlation ids by their newest records, and what each flow comes to.
//!
//! | module | owns |
//! |---|---|
//! | [`answer`] | the answer |
//! | [`cursor`] | where the next page begins |
//! | [`candidates`] | the ids with the newest records, over all leaves |
//! | [`examine`] | one id to its flow in short, within bounds |
//! | [`matches`] | the ids of the flows that a query's records belong to, when those are few |
//! | [`page`] | a page: candidates, examined until enough were found |

mod answer;
mod candidates;
mod cursor;
mod examine;
mod matches;
mod page;

pub use answer::{FlowListAnswer, ListedCause, ListedFlow};
pub use page::FlowListRequest;
