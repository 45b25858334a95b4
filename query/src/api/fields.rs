//! `GET /api/v1/fields` and `/api/v1/fields/{name}/values`: names of fields, and the values of one, with counts.

use axum::extract::State;
use axum::response::Response;

use super::answer::respond;
use super::params::Request;
use crate::engine::Engine;
use crate::search::{FieldsAnswer, ValuesAnswer};

const LIMIT_DEFAULT: usize = 20;

const NAMES_DEFAULT: usize = 1_000;

/// Names of fields: of all records, or of the newest that a query selects.
#[utoipa::path(
    get,
    path = "/api/v1/fields",
    tag = "search",
    params(
        ("q" = Option<String>, Query, description = "Search text; without it, everything"),
        ("signal" = Option<String>, Query, description = "`logs` or `spans`; without it, both"),
        ("prefix" = Option<String>, Query, description = "What the names begin with"),
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("limit" = Option<usize>, Query, description = "Most names; default 1000"),
    ),
    responses(
        (status = 200, description = "The names", body = FieldsAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn fields(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "fields", async {
        let params = request.params(&engine, &["q", "signal", "prefix", "start", "end", "limit"])?;
        let limit = params.count("limit", NAMES_DEFAULT, engine.config().fields_max)?;
        let prefix = params.text("prefix").unwrap_or_default();
        let fields = engine.fields(params.selection(&engine)?, prefix, limit).await?;
        Ok(serde_json::to_vec(&fields)?.into())
    })
    .await
}

/// The values of a field.
#[utoipa::path(
    get,
    path = "/api/v1/fields/{name}/values",
    tag = "search",
    params(
        ("name" = String, Path, description = "The field, as in a query"),
        ("q" = Option<String>, Query, description = "Search text; without it, everything"),
        ("signal" = Option<String>, Query, description = "`logs` or `spans`; without it, both"),
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("limit" = Option<usize>, Query, description = "Most values; default 20"),
    ),
    responses(
        (status = 200, description = "The values, the most frequent first", body = ValuesAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
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
