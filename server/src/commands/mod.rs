//! One file per command, and the way from the command line to them.
//!
//! | file | owns |
//! |---|---|
//! | `run.rs` | which command, and its exit code |
//! | `check.rs` | `config check`, `config print` |
//! | `inspect.rs` | `inspect` |
//! | `health.rs` | `health` |
//! | `flow.rs` | `flow` |
//! | `find.rs` | `find` |
//! | `search.rs` | `search` |
//! | `tail.rs` | `tail` |
//! | `flows.rs` | `flows` |
//! | `services.rs` | `services` |
//! | `stats.rs` | `stats` |
//! | `export.rs` | `export` |
//! | `completions.rs` | `completions` |

mod check;
mod completions;
mod export;
mod find;
mod flow;
mod flows;
mod health;
mod inspect;
mod run;
mod search;
mod services;
mod stats;
mod tail;

pub(crate) use run::run;
