//! `GET /api/v1/fields/{name}/values`: the values of a field, with counts.

use axum::extract::State;
use axum::response::Response;

use super::answer::respond;
use super::params::Request;
use crate::engine::Engine;

const LIMIT_DEFAULT: usize = 20;

pub(super) async fn values(State(engine): State<Engine>, mut request: Request) -> Response {
    respond(&engine, "values", async {
        let params = request.params(&engine, &["q", "signal", "start", "end", "limit"])?;
        let name = request.path("name").await?;
        let limit = params.count("limit", LIMIT_DEFAULT, engine.config().values_max)?;
        let values = engine.values(params.selection(&engine)?, &name, limit).await?;
        Ok(serde_json::to_vec(&values)?.into())
    })
    .await
}
