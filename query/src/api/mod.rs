//! The native HTTP API: this route table, one file for each resource, and what they share.

pub(crate) mod answer;
mod context;
pub(crate) mod error;
mod events;
mod export;
mod fields;
mod find;
mod flow_list;
mod flows;
mod params;
mod schema;
mod search;
mod services;
mod stats;
mod tail;
#[cfg(test)]
mod tests;
mod time;

use axum::Router;
use axum::routing::{any, get};
use utoipa::OpenApi;

use crate::engine::Engine;

/// Makes the routes and their description of one table: a call is a line here and a `utoipa::path` at its handler,
/// without which it does not compile. Every call takes GET, and POST with its parameters in a form.
macro_rules! calls {
    ($($path:literal => $file:ident :: $handler:ident,)*) => {
        /// The API as OpenAPI describes it.
        #[derive(OpenApi)]
        #[openapi(
            info(
                title = "Spoor",
                description = "Logs, traces and the flows they belong to. Every call takes its parameters in the URL of a \
                               GET, or in the form of a POST.",
            ),
            paths($($file::$handler),*),
            components(schemas(schema::Record)),
        )]
        struct Description;

        /// Every path of the table.
        #[cfg(test)]
        const PATHS: &[&str] = &[$($path),*];

        fn calls() -> Router<Engine> {
            Router::new()
                $(.route($path, get($file::$handler).post($file::$handler).fallback(error::method_not_allowed)))*
        }
    };
}

calls! {
    "/api/v1/context" => context::context,
    "/api/v1/export" => export::export,
    "/api/v1/fields" => fields::fields,
    "/api/v1/fields/{name}/values" => fields::values,
    "/api/v1/find" => find::find,
    "/api/v1/flows" => flow_list::flows,
    "/api/v1/flows/{id}" => flows::flow,
    "/api/v1/graph" => services::graph,
    "/api/v1/histogram" => search::histogram,
    "/api/v1/search" => search::search,
    "/api/v1/services" => services::services,
    "/api/v1/services/{name}/latency" => services::latency,
    "/api/v1/services/{name}/operations" => services::operations,
    "/api/v1/stats" => stats::stats,
    "/api/v1/tail" => tail::tail,
}

/// Every URL of the API.
pub(crate) fn routes(engine: Engine) -> Router {
    calls()
        .route("/api/v1/openapi.json", get(schema::description))
        .route("/api/v1/{*rest}", any(error::no_such_call))
        .with_state(engine)
}
