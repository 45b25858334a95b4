//! `GET /api/v1/services`: who sent something.

use axum::extract::State;
use axum::response::Response;

use super::answer::respond;
use super::params::Request;
use crate::engine::Engine;

pub(super) async fn services(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "services", async {
        let params = request.params(&engine, &["start", "end"])?;
        let services = engine.services(&params.tenant, params.range()?).await?;
        Ok(serde_json::to_vec(&services)?.into())
    })
    .await
}
