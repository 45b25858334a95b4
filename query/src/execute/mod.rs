//! Runs a query's work: how many at once, on which threads, until when, and how leaves' answers become one.
//!
//! | module | owns |
//! |---|---|
//! | [`permits`] | how many queries run and wait |
//! | [`fan_out`] | leaves on the computing threads; stops when the deadline passes or nobody waits any more |
//! | [`merge`] | newest first over leaves |
//! | [`cursor`] | where the next page begins |

pub(crate) mod cursor;
pub(crate) mod fan_out;
pub(crate) mod merge;
pub(crate) mod permits;
