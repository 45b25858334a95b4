//! Jaeger's classic HTTP API, `/api/…`: this route table, one file for each resource, and the shapes they answer in.

mod answer;
mod dependencies;
mod metrics;
mod model;
mod parameters;
mod services;
mod traces;
mod transform;
mod translate;

use axum::Router;
use axum::routing::{any, get, post};

use crate::engine::Engine;

/// Every URL of the classic API, under `prefix`.
pub(super) fn routes(prefix: &str) -> Router<Engine> {
    let at = |path: &str| format!("{prefix}/api{path}");
    Router::new()
        .route(&at("/services"), get(services::services))
        .route(&at("/services/{service}/operations"), get(services::names))
        .route(&at("/operations"), get(services::operations))
        .route(&at("/traces"), get(traces::search))
        .route(&at("/traces/{id}"), get(traces::trace))
        .route(&at("/archive/{id}"), post(traces::archive))
        .route(&at("/transform"), post(transform::transform))
        .route(&at("/dependencies"), get(dependencies::dependencies))
        .route(&at("/metrics/latencies"), get(metrics::latencies))
        .route(&at("/metrics/calls"), get(metrics::calls))
        .route(&at("/metrics/errors"), get(metrics::errors))
        .route(&at("/metrics/minstep"), get(metrics::min_step))
        .route(&at("/{*rest}"), any(answer::no_such_call))
}
