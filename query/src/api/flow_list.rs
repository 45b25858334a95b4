//! `GET /api/v1/flows`: the recent flows.

use axum::extract::State;
use axum::response::Response;

use super::answer::respond;
use super::params::{Params, Request};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::flows::{FlowListAnswer, FlowListRequest, FlowState};
use crate::language::quote;

const LIMIT_DEFAULT: usize = 50;

/// Most flows of one page.
const LIMIT_MAX: usize = 500;

/// The recent flows.
#[utoipa::path(
    get,
    path = "/api/v1/flows",
    tag = "flows",
    params(
        ("q" = Option<String>, Query, description = "Query that one record of the flow satisfies"),
        ("key" = Option<String>, Query, description = "The correlation key; all of them without it"),
        ("state" = Option<String>, Query, description = "`ok`, `error`, `running` or `stuck`"),
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("limit" = Option<usize>, Query, description = "Most flows, 50 without it"),
        ("cursor" = Option<String>, Query, description = "Where an earlier page ended"),
    ),
    responses(
        (status = 200, description = "Flows, those with the newest activity first", body = FlowListAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn flows(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "flows", async {
        let known = ["q", "key", "state", "start", "end", "limit", "cursor"];
        let params = request.params(&engine, &known)?;
        let asked = FlowListRequest {
            tenant: params.tenant.clone(),
            predicate: engine.predicate(params.text("q").unwrap_or_default())?,
            key: params.text("key").map(str::to_owned),
            state: state(&params)?,
            range: params.range()?,
            limit: params.count("limit", LIMIT_DEFAULT, LIMIT_MAX)?,
            cursor: params.text("cursor").map(str::to_owned),
        };
        let answer = Box::pin(engine.flows(&asked)).await?;
        Ok(serde_json::to_vec(&answer)?.into())
    })
    .await
}

fn state(params: &Params) -> Result<Option<FlowState>> {
    match params.text("state") {
        None => Ok(None),
        Some("ok") => Ok(Some(FlowState::Ok)),
        Some("error") => Ok(Some(FlowState::Error)),
        Some("running") => Ok(Some(FlowState::Running)),
        Some("stuck") => Ok(Some(FlowState::Stuck)),
        Some(other) => {
            let reason = format!("`{}` is none of `ok`, `error`, `running`, `stuck`", quote(other));
            Err(Error::parameter("state", reason))
        }
    }
}
