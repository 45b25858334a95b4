//! `GET /api/v1/find`: what an unknown string is.

use axum::extract::State;
use axum::response::Response;

use super::answer::respond;
use super::params::Request;
use crate::engine::Engine;
use crate::flows::FindAnswer;

/// What an unknown string is.
#[utoipa::path(
    get,
    path = "/api/v1/find",
    tag = "flows",
    params(
        ("id" = String, Query, description = "Any id, in any spelling"),
    ),
    responses(
        (status = 200, description = "What it is; nothing found is an empty list", body = FindAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn find(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "find", async {
        let params = request.params(&engine, &["id"])?;
        let found = engine.find(&params.tenant, params.required("id")?).await?;
        Ok(serde_json::to_vec(&found)?.into())
    })
    .await
}
