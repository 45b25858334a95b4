//! What every part needs from the process: time, tasks, shutdown, threads, metrics, error kinds.
//!
//! A closed list, never a drawer: code goes here only when it is one of these and two crates use it.
//!
//! | module | owns |
//! |---|---|
//! | [`clock`] | what time it is, and waiting; the system's or a hand-moved one |
//! | [`task`] | a unit of background work with its answers to "it failed" and "stop" |
//! | [`supervisor`] | the only place that spawns onto the async runtime |
//! | [`shutdown`] | a token to wait on |
//! | [`cpu`] | bounded threads for work over 500 µs |
//! | [`backoff`] | delays between tries |
//! | [`metrics`] | the metric registry |
//! | [`error_kind`] | what the caller of a failed operation can do |

pub mod backoff;
pub mod clock;
pub mod cpu;
pub mod error_kind;
pub mod metrics;
pub mod shutdown;
pub mod supervisor;
pub mod task;

pub use error_kind::ErrorKind;
