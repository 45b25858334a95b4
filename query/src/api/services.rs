//! `GET /api/v1/services`: who sent something.

use axum::extract::State;
use axum::response::Response;

use super::answer::respond;
use super::params::Request;
use crate::engine::Engine;
use crate::search::ServicesAnswer;

/// Who sent something.
#[utoipa::path(
    get,
    path = "/api/v1/services",
    tag = "services",
    params(
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
    ),
    responses(
        (status = 200, description = "The services", body = ServicesAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn services(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "services", async {
        let params = request.params(&engine, &["start", "end"])?;
        let services = engine.services(&params.tenant, params.range()?).await?;
        Ok(serde_json::to_vec(&services)?.into())
    })
    .await
}
