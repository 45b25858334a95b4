//! The API over a real store: one file for each call.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "tests: a panic is the report, a table is long"
)]

mod closure;
mod errors;
mod export;
mod fields;
mod find;
mod flows;
mod histogram;
mod otlp;
mod search;
mod services;
mod stats;
mod world;
