//! Jaeger's HTTP API, version 3, `/api/v3/…`: this route table, one file for each resource, and what they share.

mod answer;
mod dependencies;
mod parameters;
mod services;
mod summaries;
mod traces;

pub(super) use services::shown;

use axum::Router;
use axum::routing::{any, get};

use crate::engine::Engine;

/// Every URL of version 3, under `prefix`.
pub(super) fn routes(prefix: &str) -> Router<Engine> {
    let at = |path: &str| format!("{prefix}/api/v3{path}");
    Router::new()
        .route(&at("/services"), get(services::services))
        .route(&at("/operations"), get(services::operations))
        .route(&at("/traces"), get(traces::search))
        .route(&at("/traces/{id}"), get(traces::trace))
        .route(&at("/trace-summaries"), get(summaries::search))
        .route(&at("/dependencies"), get(dependencies::dependencies))
        .route(&at("/{*rest}"), any(answer::no_such_call))
}
