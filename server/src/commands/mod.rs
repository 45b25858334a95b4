//! One file per command, and the way from the command line to them.
//!
//! | file | owns |
//! |---|---|
//! | `run.rs` | which command, and its exit code |
//! | `check.rs` | `config check`, `config print` |
//! | `inspect.rs` | `inspect` |
//! | `health.rs` | `health` |

mod check;
mod health;
mod inspect;
mod run;

pub(crate) use run::run;
