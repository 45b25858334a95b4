//! The native HTTP API: this route table, one file for each resource, and what they share.

mod answer;
mod error;
mod fields;
mod find;
mod flows;
mod params;
mod search;
mod services;
#[cfg(test)]
mod tests;
mod time;

use axum::Router;
use axum::routing::{any, get};

use crate::engine::Engine;

/// Every URL of the API.
pub(crate) fn routes(engine: Engine) -> Router {
    Router::new()
        .route("/api/v1/find", get(find::find).fallback(error::method_not_allowed))
        .route("/api/v1/flows/{id}", get(flows::flow).fallback(error::method_not_allowed))
        .route("/api/v1/search", get(search::search).fallback(error::method_not_allowed))
        .route("/api/v1/histogram", get(search::histogram).fallback(error::method_not_allowed))
        .route("/api/v1/fields/{name}/values", get(fields::values).fallback(error::method_not_allowed))
        .route("/api/v1/services", get(services::services).fallback(error::method_not_allowed))
        .route(
            "/api/v1/services/{name}/operations",
            get(services::operations).fallback(error::method_not_allowed),
        )
        .route("/api/v1/services/{name}/latency", get(services::latency).fallback(error::method_not_allowed))
        .route("/api/v1/graph", get(services::graph).fallback(error::method_not_allowed))
        .route("/api/v1/{*rest}", any(error::no_such_call))
        .with_state(engine)
}
