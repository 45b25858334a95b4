//! `/api/v3/dependencies`.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::answer::respond;
use super::parameters;
use crate::api::answer::write;
use crate::engine::Engine;
use crate::jaeger::dependencies::Dependency;
use crate::jaeger::request::Request;

#[derive(Serialize)]
struct DependenciesJson {
    dependencies: Vec<DependencyJson>,
}

/// A service that reached another.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DependencyJson {
    parent: String,
    child: String,
    /// Text, as protobuf's JSON has all numbers of 64 bits.
    call_count: String,
}

pub(super) async fn dependencies(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_dependencies", async {
        let range = parameters::range(&request.params())?;
        let found = engine.dependencies(&request.tenant()?, range, None).await?;
        write(&engine, found.len(), move || {
            let shown = |Dependency { parent, child, calls }| DependencyJson {
                parent,
                child,
                call_count: calls.to_string(),
            };
            serde_json::to_vec(&DependenciesJson { dependencies: found.into_iter().map(shown).collect() })
        })
        .await
    })
    .await
}
