//! The benchmark: starts the server, loads it, asks it, kills it, and gathers the figures.
//!
//! `run` decides what happens on which server and `report` tells it; `server` is the process under test, `api` its client,
//! `load` the waves and `check` the answers against the truth; each other file is one part of the benchmark.

mod api;
mod check;
mod growth;
mod ingest;
mod load;
mod mixed;
mod queries;
mod report;
mod reports;
mod restart;
mod run;
mod server;
mod timing;

pub use run::run;
