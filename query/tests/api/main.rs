//! The API over a real store: one file for each call.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "tests: a panic is the report, a table is long"
)]

mod bounds;
mod closure;
mod context;
mod errors;
mod export;
mod fields;
mod find;
mod flow_analysis;
mod flow_list;
mod flows;
mod histogram;
mod jaeger;
mod language;
mod live_flow;
mod openapi;
mod otlp;
mod search;
mod services;
mod stats;
mod tail;
mod world;
